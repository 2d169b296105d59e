"""The whole loop on real repositories: real git, real pytest, a scripted proposer.

Told with amnesia: before each policy call the state is read back from the journal, and has to be
the very state that was in memory.
"""

from __future__ import annotations

import shutil
import venv

import pytest
from msgspec.structs import replace

from core import protocol as p
from tests.fakes.repos import git, make_repo, snapshot
from tests.fakes.sandbox import needs_sandbox
from tests.fakes.stage import CART, FAILING, GOAL, Stage, change, edit, shop, write_script

WRONG = change("Round to one digit.", edit("+ 0.01, 2", "+ 0.02, 1"))
RIGHT = change("Nothing is to be added.", edit(" + 0.01", ""))


@pytest.fixture
def stage(tmp_path):
    made = []

    def start(*replies, repo=None, **more):
        repo = repo or shop(tmp_path / "shop")
        script = write_script(tmp_path / "script.jsonl", replies)
        options = more.pop("options", p.Options(with_plan=False, trust_for_run=True))
        more.setdefault("proposer", f"script:{script}")
        it = Stage(
            repo, tmp_path / "home", options=options, forgetful=more.pop("forgetful", True), **more
        )
        made.append(it)
        return it

    yield start
    for it in made:
        it.close()


@pytest.mark.parametrize("forgetful", [False, True], ids=["", "forgetful"])
def test_wrong_then_right_is_checked_approved_and_committed(stage, forgetful):
    it = stage(WRONG, RIGHT, forgetful=forgetful)
    before = snapshot(it.repo)
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert gate.red
    assert it.state.iteration.verdict.left == (FAILING,)
    it.answer("result", "next")
    gate = it.at_gate("result", after=1)
    assert not gate.red
    assert it.state.iteration.verdict.fixed == (FAILING,)
    assert snapshot(it.repo) == before
    it.decide("approve")
    assert it.ended().reached
    assert git(it.repo, "log", "--format=%an", "-1") == "Ada Lovelace"
    message = git(it.repo, "log", "--format=%B", "-1")
    assert "Assisted-by: Loopwright" in message
    assert "pytest: 2 passed" in message
    assert git(it.repo, "status", "--porcelain") == ""
    assert "sum(prices), 2" in (it.repo / "cart.py").read_text()


def test_feedback_names_the_test_its_assertion_and_what_was_tried(stage):
    second = change("Right.", edit(" + 0.01", ""), expect="assert 3.8")
    it = stage(WRONG, second)
    it.goal(GOAL).answer("result", "redirect", note="sums are not adjusted")
    it.at_gate("result", after=1)
    assert it.state.iteration.notes == ("sums are not adjusted",)


def test_unrelated_work_of_the_person_stays_as_it_is(stage, tmp_path):
    repo = shop(tmp_path / "shop", {"other.py": "x = 1\n", "staged.py": "y = 1\n"})
    (repo / "other.py").write_text("x = 2  # mine\n")
    (repo / "staged.py").write_text("y = 2  # staged\n")
    git(repo, "add", "staged.py")
    (repo / "staged.py").write_text("y = 3  # and more\n")
    (repo / "untracked.txt").write_text("mine too\n")
    status = git(repo, "status", "--porcelain")
    it = stage(RIGHT, repo=repo)
    it.goal(GOAL).answer("result", "approve")
    assert it.ended().reached
    assert git(repo, "status", "--porcelain") == status
    assert git(repo, "diff", "--stat", "HEAD~", "HEAD", "--name-only") == "cart.py"
    assert (repo / "untracked.txt").read_text() == "mine too\n"


def test_failures_of_the_base_that_are_none_of_the_goals_business_block_nobody(stage, tmp_path):
    other = "def test_elsewhere():\n    assert 'moon' == 'cheese'\n"
    it = stage(RIGHT, repo=shop(tmp_path / "shop", {"tests/test_other.py": other}))
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red, gate.says
    assert it.state.iteration.verdict.before == ("tests/test_other.py::test_elsewhere",)


def test_moved_files_land_nothing_and_the_change_is_rebuilt(stage):
    it = stage(RIGHT)
    it.goal(GOAL).at_gate("result")
    cart = it.repo / "cart.py"
    cart.write_text(cart.read_text() + "\n\ndef mine():\n    return 1\n")
    it.watcher.wait(lambda: it.state.moved is not None)
    it.answer("result", "approve")
    assert "cart.py" in it.at_gate("moved").moved.paths
    git(it.repo, "commit", "-qam", "my own")
    it.answer("moved", "rebuild")
    gate = it.at_gate("result", after=2)
    assert not gate.red
    it.decide("approve", gate)
    assert it.ended().reached
    text = cart.read_text()
    assert "def mine" in text
    assert "0.01" not in text
    assert git(it.repo, "status", "--porcelain") == ""


def test_work_in_a_touched_file_is_merged_when_asked_for_and_stays_uncommitted(stage):
    it = stage(RIGHT)
    it.goal(GOAL).at_gate("result")
    cart = it.repo / "cart.py"
    cart.write_text(cart.read_text() + "\n\ndef mine():\n    return 1\n")
    it.answer("result", "approve")
    gate = it.at_gate("moved")
    assert gate.moved.mergeable == ("cart.py",)
    assert "merge" in gate.allows
    it.answer("moved", "merge")
    assert it.ended().reached
    assert cart.read_text() == CART.replace(" + 0.01", "") + "\n\ndef mine():\n    return 1\n"
    assert git(it.repo, "show", "HEAD:cart.py") + "\n" == CART.replace(" + 0.01", "")
    assert git(it.repo, "status", "--porcelain") == " M cart.py"


