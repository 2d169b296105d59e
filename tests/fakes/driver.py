"""Drives a real engine over a fake or a real world, and waits for facts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from core import protocol as p
from core.engine import Engine
from core.journal import Journal
from core.state import State


class Watcher:
    """A sink that remembers, and lets a test wait until something is true."""

    def __init__(self) -> None:
        self.entries: list[p.Entry] = []
        self.deltas: list[p.AnyDelta] = []
        self._news = threading.Condition()

    def __call__(self, item: p.Entry | p.AnyDelta) -> None:
        with self._news:
            (self.entries if isinstance(item, p.Entry) else self.deltas).append(item)
            self._news.notify_all()

    def wait(self, fact: Callable[[], object], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        with self._news:
            while not fact():
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(min(left, 0.5)):
                    assert time.monotonic() < deadline, f"never came true; {self.tail()}"

    def tail(self) -> str:
        return "\n".join(str(e.event)[:300] for e in self.entries[-12:])

    def events(self, kind: type) -> list:
        return [e.event for e in self.entries if isinstance(e.event, kind)]

    def notices(self) -> list[str]:
        return [d.says for d in self.deltas if isinstance(d, p.Notice)]


class Told:
    """What a person can do to a session, and wait for; the same for every kind of session."""

    watcher: Watcher

    @property
    def state(self) -> State:
        raise NotImplementedError

    def submit(self, command: p.AnyCommand) -> None:
        raise NotImplementedError

    def goal(self, text: str = "make it work") -> Told:
        self.submit(p.StartGoal(text))
        return self

    def at_gate(self, kind: str, after: int = 0) -> p.Gate:
        self.watcher.wait(
            lambda: self.state.gate and self.state.gate.kind == kind and self.state.gates > after
        )
        gate = self.state.gate
        assert gate is not None
        return gate

    def decide(self, kind: str, gate: p.Gate | None = None, **more: object) -> Told:
        gate = gate or self.state.gate
        assert gate is not None
        decision = p.Decision(gate.id, gate.token, kind, **more)  # type: ignore[arg-type]
        self.submit(p.Decide(decision))
        return self

    def answer(self, expect: str, kind: str, **more: object) -> Told:
        gate = self.at_gate(expect)
        self.decide(kind, gate, **more)
        self.watcher.wait(lambda: self.state.gate is None or self.state.gate.id != gate.id)
        return self

    def ended(self) -> object:
        self.watcher.wait(lambda: self.state.ended is not None)
        return self.state.ended


class Story(Told):
    """A real engine and journal over a world of the test's own."""

    def __init__(
        self,
        folder: Path,
        perform: Callable,
        *,
        options: p.Options = p.Options(),
        choice: p.Choice = p.Choice("model", "test/model", "a test"),
        session: str = "s",
        forgetful: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.watcher = Watcher()
        self.journal = Journal(folder)
        state = self.journal.load(session)
        first: p.AnyEvent = p.Resumed()
        if not state.session:
            first = p.SessionOpened(session, "/repo", options, choice, "test")
            state = State(session=session)
        self.engine = Engine(
            self.journal,
            state,
            perform,
            lambda name: p.Choice("model", name, "chosen"),
            self.watcher,
            forgetful=forgetful,
        )
        self.engine.start(first)

    @property
    def state(self) -> State:
        return self.engine.state

    def submit(self, command: p.AnyCommand) -> None:
        self.engine.submit(command)

    def close(self) -> None:
        self.engine.close()
        self.journal.close()
