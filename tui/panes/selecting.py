"""What rows of a diff stand for: lines to take, and lines to say something about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from core import protocol as p
from tui.panes.arrange import DiffRow, numbers

Range: TypeAlias = tuple[str, int, int, bool, str]
"""Path, first and last line, whether they are lines of the base, and the lines themselves."""


def hunk_id(files: Sequence[p.FileDiff], row: DiffRow) -> str:
    """The hunk that a row belongs to; "" for rows of no hunk."""
    return "" if row.file < 0 or row.hunk < 0 else files[row.file].hunks[row.hunk].id


def places(
    files: Sequence[p.FileDiff], rows: Iterable[DiffRow]
) -> list[tuple[p.Hunk, frozenset[int]]]:
    """The changed lines among these rows, hunk by hunk."""
    found: dict[tuple[int, int], set[int]] = {}
    for row in rows:
        if row.kind in ("line", "space"):
            lines = files[row.file].hunks[row.hunk].lines
            changed = {n for n in (row.old, row.new) if n >= 0 and lines[n].kind != " "}
            if changed:
                found.setdefault((row.file, row.hunk), set()).update(changed)
    return [(files[f].hunks[h], frozenset(some)) for (f, h), some in found.items()]


def line_range(
    files: Sequence[p.FileDiff], rows: Sequence[DiffRow], contents: dict[str, Sequence[str]]
) -> Range | None:
    """The lines that these rows of one file show: the new ones where there are any."""
    lines = [row for row in rows if row.kind in ("line", "space", "context")]
    if not lines:
        return None
    diff = files[lines[-1].file]
    seen: dict[bool, list[tuple[int, str]]] = {False: [], True: []}
    for row in lines:
        if files[row.file] is not diff:
            continue
        old, new = numbers(diff, row)
        if row.kind == "context":
            seen[False].append((new, contents[diff.change.path][new - 1]))
            continue
        entries = diff.hunks[row.hunk].lines
        if old:
            seen[True].append((old, entries[row.old].text))
        if new:
            seen[False].append((new, entries[row.new].text))
    was = not seen[False]
    said = seen[was]
    if not said:
        return None
    return diff.change.path, said[0][0], said[-1][0], was, "\n".join(text for _, text in said)


def line_at(files: Sequence[p.FileDiff], row: DiffRow) -> tuple[str, int]:
    """Path and line (of the new file) that a row stands for; ("", 0) for none."""
    if row.file < 0:
        return "", 0
    diff = files[row.file]
    if row.kind == "context":
        return diff.change.path, row.new
    if row.hunk < 0:
        return diff.change.path, 1
    lines = diff.hunks[row.hunk].lines
    start = max(row.old, row.new, 0)
    near = next((n.new for n in lines[start:] if n.new), 0)
    return diff.change.path, near or next((n.new for n in reversed(lines) if n.new), 1)


def find_line(files: Sequence[p.FileDiff], rows: Sequence[DiffRow], path: str, at: int) -> int:
    """The row that shows line `at` of the new `path`, or the file's first; -1 for none."""
    first = -1
    for y, row in enumerate(rows):
        if row.file < 0 or row.kind == "index" or files[row.file].change.path != path:
            continue
        first = y if first < 0 else first
        if row.kind in ("line", "space", "context") and numbers(files[row.file], row)[1] == at:
            return y
    return first
