"""Counts what a running check uses as a whole, which no limit of one process can hold."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from core.sandbox.limits import MB, Limits

_PERIOD = 0.1
_WALK_PERIOD = 1.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PARENT, _THREADS, _RESIDENT = 1, 17, 21
"""Places in /proc/PID/stat behind the name (see proc(5))."""


class Watch:
    """Looks at the processes below `pid`, and at what was written into `folders`.

    Cheap while nothing is near a limit: the machine's own sums are looked at first, and the
    processes one by one when those have moved by half of what is allowed, and each second, since
    what other programs give back can hide what this one takes.
    """

    def __init__(self, pid: int, limits: Limits, folders: Sequence[Path]) -> None:
        self._pid, self._folders = pid, folders
        settled = limits.settled()
        self._processes = settled.processes or 0
        self._memory = (settled.memory or 0) * MB
        self._disk = (settled.disk or 0) * MB
        self._began = time.time()
        self._tasks, self._available = _tasks(), _available()
        self._free = [_free(folder) for folder in folders]
        self._next = self._next_walk = 0.0
        self._next_count = time.monotonic() + _WALK_PERIOD

    def look(self) -> str:
        """Which limit was passed, as the end of a sentence; "" when none. At most every 0.1 s."""
        now = time.monotonic()
        if now < self._next:
            return ""
        says = self._look(now)
        self._next = time.monotonic() + _PERIOD
        return says

    def _look(self, now: float) -> str:
        running, available = _tasks(), _available()
        self._tasks = min(self._tasks, running)
        self._available = max(self._available, available)
        if (
            now >= self._next_count
            or running - self._tasks >= self._processes // 2
            or self._available - available >= self._memory // 2
        ):
            self._next_count = now + _WALK_PERIOD
            tasks, resident, pids = _below(self._pid)
            if tasks > self._processes:
                return f"it ran more than {self._processes:,} processes at a time"
            # Pages shared after a fork are in every process's sum: only then the exact one.
            if resident > self._memory and sum(map(_share, pids)) > self._memory:
                return f"it used more than {self._memory // MB:,} MB of memory"
        grown = [was - _free(folder) for was, folder in zip(self._free, self._folders, strict=True)]
        if now >= self._next_walk and max(grown, default=0) > self._disk // 2:
            written = sum(_written(folder, self._began) for folder in self._folders)
            self._next_walk = time.monotonic() + _WALK_PERIOD
            if written > self._disk:
                return f"it wrote more than {self._disk // MB:,} MB into its folder"
        return ""


def _below(pid: int) -> tuple[int, int, list[int]]:
    """Threads, resident bytes and ids of all processes below one."""
    children: dict[int, list[tuple[int, int, int]]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        row = (int(name), int(fields[_THREADS]), int(fields[_RESIDENT]) * _PAGE)
        children.setdefault(int(fields[_PARENT]), []).append(row)
    tasks = resident = 0
    pids: list[int] = []
    queue = [pid]
    while queue:
        for child, threads, size in children.get(queue.pop(), ()):
            tasks, resident = tasks + threads, resident + size
            pids.append(child)
            queue.append(child)
    return tasks, resident, pids


def _share(pid: int) -> int:
    """A process's part of the memory that it uses, in bytes; what is shared is divided."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(b"Pss:")) << 10


def _tasks() -> int:
    """Threads on this machine."""
    try:
        return int(Path("/proc/loadavg").read_bytes().split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def _available() -> int:
    """Bytes of memory that programs can still have."""
    try:
        lines = Path("/proc/meminfo").read_bytes().splitlines()
    except OSError:
        return 0
    return next((int(n.split()[1]) << 10 for n in lines if n.startswith(b"MemAvailable:")), 0)


def _free(folder: Path) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _written(folder: Path, since: float) -> int:
    """Bytes on disk of the files below it that were written since then."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                stat = os.lstat(os.path.join(where, name))
            except OSError:
                continue
            total += stat.st_blocks * 512 if stat.st_ctime >= since - 1 else 0
    return total
