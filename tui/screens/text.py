"""The built-in editor, for those who have no $EDITOR."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import TextArea

from core.text import clean_line
from tui.screens.modal import Dialog


class TextScreen(Dialog[str]):
    """Answers the text as edited, or None."""

    def __init__(self, path: str, text: str, line: int) -> None:
        super().__init__()
        self._path, self._text, self._line = path, text, line

    def compose(self) -> ComposeResult:
        area = _Area(self._text, show_line_numbers=True, tab_behavior="indent", id="area")
        area.add_class("dialog", "file")
        area.border_title = Content(clean_line(self._path))
        area.border_subtitle = Content("ctrl+s takes it · esc drops it · no $EDITOR is set")
        yield area

    def on_mount(self) -> None:
        super().on_mount()
        area = self.query_one(_Area)
        area.move_cursor((max(0, self._line - 1), 0), center=True)
        area.focus()


class _Area(TextArea):
    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "ctrl+s"):
            event.stop()
            event.prevent_default()
            screen = self.screen
            assert isinstance(screen, TextScreen)
            screen.dismiss(self.text if event.key == "ctrl+s" else None)
            return
        await super()._on_key(event)
