"""A person at a real pseudo-terminal: types keys, waits for text, reads the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte

_ANSWERS = ((b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;c"))
"""What programs ask of a terminal, and what one says."""
# pyte does not know these, and would print their ends.
_UNKNOWN = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b[P_X^][^\x1b]*\x1b\\|\x1b\[[0-9;]*\$[a-z]")


class Terminal:
    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int,
        rows: int,
        cwd: Path,
        env: Mapping[str, str],
    ) -> None:
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._child: Any = pexpect.spawn(
            argv[0],
            list(argv[1:]),
            cwd=str(cwd),
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},  # type: ignore[arg-type]
            dimensions=(rows, columns),
            timeout=None,
        )

    def pump(self, seconds: float = 0.05) -> bool:
        """Takes in what the program prints; False when it has ended."""
        try:
            data: bytes = self._child.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        for asked, answer in _ANSWERS:
            if asked in data:
                self._child.send(answer)
        self._stream.feed(_UNKNOWN.sub(b"", data))
        return True

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait(self, pattern: str, seconds: float = 60.0) -> str:
        """The screen, once it shows the pattern."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            alive = self.pump()
            shown = re.search(pattern, self.text)
            assert shown or (alive and time.monotonic() < end), f"no {pattern!r} in\n{self.text}"
        return self.text

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def ended(self, seconds: float = 20.0) -> int:
        """The exit code, once the program has ended."""
        end = time.monotonic() + seconds
        while self.pump(0.2):
            assert time.monotonic() < end, f"still there:\n{self.text}"
        self._child.close()
        return int(self._child.exitstatus if self._child.exitstatus is not None else -1)

    def kill(self) -> None:
        self._child.close(force=True)
