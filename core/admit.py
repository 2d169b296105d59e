"""Commands to events: what a command means in this state, or why it does not apply. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from core import protocol as p
from core.errors import NotNow
from core.state import State
from core.text import clean_line


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
        case p.EndSession():
            return (p.SessionEnded("Ended by the person."),)
        case _:
            assert_never(command)


def _cancel(state: State) -> tuple[p.AnyEvent, ...]:
    kinds = {type(a) for a in state.inflight} - {p.Watch}
    if p.Land in kinds:
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
    if decision.kind == "redirect" and not decision.note.strip():
        raise NotNow("A redirect needs a note: say what it should do differently.")
    if decision.kind == "edit" and not decision.files and gate.kind != "plan":
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
        if not set(decision.hunks) <= known:
            raise NotNow("Those hunks are not part of the change on screen.")
    # A part of a red change has not been judged yet: its own checks decide.
    whole = decision.hunks is None or set(decision.hunks) == known
    if gate.red and whole and not decision.confirmed:
        raise NotNow("The result is not green; approve once more to land it all the same.")


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
