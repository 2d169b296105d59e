"""Where everything stands: one pure function from the terminal's size to regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.geometry import NULL_OFFSET, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.view import PANES, Pane

WIDE = 100
LEAST = Size(60, 20)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the arrangement depends on, besides the size."""

    pane: Pane = "change"
    """The pane that a narrow or full screen shows."""
    full: bool = False
    gate: int = 2
    """Lines of the gate bar."""
    footer: int = 1
    plan: int = 8
    """Rows that the plan would like."""
    checks: int = 8
    """Rows that the checks would like."""


def regions(size: Size, plan: Plan) -> dict[str, Region]:
    """Widget id → region; what is missing is not shown."""
    width, height = size
    if width < LEAST.width or height < LEAST.height:
        return {"small": Region(0, 0, width, height)}
    out = {"status": Region(0, 0, width, 1)}
    bottom = height
    for name, rows in (("footer", plan.footer), ("note", 1), ("gate", plan.gate)):
        bottom -= rows
        out[name] = Region(0, bottom, width, rows)
    if plan.full:
        out[plan.pane] = Region(0, 1, width, bottom - 1)
    elif width < WIDE:
        out["tabs"] = Region(0, 1, width, 1)
        verdict = 1 if plan.pane == "change" else 0
        out[plan.pane] = Region(0, 2, width, bottom - 2 - verdict)
        if verdict:
            out["verdict"] = Region(0, bottom - 1, width, 1)
    else:
        out.update(_four(width, 1, bottom, plan))
    return out


def _four(width: int, top: int, bottom: int, plan: Plan) -> dict[str, Region]:
    left = max(30, min(48, width * 3 // 10))
    tall = bottom - top
    checks = max(6, min(plan.checks + 2, tall * 2 // 5))
    above = max(5, min(plan.plan + 2, tall * 3 // 5))
    return {
        "plan": Region(0, top, left, above),
        "history": Region(0, top + above, left, tall - above),
        "change": Region(left, top, width - left, tall - checks),
        "checks": Region(left, bottom - checks, width - left, checks),
    }


class WorkbenchLayout(Layout):
    """Puts the workbench's widgets where `regions` says, and leaves the others out."""

    name = "workbench"

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan

    def arrange(
        self,
        parent: Widget,  # noqa: ARG002
        children: list[Widget],
        size: Size,
        greedy: bool = True,  # noqa: ARG002
    ) -> ArrangeResult:
        where = regions(size, self._plan())
        return [
            WidgetPlacement(where[child.id], NULL_OFFSET, child.styles.margin, child)
            for child in children
            if child.id in where
        ]


def visible(size: Size, plan: Plan) -> tuple[Pane, ...]:
    """The panes on screen."""
    where = regions(size, plan)
    return tuple(pane for pane in PANES if pane in where)
