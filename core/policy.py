"""`policy`: what should be running now, from the state alone. Pure.

It is level-triggered: the same state always wants the same actions, whether or not they are
running already. The engine starts what is new and cancels what is no longer wanted.
"""

from __future__ import annotations

from core import gates
from core import protocol as p
from core.flakiness import FEW, holds_but_for_flaky, to_run_again
from core.lanes import test_hunks
from core.message import commit_message, renewed
from core.state import Iteration, State, Undoing, find_try, holds_on, missing

AUTOMATIC_RETRIES = 3
"""How many replies in a row may be unusable before the person is asked."""


def policy(state: State) -> tuple[p.AnyAction, ...]:
    landing = tuple(a for a in state.inflight if isinstance(a, p.Land | p.TakeBack))
    if landing:
        return landing  # whole or not at all: nothing interrupts it
    if state.closed:
        return ()
    wanted = (*_main(state), *_watch(state))
    if state.paused:
        running = {a.id for a in state.inflight}
        return tuple(a for a in wanted if a.id in running)
    return wanted


def _main(s: State) -> tuple[p.AnyAction, ...]:
    if s.intent is not None:
        return _take_back(s, s.undo) if s.undo is not None else _land(s)
    if s.gate is None and s.ended is None and s.undo is None:
        if s.stopping:
            return _finish(s, reached=False, says=s.stopping)
        if s.interrupted is not None:
            return _ask(gates.stuck(s, s.interrupted.says, problem=s.interrupted))
    if s.interrupted is None and (s.survey is None or s.base is None):
        # Also behind a gate: a session that was resumed does not know its surroundings yet.
        return (p.TakeSurvey(f"survey:{s.surveys}"),)
    if s.undo is not None and s.gate is None:
        return _undo(s, s.undo)
    if s.gate is not None or s.ended is not None or s.survey is None or s.base is None:
        return ()
    if not s.trust:
        return _ask(gates.trust(s)) if s.goal else ()
    if s.trust == "keep":
        return (p.KeepTrust(f"trust:{s.survey.trust_hash[:12]}", s.survey.trust_hash),)
    if not s.goal:
        return ()
    return _base_checks(s, s.base) or _plan(s) or _step(s)


def _base_checks(s: State, base: p.Base) -> tuple[p.AnyAction, ...]:
    for check in missing(s.checks, s.base_results)[:1]:
        return (p.RunCheck(f"check:base:{base.tree[:12]}:{check.name}", check, base.tree, base),)
    if s.base_again != base.tree and s.iteration is None and (found := to_run_again(s)):
        return (p.RunAgain(f"again:base:{base.tree[:12]}", *found, base),)
    return ()


def _plan(s: State) -> tuple[p.AnyAction, ...]:
    if s.plan is None:
        if s.choice.kind == "repair" and holds_but_for_flaky(s):
            return _finish(s, reached=True, says=gates.already_green(s))
        if s.plan_problem is not None and not (
            s.plan_problem.retry and s.plan_tries < AUTOMATIC_RETRIES
        ):
            return _ask(gates.stuck(s, s.plan_problem.says, problem=s.plan_problem))
        return (p.MakePlan(f"plan:{s.goals}:{s.plan_tries}"),)
    if not s.plan.steps:
        says = s.plan.reasons or "The plan has no steps: there is nothing to do."
        return _finish(s, reached=True, says=says)
    if not s.plan_approved:
        return _ask(gates.plan(s, s.plan))
    return ()


def _step(s: State) -> tuple[p.AnyAction, ...]:
    step = s.live_step
    if step is None:
        return _finish(s, reached=True, says=gates.reached(s))
    live = s.iteration
    if live is None and s.choice.kind == "repair" and holds_on(step.needs, s.base_results):
        return (p.SkipStep(f"skip:{s.goals}:{step.id}", step.id),)
    if live is None or live.outcome:
        return _propose(s)
    if live.change is None:
        return _change(s, live)
    return _evaluate(s, live, live.change)


def _propose(s: State) -> tuple[p.AnyAction, ...]:
    if s.goal_count >= s.max_iterations:
        says = f"{s.goal_count} tries were made, which is the cap."
        return _ask(gates.stuck(s, says, cap=True))
    return (p.Propose(f"propose:{s.count + 1}", s.count + 1),)


def _change(s: State, live: Iteration) -> tuple[p.AnyAction, ...]:
    if live.problem is not None:
        if live.problem.retry and _unusable_in_a_row(s) < AUTOMATIC_RETRIES:
            return _propose(s)
        cap = live.problem.kind == "budget"
        return _ask(gates.stuck(s, live.problem.says, cap=cap, problem=live.problem))
    if isinstance(live.origin, p.Proposed) and live.reply is None:
        return (p.Propose(f"propose:{live.n}", live.n),)
    return (p.Build(f"build:{live.n}", live.n, live.origin),)


def _unusable_in_a_row(s: State) -> int:
    count = 0
    for earlier in (s.iteration, *reversed(s.tries)):
        if earlier is None or earlier.problem is None:
            break
        count += 1
    return count


