"""Patches as the person sees them: files, hunks and lines.

Pure: bytes in, values out. `core.repo.patch` reads the bytes, `core.repo.parts` takes parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from core.protocol import DiffLine, FileChange, FileDiff, Hunk
from core.repo import patch as raw
from core.repo.parts import settle, subset
from core.repo.patch import RawHunk, Section
from core.repo.scope import in_scope, runs_later
from core.repo.weakening import weakens
from core.text import clean, decode, shorten

__all__ = ["parse", "settle", "subset"]

_LONGEST = 4000
"""Characters of a line that are shown; the patch has them all."""


def parse(
    patch: bytes,
    *,
    scope: tuple[str, ...] = (),
    old: Callable[[str], bytes | None] = lambda _: None,
) -> tuple[FileDiff, ...]:
    """The files of a patch. Ids are unique in it, and follow from path and content alone, so
    that a hunk keeps its id when the change is rebuilt elsewhere. `old` reads files of the base,
    by the names that `Workshop.read` takes. Raises `ValueError`."""
    sections = raw.read(patch)
    rows = zip(sections, raw.ids(sections), weakens(sections, old), strict=True)
    return tuple(_file(section, ids, lost, scope) for section, ids, lost in rows)


def _file(
    section: Section, ids: tuple[str, ...], lost: tuple[str, ...], scope: tuple[str, ...]
) -> FileDiff:
    old, new = (_shown(name) for name in section.names)
    status = section.status
    kinds = [line.kind for hunk in section.hunks for line in hunk.lines]
    touched = {old, new} if status == "renamed" else {new}
    change = FileChange(
        path=new,
        status=status,
        added=kinds.count("+"),
        removed=kinds.count("-"),
        old_path=old if status == "renamed" else "",
        binary=bool(section.binary),
        hunks=ids,
        outside_scope=not all(in_scope(path, scope) for path in touched),
        runs_later=next((why for path in (new, old) if (why := runs_later(path))), ""),
        weakens=lost,
    )
    if not section.hunks:
        return FileDiff(change, (Hunk(ids[0], new, _in_words(section), ()),))
    first = _mode_in_words(section)
    return FileDiff(
        change,
        tuple(
            Hunk(one, new, (first if n == 0 else "") + _heading(hunk), tuple(_lines(hunk)))
            for n, (one, hunk) in enumerate(zip(ids, section.hunks, strict=True))
        ),
    )


def _lines(hunk: RawHunk) -> Iterator[DiffLine]:
    old, new = hunk.old, hunk.new
    # Every line of a CRLF file would show its CR; it matters only where lines differ in it.
    hidden = b"\r\n" if all(line.text.endswith(b"\r\n") for line in hunk.lines) else b"\n"
    for line in hunk.lines:
        yield DiffLine(
            kind=line.kind,
            text=shorten(clean(decode(line.text.removesuffix(hidden))), _LONGEST),
            old=0 if line.kind == "+" else old,
            new=0 if line.kind == "-" else new,
            no_newline=bool(line.mark),
        )
        old += line.kind != "+"
        new += line.kind != "-"


def _shown(name: bytes) -> str:
    """A path for the screen; ordinary names stay exactly what they are."""
    return clean(decode(name)).replace("\n", "␊").replace("\t", "␉")


def _in_words(section: Section) -> str:
    """What a file without hunks is about."""
    if section.binary:
        sizes = re.findall(rb"^(?:literal|delta) (\d+)$", section.binary, re.MULTILINE)
        size = f", {int(sizes[0]):,} bytes" if sizes else ""
        return f"{_mode_in_words(section)}binary content{size}"
    if section.status == "renamed":
        return f"{_mode_in_words(section)}renamed, content unchanged"
    return _mode_in_words(section).strip() or f"empty file {section.status}"


def _mode_in_words(section: Section) -> str:
    old, new = section.field(b"old mode "), section.field(b"new mode ")
    if old is not None and new is not None:
        return f"mode {decode(old)} → {decode(new)} "
    made = section.field(b"new file mode ")
    if made in (b"100644", None):
        return ""
    return "executable " if made == b"100755" else "link " if made == b"120000" else "submodule "


def _heading(hunk: RawHunk) -> str:
    ranges = f"-{raw.spelled(hunk.old, hunk.old_count)} +{raw.spelled(hunk.new, hunk.new_count)}"
    context = clean(decode(hunk.context.strip())).replace("\n", " ")
    return shorten(f"@@ {ranges} @@ {context}".rstrip(), 400)
