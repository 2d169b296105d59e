"""What all dialogs share: a title, rows of text, keys at the bottom, and a short deafness."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events
from textual.screen import ModalScreen

Answer = TypeVar("Answer")
DEAF = 0.3
"""Seconds after opening in which no key answers: what was typed for another screen."""


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A dialog that `esc` closes with None, and that hears no answer at first."""

    BINDINGS = []
    _opened = 0.0

    def on_mount(self) -> None:
        self._opened = self.app.monotonic()  # type: ignore[attr-defined]

    @property
    def deaf(self) -> bool:
        return bool(self.app.monotonic() - self._opened < DEAF)  # type: ignore[attr-defined]

    def key(self, key: str) -> None:
        """A key that nothing inside took."""

    def on_key(self, event: events.Key) -> None:
        key = event.character if event.is_printable and event.character else event.key
        if key == "escape":
            event.stop()
            self.dismiss(None)
        elif not self.deaf:
            self.key(key)
