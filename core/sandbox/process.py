"""Runs a command to its end, its time-out or its cancellation, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.context import Context
from core.sandbox.watch import Watch

_CHUNK = 1 << 16
_TICK = 0.05
_GRACE = 6.0
"""For the reaper, which is done within milliseconds unless it faces a bomb."""


@dataclass(frozen=True)
class Ended:
    exit_code: int | None
    """None where it was ended by us; negative would be a signal, given as 128+n."""
    timed_out: bool = False
    cancelled: bool = False
    seconds: float = 0.0
    problem: str = ""
    """Why it could not be started; "" otherwise."""
    passed: str = ""
    """Which limit it passed, so that it was ended: "it wrote more than …"; "" otherwise."""


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout: float,
    sink: Callable[[bytes], None],
    context: Context | None = None,
    tick: Callable[[], None] = lambda: None,
    pass_fds: Sequence[int] = (),
    begin: Callable[[int], Watch] | None = None,
    most_output: int = 0,
) -> Ended:
    """Run `argv`, handing what it prints (both streams, merged) to `sink` as it comes.

    `timeout` is in seconds, `most_output` in bytes (0: any number). `begin` gets the command's id
    once, when it was started, and gives who watches it. `tick` is called about every 50 ms,
    output or not. Blocks until the command and all that it started are gone; the caller's thread
    must live as long, since a sandbox dies with the thread that made it. Never raises for what
    the command does.
    """
    began = time.monotonic()
    if context is not None and context.cancelled:
        return Ended(exit_code=None, cancelled=True)
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return Ended(exit_code=None, problem=f"{argv[0]} could not be started: {why}")
    wanted = threading.Event()
    if context is not None:
        context.on_cancel(wanted.set)
    timed_out = False
    bounds = _Bounds(sink, most_output)
    try:
        watch = begin(child.pid) if begin is not None else None
        timed_out = _pump(child, bounds, tick, wanted, began + timeout, watch)
    finally:
        stopped = timed_out or wanted.is_set() or bool(bounds.passed)
        code = end(child, at_once=stopped)
    return Ended(
        exit_code=None if stopped else code,
        timed_out=timed_out,
        cancelled=wanted.is_set() and not timed_out,
        seconds=time.monotonic() - began,
        passed=bounds.passed,
    )


@dataclass
class _Bounds:
    """Hands output on, and knows which limit was passed."""

    sink: Callable[[bytes], None]
    most: int
    taken: int = 0
    passed: str = ""

    def take(self, data: bytes) -> None:
        self.taken += len(data)
        if self.most and self.taken > self.most:
            self.passed = f"it printed more than {self.most >> 20:,} MB"
        self.sink(data)


def _pump(
    child: subprocess.Popen[bytes],
    bounds: _Bounds,
    tick: Callable[[], None],
    wanted: threading.Event,
    deadline: float,
    watch: Watch | None,
) -> bool:
    """Read until the command has ended or passed a limit; True when its time ran out."""
    assert child.stdout is not None
    pipe = child.stdout.fileno()
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        open_pipe = True
        while not wanted.is_set() and not bounds.passed:
            if time.monotonic() > deadline:
                return True
            over = child.poll() is not None
            if open_pipe and selector.select(0 if over else _TICK):
                open_pipe = _drain(pipe, bounds.take)
                if not open_pipe:
                    selector.unregister(pipe)
            elif over:
                return False
            elif not open_pipe:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_TICK)
            tick()
            if watch is not None and not bounds.passed:
                bounds.passed = watch.look()
    return False


def _drain(pipe: int, sink: Callable[[bytes], None]) -> bool:
    """Hand on one chunk; False at the end of the stream."""
    try:
        data = os.read(pipe, _CHUNK)
    except BlockingIOError:
        return True
    if data:
        sink(data)
    return bool(data)


def end(child: subprocess.Popen[bytes], *, at_once: bool) -> int | None:
    """See the child and its process group off; its exit code.

    A sandbox is killed outright, since everything in it dies with it. The reaper is asked
    first: it has descendants to find, and takes milliseconds.
    """
    if child.stdout is not None:
        child.stdout.close()
    if at_once and child.poll() is None:
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code is None or code >= 0 else 128 - code
