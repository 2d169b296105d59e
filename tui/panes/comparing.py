"""Two tries side by side: by tree, by what their checks say, by cost, and hunk by hunk."""

from __future__ import annotations

from collections.abc import Sequence

from core import protocol as p
from core.compare import compare
from core.state import Iteration
from core.text import clean_line
from tui.paint import BLANK, Line, fit, line, wrap
from tui.panes.history import mark_of, origin_words, words_of
from tui.view import count, dollars, minutes

NAMES = 40
"""Tests of one kind that are named."""
LINES = 60
"""Lines of one hunk that are shown."""


def comparing_rows(
    first: Iteration,
    second: Iteration,
    old: Sequence[p.FileDiff],
    new: Sequence[p.FileDiff],
    cells: int,
) -> list[Line]:
    found = compare(first, second)
    rows: list[Line] = [*_one(first, cells), *_one(second, cells), BLANK]
    if found.same_tree:
        rows += wrap("Both make the very same tree.", cells, "strong")
    elif found.shared:
        says = f"{count(found.shared, 'hunk')} in common"
        rows += wrap(f"{says}; what differs stands below.", cells, "dim")
    for names, words, tone in (
        (found.fixed, f"in {first.n} and not in {second.n}", "ok"),
        (found.broke, f"in {second.n} and not in {first.n}", "bad"),
        (found.both, "in both", "warn"),
    ):
        rows += _names(names, words, tone, cells)
    if first.verdict is not None and second.verdict is not None and not found.fixed:
        if not found.broke:
            rows += wrap("Their checks say the same.", cells, "dim")
    elif first.verdict is None or second.verdict is None:
        rows += wrap("One of them was not judged, so tests cannot be compared.", cells, "dim")
    rows += _hunks(old, found.gone, f"only in try {first.n}", cells)
    rows += _hunks(new, found.added, f"only in try {second.n}", cells)
    return rows


def _one(it: Iteration, cells: int) -> list[Line]:
    sign, tone = mark_of(it)
    took = minutes((it.ended or it.started) - it.started)
    tree = f"tree {it.change.tree[:10]}" if it.change else "no change"
    facts = [words_of(it), tree, took, dollars(it.usage.usd) if it.usage.usd else ""]
    facts += [clean_line(it.proposer), origin_words(it), it.outcome]
    text = " · ".join(f for f in facts if f)
    rows = [line((f"try {it.n:<3} ", "strong"), (f"{sign} ", tone), fit(text, cells - 10))]
    if it.verdict is not None:
        rows += wrap(clean_line(it.verdict.says), cells, "dim", "    ")
    for note in it.notes:
        rows += wrap(f"“{clean_line(note)}”", cells, "warn italic", "    ")
    return rows


def _names(names: tuple[str, ...], words: str, tone: str, cells: int) -> list[Line]:
    if not names:
        return []
    what = "test or finding fails" if len(names) == 1 else "tests or findings fail"
    rows = [BLANK, line((f"{len(names):,} {what} {words}", tone))]
    rows += [line(("  ", ""), fit(clean_line(name), cells - 2)) for name in names[:NAMES]]
    if len(names) > NAMES:
        rows.append(line((f"  and {len(names) - NAMES} more", "dim")))
    return rows


def _hunks(diff: Sequence[p.FileDiff], ids: tuple[str, ...], words: str, cells: int) -> list[Line]:
    wanted = set(ids)
    rows: list[Line] = []
    for file in diff:
        for hunk in file.hunks:
            if hunk.id not in wanted:
                continue
            rows += [BLANK, line((f"{clean_line(file.change.path)} ", "strong"), (words, "dim"))]
            rows.append(line((fit(hunk.header, cells), "accent")))
            for entry in hunk.lines[:LINES]:
                tone = {"+": "add", "-": "del", " ": ""}[entry.kind]
                rows.append(line((fit(f"{entry.kind} {entry.text.expandtabs(4)}", cells), tone)))
            if len(hunk.lines) > LINES:
                rows.append(line((f"… {len(hunk.lines) - LINES} lines more", "dim")))
    return rows
