"""A warm pytest: the next run's process is started before the run is wanted, and waits.

Each run has a process and a sandbox of its own that nothing ran in before, as a cold one has:
only the start of both, and pytest's import of itself, happened earlier. So nothing is carried
from run to run (no fork, no module, no temporary folder), and what is different from a cold
start is looked for when the word is given (`plugin/loopwright_wait.py`). Where anything is odd,
the run is cold.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from core.checks import pytest_command
from core.checks.runner import Desk, Runner
from core.context import Context, PlainContext
from core.errors import LoopwrightError
from core.protocol import CheckSpec
from core.sandbox.mounts import mountable
from core.sandbox.process import Ended
from core.text import clean_line, shorten

_CONFIGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml",
            "tox.ini", "setup.cfg")  # fmt: skip
_ODD = re.compile(r"(?<![\w-])(-n|-p|--numprocesses|--dist|--tx)(?![a-z])[\w:=.]*")
_ADDOPTS = re.compile(r"^\s*addopts\s*=(.*(?:\n(?!\s*[\w.]+\s*=|\s*\[).*)*)", re.MULTILINE)
_SETTLES = 10.0
"""Seconds after which one that is not ready yet is given up."""
_FAILURES = 2
"""Processes in a row that ended before their run: after so many none is started any more."""
Extra: TypeAlias = tuple[str, ...]


def why_cold(runner: Runner, spec: CheckSpec) -> str:
    """What stands against a warm run of this check in this place; "" when nothing does."""
    how = pytest_command.split(spec.argv)
    if how is None:
        return "its command is not pytest's"
    if runner.sandbox.isolation.kind not in ("bubblewrap", "none"):
        return "this kind of sandbox is not prepared for it"
    if not runner.sandbox.sandboxed and any(_lent(runner)):
        return "generated files are lent to the tree for each run"
    for name, text in (("the command", " ".join(how[2])), *_configured(runner)):
        odd = _ODD.search(text)
        if odd is not None:
            return f"{name} asks for {clean_line(odd.group())}"
    return ""


def _lent(runner: Runner) -> Sequence[bool]:
    place = runner.place
    return [p.is_file() or p.name.endswith("-info") for p in mountable(place)]


def _configured(runner: Runner) -> Sequence[tuple[str, str]]:
    """Options that the tree's configuration adds, by file."""
    found = []
    for name in _CONFIGS:
        text = _text(runner, name)
        found += [(name, match.group(1)) for match in _ADDOPTS.finditer(text)]
    return found


def _text(runner: Runner, name: str) -> str:
    path = runner.place.work / name
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        return path.read_text(encoding="utf-8", errors="replace")[: 1 << 20]
    except OSError:
        return ""


def _key(runner: Runner, spec: CheckSpec, extra: Extra) -> tuple[object, ...]:
    """Everything that is settled when the process starts; another key needs another process."""
    stat = os.stat(runner.place.work)
    return (
        spec.argv,
        extra,
        runner,
        runner.interpreter.fingerprint(),
        runner.sandbox.variables(),
        runner.sandbox.network,
        runner.sandbox.caches,
        runner.sandbox.limits,
        mountable(runner.place),
        (stat.st_dev, stat.st_ino),
        tuple(_text(runner, name) for name in _CONFIGS),
    )


