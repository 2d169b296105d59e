"""The gates as the policy opens them: what each says, what it allows, what it counts for. Pure."""

from __future__ import annotations

import hashlib

import msgspec

from core import protocol as p
from core.flakiness import counted, flaky_tests, unsteady
from core.message import commit_message, hunks_in_words
from core.state import State, find_try


def _id(s: State, kind: p.GateKind) -> str:
    return f"{kind}:{s.gates + 1}"


def plan_token(plan: p.Plan) -> str:
    """Binds a decision to the plan that was on screen."""
    return hashlib.sha256(msgspec.json.encode(plan)).hexdigest()


def trust(s: State) -> p.Gate:
    assert s.survey is not None
    checks = s.survey.checks
    if checks:
        says = f"{len(checks)} check{'s' * (len(checks) != 1)} would run from this repository."
        allows: tuple[p.DecisionKind, ...] = ("trust", "without checks", "stop")
    else:
        says = "No checks were found here; give one with --check, or go on without any."
        allows = ("without checks", "stop")
    return p.Gate(_id(s, "trust"), "trust", says, allows, token=s.survey.trust_hash)


def plan(s: State, proposed: p.Plan) -> p.Gate:
    count = len(proposed.steps)
    says = f"A plan of {count} step{'s' * (count != 1)} is proposed."
    return p.Gate(
        _id(s, "plan"),
        "plan",
        says,
        ("approve", "redirect", "stop"),
        token=plan_token(proposed),
    )


def run(s: State, change: p.Change) -> p.Gate:
    n = s.iteration.n if s.iteration else 0
    files = len(change.files)
    return p.Gate(
        _id(s, "run"),
        "run",
        f"Try {n} changes {files} file{'s' * (files != 1)}; nothing of it has run yet.",
        ("run", "edit", "redirect", "reject", "stop"),
        iteration=n,
        token=change.tree,
    )


def result(s: State, change: p.Change, verdict: p.Verdict) -> p.Gate:
    n = s.iteration.n if s.iteration else 0
    green = verdict.kind == "green"
    return p.Gate(
        _id(s, "result"),
        "result",
        " ".join((f"Try {n}{' is green' if green else ''}: {verdict.says}", *_found_out(s))),
        ("approve", "next", "redirect", "edit", "reject", "stop"),
        iteration=n,
        token=change.tree,
        red=not green,
        message=commit_message(s),
        skips=s.survey.skips if s.survey else (),
    )


def stuck(s: State, says: str, *, cap: bool = False, problem: p.Problem | None = None) -> p.Gate:
    """Opens where the loop cannot go on alone. What is on screen can still be approved."""
    live = s.iteration
    change = live.change if live and not live.outcome else None
    verdict = live.verdict if live and change else None
    allows: list[p.DecisionKind] = []
    conflict = live.conflict if live and not live.outcome else None
    if change is not None and verdict is not None:
        allows += ["approve", "edit"]
    elif conflict is not None:
        allows += ["edit"]
    elif change is not None:
        allows += ["run"]
    allows += ["budget"] if cap else ["next"]
    allows += ["redirect", "proposer", "stop"]
    return p.Gate(
        _id(s, "stuck"),
        "stuck",
        says,
        tuple(allows),
        iteration=live.n if live else 0,
        token=change.tree if change else "",
        red=verdict is not None and verdict.kind != "green",
        message=commit_message(s) if verdict else "",
        skips=s.survey.skips if s.survey else (),
        cap=cap,
        problem=problem,
        conflict=conflict,
    )


def moved(s: State, what: p.Moved) -> p.Gate:
    live = s.iteration
    # Only what was approved already, and where nothing but the person's own work is in the way.
    mergeable = s.refused is not None and what.paths and what.mergeable == what.paths
    return p.Gate(
        _id(s, "moved"),
        "moved",
        what.says or "Your branch or files moved under this change; nothing was landed.",
        ("merge", "rebuild", "stop") if mergeable else ("rebuild", "stop"),
        iteration=live.n if live else 0,
        message=commit_message(s),
        token=live.change.tree if live and live.change else "",
        moved=what,
    )


def undo(s: State, plan: p.UndoPlan) -> p.Gate:
    """Names every file before anything is taken back."""
    what = f"{'Redoing' if plan.redo else 'Undoing'} {plan.commit[:10]}"
    if plan.change is None:
        says = plan.says or f"{what} is not possible."
        allows: tuple[p.DecisionKind, ...] = ("keep",)
    else:
        names = ", ".join(f.path for f in plan.change.files[:4])
        more = f" and {len(plan.change.files) - 4} more" if len(plan.change.files) > 4 else ""
        says = f"{what} changes {names}{more}. {plan.says}".rstrip()
        allows = ("undo", "keep")
    return p.Gate(
        _id(s, "undo"),
        "undo",
        says,
        allows,
        token=plan.change.tree if plan.change else "",
        conflict=plan.conflict,
        undo=plan,
    )


def _found_out(s: State) -> list[str]:
    """What its added tests show, and what a part of a change lacks."""
    live, says = s.iteration, []
    if live is None:
        return []
    if live.verdict is not None and live.verdict.flaky:
        named = "; ".join(f"{t} {counted(s, t)}" for t in live.verdict.flaky[:2])
        says.append(f"Flaky on the base too, counted neither way: {named}.")
    for run in unsteady(s)[:2]:
        total = run.passed + run.failed
        says.append(f"{run.test} fails in {run.failed} of {total} runs here, never on the base.")
    if live.blames:
        says.append(_blamed(live.blames, live.change))
    if live.red is not None and live.red.idle:
        says.append(f"No evidence: {_few(live.red.idle)} {_passes(live.red.idle)} without it too.")
    if live.needs is not None and live.needs.tests:
        whole = find_try(s, live.parent)
        names = hunks_in_words(live.needs.hunks, whole.change if whole else None)
        needs = f"it needs {names}, which was left out" if names else "it needs what was left out"
        says.append(f"The part by itself fails {_few(live.needs.tests)}: {needs}.")
    return says


def _blamed(blames: tuple[p.Blame, ...], change: p.Change | None) -> str:
    by: dict[tuple[str, ...], list[str]] = {}
    for one in blames:
        by.setdefault(one.hunks, []).append(one.test)
    told = [
        f"{hunks_in_words(hunks, change)} {'breaks' if len(hunks) == 1 else 'together break'} "
        f"{_few(tuple(tests))}"
        for hunks, tests in list(by.items())[:2]
    ]
    return f"{'; '.join(told)}."[:1].upper() + f"{'; '.join(told)}."[1:]


def already_green(s: State) -> str:
    if not flaky_tests(s):
        return "Already green: every check passes on the base."
    named = "; ".join(f"{t} ({counted(s, t)})" for t in flaky_tests(s)[:3])
    return f"Nothing to mend: what fails on the base is flaky, which no edit can show: {named}."


def _passes(tests: tuple[str, ...]) -> str:
    return "passes" if len(tests) == 1 else "pass"


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def reached(s: State) -> str:
    """How a goal ends whose every step is done."""
    landed = len({x.step for x in s.landings})
    commits = ", ".join(x.commit[:10] for x in s.landings[-landed:]) if landed else ""
    skipped = f"; {len(s.skipped)} held already" if s.skipped else ""
    if not landed:
        return f"Every step holds already{skipped}."
    return f"Done: {landed} step{'s' * (landed != 1)} landed as {commits}{skipped}."
