"""A real session takes landings back, is killed while it does, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import protocol as p
from core.landings import standing
from tests.fakes import crash_undo
from tests.fakes.crash_undo import content, land_five, opened, take_back
from tests.fakes.repos import git

EVERY = 1 if os.environ.get("LOOPWRIGHT_EVERY_POINT") else 13
ALL = [f"step {n}" for n in range(1, 6)]
ENDS = {
    "commit": (content(1, 2, 4, 5), [1, 2, 4, 5], ['Revert "step 3"', *reversed(ALL)]),
    "move": (content(1, 2, 3, 4), [1, 2, 3, 4], [*reversed(ALL[:-1])]),
    "redo": (content(1, 2, 3, 4, 5), [1, 2, 3, 4, 5], [*reversed(ALL)]),
}


@pytest.mark.timeout(280)
@pytest.mark.parametrize("how", ENDS if EVERY == 1 else ["commit"])
def test_killed_at_any_write_of_an_undo_it_is_done_or_not_and_then_done(tmp_path, how):
    root = Path(crash_undo.__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}

    def run(name: str, what: str) -> str:
        command = [sys.executable, "-m", "tests.fakes.crash_undo", str(tmp_path / name), how, what]
        done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    points = json.loads(run("count", "count"))
    assert {"git update-ref", "journal LandingPrepared", "journal TakenBack"} <= set(points)
    last = len(points) + 1
    reports = [json.loads(line) for line in run("kill", f"1:{last}:{EVERY}").splitlines()]
    assert len(reports) == len(range(1, last, EVERY))
    file, stands, subjects = ENDS[how]
    before = content(1, 2, 3, 4) if how == "redo" else content(1, 2, 3, 4, 5)
    for report in reports:
        at = points[report["at"] - 1], report
        # The last points may not be reached again: threads differ by a write or two.
        assert report["killed"] or report["at"] > last - 5, at
        assert report.get("found") in (before, file), at
        assert report["same"], at
        assert report["content"] == file, at
        assert report["stands"] == stands, at
        assert report["commits"] == subjects, at
        assert report["status"] == " M mine.txt", at
        assert report["mine"] == "2, uncommitted\n", at
        assert report["left"] == [], at
        assert report["refs"] == "refs/heads/main", at


def test_landings_go_and_come_in_any_order(tmp_path):
    it = land_five(tmp_path)
    repo = it.repo
    try:
        commits = [x.commit for x in standing(it.state)]
        take_back(it, commits[2], "commit")
        assert (repo / "a.txt").read_text() == content(1, 2, 4, 5)
        assert git(repo, "show", "--format=%b", "-s").startswith(
            f"This takes back commit {commits[2]}."
        )
        take_back(it, commits[0], "commit")
        assert (repo / "a.txt").read_text() == content(2, 4, 5)
        # The newest undo may be moved away, since nobody else has it.
        undone = it.state.landings[-1].commit
        it.submit(p.AskUndo(undone))
        gate = it.at_gate("undo")
        assert gate.undo.move_to == f"{git(repo, 'rev-parse', 'HEAD^')}"
        it.decide("undo", name="move")
        it.watcher.wait(lambda: it.state.undo is None)
        assert [x.iteration for x in standing(it.state)] == [1, 2, 4, 5]
    finally:
        it.close()
    it = opened(tmp_path, "latest")
    try:
        it.submit(p.AskUndo(redo=True))
        it.at_gate("undo")
        it.decide("undo", name="commit")
        it.watcher.wait(lambda: it.state.undo is None)
        assert (repo / "a.txt").read_text() == content(1, 2, 3, 4, 5)
        assert git(repo, "log", "-1", "--format=%s") == 'Reapply "step 3"'
        assert git(repo, "status", "--porcelain") == " M mine.txt"
        assert [x.iteration for x in standing(it.state)] == [1, 2, 3, 4, 5]
    finally:
        it.close()


def test_what_is_in_the_way_of_an_undo_is_named_and_nothing_is_written(tmp_path):
    it = land_five(tmp_path)
    repo = it.repo
    try:
        third = standing(it.state)[2].commit
        head = git(repo, "rev-parse", "HEAD")
        work = content(1, 2, 3, 4, 5) + "mine\n"
        (repo / "a.txt").write_text(work)
        it.submit(p.AskUndo(third))
        it.at_gate("undo")
        it.decide("undo", name="commit")
        it.watcher.wait(lambda: it.state.gate and it.state.gate.allows == ("keep",))
        assert "a.txt" in it.state.gate.says
        assert (repo / "a.txt").read_text() == work
        it.answer("undo", "keep")
        (repo / "a.txt").write_text(content(1, 2, 3, 4, 5).replace("3.5 done", "3.5 again"))
        git(repo, "commit", "-qm", "theirs", "a.txt")
        it.submit(p.AskUndo(third))
        gate = it.at_gate("undo")
        assert gate.allows == ("keep",)
        assert gate.conflict.paths == ("a.txt",)
        assert "a.txt" in gate.says
        it.answer("undo", "keep")
        assert git(repo, "rev-parse", "HEAD^") == head
        assert git(repo, "status", "--porcelain") == " M mine.txt"
    finally:
        it.close()
