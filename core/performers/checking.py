"""Runs checks in the workshop, and has their evidence judged."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from msgspec import structs

from core import protocol as p
from core.checks.evidence import without
from core.checks.how import How
from core.checks.judge import Evidence, judge
from core.checks.run import run_check
from core.context import Context
from core.flakiness import flaky_tests
from core.performers.site import Site
from core.state import State, lineage

_COLD = How()
_records = msgspec.json.Decoder(p.Records)


def check(site: Site, action: p.RunCheck, state: State, context: Context) -> p.CheckFinished:
    how = _how(site, action, state)
    known = None if action.fresh else site.known(action.tree, action.check, how)
    if known is not None:
        return p.CheckFinished(action.id, known, reused=True)
    if state.iteration is not None and state.iteration.change is not None and action.iteration:
        site.keep(state.iteration.change)
    result = run_on(site, action.check, action.tree, context, action.id, how)
    return p.CheckFinished(action.id, result)


def _how(site: Site, action: p.RunCheck, state: State) -> How:
    """As the person wants checks run, what failed last time first."""
    earlier = (t.results for t in reversed(lineage(state))) if action.iteration else ()
    results = (*earlier, state.base_results if action.iteration else ())
    last = next((r for had in results for r in had if r.check == action.check.name), None)
    first = tuple(t.id for t in last.failing) if last is not None else ()
    return replace(site.how(state), first=first)


def run_on(
    site: Site,
    check: p.CheckSpec,
    tree: p.Tree,
    context: Context,
    action: str,
    how: How = _COLD,
) -> p.CheckResult:
    """Runs one check on a tree that the workshop holds; `action` is what its output belongs to."""
    site.warm.settle()
    site.workshop.checkout(tree)
    context.check()
    result = run_check(
        check,
        tree=tree,
        runner=site.runner,
        context=context,
        action=action,
        put_blob=site.put_blob(),
        writing=site.journal.writing_text,
        how=how,
    )
    rewritten = site.workshop.rewritten(tree)
    if rewritten and site.warm.waiting:
        # What waits keeps its mount points in the tree, which a new .gitignore may not ignore.
        site.warm.close()
        rewritten = site.workshop.rewritten(tree)
    if rewritten:
        site.workshop.restore(tree)
        names = ", ".join(rewritten[:3]) + (" and more" if len(rewritten) > 3 else "")
        says = f"It rewrote sources while it ran ({names}), so its result is of no known tree."
        result = structs.replace(result, verdict="void", says=says)
    if how.warm is not None:
        how.warm.park(site.runner, check, how.extra)
    return result


def judge_change(site: Site, action: p.Judge, state: State) -> p.Judged:
    live, step = state.iteration, state.live_step
    assert live is not None
    assert step is not None
    past = (t.verdict for t in reversed(lineage(state)) if t.verdict is not None)
    nobodys = flaky_tests(state)
    verdict = judge(
        tuple(n for n in step.needs if n.test not in nobodys),
        without(evidence_of(site, state.base_results), nobodys),
        without(evidence_of(site, live.results), nobodys),
        next(past, None),
    )
    return p.Judged(action.id, structs.replace(verdict, flaky=nobodys))


def evidence_of(site: Site, results: tuple[p.CheckResult, ...]) -> Evidence:
    """Results with everything that they reported."""
    return {r.check: (r, _records.decode(site.journal.blobs.get(r.records))) for r in results}
