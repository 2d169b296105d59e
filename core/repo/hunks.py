"""Patches as the person sees them: files, hunks and lines; and parts of patches.

Reads what `Workshop.diff` writes (git's extended format, full object ids, prefixes a/ and b/).
Pure: bytes in, values out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from core.protocol import DiffLine, FileChange, FileDiff, Hunk
from core.repo.scope import in_scope, runs_later
from core.text import clean, decode, shorten

Status = Literal["added", "deleted", "modified", "renamed", "mode"]

_RANGE = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_START = b"diff --git "
_LONGEST = 4000
"""Characters of a line that are shown; the patch has them all."""
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}


@dataclass(frozen=True)
class _Hunk:
    old: int
    old_count: int
    new: int
    new_count: int
    context: bytes
    """What follows the second @@, with the line's end."""
    body: tuple[bytes, ...]

    def at(self, new: int) -> bytes:
        """The hunk's bytes, starting at another line of the new file."""
        here = f"@@ -{_range(self.old, self.old_count)} +{_range(new, self.new_count)} @@"
        return here.encode() + self.context + b"".join(self.body)


@dataclass(frozen=True)
class _Section:
    """One file's part of a patch."""

    head: tuple[bytes, ...]
    hunks: tuple[_Hunk, ...]
    binary: bytes
    """Everything from "GIT binary patch" on; empty for text."""

    def field(self, name: bytes) -> bytes | None:
        found = (line.removeprefix(name) for line in self.head[1:] if line.startswith(name))
        value = next(found, None)
        return None if value is None else value.rstrip(b"\n")


def parse(
    patch: bytes,
    *,
    scope: tuple[str, ...] = (),
    old: Callable[[str], bytes | None] = lambda _: None,
) -> tuple[FileDiff, ...]:
    """The files of a patch. Ids are unique in it, and follow from path and content alone, so
    that a hunk keeps its id when the change is rebuilt elsewhere. Raises `ValueError`."""
    sections = tuple(_sections(patch))
    return tuple(
        _file(section, ids, scope) for section, ids in zip(sections, _ids(sections), strict=True)
    )


def subset(patch: bytes, hunk_ids: Collection[str]) -> bytes:
    """The patch that holds only these hunks. Unknown ids raise `ValueError`."""
    sections = tuple(_sections(patch))
    every = _ids(sections)
    if unknown := set(hunk_ids) - {one for ids in every for one in ids}:
        raise ValueError(f"no such hunk: {', '.join(sorted(unknown))}")
    return b"".join(
        _part(section, ids, hunk_ids) for section, ids in zip(sections, every, strict=True)
    )


def _part(section: _Section, ids: tuple[str, ...], taken: Collection[str]) -> bytes:
    if not any(one in taken for one in ids):
        return b""
    if not section.hunks:
        return b"".join(section.head) + section.binary
    parts, shift = list(section.head), 0
    for hunk, one in zip(section.hunks, ids, strict=True):
        if one in taken:
            # git looks for a hunk at its place in the new file first, so that must be right.
            start = hunk.old + shift + (hunk.old_count == 0) - (hunk.new_count == 0)
            parts.append(hunk.at(start))
            shift += hunk.new_count - hunk.old_count
    return b"".join(parts)


def _sections(patch: bytes) -> Iterator[_Section]:
    lines = patch.split(b"\n")
    if lines[-1]:
        raise ValueError("the patch is cut off")
    lines = [line + b"\n" for line in lines[:-1]]
    at = 0
    while at < len(lines):
        if not lines[at].startswith(_START):
            raise ValueError(f"not a patch of ours at line {at + 1}")
        end = at + 1
        while end < len(lines) and not lines[end].startswith((_START, b"@@ ", b"GIT binary")):
            end += 1
        head, at = tuple(lines[at:end]), end
        hunks = []
        while at < len(lines) and lines[at].startswith(b"@@ "):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
        start = at
        if at < len(lines) and lines[at].startswith(b"GIT binary"):
            while at < len(lines) and not lines[at].startswith(_START):
                at += 1
        yield _Section(head, tuple(hunks), b"".join(lines[start:at]))


def _hunk(lines: list[bytes], at: int) -> tuple[_Hunk, int]:
    match = _RANGE.fullmatch(lines[at])
    if not match:
        raise ValueError(f"not a hunk at line {at + 1}")
    old, new = int(match[1]), int(match[3])
    old_count = 1 if match[2] is None else int(match[2])
    new_count = 1 if match[4] is None else int(match[4])
    start = at = at + 1
    left_old, left_new = old_count, new_count
    # Lines are counted, not recognised: content can look like anything.
    while left_old > 0 or left_new > 0:
        if at == len(lines):
            raise ValueError("the patch is cut off")
        kind = lines[at][:1]
        if kind not in (b" ", b"-", b"+"):
            if kind != b"\\":
                raise ValueError(f"not a line of a hunk at line {at + 1}")
        else:
            left_old -= kind != b"+"
            left_new -= kind != b"-"
        at += 1
    if at < len(lines) and lines[at].startswith(b"\\"):
        at += 1
    return _Hunk(old, old_count, new, new_count, match[5], tuple(lines[start:at])), at


