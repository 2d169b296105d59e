"""A session without an engine: the real fold, admit and policy; what actions report is scripted.

`FakeSession(reports)` asks `reports[type of action]` for the events of each action that the
policy wants, in the caller's thread, until a gate is open or a report says to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core import protocol as p
from core.admit import admit
from core.errors import LoopwrightError
from core.fold import fold
from core.policy import policy
from core.replay import Recording, ReplayReader, see
from core.state import Iteration, State

Report = Callable[[State, Any], Iterable[p.AnyEvent]]
Sink = Callable[[p.Entry | p.Delta], None]


class FakeSession:
    """Every command is kept in `commands`; refused ones are answered with a `Notice`."""

    def __init__(
        self,
        reports: dict[type[p.Action], Report] | None = None,
        *,
        sink: Sink = lambda item: None,
        held_by: str = "",
        recording: Recording | None = None,
        start: float = 1_800_000_000.0,
    ) -> None:
        self.reports = reports or {}
        self.sink = sink
        self.held_by = held_by
        self.state = State()
        self.entries: list[p.Entry] = []
        self.commands: list[p.AnyCommand] = []
        self.recording = recording or Recording(())
        self.closed = False
        self.at = start
        self._seen: dict[int, Iteration] = {}

    @property
    def reader(self) -> ReplayReader:
        return ReplayReader(self.as_recording(), tuple(self._seen[n] for n in sorted(self._seen)))

    def submit(self, command: p.AnyCommand) -> None:
        self.commands.append(command)
        if self.held_by:
            self.sink(p.Notice("warning", "This session is read-only."))
            return
        try:
            events = admit(self.state, command, lambda name: p.Choice("model", name, "chosen"))
        except LoopwrightError as error:
            self.sink(p.Notice("warning", str(error)))
            return
        self.play(*events)
        self.settle()

    def close(self) -> None:
        self.closed = True

    def play(self, *events: p.AnyEvent, seconds: float = 0.0) -> None:
        """Writes events as the engine would: folded first, then shown."""
        for event in events:
            self.at += seconds
            entry = p.Entry(len(self.entries) + 1, self.at, event)
            self.entries.append(entry)
            before, self.state = self.state.iteration, fold(self.state, entry)
            see(self._seen, before, self.state)
            self.sink(entry)

    def settle(self) -> None:
        """Starts what the policy wants, cancels what it does not, and takes scripted reports."""
        for _ in range(200):
            wanted = {a.id: a for a in policy(self.state)}
            for action in self.state.inflight:
                if action.id not in wanted:
                    self.play(p.Cancelled(action.id))
            fresh = [a for a in wanted.values() if self.state.running(a.id) is None]
            if not fresh:
                return
            for action in fresh:
                if self.state.running(action.id) is None:
                    self._carry_out(action)

    def _carry_out(self, action: p.AnyAction) -> None:
        self.play(p.Started(action))
        match action:
            case p.OpenGate():
                self.play(p.GateOpened(action.id, action.gate))
            case p.KeepTrust():
                self.play(p.TrustKept(action.id))
            case p.Finish():
                self.play(p.GoalEnded(action.id, action.reached, action.cap, action.says))
            case p.SkipStep():
                self.play(p.StepSkipped(action.id, action.step, "It holds already."))
            case _:
                report = self.reports.get(type(action))
                if report is not None:
                    for event in report(self.state, action):
                        self.play(event)

    def finish(self, kind: type[p.Action], *events: p.AnyEvent) -> p.AnyAction:
        """Reports on the action of that kind that is under way, then settles."""
        action = next(a for a in self.state.inflight if isinstance(a, kind))
        self.play(*events)
        self.settle()
        return action

    def as_recording(self) -> Recording:
        from msgspec.structs import replace

        return replace(self.recording, entries=tuple(self.entries))
