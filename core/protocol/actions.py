"""Actions: what the policy wants running. Each has an id that follows from the state alone."""

from __future__ import annotations

from typing import TypeAlias

from core.protocol.change import Change, UndoPlan
from core.protocol.gates import Gate
from core.protocol.values import Base, CheckSpec, Origin, Tree, Value


class Action(Value, frozen=True, tag=True):
    """Base of all actions; equal ids mean the same piece of work."""

    id: str


class TakeSurvey(Action, frozen=True):
    """Look at the repository without running anything of it."""


class KeepTrust(Action, frozen=True):
    """Remember that the person trusts the content behind this hash."""

    trust_hash: str


class RunCheck(Action, frozen=True):
    """Run one check on one tree."""

    check: CheckSpec
    tree: Tree
    base: Base
    iteration: int = 0
    """0 when it runs on the base."""
    fresh: bool = False
    """True when the person asked for a new run; evidence of an earlier one is not reused."""


class MakePlan(Action, frozen=True):
    """Ask the proposer for a plan."""


class SkipStep(Action, frozen=True):
    """The live step's evidence holds on the base already."""

    step: str


class Propose(Action, frozen=True):
    """Ask the proposer for a change for the live step."""

    iteration: int


class Build(Action, frozen=True):
    """Make the change's tree in the workshop."""

    iteration: int
    origin: Origin


class Judge(Action, frozen=True):
    """Compare the evidence of a change with its base's."""

    iteration: int


class RunAgain(Action, frozen=True):
    """Run failing tests again on the base, and on a change, to tell flaky from broken."""

    check: CheckSpec
    tests: tuple[str, ...]
    base: Base
    change: Change | None = None
    """None to look at the base alone."""
    iteration: int = 0


class FindBlame(Action, frozen=True):
    """Find out which hunks of a change break which tests."""

    iteration: int
    change: Change
    check: CheckSpec
    tests: tuple[str, ...]


class ShowRed(Action, frozen=True):
    """Find out which of the tests that a change adds fail without the rest of the change."""

    iteration: int
    added: tuple[str, ...]
    """Ids of those tests that pass on the change."""


class FindNeeded(Action, frozen=True):
    """Find out which of the hunks left out a part that is not green needs."""

    iteration: int
    of: int
    taken: tuple[str, ...]


class OpenGate(Action, frozen=True):
    gate: Gate


class Land(Action, frozen=True):
    """Bring an approved change to the person's branch and files."""

    iteration: int
    change: Change
    message: str
    merge: bool = False
    """Whether uncommitted work in touched files is merged into them; else nothing lands."""


class PlanUndo(Action, frozen=True):
    """Find out what taking a landing back would do. Writes nothing."""

    commit: str
    redo: bool


class TakeBack(Action, frozen=True):
    """Carry an undo (or a redo) out: a landing like any other."""

    plan: UndoPlan
    move: bool
    """True to move the branch, False for a new commit."""


class Watch(Action, frozen=True):
    """Watch the person's branch and the change's paths for movement."""

    base: Base
    paths: tuple[str, ...]


class Finish(Action, frozen=True):
    """Write down how the goal ended."""

    reached: bool
    cap: bool
    says: str


AnyAction: TypeAlias = (
    TakeSurvey | KeepTrust | RunCheck | RunAgain | MakePlan | SkipStep | Propose | Build | Judge
    | ShowRed | FindNeeded | FindBlame | OpenGate | Land | PlanUndo | TakeBack | Watch | Finish
)  # fmt: skip
