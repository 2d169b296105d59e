"""Reviewing on real repositories: parts, lanes, added tests, other futures and undo, with kills."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from core import protocol as p
from core.edits.format import Replace, Write
from core.landings import standing
from core.lanes import apart
from core.propose.planning import render_plan
from core.propose.script import ScriptedReply
from tests.fakes.repos import git, make_repo, snapshot
from tests.fakes.stage import (
    GOAL,
    PYPROJECT,
    TESTS,
    Stage,
    bare_python,
    change,
    edit,
    shop,
    write_script,
)

FILL = "\n\n" + "".join(f"# {n}\n" for n in range(12)) + "\n\n"
BANK = (
    "RATE = 3\n" + FILL + "def fee(x):\n    return x\n" + FILL
    + "# helpers\n" + FILL + "# the end\n"
)  # fmt: skip
BANK_TEST = "from bank import fee\n\n\ndef test_fee():\n    assert fee(10) == 20\n"
FOUR_HUNKS = change(
    "The fee is scaled by the rate.",
    Replace("bank.py", "RATE = 3\n", "RATE = 2\n"),
    Replace("bank.py", "    return x\n", "    return scale(x)\n"),
    Replace("bank.py", "# helpers\n", "def scale(x):\n    return x * RATE\n"),
    Replace("bank.py", "# the end\n", "# The end.\n"),
)
RIGHT = edit(" + 0.01", "")


@pytest.fixture
def stage(tmp_path):
    made = []

    def start(*replies, repo=None, **more):
        repo = repo or shop(tmp_path / "shop")
        script = write_script(tmp_path / "script.jsonl", replies)
        it = Stage(repo, tmp_path / "home", proposer=f"script:{script}", forgetful=True, **more)
        made.append(it)
        return it

    yield start
    for it in made:
        it.close()


def bank(folder: Path) -> Path:
    files = {"bank.py": BANK, "tests/test_bank.py": BANK_TEST, "pyproject.toml": PYPROJECT}
    return make_repo(folder, files)


@pytest.mark.parametrize("taken", [(0, 1), (0, 1, 3)], ids=["2 of 4", "3 of 4"])
def test_a_part_that_lacks_a_hunk_names_the_test_and_the_hunk_and_lands_nothing(
    stage, tmp_path, taken
):
    it = stage(FOUR_HUNKS, repo=bank(tmp_path / "bank"))
    before = snapshot(it.repo)
    it.goal("the fee is scaled")
    gate = it.at_gate("result")
    assert not gate.red
    every = it.state.iteration.change.hunk_ids
    assert len(every) == 4
    it.answer("result", "approve", hunks=tuple(every[n] for n in taken))
    gate = it.at_gate("result", after=1)
    assert gate.red
    assert "fails tests/test_bank.py::test_fee: it needs hunk 3 of bank.py" in gate.says
    assert it.state.iteration.needs.hunks == (every[2],)
    assert snapshot(it.repo) == before
    assert not it.state.landings
    # With what it needs, and without the rest, it lands.
    it.submit(p.GoBack(1, it.state.live_step.id))
    it.at_gate("result", after=2)
    it.answer("result", "approve", hunks=every[:3])
    assert it.ended().reached
    assert (it.repo / "bank.py").read_text().endswith("# the end\n")
    assert "return scale(x)" in (it.repo / "bank.py").read_text()


def test_an_assertion_taken_out_to_get_green_stands_apart(stage):
    weaker = TESTS.replace("    assert total([1.25, 2.5]) == 3.75\n", "    total([1.25, 2.5])\n")
    it = stage(change("The test was too strict.", Write("tests/test_cart.py", weaker)))
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red  # green, and yet nothing that an option may land
    live = it.state.iteration.change
    (reason,) = apart(live).values()
    assert "test_total" in reason
    assert set(apart(live)) == set(live.hunk_ids)
    before = len(it.watcher.notices())
    it.decide("approve", by="option")
    it.watcher.wait(lambda: len(it.watcher.notices()) > before)
    assert "only a person may approve that" in it.watcher.notices()[-1]
    assert not it.state.landings


def test_an_added_test_that_is_green_on_the_base_is_no_evidence(stage):
    tests = TESTS + (
        "\n\ndef test_nothing():\n    assert count([]) == 0\n"
        "\n\ndef test_small():\n    assert total([0.5]) == 0.5\n"
    )
    it = stage(change("Right, with tests.", RIGHT, Write("tests/test_cart.py", tests)))
    it.goal(GOAL)
    gate = it.at_gate("result")
    red = it.state.iteration.red
    assert red.shown == ("tests/test_cart.py::test_small",)
    assert red.idle == ("tests/test_cart.py::test_nothing",)
    assert "No evidence: tests/test_cart.py::test_nothing passes without it too." in gate.says
    assert not apart(it.state.iteration.change)
    it.decide("approve")
    assert it.ended().reached
    body = git(it.repo, "log", "-1", "--format=%B")
    assert "test_nothing passes without it too: no evidence" in body


TRIES = [change(f"Try {n}.", edit("+ 0.01, 2", f"+ 0.0{n + 1}, 2")) for n in range(1, 6)]
OTHER = [change("Another way.", edit("+ 0.01, 2", "+ 0.9, 1")), change("Right.", RIGHT)]


def opened(folder: Path, python: str, resume: str = "") -> Stage:
    """With one Python for all of the processes: evidence is of one environment."""
    return Stage(
        folder / "shop",
        folder / "home",
        proposer=f"script:{folder / 'script.jsonl'}",
        interpreter=python,
        env={"PATH": f"{os.path.dirname(python)}{os.pathsep}{os.environ['PATH']}"},
        resume=resume,
    )


def five_tries(folder: Path, python: str) -> None:
    """Five tries, each redirected; then the process is killed."""
    it = opened(folder, python)
    it.goal(GOAL)
    for n in range(1, 5):
        it.at_gate("result", after=n - 1)
        it.answer("result", "redirect", note=f"note {n}")
    it.at_gate("result", after=4)
    os.kill(os.getpid(), signal.SIGKILL)


def other_future(folder: Path, python: str) -> None:
    """From try 2, with another decision than then; killed again at its result."""
    it = opened(folder, python, "latest")
    it.at_gate("result")
    gates = it.state.gates
    it.submit(p.GoBack(2, it.state.live_step.id))
    it.at_gate("result", after=gates)
    it.answer("result", "redirect", note="another note")
    it.at_gate("result", after=gates + 1)
    os.kill(os.getpid(), signal.SIGKILL)


def killed(story, folder: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=story, args=(folder, bare_python()))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL


def test_two_futures_of_one_try_survive_kills_and_no_check_runs_twice_on_a_tree(tmp_path):
    shop(tmp_path / "shop")
    write_script(tmp_path / "script.jsonl", [*TRIES, *OTHER])
    killed(five_tries, tmp_path)
    killed(other_future, tmp_path)
    it = opened(tmp_path, bare_python(), "latest")
    try:
        it.at_gate("result")
        rows = {row.n: row for row in it.session.reader.iterations()}
        assert sorted(rows) == list(range(1, 8))
        assert [rows[n].parent for n in range(1, 8)] == [0, 1, 2, 3, 4, 2, 6]
        assert rows[6].origin == p.Again(2)
        assert rows[6].change.tree == rows[2].change.tree
        assert rows[3].notes == ("note 2",)
        assert rows[7].notes == ("another note",)
        assert all(row.verdict is not None for row in rows.values())
        # The other future goes on to its end, the first one stays to be gone back to.
        gates = it.state.gates
        it.answer("result", "next")
        gate = it.at_gate("result", after=gates)
        assert not gate.red
        it.decide("approve", gate)
        assert it.ended().reached
        entries = list(it.session._journal.entries(it.state.session))
        ran = Counter(
            (e.event.result.tree, e.event.result.check)
            for e in entries
            if isinstance(e.event, p.CheckFinished) and not e.event.reused
        )
        assert ran
        assert set(ran.values()) == {1}
    finally:
        it.close()


LINES = [f"line {n}\n" for n in range(1, 41)]
PLAN = render_plan(p.Plan(tuple(p.Step(f"s{n}", f"change {n}") for n in range(1, 6))))


def five_landings(stage, tmp_path, *, at: tuple[int, ...]) -> Stage:
    """A session that landed five steps, each a change of one line of one file."""
    files = {"a.txt": "".join(LINES), "mine.txt": "1\n"}
    text, replies = dict(enumerate(LINES, 1)), [ScriptedReply("plan", PLAN)]
    for step, line in enumerate(at, 1):
        new = f"{text[line].rstrip()} by {step}\n"
        replies.append(change(f"Step {step}.", Replace("a.txt", text[line], new)))
        text[line] = new
    it = stage(
        *replies,
        repo=make_repo(tmp_path / "lines", files),
        options=p.Options(trust_for_run=True, checks=("true",)),
    )
    it.goal("five changes").answer("plan", "approve")
    for n in range(1, 6):
        gate = it.at_gate("result")
        it.decide("approve", gate)
        it.watcher.wait(lambda n=n: len(it.state.landings) == n)
    it.ended()
    return it


def test_the_third_of_five_landings_goes_and_the_others_stay(stage, tmp_path):
    it = five_landings(stage, tmp_path, at=(3, 10, 17, 24, 31))
    (it.repo / "mine.txt").write_text("2\n")
    git(it.repo, "commit", "-qam", "the person's own")
    (it.repo / "mine.txt").write_text("3, uncommitted\n")
    it.submit(p.AskUndo(it.state.landings[2].commit))
    gate = it.at_gate("undo")
    assert "changes a.txt" in gate.says
    assert not gate.undo.move_to
    it.answer("undo", "undo", name="commit")
    it.watcher.wait(lambda: it.watcher.events(p.TakenBack))
    text = (it.repo / "a.txt").read_text()
    assert [n for n in range(1, 6) if f"by {n}\n" in text] == [1, 2, 4, 5]
    assert text.count("\n") == len(LINES)
    assert git(it.repo, "status", "--porcelain") == " M mine.txt"
    assert (it.repo / "mine.txt").read_text() == "3, uncommitted\n"
    assert git(it.repo, "log", "-1", "--format=%s").startswith("Revert ")
    assert [x.iteration for x in standing(it.state)] == [1, 2, 4, 5]
    it.watcher.wait(lambda: it.state.survey is not None)
    it.submit(p.AskUndo(redo=True))
    it.answer("undo", "undo", name="commit")
    it.watcher.wait(lambda: len(it.watcher.events(p.TakenBack)) == 2)
    assert "by 3\n" in (it.repo / "a.txt").read_text()
    assert len(standing(it.state)) == 5


def test_later_landings_on_the_same_line_are_shown_and_nothing_is_written(stage, tmp_path):
    it = five_landings(stage, tmp_path, at=(3, 10, 17, 17, 31))
    before = snapshot(it.repo)
    it.submit(p.AskUndo(it.state.landings[2].commit))
    gate = it.at_gate("undo")
    assert gate.allows == ("keep",)
    assert gate.conflict.paths == ("a.txt",)
    shown = it.session.reader.file(gate.conflict.tree, "a.txt").decode()
    assert "by 3 by 4\n" in shown
    assert shown.count("<<<<<<<") == 1
    it.answer("undo", "keep")
    assert snapshot(it.repo) == before
    assert len(standing(it.state)) == 5
