"""What a check prints: shown live in small batches, kept whole up to a bound."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from core.context import Context
from core.protocol import Output
from core.text import clean_output, decode

MAX_KEPT = 8 << 20
"""Bytes kept of one check's output: the first half and the last half of these."""
MAX_LINE = 4000
MAX_SHOWN = 500
"""Lines in one delta."""
_PERIOD = 0.05
_FRESH = 64 << 10

_PIECE = 16 << 10
"""Bytes cleaned at once; between two pieces other threads get their turn."""
_LONG = 16 << 10
"""Bytes of one line that are looked at."""
_NOT_FIRST = bytes(range(0x80, 0xC0))
"""Bytes that continue a character of UTF-8."""


class Kept:
    """A tool's output as it came, for its reader: the first and the last bytes up to a bound."""

    def __init__(self, bound: int = MAX_KEPT) -> None:
        self._half = bound // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.left_out = False

    def feed(self, data: bytes) -> None:
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]
            self.left_out = True

    def begin(self) -> bytes:
        """The first bytes that were printed."""
        return bytes(self._head[:4000])

    @property
    def data(self) -> bytes:
        if not self.left_out:
            return bytes(self._head + self._tail)
        # The line that begins the tail is no whole one.
        return bytes(self._head) + b"\n" + bytes(self._tail.partition(b"\n")[2])


class Spool:
    """Takes bytes as they come; bounded in memory however much that is.

    `render` turns a tool's machine-readable line into one for people, or into none.
    """

    def __init__(
        self,
        context: Context,
        action: str,
        check: str,
        render: Callable[[str], str | None] | None = None,
    ) -> None:
        self._context, self.action, self._check = context, action, check
        self._render = render
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._fresh = bytearray()
        self._dropped = 0
        self._shown_at = 0.0

    def feed(self, data: bytes) -> None:
        self._keep(data)
        self._fresh += data
        if len(self._fresh) > 4 * _FRESH:
            self._drop(len(self._fresh) - _FRESH)

    def say(self, line: str) -> None:
        """A line of our own among the tool's."""
        self.feed(line.encode("utf-8", "replace") + b"\n")

    def _keep(self, data: bytes) -> None:
        room = MAX_KEPT // 2 - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
        while self._tail_size - len(self._tail[0] if self._tail else b"") > MAX_KEPT // 2:
            gone = self._tail.popleft()
            self._tail_size -= len(gone)
            self._left_out += len(gone)

    def _drop(self, size: int) -> None:
        """Forget the oldest lines not yet shown: a flood is shown by its end."""
        cut = self._fresh.find(b"\n", size) + 1 or size
        self._dropped += self._fresh.count(b"\n", 0, cut)
        del self._fresh[:cut]

    def tick(self) -> None:
        """Show what is new, at most every 50 ms."""
        now = time.monotonic()
        if now - self._shown_at < _PERIOD:
            return
        end = self._fresh.rfind(b"\n") + 1
        if end:
            self._shown_at = now
            self._show(end)

    def _show(self, end: int) -> None:
        data = bytes(self._fresh[:end]).removesuffix(b"\n")
        del self._fresh[:end]
        # Most of a flood is thrown away: only what is shown is worth cleaning.
        last = data.rsplit(b"\n", MAX_SHOWN)
        before = last.pop(0) if len(last) > MAX_SHOWN else None
        lines = self._clean(b"\n".join(map(_cut_bytes, last))).split("\n")
        kept = lines[-MAX_SHOWN:]
        unseen = 0 if before is None else before.count(b"\n") + 1
        dropped, self._dropped = self._dropped + unseen + len(lines) - len(kept), 0
        self._context.show(
            Output(action=self.action, check=self._check, lines=tuple(kept), dropped=dropped)
        )

    def finish(self) -> bytes:
        """Show the rest; the whole output, cleaned, as UTF-8 (for the blob)."""
        if self._fresh:
            self._drop(len(self._fresh) - _FRESH) if len(self._fresh) > _FRESH else None
            self._show(len(self._fresh))
        kept: list[bytes | bytearray] = [self._head]
        if self._left_out:
            kept.append(f"\n[{self._left_out:,} bytes left out here]\n".encode())
        kept += self._tail
        self._tail.clear()
        return b"".join(self._clean(piece).encode("utf-8", "replace") for piece in _pieces(kept))

    def _clean(self, data: bytes) -> str:
        """Whole lines, made safe and bounded. Cleaning looks at no line but its own."""
        text = decode(data)
        if not (text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()):
            text = clean_output(text)
        if self._render is not None:
            rendered = map(self._render, text.split("\n"))
            text = "\n".join(line for line in rendered if line is not None)
        if len(text) > MAX_LINE:
            text = "\n".join(map(_cut, text.split("\n")))
        return text


def _pieces(chunks: Iterable[bytes | bytearray]) -> Iterator[bytes]:
    """The same bytes in pieces that end where lines do, lines without measure cut."""
    rest = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE):
            known = len(rest)
            rest += view[start : start + _PIECE]
            end = rest.rfind(b"\n", known) + 1
            if end:
                yield b"\n".join(map(_cut_bytes, rest[:end].split(b"\n")))
                del rest[:end]
    yield _cut_bytes(rest)


def _cut_bytes(line: bytes | bytearray) -> bytes:
    """What can be seen of a line, cut to a size that is cheap to clean."""
    if len(line) <= _LONG:
        return bytes(line)
    # A carriage return starts the line again: a progress bar's last state is what counts.
    line = line.rstrip(b"\r").rpartition(b"\r")[2]
    if len(line) <= _LONG:
        return bytes(line)
    more = len(line[_LONG:].translate(None, _NOT_FIRST))
    return bytes(line[:_LONG]) + f" … {more} more characters".encode()


def _cut(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    return f"{line[:MAX_LINE]} … {len(line) - MAX_LINE} more characters"
