"""Finds out what a verdict rests on: tests that show nothing, and hunks that a part lacks."""

from __future__ import annotations

from collections.abc import Iterator

from core import protocol as p
from core.checks.judge import judge
from core.context import Context
from core.lanes import test_hunks
from core.performers.building import change_of
from core.performers.checking import evidence_of, run_on
from core.performers.site import Site
from core.picks import by_hunk
from core.repo import hunks
from core.state import State

MOST_TRIED = 10
"""Hunks left out that are tried one by one; with more of them it is not sought which are needed."""


def show_red(site: Site, action: p.ShowRed, state: State, context: Context) -> p.RedShown:
    """Runs the added tests on the base with the change's tests alone."""
    live = state.iteration
    assert live is not None
    assert live.change is not None
    change = site.keep(live.change)
    patch = hunks.subset(site.journal.blobs.get(change.patch), test_hunks(change))
    tree = site.workshop.apply(change.base.tree, patch)
    if tree == change.tree:
        return p.RedShown(action.id, (), action.added)  # there is nothing but tests
    added, results, passed, told = set(action.added), [], set[str](), False
    for result in _results(site, tree, state, context, action.id):
        results.append(result)
        records = evidence_of(site, (result,))[result.check][1]
        # A check that broke off says nothing of tests that it did not come to; but one whose
        # tests cannot even be imported without the change fails as it should.
        told = told or result.verdict in ("pass", "fail") or bool(records.tests)
        passed |= {t.id for t in records.tests if t.outcome == "passed"}
    if not told:
        return p.RedShown(action.id, (), (), tuple(results))
    shown = tuple(t for t in action.added if t not in passed)
    return p.RedShown(
        action.id, shown, tuple(t for t in action.added if t in added & passed), tuple(results)
    )


def find_needed(site: Site, action: p.FindNeeded, state: State, context: Context) -> p.NeedsFound:
    """Leaves out, one by one, what the part left out, as long as the whole stays green.

    What is left then is needed together: without any one of them something fails.
    """
    live, step = state.iteration, state.live_step
    assert live is not None
    assert step is not None
    assert live.verdict is not None
    whole = site.keep(change_of(site, state, action.of))
    taken = by_hunk(action.taken)
    out = [h for h in whole.hunk_ids if taken.get(h, frozenset()) is not None]
    tests = (*live.verdict.new, *live.verdict.left, *live.verdict.lost)
    results: list[p.CheckResult] = []
    if len(out) > MOST_TRIED:
        return p.NeedsFound(action.id, (), tests)
    patch = site.journal.blobs.get(whole.patch)
    base = evidence_of(site, state.base_results)

    def green(left_in: list[str]) -> bool:
        picks = [h for h in whole.hunk_ids if h in left_in or taken.get(h, 0) is None]
        picks += [one for one in action.taken if "@" in one and one.partition("@")[0] not in picks]
        tree = site.workshop.apply(whole.base.tree, hunks.subset(patch, picks))
        found = tuple(_results(site, tree, state, context, action.id))
        results.extend(found)
        return judge(step.needs, base, evidence_of(site, found)).kind == "green"

    needed = list(out)
    # With one hunk left out there is nothing to try: with it the change is the whole, and green.
    for hunk in out if len(out) > 1 else ():
        context.show(p.Progress(action.id, "leaving hunks out", len(out) - len(needed), len(out)))
        without = [h for h in needed if h != hunk]
        if without and green(without):
            needed = without
    return p.NeedsFound(action.id, tuple(needed), tests, tuple(results))


def _results(
    site: Site, tree: p.Tree, state: State, context: Context, action: str
) -> Iterator[p.CheckResult]:
    for check in state.checks:
        how = site.how(state)
        known = site.known(tree, check, how)
        yield known or run_on(site, check, tree, context, action, how)
