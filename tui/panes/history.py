"""The history: every try of the session, what came of it, and what it cost."""

from __future__ import annotations

from typing import TypeAlias

from textual.content import Content

from core import protocol as p
from core.compare import compare
from core.state import Iteration, Landing
from core.text import clean_line
from tui.paint import Line, apart, fit, line, wrap
from tui.panes.rows import Rows
from tui.view import View, count, dollars, minutes, stage

Row: TypeAlias = tuple[Line, Iteration | None]
Kept: TypeAlias = dict[int, tuple[tuple[object, ...], list[Row]]]
"""Rows of tries that have ended, with all that they were made of: there may be thousands."""


class HistoryPane(Rows):
    title = "2 history"

    def __init__(self, **how: object) -> None:
        super().__init__(id="history", **how)  # type: ignore[arg-type]
        self.rows: list[tuple[Line, Iteration | None]] = []
        self._kept: Kept = {}
        self._newest = 0

    def remake(self, view: View, cells: int) -> int:
        self.rows = history_rows(view, cells, self._kept)
        newest = max((i.n for i in view.history), default=0)
        if newest != self._newest:
            self._newest = newest
            places = [y for y, (_, it) in enumerate(self.rows) if it and it.n == newest]
            self.cursor = places[0] if places else 0
            self.call_after_refresh(self.scroll_end, animate=False, x_axis=False)
        return len(self.rows)

    def row(self, y: int) -> Line:
        return self.rows[y][0]

    def stops(self, y: int) -> bool:
        return self.rows[y][1] is not None

    @property
    def iteration(self) -> Iteration | None:
        return self.rows[self.cursor][1] if self.rows else None

    def heading(self, view: View) -> tuple[Content, Content]:
        tries = count(len(view.history), "try", "tries") if view.history else ""
        spent = view.state.spent.usd
        parts = [x for x in (tries, dollars(spent) if spent else "") if x]
        return Content(self.title), Content(" · ".join(parts))


def history_rows(view: View, cells: int, kept: Kept | None = None) -> list[Row]:
    """Rows, with the iteration whose first row one is."""
    kept = {} if kept is None else kept
    if not view.history:
        says = "Each try is kept here, with its verdict, its time and its cost."
        return [(row, None) for row in wrap(says, cells, "dim")]
    rows: list[Row] = []
    steps = {s.id: s.intent for s in view.state.plan.steps} if view.state.plan else {}
    several = len({i.step for i in view.history}) > 1
    known = {i.n: i for i in view.history}
    landings = {x.commit: x for x in view.state.landings}
    step = None
    for it in view.history:
        if several and it.step != step:
            step = it.step
            intent = clean_line(steps.get(it.step, it.step)) or "an earlier goal"
            rows.append((line((fit(intent, cells), "dim under")), None))
        before, landing = known.get(it.parent), landings.get(it.commit) if it.commit else None
        shown = view.past is not None and view.past.n == it.n
        made_of = (it, before, landing, shown, cells, view.state.choice)
        found = kept.get(it.n)
        if found is None or any(a is not b for a, b in zip(found[0], made_of, strict=True)):
            found = made_of, _try_rows(view, it, before, landing, cells)
            if it.outcome:
                kept[it.n] = found
        rows += found[1]
    return rows


def _try_rows(
    view: View, it: Iteration, before: Iteration | None, landing: Landing | None, cells: int
) -> list[Row]:
    rows: list[Row] = []
    for note in it.notes:
        rows += [(row, None) for row in wrap(f"“{clean_line(note)}”", cells, "warn italic", "  ")]
    rows.append((_row(view, it, before, cells), it))
    for says in (_whence(view, it), _outcome(it, landing)):
        if says:
            rows.append((line((fit(f"    {says}", cells), "dim")), None))
    return rows


def _whence(view: View, it: Iteration) -> str:
    """Where it comes from and who made it, where that is not the usual."""
    who = clean_line(it.proposer) if it.proposer != view.state.choice.name else ""
    return " · ".join(x for x in (origin_words(it), who) if x)


def origin_words(it: Iteration) -> str:
    """What an iteration goes on from, where it is not simply the one before."""
    match it.origin:
        case p.Proposed():
            return f"from try {it.parent}" if it.parent not in (0, it.n - 1) else ""
        case p.Subset(of=of):
            return f"part of try {of}"
        case p.Edited(of=of):
            return f"try {of}, edited by you"
        case p.Rebuilt(of=of):
            return f"try {of}, rebuilt"
        case p.Again(of=of):
            return f"try {of} again"


def _outcome(it: Iteration, landing: Landing | None) -> str:
    if it.outcome == "landed":
        gone = landing is not None and landing.gone
        return f"{'taken back:' if gone else 'landed as'} {it.commit[:10]}"
    return it.outcome if it.outcome in ("rejected", "redirected", "interrupted", "left") else ""


def _row(view: View, it: Iteration, before: Iteration | None, cells: int) -> Line:
    live = view.state.iteration
    is_live = live is not None and live.n == it.n and not it.outcome
    shown = view.past is not None and view.past.n == it.n
    sign, tone = mark_of(it, is_live)
    # At a question the clock of the try stands still: its time is its work.
    until = view.state.at if view.gate is not None else view.now
    ended = it.ended or (until if is_live else it.started)
    cost = f" {dollars(it.usage.usd)}" if it.usage.usd else ""
    right = f"{minutes(ended - it.started)}{cost}"
    says = stage(view.state) if is_live and it.verdict is None else words_of(it)
    left = (
        (f"{it.n:>2} ", "accent" if is_live else "dim"),
        (f"{sign} ", tone),
        (says, "strong" if is_live or shown else ""),
        *_better(it, before),
    )
    if shown:
        left = (("›", "warn"), *left)
    return apart(left, ((right, "dim"),), cells)


def _better(it: Iteration, before: Iteration | None) -> Line:
    """How many it fixed and broke against the one that it goes on from, else against the base."""
    verdict = it.verdict
    if verdict is None:
        return ()
    if before is not None and before.verdict is not None:
        found = compare(before, it)
        fixed, broke = len(found.fixed), len(found.broke)
    else:
        fixed, broke = len(verdict.fixed), len(verdict.new) + len(verdict.lost)
    spans = [(f" ↑{fixed}", "ok")] if fixed else []
    return (*spans, *([(f" ↓{broke}", "bad")] if broke else []))


def mark_of(it: Iteration, is_live: bool = False) -> tuple[str, str]:
    if it.outcome == "landed":
        return "●", "ok"
    if it.problem is not None:
        return "!", "warn"
    if it.verdict is not None:
        return ("✓", "ok") if it.verdict.kind == "green" else ("✗", "bad")
    return ("▶", "warn") if is_live else ("·", "dim")


def words_of(it: Iteration) -> str:
    """What came of it, in two or three words."""
    if it.problem is not None:
        return it.problem.kind
    failed = sum(r.counts.get("failed", 0) + r.counts.get("error", 0) for r in it.results)
    passed = sum(r.counts.get("passed", 0) for r in it.results)
    if it.verdict is not None and it.verdict.kind == "green" and passed:
        return f"{passed} passed"
    if failed:
        return f"{failed} failed"
    red = [r for r in it.results if r.verdict != "pass"]
    if red:
        return f"{clean_line(red[0].check)}: {red[0].verdict}"
    if passed:
        return f"{passed} passed"
    if it.verdict is not None:
        return it.verdict.kind
    return it.outcome or "no verdict"
