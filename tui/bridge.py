"""The engine's sink: takes entries and deltas on any thread, gives them out in frames.

However much the engine says, the screen is woken once a frame, and what waits in between is
bounded: the oldest lines of a flood give way and are counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from core import protocol as p

LINES_A_FRAME = 500
LINES_WAITING = 5_000
TEXT_WAITING = 400_000
"""Characters of a streamed reply that may wait for the screen."""
NOTICES_WAITING = 50


@dataclass(frozen=True, slots=True)
class Lines:
    """Output of one check, in order."""

    action: str
    check: str
    lines: tuple[str, ...]
    dropped: int = 0


@dataclass(slots=True)
class Frame:
    """What arrived since the frame before."""

    entries: list[p.Entry] = field(default_factory=list)
    streamed: dict[str, str] = field(default_factory=dict)
    """Action → text."""
    output: list[Lines] = field(default_factory=list)
    progress: dict[str, p.Progress] = field(default_factory=dict)
    """Action → the newest."""
    notices: list[p.Notice] = field(default_factory=list)
    nudged: bool = False
    """True when the session itself changed, and nothing need have been said."""
    more: bool = False
    """True when something is left for the next frame."""


class Bridge:
    """Hand `sink` to the session, and `attach` the screen's wake-up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = None
        self._woken = False
        self._next = Frame()
        self._output: deque[Lines] = deque()
        self._lines = 0

    def attach(self, wake: Callable[[], None]) -> None:
        """`wake` is called (on the engine's thread) once per frame that has something."""
        with self._lock:
            self._wake, self._woken = wake, False
        self._call()

    def detach(self) -> None:
        with self._lock:
            self._wake = None

    def sink(self, item: p.Entry | p.Delta) -> None:
        """Takes an entry or a delta; never blocks for longer than a lock."""
        with self._lock:
            self._take(item)
        self._call()

    def nudge(self) -> None:
        """Wakes the screen though nothing was said."""
        with self._lock:
            self._next.nudged = True
        self._call()

    def frame(self) -> Frame:
        """What waits for the screen, at most `LINES_A_FRAME` lines of output of it."""
        with self._lock:
            frame, self._next = self._next, Frame()
            room = LINES_A_FRAME
            while self._output and room > 0:
                first = self._output.popleft()
                part = first.lines[:room]
                room -= len(part)
                self._lines -= len(part)
                frame.output.append(Lines(first.action, first.check, part, first.dropped))
                if len(part) < len(first.lines):
                    rest = Lines(first.action, first.check, first.lines[len(part) :])
                    self._output.appendleft(rest)
            frame.more = bool(self._output)
            self._woken = frame.more
            return frame

    def _call(self) -> None:
        with self._lock:
            wake = self._wake
            if wake is None or self._woken or not self._has():
                return
            self._woken = True
        wake()

    def _has(self) -> bool:
        n = self._next
        return bool(
            self._output or n.entries or n.streamed or n.progress or n.notices or n.nudged
        )  # fmt: skip

    def _take(self, item: p.Entry | p.Delta) -> None:
        waiting = self._next
        match item:
            case p.Entry():
                waiting.entries.append(item)
            case p.Streamed(action, text):
                joined = waiting.streamed.get(action, "") + text
                waiting.streamed[action] = joined[-TEXT_WAITING:]
            case p.Output(action, check, lines, dropped):
                over = max(0, len(lines) - LINES_WAITING)
                self._output.append(Lines(action, check, lines[over:], dropped + over))
                self._lines += len(self._output[-1].lines)
                self._shed()
            case p.Progress():
                waiting.progress[item.action] = item
            case p.Notice():
                waiting.notices.append(item)
                del waiting.notices[:-NOTICES_WAITING]
            case _:
                pass

    def _shed(self) -> None:
        """Keeps what waits bounded: whole chunks go, oldest first, and are counted."""
        while self._lines > LINES_WAITING and len(self._output) > 1:
            gone = self._output.popleft()
            self._lines -= len(gone.lines)
            lost = gone.dropped + len(gone.lines)
            after = self._output[0]
            self._output[0] = Lines(
                after.action, after.check, after.lines, after.dropped + lost
            )  # fmt: skip
