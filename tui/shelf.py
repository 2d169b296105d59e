"""What was read from the journal for the screen: diffs, older tries, printed output. Bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from core import protocol as p
from core.reading import Reader
from core.state import Iteration, State
from core.text import clean_line

T = TypeVar("T")
DIFFS_KEPT = 8
PRINTED_LINES = 10_000


class Read(Protocol):
    def __call__(self, work: Callable[[], T], then: Callable[[T], None]) -> None: ...


class Shelf:
    """Asks the reader off the screen's thread, once for each thing; `arrived` redraws."""

    def __init__(
        self, reader: Callable[[], Reader], read: Read, arrived: Callable[[], Any]
    ) -> None:
        self._reader, self._read, self._arrived = reader, read, arrived
        self._diffs: dict[str, tuple[p.FileDiff, ...]] = {}
        self._asked: set[str] = set()
        self._older: tuple[Iteration, ...] = ()
        self._older_at: tuple[object, ...] = ()
        self._marked: Mapping[str, bytes] | None = None
        self._marked_of = ""
        self._printed: list[str] = []
        self._printed_of = ""

    def diff(self, change: p.Change | None) -> tuple[p.FileDiff, ...] | None:
        """The change's diff, or None until it is read."""
        if change is None:
            return None
        key = f"{change.base.tree} {change.tree}"
        if key not in self._asked:
            self._asked.add(key)
            reader = self._reader()

            def arrived(diff: tuple[p.FileDiff, ...]) -> None:
                while len(self._diffs) >= DIFFS_KEPT:
                    gone = next(iter(self._diffs))
                    del self._diffs[gone]
                    self._asked.discard(gone)
                self._diffs[key] = diff
                self._arrived()

            self._read(lambda: reader.diff(change), arrived)
        return self._diffs.get(key)

    def marked(self, conflict: p.Conflict) -> Mapping[str, bytes] | None:
        """The files of a conflict that it still has, or None until they are read."""
        if conflict.tree != self._marked_of:
            self._marked_of, self._marked = conflict.tree, None
            reader = self._reader()

            def work() -> dict[str, bytes]:
                found = {path: reader.file(conflict.tree, path) for path in conflict.paths}
                return {path: content for path, content in found.items() if content is not None}

            def arrived(found: dict[str, bytes]) -> None:
                if self._marked_of == conflict.tree:
                    self._marked = found
                    self._arrived()

            self._read(work, arrived)
        return self._marked

    def history(self, state: State) -> tuple[Iteration, ...]:
        """Older iterations as the journal has them, the live step's as the state has them."""
        newest = (*state.tries, *((state.iteration,) if state.iteration else ()))
        at = (state.count, state.at_step, state.goals, len(state.landings), state.ended)
        if at != self._older_at:
            self._older_at = at

            def arrived(older: tuple[Iteration, ...]) -> None:
                self._older = older
                self._arrived()

            self._read(self._reader().iterations, arrived)
        here = {i.n for i in newest}
        return (*(i for i in self._older if i.n not in here), *newest)

    def printed(self, results: tuple[p.CheckResult, ...]) -> list[str]:
        """Lines that these checks printed; empty until they are read."""
        about = " ".join(r.output for r in results)
        if about != self._printed_of:
            self._printed_of, self._printed = about, []
            reader = self._reader()

            def work() -> list[str]:
                rows: list[str] = []
                for result in results:
                    rows.append(f"── {clean_line(result.check)} ──")
                    rows += reader.output(result).rstrip("\n").split("\n")
                return rows[-PRINTED_LINES:]

            def arrived(rows: list[str]) -> None:
                if self._printed_of == about:
                    self._printed = rows
                    self._arrived()

            self._read(work, arrived)
        return self._printed
