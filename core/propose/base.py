"""The one Protocol behind which every kind of proposer stands, and what it is given."""

from __future__ import annotations

from typing import Protocol

from core.context import Context
from core.protocol import Base, CheckSpec, Need, Step, Tree, Usage, Value


class BriefFile(Value, frozen=True):
    """A file, or windows of it, chosen for the proposer to see."""

    path: str
    text: str
    """Exactly as it lies in the tree, decoded from UTF-8; never cleaned, so that edits match."""
    whole: bool = True
    """False where `text` is windows of the file, divided by lines that say what was left out."""


class Brief(Value, frozen=True):
    """Everything that one request for a plan or a change is about."""

    goal: str
    base: Base
    tree: Tree
    """The tree that edits apply to; its content is what `files` shows."""
    step: Step | None = None
    """The live step; None when a plan is asked for, or when the goal is the only step."""
    scope: tuple[str, ...] = ()
    """Glob patterns of the paths it may touch; empty means any."""
    needs: tuple[Need, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    feedback: str = ""
    """Prepared text: what failed, what got better or worse."""
    notes: tuple[str, ...] = ()
    """What the person said, the newest last. They outrank everything else in the brief."""
    files: tuple[BriefFile, ...] = ()
    listing: tuple[str, ...] = ()
    """Paths of the tree, sorted; may be cut short."""
    previous: tuple[str, ...] = ()
    """What was tried before in this step, one short text for each try, oldest first."""
    usd_left: float | None = None
    """Dollars that this request may still cost; None where there is no cap."""


class Finished(Value, frozen=True):
    """A whole reply, in the reply format of `core.edits.format` (or a plan's)."""

    text: str
    usage: Usage = Usage()


class Proposer(Protocol):
    """Makes proposals. Calls block the performer's thread that makes them.

    Text is streamed as `context.show(Streamed(action, text))`, cleaned. What may cost money is
    recorded as `Reserved(action, usd)` before it is spent. Raises `ActionFailed` with a typed
    problem (and what was spent), and `ActionCancelled` within a second of cancellation.
    """

    def plan(self, brief: Brief, context: Context, action: str) -> Finished:
        """A reply that `core.propose.planning.parse_plan` reads."""

    def propose(self, brief: Brief, context: Context, action: str) -> Finished:
        """A reply that `core.edits.parse` reads."""

    def close(self) -> None:
        """Let go of processes and files; safe to call twice."""
