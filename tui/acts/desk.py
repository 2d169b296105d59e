"""What a command's act is given: the screen, as far as acts may know it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol, TypeVar

from core import protocol as p
from core.reading import Session
from tui.note import Mode
from tui.panes.rows import Rows
from tui.taking import Taking
from tui.view import Pane, View

T = TypeVar("T")


class Desk(Protocol):
    past_n: int
    """The earlier try on screen; 0 for the present."""
    full: bool
    face: Literal["problems", "output"]
    draft: p.Plan | None
    drafts: dict[tuple[str, str], bytes]
    """Gate and path → what the person wrote there and is not decided yet; "" for the patch."""
    commented: p.Comment | None
    """What the comment that is being written is about."""

    @property
    def app(self) -> Any: ...

    @property
    def session(self) -> Session: ...

    @property
    def view(self) -> View: ...

    @property
    def focused_pane(self) -> Rows: ...

    def pane(self, name: Pane) -> Any: ...

    def focus_pane(self, name: Pane) -> None: ...

    def write(self, mode: Mode, text: str | None = None) -> None:
        """Puts the cursor on the note line, in a mode; with `text`, on that text."""

    def leave_line(self) -> bool:
        """Leaves the note line, its text kept; False when nobody was on it."""

    def submit(self, command: p.AnyCommand) -> None: ...

    def decide(self, kind: p.DecisionKind, **fields: Any) -> None:
        """Answers the gate on screen."""

    def decide_by_key(self, kind: p.DecisionKind, **fields: Any) -> None:
        """Answers the gate on screen, unless more keys come in the same breath (a paste)."""

    def say(self, says: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Shows a sentence where the footer is."""

    def set_taken(self, tree: p.Tree, taken: Taking) -> None: ...

    def read(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Runs `work` off the screen's thread, and `then` on it."""

    async def read_now(self, work: Callable[[], T]) -> T:
        """`read` for a coroutine: what `work` found, off the screen's thread."""

    def redraw(self) -> None: ...

    def start(self, work: Awaitable[Any]) -> None:
        """Runs a coroutine of ours as the screen's own."""
