"""The ledger: for each step what must hold, which run showed it, on which tree, and when. Pure.

A claim without a run stays "asserted"; whatever changed the tree after the run makes it "stale".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec.structs import replace

from core import protocol as p
from core.checks import evidence as seen
from core.state import Iteration, State, result_for
from core.statement import counted, told

Standing = Literal["held", "failed", "asserted", "stale"]
Records = Callable[[p.CheckResult], p.Records]
"""Everything that a result reported."""
MOST = 10
"""Claims of one kind about tests by name, for one step."""
NOTHING_BROKEN = "nothing that held on the base fails"


class Claim(p.Value, frozen=True):
    """One thing that must hold, and what is known of it."""

    step: str
    what: str
    standing: Standing
    check: str = ""
    tree: p.Tree = ""
    """That the run was on."""
    when: float = 0.0
    """Seconds since the epoch; 0 where no run is known."""
    counts: str = ""
    """ "13 passed, 1 failed (fail)"."""
    run: str = ""
    """Id of the action that ran it."""


class Runs:
    """When each check ran on each tree, and which tests were run without their change."""

    def __init__(self, entries: Iterable[p.Entry]) -> None:
        self.since = 0.0
        """When the goal of now was set."""
        self._checks: dict[tuple[str, p.Tree], tuple[str, float]] = {}
        self._reds: dict[int, tuple[str, float, p.Tree]] = {}
        for entry in entries:
            match entry.event:
                case p.GoalSet():
                    self.since = entry.at
                case p.CheckFinished(action=action, result=result, reused=reused):
                    key = (result.check, result.tree)
                    if not reused or key not in self._checks:
                        self._checks[key] = (action, entry.at)
                case p.RedShown(action=action, results=results):
                    tree = results[0].tree if results else ""
                    self._reds[int(action.split(":")[1])] = (action, entry.at, tree)
                case _:
                    pass

    def of(self, result: p.CheckResult) -> tuple[str, float]:
        return self._checks.get((result.check, result.tree), ("", 0.0))

    def red(self, iteration: int) -> tuple[str, float, p.Tree]:
        return self._reds.get(iteration, ("", 0.0, ""))


def ledger(
    s: State, tries: tuple[Iteration, ...], runs: Runs, records: Records
) -> tuple[Claim, ...]:
    """The claims of every step of the plan, in its order. `tries` are the session's, by number."""
    found: list[Claim] = []
    for step in s.plan.steps if s.plan else ():
        mine = [t for t in tries if t.step == step.id and t.change and t.started >= runs.since]
        landed = [t for t in mine if t.outcome == "landed"]
        stands = next(iter(reversed(landed or mine)), None)
        if stands is not None:
            found += of_try(s, step, stands, tries, runs, records)
        elif step.id in s.skipped:
            found += [_need(step.id, need, s.base_results, runs, records) for need in step.needs]
        else:
            found += [Claim(step.id, says(need), "asserted", need.check) for need in step.needs]
    return tuple(found)


def of_try(
    s: State,
    step: p.Step | None,
    t: Iteration,
    tries: tuple[Iteration, ...],
    runs: Runs,
    records: Records,
) -> tuple[Claim, ...]:
    """What one try claims. What it has no run for may have been shown on an earlier tree."""
    assert t.change is not None
    tree = t.change.tree
    past = [e for e in tries if e.n < t.n and e.step == t.step and e.started >= runs.since]
    old = tuple(r for e in past for r in e.results)
    own = tuple(r for r in t.results if r.tree == tree)
    claims: list[Claim] = []
    for need in step.needs if step else ():
        if result_for(own, need.check) is not None:
            claims.append(_need(t.step, need, own, runs, records))
        else:
            before = _need(t.step, need, tuple(reversed((*old, *t.results))), runs, records)
            claims.append(replace(before, standing="stale") if before.tree else before)
    claims += _verdict(t, own, runs)
    claims += _red(t, runs)
    if _overtaken(s, t):
        return tuple(replace(c, standing="stale") if c.tree else c for c in claims)
    return tuple(claims)


def _overtaken(s: State, t: Iteration) -> bool:
    """Whether what the runs were of is no longer what there is."""
    if t.outcome == "landed":
        return any(x.commit == t.commit and x.gone for x in s.landings)
    live = s.iteration is not None and s.iteration.n == t.n and not t.outcome
    return live and s.moved is not None


def _need(
    step: str, need: p.Need, results: tuple[p.CheckResult, ...], runs: Runs, records: Records
) -> Claim:
    result = result_for(results, need.check)
    if result is None:
        return Claim(step, says(need), "asserted", need.check)
    standing: Standing = "failed"
    if result.verdict in seen.BROKEN:
        standing = "asserted"  # a run that broke down showed nothing
    elif seen.holds(need, {need.check: (result, records(result))}):
        standing = "held"
    return _shown(step, says(need), standing, result, runs)


def _verdict(t: Iteration, own: tuple[p.CheckResult, ...], runs: Runs) -> Iterator[Claim]:
    """That nothing broke, and what was fixed: shown by the last run that it took."""
    if t.verdict is None or t.verdict.kind == "void" or not own:
        yield Claim(t.step, NOTHING_BROKEN, "asserted")
        return
    last = max(own, key=lambda result: runs.of(result)[1])
    broken = bool(t.verdict.new or t.verdict.lost)
    broke = any(r.verdict in seen.BROKEN for r in own) and not broken
    standing: Standing = "asserted" if broke else "failed" if broken else "held"
    yield _shown(t.step, NOTHING_BROKEN, standing, last, runs)
    for name in t.verdict.fixed[:MOST]:
        yield _shown(t.step, f"{name} failed on the base and passes", "held", last, runs)


def _red(t: Iteration, runs: Runs) -> Iterator[Claim]:
    if t.red is None:
        return
    action, when, tree = runs.red(t.n)
    for names, standing in ((t.red.shown, "held"), (t.red.idle, "failed")):
        for name in names[:MOST]:
            claim = Claim(t.step, f"{name} fails without the change", "asserted", tree=tree)
            yield replace(claim, standing=standing, when=when, run=action)


def _shown(step: str, what: str, standing: Standing, result: p.CheckResult, runs: Runs) -> Claim:
    action, when = runs.of(result)
    counts = told(counted(result), result.verdict)
    return Claim(step, what, standing, result.check, result.tree, when, counts, action)


def says(need: p.Need) -> str:
    """A need in words."""
    what = f"{need.test} ({need.check})" if need.test else need.check
    return f"{what} {'passes' if need.polarity == 'pass' else 'fails, as a reproduction does'}"
