"""The model process seen from here: started early, asked one thing at a time, killed to cancel.

Killing is the only cancel that is certain to end the connection, and with it the cost; a fresh
process is started at once, so that its three seconds of import pass while the person thinks.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from core.errors import ActionFailed, LoopwrightError
from core.protocol import Problem

_WORKER: Final = Path(__file__).with_name("worker.py")
_STDERR_KEPT: Final = 8_000
_LINE_LIMIT: Final = 8_000_000
_START_SECONDS: Final = 60.0
_MAIN_ONLY: Final = ("PYTHON", "COVERAGE", "LOOPWRIGHT")

Message = dict[str, Any]


class TimedOut(LoopwrightError):
    """The process said nothing for too long; it has been killed."""


class ModelClient:
    """Owns at most one model process. One thread asks at a time; any thread may `abort`."""

    def __init__(self, env: Mapping[str, str], worker: Sequence[str] = ()) -> None:
        """`env` is the person's environment; `worker` another program, for tests."""
        self._env = {k: v for k, v in env.items() if not k.startswith(_MAIN_ONLY)}
        self._argv = tuple(worker) or (sys.executable, "-I", str(_WORKER))
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._closed = False
        self._ids = 0

    def prestart(self) -> None:
        """Start the process if none runs, without waiting for it."""
        with self._lock:
            if not self._closed and (self._process is None or self._process.ended):
                self._process = _Process(self._argv, self._env)

    def abort(self) -> None:
        """Kill the process: what is asked of it fails at once. A fresh one is started."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
        self.prestart()

    def close(self) -> None:
        """Kill the process for good. Safe to call twice."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.kill()

    @property
    def pid(self) -> int | None:
        """Process id while one runs."""
        process = self._process
        return None if process is None or process.ended else process.pid

    def ask(self, request: Message, *, gap: float, total: float) -> Iterator[Message]:
        """The process's answers to one request, up to and with the last one.

        `gap` is the longest silence and `total` the longest time at all, both in seconds, from
        when the process is ready. Raises `TimedOut`, and `ActionFailed("worker")` where the
        process ends first.
        """
        self.prestart()
        process = self._process
        if process is None:
            raise _lost("it was closed")
        if not process.ready(_START_SECONDS):
            self.abort()
            raise _lost(f"it did not start in {_START_SECONDS:.0f} seconds")
        self._ids += 1
        wanted = self._ids
        process.send({**request, "id": wanted})
        end = time.monotonic() + total
        while True:
            left = end - time.monotonic()
            answer = process.receive(min(gap, left)) if left > 0 else None
            if answer is None:
                self.abort()
                raise TimedOut("the model process said nothing for too long")
            if answer.get("is") == "ended":
                raise _lost(str(answer["why"]))
            if answer.get("id") == wanted:
                yield answer
                if answer["is"] != "delta":
                    return


class _Process:
    """One child with its two reader threads. Every end of it shows as an "ended" message."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._ready = threading.Event()
        self._stderr = b""
        self._child = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=os.path.abspath(os.sep),
            start_new_session=True,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        self._stdin: IO[bytes] = self._child.stdin
        errors = threading.Thread(target=self._drain, args=(self._child.stderr,), daemon=True)
        errors.start()
        threading.Thread(target=self._read, args=(self._child.stdout, errors), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def ready(self, timeout: float) -> bool:
        """Wait until it can be asked, or has ended; False when the time is over."""
        return self._ready.wait(timeout)

    def send(self, message: Message) -> None:
        # A child that has ended says so through `receive`.
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self._stdin.flush()

    def receive(self, timeout: float) -> Message | None:
        try:
            return self._inbox.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    def _read(self, stdout: IO[bytes], errors: threading.Thread) -> None:
        why = ""
        while line := stdout.readline(_LINE_LIMIT):
            try:
                message = json.loads(line)
            except ValueError:
                why = "it broke its protocol"
                self._child.kill()
                break
            if message.get("is") == "ready":
                self._ready.set()
            else:
                self._inbox.put(message)
        code = self._child.wait()
        errors.join(1.0)
        for pipe in (stdout, self._stdin):
            with contextlib.suppress(OSError):
                pipe.close()
        said = self._stderr.decode("utf-8", errors="replace").strip()
        self._inbox.put({"is": "ended", "why": f"{why or f'it ended with {code}'}\n{said}"})
        self._ready.set()

    def _drain(self, stderr: IO[bytes]) -> None:
        while piece := os.read(stderr.fileno(), 65536):
            self._stderr = (self._stderr + piece)[-_STDERR_KEPT:]
        stderr.close()


def _lost(why: str) -> ActionFailed:
    first, _, rest = why.strip().partition("\n")
    last = f' Its last words: "{rest.strip().splitlines()[-1][:300]}".' if rest.strip() else ""
    return ActionFailed(
        Problem(
            "worker",
            f"The model process was lost: {first}.{last} Nothing was applied; a fresh one starts"
            " with the next request. If this stays so, `loopwright doctor` says more.",
        )
    )
