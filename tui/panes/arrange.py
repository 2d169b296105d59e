"""A parsed diff as rows: made once for a change and a way to look at it, painted where seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, NamedTuple, TypeAlias

from core import protocol as p
from core.text import clean, clean_line
from tui.paint import Line, line, wrap

GIVEN = 3
"""Lines of context that a diff comes with."""
LISTED = 20
"""Files that the list names before it is asked for all of them."""
ALIGNED_UP_TO = 400
"""Lines of a run in which moved lines are sought; longer ones are compared line by line."""

Kind: TypeAlias = Literal[
    "text", "index", "more", "file", "lane", "hunk", "line", "space", "context", "comment"
]


class DiffRow(p.Value, frozen=True, gc=False):
    """One of perhaps very many: they hold no cycles, so that the collector may pass them by."""

    kind: Kind
    """"text" (drawn already), "index" (a file in the list), "more" (the list goes on), "file",
    "lane" (why something stands apart), "hunk", "line", "space" (differs in blanks alone),
    "context" (a line that is in no hunk) or "comment"."""
    file: int = -1
    hunk: int = -1
    old: int = -1
    """Place in the hunk of what is removed, or of context; -1 for none. In a "context" row this
    and `new` are numbers of lines."""
    new: int = -1
    """Place in the hunk of what is added, or of context."""
    drawn: Line = ()


@dataclass(frozen=True)
class Wish:
    """How the person wants to see a change."""

    split: bool = False
    """Old and new side by side."""
    space: bool = False
    """Changes of blanks alone are hidden."""
    listed: bool = False
    """Every file is listed, however many there are."""
    context: Mapping[str, int] = field(default_factory=dict)
    """Path → lines of context, where it is not what the diff came with."""


class Span(NamedTuple):
    """Lines of a hunk in both files, from 1: [old, old_end) and [new, new_end)."""

    old: int
    old_end: int
    new: int
    new_end: int


@dataclass(frozen=True)
class Layout:
    """What rows are made of, besides the wish."""

    files: Sequence[p.FileDiff]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Hunk id → why it stands apart."""
    breaks: Mapping[str, str] = field(default_factory=dict)
    """Hunk id → which tests it breaks, by itself or with others."""
    comments: Sequence[p.Comment] = ()
    contents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Path → lines of the new file, where more context was asked for."""
    cells: int = 80
    choosing: bool = False


def arrange(made_of: Layout, wish: Wish) -> list[DiffRow]:
    files = made_of.files
    rows = list(_index(files, wish)) if len(files) > 1 else []
    for f in range(len(files)):
        if rows:
            rows.append(DiffRow("text"))
        rows += _file(f, made_of, wish)
    return rows


def _index(files: Sequence[p.FileDiff], wish: Wish) -> Iterator[DiffRow]:
    shown = len(files) if wish.listed or len(files) <= LISTED + 1 else LISTED
    yield from (DiffRow("index", f) for f in range(shown))
    if shown < len(files):
        says = f"… {len(files) - shown:,} more files; enter lists them"
        yield DiffRow("more", drawn=line((says, "dim")))


def _file(f: int, made_of: Layout, wish: Wish) -> list[DiffRow]:
    diff = made_of.files[f]
    rows = [DiffRow("file", f)]
    whys = [made_of.reasons.get(h, "") for h in diff.change.hunks]
    together = bool(whys) and bool(whys[0]) and len(set(whys)) == 1
    if together:
        rows += _lane(f, -1, whys[0], made_of)
    said = [c for c in made_of.comments if c.path == diff.change.path]
    spans = [span(hunk) for hunk in diff.hunks]
    lines = wish.context.get(diff.change.path, GIVEN)
    content = made_of.contents.get(diff.change.path, ()) if lines > GIVEN else ()
    body: list[DiffRow] = []
    for h, hunk in enumerate(diff.hunks):
        if not together and whys[h : h + 1] != [""]:
            body += _lane(f, h, "".join(whys[h : h + 1]), made_of)
        if broken := made_of.breaks.get(hunk.id):
            says = wrap(f"✗ {clean_line(broken)}", made_of.cells, "bad")
            body += [DiffRow("lane", f, h, drawn=row) for row in says]
        body.append(DiffRow("hunk", f, h))
        before, after = _around(spans, h, len(content), lines) if hunk.lines else (0, 0)
        at = spans[h]
        body += [DiffRow("context", f, h, at.old - n, at.new - n) for n in range(before, 0, -1)]
        body += _hunk(f, h, hunk, wish, lines)
        body += [DiffRow("context", f, h, at.old_end + n, at.new_end + n) for n in range(after)]
    if said:
        body, said = _with_comments(body, said, diff, made_of.cells)
        rows += [row for c in said for row in _comment(f, -1, c, made_of.cells, lost=True)]
    return rows + body


def _lane(f: int, h: int, why: str, made_of: Layout) -> list[DiffRow]:
    says = f"⚠ stands apart: {clean_line(why)}"
    says += "; left out unless you take it" if made_of.choosing else ""
    return [DiffRow("lane", f, h, drawn=row) for row in wrap(says, made_of.cells, "warn")]


def _hunk(f: int, h: int, hunk: p.Hunk, wish: Wish, context: int) -> list[DiffRow]:
    if not wish.split and not wish.space:
        rows = [
            DiffRow("line", f, h, -1 if one.kind == "+" else n, -1 if one.kind == "-" else n)
            for n, one in enumerate(hunk.lines)
        ]
    else:
        rows = [DiffRow(kind, f, h, a, b) for kind, a, b in _cells(hunk, wish)]
        if hunk.lines and all(row.kind == "space" or row.old == row.new for row in rows):
            says = "only blanks differ here; W shows them"
            return [DiffRow("text", f, h, drawn=line(("   ", ""), (says, "dim")))]
    return rows if context >= GIVEN else _trimmed(rows, context)


def _cells(hunk: p.Hunk, wish: Wish) -> Iterator[tuple[Kind, int, int]]:
    """Rows of a hunk as (kind, old place, new place)."""
    for start, middle, end in runs(hunk):
        if start == middle == end - 1 and hunk.lines[start].kind == " ":
            yield "line", start, start
            continue
        a, b = start, middle
        same = respaced(hunk, start, middle, end) if wish.space else []
        for old, new in [*same, (middle, end)]:
            if wish.split:
                for left, right in zip_longest(range(a, old), range(b, new), fillvalue=-1):
                    yield "line", left, right
            else:
                yield from (("line", n, -1) for n in range(a, old))
                yield from (("line", -1, n) for n in range(b, new))
            if old < middle:
                yield "space", old, new
            a, b = old + 1, new + 1


def runs(hunk: p.Hunk) -> Iterator[tuple[int, int, int]]:
    """What is removed, [start, middle), and what stands for it, [middle, end), in order.

    A line of context is a run of its own: (n, n, n + 1).
    """
    lines, at = hunk.lines, 0
    while at < len(lines):
        if lines[at].kind == " ":
            yield at, at, at + 1
            at += 1
            continue
        middle = at
        while middle < len(lines) and lines[middle].kind == "-":
            middle += 1
        end = middle
        while end < len(lines) and lines[end].kind == "+":
            end += 1
        yield at, middle, end
        at = end


def partners(hunk: p.Hunk) -> list[int]:
    """For each line the place of the one that it replaces or is replaced by, else -1."""
    found = [-1] * len(hunk.lines)
    for start, middle, end in runs(hunk):
        for n in range(min(middle - start, end - middle)):
            found[start + n], found[middle + n] = middle + n, start + n
    return found


def respaced(hunk: p.Hunk, start: int, middle: int, end: int) -> list[tuple[int, int]]:
    """Pairs of lines of a run that differ in blanks alone, in order."""
    old = ["".join(one.text.split()) for one in hunk.lines[start:middle]]
    new = ["".join(one.text.split()) for one in hunk.lines[middle:end]]
    if max(len(old), len(new)) > ALIGNED_UP_TO or len(old) == len(new):
        pairs = [(n, n) for n, (a, b) in enumerate(zip(old, new, strict=False)) if a == b]
    else:
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        pairs = [(block.a + n, block.b + n) for block in blocks for n in range(block.size)]
    return [(start + a, middle + b) for a, b in pairs]


def _trimmed(rows: list[DiffRow], context: int) -> list[DiffRow]:
    """The rows within `context` of a change; what is left out in between is counted."""
    changes = [y for y, row in enumerate(rows) if row.kind == "line" and row.old != row.new]
    kept: set[int] = set()
    for y in changes:
        kept.update(range(max(0, y - context), min(len(rows), y + context + 1)))
    out: list[DiffRow] = []
    last = -1
    for y in sorted(kept):
        if last >= 0 and y > last + 1:
            gap = f"⋯ {y - last - 1} unchanged"
            out.append(DiffRow("text", rows[y].file, rows[y].hunk, drawn=line((gap, "faint"))))
        out.append(rows[y])
        last = y
    return out


def span(hunk: p.Hunk) -> Span:
    match = re.search(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", hunk.header)
    if match is None:
        return Span(1, 1, 1, 1)
    old, new = int(match[1]), int(match[3])
    olds = 1 if match[2] is None else int(match[2])
    news = 1 if match[4] is None else int(match[4])
    # A side without lines names the line before it.
    old, new = old + (olds == 0), new + (news == 0)
    return Span(old, old + olds, new, new + news)


def _around(spans: Sequence[Span], h: int, length: int, context: int) -> tuple[int, int]:
    """Lines of a file of `length` lines to show before and after hunk `h`, none of them twice."""
    if not length:
        return 0, 0
    more = context - GIVEN
    floor = spans[h - 1].new_end if h else 1
    gap = max(0, spans[h].new - floor)
    before = min(more, gap - min(more, gap)) if h else min(more, gap)
    ceiling = spans[h + 1].new if h + 1 < len(spans) else length + 1
    return before, max(0, min(more, ceiling - spans[h].new_end))


def _with_comments(
    rows: list[DiffRow], said: list[p.Comment], diff: p.FileDiff, cells: int
) -> tuple[list[DiffRow], list[p.Comment]]:
    """The rows with each comment under its last line, and the comments whose line is unseen."""
    waiting: dict[tuple[bool, int], list[p.Comment]] = {}
    for c in said:
        waiting.setdefault((c.old, c.end or c.line), []).append(c)
    out: list[DiffRow] = []
    for row in rows:
        out.append(row)
        if row.kind not in ("line", "space", "context"):
            continue
        old, new = numbers(diff, row)
        for key in ((False, new), (True, old)):
            for c in waiting.pop(key, ()):
                out += _comment(row.file, row.hunk, c, cells)
    return out, [c for group in waiting.values() for c in group]


def numbers(diff: p.FileDiff, row: DiffRow) -> tuple[int, int]:
    """Old and new line number of a row; 0 for none."""
    if row.kind == "context":
        return row.old, row.new
    lines = diff.hunks[row.hunk].lines
    return (
        lines[row.old].old if row.old >= 0 else 0,
        lines[row.new].new if row.new >= 0 else 0,
    )


def _comment(
    f: int, h: int, comment: p.Comment, cells: int, *, lost: bool = False
) -> Iterable[DiffRow]:
    where = f"line {comment.line}{' as it was' if comment.old else ''}: " if lost else ""
    for n, row in enumerate(wrap(where + clean(comment.text), max(10, cells - 12), "accent")):
        mark = ("        ✎ " if n == 0 else "          ", "accent")
        yield DiffRow("comment", f, h, drawn=(mark, *row))
