"""What a check prints: shown live in small batches, and kept whole on disk up to a bound."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from core.context import Context
from core.protocol import BlobRef, Output
from core.text import clean_output, decode

MAX_KEPT = 8 << 20
"""Bytes of one check's output that its reader is given: the first half and the last half."""
MAX_WHOLE = 256 << 20
"""Bytes of it that are kept on disk, where nobody says otherwise."""
MAX_LINE = 4000
MAX_SHOWN = 500
"""Lines in one delta."""
_PERIOD = 0.05
_FRESH = 64 << 10

_PIECE = 16 << 10
"""Bytes cleaned at once; between two pieces other threads get their turn."""
_LONG = 16 << 10
"""Bytes of one line that are looked at live, and cleaned together."""
_SEQUENCE = 256
"""Bytes in which an escape sequence ends, so that a long line is not divided within one."""
_PRINTED = bytes((0x09, 0x0A, *range(0x20, 0x7F)))
_COLOURED = re.compile(rb"(?:[\t\n\x20-\x7e]++|\x1b\[[0-9;:]{0,64}m)*+")
_NOT_FIRST = bytes(range(0x80, 0xC0))
"""Bytes that continue a character of UTF-8."""


class Writing(Protocol):
    """A text that is written to disk as it comes, in UTF-8."""

    def write(self, data: bytes) -> None: ...

    def done(self) -> BlobRef:
        """Its reference, once it is durable."""

    def drop(self) -> None:
        """Forget it; does nothing after `done`."""


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

    All of it goes cleaned to `whole`, up to `limit` bytes; then its last 4 MB, and how much is
    missing between. `render` turns a tool's machine-readable line into one for people, or into
    none.
    """

    def __init__(
        self,
        context: Context,
        action: str,
        check: str,
        render: Callable[[str], str | None] | None = None,
        whole: Writing | None = None,
        limit: int = MAX_WHOLE,
    ) -> None:
        self._context, self.action, self._check = context, action, check
        self._render = render
        self.whole, self._limit = whole, limit
        self._lines = _Lines()
        self._head = bytearray()
        self._ends = _Ends(self._head.extend, MAX_KEPT // 2)
        self._disk = _Ends(self._write, limit)
        self._fresh = bytearray()
        self._dropped = 0
        self._shown_at = 0.0

    def feed(self, data: bytes) -> None:
        for piece in self._lines.feed(data):
            self._keep(piece)
        self._fresh += data
        if len(self._fresh) > 4 * _FRESH:
            self._drop(len(self._fresh) - _FRESH)

    def say(self, line: str) -> None:
        """A line of our own among the tool's."""
        self.feed(line.encode("utf-8", "replace") + b"\n")

    def _keep(self, piece: bytes) -> None:
        if self._render is not None or not _harmless(piece):
            piece = self._clean(piece).encode("utf-8", "replace")
        if self.whole is not None:
            self._disk.add(piece)
        self._ends.add(piece)

    def _write(self, data: bytes) -> None:
        if self.whole is not None:
            self.whole.write(data)

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
        shown = self._clean(b"\n".join(map(_cut_bytes, last))).split("\n")
        lines = list(map(_cut, shown))
        kept = lines[-MAX_SHOWN:]
        unseen = 0 if before is None else before.count(b"\n") + 1
        dropped, self._dropped = self._dropped + unseen + len(lines) - len(kept), 0
        self._context.show(
            Output(action=self.action, check=self._check, lines=tuple(kept), dropped=dropped)
        )

    def finish(self) -> bytes:
        """Show the rest; the output, cleaned, as UTF-8, with the middle of a long one left out."""
        if self._fresh:
            self._drop(len(self._fresh) - _FRESH) if len(self._fresh) > _FRESH else None
            self._show(len(self._fresh))
        self._keep(bytes(self._lines.rest))
        self._lines.rest.clear()
        for data in self._disk.tail():
            self._write(data)
        ends = b"".join((self._head, *self._ends.tail()))
        return b"".join(map(_shortened, _in_lines(ends)))

    def _clean(self, data: bytes) -> str:
        """Text made safe. Cleaning looks at no line but its own."""
        text = decode(data) if _harmless(data) else clean_output(decode(data))
        if self._render is not None:
            rendered = map(self._render, text.split("\n"))
            text = "\n".join(line for line in rendered if line is not None)
        return text


def _harmless(data: bytes) -> bool:
    """Whether cleaning would leave this as it is, as nearly everything that is printed."""
    other = data.translate(None, _PRINTED)
    return not other or (other.count(b"\x1b") == len(other) and bool(_COLOURED.fullmatch(data)))


class _Ends:
    """The first bytes of a stream, handed on as they come, and its last 4 MB of the others."""

    def __init__(self, head: Callable[[bytes], object], room: int) -> None:
        self._head, self._room = head, room
        self._tail: deque[bytes] = deque()
        self._size = 0
        self._left_out = 0

    def add(self, data: bytes) -> None:
        if self._room > 0:
            taken, data = data[: self._room], data[self._room :]
            self._room -= len(taken)
            self._head(taken)
        if data:
            self._tail.append(data)
            self._size += len(data)
        while self._size - len(self._tail[0] if self._tail else b"") > MAX_KEPT // 2:
            gone = self._tail.popleft()
            self._size -= len(gone)
            self._left_out += len(gone)

    def tail(self) -> Iterator[bytes]:
        if self._left_out:
            yield f"\n[{self._left_out:,} bytes left out here]\n".encode()
        yield from self._tail


class _Lines:
    """Puts chunks together to pieces that end where lines do, or else within a long line."""

    def __init__(self) -> None:
        self.rest = bytearray()
        """What no piece was made of yet."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE):
            known = len(self.rest)
            self.rest += view[start : start + _PIECE]
            end = self.rest.rfind(b"\n", known) + 1
            if end:
                yield bytes(self.rest[:end])
                del self.rest[:end]
            while len(self.rest) > 2 * _LONG:
                # A carriage return starts the line again: of a progress bar, the last state
                # is what counts.
                again = self.rest.rfind(b"\r", 0, len(self.rest) - 1) + 1
                if again:
                    del self.rest[:again]
                    continue
                end = self._within(_LONG)
                yield bytes(self.rest[:end])
                del self.rest[:end]

    def _within(self, end: int) -> int:
        """The nearest place before `end` that is in no escape sequence and in no character."""
        escape = self.rest.rfind(b"\x1b", end - _SEQUENCE, end)
        end = escape if escape > 0 else end
        while end > 1 and self.rest[end] in _NOT_FIRST:
            end -= 1
        return end


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


def _in_lines(data: bytes) -> Iterator[bytes]:
    """Pieces that end where lines do: between two of them other threads get their turn."""
    at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + _FRESH) + 1 or data.find(b"\n", at + _FRESH) + 1
        yield data[at : end or len(data)]
        at = end or len(data)


def _shortened(data: bytes) -> bytes:
    """The same with long lines cut."""
    lines = map(_cut, decode(data).split("\n"))
    return "\n".join(lines).encode("utf-8", "replace")


def _cut(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    return f"{line[:MAX_LINE]} … {len(line) - MAX_LINE} more characters"
