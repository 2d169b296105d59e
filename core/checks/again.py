"""Running a failing test again, to tell flaky from broken: alone, in another order, under load."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from core.checks.trial import Series, TrialResult
from core.protocol import Rerun, Tree

ALONE = 5
"""Runs of a test by itself before it is believed that it always fails there, …"""
STEADY = 16
"""… and before it is believed that it always passes there."""
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
    found = []
    for test in tests:
        passed, failed, ways = 0, 0, []
        for way, result in _runs(series, test, tests, STEADY if steady else ALONE):
            outcome = _outcome(result, test)
            if outcome is None:
                continue
            passed, failed = passed + outcome, failed + (not outcome)
            if outcome != steady:
                ways.append(way)
                break
            if time.monotonic() > until:
                break
        found.append(Rerun(test, check, tree, passed, failed, tuple(ways)))
    return tuple(found)


def _runs(
    series: Series, test: str, tests: Sequence[str], alone: int
) -> Iterator[tuple[str, TrialResult]]:
    for _ in range(alone):
        yield "alone", series.run_many([{}], [test], stop_first=False)[0]
    others = list(reversed(tests))
    if len(others) > 1:
        yield "in another order", series.run_many([{}], others, stop_first=False)[0]
    with busy():
        yield "under load", series.run_many([{}], [test], stop_first=False)[0]


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


def flaky(reruns: Iterable[Rerun], base: Tree) -> tuple[str, ...]:
    """Tests that both pass and fail on the base's very tree: no change is to blame for that."""
    mixed = [r for r in reruns if r.tree == base and r.passed and r.failed]
    return tuple(dict.fromkeys(r.test for r in mixed))
