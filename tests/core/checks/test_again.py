"""What running a test again finds out, with dice that are thrown the same each time."""

from __future__ import annotations

import random

import pytest

from core.checks.again import ALONE, rerun
from core.checks.trial import TrialResult
from core.protocol import Rerun, TestRecord


class Dice:
    """A series of runs in which each test fails as often as it is said to."""

    def __init__(self, seed: int, **fails: float) -> None:
        self.random, self.fails, self.runs = random.Random(seed), fails, []

    def run_many(self, overlays, tests=(), *, stop_first=True, timeout=20.0, until=None):
        assert list(overlays) == [{}]
        self.runs.append(tuple(tests))
        records = tuple(
            TestRecord(t, "failed" if self.random.random() < self.fails[t] else "passed")
            for t in tests
        )
        return (TrialResult(records),)


def mixed(found: tuple[Rerun, ...]) -> list[str]:
    """Which are flaky, the run that failed at first counted in."""
    return [r.test for r in found if r.passed]


def test_a_test_that_fails_three_times_in_ten_is_called_flaky():
    found = [mixed(rerun(Dice(seed, t=0.3), "tree", "pytest", ["t"])) for seed in range(300)]
    assert found.count(["t"]) == 300


def test_beside_others_it_still_is():
    tests = ["a", "t", "b"]
    told = [
        mixed(rerun(Dice(seed, a=1.0, t=0.3, b=1.0), "tree", "pytest", tests))
        for seed in range(300)
    ]
    assert told.count(["t"]) >= 295
    assert all(set(names) <= {"t"} for names in told)


def test_what_always_fails_costs_a_bounded_number_of_runs():
    dice = Dice(1, **{f"t{n}": 1.0 for n in range(5)})
    (first, *_) = rerun(dice, "tree", "pytest", list(dice.fails))
    assert (first.passed, first.failed, first.ways) == (0, 4, ())
    assert len(dice.runs) == 5 * max(2, ALONE // 5) + 2
    assert dice.runs[-2] == ("t4", "t3", "t2", "t1", "t0")


def test_nothing_more_is_run_once_it_did_otherwise():
    dice = Dice(1, t=0.0)
    (found,) = rerun(dice, "tree", "pytest", ["t"])
    assert (found.passed, found.failed, found.ways) == (1, 0, ("alone",))
    assert len(dice.runs) == 1


@pytest.mark.parametrize(("often", "calls"), [(0.0, []), (0.3, ["t"])])
def test_the_base_is_looked_at_for_longer(often, calls):
    for seed in range(50):
        found = rerun(Dice(seed, t=often), "base", "pytest", ["t"], steady=True)
        # Its first run passed there: one that fails now does both.
        assert [r.test for r in found if r.failed] == calls
