"""Flaky tests and broken hunks on real repositories, with real runs."""

from __future__ import annotations

import pytest

from core import protocol as p
from core.edits.format import Replace
from core.feedback import compose
from tests.fakes.repos import git, make_repo
from tests.fakes.stage import GOAL, PYPROJECT, Stage, change, edit, shop, write_script


@pytest.fixture
def stage(tmp_path):
    made = []

    def start(*replies, repo=None, **more):
        repo = repo or shop(tmp_path / "shop")
        script = write_script(tmp_path / "script.jsonl", replies)
        more.setdefault("proposer", f"script:{script}")
        it = Stage(repo, tmp_path / "home", **more)
        made.append(it)
        return it

    yield start
    for it in made:
        it.close()


def counted_runs(it: Stage, test: str) -> tuple[int, int]:
    runs = [r for e in it.watcher.events(p.RanAgain) for r in e.reruns if r.test == test]
    return sum(r.passed for r in runs), sum(r.failed for r in runs)


ALTERNATING = """\
import os
import pathlib
import tempfile


def test_now_and_then():
    # Fails where it runs first, as what leaves something behind does.
    mark = pathlib.Path(tempfile.gettempdir()) / "ran-before"
    ran = mark.exists()
    mark.write_text("x")
    assert ran
"""


def test_a_base_that_fails_now_and_then_is_called_flaky_and_no_edit_is_asked_for(stage, tmp_path):
    """It fails in each sandbox's first run and passes in the later ones."""
    files = {"tests/test_f.py": ALTERNATING, "pyproject.toml": PYPROJECT}
    it = stage(repo=make_repo(tmp_path / "f", files), proposer="repair")
    it.goal("make the tests pass")
    ended = it.ended()
    assert ended.reached, ended.says
    assert "flaky" in ended.says
    passed, failed = counted_runs(it, "tests/test_f.py::test_now_and_then")
    assert passed >= 1
    assert failed >= 1
    assert f"failed {failed} of {passed + failed} runs" in ended.says
    assert git(it.repo, "rev-list", "--count", "HEAD") == "1"


EIGHT = "".join(
    f"def f{n}(x):\n    return x + {n}\n" + "\n\n" + "# .\n" * 8 + "\n\n" for n in range(8)
)
EIGHT_TESTS = (
    "import eight\n\n\ndef test_wanted():\n    assert eight.f0(0) == 100\n\n\n"
    "def test_five():\n    assert eight.f5(1) == 6\n\n\n"
    "def test_pair():\n    assert eight.f2(0) * eight.f3(0) != 42 * 43\n"
)


def bodies(changes: dict[int, str]):
    return tuple(
        Replace("eight.py", f"    return x + {n}\n", f"    return x + {new}\n")
        for n, new in changes.items()
    )


def test_of_eight_hunks_the_bad_one_and_the_bad_pair_are_named(stage, tmp_path):
    files = {"eight.py": EIGHT, "tests/test_e.py": EIGHT_TESTS, "pyproject.toml": PYPROJECT}
    news = {0: "100", 1: "1 + 0", 2: "42", 3: "43", 4: "4 + 0", 5: "50", 6: "6 + 0", 7: "7 + 0"}
    first = change("Everything at once.", *bodies(news))
    second = change("Again.", *bodies({0: "100"}), expect="hunk 6 of eight.py breaks")
    it = stage(first, second, repo=make_repo(tmp_path / "eight", files))
    it.goal("f0 gives a hundred")
    gate = it.at_gate("result")
    live = it.state.iteration
    ids = live.change.hunk_ids
    assert len(ids) == 8
    assert {b.test: b.hunks for b in live.blames} == {
        "tests/test_e.py::test_five": (ids[5],),
        "tests/test_e.py::test_pair": (ids[2], ids[3]),
    }
    assert "Hunk 6 of eight.py breaks tests/test_e.py::test_five" in gate.says
    assert "hunk 3 of eight.py and hunk 4 of eight.py together break" in gate.says
    it.answer("result", "next")
    assert not it.at_gate("result", after=1).red  # it was told: the script expects it


def test_what_always_fails_is_broken(stage):
    broken = edit(" + 0.01, 2", ", 0")
    it = stage(change("Wrong.", broken))
    it.goal(GOAL)
    it.at_gate("result")
    assert it.state.base_again == it.state.base.tree
    (run,) = it.state.base_reruns
    assert run.passed == 0
    assert run.failed > 5


def test_forty_import_errors_are_one_item_of_feedback(stage, tmp_path):
    body = "import eight\n\n\ndef test_{n}():\n    assert eight.f0({n}) == {n}\n"
    files = {f"tests/test_{n}.py": body.format(n=n) for n in range(40)}
    wanted = "from eight import f1\n\n\ndef test_wanted():\n    assert f1(0) == 7\n"
    files["tests/test_wanted.py"] = wanted
    files |= {"eight.py": EIGHT, "pyproject.toml": PYPROJECT}
    head = "def f0(x):\n"
    broken = change("Wrong.", Replace("eight.py", head, f"import nowhere\n\n\n{head}"))
    right = change("Right.", *bodies({1: "7"}), expect="and 35 more.")
    it = stage(broken, right, repo=make_repo(tmp_path / "forty", files))
    it.goal("f1 gives seven").answer("result", "next")
    assert not it.at_gate("result", after=1).red  # what it was told held what the script expects
    told = compose(it.state, "")
    assert told.count("No module named 'nowhere'") == 1
    assert told.count("In the same way: ") == 1
