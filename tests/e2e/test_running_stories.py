"""How checks run, told by whole sessions: warm, what failed first, stopped early, all output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import protocol as p
from tests.fakes.sandbox import processes
from tests.fakes.stage import GOAL, Stage, change, edit, shop, write_script

WRONG = change("Round to one digit.", edit("+ 0.01, 2", "+ 0.02, 1"))
RIGHT = change("Nothing is to be added.", edit(" + 0.01", ""))
MORE = {"tests/test_a.py": "def test_a(): pass\n", "tests/test_z.py": "def test_z(): pass\n"}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    made = []

    def start(**options: object) -> Stage:
        script = write_script(tmp_path / "script.jsonl", [WRONG, RIGHT])
        made.append(
            Stage(
                shop(tmp_path / "shop", MORE),
                tmp_path / "home",
                proposer=f"script:{script}",
                options=p.Options(with_plan=False, trust_for_run=True, **options),  # type: ignore[arg-type]
            )
        )
        made[0].goal(GOAL)
        made[0].at_gate("result")
        return made[0]

    yield start
    for it in made:
        it.close()


def results(it: Stage) -> list[p.CheckResult]:
    found = [e.event.result for e in it.watcher.entries if isinstance(e.event, p.CheckFinished)]
    return [r for r in found if r.check == "pytest"]


def order(it: Stage, result: p.CheckResult) -> list[str]:
    return [t.id.rpartition("_")[2] for t in it.session.reader.records(result).tests]


def test_the_second_run_on_is_warm_and_begins_with_what_failed(
    told: Callable[..., Stage], tmp_path: Path
) -> None:
    it = told()
    it.decide("next")
    it.at_gate("result", after=1)
    base, first, second = results(it)
    assert base.environment != first.environment == second.environment
    assert order(it, base) == ["a", "total", "count", "z"]
    assert order(it, first) == order(it, second) == ["total", "a", "count", "z"]
    assert second.verdict == "pass"
    lines = it.session.reader.lines(second)
    assert lines[lines.find("4 passed") or 0] == "\n".join(lines).rpartition("\n")[2]
    it.decide("approve")
    assert it.ended().reached
    it.close()
    assert processes(str(tmp_path / "home")) == []
    assert list(tmp_path.glob("home/**/runs/run-*")) == []


def test_cold_is_cold(told: Callable[..., Stage]) -> None:
    it = told(warm=False)
    base, first = results(it)
    assert base.environment == first.environment


def test_a_failure_that_stops_the_tests_is_never_green(told: Callable[..., Stage]) -> None:
    it = told(first_failure=True)
    base, first = results(it)
    assert (base.partial, first.partial, order(it, first)) == (True, True, ["total"])
    verdict = it.state.iteration.verdict  # type: ignore[union-attr]
    assert verdict is not None
    assert verdict.kind != "green"
    it.decide("next")
    it.at_gate("result", after=1)
    assert it.state.iteration.verdict.kind == "green"  # type: ignore[union-attr]
    assert not results(it)[-1].partial
