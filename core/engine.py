"""The engine: one inbox, one thread, and the journal.

Commands, performers' reports and watch facts share the inbox. Each becomes events; an event is
durable before it is shown. After each, the policy says what should be running; the engine starts
what is new and cancels what is no longer wanted. A report of a cancelled action is ignored.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from core import protocol as p
from core.admit import admit
from core.errors import (
    ActionCancelled,
    ActionFailed,
    JournalError,
    LoopwrightError,
    NotNow,
    UsageError,
)
from core.fold import fold, fold_all
from core.journal import Journal
from core.policy import policy
from core.running import Report, Run, Sink
from core.state import State

Perform: TypeAlias = Callable[["p.AnyAction", State, "Run"], "p.AnyEvent | None"]
"""Carries an action out on its own thread and returns the event that reports it."""


class _Stop:
    pass


_Message: TypeAlias = "p.AnyCommand | Report | _Stop"


class Engine:
    """Runs one session. `start` it, `submit` commands, `close` it; the rest comes to the sink."""

    def __init__(
        self,
        journal: Journal,
        state: State,
        perform: Perform,
        choose: Callable[[str], p.Choice],
        sink: Sink,
        *,
        clock: Callable[[], float] = time.time,
        forgetful: bool = False,
    ) -> None:
        """`forgetful` throws the state away before every policy call and reads it back from the
        journal, which must give the very same: a test mode that proves that the session is nothing
        but its events."""
        self._journal, self._perform, self._choose, self._sink = journal, perform, choose, sink
        self._clock, self._forgetful = clock, forgetful
        self._state = state
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._runs: dict[str, Run] = {}
        self._halted = False
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)

    @property
    def state(self) -> State:
        return self._state

    def start(self, *first: p.AnyEvent) -> None:
        """Writes the first events (a session opened, or resumed) and begins to work.

        Raises `JournalError` when they cannot be written.
        """
        for event in first:
            self._append(event)
        self._thread.start()

    def submit(self, command: p.AnyCommand) -> None:
        self._inbox.put(command)

    def close(self, timeout: float = 15.0) -> None:
        """Cancels what runs and waits for it; a landing under way is finished first."""
        if self._thread.is_alive():
            self._inbox.put(_Stop())
            self._thread.join(timeout)

    def _loop(self) -> None:
        self._settle()
        stopping = False
        while True:
            message = self._inbox.get()
            if isinstance(message, Report):
                self._report(message)
            elif isinstance(message, _Stop):
                stopping = True
                self._cancel_all()
            elif not stopping:
                self._command(message)
            if stopping and not self._runs:
                return
            if not stopping:
                self._settle()

    def _cancel_all(self) -> None:
        for run in list(self._runs.values()):
            if not isinstance(run.action, p.Land):
                run.cancel()
        deadline = time.monotonic() + 2.0
        for key, run in list(self._runs.items()):
            if isinstance(run.action, p.Land):
                continue
            if run.thread is not None:
                self._answer_waiting()
                run.thread.join(max(0.0, deadline - time.monotonic()))
            del self._runs[key]

    def _answer_waiting(self) -> None:
        """Lets performers that wait for a record go on to their end."""
        kept: list[_Message] = []
        while not self._inbox.empty():
            message = self._inbox.get()
            if isinstance(message, Report) and message.run.cancelled:
                message.done.set()
            else:
                kept.append(message)
        for message in kept:
            self._inbox.put(message)

    def _command(self, command: p.AnyCommand) -> None:
        self._halted = False
        try:
            for event in admit(self._state, command, self._choose):
                self._append(event)
        except NotNow as answer:
            self._sink(p.Notice("warning", str(answer)))
        except JournalError as error:
            self._halt(error)
        except LoopwrightError as error:
            self._sink(p.Notice("error", str(error)))

    def _report(self, report: Report) -> None:
        run, event = report.run, report.event
        key = run.action.id
        current = self._runs.get(key) is run and not run.cancelled
        if event is None:  # the thread is gone
            if self._runs.get(key) is run:
                del self._runs[key]
                if self._state.running(key) is not None and not run.cancelled:
                    says = f"{type(run.action).__name__} ended without a result (our own fault)."
                    self._try_append(p.Failed(key, p.Problem("internal", says)))
        elif current and self._state.running(key) is not None:
            report.written = self._try_append(event)
            if self._state.running(key) is None:
                del self._runs[key]
        report.done.set()

    def _try_append(self, event: p.AnyEvent) -> bool:
        try:
            self._append(event)
        except JournalError as error:
            self._halt(error)
            return False
        return True

    def _halt(self, error: JournalError) -> None:
        """The disk says no: nothing more is started until the person does something."""
        self._halted = True
        for run in self._runs.values():
            run.cancel()
        self._runs.clear()
        self._sink(p.Notice("error", str(error)))

    def _append(self, event: p.AnyEvent) -> None:
        before = self._state
        entry = p.Entry(before.seq + 1, self._clock(), event)
        after = fold(before, entry)
        self._journal.append(before, entry, after)
        self._state = after
        self._sink(entry)

    def _settle(self) -> None:
        try:
            while not self._halted and self._step():
                pass
        except JournalError as error:
            self._halt(error)

    def _step(self) -> bool:
        """Brings what runs one action closer to what should run; False when they agree."""
        if self._forgetful:
            remembered = self._state
            self._state = fold_all(self._journal.entries(remembered.session))
            assert self._state == remembered, "the state is not what its events say"
        wanted = policy(self._state)
        ids = {a.id for a in wanted}
        for action in self._state.inflight:
            if action.id not in ids:
                self._append(p.Cancelled(action.id))
                run = self._runs.pop(action.id, None)
                if run is not None:
                    run.cancel()
                return True
        for action in wanted:
            if action.id not in self._runs:
                self._begin(action)
                return True
        return False

    def _begin(self, action: p.AnyAction) -> None:
        match action:
            case p.OpenGate():
                self._append(p.GateOpened(action.id, action.gate))
            case p.Finish():
                self._append(p.GoalEnded(action.id, action.reached, action.cap, action.says))
            case p.SkipStep():
                says = "Its evidence holds on the base already."
                self._append(p.StepSkipped(action.id, action.step, says))
            case _:
                if self._state.running(action.id) is None:
                    self._append(p.Started(action))
                run = Run(action, self._inbox, self._sink)
                run.thread = threading.Thread(
                    target=self._carry_out, args=(run, self._state), name=action.id, daemon=True
                )
                self._runs[action.id] = run
                run.thread.start()

    def _carry_out(self, run: Run, state: State) -> None:
        done = threading.Event()
        try:
            event = self._perform(run.action, state, run)
            if event is not None:
                self._inbox.put(Report(run, event, done))
        except ActionCancelled:
            pass
        except ActionFailed as error:
            self._inbox.put(Report(run, _failure(run.action, error), done))
        except (LoopwrightError, OSError) as error:
            configured = isinstance(error, UsageError | JournalError)
            kind: p.ProblemKind = "config" if configured else "internal"
            problem = p.Problem(kind, str(error))
            self._inbox.put(Report(run, p.Failed(run.action.id, problem), done))
        finally:
            # Whatever else was raised goes to the thread's own hook; the loop learns of the end.
            self._inbox.put(Report(run, None, done))


def _failure(action: p.AnyAction, error: ActionFailed) -> p.AnyEvent:
    match action:
        case p.MakePlan() | p.Propose():
            return p.ReplyFailed(action.id, error.problem, error.usage)
        case p.Build():
            return p.BuildFailed(action.id, error.problem)
        case p.Land():
            return p.LandingRefused(action.id, None, error.problem)
        case _:
            return p.Failed(action.id, error.problem)
