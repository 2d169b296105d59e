"""What a face is drawn from: one immutable value, put together by the screen for each refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core import protocol as p
from core.state import Iteration, State
from core.text import clean_line
from tui.live import Live
from tui.taking import Taking

Pane = Literal["plan", "history", "change", "checks"]
PANES: tuple[Pane, ...] = ("plan", "history", "change", "checks")


@dataclass(frozen=True, slots=True)
class View:
    state: State
    live: Live = field(default_factory=Live)
    now: float = 0.0
    """Seconds since the epoch."""
    held_by: str = ""
    opening: Literal["", "new", "again"] = ""
    """What is still being opened: a new session, or an earlier one again."""
    pane: Pane | None = None
    """The pane that has the focus; None while text is being typed."""
    writing: str = ""
    """What is being written on the note line ("goal", "redirect"…); "" when nobody writes."""
    past: Iteration | None = None
    """An earlier iteration that the person looks at; None for the live one."""
    diff: tuple[p.FileDiff, ...] | None = None
    """The parsed change on screen; None until it is read."""
    taken: Taking = field(default_factory=Taking)
    """What an approval would take."""
    history: tuple[Iteration, ...] = ()
    """Every iteration of the session, oldest first."""
    marked: Mapping[str, bytes] | None = None
    """Files in which two sides meet, between markers; None until they are read."""
    draft: p.Plan | None = None
    """The proposed plan as the person left it, where they touched it."""
    face: Literal["problems", "output"] = "problems"
    printed: Sequence[str] = ()
    """What finished checks printed, for the output face."""

    @property
    def typing(self) -> bool:
        return bool(self.writing)

    @property
    def shown(self) -> Iteration | None:
        """The iteration whose change and checks are on screen; None at an undo's question."""
        if self.past is None and self.gate is not None and self.gate.kind == "undo":
            return None
        return self.past or self.state.iteration

    @property
    def change(self) -> p.Change | None:
        """The change on screen; at an undo's question, what that would change."""
        if self.past is None and self.gate is not None and self.gate.undo is not None:
            return self.gate.undo.change
        return self.shown.change if self.shown else None

    @property
    def gate(self) -> p.Gate | None:
        return self.state.gate

    @property
    def plan(self) -> p.Plan | None:
        return self.draft or self.state.plan

    @property
    def hunks(self) -> tuple[str, ...]:
        return self.change.hunk_ids if self.change else ()

    @property
    def working(self) -> p.AnyAction | None:
        """What runs now and would be cancelled; watching is not work."""
        quiet = p.Watch | p.OpenGate | p.Finish
        return next((a for a in self.state.inflight if not isinstance(a, quiet)), None)


def results_of(state: State, past: Iteration | None) -> tuple[p.CheckResult, ...]:
    """Evidence of the change on screen; before the first try, of the base."""
    shown = View(state, past=past).shown
    return shown.results if shown is not None else state.base_results


def doing(action: p.AnyAction, proposer: str) -> str:
    """What an action is, said to the person."""
    who = clean_line(proposer) or "the proposer"
    match action:
        case p.TakeSurvey():
            return "Looking at the repository"
        case p.KeepTrust():
            return "Remembering your trust"
        case p.RunCheck(check=check, iteration=n):
            return f"Running {check.name} on {f'try {n}' if n else 'the base'}"
        case p.MakePlan():
            return f"{who} is planning"
        case p.SkipStep():
            return "Skipping a step that holds already"
        case p.Propose(iteration=n):
            # The built-in search runs tests; it does not write.
            return f"Try {n}: {who} is {'searching' if who == 'repair' else 'writing'}"
        case p.Build(iteration=n):
            return f"Building try {n}"
        case p.Judge(iteration=n):
            return f"Comparing try {n} with the base"
        case p.ShowRed():
            return "Running the added tests without the change"
        case p.FindNeeded():
            return "Finding out what the part needs"
        case p.Land(iteration=n):
            return f"Landing try {n}"
        case p.PlanUndo(redo=redo):
            return f"Working out the {'redo' if redo else 'undo'}"
        case p.TakeBack(plan=plan):
            return f"{'Redoing' if plan.redo else 'Undoing'} {plan.commit[:10]}"
        case _:
            return "Waiting"


def stage(state: State) -> str:
    """What the live iteration is at, in a word."""
    for action in state.inflight:
        match action:
            case p.Propose():
                return "searching" if state.choice.kind == "repair" else "writing"
            case p.Build():
                return "building"
            case p.RunCheck(iteration=n) if n:
                return "checking"
            case p.Judge() | p.ShowRed() | p.FindNeeded():
                return "judging"
            case p.Land():
                return "landing"
            case _:
                continue
    return "waiting for you" if state.gate else "live"


def minutes(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"


def dollars(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 1 or not usd else f"${usd:.3f}"


def count(n: int, noun: str, many: str = "") -> str:
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"
