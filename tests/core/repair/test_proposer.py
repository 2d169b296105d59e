from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.context import PlainContext
from core.demo.make import make
from core.edits.apply import apply
from core.edits.parse import parse
from core.errors import ActionCancelled, ActionFailed
from core.propose.base import Brief
from core.propose.planning import parse_plan
from core.propose.repair.proposer import RepairProposer
from core.propose.repair.search import Budget
from core.protocol import Need, Progress
from tests.core.repair.lab import CountingTrial, brief, real_trial, write

MEAN = "def mean(numbers):\n    return sum(numbers) / (len(numbers) + 1)\n"
CLAMP = "def clamp(x, low, high):\n    return max(low, min(x, low))\n"
TEST_MEAN = """
from stats.mean import mean

def test_mean():
    assert mean([1, 2, 3]) == 2

def test_mean_of_one():
    assert mean([5]) == 5

def test_mean_of_zeroes():
    assert mean([0, 0]) == 0
"""
TEST_CLAMP = """
from stats.clamp import clamp

def test_above():
    assert clamp(9, 0, 5) == 5

def test_below():
    assert clamp(-1, 0, 5) == 0

def test_inside():
    assert clamp(3, 0, 5) == 3
"""
INI = "[pytest]\npythonpath = .\n"


def stats(folder: Path) -> Path:
    return write(
        folder,
        {
            "pytest.ini": INI,
            "stats/__init__.py": "",
            "stats/mean.py": MEAN,
            "stats/clamp.py": CLAMP,
            "tests/test_mean.py": TEST_MEAN,
            "tests/test_clamp.py": TEST_CLAMP,
        },
    )


def proposer(folder: Path, budget: Budget | None = None) -> RepairProposer:
    def in_scope(path: str, scope: Sequence[str]) -> bool:
        return any(path.startswith(part) for part in scope)

    return RepairProposer(
        lambda _: folder,
        real_trial(folder),
        in_scope,
        budget=budget or Budget(trials=12, seconds=40, further=0),
    )


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def repaired(
    folder: Path, asked: Brief, search: RepairProposer | None = None
) -> tuple[str, dict[str, bytes | None]]:
    """The reasons and the changed files; the lab must be as it was."""
    before = content(folder)
    reply = (search or proposer(folder)).propose(asked, PlainContext(), "a")
    assert content(folder) == before
    parsed = parse(reply.text)
    return parsed.reasons, apply(parsed.edits, lambda path: (folder / path).read_bytes())


def failing_after(folder: Path, changed: dict[str, bytes | None]) -> tuple[str, ...]:
    for path, data in changed.items():
        assert data is not None
        (folder / path).write_bytes(data)
    result = real_trial(folder).run(folder)
    assert result.tests
    return result.failing


def test_the_demo_is_repaired_with_reasons(tmp_path: Path) -> None:
    folder = make(tmp_path / "demo")
    reasons, changed = repaired(folder, brief())

    assert failing_after(folder, changed) == ()
    assert list(changed) == [path for path in changed if path.startswith("src/")]
    for words in ("suspicious", "candidates were tried", "no proof", "template"):
        assert words in reasons or "do not settle it" in reasons


