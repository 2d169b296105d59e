"""Meets a sandbox between its making and its command: limits it, and later sees it off."""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.sandbox import limits as limiting
from core.sandbox.limits import Limits

_PATIENCE = 10.0
_LINGER = 6.0


@dataclass
class Handshake:
    """Four ends of two pipes: the sandbox tells its first process's id, and waits for a byte."""

    limits: Limits
    _told: int = -1
    _tell: int = -1
    _waits: int = -1
    _release: int = -1
    _first: int = -1
    _ours: set[int] = field(default_factory=set)

    @property
    def words(self) -> list[str]:
        return ["--info-fd", str(self._tell), "--block-fd", str(self._waits)]

    @property
    def fds(self) -> tuple[int, ...]:
        """Descriptors to pass on."""
        return (self._tell, self._waits)

    def begin(self) -> None:
        """Limit what was started, and let it go on. Blocks for some milliseconds.

        One that ends on its way is no error: what it printed says why.
        """
        self._close(self._tell, self._waits)
        first = self._first_process()
        if first:
            with contextlib.suppress(OSError):
                self._first = os.pidfd_open(first)
                self._ours.add(self._first)
                limiting.bind(first, self.limits, own_count=True)
                # When memory ends in spite of all, the check goes before the person's programs.
                with open(f"/proc/{first}/oom_score_adj", "w") as file:
                    file.write("1000")
        with contextlib.suppress(OSError):
            os.write(self._release, b"x")

    def _first_process(self) -> int:
        said = b""
        until = time.monotonic() + _PATIENCE
        while b"}" not in said:
            if not select.select([self._told], [], [], max(0, until - time.monotonic()))[0]:
                break
            data = os.read(self._told, 4096)
            if not data:
                break
            said += data
        found = re.search(rb'"child-pid"\s*:\s*(\d+)', said)
        return int(found[1]) if found else 0

    def _open(self) -> None:
        self._told, self._tell = os.pipe()
        self._waits, self._release = os.pipe()
        self._ours |= {self._told, self._tell, self._waits, self._release}

    def _close(self, *fds: int) -> None:
        for fd in self._ours & set(fds):
            self._ours.discard(fd)
            os.close(fd)

    def _see_off(self) -> None:
        """The first process of a pid namespace is the last one there: bubblewrap itself may end
        a moment sooner than what runs in it."""
        if self._first >= 0:
            select.select([self._first], [], [], _LINGER)
        self._close(*self._ours)


@contextlib.contextmanager
def handshake(limits: Limits) -> Iterator[Handshake]:
    """After the block nothing of the sandbox is left."""
    made = Handshake(limits)
    made._open()
    try:
        yield made
    finally:
        made._see_off()
