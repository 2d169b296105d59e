"""Commands to events: what a command means in this state, or why it does not apply. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from core import protocol as p
from core.errors import NotNow
from core.landings import standing, taken_back
from core.lanes import apart
from core.picks import by_hunk
from core.state import State, find_try
from core.text import clean, clean_line

MOST_COMMENTS = 100
LONGEST_COMMENT = 4_000


def admit(
    state: State, command: p.AnyCommand, choose: Callable[[str], p.Choice]
) -> tuple[p.AnyEvent, ...]:
    """The events that a command becomes. Raises `NotNow`.

    `choose` turns a proposer's name into a choice; it may raise `UsageError`.
    """
    if state.closed:
        raise NotNow("This session has ended; start a new one.")
    match command:
        case p.StartGoal():
            goal = command.goal.strip()
            if not goal:
                raise NotNow("A goal needs words: say what should be true afterwards.")
            if not state.idle:
                raise NotNow("A goal is under way; stop it first (s at a gate).")
            return (p.GoalSet(goal),)
        case p.Decide():
            return _decide(state, command.decision, choose)
        case p.QueueNote():
            if not command.note.strip():
                raise NotNow("The note is empty.")
            return (p.NoteQueued(command.note.strip()),)
        case p.UnqueueNote():
            if not state.notes:
                raise NotNow("No note is queued.")
            return (p.NoteUnqueued(),)
        case p.SetLevel():
            return (p.LevelSet(command.level),)
        case p.SetPaused():
            return (p.PausedSet(command.paused),)
        case p.Cancel():
            return _cancel(state)
        case p.RunChecksAgain():
            if state.iteration is None or state.iteration.change is None or state.gate is None:
                raise NotNow("There is no change on screen whose checks could run again.")
            if state.iteration.outcome:
                raise NotNow("That change is history; its checks are not run again.")
            return (p.ChecksAgainAsked(),)
        case p.UseProposer():
            return (p.ProposerChosen(choose(command.name)),)
        case p.AddComment():
            return (p.CommentAdded(_comment(state, command.comment)),)
        case p.DropComment():
            if all(c.id != command.id for c in state.comments):
                raise NotNow("There is no such comment; it was sent, or taken back before.")
            return (p.CommentDropped(command.id),)
        case p.GoBack():
            return _go_back(state, command)
        case p.AskUndo():
            return _ask_undo(state, command)
        case p.EndSession():
            return (p.SessionEnded("Ended by the person."),)
        case _:
            assert_never(command)


def _cancel(state: State) -> tuple[p.AnyEvent, ...]:
    kinds = {type(a) for a in state.inflight} - {p.Watch}
    if kinds & {p.Land, p.TakeBack}:
        raise NotNow("A landing is whole or not at all; it ends in a moment.")
    if not kinds:
        raise NotNow("Nothing is running.")
    return (p.CancelAsked(),)


def _decide(
    state: State, decision: p.Decision, choose: Callable[[str], p.Choice]
) -> tuple[p.AnyEvent, ...]:
    gate = state.gate
    if gate is None or decision.gate != gate.id:
        raise NotNow("That question is no longer open; nothing was decided.")
    if decision.token != gate.token:
        raise NotNow("What was on screen has changed; look again and decide anew.")
    if decision.kind not in gate.allows:
        names = ", ".join(gate.allows)
        raise NotNow(f"“{decision.kind}” does not apply here; this gate allows {names}.")
    if decision.kind == "approve" and gate.kind == "plan":
        return (p.Decided(_with_checked_plan(decision)),)
    if decision.kind == "approve":
        _check_approval(state, gate, decision)
    if decision.kind == "redirect" and not decision.note.strip() and not state.comments:
        raise NotNow("A redirect needs a note or a comment: say what it should do differently.")
    if decision.kind == "undo":
        _check_undo(gate, decision)
    if decision.kind == "edit" and not (decision.files or decision.patch) and gate.kind != "plan":
        raise NotNow("Nothing was edited.")
    if decision.kind == "proposer":
        return (p.ProposerChosen(choose(decision.name)), p.Decided(decision))
    return (p.Decided(decision),)


def _check_approval(state: State, gate: p.Gate, decision: p.Decision) -> None:
    change = state.iteration.change if state.iteration else None
    known = set(change.hunk_ids) if change else set()
    if decision.hunks is not None:
        if not decision.hunks:
            raise NotNow("No hunk is taken; take one with space, or reject the change with x.")
        if not _hunks_of(decision.hunks) <= known:
            raise NotNow("Those hunks are not part of the change on screen.")
    # A part of a red change has not been judged yet: its own checks decide.
    whole = decision.hunks is None or set(decision.hunks) == known
    if decision.by == "option" and change is not None:
        _check_lanes(change, decision)
    if gate.red and whole and not decision.confirmed:
        raise NotNow("The result is not green; approve once more to land it all the same.")


def _hunks_of(picks: tuple[str, ...]) -> set[str]:
    try:
        return set(by_hunk(picks))
    except ValueError as error:
        raise NotNow("Those lines are not part of the change on screen.") from error


def _check_lanes(change: p.Change, decision: p.Decision) -> None:
    """What stands apart is for a person to decide."""
    taken = change.hunk_ids if decision.hunks is None else _hunks_of(decision.hunks)
    stands = apart(change)
    why = next((stands[h] for h in taken if h in stands), "")
    if why:
        raise NotNow(f"A part of this change {why}; only a person may approve that.")


def _check_undo(gate: p.Gate, decision: p.Decision) -> None:
    if decision.name not in ("commit", "move"):
        raise NotNow("An undo is a new commit or moves the branch; say which.")
    if decision.name == "move" and (gate.undo is None or not gate.undo.move_to):
        raise NotNow("The branch cannot be moved here; take it back with a new commit.")


def _comment(state: State, comment: p.Comment) -> p.Comment:
    text = clean(comment.text).strip()
    if not text:
        raise NotNow("The comment is empty.")
    if not comment.id or (comment.path and state.iteration is None):
        raise NotNow("There is nothing on screen to comment on.")
    if len(state.comments) >= MOST_COMMENTS or len(text) > LONGEST_COMMENT:
        raise NotNow(
            f"At most {MOST_COMMENTS} comments of {LONGEST_COMMENT:,} characters wait at once;"
            " send these with r first."
        )
    return replace(comment, text=text, quote=clean(comment.quote)[:LONGEST_COMMENT])


def _go_back(state: State, command: p.GoBack) -> tuple[p.AnyEvent, ...]:
    if not state.goal or state.plan is None:
        raise NotNow("There is no try to go on from yet.")
    _check_resting(state)
    if state.gate is not None and state.gate.kind in ("trust", "plan"):
        raise NotNow("Answer what is asked first; then go back.")
    if not 1 <= command.iteration <= state.count:
        raise NotNow(f"There is no try {command.iteration}.")
    if all(step.id != command.step for step in state.plan.steps):
        raise NotNow("That try belongs to another goal or plan; go on from one of this.")
    if find_try(state, command.iteration) == state.iteration and not _over(state):
        raise NotNow(f"Try {command.iteration} is the one on screen.")
    return (p.WentBack(command.iteration, command.step),)


def _over(state: State) -> bool:
    return state.iteration is None or bool(state.iteration.outcome)


def _ask_undo(state: State, command: p.AskUndo) -> tuple[p.AnyEvent, ...]:
    _check_resting(state)
    able = taken_back(state) if command.redo else standing(state)
    if command.commit:
        able = tuple(x for x in state.landings if x.commit == command.commit)
        if able and able[0].gone is not command.redo:
            what = "stands" if command.redo else "was taken back already"
            raise NotNow(f"{command.commit[:10]} {what}.")
    if not able:
        what = "taken back" if command.redo else "landed"
        raise NotNow(f"Nothing was {what} in this session.")
    return (p.UndoAsked(able[-1].commit, command.redo),)


def _check_resting(state: State) -> None:
    if state.undo is not None:
        raise NotNow("You are being asked about an undo; answer that first.")
    if state.gate is None and state.ended is None:
        raise NotNow("Something is running; cancel it first (ctrl+c), or wait for the question.")
    if {type(a) for a in state.inflight} & {p.Land, p.TakeBack}:
        raise NotNow("A landing is whole or not at all; it ends in a moment.")


def _with_checked_plan(decision: p.Decision) -> p.Decision:
    if decision.plan is None:
        return decision
    if not decision.plan.steps:
        raise NotNow("A plan needs a step; drop the goal with s instead.")
    ids = [s.id for s in decision.plan.steps]
    if len(set(ids)) != len(ids) or not all(ids):
        raise NotNow("Every step needs an id of its own.")
    if not all(clean_line(s.intent) for s in decision.plan.steps):
        raise NotNow("Every step needs an intent.")
    return decision
