"""Running a failing test again, to tell flaky from broken: alone, in another order, under load."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from core.checks.trial import Series, TrialResult
from core.protocol import Rerun, Tree

ALONE = 6
"""Runs of tests by themselves, shared among them, before it is believed that they always fail.
Each has at least two, and takes part in the two runs of all of them."""
STEADY = 16
"""Runs of one test before it is believed that it always passes there."""
PATIENCE = 20.0
"""Seconds after which no further run is begun."""


def rerun(
    series: Series, tree: Tree, check: str, tests: Sequence[str], *, steady: bool = False
) -> tuple[Rerun, ...]:
    """What each test does when it runs again on the tree that `series` is opened on.

    A test that did otherwise than before is not run further: that it is flaky is known then.
    `steady`: it is asked whether the tests fail at all here, which takes more runs.
    """
    until = time.monotonic() + PATIENCE
    seen: dict[str, list[tuple[str, bool]]] = {test: [] for test in tests}
    alone = STEADY if steady else max(2, ALONE // max(1, len(tests)))
    for way, chosen, loaded in _runs(tests, alone):
        wanted = [t for t in chosen if all(outcome == steady for _, outcome in seen[t])]
        if not wanted or time.monotonic() > until:
            continue
        with busy() if loaded else contextlib.nullcontext():
            (result,) = series.run_many([{}], wanted, stop_first=False)
        for test in wanted:
            outcome = _outcome(result, test)
            if outcome is not None:
                seen[test].append((way, outcome))
    return tuple(
        Rerun(
            test,
            check,
            tree,
            passed=sum(outcome for _, outcome in runs),
            failed=sum(not outcome for _, outcome in runs),
            ways=tuple(way for way, outcome in runs if outcome != steady),
        )
        for test, runs in seen.items()
    )


def _runs(tests: Sequence[str], alone: int) -> Iterator[tuple[str, Sequence[str], bool]]:
    """How, which tests, and whether every core is at work meanwhile."""
    for test in tests:
        for _ in range(alone):
            yield "alone", [test], False
    if len(tests) > 1:
        yield "in another order", list(reversed(tests)), False
    yield "under load", tests, True


def _outcome(result: TrialResult, test: str) -> bool | None:
    """Whether the test passed; None where it did not run to an outcome of its own."""
    for record in result.tests:
        if record.id == test and record.outcome in ("passed", "failed", "error"):
            return record.outcome == "passed"
    return None


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Every core at work, which is when races show."""
    spin = [sys.executable, "-I", "-S", "-c", "while True: pass"]
    children = [
        subprocess.Popen(spin, stdin=subprocess.DEVNULL, start_new_session=True)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()
