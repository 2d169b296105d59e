"""`fold`: the session is nothing but its events. Pure; the same entries give the same state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar, assert_never

from msgspec.structs import replace

from core import protocol as p
from core.comments import in_words
from core.landings import after_undo
from core.state import (
    Approval,
    Ended,
    Iteration,
    IterationOutcome,
    Landing,
    Needs,
    RedFirst,
    State,
    Undoing,
    find_try,
)

_Number = TypeVar("_Number", int, float)
_IMMEDIATE = p.GateOpened | p.GoalEnded | p.StepSkipped
"""Events of actions that the engine carries out on the spot, without a `Started`."""
_UNDERWAY = p.Reserved | p.LandingPrepared | p.BaseMoved
"""Events of actions that go on after them."""


def fold_all(entries: Iterable[p.Entry], state: State | None = None) -> State:
    state = state or State()
    for entry in entries:
        state = fold(state, entry)
    return state


def fold(state: State, entry: p.Entry) -> State:
    s = replace(state, seq=entry.seq, at=entry.at)
    event = entry.event
    action = getattr(event, "action", None)
    if isinstance(action, str) and not isinstance(event, _IMMEDIATE):
        if s.running(action) is None:
            return s  # a report of an action that is no longer wanted
        if not isinstance(event, _UNDERWAY):
            s = replace(s, inflight=tuple(a for a in s.inflight if a.id != action))
    match event:
        case p.SessionOpened():
            return replace(
                s,
                session=event.session,
                repository=event.repository,
                options=event.options,
                choice=event.choice,
                level=event.options.level,
                max_iterations=event.options.max_iterations,
                budget_usd=event.options.budget_usd,
            )
        case p.Resumed():
            # Its process knows nothing of the repository yet: it is surveyed again.
            return replace(_spend_reserved(s, None), inflight=(), paused=False, survey=None)
        case p.SessionEnded():
            return replace(s, closed=True, gate=None)
        case p.Started():
            return _started(s, event.action)
        case p.Cancelled():
            return _spend_reserved(s, event.action)
        case p.Failed():
            s = _spend_reserved(s, event.action)
            if s.undo is not None:
                return _not_undone(s, event.problem.says)
            return replace(s, interrupted=event.problem, approval=None)
        case p.Surveyed():
            return _surveyed(s, event.survey)
        case p.TrustKept():
            return replace(s, trust="trusted")
        case p.GoalSet():
            return _goal_set(s, event.goal)
        case p.Reserved():
            return replace(s, reserved=(*s.reserved, (event.action, event.usd)))
        case p.PlanProposed():
            s = _spend(s, event.action, event.reply.usage)
            approved = not s.options.with_plan or s.level == "green"
            return replace(s, plan=event.plan, plan_approved=approved, plan_problem=None, at_step=0)
        case p.StepSkipped():
            return _next_step(replace(s, skipped=(*s.skipped, event.step)))
        case p.ProposalMade():
            s = _spend(s, event.action, event.reply.usage)
            return _live(s, reply=event.reply, usage=event.reply.usage)
        case p.ReplyFailed():
            return _reply_failed(s, event)
        case p.ChangeBuilt():
            return _live(s, change=event.change)
        case p.BuildFailed():
            return _live(s, problem=event.problem, conflict=event.conflict)
        case p.CheckFinished():
            return _check_finished(s, event)
        case p.Judged():
            return _live(s, verdict=event.verdict)
        case p.RedShown():
            return _live(s, red=RedFirst(event.shown, event.idle))
        case p.RanAgain() if event.iteration:
            return _live(s, reruns=event.reruns)
        case p.RanAgain():
            again = s.base.tree if s.base else ""
            return replace(s, base_reruns=event.reruns, base_again=again)
        case p.BlameFound():
            return _live(s, blames=event.blames)
        case p.NeedsFound():
            return _live(s, needs=Needs(event.needed, event.tests))
        case p.GateOpened():
            return replace(s, gate=event.gate, gates=s.gates + 1)
        case p.Decided():
            return _decided(s, event.decision)
        case p.NoteQueued():
            return replace(s, notes=(*s.notes, event.note))
        case p.NoteUnqueued():
            return replace(s, notes=s.notes[:-1])
        case p.LevelSet():
            return replace(s, level=event.level)
        case p.PausedSet():
            return replace(s, paused=event.paused)
        case p.CancelAsked():
            return _cancel_asked(s)
        case p.ChecksAgainAsked():
            runs = s.iteration.runs + 1 if s.iteration else 0
            fresh = _live(
                s,
                results=(),
                verdict=None,
                reruns=None,
                blames=None,
                red=None,
                needs=None,
                runs=runs,
                cleared=True,
            )
            return replace(fresh, gate=None)
        case p.ProposerChosen():
            return replace(s, choice=event.choice)
        case p.LandingPrepared():
            return replace(s, intent=event.intent)
        case p.Landed():
            return _landed(s, event)
        case p.LandingRefused():
            return _landing_refused(s, event)
        case p.CommentAdded():
            kept = tuple(c for c in s.comments if c.id != event.comment.id)
            return replace(s, comments=(*kept, event.comment))
        case p.CommentDropped():
            return replace(s, comments=tuple(c for c in s.comments if c.id != event.id))
        case p.WentBack():
            return _went_back(s, event)
        case p.UndoAsked():
            asked = Undoing(event.commit, event.redo)
            return replace(s, undo=asked, undos=s.undos + 1, gate=None)
        case p.UndoPlanned():
            return s if s.undo is None else replace(s, undo=replace(s.undo, plan=event.plan))
        case p.TakenBack():
            return _taken_back(s, event)
        case p.BaseMoved():
            return replace(s, moved=event.moved)
        case p.GoalEnded():
            s = _close_iteration(s, "left")
            ended = Ended(event.reached, event.cap, event.says)
            return replace(s, ended=ended, stopping="", gate=None, moved=None, refused=None)
        case _:
            assert_never(event)


def _started(s: State, action: p.AnyAction) -> State:
    s = replace(s, inflight=(*s.inflight, action))
    if isinstance(action, p.Propose) and (s.iteration is None or s.iteration.n < action.iteration):
        s = _begin(s, p.Proposed(), action.iteration, "next")
        return replace(s, goal_count=s.goal_count + 1)
    return s


def _begin(s: State, origin: p.Origin, n: int, outcome: IterationOutcome = "superseded") -> State:
    """Starts iteration `n`; the one before, if it is still open, ends with `outcome`."""
    s = _close_iteration(s, "failed" if s.iteration and s.iteration.problem else outcome)
    step = s.live_step.id if s.live_step else ""
    tries, parent, proposer = s.tries, 0, s.choice.name
    if s.iteration is not None and s.iteration.step == step:
        tries = (*tries, s.iteration)
        parent = s.iteration.n
    if not isinstance(origin, p.Proposed):
        parent = origin.of
        made = find_try(s, parent)
        proposer = made.proposer if made else proposer
    live = Iteration(
        n=n,
        step=step,
        origin=origin,
        started=s.at,
        parent=parent,
        notes=s.notes,
        proposer=proposer,
    )
    return replace(
        s, iteration=live, tries=tries, count=n, notes=(), interrupted=None, refused=None
    )


def _live(s: State, **changes: object) -> State:
    if s.iteration is None:
        return s
    return replace(s, iteration=replace(s.iteration, **changes))


def _close_iteration(s: State, outcome: IterationOutcome) -> State:
    if s.iteration is None or s.iteration.outcome:
        return s
    return _live(s, outcome=outcome, ended=s.at)


def _surveyed(s: State, survey: p.Survey) -> State:
    unsandboxed = survey.isolation.kind == "none" and not s.options.allow_unsandboxed
    trust = s.trust if s.trust_hash == survey.trust_hash else ""
    if not trust and (survey.trusted or (s.options.trust_for_run and not unsandboxed)):
        trust = "trusted"
    results = s.base_results if s.base and s.base.tree == survey.base.tree else ()
    return replace(
        s,
        survey=survey,
        surveys=s.surveys + 1,
        trust=trust,
        trust_hash=survey.trust_hash,
        base=survey.base,
        base_results=results,
        moved=None,
        max_iterations=_lower(s.max_iterations, survey.max_iterations),
        budget_usd=_lower(s.budget_usd, survey.budget_usd),
    )


def _lower(cap: _Number, asked: _Number | None) -> _Number:
    return cap if asked is None else min(cap, asked)


def _goal_set(s: State, goal: str) -> State:
    return replace(
        s,
        goal=goal,
        goals=s.goals + 1,
        # A later goal starts from the repository as it is then.
        survey=s.survey if s.goals == 0 else None,
        plan=None,
        plan_approved=False,
        plan_tries=0,
        plan_problem=None,
        at_step=0,
        skipped=(),
        iteration=None,
        tries=(),
        goal_count=0,
        gate=None,
        approval=None,
        interrupted=None,
        moved=None,
        refused=None,
        comments=(),
        undo=None,
        ended=None,
        stopping="",
    )


def _next_step(s: State) -> State:
    return replace(s, at_step=s.at_step + 1, iteration=None, tries=(), approval=None)


def _reply_failed(s: State, event: p.ReplyFailed) -> State:
    s = _spend(s, event.action, event.usage)
    if s.plan is None:
        return replace(s, plan_problem=event.problem, plan_tries=s.plan_tries + 1)
    return _live(s, problem=event.problem, usage=event.usage)


def _check_finished(s: State, event: p.CheckFinished) -> State:
    result = event.result
    if s.base is not None and s.base.tree == result.tree:
        return replace(s, base_results=_with(s.base_results, result))
    live = s.iteration
    if live is not None and live.change is not None and live.change.tree == result.tree:
        return _live(s, results=_with(live.results, result))
    return s


def _with(results: tuple[p.CheckResult, ...], new: p.CheckResult) -> tuple[p.CheckResult, ...]:
    return (*(r for r in results if r.check != new.check), new)


def _cancel_asked(s: State) -> State:
    if s.undo is not None:
        return replace(s, undo=None, gate=None)
    says = "You cancelled it; nothing was changed."
    return replace(s, interrupted=p.Problem("interrupted", says), gate=None)


def _landed(s: State, event: p.Landed) -> State:
    live = s.iteration
    if live is None:
        return s
    s = _live(s, outcome="landed", ended=s.at, commit=event.commit)
    landing = Landing(live.n, live.step, event.commit, event.paths)
    # Evidence belongs to a tree: it is the new base's only if that is the very tree that ran.
    carried = live.results if live.change and live.change.tree == event.base.tree else ()
    s = replace(
        s,
        landings=(*s.landings, landing),
        base=event.base,
        base_results=carried,
        survey=None,  # a landing may have changed what is checked, and so what is trusted
        intent=None,
        moved=None,
        refused=None,
        comments=(),
    )
    return _next_step(s)


def _landing_refused(s: State, event: p.LandingRefused) -> State:
    s = replace(s, intent=None)
    if s.undo is not None:
        says = event.problem.says if event.problem else event.moved.says if event.moved else ""
        return _not_undone(s, says)
    return replace(
        s,
        approval=None,
        moved=event.moved,
        refused=s.approval if event.moved else None,
        interrupted=event.problem,
    )


def _not_undone(s: State, says: str) -> State:
    """The person is told why at the undo's own gate."""
    assert s.undo is not None
    plan = p.UndoPlan(s.undo.commit, s.undo.redo, says=says)
    return replace(s, undo=replace(s.undo, plan=plan, how=""))


