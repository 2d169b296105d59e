"""Gates: the points where the loop waits, as data; and the decisions that answer them."""

from __future__ import annotations

from typing import Literal

from core.protocol.change import Moved
from core.protocol.values import EditedFile, Plan, Problem, Tree, Value

GateKind = Literal["trust", "plan", "run", "result", "stuck", "moved"]

DecisionKind = Literal[
    "approve", "next", "redirect", "edit", "reject", "stop", "trust", "without checks",
    "run", "proposer", "budget", "rebuild", "back", "undo",
]  # fmt: skip


class Gate(Value, frozen=True):
    """The loop waits here; what is on screen at a gate is what the decision counts for."""

    id: str
    """Unique in its session."""
    kind: GateKind
    says: str
    """One sentence: what happened."""
    allows: tuple[DecisionKind, ...]
    iteration: int = 0
    token: Tree = ""
    """Hash of what is on screen (a change's tree, a plan's hash, the trust hash).

    A decision must name it, and counts for nothing else.
    """
    red: bool = False
    """True when approving means approving a result that is not green: asks a second key."""
    message: str = ""
    """Draft of the commit message (result gates)."""
    skips: tuple[str, ...] = ()
    """What landing will skip, in words."""
    moved: Moved | None = None
    cap: bool = False
    """True when a cap on tries or money is what stopped the loop (stuck gates)."""
    problem: Problem | None = None
    """What went wrong, where something did (stuck gates)."""


class Decision(Value, frozen=True):
    """The person's answer to a gate."""

    gate: str
    token: Tree
    kind: DecisionKind
    note: str = ""
    hunks: tuple[str, ...] | None = None
    """Hunk ids taken; None means all of them."""
    confirmed: bool = False
    """The second key of a red approval."""
    message: str = ""
    """Commit message; "" takes the draft."""
    plan: Plan | None = None
    """The plan as the person left it (plan gate)."""
    files: tuple[EditedFile, ...] = ()
    """The person's version (edit)."""
    amount: float = 0.0
    """How many dollars more (budget)."""
    target: int = 0
    """Iteration to go on from (back)."""
    name: str = ""
    """Proposer or model to go on with (proposer)."""
    by: Literal["person", "option"] = "person"
    """"option" when a headless option decided."""
