"""Changing a proposed plan. The draft is the person's own until they approve it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from core import protocol as p
from tui.acts.desk import Desk
from tui.panes import plan as pane


def edit(desk: Desk) -> None:
    plan = desk.view.plan
    at = desk.pane("plan").step
    if plan is not None and at < len(plan.steps):
        desk.write("step", plan.steps[at].intent)


def add(desk: Desk) -> None:
    desk.write("add", "")


def drop(desk: Desk) -> None:
    plan = desk.view.plan
    if plan is None:
        return
    if len(plan.steps) < 2:
        desk.say("A plan needs a step; s stops the goal instead.", "warning")
        return
    desk.draft = pane.without_step(plan, desk.pane("plan").step)
    desk.redraw()


def mover(by: int) -> Callable[[Desk], None]:
    def move(desk: Desk) -> None:
        plan = desk.view.plan
        at = desk.pane("plan").step
        if plan is None or not 0 <= at + by < len(plan.steps):
            return
        desk.pane("plan").point_at(at + by)
        desk.draft = pane.moved_step(plan, at, by)
        desk.redraw()

    return move


def written(desk: Desk, text: str) -> None:
    """The step under the cursor has a new intent."""
    plan = desk.view.plan
    at = desk.pane("plan").step
    if plan is None or at >= len(plan.steps):
        return
    steps = list(plan.steps)
    steps[at] = replace(steps[at], intent=text)
    desk.draft = p.Plan(tuple(steps), plan.reasons)
    desk.redraw()


def added(desk: Desk, text: str) -> None:
    """A new step, after the one under the cursor."""
    plan = desk.view.plan or p.Plan(())
    at = min(desk.pane("plan").step + 1, len(plan.steps))
    desk.draft = pane.with_step(plan, at, p.Step(pane.new_step_id(plan), text))
    desk.pane("plan").point_at(at)
    desk.redraw()
