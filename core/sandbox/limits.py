"""How much a check may use, and what a run says that has used it up.

Time and output are counted by who reads the output, the size of a file and (but for root) the
number of processes by the kernel, private folders by their own size, and memory, processes and
disk as a whole by `watch`.
"""

from __future__ import annotations

import functools
import os
import resource
from typing import Annotated

from msgspec import Meta

from core.protocol import Value

MB = 1 << 20
Amount = Annotated[int, Meta(ge=1, le=1 << 30)]


class Limits(Value, frozen=True):
    """What one check may use. In megabytes, but for `processes`; None stands for the usual."""

    memory: Amount | None = None
    """Of all its processes together; usually three quarters of the machine's."""
    processes: Amount | None = None
    """Processes and threads at one time."""
    file: Amount | None = None
    """The largest file that it may write."""
    output: Amount | None = None
    """What it may print."""
    disk: Amount | None = None
    """What it may write into its copy of the repository."""
    tmp: Amount | None = None
    """Its private /tmp, which is memory; the private home and /dev/shm are half as large."""

    def lowered(self, other: Limits) -> Limits:
        """The lower of both, one by one."""
        pairs = [(getattr(self, f), getattr(other, f)) for f in self.__struct_fields__]
        return Limits(*(min((n for n in pair if n is not None), default=None) for pair in pairs))

    def settled(self) -> Limits:
        """The usual in place of None."""
        total = machine_memory() // MB
        usual = Limits(
            memory=max(total * 3 // 4, 256),
            processes=4096,
            file=4096,
            output=512,
            disk=10_240,
            tmp=max(total // 4, 64),
        )
        given = {f: getattr(self, f) for f in self.__struct_fields__}
        known = {f: getattr(usual, f) if n is None else n for f, n in given.items()}
        return Limits(**known)


@functools.cache
def machine_memory() -> int:
    """Bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def bind(pid: int, limits: Limits, *, own_count: bool) -> None:
    """Let the kernel hold a process, and all that it will start, to what the kernel can count.

    `own_count` is true where its user namespace counts processes for itself: elsewhere all of
    the person's would count, and `watch` does it. Raises `OSError` where the process has gone.
    """
    size = (limits.file or 0) * MB
    if size:
        _lower(pid, resource.RLIMIT_FSIZE, size)
    # 1 and not 0: a handler of core dumps, which would run outside, is started even for 0.
    _lower(pid, resource.RLIMIT_CORE, 1)
    if own_count and limits.processes:
        _lower(pid, resource.RLIMIT_NPROC, limits.processes)


def _lower(pid: int, what: int, value: int) -> None:
    _, hard = resource.prlimit(pid, what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.prlimit(pid, what, (value, value))


_WORDS = (
    ("File too large", "file", "the largest file that it may write"),
    ("No space left on device", "tmp", "the room in its private /tmp"),
    ("Resource temporarily unavailable", "processes", "the number of its processes"),
    ("can't start new thread", "processes", "the number of its processes"),
)
_XFSZ = 128 + 25


def met(limits: Limits, exit_code: int | None, output: bytes) -> str:
    """What a failing run may have met, by its last words; "" where they say nothing of it."""
    last = output[-20_000:].decode("utf-8", "replace")
    for words, name, what in _WORDS:
        if words in last or (name == "file" and exit_code == _XFSZ):
            amount = getattr(limits.settled(), name)
            unit = "" if name == "processes" else " MB"
            return f"It may have met a limit of the sandbox: {what} is {amount:,}{unit}."
    return ""
