"""Uncommitted work in files that a change touches: merged when asked for, or named and left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import ActionFailed
from core.protocol import Change, LandingIntent, Moved
from core.repo import disk, stage
from core.repo.facts import inspect
from core.repo.landing import Landing, land, prepare
from core.repo.moved import moved
from core.repo.recovery import recover
from tests.fakes.landings import Bench, make_bench, open_bench
from tests.fakes.repos import git, make_repo, snapshot, write

LINES = b"".join(b"%d\n" % n for n in range(20))
WORK = b"mine\n" + LINES
NEW = LINES + b"new\n"
BOTH = b"mine\n" + LINES + b"new\n"
FILES: dict[str, str | bytes] = {"a.py": LINES, "b.py": LINES, "bin": b"\0" + LINES}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path, FILES)


def asked(bench: Bench, change: Change) -> LandingIntent:
    """The person is told what would merge, and says yes."""
    away = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(away, Moved)
    assert away.mergeable == away.paths
    intent = prepare(bench.shop, bench.base, change, "m", merge=True)
    assert isinstance(intent, LandingIntent)
    return intent


def left(bench: Bench, change: Change) -> Moved:
    """Asked for or not, nothing is written, and what moved is named."""
    before = snapshot(bench.repo, objects=True)
    away = prepare(bench.shop, bench.base, change, "m")
    assert prepare(bench.shop, bench.base, change, "m", merge=True) == away
    assert isinstance(away, Moved)
    assert snapshot(bench.repo, objects=True) == before
    return away


def test_the_commit_holds_the_change_alone_and_the_file_both(bench: Bench) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"a.py": WORK})
    (bench.repo / "a.py").chmod(0o640)
    intent = asked(bench, change)
    assert [(f.path, f.merged) for f in intent.files] == [("a.py", True), ("b.py", False)]
    assert intent.files[0].old_hash == disk.digest_of(WORK)
    assert intent.files[0].new_hash == disk.digest_of(BOTH)
    done = land(bench.shop, intent, bench.base, change)
    assert isinstance(done, Landing)
    assert done.says == ""
    repo = bench.repo
    assert (repo / "a.py").read_bytes() == BOTH
    assert (repo / "a.py").stat().st_mode & 0o777 == 0o640
    assert git(repo, "rev-parse", "HEAD^{tree}") == change.tree == git(repo, "write-tree")
    assert git(repo, "status", "--porcelain") == " M a.py"
    assert git(repo, "diff", "--numstat") == "1\t0\ta.py"
    assert git(repo, "stash", "list") == ""
    assert moved(bench.shop, bench.shop.base(), ["b.py"]) is None


def test_without_the_persons_word_nothing_is_merged(bench: Bench) -> None:
    change = bench.change({"a.py": NEW})
    write(bench.repo, {"a.py": WORK})
    before = snapshot(bench.repo, objects=True)
    away = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(away, Moved)
    assert (away.paths, away.mergeable) == (("a.py",), ("a.py",))
    assert snapshot(bench.repo, objects=True) == before


def test_merge_of_nothing_uncommitted_is_a_plain_landing(bench: Bench) -> None:
    intent = prepare(bench.shop, bench.base, bench.change({"a.py": NEW}), "m", merge=True)
    assert isinstance(intent, LandingIntent)
    assert not intent.files[0].merged


def stage_it(repo: Path) -> None:
    write(repo, {"a.py": WORK})
    git(repo, "add", "a.py")


def stage_and_go_on(repo: Path) -> None:
    stage_it(repo)
    write(repo, {"a.py": LINES})


def link_it(repo: Path) -> None:
    (repo / "a.py").unlink()
    os.symlink("b.py", repo / "a.py")


LEFT: list[tuple[str, Callable[[Path], Any]]] = [
    ("staged", stage_it),
    ("staged and put back", stage_and_go_on),
    ("deleted", lambda r: (r / "a.py").unlink()),
    ("link", link_it),
    ("same lines", lambda r: write(r, {"a.py": LINES + b"other\n"})),
    ("not text", lambda r: write(r, {"a.py": b"\0" + LINES})),
    ("removed from the index", lambda r: git(r, "rm", "-q", "--cached", "a.py")),
]


@pytest.mark.parametrize("act", [a for _, a in LEFT], ids=[name for name, _ in LEFT])
def test_what_does_not_merge_is_named_and_left(bench: Bench, act: Callable[[Path], Any]) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"b.py": WORK})
    act(bench.repo)
    away = left(bench, change)
    assert away.paths == ("a.py", "b.py")
    assert away.mergeable == ("b.py",)


def test_files_that_come_go_or_are_binary_are_left(bench: Bench) -> None:
    change = bench.change({"a.py": None, "bin": b"\0" + NEW, "new.py": b"n\n"})
    write(bench.repo, {"a.py": WORK, "bin": b"\0" + WORK, "new.py": "theirs\n"})
    away = left(bench, change)
    assert away.paths == ("a.py", "bin", "new.py")
    assert away.mergeable == ()


@pytest.mark.parametrize("argv", [("commit", "-q", "--allow-empty", "-m", "x"),
                                  ("checkout", "-qb", "side")])  # fmt: skip
def test_nothing_merges_where_the_branch_moved_too(bench: Bench, argv: tuple[str, ...]) -> None:
    change = bench.change({"a.py": NEW})
    write(bench.repo, {"a.py": WORK})
    git(bench.repo, *argv)
    away = left(bench, change)
    assert away.paths == ("a.py",)
    assert away.mergeable == ()


def test_a_mode_that_both_change_is_left_and_ones_own_is_kept(bench: Bench) -> None:
    (bench.repo / "a.py").chmod(0o755)
    assert left(bench, bench.change({"a.py": NEW}, {"a.py": "100755"})).mergeable == ()
    change = bench.change({"a.py": NEW})
    done = land(bench.shop, asked(bench, change), bench.base, change)
    assert isinstance(done, Landing)
    assert (bench.repo / "a.py").read_bytes() == NEW
    assert os.access(bench.repo / "a.py", os.X_OK)
    assert git(bench.repo, "diff", "--summary").startswith(" mode change 100644 => 100755")


def test_line_endings_of_the_checkout_are_merged_as_they_lie(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    git(repo, "config", "core.autocrlf", "true")
    (repo / "a.py").unlink()
    git(repo, "checkout", "-q", "a.py")
    bench = open_bench(tmp_path, repo)
    write(repo, {"a.py": b"mine\r\n" + LINES.replace(b"\n", b"\r\n")})
    change = bench.change({"a.py": NEW})
    done = land(bench.shop, asked(bench, change), bench.base, change)
    assert isinstance(done, Landing)
    assert (repo / "a.py").read_bytes() == BOTH.replace(b"\n", b"\r\n")
    assert git(repo, "show", "HEAD:a.py").encode() + b"\n" == NEW
    assert git(repo, "diff", "--numstat") == "1\t0\ta.py"


def test_work_that_is_the_change_already_becomes_clean(bench: Bench) -> None:
    write(bench.repo, {"a.py": NEW})
    change = bench.change({"a.py": NEW})
    done = land(bench.shop, asked(bench, change), bench.base, change)
    assert isinstance(done, Landing)
    assert (bench.repo / "a.py").read_bytes() == NEW
    assert git(bench.repo, "status", "--porcelain") == ""


SINCE: list[tuple[str, Callable[[Path], Any]]] = [
    ("saved", lambda r: write(r, {"a.py": b"more\n" + WORK})),
    ("put back", lambda r: write(r, {"a.py": LINES})),
    ("staged", lambda r: git(r, "add", "a.py")),
    ("gone", lambda r: (r / "a.py").unlink()),
    ("committed", lambda r: git(r, "commit", "-qam", "mine")),
]


@pytest.mark.parametrize("act", [a for _, a in SINCE], ids=[name for name, _ in SINCE])
def test_work_that_goes_on_before_the_landing_is_seen(
    bench: Bench, act: Callable[[Path], Any]
) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"a.py": WORK})
    intent = asked(bench, change)
    act(bench.repo)
    before = snapshot(bench.repo)
    away = land(bench.shop, intent, bench.base, change)
    assert isinstance(away, Moved)
    assert away.paths == ("a.py",)
    assert snapshot(bench.repo) == before


def test_a_save_in_the_last_instant_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"a.py": WORK})
    intent, keep = asked(bench, change), disk.keep

    def keep_and_save(source: Path, target: Path) -> None:
        keep(source, target)
        if source.name == "a.py":
            with source.open("ab") as editor:
                editor.write(b"theirs")

    monkeypatch.setattr(disk, "keep", keep_and_save)
    assert isinstance(land(bench.shop, intent, bench.base, change), Moved)
    assert (bench.repo / "a.py").read_bytes() == WORK + b"theirs"
    assert git(bench.repo, "status", "--porcelain") == " M a.py"


def test_a_full_disk_leaves_the_work_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"a.py": WORK})
    intent, before = asked(bench, change), snapshot(bench.repo)

    def full(self: stage.Stage) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stage.Stage, "refresh_index", full)
    with pytest.raises(ActionFailed, match="No space left"):
        land(bench.shop, intent, bench.base, change)
    assert snapshot(bench.repo) == before


def killed_before_the_branch_moves(bench: Bench, intent: LandingIntent, change: Change) -> None:
    pid = os.fork()
    if pid == 0:
        pytest.MonkeyPatch().setattr(stage.Stage, "move_branch", lambda _: os._exit(9))
        land(bench.shop, intent, bench.base, change)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    (bench.repo / ".git/index.lock").unlink()


def test_what_the_person_made_of_it_after_a_kill_is_theirs(bench: Bench) -> None:
    change = bench.change({"a.py": NEW, "b.py": NEW})
    write(bench.repo, {"a.py": WORK, "b.py": WORK})
    intent = asked(bench, change)
    killed_before_the_branch_moves(bench, intent, change)
    assert (bench.repo / "a.py").read_bytes() == BOTH
    git(bench.repo, "add", "a.py")
    assert recover(inspect(bench.repo), intent).outcome == "old"
    assert (bench.repo / "a.py").read_bytes() == BOTH
    assert (bench.repo / "b.py").read_bytes() == WORK
    assert git(bench.repo, "status", "--porcelain") == "M  a.py\n M b.py"
