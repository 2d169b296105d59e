"""A question with one key for yes; every other way out is no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from core.text import clean
from tui.screens.modal import Dialog


class AskScreen(Dialog[bool]):
    def __init__(self, title: str, says: str, yes: str, label: str) -> None:
        super().__init__()
        self._title, self._says, self._yes, self._label = title, says, yes, label

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog small") as box:
            box.border_title = Content(self._title)
            yield Static(Content(clean(self._says)), classes="says")
            yield Static(
                Content.assemble(
                    (f" {self._yes} ", "$lw-chip-text on $lw-chip bold"), f" {self._label}    ",
                    (" esc ", "$lw-chip-text on $lw-chip bold"), " go on",
                ),
                classes="keys",
            )  # fmt: skip

    def key(self, key: str) -> None:
        if key == self._yes:
            self.dismiss(True)