class Standby:
    """One pytest that waits for the word, with the thread that it lives and dies with."""

    def __init__(self, runner: Runner, spec: CheckSpec, extra: Extra = ()) -> None:
        self.key = _key(runner, spec, extra)
        self.desk: Desk
        self._runner, self._spec, self._extra = runner, spec, extra
        self._context = PlainContext()
        self._up, self._over, self._read = threading.Event(), threading.Event(), threading.Event()
        self._ended = Ended(exit_code=None, problem="It was not started.")
        self._fault: LoopwrightError | None = None
        self._early = bytearray()
        self._sink: Callable[[bytes], None] | None = None
        self._tick: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._live, name="warm pytest", daemon=True)
        self._thread.start()
        self._up.wait()

    def _live(self) -> None:
        runner = self._runner
        try:
            with runner.desk() as desk:
                self.desk = desk
                os.mkfifo(desk.folder / "go", 0o600)
                # Held open for reading too: the other side then finds a writer at once.
                self._go = os.open(desk.folder / "go", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
                self._up.set()
                try:
                    self._ended = self._run(desk)
                except LoopwrightError as error:  # of the sink: the caller's to hear
                    self._fault = error
                finally:
                    os.close(self._go)
                    self._over.set()
                self._read.wait()
        finally:
            self._up.set()
            self._over.set()

    def _run(self, desk: Desk) -> Ended:
        runner = self._runner
        argv, env = pytest_command.command(runner, desk, self._spec.argv, self._extra)
        mounts = [str(path) for path in mountable(runner.place)] if runner.sandbox.sandboxed else []
        return runner.sandbox.run(
            argv,
            timeout=math.inf,
            sink=self._take,
            context=self._context,
            tick=lambda: self._tick(),
            env=env
            | {
                "LOOPWRIGHT_GO": str(desk.results / "go"),
                "LOOPWRIGHT_MOUNTS": os.pathsep.join(mounts),
            },
            binds=desk.binds,
        )

    def _take(self, data: bytes) -> None:
        if self._sink is None:
            self._early += data[: max(0, (1 << 20) - len(self._early))]
            return
        self._flush(self._sink)
        self._sink(data)

    def _flush(self, sink: Callable[[bytes], None]) -> None:
        if self._early:
            sink(bytes(self._early))
            self._early.clear()

    @property
    def alive(self) -> bool:
        return not self._over.is_set()

    @property
    def ready(self) -> bool:
        return bool(self.desk.read("ready"))

    def settled(self) -> bool:
        """Wait until it has looked at its surroundings; False where it does not come to that."""
        until = time.monotonic() + _SETTLES
        while not self.ready:
            if self._over.wait(0.005) or time.monotonic() > until:
                return False
        return True

    def run(
        self,
        *,
        timeout: float,
        sink: Callable[[bytes], None],
        context: Context,
        tick: Callable[[], None] = lambda: None,
    ) -> Ended | None:
        """Let it run, and wait for its end as `process.run` does.

        None where it did not begin: nothing of the tree was run then. Its desk stays until
        `close`. Raises what `sink` raises of our own errors.
        """
        began = time.monotonic()
        if not self.alive:
            return None
        self._sink, self._tick = sink, tick
        try:
            os.write(self._go, b"go\n")
        except OSError:
            return None
        context.on_cancel(self._context.cancel)
        timed_out = not self._over.wait(timeout)
        if timed_out:
            self._context.cancel()
            self._over.wait()
        if self._fault is not None:
            raise self._fault
        ended = self._ended
        cancelled = context.cancelled
        begun = bool(self.desk.read("began"))
        if not begun and not (cancelled or timed_out):
            return None
        self._flush(sink)
        return replace(
            ended,
            timed_out=timed_out and not cancelled,
            cancelled=cancelled,
            seconds=time.monotonic() - began,
        )

    def why(self) -> str:
        """Why it did not begin."""
        said = self.desk.read("declined") or bytes(self._early) or self._ended.problem.encode()
        return shorten(clean_line(said.decode("utf-8", "replace")), 300) or "it ended by itself"

    def close(self) -> None:
        """End it and everything of it; returns when nothing is left."""
        self._context.cancel()
        self._read.set()
        self._thread.join()


@dataclass
class Warm:
    """Keeps a pytest ready for the next run of each check. Used by one action at a time."""

    told: set[str] = field(default_factory=set)
    """What was said of cold runs; each is said once."""
    _held: dict[str, Standby] = field(default_factory=dict)
    _lost: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def waiting(self) -> bool:
        return bool(self._held)

    def park(self, runner: Runner, spec: CheckSpec, extra: Extra = ()) -> None:
        """Start what the next run of this check will use."""
        if spec.reader != "pytest" or self._lost >= _FAILURES or why_cold(runner, spec):
            return
        with self._guard:
            held = self._held.get(spec.name)
            if held is None:
                self._held[spec.name] = Standby(runner, spec, extra)

    def settle(self) -> None:
        """To be called before the tree changes: what is being started sees the tree as it is.

        Waits, at most for as long as a start takes, which the run after it then saves.
        """
        for name, standby in tuple(self._held.items()):
            if not standby.settled() and standby.alive:
                with self._guard:
                    del self._held[name]
                standby.close()

    def take(
        self, runner: Runner, spec: CheckSpec, extra: Extra = ()
    ) -> tuple[Standby | None, str]:
        """(what waits for this very run, "") or (None, why the run is cold, "" for no reason).

        The caller closes it.
        """
        why = why_cold(runner, spec)
        with self._guard:
            held = self._held.pop(spec.name, None)
        if held is None:
            return None, why
        if not why and held.alive and held.key == _key(runner, spec, extra):
            return held, ""
        if not held.alive:
            self.lose()
            why = why or held.why()
        held.close()
        return None, why

    def lose(self) -> None:
        """One did not come to its run."""
        self._lost += 1

    def kept(self) -> None:
        """One did come to its run."""
        self._lost = 0

    def close(self) -> None:
        """End all that wait. More may be parked afterwards."""
        with self._guard:
            held, self._held = tuple(self._held.values()), {}
        for standby in held:
            standby.close()
