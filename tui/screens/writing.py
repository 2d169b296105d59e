"""The workbench's note line: what it is for at the moment, and the text kept for each use of it."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from core.text import clean_line
from tui.note import WAYS, Mode, NoteInput, resting_mode, resting_words
from tui.view import Pane, View


class WritingScreen(Screen[None]):
    """A screen with a note line. Whoever subclasses it draws, and has the panes."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Textual would draw the whole screen again for each change of focus."""
    view: View
    narrow: Pane
    """The pane that had the focus last, and gets it back."""

    def __init__(self) -> None:
        super().__init__()
        self._mode: Mode = "goal"
        self._texts: dict[Mode, str] = {}

    def redraw(self) -> None:
        raise NotImplementedError

    def pane(self, name: Pane) -> Any:
        return self.get_child_by_id(name)

    @property
    def note(self) -> NoteInput:
        return self.get_child_by_id("note", NoteInput)

    @property
    def writing(self) -> str:
        """What is being written; "" when nobody writes."""
        typing = self.focused is not None and self.focused.id == "note"
        return WAYS[self._mode].prompt if typing else ""

    def write(self, mode: Mode, text: str | None = None) -> None:
        note = self.note
        if self.view.typing:
            self._texts[self._mode] = note.value
        self._mode = mode
        note.placeholder = WAYS[mode].placeholder
        note.value = clean_line(text) if text is not None else self._texts.get(mode, "")
        note.cursor_position = len(note.value)
        self.set_focus(note)
        self.redraw()

    def leave_line(self, *, focus: bool = True) -> bool:
        note = self.note
        if self.focused is not note:
            return False
        self._texts[self._mode] = note.value
        if focus:
            self.set_focus(self.pane(self.narrow))
        return True

    def rest_line(self) -> None:
        """While nobody writes, the line says what it is for."""
        if not self.view.typing:
            self.note.placeholder = resting_words(self.view)

    @on(Input.Submitted, "#note")
    def _submitted(self, event: Input.Submitted) -> None:
        from tui.acts.session import typed

        mode = self._mode
        pane = self.narrow
        if typed(self, mode, event.value):  # type: ignore[arg-type]
            self._texts.pop(mode, None)
            if self._mode == mode:
                event.input.value = ""
                self.set_focus(self.pane(pane))

    def on_paste(self, event: events.Paste) -> None:
        """A paste is text, wherever the focus is: it goes on the note line, unsent."""
        event.stop()
        if self.view.held_by or not event.text.strip():
            return
        self.write(resting_mode(self.view))
        self.note.put(event.text)

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "note" and not self.view.typing:
            self.write(resting_mode(self.view))
