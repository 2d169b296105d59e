"""The history: every try of the session, what came of it, and what it cost."""

from __future__ import annotations

from textual.content import Content

from core import protocol as p
from core.state import Iteration
from core.text import clean_line
from tui.paint import Line, apart, fit, line, wrap
from tui.panes.rows import Rows
from tui.view import View, count, dollars, minutes, stage


class HistoryPane(Rows):
    title = "2 history"

    def __init__(self, **how: object) -> None:
        super().__init__(id="history", **how)  # type: ignore[arg-type]
        self.rows: list[tuple[Line, Iteration | None]] = []
        self._newest = 0

    def remake(self, view: View, cells: int) -> int:
        self.rows = history_rows(view, cells)
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


def history_rows(view: View, cells: int) -> list[tuple[Line, Iteration | None]]:
    """Rows, with the iteration whose first row one is."""
    if not view.history:
        says = "Each try is kept here, with its verdict, its time and its cost."
        return [(row, None) for row in wrap(says, cells, "dim")]
    rows: list[tuple[Line, Iteration | None]] = []
    steps = {s.id: s.intent for s in view.state.plan.steps} if view.state.plan else {}
    several = len({i.step for i in view.history}) > 1
    step = None
    for it in view.history:
        if several and it.step != step:
            step = it.step
            intent = clean_line(steps.get(it.step, it.step)) or "an earlier goal"
            rows.append((line((fit(intent, cells), "dim under")), None))
        for note in it.notes:
            rows += [
                (row, None) for row in wrap(f"“{clean_line(note)}”", cells, "warn italic", "  ")
            ]
        rows.append((_row(view, it, cells), it))
        if it.outcome in ("rejected", "redirected", "landed", "interrupted"):
            says = f"landed as {it.commit[:10]}" if it.outcome == "landed" else it.outcome
            rows.append((line((f"    {says}", "dim")), None))
    return rows


def _row(view: View, it: Iteration, cells: int) -> Line:
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
    better = _better(it.verdict)
    left = (
        (f"{it.n:>2} ", "accent" if is_live else "dim"),
        (f"{sign} ", tone),
        (says, "strong" if is_live or shown else ""),
        *better,
    )
    if shown:
        left = (("›", "warn"), *left)
    return apart(left, ((right, "dim"),), cells)


def _better(verdict: p.Verdict | None) -> Line:
    if verdict is None:
        return ()
    spans: list[tuple[str, str]] = []
    if verdict.fixed:
        spans.append((f" ↑{len(verdict.fixed)}", "ok"))
    if verdict.new or verdict.lost:
        spans.append((f" ↓{len(verdict.new) + len(verdict.lost)}", "bad"))
    return tuple(spans)


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
