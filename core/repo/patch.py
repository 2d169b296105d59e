"""Reads a patch as bytes: files, hunks and lines, as `Workshop.diff` writes them.

That is git's extended format with full object ids and the prefixes a/ and b/. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Status = Literal["added", "deleted", "modified", "renamed", "mode"]

_RANGE = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
START = b"diff --git "
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}


@dataclass(frozen=True)
class RawLine:
    kind: Literal[" ", "+", "-"]
    text: bytes
    """With the newline that the patch gives it, whether or not the file has one there."""
    mark: bytes = b""
    r"""The line "\ No newline at end of file" that follows it in the patch."""

    @property
    def content(self) -> bytes:
        """The line as the file has it."""
        return self.text[:-1] if self.mark else self.text


@dataclass(frozen=True)
class RawHunk:
    old: int
    old_count: int
    new: int
    new_count: int
    context: bytes
    """What follows the second @@, with the line's end."""
    lines: tuple[RawLine, ...]

    @property
    def body(self) -> tuple[bytes, ...]:
        """The lines as the patch has them, marks among them."""
        parts = ((line.kind.encode() + line.text, line.mark) for line in self.lines)
        return tuple(part for both in parts for part in both if part)

    @property
    def first_old(self) -> int:
        """Lines of the old file before the hunk."""
        # A hunk without old lines names the line that it comes after.
        return self.old - (self.old_count > 0)

    def at(self, new: int) -> bytes:
        """The hunk's bytes, starting at another line of the new file."""
        here = f"@@ -{spelled(self.old, self.old_count)} +{spelled(new, self.new_count)} @@"
        return here.encode() + self.context + b"".join(self.body)


@dataclass(frozen=True)
class Section:
    """One file's part of a patch."""

    head: tuple[bytes, ...]
    hunks: tuple[RawHunk, ...]
    binary: bytes
    """Everything from "GIT binary patch" on; empty for text."""

    def field(self, name: bytes) -> bytes | None:
        found = (line.removeprefix(name) for line in self.head[1:] if line.startswith(name))
        value = next(found, None)
        return None if value is None else value.rstrip(b"\n")

    @property
    def names(self) -> tuple[bytes, bytes]:
        """Old and new path; the same one where there is only one."""
        for kind in (b"rename", b"copy"):
            old, new = self.field(kind + b" from "), self.field(kind + b" to ")
            if old is not None and new is not None:
                return _unquote(old), _unquote(new)
        for field in (b"+++ ", b"--- "):
            value = self.field(field)
            # git ends a name that has a space in it with a tab.
            if value is not None and (name := _unquote(value.removesuffix(b"\t"))) != b"/dev/null":
                return name[2:], name[2:]
        both = self.head[0].removeprefix(START).removesuffix(b"\n")
        name = _unquote(both[: (len(both) - 1) // 2])
        return name[2:], name[2:]

    @property
    def status(self) -> Status:
        if self.field(b"new file mode ") is not None:
            return "added"
        if self.field(b"deleted file mode ") is not None:
            return "deleted"
        if self.field(b"rename from ") is not None:
            return "renamed"
        plain = self.hunks or self.binary
        return "mode" if self.field(b"old mode ") is not None and not plain else "modified"

    def after(self, old: bytes) -> bytes:
        """What the file's text becomes. Raises `ValueError` where the hunks do not fit."""
        before = _cut(old)
        parts, at = list[bytes](), 0
        for hunk in self.hunks:
            start, end = hunk.first_old, hunk.first_old + hunk.old_count
            if before[start:end] != [line.content for line in hunk.lines if line.kind != "+"]:
                raise ValueError("the patch is not of that file")
            parts += before[at:start]
            parts += [line.content for line in hunk.lines if line.kind != "-"]
            at = end
        return b"".join(parts + before[at:])


def read(patch: bytes) -> tuple[Section, ...]:
    """The files of a patch. Raises `ValueError`."""
    return tuple(_sections(patch))


def ids(sections: tuple[Section, ...]) -> tuple[tuple[str, ...], ...]:
    """Ids of each file's hunks, one for a file without any. Unique in the patch, they follow from
    path and content alone."""
    seen: dict[str, int] = {}

    def fresh(*parts: bytes) -> str:
        one = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
        seen[one] = seen.get(one, 0) + 1
        return one if seen[one] == 1 else f"{one}-{seen[one]}"

    return tuple(
        tuple(fresh(section.names[1], *hunk.body) for hunk in section.hunks)
        or (fresh(section.names[1], *section.head[1:], section.binary),)
        for section in sections
    )


def spelled(start: int, count: int) -> str:
    """A range as a hunk's head says it."""
    return str(start) if count == 1 else f"{start},{count}"


def _cut(text: bytes) -> list[bytes]:
    """Lines as git counts them: only a newline ends one."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _sections(patch: bytes) -> Iterator[Section]:
    lines = patch.split(b"\n")
    if lines[-1]:
        raise ValueError("the patch is cut off")
    lines = [line + b"\n" for line in lines[:-1]]
    at = 0
    while at < len(lines):
        if not lines[at].startswith(START):
            raise ValueError(f"not a patch of ours at line {at + 1}")
        end = at + 1
        while end < len(lines) and not lines[end].startswith((START, b"@@ ", b"GIT binary")):
            end += 1
        head, at = tuple(lines[at:end]), end
        hunks = []
        while at < len(lines) and lines[at].startswith(b"@@ "):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
        start = at
        if at < len(lines) and lines[at].startswith(b"GIT binary"):
            while at < len(lines) and not lines[at].startswith(START):
                at += 1
        yield Section(head, tuple(hunks), b"".join(lines[start:at]))


def _hunk(lines: list[bytes], at: int) -> tuple[RawHunk, int]:
    match = _RANGE.fullmatch(lines[at])
    if not match:
        raise ValueError(f"not a hunk at line {at + 1}")
    old, new = int(match[1]), int(match[3])
    old_count = 1 if match[2] is None else int(match[2])
    new_count = 1 if match[4] is None else int(match[4])
    left_old, left_new, body = old_count, new_count, list[RawLine]()
    at += 1
    # Lines are counted, not recognised: content can look like anything.
    while left_old > 0 or left_new > 0:
        if at == len(lines):
            raise ValueError("the patch is cut off")
        kind = _kind(lines[at])
        if kind is None:
            raise ValueError(f"not a line of a hunk at line {at + 1}")
        left_old -= kind != "+"
        left_new -= kind != "-"
        marked = at + 1 < len(lines) and lines[at + 1].startswith(b"\\")
        body.append(RawLine(kind, lines[at][1:], lines[at + 1] if marked else b""))
        at += 1 + marked
    return RawHunk(old, old_count, new, new_count, match[5], tuple(body)), at


def _kind(line: bytes) -> Literal[" ", "+", "-"] | None:
    match line[:1]:
        case b" ":
            return " "
        case b"+":
            return "+"
        case b"-":
            return "-"
        case _:
            return None


def _unquote(name: bytes) -> bytes:
    if not name.startswith(b'"'):
        return name
    return re.sub(rb"\\([0-7]{3}|.)", _unescape, name[1:-1], flags=re.DOTALL)


def _unescape(match: re.Match[bytes]) -> bytes:
    one = match[1]
    if len(one) == 3:
        return bytes([int(one, 8) & 255])
    return bytes([_ESCAPES[one]]) if one in _ESCAPES else one
