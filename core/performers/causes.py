"""Why tests fail: whether they always do, and which hunks make them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from msgspec.structs import replace

from core import protocol as p
from core.checks.again import rerun
from core.checks.blame import blame
from core.checks.evidence import normal
from core.checks.pytest_trial import PytestSeries, PytestTrial
from core.context import Context
from core.errors import ActionFailed
from core.performers.site import Site
from core.repo import hunks

MOST_SETS = 60
"""Sets of hunks that are tried for one change."""


def run_again(site: Site, action: p.RunAgain, context: Context) -> p.RanAgain:
    """On the change first; what passes and fails there is looked at on the base too."""
    check, tests = action.check, action.tests
    try:
        if action.change is None:
            with _opened(site, check, action.base.tree, context) as series:
                found = rerun(series, action.base.tree, check.name, tests)
            return p.RanAgain(action.id, _with_first(found, failed=1))
        tree = site.keep(action.change).tree
        with _opened(site, check, tree, context) as series:
            here = _with_first(rerun(series, tree, check.name, tests), failed=1)
        mixed = tuple(r.test for r in here if r.passed)
        if not mixed:
            return p.RanAgain(action.id, here, action.iteration)
        with _opened(site, check, action.base.tree, context) as series:
            there = rerun(series, action.base.tree, check.name, mixed, steady=True)
        return p.RanAgain(action.id, (*here, *_with_first(there, passed=1)), action.iteration)
    except ActionFailed:
        # Tests that cannot be run by themselves tell nothing more than they did.
        return p.RanAgain(action.id, (), action.iteration)


def _with_first(
    found: tuple[p.Rerun, ...], *, passed: int = 0, failed: int = 0
) -> tuple[p.Rerun, ...]:
    """Counts the check's own run, too, where a test ran again at all."""
    return tuple(
        replace(r, passed=r.passed + passed, failed=r.failed + failed)
        if r.passed or r.failed
        else r
        for r in found
    )


def find_blame(site: Site, action: p.FindBlame, context: Context) -> p.BlameFound:
    """Delta debugging over the change's own hunks."""
    change = site.keep(action.change)
    patch = site.journal.blobs.get(change.patch)
    tried = 0

    def kinds(chosen: frozenset[str]) -> dict[str, str]:
        """What fails with only these hunks applied, and how."""
        nonlocal tried
        tried += 1
        context.show(p.Progress(action.id, "trying hunks apart", tried))
        site.lab(site.workshop.apply(change.base.tree, hunks.subset(patch, chosen)))
        (result,) = series.run_many([{}], action.tests, stop_first=False)
        return {t.id: _kind(t.message) for t in result.tests if t.outcome in ("failed", "error")}

    try:
        with _opened(site, action.check, change.base.tree, context) as series:
            whole = kinds(frozenset(change.hunk_ids))

            def fails(chosen: frozenset[str]) -> frozenset[str]:
                return frozenset(t for t, how in kinds(chosen).items() if whole.get(t) == how)

            found = blame(change.hunk_ids, action.tests, fails, most=MOST_SETS)
    except ActionFailed:
        return p.BlameFound(action.id, ())
    return p.BlameFound(action.id, tuple(p.Blame(test, ids) for test, ids in found.items()))


def _kind(message: str) -> str:
    """What makes two failures the same: the first line, without what differs between runs."""
    return normal(message.strip().partition("\n")[0])


@contextlib.contextmanager
def _opened(
    site: Site, check: p.CheckSpec, tree: p.Tree, context: Context
) -> Iterator[PytestSeries]:
    with PytestTrial(site.runner, check.argv).opened(site.lab(tree), context) as series:
        yield series
