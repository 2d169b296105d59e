"""One action under way, as its performer holds it and as the engine learns of it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from core import protocol as p
from core.errors import ActionCancelled

Sink: TypeAlias = Callable[["p.Entry | p.AnyDelta"], None]
"""Shown entries and deltas; called from any thread, must not block."""


class Run:
    """One action under way: the `Context` that its performer holds."""

    def __init__(self, action: p.AnyAction, inbox: queue.SimpleQueue[Any], sink: Sink) -> None:
        self.action = action
        self._inbox = inbox
        self._sink = sink
        self._cancelled = threading.Event()
        self._guard = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self.thread: threading.Thread | None = None

    def show(self, delta: p.AnyDelta) -> None:
        if not self.cancelled:
            self._sink(delta)

    def record(self, event: p.AnyEvent) -> None:
        self.check()
        report = Report(self, event, threading.Event())
        self._inbox.put(report)
        report.done.wait()
        if not report.written:
            raise ActionCancelled

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        if self.cancelled:
            raise ActionCancelled

    def on_cancel(self, stop: Callable[[], None]) -> None:
        with self._guard:
            late = self.cancelled
            if not late:
                self._stops.append(stop)
        if late:
            stop()

    def cancel(self) -> None:
        with self._guard:
            self._cancelled.set()
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()

    def wait_cancelled(self, seconds: float) -> bool:
        """Sleeps that long unless cancelled; True when cancelled."""
        return self._cancelled.wait(seconds)


class Report:
    """What a run tells the engine: an event, or (None) that its thread has ended."""

    def __init__(self, run: Run, event: p.AnyEvent | None, done: threading.Event) -> None:
        self.run, self.event, self.done = run, event, done
        self.written = False
