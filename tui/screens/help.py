"""Help: every command of the table, with what it does and where its key counts."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.commands import Command, show
from tui.screens.modal import Dialog

WHERES = {
    "gate": "When you are asked", "change": "Change pane", "checks": "Checks pane",
    "history": "History pane", "plan": "Plan pane", "rows": "Any pane", "global": "Anywhere",
}  # fmt: skip


class HelpScreen(Dialog[None]):
    def __init__(self, table: tuple[Command, ...]) -> None:
        super().__init__()
        self._table = table

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog help") as box:
            box.border_title = Content("keys")
            box.border_subtitle = Content("esc closes")
            yield Static(help_text(self._table))

    def key(self, key: str) -> None:
        if key in ("?", "q"):
            self.dismiss(None)


def help_text(table: tuple[Command, ...]) -> Content:
    parts: list[str | tuple[str, str]] = []
    for where, title in WHERES.items():
        parts.append((f"{title}\n", "bold $primary"))
        for c in table:
            if c.where == where:
                keys = ", ".join(show(k) for k in c.keys)
                parts += [(f"  {keys:<16}", "bold"), f"{c.title}\n"]
        parts.append("\n")
    parts.append(
        "A decision counts only for what is on screen, and not in the first moment after a\n"
        "question opens. Pasted text goes to the note line and never triggers a key."
    )
    return Content.assemble(*parts)
