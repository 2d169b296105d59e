"""Gates: the points where the loop waits, as data; and the decisions that answer them."""

from __future__ import annotations

from typing import Literal

from core.protocol.change import Conflict, Moved, UndoPlan
from core.protocol.values import EditedFile, Plan, Problem, Tree, Value

GateKind = Literal["trust", "plan", "run", "result", "stuck", "moved", "undo"]

DecisionKind = Literal[
    "approve", "next", "redirect", "edit", "reject", "stop", "trust", "without checks",
    "run", "proposer", "budget", "rebuild", "merge", "undo", "keep",
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
    conflict: Conflict | None = None
    """Where two sides meet, when that is what went wrong (stuck and undo gates)."""
    undo: UndoPlan | None = None
    """What would be taken back (undo gates)."""


class Decision(Value, frozen=True):
    """The person's answer to a gate."""

    gate: str
    token: Tree
    kind: DecisionKind
    note: str = ""
    hunks: tuple[str, ...] | None = None
    """What is taken, as `core.picks` writes it: hunks, or lines of them; None means all."""
    confirmed: bool = False
    """The second key of a red approval."""
    message: str = ""
    """Commit message; "" takes the draft."""
    plan: Plan | None = None
    """The plan as the person left it (plan gate)."""
    files: tuple[EditedFile, ...] = ()
    """The person's version (edit)."""
    patch: bytes = b""
    """The person's version as a patch of the base, instead of files (edit)."""
    amount: float = 0.0
    """How many dollars more (budget)."""
    name: str = ""
    """Proposer or model to go on with (proposer); "commit" or "move" (undo)."""
    by: Literal["person", "option"] = "person"
    """"option" when a headless option decided."""