def test_where_both_changed_the_same_line_the_person_settles_it(stage):
    it = stage(RIGHT)
    it.goal(GOAL).at_gate("result")
    cart = it.repo / "cart.py"
    cart.write_text(CART.replace("0.01", "0.001"))
    git(it.repo, "commit", "-qam", "my own")
    it.answer("result", "approve").answer("moved", "rebuild")
    gate = it.at_gate("stuck")
    assert gate.conflict.paths == ("cart.py",)
    assert "cart.py" in gate.says
    assert git(it.repo, "status", "--porcelain") == ""
    settled = p.EditedFile("cart.py", CART.replace(" + 0.01", " + 0").encode())
    # The workshop is disposable: the merge is made again for whoever needs it.
    it.close()
    shutil.rmtree(it.session._site.folder / "workshop")
    it = stage(RIGHT, repo=it.repo, resume="latest")
    it.answer("stuck", "edit", files=(settled,))
    it.answer("result", "approve", confirmed=True)
    assert it.ended().reached
    assert " + 0, 2" in git(it.repo, "show", "HEAD:cart.py")
    assert git(it.repo, "log", "-2", "--format=%s").endswith("my own")


def test_included_uncommitted_work_is_checked_but_never_committed(stage, tmp_path):
    repo = shop(tmp_path / "shop", {"notes.txt": "one\n"})
    (repo / "notes.txt").write_text("two\n")
    (repo / "tests" / "test_mine.py").write_text("def test_mine():\n    assert True\n")
    status = git(repo, "status", "--porcelain")
    options = p.Options(with_plan=False, trust_for_run=True, include_dirty=True)
    it = stage(RIGHT, repo=repo, options=options)
    it.goal(GOAL)
    it.at_gate("result")
    assert it.state.base.dirty == ("notes.txt", "tests/test_mine.py")
    assert it.state.iteration.results[0].counts == {"passed": 3}
    it.decide("approve")
    assert it.ended().reached
    assert git(repo, "show", "--name-only", "--format=") == "cart.py"
    assert git(repo, "status", "--porcelain") == status
    assert "uncommitted content" in git(repo, "log", "-1", "--format=%B")


def test_a_session_survives_the_loss_of_its_workshop(stage, tmp_path):
    it = stage(RIGHT)
    it.goal(GOAL).at_gate("result")
    it.close()
    (workshop,) = (tmp_path / "home").glob("state/loopwright/repositories/*/workshop")
    shutil.rmtree(workshop)
    again = stage(RIGHT, repo=it.repo, resume="latest")
    again.answer("result", "approve")
    assert again.ended().reached
    assert git(it.repo, "status", "--porcelain") == ""


def test_a_check_that_is_cancelled_leaves_nothing_running(stage, tmp_path):
    slow = "import time\n\n\ndef test_slow():\n    time.sleep(600)\n"
    it = stage(RIGHT, repo=shop(tmp_path / "shop", {"tests/test_slow.py": slow}))
    it.goal(GOAL)
    it.watcher.wait(lambda: any(isinstance(a, p.RunCheck) for a in it.state.inflight))
    it.submit(p.Cancel())
    assert "cancelled" in it.at_gate("stuck").says


def test_own_core_and_tui_packages_under_pythonpath(stage, tmp_path, monkeypatch):
    files = {
        "core/__init__.py": "WHO = 'theirs'\n",
        "tui/__init__.py": "",
        "tests/test_names.py": (
            "import core, tui\n\n\ndef test_theirs():\n    assert core.WHO == 'theirs'\n"
        ),
    }
    repo = shop(tmp_path / "shop", files)
    monkeypatch.setenv("PYTHONPATH", ".")
    it = stage(RIGHT, repo=repo)
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red, gate.says
    assert it.state.iteration.results[0].counts == {"passed": 3}


def test_tests_that_call_git_work_inside(stage, tmp_path):
    calls = (
        "import subprocess\n\n\ndef test_git():\n"
        "    out = subprocess.run(['git', 'log', '--format=%s', '-1'], capture_output=True)\n"
        "    assert out.stdout == b'first\\n', out\n"
    )
    it = stage(RIGHT, repo=shop(tmp_path / "shop", {"tests/test_git.py": calls}))
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red, it.state.iteration.results


@needs_sandbox
@pytest.mark.parametrize("layout", ["src", "flat"])
def test_an_editable_install_of_itself_is_tested_from_the_workshop(tmp_path, layout):
    folder = "src/" if layout == "src" else ""
    files = {
        "pyproject.toml": (
            "[project]\nname = 'shop'\nversion = '1'\n[tool.pytest.ini_options]\n"
            "testpaths = ['tests']\n"
        ),
        f"{folder}shop/__init__.py": "",
        f"{folder}shop/cart.py": CART,
        "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n"
        "    assert total([1.25, 2.5]) == 3.75\n",
        ".gitignore": ".venv/\n__pycache__/\n",
    }
    repo = make_repo(tmp_path / "repo", files)
    venv.create(repo / ".venv", with_pip=False, symlinks=True)
    site = next((repo / ".venv" / "lib").glob("python*/site-packages"))
    (site / "shop.pth").write_text(f"{repo / folder}\n".replace("//", "/"))
    fix = replace(edit(" + 0.01", ""), path=f"{folder}shop/cart.py")
    script = write_script(tmp_path / "s.jsonl", [change("x", fix)])
    it = Stage(repo, tmp_path / "home", proposer=f"script:{script}", interpreter="")
    try:
        it.goal("total is wrong")
        gate = it.at_gate("result")
        assert not gate.red, (gate.says, it.state.iteration.results)
    finally:
        it.close()
