"""Rows to read in a dialog, made to its width."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.content import Content

from core.text import clean_line
from tui.paint import Line
from tui.panes.rows import Rows
from tui.screens.modal import Dialog
from tui.view import View


class Lines(Rows):
    def __init__(self, make: Callable[[int], list[Line]], **how: object) -> None:
        super().__init__(id="lines", **how)  # type: ignore[arg-type]
        self._make, self._lines = make, list[Line]()

    def remake(self, view: View, cells: int) -> int:  # noqa: ARG002
        self._lines = self._make(cells)
        return len(self._lines)

    def row(self, y: int) -> Line:
        return self._lines[y]


class LinesScreen(Dialog[int]):
    """Answers the row that enter was pressed on, where rows can be chosen; else None."""

    def __init__(self, title: str, make: Callable[[int], list[Line]], *, chooses: str = "") -> None:
        super().__init__()
        self._title, self._make, self._chooses = title, make, chooses

    def compose(self) -> ComposeResult:
        rows = Lines(self._make, styles=self.app.look)  # type: ignore[attr-defined]
        rows.add_class("dialog", "file")
        rows.border_title = Content(clean_line(self._title))
        enter = f"enter {self._chooses} · " if self._chooses else ""
        rows.border_subtitle = Content(f"{enter}esc closes")
        yield rows

    def on_mount(self) -> None:
        super().on_mount()
        rows = self.query_one(Lines)
        view = View(self.app.session.state)  # type: ignore[attr-defined]

        def ready() -> None:
            rows.view = view
            rows._remake()

        self.call_after_refresh(ready)

    def key(self, key: str) -> None:
        rows = self.query_one(Lines)
        moves = {
            "j": rows.cmd_down, "down": rows.cmd_down, "k": rows.cmd_up, "up": rows.cmd_up,
            "pagedown": rows.cmd_page_down, "pageup": rows.cmd_page_up, "home": rows.cmd_home,
            "end": rows.cmd_end,
        }  # fmt: skip
        if key in moves:
            moves[key]()
        elif key == "enter" and self._chooses:
            self.dismiss(rows.cursor)
        elif key in ("=", "q"):
            self.dismiss(None)
