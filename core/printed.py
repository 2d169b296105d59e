"""The lines of a long text on disk, read where they are looked at and never all at once."""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import overload

from core.text import decode

WINDOW = 64 << 10
"""Bytes that are read together."""
_WINDOWS_KEPT = 16
SHOWN = 2_000
"""Characters of one line that are given; how many more there are is said."""
_SGR = re.compile(rb"\x1b\[[0-9;:]{0,64}m")


class Lines(Sequence[str]):
    """Lines of UTF-8 text, its last newline ending the last of them. Safe from one thread.

    `read(start, size)` gives bytes of the text.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read, self._size = read, size
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        counts = [w.count(b"\n") for _, w in self._windows(0, size)]
        self._before = list(accumulate(counts, initial=0))
        """Newlines before each window, and before the end."""
        ended = size and read(size - 1, 1) == b"\n"
        self._count = self._before[-1] + (0 if ended or not size else 1)

    @classmethod
    def of(cls, data: bytes) -> Lines:
        return cls(lambda start, size: data[start : start + size], len(data))

    @classmethod
    def of_file(cls, path: Path, sha256: str = "") -> Lines:
        """Raises `OSError`, and `ValueError` where the bytes have another hash than this."""
        if sha256 and _hash(path) != sha256:
            raise ValueError(f"{path} is damaged")

        def read(start: int, size: int) -> bytes:
            with open(path, "rb") as file:
                return os.pread(file.fileno(), size, start)

        return cls(read, path.stat().st_size)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(self._count))]
        if at < 0:
            at += self._count
        if not 0 <= at < self._count:
            raise IndexError(at)
        start, end = self._start(at), self._start(at + 1) - 1
        most = 4 * SHOWN
        text = decode(self._bytes(start, min(end, start + most)))
        if end - start <= most and len(text) <= SHOWN:
            return text
        return f"{text[:SHOWN]} … {end - start - len(text[:SHOWN].encode()):,} more bytes"

    def find(self, needle: str, start: int = 0) -> int | None:
        """The first line from `start` on that has `needle`, in any case, its colours left out."""
        low = needle.casefold()
        wanted, plain = low.encode("utf-8", "surrogatepass"), low.isascii()
        if not wanted or start >= self._count:
            return None
        # Windows overlap by as much as a match with colours in it can be long.
        overlap = 4 * len(wanted) + 256
        for offset, window in self._windows(self._start(start), self._size, overlap):
            if not self._has(window, wanted, low, plain=plain):
                continue  # nearly always, so the whole window is looked at first
            first = self._line_at(offset)
            for line, text in enumerate(window.split(b"\n"), first):
                if self._has(text, wanted, low, plain=plain):
                    return line
        return None

    @staticmethod
    def _has(data: bytes, wanted: bytes, low: str, *, plain: bool) -> bool:
        if b"\x1b" in data:
            data = _SGR.sub(b"", data)
        return wanted in data.lower() if plain else low in decode(data).casefold()

    def _line_at(self, offset: int) -> int:
        window = offset // WINDOW
        head = self._window(window)[: offset - window * WINDOW]
        return self._before[window] + head.count(b"\n")

    def _start(self, line: int) -> int:
        """The offset at which a line begins; that of the line after the last is past the end."""
        if line == 0:
            return 0
        if line > self._before[-1]:
            return self._size + 1
        window = bisect_left(self._before, line) - 1
        left = line - self._before[window]
        data, at = self._window(window), -1
        for _ in range(left):
            at = data.find(b"\n", at + 1)
        return window * WINDOW + at + 1

    def _bytes(self, start: int, end: int) -> bytes:
        first, last = start // WINDOW, max(start, end - 1) // WINDOW
        if last - first > 2:
            return self._read(start, end - start)
        data = b"".join(self._window(n) for n in range(first, last + 1))
        return data[start - first * WINDOW : end - first * WINDOW]

    def _window(self, number: int) -> bytes:
        if number not in self._kept:
            self._kept[number] = self._read(number * WINDOW, WINDOW)
            while len(self._kept) > _WINDOWS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]

    def _windows(self, start: int, end: int, overlap: int = 0) -> Iterator[tuple[int, bytes]]:
        for at in range(start, end, WINDOW):
            yield at, self._read(at, WINDOW + overlap)


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