def test_two_faults_are_two_steps_and_one_change_for_both(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    trial = CountingTrial(real_trial(folder))
    # What needs two edits is sought on for one that does both: the trials bound that.
    budget = Budget(trials=30, seconds=60, further=0)
    search = RepairProposer(lambda _: folder, trial, lambda *_: True, budget=budget)
    plan = parse_plan(search.plan(brief(), PlainContext(), "p").text, ["pytest"])

    asked = [sorted(need.test for need in step.needs) for step in plan.steps]
    assert asked == [
        ["tests/test_clamp.py::test_above", "tests/test_clamp.py::test_inside"],
        ["tests/test_mean.py::test_mean", "tests/test_mean.py::test_mean_of_one"],
    ]
    _, changed = repaired(folder, brief(), search)
    assert trial.suites == 1, "the plan's run with coverage serves the change too"
    assert sorted(changed) == ["stats/clamp.py", "stats/mean.py"]
    assert failing_after(folder, changed) == ()


def test_a_step_mends_its_own_tests_and_leaves_other_failures(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    _, changed = repaired(folder, brief(["tests/test_mean.py"]))

    assert list(changed) == ["stats/mean.py"]
    left = failing_after(folder, changed)
    assert left == ("tests/test_clamp.py::test_above", "tests/test_clamp.py::test_inside")


def test_a_goal_that_names_a_test_is_about_that_test(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    asked = brief(goal="please make test_mean_of_one pass")
    plan = parse_plan(proposer(folder).plan(asked, PlainContext(), "p").text, ["pytest"])
    needs = [need.test for step in plan.steps for need in step.needs]
    assert needs == ["tests/test_mean.py::test_mean_of_one"]


def test_bytes_of_other_lines_stay(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    styled = codecs.BOM_UTF8 + f"# grüße  \r\n{MEAN}".replace("\n", "\r\n").encode().rstrip()
    styled = styled.replace(b"\r\r", b"\r")
    (folder / "stats/mean.py").write_bytes(styled)
    _, changed = repaired(folder, brief(["tests/test_mean.py"]))

    data = changed["stats/mean.py"]
    assert data is not None
    assert data.startswith(codecs.BOM_UTF8 + "# grüße  \r\n".encode())
    assert data.count(b"\r\n") == data.count(b"\n") == styled.count(b"\n")
    assert not data.endswith(b"\n")


def test_candidates_that_pass_as_well_are_named_and_come_next(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "weak",
        {
            "pytest.ini": INI,
            "area.py": "def area(a, b):\n    return a - b\n",
            "test_area.py": "from area import area\ndef test(): assert area(2, 2) == 4\n",
        },
    )
    search = proposer(folder, Budget(trials=10, seconds=40, further=0))
    first = search.propose(brief(), PlainContext(), "a")
    assert "do not settle it" in first.text
    again = search.propose(brief(), PlainContext(), "a")
    assert again.text == first.text

    asked = brief()
    tried = Brief(asked.goal, asked.base, asked.tree, checks=asked.checks, previous=("try 1",))
    second = search.propose(tried, PlainContext(), "b")
    assert parse(second.text).edits != parse(first.text).edits


def test_out_of_scope_is_not_touched(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    with pytest.raises(ActionFailed) as failed:
        proposer(folder).propose(
            brief(["tests/test_mean.py"], scope=["docs/"]), PlainContext(), "a"
        )
    assert failed.value.problem.kind == "not found"
    assert "may be changed" in failed.value.problem.says


def test_tests_are_never_edited_and_a_hopeless_search_says_what_it_did(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "odd",
        {
            "pytest.ini": INI,
            "same.py": "def same(x):\n    return x\n",
            "test_same.py": "from same import same\n"
            "def test_wrong():\n    assert same(1) == 'no such thing'\n"
            "def test_right():\n    assert same(1) == 1\n",
        },
    )
    before = content(folder)
    with pytest.raises(ActionFailed) as failed:
        proposer(folder).propose(brief(), PlainContext(), "a")

    problem = failed.value.problem
    assert problem.kind == "not found"
    for words in ("test_wrong", "candidates", "tried", "same.py:2", "Nothing was changed"):
        assert words in problem.says
    assert failed.value.usage.seconds > 0
    assert content(folder) == before


def test_nothing_to_mend_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "fine", {"test_fine.py": "def test_fine(): pass\n"})
    for asked in (brief(), brief(["test_fine.py::test_fine"])):
        with pytest.raises(ActionFailed, match="No test fails"):
            proposer(folder).propose(asked, PlainContext(), "a")


def test_a_step_that_wants_a_failing_test_is_not_for_the_search(tmp_path: Path) -> None:
    asked = brief()
    asked = Brief(asked.goal, asked.base, asked.tree, needs=(Need("pytest", "t", "fail"),))
    with pytest.raises(ActionFailed, match="writes no tests"):
        proposer(tmp_path).propose(asked, PlainContext(), "a")


def test_a_candidate_that_never_ends_does_not_end_the_search(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "loop",
        {
            "pytest.ini": INI,
            "count.py": "def count(n):\n    found = 0\n    while n > 1:\n"
            "        n -= 1\n        found += 1\n    return found\n",
            "test_count.py": "from count import count\ndef test(): assert count(4) == 4\n"
            "def test_none(): assert count(0) == 0\n",
        },
    )
    _, changed = repaired(folder, brief(), proposer(folder, Budget(trials=6, further=0)))
    assert failing_after(folder, changed) == ()


def test_cancelling_ends_the_search_and_leaves_the_lab_as_it_was(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    before = content(folder)
    context = PlainContext()
    inner = CountingTrial(real_trial(folder))

    class Stopping(PlainContext):
        def show(self, delta: object) -> None:
            if isinstance(delta, Progress) and delta.done == 3:
                self.cancel()

    context = Stopping()
    search = RepairProposer(lambda _: folder, inner, lambda *_: True)
    with pytest.raises(ActionCancelled):
        search.propose(brief(), context, "a")
    assert content(folder) == before


def test_budgets_are_kept(tmp_path: Path) -> None:
    folder = stats(tmp_path / "stats")
    trial = CountingTrial(real_trial(folder))
    search = RepairProposer(
        lambda _: folder, trial, lambda *_: True, budget=Budget(trials=1, seconds=60)
    )
    with pytest.raises(ActionFailed, match=r"trials allowed \(1\)"):
        search.propose(brief(["tests/test_clamp.py"]), PlainContext(), "a")
    assert len([overlay for overlay in trial.overlays if overlay]) == 1
