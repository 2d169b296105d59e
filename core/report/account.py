"""A session in the order in which it happened: goals, and what came of each. Pure.

Made of the session's entries and the rows of its tries; diffs are asked for, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from core import protocol as p
from core.fold import fold
from core.state import Iteration, State


@dataclass(frozen=True)
class Answer:
    """What the person decided."""

    at: float
    gate: p.GateKind | None
    decision: p.Decision


@dataclass
class Try:
    iteration: Iteration
    diff: tuple[p.FileDiff, ...] = ()
    answers: list[Answer] = field(default_factory=list)
    comments: dict[str, p.Comment] = field(default_factory=dict)


@dataclass
class Chapter:
    """One goal."""

    goal: str
    at: float
    plan: p.Plan | None = None
    skipped: list[str] = field(default_factory=list)
    """Ids of steps that held already."""
    tries: list[Try] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """Those that are about no try."""
    comments: dict[str, p.Comment] = field(default_factory=dict)
    """Those on the plan."""
    landed: list[p.Landed] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    """Undos and redos, each in a sentence."""
    ended: p.GoalEnded | None = None


@dataclass
class Account:
    state: State
    """As it is at the end."""
    opened: p.SessionOpened | None
    began: float
    tries: dict[int, Iteration]
    chapters: list[Chapter]


def gather(
    entries: Iterable[p.Entry],
    iterations: Iterable[Iteration],
    diff: Callable[[p.Change], tuple[p.FileDiff, ...]],
) -> Account:
    """The session that these entries are, with its tries as the journal's rows have them."""
    rows = {it.n: it for it in iterations}
    told: dict[int, Try] = {}
    chapters: list[Chapter] = []
    state, opened, began = State(), None, 0.0
    for entry in entries:
        before, state = state, fold(state, entry)
        event = entry.event
        if isinstance(event, p.SessionOpened):
            opened, began = event, entry.at
        elif isinstance(event, p.GoalSet):
            chapters.append(Chapter(event.goal, entry.at))
        elif chapters:
            _tell(chapters[-1], told, before, entry)
        live = state.iteration
        if chapters and live is not None and live.n not in told:
            row = rows.get(live.n, live)
            told[live.n] = Try(row, diff(row.change) if row.change is not None else ())
            chapters[-1].tries.append(told[live.n])
    return Account(state, opened, began, rows, chapters)


def _tell(chapter: Chapter, told: dict[int, Try], before: State, entry: p.Entry) -> None:
    match entry.event:
        case p.PlanProposed(plan=plan):
            chapter.plan = plan
        case p.StepSkipped(step=step):
            chapter.skipped.append(step)
        case p.Decided(decision=decision):
            gate = before.gate
            answer = Answer(entry.at, gate.kind if gate else None, decision)
            about = told.get(gate.iteration) if gate else None
            (about.answers if about else chapter.answers).append(answer)
            if gate is not None and gate.kind == "plan" and decision.plan is not None:
                chapter.plan = decision.plan
        case p.CommentAdded(comment=comment):
            on = told.get(comment.iteration)
            (on.comments if on else chapter.comments)[comment.id] = comment
        case p.CommentDropped(id=id_):
            for comments in (chapter.comments, *(t.comments for t in chapter.tries)):
                comments.pop(id_, None)
        case p.Landed() as landed:
            chapter.landed.append(landed)
        case p.TakenBack() as taken if before.undo is not None:
            chapter.undone.append(_undone(taken, before))
        case p.GoalEnded() as ended:
            chapter.ended = ended
        case _:
            pass


def _undone(taken: p.TakenBack, before: State) -> str:
    assert before.undo is not None
    verb = "brought in again" if before.undo.redo else "taken back"
    how = "the branch was moved to" if before.undo.how == "move" else "with commit"
    says = f" ({taken.says})" if taken.says else ""
    return f"{before.undo.commit[:10]} was {verb}: {how} {taken.commit[:10]}{says}"
