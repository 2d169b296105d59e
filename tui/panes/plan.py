"""The plan: what is done, what is under way and what it needs to show, what comes later."""

from __future__ import annotations

from textual.content import Content

from core import protocol as p
from core.text import clean_line
from tui.paint import Line, line, wrap
from tui.panes.rows import Rows
from tui.view import View, doing


class PlanPane(Rows):
    title = "1 plan"

    def __init__(self, **how: object) -> None:
        super().__init__(id="plan", **how)  # type: ignore[arg-type]
        self.rows: list[tuple[Line, int | None]] = []
        self._step = 0

    def remake(self, view: View, cells: int) -> int:
        self.rows = plan_rows(view, cells)
        here = [y for y, (_, step) in enumerate(self.rows) if step == self._step]
        if here:
            self.cursor = here[0]
        return len(self.rows)

    def row(self, y: int) -> Line:
        return self.rows[y][0]

    def stops(self, y: int) -> bool:
        return self.rows[y][1] is not None

    def to(self, y: int) -> None:
        super().to(y)
        if self.rows and self.rows[self.cursor][1] is not None:
            self._step = self.rows[self.cursor][1] or 0

    def point_at(self, step: int) -> None:
        """Puts the cursor on a step, at once or when it is drawn."""
        self._step = step

    @property
    def step(self) -> int:
        """Index of the step under the cursor."""
        return self.rows[self.cursor][1] or 0 if self.rows else 0

    def heading(self, view: View) -> tuple[Content, Content]:
        plan, state = view.plan, view.state
        if plan is None:
            return Content(self.title), Content("")
        if view.gate and view.gate.kind == "plan":
            left = "edited, not approved yet" if view.draft else "not approved yet"
        else:
            left = f"{min(state.at_step, len(plan.steps))} of {len(plan.steps)} done"
        return Content(self.title), Content(left)


def plan_rows(view: View, cells: int) -> list[tuple[Line, int | None]]:
    """Rows, with the index of the step whose title a row is."""
    state, plan = view.state, view.plan
    if plan is None:
        return [(row, None) for row in _no_plan(view, cells)]
    rows: list[tuple[Line, int | None]] = []
    proposed = view.gate is not None and view.gate.kind == "plan"
    for i, step in enumerate(plan.steps):
        done = not proposed and i < state.at_step
        here = not proposed and i == state.at_step and state.ended is None
        sign, tone = ("✓", "ok") if done else ("▶", "warn") if here else ("○", "faint")
        words = "dim struck" if done else "strong" if here or proposed else ""
        intent = wrap(clean_line(step.intent), cells - 2, words)
        for n, part in enumerate(intent):
            lead = (f"{sign} ", tone) if n == 0 else ("  ", "")
            rows.append(((lead, *part), i if n == 0 else None))
        if done and step.id in state.skipped:
            rows.append((line(("  held already", "dim italic")), None))
        if here or proposed:
            rows += [(row, None) for row in _details(step, cells)]
    return rows


def _details(step: p.Step, cells: int) -> list[Line]:
    scope = " · ".join(step.scope) if step.scope else "may touch any file"
    rows = wrap(scope, cells, "dim", "    ")
    for need in step.needs:
        # Where the test stands is said at length in the change pane.
        what = need.test.rpartition("::")[2] or need.check
        verb = "must fail at first" if need.polarity == "fail" else "must pass"
        rows += wrap(f"{what} {verb}", cells, "dim", "    ")
    return rows


def _no_plan(view: View, cells: int) -> list[Line]:
    state = view.state
    if not state.goal:
        return wrap("Your goal becomes a plan of steps here.", cells, "dim")
    if isinstance(view.working, p.MakePlan):
        return wrap(f"{doing(view.working, state.choice.name)}…", cells, "dim")
    if state.plan_problem is not None:
        return wrap(state.plan_problem.says, cells, "warn")
    if state.base_results or state.trust:
        return wrap("First the checks run on the base; then a plan is made.", cells, "dim")
    return wrap("No plan yet.", cells, "dim")


def moved_step(plan: p.Plan, at: int, by: int) -> p.Plan:
    """The plan with step `at` moved by `by` places, where there is room."""
    to = at + by
    if not (0 <= at < len(plan.steps) and 0 <= to < len(plan.steps)):
        return plan
    steps = list(plan.steps)
    steps.insert(to, steps.pop(at))
    return p.Plan(tuple(steps), plan.reasons)


def without_step(plan: p.Plan, at: int) -> p.Plan:
    return p.Plan(plan.steps[:at] + plan.steps[at + 1 :], plan.reasons)


def with_step(plan: p.Plan, at: int, step: p.Step) -> p.Plan:
    """The plan with a step put in before place `at`."""
    return p.Plan((*plan.steps[:at], step, *plan.steps[at:]), plan.reasons)


def new_step_id(plan: p.Plan) -> str:
    taken = {s.id for s in plan.steps}
    return next(f"s{n}" for n in range(1, len(taken) + 2) if f"s{n}" not in taken)