def _went_back(s: State, event: p.WentBack) -> State:
    """The iteration's change once more, as the live one of its step."""
    steps = s.plan.steps if s.plan else ()
    at = next((n for n, step in enumerate(steps) if step.id == event.step), s.at_step)
    s = _close_iteration(s, "left")
    if at != s.at_step:
        s = replace(s, at_step=at, iteration=None, tries=())
    s = replace(
        s,
        gate=None,
        ended=None,
        stopping="",
        approval=None,
        interrupted=None,
        moved=None,
        plan_approved=True,
        survey=None,  # the branch may have moved since
    )
    return _begin(s, p.Again(event.iteration), s.count + 1, "left")


def _taken_back(s: State, event: p.TakenBack) -> State:
    if s.undo is None:
        return s
    s = replace(
        s,
        landings=after_undo(s.landings, s.undo, event.commit, event.paths),
        undo=None,
        intent=None,
        gate=None,
        base=event.base,
        base_results=s.base_results if s.base and s.base.tree == event.base.tree else (),
        survey=None,
    )
    live = s.iteration
    if live is not None and not live.outcome and live.change is not None:
        return _begin(s, p.Rebuilt(live.n), s.count + 1)
    return s


def _decided(s: State, d: p.Decision) -> State:
    gate = s.gate
    s = replace(s, gate=None)
    sends = d.kind in ("next", "redirect", "reject", "proposer")
    said = in_words(d.note, s.comments) if sends else d.note
    if said:
        s = replace(s, notes=(*s.notes, said), comments=() if sends else s.comments)
    n = s.iteration.n if s.iteration else 0
    match d.kind:
        case "trust":
            return replace(s, trust="keep")
        case "without checks":
            return replace(s, trust="without checks")
        case "approve" if gate is not None and gate.kind == "plan":
            return replace(s, plan=d.plan or s.plan, plan_approved=True, at_step=0)
        case "approve":
            return _approved(s, d, gate)
        case "run":
            return _live(replace(s, interrupted=None), cleared=True)
        case "next" | "redirect" | "reject" | "proposer":
            return _try_again(s, d.kind)
        case "edit":
            return _begin(s, p.Edited(n, d.files, d.patch), s.count + 1)
        case "budget":
            more = 4 if s.goal_count >= s.max_iterations else 0
            s = replace(
                s, budget_usd=s.budget_usd + d.amount, max_iterations=s.max_iterations + more
            )
            return _try_again(s, "next")
        case "rebuild":
            s = _begin(s, p.Rebuilt(n), s.count + 1)
            return replace(s, survey=None, moved=None)
        case "merge":
            held = s.refused or Approval(n, gate.message if gate else "")
            return replace(s, approval=replace(held, merge=True), refused=None, moved=None)
        case "stop":
            return replace(s, stopping=d.note or "You stopped it; nothing more was landed.")
        case "undo":
            how: Literal["commit", "move"] = "move" if d.name == "move" else "commit"
            return s if s.undo is None else replace(s, undo=replace(s.undo, how=how))
        case "keep":
            return replace(s, undo=None)
        case _:
            assert_never(d.kind)


