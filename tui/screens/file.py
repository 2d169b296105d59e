"""A file seen whole, as a change leaves it, with the lines that the change brought marked."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from core import protocol as p
from core.text import clean, clean_line, decode
from tui.paint import Line, safe
from tui.panes.rows import Rows
from tui.screens.modal import Dialog
from tui.view import View


class FileRows(Rows):
    wraps = False

    def __init__(self, text: str, added: frozenset[int], **how: object) -> None:
        super().__init__(id="file", **how)  # type: ignore[arg-type]
        self.lines = clean(text).expandtabs(4).split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        self._added = added
        self._numbers = max(3, len(str(len(self.lines))))

    def remake(self, view: View, cells: int) -> int:  # noqa: ARG002
        return len(self.lines)

    def row(self, y: int) -> Line:
        new = y + 1 in self._added
        number = (f"{y + 1:>{self._numbers}} ", "faint")
        sign = ("+ ", "ok add") if new else ("  ", "")
        return (number, sign, (safe(self.lines[y]), "add" if new else ""))

    def widest(self) -> int:
        return max((len(x) for x in self.lines), default=0) + self._numbers + 4


class FileScreen(Dialog[None]):
    def __init__(self, path: str, content: bytes, diff: p.FileDiff | None, line: int) -> None:
        super().__init__()
        self._path, self._line = path, line
        added = frozenset(
            entry.new
            for hunk in (diff.hunks if diff else ())
            for entry in hunk.lines
            if entry.kind == "+"
        )
        self._text, self._added = decode(content), added

    def compose(self) -> ComposeResult:
        rows = FileRows(self._text, self._added, styles=self.app.look)  # type: ignore[attr-defined]
        rows.add_class("dialog", "file")
        rows.border_title = Content(clean_line(self._path))
        rows.border_subtitle = Content("esc closes")
        yield rows

    def on_mount(self) -> None:
        super().on_mount()
        rows = self.query_one(FileRows)

        def ready() -> None:
            rows.view = rows.view or View(self.app.session.state)  # type: ignore[attr-defined]
            rows._remake()
            rows.to(self._line - 1)

        self.call_after_refresh(ready)

    def key(self, key: str) -> None:
        rows = self.query_one(FileRows)
        moves = {
            "j": rows.cmd_down, "down": rows.cmd_down, "k": rows.cmd_up, "up": rows.cmd_up,
            "pagedown": rows.cmd_page_down, "pageup": rows.cmd_page_up, "home": rows.cmd_home,
            "end": rows.cmd_end, "left": rows.cmd_left, "right": rows.cmd_right,
        }  # fmt: skip
        if key in moves:
            moves[key]()
        elif key in ("v", "q"):
            self.dismiss(None)
