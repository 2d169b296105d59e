"""The palette: every command of the table by name; one that does not apply says why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from tui.commands import Command, show

if TYPE_CHECKING:
    from tui.app import Workbench


class TableProvider(Provider):
    """Finds commands of the table."""

    def _all(self) -> list[Command]:
        app: Workbench = self.app  # type: ignore[assignment]
        return [c for c in app.commands if c.where != "rows"]

    def _run(self, command: Command) -> None:
        app: Workbench = self.app  # type: ignore[assignment]
        app.desk.run_command(command)

    async def discover(self) -> Hits:
        for c in self._all():
            yield DiscoveryHit(_title(c), partial(self._run, c), help=self._help(c))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for c in self._all():
            score = matcher.match(_title(c))
            if score > 0:
                name = matcher.highlight(_title(c))
                yield Hit(score, name, partial(self._run, c), help=self._help(c))

    def _help(self, command: Command) -> str:
        app: Workbench = self.app  # type: ignore[assignment]
        why = command.applies(app.desk.view)
        return f"not now: {why}" if why else f"key {show(command.keys[0])}"


def _title(command: Command) -> str:
    return command.title[:1].upper() + command.title[1:]


def open_palette(app: Workbench) -> None:
    if not isinstance(app.screen, CommandPalette):
        app.push_screen(CommandPalette(providers=[TableProvider], placeholder="a command…"))
