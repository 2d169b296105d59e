"""Runs checks in the workshop, and has their evidence judged."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from core import protocol as p
from core.checks.judge import Evidence, judge
from core.checks.run import run_check
from core.context import Context
from core.performers.site import Site
from core.state import State

_records = msgspec.json.Decoder(p.Records)


def check(site: Site, action: p.RunCheck, state: State, context: Context) -> p.CheckFinished:
    runner = site.runner
    if not action.fresh:
        environment = runner.environment(action.check.argv)
        known = site.journal.evidence(action.tree, action.check.name, environment)
        if known is not None:
            return p.CheckFinished(action.id, known, reused=True)
    if state.iteration is not None and state.iteration.change is not None and action.iteration:
        site.keep(state.iteration.change)
    site.workshop.checkout(action.tree)
    context.check()
    result = run_check(
        action.check,
        tree=action.tree,
        runner=runner,
        context=context,
        action=action.id,
        put_blob=site.put_blob(),
    )
    rewritten = site.workshop.rewritten(action.tree)
    if rewritten:
        site.workshop.restore(action.tree)
        names = ", ".join(rewritten[:3]) + (" and more" if len(rewritten) > 3 else "")
        says = f"It rewrote sources while it ran ({names}), so its result is of no known tree."
        result = replace(result, verdict="void", says=says)
    return p.CheckFinished(action.id, result)


def judge_change(site: Site, action: p.Judge, state: State) -> p.Judged:
    live, step = state.iteration, state.live_step
    assert live is not None
    assert step is not None
    earlier = next((t.verdict for t in reversed(state.tries) if t.verdict is not None), None)
    verdict = judge(
        step.needs, _evidence(site, state.base_results), _evidence(site, live.results), earlier
    )
    return p.Judged(action.id, verdict)


def _evidence(site: Site, results: tuple[p.CheckResult, ...]) -> Evidence:
    return {r.check: (r, _records.decode(site.journal.blobs.get(r.records))) for r in results}
