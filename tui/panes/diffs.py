"""A parsed diff as rows: made once for the whole change, painted only where it is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from core import protocol as p
from core.text import clean_line
from tui.paint import Line, Span, fit, safe
from tui.view import count

TAB = 4
WORDS_UP_TO = 400
"""Characters of a line up to which the words that changed in it are sought."""


class DiffRow(NamedTuple):
    kind: str
    """"text" (drawn already), "file", "lane" (why it stands apart), "hunk" or "line"."""
    file: int = -1
    hunk: int = -1
    at: int = -1
    drawn: Line = ()


def diff_rows(files: Sequence[p.FileDiff]) -> list[DiffRow]:
    rows: list[DiffRow] = []
    for f, diff in enumerate(files):
        if rows:
            rows.append(DiffRow("text"))
        rows.append(DiffRow("file", f))
        if lane(diff.change):
            rows.append(DiffRow("lane", f))
        for h, hunk in enumerate(diff.hunks):
            rows.append(DiffRow("hunk", f, h))
            rows.extend(DiffRow("line", f, h, i) for i in range(len(hunk.lines)))
        if not diff.hunks and diff.change.hunks:
            rows.append(DiffRow("hunk", f, 0))
    return rows


def hunk_id(files: Sequence[p.FileDiff], row: DiffRow) -> str:
    """The hunk that a row belongs to; "" for rows of no hunk."""
    if row.file < 0 or row.hunk < 0:
        return ""
    diff = files[row.file]
    if row.hunk < len(diff.hunks):
        return diff.hunks[row.hunk].id
    return diff.change.hunks[0] if diff.change.hunks else ""


def file_line(files: Sequence[p.FileDiff], row: DiffRow) -> tuple[str, int]:
    """Path and line (of the new file) that a row stands for; ("", 0) for none."""
    if row.file < 0:
        return "", 0
    diff = files[row.file]
    if row.hunk < 0 or row.hunk >= len(diff.hunks):
        return diff.change.path, 1
    lines = diff.hunks[row.hunk].lines
    start = max(row.at, 0)
    near = next((n.new for n in lines[start:] if n.new), 0)
    return diff.change.path, near or next((n.new for n in reversed(lines) if n.new), 1)


def find_line(files: Sequence[p.FileDiff], rows: Sequence[DiffRow], path: str, at: int) -> int:
    """The row that shows line `at` of the new `path`, or the file's first; -1 for none."""
    first = -1
    for y, row in enumerate(rows):
        if row.file < 0 or files[row.file].change.path != path:
            continue
        first = y if first < 0 else first
        if row.kind == "line" and files[row.file].hunks[row.hunk].lines[row.at].new == at:
            return y
    return first


def paint_file(diff: p.FileDiff, cells: int) -> Line:
    f = diff.change
    name = f"{f.old_path} → {f.path}" if f.old_path else f.path
    spans: list[Span] = [(fit(name, max(10, cells - 24)), "strong")]
    if f.binary:
        spans.append(("  binary", "dim"))
    else:
        spans += [(f"  +{f.added}", "ok"), (f" −{f.removed}", "bad")]
    if f.status != "modified":
        spans.append((f"  {'mode changed' if f.status == 'mode' else f.status}", "dim"))
    return tuple(spans)


def lane(f: p.FileChange) -> str:
    """Why a file stands apart from the rest of the change; "" when it does not."""
    whys = ["outside the step's scope"] if f.outside_scope else []
    whys += [f"runs code later: {clean_line(f.runs_later)}"] if f.runs_later else []
    return " · ".join(whys)


def paint_lane(f: p.FileChange, choosing: bool) -> Line:
    out: tuple[Span, ...] = (("; left out unless you take it", "dim"),) if choosing else ()
    return ((f"⚠ {lane(f)}", "warn"), *out)


def paint_hunk(diff: p.FileDiff, row: DiffRow, taken: bool, choosing: bool) -> Line:
    header = diff.hunks[row.hunk].header if row.hunk < len(diff.hunks) else _bare(diff.change)
    box: tuple[Span, ...] = ()
    if choosing:
        box = (("[✓] ", "ok"),) if taken else (("[ ] ", "warn"),)
    return (*box, (header, "accent" if taken or not choosing else "dim"))


