"""What a performer is given: a way to show, to record, and to learn that it is not wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from core.errors import ActionCancelled
from core.protocol import AnyDelta, AnyEvent


class Context(Protocol):
    """Handed to every long piece of work; safe to use from the performer's own thread."""

    def show(self, delta: AnyDelta) -> None:
        """Show something that need not be kept. Never blocks."""

    def record(self, event: AnyEvent) -> None:
        """Write an event and return when it is durable.

        Raises `ActionCancelled` when the action is no longer wanted; then nothing was written.
        """

    @property
    def cancelled(self) -> bool: ...

    def check(self) -> None:
        """Raise `ActionCancelled` if the action is no longer wanted."""

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Call `stop` (from another thread, once) on cancellation; at once if it has happened."""


class PlainContext:
    """A context without an engine: for tests, tools and one-off uses."""

    def __init__(self) -> None:
        self.deltas: list[AnyDelta] = []
        self.events: list[AnyEvent] = []
        self._cancelled = threading.Event()
        self._stops: list[Callable[[], None]] = []

    def show(self, delta: AnyDelta) -> None:
        self.deltas.append(delta)

    def record(self, event: AnyEvent) -> None:
        self.check()
        self.events.append(event)

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        if self.cancelled:
            raise ActionCancelled

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self._stops.append(stop)
        if self.cancelled:
            stop()

    def cancel(self) -> None:
        self._cancelled.set()
        for stop in self._stops:
            stop()
