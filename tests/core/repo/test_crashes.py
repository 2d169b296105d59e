"""`kill -9` before every write of a landing, and of its recovery: the old repository or the new.

Of every kind: a change, an undo as a commit, the branch moved back and forward, a change that
is merged with uncommitted work.

Process death only: what git itself leaves when it is killed within one of its own steps is
git's own matter.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.protocol import Change, LandingIntent, Moved, UndoPlan
from core.repo.landing import Landing, land, prepare, prepare_move
from core.repo.recovery import Recovered, recover
from core.repo.undo import message, plan_undo
from tests.fakes.landings import Bench, killed, make_bench, put_back
from tests.fakes.repos import git, snapshot, write

EVERY = 1 if os.environ.get("LOOPWRIGHT_EVERY_POINT") else 6
"""Of the other kinds than a plain change, each how manyth write."""

FILES = {
    "cart.py": "x = 1\n" * 9, "old/gone.py": "y\n", "run.sh": "echo\n", "staged.py": "1\n",
    "dirty.py": "1\n", "merged.py": "y\n" * 9,
}  # fmt: skip


@dataclass
class Story:
    bench: Bench
    change: Change
    intent: LandingIntent
    pristine: Path
    old: dict[str, Any]
    new: dict[str, Any]
    every: int = 1

    def land(self) -> object:
        return land(self.bench.shop, self.intent, self.bench.base, self.change)

    def recover(self) -> Recovered:
        return recover(self.bench.shop.facts, self.intent)


def state(repo: Path) -> dict[str, Any]:
    """All that a person can tell: files, index entries, status, refs, and any leftovers."""
    inside = {
        name: print_ for name, print_ in snapshot(repo).items()
        if not name.endswith((".git/index", "/logs/HEAD", "/logs/refs/heads/main"))
    }  # fmt: skip
    return {
        "files": inside,
        "index": git(repo, "ls-files", "-s"),
        "status": git(repo, "status", "--porcelain"),
        "refs": git(repo, "for-each-ref"),
    }


CHANGE: dict[str, bytes | None] = {
    "cart.py": b"x = 2\n" * 9, "old/gone.py": None, "deep/er/new.py": b"n\r\n",
    "run.sh": b"echo\n",
}  # fmt: skip
MODES = {"run.sh": "100755"}
MERGED = b"# mine\n" + b"y\n" * 9 + b"end\n"


def of_a_change(bench: Bench) -> tuple[Change, LandingIntent | Moved]:
    change = bench.change(CHANGE, MODES)
    return change, prepare(bench.shop, bench.base, change, "round half-even")


def merged_with_work(bench: Bench) -> tuple[Change, LandingIntent | Moved]:
    write(bench.repo, {"merged.py": b"# mine\n" + b"y\n" * 9})
    change = bench.change({**CHANGE, "merged.py": b"y\n" * 9 + b"end\n"}, MODES)
    return change, prepare(bench.shop, bench.base, change, "round half-even", merge=True)


def undone(bench: Bench, *, redo: bool = False) -> UndoPlan:
    bench.base = bench.shop.base()
    last = git(bench.repo, "rev-parse", "HEAD@{1}" if redo else "HEAD")
    return plan_undo(bench.shop, bench.base, last, redo=redo, describe=bench.as_change)


def of_an_undo(bench: Bench) -> tuple[Change, LandingIntent | Moved]:
    lands(bench, *of_a_change(bench))
    plan = undone(bench)
    assert plan.change is not None
    return plan.change, prepare(bench.shop, bench.base, plan.change, message(bench.shop, plan))


def back(bench: Bench) -> tuple[Change, LandingIntent | Moved]:
    lands(bench, *of_a_change(bench))
    plan = undone(bench)
    assert plan.change is not None
    return plan.change, prepare_move(bench.shop, bench.base, plan.change, plan.move_to)


def forward(bench: Bench) -> tuple[Change, LandingIntent | Moved]:
    lands(bench, *back(bench))
    plan = undone(bench, redo=True)
    # As after a gc: the commit is to come out of the workshop again.
    git(bench.repo, "reflog", "expire", "--expire=all", "--all")
    git(bench.repo, "gc", "-q", "--prune=now")
    assert plan.change is not None
    return plan.change, prepare_move(bench.shop, bench.base, plan.change, plan.move_to)


def lands(bench: Bench, change: Change, intent: LandingIntent | Moved) -> None:
    assert isinstance(intent, LandingIntent), intent
    assert isinstance(land(bench.shop, intent, bench.base, change), Landing)


@pytest.fixture(params=[of_a_change, of_an_undo, back, forward, merged_with_work])
def story(tmp_path: Path, request: pytest.FixtureRequest) -> Story:
    bench = make_bench(tmp_path, FILES)
    repo = bench.repo
    write(repo, {"staged.py": "2\n"})
    git(repo, "add", "staged.py")
    write(repo, {"staged.py": "3\n", "dirty.py": "mine\n", "untracked": "u\n"})
    change, intent = request.param(bench)
    assert isinstance(intent, LandingIntent), intent
    assert intent.backward == (request.param is back)
    pristine = tmp_path / "pristine"
    shutil.copytree(repo, pristine, symlinks=True)
    put_back(pristine, repo)
    old = state(repo)
    every = 1 if request.param is of_a_change else EVERY
    story = Story(bench, change, intent, pristine, old, {}, every)
    assert isinstance(story.land(), Landing)
    story.new = state(repo)
    put_back(pristine, repo)
    return story


def check_whole(story: Story, told: str) -> None:
    repo = story.bench.repo
    assert state(repo) == (story.new if told == "new" else story.old)


def test_old_and_new_are_what_they_should_be(story: Story) -> None:
    merged = {f.path for f in story.intent.files if f.merged}
    dirty = " M dirty.py\n" + (" M merged.py\n" if merged else "")
    assert story.old["status"] == f"{dirty}MM staged.py\n?? untracked"
    assert story.new["status"] == story.old["status"]
    assert story.new["refs"] != story.old["refs"]
    names = [
        {Path(name).relative_to(story.bench.repo).as_posix() for name in side["files"]}
        for side in (story.old, story.new)
    ]
    adds = any(f.path == "deep/er/new.py" and f.new_blob for f in story.intent.files)
    for files, there in zip(names, (not adds, adds), strict=True):
        assert ("deep/er/new.py" in files) == there
        assert ({"old", "old/gone.py"} & files == set()) == there
        assert not [name for name in files if "loopwright" in name or ".lock" in name]
    if merged:
        file = str(story.bench.repo / "merged.py")
        assert story.new["files"][file][1] == hashlib.sha256(MERGED).hexdigest()


@pytest.mark.parametrize("half", [0, 1])
def test_killed_before_every_write_of_a_landing(story: Story, half: int) -> None:
    repo, outcomes, at = story.bench.repo, [], half
    while killed(story.land, at, repo):
        told = story.recover()
        check_whole(story, told.outcome)
        outcomes.append(told.outcome)
        once = snapshot(repo, objects=True)
        assert story.recover() == told
        assert snapshot(repo, objects=True) == once
        if len(outcomes) % 4 == 0:
            git(repo, "fsck", "--connectivity-only", "--no-dangling")
        put_back(story.pristine, repo)
        at += 2 * story.every
    assert len(outcomes) > 20 / story.every
    # Once it has landed it stays landed.
    assert outcomes == sorted(outcomes, reverse=True)
    assert set(outcomes) == {"old", "new"}


def test_killed_before_every_write_of_a_recovery(story: Story) -> None:
    repo = story.bench.repo
    at, states = 24, 0
    while killed(story.land, at, repo):
        crashed = repo.with_name("crashed")
        shutil.copytree(repo, crashed, symlinks=True)
        again = 0
        while killed(story.recover, again, repo):
            check_whole(story, story.recover().outcome)
            put_back(crashed, repo)
            again += 2
        shutil.rmtree(crashed)
        put_back(story.pristine, repo)
        at += 14
        states += 1
    assert states > 2
