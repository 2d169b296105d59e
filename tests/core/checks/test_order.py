"""What failed last time runs first, and stopping at a failure is no whole evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checks.how import How, ways
from core.checks.judge import judge
from core.checks.warm import Warm
from core.protocol import CheckResult, Need
from core.sandbox.probe import unsandboxed
from tests.fakes.sandbox import Bench, write

FILES = {
    "test_a.py": "def test_1(): pass\ndef test_2(): pass\n",
    "test_b.py": "class TestB:\n    def test_3(self): assert 0\n\ndef test_4(): pass\n",
    "sub/test_c.py": "def test_5(): assert 0\n",
}
FAILED = ("test_b.py::TestB::test_3", "test_a.py::test_2", "gone.py::test_9")


def order(bench: Bench, how: How, command: str = "pytest") -> str:
    result = bench.check(bench.runner(unsandboxed()), command, how=how)
    return "".join(t.id[-1] for t in bench.records(result).tests)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.runner(unsandboxed())
    write(bench.work, FILES)
    return bench


def test_failed_tests_come_first_and_the_rest_stays_in_order(bench: Bench) -> None:
    assert order(bench, How()) == "51234"
    assert order(bench, How(first=FAILED)) == "23514"


def test_a_warm_run_does_it_too(bench: Bench) -> None:
    runner, warm = bench.runner(unsandboxed()), Warm()
    how = How(warm=warm, first=FAILED)
    assert order(bench, how) == "23514"
    from core.checks.commands import from_command

    warm.park(runner, from_command("pytest"))
    assert warm.waiting
    assert order(bench, how) == "23514"
    assert not warm.waiting
    warm.close()


REVERSE = "def pytest_collection_modifyitems(items):\n    items.reverse()\n"
MARKS = "def pytest_collection_modifyitems(items):\n    [i.add_marker('x') for i in items]\n"


@pytest.mark.parametrize(
    ("files", "command", "expected"),
    [
        ({"conftest.py": REVERSE}, "pytest -p no:warnings", "43215"),
        ({"conftest.py": MARKS}, "pytest -p no:warnings", "23514"),
        ({}, "pytest --ff", "51234"),
        ({}, "pytest test_b.py", "34"),
    ],
)
def test_who_orders_the_tests_themselves_is_left_alone(
    bench: Bench, files: dict[str, str], command: str, expected: str
) -> None:
    write(bench.work, files)
    assert order(bench, How(first=FAILED), command) == expected


def test_a_plugin_that_orders_is_left_alone(bench: Bench) -> None:
    """As an installed one, with a distribution's name."""
    info = {"METADATA": "Name: pytest-randomly\n", "entry_points.txt": "[pytest11]\nr = orders\n"}
    write(bench.work, {f"pytest_randomly-1.dist-info/{k}": v for k, v in info.items()})
    write(bench.work, {"orders.py": ""})
    assert order(bench, How(first=FAILED), "python -m pytest") == "51234"


def evidence(bench: Bench, result: CheckResult) -> dict[str, tuple[CheckResult, object]]:
    return {"pytest": (result, bench.records(result))}


def test_stopping_at_the_first_failure_is_partial_and_never_green(bench: Bench) -> None:
    """Also where the base stopped at the same test: then nothing is known of the others."""
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, "pytest", how=How(stop=True))
    assert (result.verdict, result.partial, result.counts) == ("fail", True, {"failed": 1})
    assert "stopped at its first failure" in result.says
    found = evidence(bench, result)
    verdict = judge((), found, found)  # type: ignore[arg-type]
    assert (verdict.kind, verdict.new, verdict.lost) == ("same", (), ())
    assert "a part of the evidence" in verdict.says
    whole = evidence(bench, bench.check(runner, "pytest"))
    assert judge((), whole, whole).kind == "green"  # type: ignore[arg-type]
    assert judge((), whole, found).kind != "green"  # type: ignore[arg-type]
    need = Need("pytest", "sub/test_c.py::test_5", "fail")
    assert judge((need,), whole, found).kind != "green"  # type: ignore[arg-type]


def test_where_nothing_fails_it_is_whole(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, "pytest test_a.py", how=How(stop=True))
    assert (result.verdict, result.partial) == ("pass", False)


def test_a_commands_own_x_is_partial_too(bench: Bench) -> None:
    assert bench.check(bench.runner(unsandboxed()), "pytest --maxfail=1").partial


def test_evidence_of_one_way_is_not_given_out_as_that_of_another(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    warm = Warm()
    hows = (How(), How(stop=True), How(warm=warm), How(warm=warm, stop=True))
    words = [ways(how) for how in hows]
    assert words == [((),), (("-x",),), (("warm",), ()), (("-x", "warm"), ("-x",))]
    assert len({runner.environment(("pytest",), w) for ws in words for w in ws}) == 4
    stopped = bench.check(runner, "pytest", how=How(stop=True))
    assert stopped.environment == runner.environment(stopped.argv, ("-x",))