def _evaluate(s: State, live: Iteration, change: p.Change) -> tuple[p.AnyAction, ...]:
    if s.level == "each" and not live.cleared and s.checks:
        return _ask(gates.run(s, change))
    for check in missing(s.checks, live.results)[:1]:
        action_id = f"check:{live.n}:{live.runs}:{check.name}"
        fresh = live.runs > 0
        return (p.RunCheck(action_id, check, change.tree, change.base, live.n, fresh),)
    if live.reruns is None and live.verdict is None and (found := to_run_again(s)):
        again = f"again:{live.n}:{live.runs}"
        return (p.RunAgain(again, *found, change.base, change, live.n),)
    if live.verdict is None:
        return (p.Judge(f"judge:{live.n}:{live.runs}", live.n),)
    green = live.verdict.kind == "green"
    if s.approval is not None or (green and isinstance(live.origin, p.Subset) and not s.refused):
        return _land(s)
    if s.moved is not None and (s.refused or s.moved.head != change.base.commit):
        return _ask(gates.moved(s, s.moved))
    if why := _explain(s, live, change):
        return why
    if green:
        return _ask(gates.result(s, change, live.verdict))
    stuck = _going_in_circles(s, live, change)
    if stuck:
        return _ask(gates.stuck(s, stuck))
    if s.level == "green" and isinstance(live.origin, p.Proposed):
        return _propose(s)
    return _ask(gates.result(s, change, live.verdict))


def _explain(s: State, live: Iteration, change: p.Change) -> tuple[p.AnyAction, ...]:
    """What is found out about a verdict before the person is asked."""
    assert live.verdict is not None
    if live.red is None and live.verdict.added and test_hunks(change):
        return (p.ShowRed(f"red:{live.n}:{live.runs}", live.n, live.verdict.added),)
    if live.blames is None and (found := _to_blame(s, live, change)):
        return (p.FindBlame(f"blame:{live.n}:{live.runs}", live.n, change, *found),)
    if live.needs is None and live.verdict.kind not in ("green", "void"):
        whole = find_try(s, live.parent) if isinstance(live.origin, p.Subset) else None
        if whole is not None and whole.verdict is not None and whole.verdict.kind == "green":
            assert isinstance(live.origin, p.Subset)
            taken = live.origin.hunks
            return (p.FindNeeded(f"needs:{live.n}:{live.runs}", live.n, whole.n, taken),)
    return ()


def _to_blame(
    s: State, live: Iteration, change: p.Change
) -> tuple[p.CheckSpec, tuple[str, ...]] | None:
    """The check and its tests that the change broke, where it has hunks to tell apart."""
    broken = set(live.verdict.new) if live.verdict else set()
    if len(change.hunk_ids) < 2 or isinstance(live.origin, p.Subset):
        return None
    for check in s.checks:
        result = next((r for r in live.results if r.check == check.name), None)
        if check.reader == "pytest" and result is not None:
            tests = tuple(t.id for t in result.failing if t.id in broken)
            if 0 < len(tests) <= FEW:
                return check, tests
    return None


def _going_in_circles(s: State, live: Iteration, change: p.Change) -> str:
    """Why more of the same would not help; "" while there is progress."""
    if not isinstance(live.origin, p.Proposed) or live.verdict is None:
        return ""
    for earlier in s.tries:
        if earlier.change is not None and earlier.change.tree == change.tree:
            return f"Try {live.n} is the same change as try {earlier.n}."
    judged = [t for t in s.tries if t.verdict is not None]
    if judged and judged[-1].verdict is not None:
        signature = judged[-1].verdict.signature
        if signature and signature == live.verdict.signature:
            return f"Try {live.n} fails exactly as try {judged[-1].n} did."
    return ""


def _land(s: State) -> tuple[p.AnyAction, ...]:
    live = s.iteration
    if live is None or live.change is None:
        return ()
    merge = s.approval is not None and s.approval.merge
    if s.approval is not None:
        message = s.approval.message
    elif isinstance(live.origin, p.Subset):
        message = renewed(live.origin.message, s) or commit_message(s)
    else:
        return ()
    return (p.Land(f"land:{live.n}:{live.runs}", live.n, live.change, message, merge),)


def _undo(s: State, undo: Undoing) -> tuple[p.AnyAction, ...]:
    if undo.plan is None:
        return (p.PlanUndo(f"undo:{s.undos}", undo.commit, undo.redo),)
    if not undo.how:
        return _ask(gates.undo(s, undo.plan))
    return _take_back(s, undo)


def _take_back(s: State, undo: Undoing) -> tuple[p.AnyAction, ...]:
    if undo.plan is None:
        return ()
    return (p.TakeBack(f"takeback:{s.undos}", undo.plan, undo.how == "move"),)


def _watch(s: State) -> tuple[p.AnyAction, ...]:
    live = s.iteration
    if s.base is None or s.survey is None or live is None or live.change is None:
        return ()
    if live.outcome or s.ended is not None:
        return ()
    paths = tuple(sorted({f.path for f in live.change.files} | _old_paths(live.change)))
    return (p.Watch(f"watch:{s.base.commit[:12]}:{live.n}", s.base, paths),)


def _old_paths(change: p.Change) -> set[str]:
    return {f.old_path for f in change.files if f.old_path}


def _ask(gate: p.Gate) -> tuple[p.AnyAction, ...]:
    return (p.OpenGate(f"gate:{gate.id}", gate),)


def _finish(s: State, *, reached: bool, says: str) -> tuple[p.AnyAction, ...]:
    return (p.Finish(f"finish:{s.goals}", reached, s.goal_count >= s.max_iterations, says),)
