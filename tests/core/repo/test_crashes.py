"""`kill -9` before every write of a landing, and of its recovery: the old repository or the new.

Process death only: what git itself leaves when it is killed within one of its own steps is
git's own matter.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.protocol import Change, LandingIntent
from core.repo.landing import Landing, land, prepare
from core.repo.recovery import Recovered, recover
from tests.fakes.landings import Bench, killed, make_bench, put_back
from tests.fakes.repos import git, snapshot, write

FILES = {
    "cart.py": "x = 1\n" * 9, "old/gone.py": "y\n", "run.sh": "echo\n", "staged.py": "1\n",
    "dirty.py": "1\n",
}  # fmt: skip


@dataclass
class Story:
    bench: Bench
    change: Change
    intent: LandingIntent
    pristine: Path
    old: dict[str, Any]
    new: dict[str, Any]

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


@pytest.fixture
def story(tmp_path: Path) -> Story:
    bench = make_bench(tmp_path, FILES)
    repo = bench.repo
    write(repo, {"staged.py": "2\n"})
    git(repo, "add", "staged.py")
    write(repo, {"staged.py": "3\n", "dirty.py": "mine\n", "untracked": "u\n"})
    change = bench.change(
        {
            "cart.py": b"x = 2\n" * 9,
            "old/gone.py": None,
            "deep/er/new.py": b"n\r\n",
            "run.sh": b"echo\n",
        },
        {"run.sh": "100755"},
    )
    intent = prepare(bench.shop, bench.base, change, "round half-even")
    assert isinstance(intent, LandingIntent)
    pristine = tmp_path / "pristine"
    shutil.copytree(repo, pristine, symlinks=True)
    put_back(pristine, repo)
    old = state(repo)
    story = Story(bench, change, intent, pristine, old, {})
    assert isinstance(story.land(), Landing)
    story.new = state(repo)
    put_back(pristine, repo)
    return story


def check_whole(story: Story, told: str) -> None:
    repo = story.bench.repo
    assert state(repo) == (story.new if told == "new" else story.old)


def test_old_and_new_are_what_they_should_be(story: Story) -> None:
    assert story.old["status"] == " M dirty.py\nMM staged.py\n?? untracked"
    assert story.new["status"] == story.old["status"]
    assert story.new["refs"] != story.old["refs"]
    files = {Path(name).relative_to(story.bench.repo).as_posix() for name in story.new["files"]}
    assert "deep/er/new.py" in files
    assert not {"old", "old/gone.py"} & files
    assert not [name for name in files if "loopwright" in name or ".lock" in name]


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
        if at % 8 < 2:
            git(repo, "fsck", "--connectivity-only", "--no-dangling")
        put_back(story.pristine, repo)
        at += 2
    assert len(outcomes) > 20
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
