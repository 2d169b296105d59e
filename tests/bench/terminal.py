"""A program in a pseudo-terminal, with the time at which each of its bytes arrived.

Unlike a test's terminal it draws nothing while it waits: whatever it did would be in the figures.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

COLUMNS, ROWS = 120, 40
_ANSWERS = ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;c"))
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[P_X^][^\x1b]*\x1b\\|.)")


class Terminal:
    """Starts the program at once; `born` is the moment before it was asked for (monotonic)."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        whole = {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.raw = b""
        self.born = time.monotonic()
        self.pid, self._tty = os.forkpty()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
                os.chdir(cwd)
                os.execve(argv[0], list(argv), whole)
            finally:
                os._exit(127)

    def pump(self, seconds: float) -> float:
        """Takes in what the program prints; the time at which bytes came, 0.0 when none did."""
        ready, _, _ = select.select([self._tty], [], [], max(0.0, seconds))
        if not ready:
            return 0.0
        try:
            data = os.read(self._tty, 1 << 18)
        except OSError:
            data = b""
        at = time.monotonic()
        if not data:
            raise EOFError(f"the program ended; its last words:\n{self.words(4000)}")
        self.raw += data
        for asked, answer in _ANSWERS:
            if asked in data:
                os.write(self._tty, answer)
        return at

    def until(self, wanted: str, seconds: float = 60.0, start: int = 0) -> float:
        """When the bytes of `wanted` had arrived, looking from offset `start` of `raw`.

        Raises `TimeoutError`, and `EOFError` where the program ends first.
        """
        what, end = wanted.encode(), time.monotonic() + seconds
        at = time.monotonic()
        while True:
            found = self.raw.find(what, start)
            if found >= 0:
                return at
            start = max(start, len(self.raw) - len(what))
            at = self.pump(end - time.monotonic()) or at
            if time.monotonic() >= end:
                raise TimeoutError(f"never saw {wanted!r} in\n{self.words(4000)}")

    def quiet(self, seconds: float, limit: float = 5.0) -> None:
        """Waits until it has printed nothing for that long."""
        end = time.monotonic() + limit
        while self.pump(seconds) and time.monotonic() < end:
            pass

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.pump(left)

    def send(self, keys: str) -> float:
        """Sends keys; the moment before they went."""
        at = time.monotonic()
        os.write(self._tty, keys.encode())
        return at

    def words(self, most: int) -> str:
        return _ESCAPES.sub(b" ", self.raw[-most:]).decode(errors="replace")

    def memory(self) -> tuple[float, float]:
        """Resident memory now, and at its highest, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        now, highest = (
            int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) / 1024  # type: ignore[union-attr]
            for name in ("VmRSS", "VmHWM")
        )
        return now, highest

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the program as a closed window does, and by force where that is not enough."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 5.0
        while not os.waitpid(self.pid, os.WNOHANG)[0]:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(EOFError):
                self.pump(0.02)
        os.close(self._tty)