def _approved(s: State, d: p.Decision, gate: p.Gate | None) -> State:
    live = s.iteration
    if live is None or live.change is None:
        return s
    message = d.message or (gate.message if gate else "")
    if d.hunks is not None and set(d.hunks) != set(live.change.hunk_ids):
        # Its own draft will speak of its own evidence, unless the person wrote a message.
        own = d.message if gate is None or d.message != gate.message else ""
        return _begin(s, p.Subset(live.n, d.hunks, own), s.count + 1)
    return replace(s, approval=Approval(live.n, message), interrupted=None)


def _try_again(s: State, why: str) -> State:
    """Ends the live iteration; the policy then asks for the next one."""
    outcomes: dict[str, IterationOutcome] = {
        "next": "next", "proposer": "next", "redirect": "redirected", "reject": "rejected"
    }  # fmt: skip
    s = _close_iteration(s, "interrupted" if s.interrupted else outcomes[why])
    s = replace(s, interrupted=None, moved=None, refused=None)
    if not s.plan_approved and (s.plan is None or why != "next"):
        return replace(s, plan=None, plan_problem=None, plan_tries=s.plan_tries + 1)
    return s


def _spend(s: State, action: str, usage: p.Usage) -> State:
    spent = p.Usage(
        tokens_in=s.spent.tokens_in + usage.tokens_in,
        tokens_out=s.spent.tokens_out + usage.tokens_out,
        usd=s.spent.usd + usage.usd,
        seconds=s.spent.seconds + usage.seconds,
    )
    return replace(s, spent=spent, reserved=tuple(r for r in s.reserved if r[0] != action))


def _spend_reserved(s: State, action: str | None) -> State:
    """A request that ended without a bill is counted as the most it could have cost."""
    lost = sum(usd for a, usd in s.reserved if action is None or a == action)
    kept = tuple(r for r in s.reserved if action is not None and r[0] != action)
    return replace(s, spent=replace(s.spent, usd=s.spent.usd + lost), reserved=kept)
