"""Events are written durably before they are shown; deltas are shown and may be dropped.

The session is nothing but its events: `core.state.fold` rebuilds everything from them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from core.protocol.actions import AnyAction
from core.protocol.change import Change, Conflict, LandingIntent, Moved, UndoPlan
from core.protocol.evidence import Blame, CheckResult, Rerun, Verdict
from core.protocol.gates import Decision, Gate
from core.protocol.values import (
    Base,
    Choice,
    Comment,
    Level,
    Options,
    Plan,
    Problem,
    Reply,
    Survey,
    Usage,
    Value,
)


class Event(Value, frozen=True, tag=True):
    """Base of all events. `action` is the id of the action that an event reports on."""


class SessionOpened(Event, frozen=True):
    session: str
    repository: str
    """Real path of the working tree's root."""
    options: Options
    choice: Choice
    version: str


class Resumed(Event, frozen=True):
    """A new process took the session up; whatever was in flight is not running any more."""


class SessionEnded(Event, frozen=True):
    says: str


class GoalSet(Event, frozen=True):
    goal: str


class Started(Event, frozen=True):
    action: AnyAction


class Cancelled(Event, frozen=True):
    """The action is no longer wanted; a later report of it is ignored."""

    action: str


class Failed(Event, frozen=True):
    """An action could not be carried out at all (disk full, tool missing, our own fault)."""

    action: str
    problem: Problem


class Surveyed(Event, frozen=True):
    action: str
    survey: Survey


class TrustKept(Event, frozen=True):
    action: str


class Reserved(Event, frozen=True):
    """The most that a request may cost, set aside before it is sent."""

    action: str
    usd: float


class PlanProposed(Event, frozen=True):
    action: str
    plan: Plan
    reply: Reply


class StepSkipped(Event, frozen=True):
    action: str
    step: str
    says: str


class ProposalMade(Event, frozen=True):
    action: str
    reply: Reply


class ReplyFailed(Event, frozen=True):
    """A request for a plan or a proposal ended without one."""

    action: str
    problem: Problem
    usage: Usage = Usage()


class ChangeBuilt(Event, frozen=True):
    action: str
    change: Change


class BuildFailed(Event, frozen=True):
    action: str
    problem: Problem
    conflict: Conflict | None = None


class CheckFinished(Event, frozen=True):
    action: str
    result: CheckResult
    reused: bool = False
    """True where the same check had run on the same tree in the same environment."""


class Judged(Event, frozen=True):
    action: str
    verdict: Verdict


class RedShown(Event, frozen=True):
    """Which added tests fail without the rest of the change (evidence), and which pass (none)."""

    action: str
    shown: tuple[str, ...]
    idle: tuple[str, ...]
    results: tuple[CheckResult, ...] = ()
    """Of the runs that told, on the base with the change's tests alone."""


class RanAgain(Event, frozen=True):
    action: str
    reruns: tuple[Rerun, ...]
    """() where tests cannot be run by themselves."""
    iteration: int = 0
    """Whose failures they are; 0 for the base's own."""


class BlameFound(Event, frozen=True):
    action: str
    blames: tuple[Blame, ...]
    """() where no set of hunks was found that breaks a test by itself."""


class NeedsFound(Event, frozen=True):
    """Why a part is not green: hunks that were left out, and the tests that want them."""

    action: str
    needed: tuple[str, ...]
    """Hunk ids; () where no set of them was found to be enough."""
    tests: tuple[str, ...]
    results: tuple[CheckResult, ...] = ()
    """Of the runs that told, on the trees that were tried."""


class GateOpened(Event, frozen=True):
    action: str
    gate: Gate


class Decided(Event, frozen=True):
    decision: Decision


class NoteQueued(Event, frozen=True):
    note: str


class NoteUnqueued(Event, frozen=True):
    pass


class CommentAdded(Event, frozen=True):
    comment: Comment


class CommentDropped(Event, frozen=True):
    id: str


class WentBack(Event, frozen=True):
    iteration: int
    step: str


class UndoAsked(Event, frozen=True):
    commit: str
    redo: bool = False


class UndoPlanned(Event, frozen=True):
    action: str
    plan: UndoPlan


class TakenBack(Event, frozen=True):
    """An undo (or a redo) is done."""

    action: str
    commit: str
    """What the branch is on now."""
    base: Base
    paths: tuple[str, ...]
    says: str = ""


class LevelSet(Event, frozen=True):
    level: Level


class PausedSet(Event, frozen=True):
    paused: bool


class CancelAsked(Event, frozen=True):
    pass


class ChecksAgainAsked(Event, frozen=True):
    pass


class ProposerChosen(Event, frozen=True):
    choice: Choice


class LandingPrepared(Event, frozen=True):
    """Written before the first byte of the person's repository changes."""

    action: str
    intent: LandingIntent


class Landed(Event, frozen=True):
    action: str
    commit: str
    base: Base
    """The base that the next step starts from."""
    paths: tuple[str, ...]
    says: str = ""


class LandingRefused(Event, frozen=True):
    """Nothing landed: something moved, or could not be written."""

    action: str
    moved: Moved | None
    problem: Problem | None = None


class BaseMoved(Event, frozen=True):
    """The person's branch or a touched file moved; `moved` None says that it moved back."""

    action: str
    moved: Moved | None


class GoalEnded(Event, frozen=True):
    action: str
    reached: bool
    cap: bool
    says: str


AnyEvent: TypeAlias = (
    SessionOpened | Resumed | SessionEnded | GoalSet | Started | Cancelled | Failed | Surveyed
    | TrustKept | Reserved | PlanProposed | ProposalMade | ReplyFailed | ChangeBuilt
    | BuildFailed | CheckFinished | Judged | GateOpened | Decided | NoteQueued | NoteUnqueued
    | LevelSet | PausedSet | CancelAsked | ChecksAgainAsked | ProposerChosen | LandingPrepared
    | Landed | LandingRefused | BaseMoved | GoalEnded | StepSkipped | RedShown | NeedsFound
    | RanAgain | BlameFound | CommentAdded | CommentDropped | WentBack | UndoAsked | UndoPlanned
    | TakenBack
)  # fmt: skip


class Entry(Value, frozen=True):
    """One line of the journal."""

    seq: int
    """1, 2, 3… within the session."""
    at: float
    """Seconds since the epoch."""
    event: AnyEvent


class Delta(Value, frozen=True, tag=True):
    """Base of all deltas."""


class Streamed(Delta, frozen=True):
    """Text of a reply while it arrives, cleaned."""

    action: str
    text: str


class Output(Delta, frozen=True):
    """Lines that a check printed, cleaned but for SGR colours."""

    action: str
    check: str
    lines: tuple[str, ...]
    dropped: int = 0
    """Lines left out before these because too many came at once."""


class Progress(Delta, frozen=True):
    action: str
    says: str
    done: int = 0
    total: int = 0
    """0 while the total is unknown."""


class Notice(Delta, frozen=True):
    """A sentence for the person: a refused command, a retry, a fault survived."""

    level: Literal["info", "warning", "error"]
    says: str


AnyDelta: TypeAlias = Streamed | Output | Progress | Notice
