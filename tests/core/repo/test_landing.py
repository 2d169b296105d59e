"""Landing an approved change: what it touches, what it leaves alone, and when it does not."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from core.errors import ActionFailed, GitFailed
from core.protocol import Change, LandingIntent, Moved
from core.repo import disk, stage
from core.repo.facts import inspect
from core.repo.landing import Landing, land, prepare
from core.repo.moved import moved
from core.repo.recovery import recover
from tests.fakes.landings import Bench, make_bench, open_bench
from tests.fakes.repos import git, make_repo, snapshot, write

FILES: dict[str, str | bytes] = {"a.py": "1\n2\n3\n", "pkg/b.py": "b\n", "c.py": "c\n"}


def landed(bench: Bench, change: Change, message: str = "subject\n\nbody") -> Landing:
    intent = prepare(bench.shop, change.base, change, message)
    assert isinstance(intent, LandingIntent), intent
    done = land(bench.shop, intent, change.base, change)
    assert isinstance(done, Landing), done
    return done


def refused(bench: Bench, change: Change) -> Moved:
    before = snapshot(bench.repo, objects=True)
    away = prepare(bench.shop, change.base, change, "m")
    assert isinstance(away, Moved)
    assert snapshot(bench.repo, objects=True) == before
    assert moved(bench.shop, change.base, [f.path for f in change.files]) == replace(
        away, mergeable=()
    )
    return away


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "w", FILES)


def test_commit_files_and_index_become_the_change(bench: Bench) -> None:
    change = bench.change(
        {"a.py": b"1\r\n9\n3", "pkg/b.py": None, "new/é x/n.py": b"\xef\xbb\xbfn"},
        {"a.py": "100755"},
    )
    intent = prepare(bench.shop, bench.base, change, "subject\n\nAssisted-by: x")
    assert isinstance(intent, LandingIntent)
    done = land(bench.shop, intent, bench.base, change)
    assert isinstance(done, Landing)
    repo = bench.repo
    assert git(repo, "rev-parse", "HEAD", "main") == f"{done.commit}\n{done.commit}"
    assert git(repo, "rev-parse", "HEAD^{tree}", "HEAD^") == f"{change.tree}\n{bench.base.commit}"
    assert git(repo, "log", "-1", "--format=%an %ae|%cn|%B").startswith(
        "Ada Lovelace ada@example.org|Ada Lovelace|subject\n\nAssisted-by: x"
    )
    # The index knows the new files' times: even plumbing that compares nothing is silent.
    assert git(repo, "diff-files") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / "a.py").read_bytes() == b"1\r\n9\n3"
    assert os.access(repo / "a.py", os.X_OK)
    assert not (repo / "pkg").exists()
    assert (repo / "new/é x/n.py").stat().st_nlink == 1
    assert "loopwright: subject" in git(repo, "reflog", "-1")
    assert "loopwright: subject" in git(repo, "reflog", "-1", "main")
    assert git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    git(repo, "fsck", "--strict", "--no-dangling")
    assert (done.base.commit, done.base.tree) == (done.commit, change.tree)
    assert done.paths == ("a.py", "new/é x/n.py", "pkg/b.py")
    leftovers = [n for n in snapshot(repo) if "loopwright" in n or n.endswith(".lock")]
    assert leftovers == []


def test_one_landing_after_another(bench: Bench) -> None:
    first = landed(bench, bench.change({"a.py": b"2\n"}))
    base = bench.shop.base()
    assert base == first.base
    second = Bench(bench.repo, bench.shop, base)
    landed(second, second.change({"a.py": b"3\n", "c.py": None}))
    assert git(bench.repo, "log", "--format=%h").count("\n") == 2


def test_unrelated_work_stays_exactly_as_it_was(bench: Bench) -> None:
    repo = bench.repo
    write(repo, {"c.py": "staged\n", ".gitignore": "*.log\n"})
    git(repo, "add", "c.py")
    write(repo, {"c.py": "later\n", "pkg/u.py": "untracked\n", "x.log": "ignored\n"})
    git(repo, "update-index", "--add", "--cacheinfo", f"100644,{'0' * 39}1,ghost")
    git(repo, "config", "some.key", "value")
    before, status = snapshot(repo), git(repo, "status", "--porcelain", "-uall")
    entries = git(repo, "ls-files", "-s", "c.py", "ghost")
    landed(bench, bench.change({"a.py": b"9\n", "pkg/b.py": None}))
    assert git(repo, "status", "--porcelain", "-uall") == status
    assert git(repo, "ls-files", "-s", "c.py", "ghost") == entries
    after = snapshot(repo)
    differ = {
        Path(n).relative_to(repo).as_posix()
        for n in before.keys() | after.keys()
        if before.get(n) != after.get(n)
    }
    assert differ == {
        "a.py", "pkg/b.py", ".git/index", ".git/refs/heads/main", ".git/logs/HEAD",
        ".git/logs/refs/heads/main",
    }  # fmt: skip


def advance(repo: Path) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "theirs")


MOVES: list[tuple[str, Callable[[Path], Any], tuple[str, ...]]] = [
    ("tip", advance, ()),
    ("branch", lambda r: git(r, "checkout", "-qb", "other"), ()),
    ("detached", lambda r: git(r, "checkout", "-q", "--detach"), ()),
    ("file", lambda r: write(r, {"a.py": "1\n2\n4\n"}), ("a.py",)),
    ("mode", lambda r: (r / "a.py").chmod(0o755), ("a.py",)),
    ("gone", lambda r: (r / "a.py").unlink(), ("a.py",)),
    ("index", lambda r: git(r, "update-index", "--cacheinfo", "100644", blob(r), "a.py"),
     ("a.py",)),
    ("unstaged", lambda r: git(r, "rm", "-q", "--cached", "a.py"), ("a.py",)),
    ("link", lambda r: ((r / "a.py").unlink(), os.symlink("c.py", r / "a.py")), ("a.py",)),
    ("folder", lambda r: ((r / "a.py").unlink(), write(r, {"a.py/x": ""})), ("a.py",)),
    ("in the way", lambda r: write(r, {"new/n.py": "theirs"}), ("new/n.py",)),
    ("ignored in the way", lambda r: write(r, {".git/info/exclude": "n.py", "new/n.py": ""}),
     ("new/n.py",)),
    ("staged in the way", lambda r: git(r, "update-index", "--add", "--cacheinfo", "100644",
                                        blob(r), "new/n.py"), ("new/n.py",)),
    ("link above", lambda r: os.symlink("/tmp", r / "new"), ("new/n.py",)),
    ("file above", lambda r: write(r, {"new": "x"}), ("new/n.py",)),
]  # fmt: skip


def blob(repo: Path) -> str:
    return git(repo, "hash-object", "-w", "--stdin", input=b"other\n")


@pytest.mark.parametrize(("move", "paths"), [m[1:] for m in MOVES], ids=[m[0] for m in MOVES])
def test_what_moved_is_named_and_nothing_lands(
    bench: Bench, move: Callable[[Path], Any], paths: tuple[str, ...]
) -> None:
    change = bench.change({"a.py": b"9\n", "new/n.py": b"n\n"})
    assert moved(bench.shop, bench.base, ["a.py", "new/n.py"]) is None
    (bench.repo / ".git/info").mkdir(exist_ok=True)
    move(bench.repo)
    away = refused(bench, change)
    assert away.paths == paths
    assert away.says.endswith(".")


@pytest.mark.parametrize(("move", "paths"), [m[1:] for m in MOVES], ids=[m[0] for m in MOVES])
def test_what_moves_between_intent_and_landing_is_seen_under_the_lock(
    bench: Bench, move: Callable[[Path], Any], paths: tuple[str, ...]
) -> None:
    change = bench.change({"a.py": b"9\n", "new/n.py": b"n\n"})
    intent = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(intent, LandingIntent)
    (bench.repo / ".git/info").mkdir(exist_ok=True)
    move(bench.repo)
    before = snapshot(bench.repo)
    away = land(bench.shop, intent, bench.base, change)
    assert isinstance(away, Moved)
    assert away.paths == paths
    assert snapshot(bench.repo) == before


def test_touched_but_equal_files_have_not_moved(bench: Bench) -> None:
    os.utime(bench.repo / "a.py", (1, 1))
    write(bench.repo, {"c.py": "other\n"})
    landed(bench, bench.change({"a.py": b"9\n"}))


@pytest.mark.parametrize("when", ["before", "written", "renamed"])
def test_a_save_in_the_last_instant_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    change = bench.change({"a.py": b"9\n", "c.py": None, "new.py": b"n"})
    intent = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(intent, LandingIntent)
    put, keep, move = stage.Stage.put, disk.keep, stage.Stage.move_branch

    def save_first(self: stage.Stage, n: int, file: Any) -> None:
        if file.path == "new.py":
            write(bench.repo, {"new.py": "theirs"})
        put(self, n, file)

    def keep_and_save(source: Path, target: Path) -> None:
        keep(source, target)
        with source.open("ab") as editor:
            editor.write(b"theirs")

    def commit_first(self: stage.Stage) -> None:
        git(bench.repo, "update-ref", "refs/heads/main", other)
        move(self)

    tree = git(bench.repo, "rev-parse", "HEAD^{tree}")
    other = git(bench.repo, "commit-tree", tree, "-m", "theirs")
    if when == "before":
        monkeypatch.setattr(stage.Stage, "put", save_first)
    elif when == "written":
        monkeypatch.setattr(disk, "keep", keep_and_save)
    else:
        monkeypatch.setattr(stage.Stage, "move_branch", commit_first)
    away = land(bench.shop, intent, bench.base, change)
    assert isinstance(away, Moved)
    assert (bench.repo / "c.py").read_text() == "c\n"
    added = "theirs" if when == "written" else ""
    assert (bench.repo / "a.py").read_text() == "1\n2\n3\n" + added
    assert (bench.repo / "new.py").exists() == (when == "before")
    assert not [n for n in snapshot(bench.repo) if "loopwright" in n or n.endswith(".lock")]
    assert git(bench.repo, "rev-parse", "HEAD") == (
        other if when == "renamed" else bench.base.commit
    )


def test_a_foreign_lock_is_waited_for_named_and_left(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.repo.landing.LOCK_WAIT", 0.1)
    change = bench.change({"a.py": b"9\n"})
    lock = bench.repo / ".git/index.lock"
    lock.write_bytes(b"theirs")
    before = snapshot(bench.repo)
    intent = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(intent, LandingIntent)
    with pytest.raises(ActionFailed, match=r"index\.lock") as caught:
        land(bench.shop, intent, bench.base, change)
    assert "Nothing landed" in caught.value.problem.says
    assert snapshot(bench.repo) == before
    lock.unlink()
    landed(bench, change)


def test_a_full_disk_leaves_everything_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = bench.change({"a.py": b"9\n", "c.py": None, "x/y.py": b"n"})
    before = snapshot(bench.repo)
    for fails in ("write", "replace", "mkdir", "link", "fsync"):
        real = getattr(os, fails)
        calls: list[int] = []

        def full(*args: Any, real: Any = real, calls: list[int] = calls, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return real(*args, **named)

        intent = prepare(bench.shop, bench.base, change, "m")
        assert isinstance(intent, LandingIntent)
        with monkeypatch.context() as patch:
            patch.setattr(os, fails, full)
            with pytest.raises(ActionFailed, match="No space left"):
                land(bench.shop, intent, bench.base, change)
        assert snapshot(bench.repo) == before, fails
    landed(bench, change)


def test_a_read_only_folder_is_named(bench: Bench, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    change = bench.change({"pkg/b.py": b"9\n", "a.py": b"9\n"})
    before = snapshot(bench.repo)
    (bench.repo / "pkg").chmod(0o555)
    try:
        with pytest.raises(ActionFailed, match="Permission denied"):
            landed(bench, change)
    finally:
        (bench.repo / "pkg").chmod(0o755)
    assert snapshot(bench.repo) == before


def test_git_failing_in_the_middle_is_undone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: stage.Stage) -> None:
        raise GitFailed(("update-ref",), 128, "broken")

    monkeypatch.setattr(stage.Stage, "move_branch", fail)
    change, before = bench.change({"a.py": b"9\n", "c.py": None}), snapshot(bench.repo)
    with pytest.raises(ActionFailed, match="broken"):
        landed(bench, change)
    assert snapshot(bench.repo) == before


def test_an_empty_change_does_not_land(bench: Bench) -> None:
    with pytest.raises(ActionFailed) as caught:
        prepare(bench.shop, bench.base, bench.as_change(bench.base.tree), "m")
    assert caught.value.problem.kind == "empty"


def test_included_work_never_enters_the_commit(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    write(repo, {"c.py": "mine\n", "mine/u.py": "u\n"})
    bench = open_bench(tmp_path, repo, include_dirty=True)
    change = bench.change({"a.py": b"9\n", "new.py": b"n\n"})
    done = landed(bench, change)
    assert git(repo, "show", "--format=", "--name-only") == "a.py\nnew.py"
    assert git(repo, "status", "--porcelain") == " M c.py\n?? mine/"
    assert done.base.dirty == ("c.py", "mine/u.py")
    assert done.base == bench.shop.base(include_dirty=True)
    for mixed in ({"c.py": b"x\n"}, {"mine/u.py": b"x\n"}):
        later = Bench(repo, bench.shop, done.base)
        before = snapshot(repo, objects=True)
        with pytest.raises(ActionFailed, match=next(iter(mixed))):
            prepare(bench.shop, done.base, later.change(mixed), "m")
        assert snapshot(repo, objects=True) == before
    write(repo, {"c.py": "changed again\n"})
    assert (moved(bench.shop, done.base, ["c.py"]) or Moved("")).paths == ("c.py",)
    assert moved(bench.shop, done.base, ["a.py"]) is None


def test_detached_linked_shallow_and_sha256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    write(repo, {"c.py": "2\n"})
    git(repo, "commit", "-qam", "second")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "loose"))
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    make_repo(tmp_path / "wide", FILES, object_format="sha256")
    main = git(repo, "rev-parse", "main")
    for name in ("linked", "loose", "shallow", "wide"):
        bench = open_bench(tmp_path / f"w-{name}", tmp_path / name)
        done = landed(bench, bench.change({"a.py": b"9\n", "c.py": None, "n/n": b"n"}))
        assert git(bench.repo, "rev-parse", "HEAD") == done.commit
        assert git(bench.repo, "status", "--porcelain") == ""
        assert done.base.branch == {"linked": "side", "loose": ""}.get(name, "main")
        git(bench.repo, "fsck", "--no-dangling")
    assert git(repo, "rev-parse", "main", "side").split()[0] == main
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.parametrize("autocrlf", ["true", "input"])
def test_line_endings_land_as_git_would_check_them_out(tmp_path: Path, autocrlf: str) -> None:
    repo = make_repo(tmp_path / "repo", {"lf.py": "1\n2\n", "kept.txt": b"1\r\n2\r\n"})
    git(repo, "config", "core.autocrlf", autocrlf)
    (repo / "lf.py").unlink()
    git(repo, "checkout", "-q", "lf.py")
    bench = open_bench(tmp_path, repo)
    landed(bench, bench.change({"lf.py": b"1\n3\n", "kept.txt": b"1\r\n3\r\n", "new": b"n\n"}))
    end = b"\r\n" if autocrlf == "true" else b"\n"
    assert (repo / "lf.py").read_bytes() == b"1" + end + b"3" + end
    assert (repo / "new").read_bytes() == b"n" + end
    assert (repo / "kept.txt").read_bytes() == b"1\r\n3\r\n"
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "show", "HEAD:lf.py") == "1\n3"


def test_attributes_that_land_with_their_files_count(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, {"a.txt": "1\n", ".gitattributes": "*.txt eol=lf\n"})
    landed(bench, bench.change({".gitattributes": b"*.txt eol=crlf\n", "a.txt": b"2\n"}))
    assert (bench.repo / "a.txt").read_bytes() == b"2\r\n"
    assert git(bench.repo, "status", "--porcelain") == ""


def test_a_file_system_without_hard_links_will_do(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: Any, **named: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    write(bench.repo, {"pkg/u": ""})
    change = bench.change({"a.py": b"9\n", "c.py": None, "n/n": b"n"})
    before = snapshot(bench.repo)
    with monkeypatch.context() as patch:
        patch.setattr(stage.Stage, "was_written", lambda *_: True)
        intent = prepare(bench.shop, bench.base, change, "m")
        assert isinstance(intent, LandingIntent)
        assert isinstance(land(bench.shop, intent, bench.base, change), Moved)
    assert snapshot(bench.repo) == before
    landed(bench, change)
    assert git(bench.repo, "status", "--porcelain", "-uall") == "?? pkg/u"


def test_permissions_of_a_file_are_kept(bench: Bench) -> None:
    (bench.repo / "a.py").chmod(0o640)
    landed(bench, bench.change({"a.py": b"9\n"}))
    assert stat.S_IMODE((bench.repo / "a.py").stat().st_mode) == 0o640
    bench = Bench(bench.repo, bench.shop, bench.shop.base())
    landed(bench, bench.change({"a.py": b"8\n"}, {"a.py": "100755"}))
    assert stat.S_IMODE((bench.repo / "a.py").stat().st_mode) == 0o750


def test_hooks_filters_and_signers_do_not_run(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {**FILES, ".gitattributes": "c.py filter=x\n"})
    ran = tmp_path / "ran"
    hooks = repo / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "post-commit", "commit-msg", "reference-transaction",
                 "post-index-change", "post-checkout"):  # fmt: skip
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        (hooks / name).chmod(0o755)
    for key in ("filter.x.clean", "filter.x.smudge", "core.fsmonitor", "gpg.program"):
        git(repo, "config", key, f"touch {ran}; cat")
    for key in ("commit.gpgsign", "log.showSignature", "filter.x.required"):
        git(repo, "config", key, "true")
    bench = open_bench(tmp_path, repo)
    os.utime(repo / "c.py", (1, 1))
    ran.unlink(missing_ok=True)
    landed(bench, bench.change({"a.py": b"9\n"}))
    assert not ran.exists()


def test_a_split_index_is_kept_readable(bench: Bench) -> None:
    git(bench.repo, "update-index", "--split-index")
    write(bench.repo, {"c.py": "dirty\n"})
    before = snapshot(bench.repo, objects=True)
    dirty = bench.shop.base(include_dirty=True)
    assert dirty.dirty == ("c.py",)
    assert snapshot(bench.repo, objects=True) == before
    landed(bench, bench.change({"a.py": b"9\n"}))
    assert git(bench.repo, "status", "--porcelain") == " M c.py"


def test_git_folder_on_another_file_system(tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no other file system at hand")
    apart = other / f"loopwright-test-{os.getpid()}.git"
    try:
        repo = make_repo(tmp_path / "repo", FILES)
        shutil.copytree(repo / ".git", apart)
        shutil.rmtree(repo / ".git")
        (repo / ".git").write_text(f"gitdir: {apart}\n")
        bench = open_bench(tmp_path, repo)
        landed(bench, bench.change({"a.py": b"9\n", "c.py": None, "n/e/w": b"n"}))
        assert git(repo, "status", "--porcelain", "--ignored") == ""
        bench = Bench(repo, bench.shop, bench.shop.base())
        change = bench.change({"a.py": b"8\n", "x/y": b"n"})
        intent = prepare(bench.shop, bench.base, change, "m")
        assert isinstance(intent, LandingIntent)
        write(repo, {"a.py": "moved\n"})
        assert isinstance(land(bench.shop, intent, bench.base, change), Moved)
        assert git(repo, "status", "--porcelain", "--ignored") == " M a.py"
    finally:
        disk.remove_tree(apart)


def test_recovery_respects_what_the_person_did_since(bench: Bench, tmp_path: Path) -> None:
    change = bench.change({"a.py": b"9\n", "c.py": b"9\n", "n.py": b"n\n"})
    intent = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(intent, LandingIntent)
    pid = os.fork()
    if pid == 0:
        stage.Stage.move_branch = lambda self: os._exit(9)  # type: ignore[method-assign]
        land(bench.shop, intent, bench.base, change)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    repo = bench.repo
    assert (repo / "a.py").read_text() == "9\n"
    # They remove the lock that they find, keep one file, edit another, and go on.
    (repo / ".git/index.lock").unlink()
    git(repo, "add", "a.py")
    git(repo, "commit", "-qm", "theirs")
    write(repo, {"c.py": "edited\n"})
    (repo / ".git/index.lock").write_bytes(b"somebody else's")
    told = recover(inspect(repo), intent)
    assert told.outcome == "old"
    assert (repo / "a.py").read_text() == "9\n"
    assert (repo / "c.py").read_text() == "edited\n"
    assert not (repo / "n.py").exists()
    assert (repo / ".git/index.lock").read_bytes() == b"somebody else's"
    assert not [name for name in snapshot(repo) if "loopwright" in name]
    # Later, the same content written by the person is theirs.
    write(repo, {"n.py": "n\n"})
    assert recover(inspect(repo), intent) == told
    assert (repo / "n.py").exists()


def test_recovery_finds_a_landing_below_later_commits(bench: Bench) -> None:
    change = bench.change({"a.py": b"9\n"})
    intent = prepare(bench.shop, bench.base, change, "m")
    assert isinstance(intent, LandingIntent)
    assert isinstance(land(bench.shop, intent, bench.base, change), Landing)
    advance(bench.repo)
    before = snapshot(bench.repo, objects=True)
    told = recover(inspect(bench.repo), intent)
    assert (told.outcome, told.commit) == ("new", git(bench.repo, "rev-parse", "HEAD"))
    assert snapshot(bench.repo, objects=True) == before