def _ids(sections: tuple[_Section, ...]) -> tuple[tuple[str, ...], ...]:
    seen: dict[str, int] = {}

    def fresh(*parts: bytes) -> str:
        one = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
        seen[one] = seen.get(one, 0) + 1
        return one if seen[one] == 1 else f"{one}-{seen[one]}"

    return tuple(
        tuple(fresh(_names(section)[1], *hunk.body) for hunk in section.hunks)
        or (fresh(_names(section)[1], *section.head[1:], section.binary),)
        for section in sections
    )


def _file(section: _Section, ids: tuple[str, ...], scope: tuple[str, ...]) -> FileDiff:
    old, new = (_shown(name) for name in _names(section))
    status = _status(section)
    bodies = [line[:1] for hunk in section.hunks for line in hunk.body]
    touched = {old, new} if status == "renamed" else {new}
    change = FileChange(
        path=new,
        status=status,
        added=bodies.count(b"+"),
        removed=bodies.count(b"-"),
        old_path=old if status == "renamed" else "",
        binary=bool(section.binary),
        hunks=ids,
        outside_scope=not all(in_scope(path, scope) for path in touched),
        runs_later=next((why for path in (new, old) if (why := runs_later(path))), ""),
    )
    if not section.hunks:
        return FileDiff(change, (Hunk(ids[0], new, _in_words(section, status), ()),))
    first = _mode_in_words(section)
    return FileDiff(
        change,
        tuple(
            Hunk(one, new, (first if n == 0 else "") + _heading(hunk), tuple(_lines(hunk)))
            for n, (one, hunk) in enumerate(zip(ids, section.hunks, strict=True))
        ),
    )


def _lines(hunk: _Hunk) -> Iterator[DiffLine]:
    old, new = hunk.old, hunk.new
    content = [line for line in hunk.body if line[:1] != b"\\"]
    # Every line of a CRLF file would show its CR; it matters only where lines differ in it.
    hidden = b"\r\n" if all(line.endswith(b"\r\n") for line in content) else b"\n"
    for n, line in enumerate(hunk.body):
        kind = line[:1]
        if kind == b"\\":
            continue
        follows = hunk.body[n + 1 : n + 2]
        yield DiffLine(
            kind="+" if kind == b"+" else "-" if kind == b"-" else " ",
            text=shorten(clean(decode(line[1:].removesuffix(hidden))), _LONGEST),
            old=0 if kind == b"+" else old,
            new=0 if kind == b"-" else new,
            no_newline=bool(follows) and follows[0][:1] == b"\\",
        )
        old += kind != b"+"
        new += kind != b"-"


def _names(section: _Section) -> tuple[bytes, bytes]:
    """Old and new path; the same one where there is only one."""
    for kind in (b"rename", b"copy"):
        old, new = section.field(kind + b" from "), section.field(kind + b" to ")
        if old is not None and new is not None:
            return _unquote(old), _unquote(new)
    for field in (b"+++ ", b"--- "):
        value = section.field(field)
        # git ends a name that has a space in it with a tab.
        if value is not None and (name := _unquote(value.removesuffix(b"\t"))) != b"/dev/null":
            return name[2:], name[2:]
    both = section.head[0].removeprefix(_START).removesuffix(b"\n")
    name = _unquote(both[: (len(both) - 1) // 2])
    return name[2:], name[2:]


def _unquote(name: bytes) -> bytes:
    if not name.startswith(b'"'):
        return name
    return re.sub(rb"\\([0-7]{3}|.)", _unescape, name[1:-1], flags=re.DOTALL)


def _unescape(match: re.Match[bytes]) -> bytes:
    one = match[1]
    if len(one) == 3:
        return bytes([int(one, 8) & 255])
    return bytes([_ESCAPES[one]]) if one in _ESCAPES else one


def _shown(name: bytes) -> str:
    """A path for the screen; ordinary names stay exactly what they are."""
    return clean(decode(name)).replace("\n", "␊").replace("\t", "␉")


def _status(section: _Section) -> Status:
    if section.field(b"new file mode ") is not None:
        return "added"
    if section.field(b"deleted file mode ") is not None:
        return "deleted"
    if section.field(b"rename from ") is not None:
        return "renamed"
    plain = section.hunks or section.binary
    return "mode" if section.field(b"old mode ") is not None and not plain else "modified"


def _in_words(section: _Section, status: Status) -> str:
    """What a file without hunks is about."""
    if section.binary:
        sizes = re.findall(rb"^(?:literal|delta) (\d+)$", section.binary, re.MULTILINE)
        size = f", {int(sizes[0]):,} bytes" if sizes else ""
        return f"{_mode_in_words(section)}binary content{size}"
    if status == "renamed":
        return f"{_mode_in_words(section)}renamed, content unchanged"
    return _mode_in_words(section).strip() or f"empty file {status}"


def _mode_in_words(section: _Section) -> str:
    old, new = section.field(b"old mode "), section.field(b"new mode ")
    if old is not None and new is not None:
        return f"mode {decode(old)} → {decode(new)} "
    made = section.field(b"new file mode ")
    if made in (b"100644", None):
        return ""
    return "executable " if made == b"100755" else "link " if made == b"120000" else "submodule "


def _heading(hunk: _Hunk) -> str:
    ranges = f"-{_range(hunk.old, hunk.old_count)} +{_range(hunk.new, hunk.new_count)}"
    context = clean(decode(hunk.context.strip())).replace("\n", " ")
    return shorten(f"@@ {ranges} @@ {context}".rstrip(), 400)


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"