def _bare(f: p.FileChange) -> str:
    if f.binary:
        return "binary content"
    return "mode" if f.status == "mode" else "whole file"


def number_width(files: Sequence[p.FileDiff]) -> int:
    last = 0
    for diff in files:
        for hunk in diff.hunks:
            for entry in hunk.lines[-1:]:
                last = max(last, entry.old, entry.new)
            last = max(last, *(n.new or n.old for n in hunk.lines[-3:]), 0)
    return max(3, len(str(last)))


def paint_line(diff: p.FileDiff, row: DiffRow, numbers: int, left_out: bool) -> Line:
    hunk = diff.hunks[row.hunk]
    entry = hunk.lines[row.at]
    old = str(entry.old) if entry.old and entry.kind != "+" else ""
    new = str(entry.new) if entry.new and entry.kind != "-" else ""
    gutter = f"{old:>{numbers}} {new:>{numbers}} "
    end: tuple[Span, ...] = (("  no newline at the end", "warn"),) if entry.no_newline else ()
    if left_out and entry.kind != " ":
        return ((gutter, "faint"), (f"{entry.kind} {_shown(entry.text)}", "dim"), *end)
    if entry.kind == " ":
        return ((gutter, "faint"), (f"  {_shown(entry.text)}", ""), *end)
    tone, ground, word = (
        ("ok", "add", "add-word") if entry.kind == "+" else ("bad", "del", "del-word")
    )
    text = tuple((t, f"{ground} {word}" if hit else ground) for t, hit in _words(hunk, row.at))
    return ((gutter, "faint"), (f"{entry.kind} ", f"{tone} {ground}"), *text, *end)


def widest(files: Sequence[p.FileDiff], numbers: int) -> int:
    most = 0
    for diff in files:
        for hunk in diff.hunks:
            for entry in hunk.lines:
                text = entry.text
                if len(text) * 2 + text.count("\t") * TAB > most:
                    size = len(text) if text.isascii() else cell_len(text)
                    most = max(most, size + text.count("\t") * (TAB - 1))
    return most + 2 * numbers + 4


def _shown(text: str) -> str:
    return safe(text.expandtabs(TAB))


@lru_cache(maxsize=4_000)
def _words(hunk: p.Hunk, index: int) -> tuple[tuple[str, bool], ...]:
    """A changed line in pieces, each with whether it is what changed within the line."""
    text = _shown(hunk.lines[index].text)
    other = _partner(hunk, index)
    if other is None or max(len(text), len(other)) > WORDS_UP_TO:
        return ((text, False),)
    mine, theirs = re.findall(r"\w+|\s+|.", text), re.findall(r"\w+|\s+|.", _shown(other))
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    if matcher.ratio() < 0.4:
        return ((text, False),)
    pieces: list[tuple[str, bool]] = []
    at = 0
    for block in matcher.get_matching_blocks():
        if block.a > at:
            pieces.append(("".join(mine[at : block.a]), True))
        if block.size:
            pieces.append(("".join(mine[block.a : block.a + block.size]), False))
        at = block.a + block.size
    return tuple(pieces)


def _partner(hunk: p.Hunk, index: int) -> str | None:
    """The line that this one replaces or is replaced by, where the two runs are alike long."""
    lines = hunk.lines
    kind = lines[index].kind
    start = index
    while start > 0 and lines[start - 1].kind == kind:
        start -= 1
    end = index
    while end + 1 < len(lines) and lines[end + 1].kind == kind:
        end += 1
    size, offset = end - start + 1, index - start
    first = start - size if kind == "+" else end + 1
    want = "-" if kind == "+" else "+"
    if first < 0 or first + size > len(lines):
        return None
    if any(entry.kind != want for entry in lines[first : first + size]):
        return None
    past = first - 1 if kind == "+" else first + size
    if 0 <= past < len(lines) and lines[past].kind == want:
        return None
    return lines[first + offset].text


def totals(change: p.Change) -> str:
    added, removed = sum(f.added for f in change.files), sum(f.removed for f in change.files)
    return f"{count(len(change.files), 'file')} · +{added:,} −{removed:,}"
