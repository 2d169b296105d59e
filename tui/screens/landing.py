"""Before a landing: the commit message, what is skipped, and the second key of a red result."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from core import protocol as p
from core.text import clean, clean_line
from tui.screens.modal import Dialog

CHIP = "$lw-chip-text on $lw-chip bold"


class Message(TextArea):
    """The commit message; esc gives the keys back to the dialog, ctrl+s lands."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("escape", "ctrl+s"):
            event.stop()
            event.prevent_default()
            screen = self.screen
            assert isinstance(screen, LandingScreen)
            screen.set_focus(None)
            if event.key == "ctrl+s":
                screen.key("ctrl+s")
            return
        await super()._on_key(event)


class LandingScreen(Dialog[str]):
    """Answers the message to land with, or None."""

    AUTO_FOCUS = ""

    def __init__(self, gate: p.Gate, part: str) -> None:
        """`part`: what is taken, in words; "" for the whole change."""
        super().__init__()
        self._gate, self._part = gate, part

    @property
    def needs_second_key(self) -> bool:
        return self._gate.red and not self._part

    def compose(self) -> ComposeResult:
        part = self._part
        with Vertical(classes="dialog") as box:
            box.border_title = Content("land this change" if not part else "land a part of it")
            if self.needs_second_key:
                says = f"NOT GREEN: {clean_line(self._gate.says)} The record will say so."
                yield Static(Content(says), classes="says red")
            if part:
                says = (
                    f"{part}: built and checked by itself first; it lands when that is green,"
                    " and you are asked when it is not."
                )
                yield Static(Content(says), classes="says")
            yield Message(clean(self._gate.message), id="message", show_line_numbers=False)
            if self._gate.skips:
                skips = ", ".join(clean_line(s) for s in self._gate.skips)
                yield Static(Content(f"Skipped by this landing: {skips}."), classes="says warn")
            yes = "A" if self.needs_second_key else "enter"
            words = " land it though red    " if self.needs_second_key else " land    "
            yield Static(
                Content.assemble(
                    (f" {yes} ", CHIP), words if not part else " check, then land    ",
                    (" e ", CHIP), " edit the message    ", (" esc ", CHIP), " back",
                ),
                classes="keys",
            )  # fmt: skip

    def key(self, key: str) -> None:
        if key == "e":
            self.query_one(Message).focus()
        elif key == "A" or (key in ("enter", "ctrl+s") and not self.needs_second_key):
            self.dismiss(self.query_one(Message).text)
        elif key in ("enter", "ctrl+s"):
            self.app.bell()
