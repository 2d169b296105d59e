"""The gates as the policy opens them: what each says, what it allows, what it counts for. Pure."""

from __future__ import annotations

import hashlib

import msgspec

from core import protocol as p
from core.message import commit_message
from core.state import State


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
        f"Try {n}{' is green' if green else ''}: {verdict.says}",
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
    if change is not None and verdict is not None:
        allows += ["approve", "edit"]
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
    )


def moved(s: State, what: p.Moved) -> p.Gate:
    live = s.iteration
    return p.Gate(
        _id(s, "moved"),
        "moved",
        what.says or "Your branch or files moved under this change; nothing was landed.",
        ("rebuild", "stop"),
        iteration=live.n if live else 0,
        token=live.change.tree if live and live.change else "",
        moved=what,
    )


def reached(s: State) -> str:
    """How a goal ends whose every step is done."""
    landed = len({x.step for x in s.landings})
    commits = ", ".join(x.commit[:10] for x in s.landings[-landed:]) if landed else ""
    skipped = f"; {len(s.skipped)} held already" if s.skipped else ""
    if not landed:
        return f"Every step holds already{skipped}."
    return f"Done: {landed} step{'s' * (landed != 1)} landed as {commits}{skipped}."
