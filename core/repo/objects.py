"""Reads blobs through one long-lived `git cat-file`, since a process for each file is slow."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import weakref
from collections import OrderedDict

from core.errors import GitFailed
from core.repo.git import Git, object_id

_KEPT = 32 << 20
"""Bytes of blobs that are remembered."""
_ARGV = ("cat-file", "--batch")


class Blobs:
    """The blobs of one repository, by object id. Safe from any thread."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, oid: str) -> bytes:
        """A blob's bytes. Raises `GitFailed` where there is none."""
        with self._guard:
            data = self._kept.get(oid)
            if data is None:
                data = self._ask(object_id(oid))
                self._keep(oid, data)
            self._kept.move_to_end(oid)
            return data

    def _keep(self, oid: str, data: bytes) -> None:
        self._kept[oid] = data
        self._size += len(data)
        while self._size > _KEPT and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1])

    def _ask(self, oid: str) -> bytes:
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(oid.encode() + b"\n")
            child.stdin.flush()
            said = child.stdout.readline().split()
            if len(said) != 3 or said[1] != b"blob":
                raise GitFailed(_ARGV, 128, f"there is no blob {oid}")
            data = child.stdout.read(int(said[2]) + 1)[:-1]
        except OSError as error:
            raise GitFailed(_ARGV, 128, f"git ended: {error.strerror}") from error
        if len(data) != int(said[2]):
            raise GitFailed(_ARGV, 128, f"the blob {oid} was cut short")
        return data

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
            self._child = subprocess.Popen(
                ["git", *_ARGV],
                cwd=self._git.cwd,
                env=kept | self._git.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            weakref.finalize(self, _end, self._child)
        return self._child

    def close(self) -> None:
        """End the process; it starts again when something is asked."""
        with self._guard:
            child, self._child = self._child, None
        if child is not None:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    with contextlib.suppress(OSError):
        child.kill()
    child.wait()
