"""The workbench's keys: which command one means, and whether it may answer a question already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from textual import events

from core import protocol as p
from tui.commands import Command, choose
from tui.panes.rows import Rows
from tui.screens.writing import WritingScreen

DEAF = 0.3
"""Seconds after a question opens in which no key answers it."""
ONE_BREATH = 0.04
"""Seconds in which a second key says that the first one was part of a paste."""


class DecidingScreen(WritingScreen):
    """A screen whose keys are commands. Whoever subclasses it draws, and has the session."""

    def __init__(self, table: tuple[Command, ...]) -> None:
        super().__init__()
        self.table = table
        self._gate_at = 0.0
        self._pending: Callable[[], None] | None = None

    @property
    def focused_pane(self) -> Rows:
        raise NotImplementedError

    def look_again(self) -> None:
        """Takes the view as it is now; draws nothing."""
        raise NotImplementedError

    def drop_notice(self) -> None:
        raise NotImplementedError

    def submit(self, command: p.AnyCommand) -> None:
        raise NotImplementedError

    def say(self, says: str, level: Literal["info", "warning", "error"] = "info") -> None:
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        if self.view.typing and event.key not in ("escape", "tab", "shift+tab"):
            return  # the note line's own
        event.stop()
        key = event.character if event.is_printable and event.character else event.key
        if event.key == "space":
            key = "space"
        if self._pending is not None:
            self._pending = None
            self.say("That looked like pasted text; nothing was decided.", "warning")
            return
        self.drop_notice()
        self.look_again()  # the focus may have moved since it was drawn
        command, why = choose(key, self.view, self.table)
        if command is None:
            if why:
                self.say(why, "warning")
            else:
                self.redraw()
            return
        if command.where == "gate" and self._too_soon():
            self.say("The question has only just opened; read it, then press again.", "warning")
            return
        self.run_command(command)

    def _too_soon(self) -> bool:
        return bool(self.app.monotonic() - self._gate_at < DEAF)  # type: ignore[attr-defined]

    def run_command(self, command: Command) -> None:
        """Carries a command out, or says why it does not apply."""
        from tui.acts import ACTS

        why = command.applies(self.view)
        if why:
            self.say(why, "warning")
            return
        act = ACTS.get(command.id)
        if act is not None:
            act(self)  # type: ignore[arg-type]  # the subclass is one
            return
        own = getattr(self.focused_pane, "cmd_" + command.id.partition(".")[2], None)
        if own is None:
            own = getattr(self.pane("change"), "cmd_" + command.id.partition(".")[2])
        own()

    def decide(self, kind: p.DecisionKind, gate: p.Gate | None = None, **fields: Any) -> None:
        from tui.acts.gate import decision

        gate = gate or self.view.gate
        if gate is not None:
            self.submit(decision(gate, kind, **fields))

    def decide_by_key(self, kind: p.DecisionKind, **fields: Any) -> None:
        gate = self.view.gate

        def settled() -> None:
            if self._pending is settled:
                self._pending = None
                self.decide(kind, gate=gate, **fields)

        self._pending = settled
        self.set_timer(ONE_BREATH, settled)
