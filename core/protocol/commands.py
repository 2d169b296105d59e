"""Commands: what a front end asks of the engine. Refused ones are answered with a `Notice`."""

from __future__ import annotations

from typing import TypeAlias

from core.protocol.gates import Decision
from core.protocol.values import Comment, Level, Value


class Command(Value, frozen=True, tag=True):
    """Base of all commands."""


class StartGoal(Command, frozen=True):
    """Begin a goal. Refused while another is under way."""

    goal: str


class Decide(Command, frozen=True):
    decision: Decision


class QueueNote(Command, frozen=True):
    """A note for the next request, written while something runs."""

    note: str


class UnqueueNote(Command, frozen=True):
    """Take the last queued note back."""


class SetLevel(Command, frozen=True):
    level: Level


class SetPaused(Command, frozen=True):
    """Pause after what runs now, or go on."""

    paused: bool


class Cancel(Command, frozen=True):
    """Cancel what runs now; a gate opens."""


class RunChecksAgain(Command, frozen=True):
    """Run the checks of the change on screen once more."""


class UseProposer(Command, frozen=True):
    """Go on with another proposer: "repair", "script:FILE", or a model's name."""

    name: str


class AddComment(Command, frozen=True):
    """Keep a comment on lines of the change or of the plan; it goes with the next redirect."""

    comment: Comment


class DropComment(Command, frozen=True):
    """Take a comment back that was not sent yet."""

    id: str


class GoBack(Command, frozen=True):
    """Go on from an earlier iteration of this goal, as if nothing had been decided after it."""

    iteration: int
    step: str
    """The step that it was made for."""


class AskUndo(Command, frozen=True):
    """Ask what taking a landing back would do; a gate opens on it."""

    commit: str = ""
    """Of which landing; "" for the newest that stands (undo) or was taken back (redo)."""
    redo: bool = False


class EndSession(Command, frozen=True):
    """The person stops: what runs is cancelled, and the session ends as it stands."""


AnyCommand: TypeAlias = (
    StartGoal | Decide | QueueNote | UnqueueNote | SetLevel | SetPaused | Cancel
    | RunChecksAgain | UseProposer | AddComment | DropComment | GoBack | AskUndo | EndSession
)  # fmt: skip
