"""What is shown while it happens and never kept: streamed replies, output, progress, times."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TypeVar

from core import protocol as p
from core.text import clean
from tui.bridge import Frame

T = TypeVar("T")
OUTPUT_LINES = 10_000
"""Lines of one check's output that can be scrolled back to."""
LINE_CHARACTERS = 2_000
REPLY_CHARACTERS = 200_000
RUNS_KEPT = 6


class Output:
    """The newest lines of one run of a check, as they came: a pane cleans those that it draws."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=OUTPUT_LINES)
        self.gone = 0
        """Lines before the first one here."""

    def add(self, lines: tuple[str, ...], dropped: int = 0) -> None:
        if dropped:
            self.gone += dropped
            self.lines.append(f"… {dropped:,} lines left out: they came faster than a screen shows")
        self.gone += max(0, len(self.lines) + len(lines) - OUTPUT_LINES)
        self.lines.extend(map(_cut, lines))


def _cut(text: str) -> str:
    if len(text) <= LINE_CHARACTERS:
        return text
    return f"{text[:LINE_CHARACTERS]}… {len(text) - LINE_CHARACTERS:,} more characters"


class Live:
    """Frames, gathered by the action that they tell of."""

    def __init__(self) -> None:
        self.started: dict[str, float] = {}
        """Action → when it was started, in seconds since the epoch."""
        self.streamed: OrderedDict[str, str] = OrderedDict()
        self.output: OrderedDict[str, Output] = OrderedDict()
        self.progress: dict[str, p.Progress] = {}

    def take(self, frame: Frame) -> None:
        for entry in frame.entries:
            self._entry(entry)
        for action, text in frame.streamed.items():
            joined = self.streamed.get(action, "") + clean(text)
            self.streamed[action] = joined[-REPLY_CHARACTERS:]
            _keep(self.streamed, RUNS_KEPT)
        for part in frame.output:
            self.output.setdefault(part.action, Output()).add(part.lines, part.dropped)
            _keep(self.output, RUNS_KEPT)
        self.progress.update(frame.progress)

    def _entry(self, entry: p.Entry) -> None:
        event = entry.event
        if isinstance(event, p.Started):
            self.started[event.action.id] = entry.at
            return
        action = getattr(event, "action", None)
        if isinstance(action, str) and not isinstance(event, p.Reserved | p.BaseMoved):
            self.started.pop(action, None)
            self.progress.pop(action, None)


def _keep(held: OrderedDict[str, T], most: int) -> None:
    while len(held) > most:
        held.popitem(last=False)
