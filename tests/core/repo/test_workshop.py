"""The workshop: trees out of bytes, rooms that follow them, and a person's repository untouched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from core.errors import ActionFailed
from core.protocol import Conflict
from core.repo.facts import inspect
from core.repo.workshop import Workshop
from tests.fakes.landings import Bench, make_bench, open_bench
from tests.fakes.repos import git, make_repo, snapshot, write

ODD = "sp ace/ö\N{SNOWMAN}'\"$(x).py"
FILES: dict[str, str | bytes] = {
    "a.py": "1\n2\n3\n", "pkg/b.py": "b\n", ODD: "odd\n", "crlf.txt": b"1\r\n2\r\n",
    "bom.txt": b"\xef\xbb\xbfx", "data.bin": bytes(range(256)), "run.sh": "#!/bin/sh\n",
}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    repo = make_repo(tmp_path / "r é p", FILES)
    (repo / "run.sh").chmod(0o755)
    os.symlink("a.py", repo / "link")
    os.symlink("/etc", repo / "out")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "more")
    return open_bench(tmp_path, repo)


def test_everything_short_of_a_landing_leaves_no_trace(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    before = snapshot(bench.repo, objects=True)
    tree = shop.build(base.tree, {"a.py": b"9\n", "n/e/w": b"", ODD: None})
    shop.checkout(tree)
    shop.diff(base.tree, tree)
    shop.lab("one").checkout(base.tree)
    shop.rebase(base.tree, tree, shop.build(base.tree, {"pkg/b.py": b"c\n"}))
    shop.restore(base.tree)
    Workshop.open(shop.folder, inspect(bench.repo)).base(include_dirty=True)
    assert snapshot(bench.repo, objects=True) == before


def test_contents_and_modes_are_kept_byte_for_byte(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    new = {"crlf.txt": b"1\r\n2\r\n3", "bom.txt": b"\xef\xbb\xbfy", "run.sh": b"\0\xff\n"}
    tree = shop.build(base.tree, new, {"a.py": "100755"} | {"bom.txt": "100755"})
    for path, content in new.items():
        assert shop.read(tree, path) == content
    listing = shop.listing(tree)
    assert listing["run.sh"][0] == listing["bom.txt"][0] == "100755"
    assert listing["a.py"] == shop.listing(base.tree)["a.py"]
    shop.checkout(tree)
    assert (shop.work / "crlf.txt").read_bytes() == new["crlf.txt"]
    assert os.access(shop.work / "bom.txt", os.X_OK)
    assert (shop.work / ODD).read_text() == "odd\n"


def test_reads_files_only(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    assert shop.read(base.tree, ODD) == b"odd\n"
    assert [shop.read(base.tree, p) for p in ("link", "pkg", "no", "pkg/no")] == [None] * 4
    assert set(shop.paths(base.tree)) == set(FILES)


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "~/x", "../x", "pkg/../../x", "pkg/./x", "pkg//x", "pkg/", ".git/config",
        ".GIT/hooks/pre-commit", "pkg/.Git/x", ".g\u200cit/config", ".git./x", ".git /x", "GIT~1/x",
        "git~2", ".git::$INDEX_ALLOCATION/x", "C:/x", "a\\..\\.git\\x", "x\ny", "x\x1b[0m", "x\x7f",
        "x\u202ey", "\ufeffx", "link", "out/passwd", "pkg", "a.py/x", "n" * 256, "．git/x",
        "sub", "sub/x",
    ],
)  # fmt: skip
def test_refused_paths(bench: Bench, path: str) -> None:
    commit = git(bench.repo, "rev-parse", "HEAD")
    git(bench.repo, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    git(bench.repo, "commit", "-qm", "submodule")
    base = bench.shop.base()
    with pytest.raises(ActionFailed) as caught:
        bench.shop.build(base.tree, {path: b"x"})
    assert caught.value.problem.kind == "refused path"
    assert caught.value.problem.retry
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_may_take_a_deleted_files_place(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    tree = shop.build(base.tree, {"a.py": None, "a.py/x": b"x"})
    assert shop.read(tree, "a.py/x") == b"x"
    shop.checkout(tree)
    shop.checkout(base.tree)
    for clash in (
        {"pkg/b.py": None, "pkg": b"1"},
        {"q": b"1", "q/r": b"2"},
        {"a.py": b"1", "a.py/x": b"2"},
    ):
        with pytest.raises(ActionFailed):
            shop.build(base.tree, clash)


def test_deleting_what_is_not_there(bench: Bench) -> None:
    with pytest.raises(ActionFailed) as caught:
        bench.shop.build(bench.base.tree, {"no.py": None})
    assert caught.value.problem.kind == "not found"


def test_checkout_writes_only_what_differs(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    shop.checkout(base.tree)
    before = {p: (shop.work / p).stat().st_mtime_ns for p in FILES}
    shop.checkout(shop.build(base.tree, {"a.py": b"9\n"}))
    after = {p: (shop.work / p).stat().st_mtime_ns for p in FILES}
    assert [p for p in FILES if before[p] != after[p]] == ["a.py"]


def test_what_checks_leave_is_named_and_removed(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    write(bench.repo, {".gitignore": "*.log\n.pytest_cache\n"})
    git(bench.repo, "add", "-A")
    git(bench.repo, "commit", "-qm", "ignore")
    base = shop.base()
    shop.checkout(base.tree)
    assert shop.rewritten(base.tree) == ()
    # The same size as before: only content can tell.
    write(shop.work, {"a.py": "1\n2\n4\n", "left/over.py": "", "x.log": "", ".pytest_cache/v": ""})
    write(shop.work, {"pkg/__pycache__/b.pyc": b"", ".coverage.1": b""})
    (shop.work / "pkg/b.py").unlink()
    (shop.work / "run.sh").chmod(0o644)
    assert shop.rewritten(base.tree) == ("a.py", "left/over.py", "pkg/b.py", "run.sh")
    shop.restore(base.tree)
    assert shop.rewritten(base.tree) == ()
    kept = {p.name for p in shop.work.iterdir()} - {p.split("/")[0] for p in FILES}
    assert kept == {".git", ".gitignore", ".pytest_cache", "link", "out"}
    assert not (shop.work / "pkg/__pycache__").exists()


def test_a_check_cannot_lead_a_checkout_out_of_the_room(bench: Bench, tmp_path: Path) -> None:
    shop, base = bench.shop, bench.base
    shop.checkout(base.tree)
    outside = tmp_path / "outside"
    write(outside, {"b.py": "theirs\n"})
    for left in (shop.work / "pkg").iterdir():
        left.unlink()
    (shop.work / "pkg").rmdir()
    os.symlink(outside, shop.work / "pkg")
    (shop.work / "a.py").unlink()
    os.symlink(outside / "b.py", shop.work / "a.py")
    shop.restore(shop.build(base.tree, {"pkg/b.py": b"ours\n", "a.py": b"ours\n"}))
    assert (outside / "b.py").read_text() == "theirs\n"
    assert (shop.work / "pkg/b.py").read_text() == (shop.work / "a.py").read_text() == "ours\n"


def test_what_a_check_plants_in_the_rooms_git_is_not_obeyed(bench: Bench, tmp_path: Path) -> None:
    shop, base = bench.shop, bench.base
    shop.checkout(base.tree)
    ran = tmp_path / "ran"
    evil = f'"touch {ran}"'
    with (shop.git_dir / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {evil}\n[filter \"x\"]\n\tclean = {evil}\n"
                     f"\tsmudge = {evil}\n[diff]\n\texternal = {evil}\n")  # fmt: skip
    write(shop.work, {".gitattributes": "* filter=x diff=x\n", "a.py": "new\n"})
    hook = shop.git_dir / "hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    assert shop.rewritten(base.tree) == (".gitattributes", "a.py")
    shop.restore(shop.build(base.tree, {"a.py": b"9\n"}))
    assert not ran.exists()


def test_an_unwritable_folder_does_not_stay(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    shop.checkout(base.tree)
    locked = shop.work / "locked"
    write(shop.work, {"locked/inner/x": "1"})
    (locked / "inner").chmod(0o000)
    locked.chmod(0o500)
    shop.restore(base.tree)
    assert not locked.exists()


def test_opened_again_it_is_the_same_one(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    tree = shop.build(base.tree, {"a.py": b"9\n"})
    (shop.git_dir / "index.lock").touch()
    again = Workshop.open(shop.folder, inspect(bench.repo))
    again.checkout(tree)
    assert (again.work / "a.py").read_text() == "9\n"


@pytest.mark.parametrize("damage", ["HEAD", "objects", "config"])
def test_damaged_it_is_made_again(bench: Bench, damage: str) -> None:
    victim = bench.shop.git_dir / damage
    if victim.is_dir():
        for pack in victim.glob("pack/*"):
            pack.chmod(0o600)
            pack.write_bytes(b"")
    else:
        victim.write_bytes(b"\0")
    shop = Workshop.open(bench.shop.folder, inspect(bench.repo))
    shop.checkout(shop.base().tree)
    assert (shop.work / "a.py").read_text() == "1\n2\n3\n"


def test_survives_an_amend_and_a_prune_of_its_base(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    tree = shop.build(base.tree, {"a.py": b"9\n"})
    write(bench.repo, {"a.py": "amended\n"})
    git(bench.repo, "commit", "-qa", "--amend", "-m", "amended")
    git(bench.repo, "reflog", "expire", "--expire=now", "--all")
    git(bench.repo, "gc", "-q", "--prune=now")
    git(bench.repo, "cat-file", "-e", base.commit, ok=(1,))
    shop.checkout(tree)
    assert shop.read(base.tree, "a.py") == b"1\n2\n3\n"
    amended = shop.base()
    git(bench.repo, "commit", "-qa", "--amend", "--allow-empty", "-m", "amended again")
    write(bench.repo, {"a.py": "third\n"})
    git(bench.repo, "commit", "-qa", "--amend", "-m", "third")
    git(bench.repo, "reflog", "expire", "--expire=now", "--all")
    git(bench.repo, "gc", "-q", "--prune=now")
    shop.checkout(amended.tree)
    assert shop.read(amended.tree, "a.py") == b"amended\n"
    again = Workshop.open(shop.folder, inspect(bench.repo))
    assert again.read(again.base().tree, "a.py") == b"third\n"
    assert again.read(tree, "a.py") == b"9\n"


def test_git_works_inside_a_room(bench: Bench) -> None:
    git(bench.repo, "tag", "-a", "v1.2", "-m", "tagged")
    base = bench.shop.base()
    lab = bench.shop.lab("x")
    for work in (bench.shop.work, lab.work):
        assert git(work, "describe", "--tags") == "v1.2"
        assert git(work, "log", "-1", "--format=%H %D") == f"{base.commit} HEAD -> main, tag: v1.2"
    assert bench.repo / ".git/objects" in bench.shop.room.object_dirs
    assert bench.shop.git_dir / "objects" in lab.object_dirs


def test_labs_are_apart(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    tree = shop.build(base.tree, {"a.py": b"9\n"})
    lab = shop.lab("x")
    lab.checkout(tree)
    shop.checkout(base.tree)
    assert (lab.work / "a.py").read_text() == "9\n"
    assert (shop.work / "a.py").read_text() == "1\n2\n3\n"
    write(lab.work, {"junk": ""})
    assert lab.rewritten(tree) == ("junk",)
    lab.restore(tree)
    assert lab.rewritten(tree) == shop.rewritten(base.tree) == ()
    assert shop.lab("x") is lab


def test_rebase_merges_what_does_not_meet(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    change = shop.build(base.tree, {"a.py": b"1\n2\nthree\n"})
    other = shop.build(base.tree, {"a.py": b"one\n2\n3\n", "pkg/b.py": None})
    merged = shop.rebase(base.tree, change, other)
    assert isinstance(merged, str)
    assert shop.read(merged, "a.py") == b"one\n2\nthree\n"
    assert shop.read(merged, "pkg/b.py") is None
    assert shop.rebase(base.tree, change, base.tree) == change


def test_rebase_holds_both_sides_between_markers_where_they_meet(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    change = shop.build(base.tree, {"a.py": b"1\n2\nthree\n", "crlf.txt": b"1\r\nB\r\n"})
    clash = shop.build(base.tree, {"a.py": b"one\n2\nIII\n", "crlf.txt": b"1\r\nA\r\n"})
    met = shop.rebase(base.tree, change, clash)
    assert isinstance(met, Conflict)
    assert met.paths == ("a.py", "crlf.txt")
    assert shop.read(met.tree, "a.py") == (
        b"one\n2\n<<<<<<< your branch\nIII\n=======\nthree\n>>>>>>> the change\n"
    )
    assert shop.read(met.tree, "crlf.txt") == (
        b"1\r\n<<<<<<< your branch\r\nA\r\n=======\r\nB\r\n>>>>>>> the change\r\n"
    )
    assert shop.rebase(base.tree, change, clash) == met


def test_what_one_side_deletes_or_makes_a_folder_is_named_as_it_is(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    change = shop.build(
        base.tree,
        {"a.py": None, ODD: b"new\n", "pkg/b.py": None, "pkg/b.py/c": b"", "data.bin": b"\0b"}
        | {"n.sh": b"same\n"},
        {"n.sh": "100755"},
    )
    other = shop.build(
        base.tree,
        {"a.py": b"9\n", ODD: None, "pkg/b.py": b"B\n", "data.bin": b"\0a", "n.sh": b"same\n"},
    )
    met = shop.rebase(base.tree, change, other)
    assert isinstance(met, Conflict)
    names = ("a.py", "data.bin", "n.sh", "pkg/b.py~your branch", ODD)
    assert met.paths == tuple(sorted(names))
    assert shop.read(met.tree, "a.py") == b"9\n"
    assert shop.read(met.tree, ODD) == b"new\n"
    assert shop.read(met.tree, "pkg/b.py~your branch") == b"B\n"
    assert shop.read(met.tree, "pkg/b.py/c") == b""
    assert shop.read(met.tree, "data.bin") == b"\0a"


def test_a_new_file_in_a_folder_that_was_renamed_is_no_conflict(bench: Bench) -> None:
    shop = bench.shop
    base = shop.build(bench.base.tree, {f"old/{n}": f"{n}\n".encode() * 9 for n in range(4)})
    moved = shop.build(base, {f"old/{n}": None for n in range(4)})
    moved = shop.build(moved, {f"new/{n}": f"{n}\n".encode() * 9 for n in range(4)})
    change = shop.build(base, {"old/more": b"x\n", "old/0": b"0\n" * 9 + b"end\n"})
    merged = shop.rebase(base, change, moved)
    assert isinstance(merged, str)
    assert shop.read(merged, "old/more") == b"x\n"
    assert shop.read(merged, "new/0") == b"0\n" * 9 + b"end\n"


def test_attributes_of_a_change_cannot_hide_what_it_does(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    shop.checkout(base.tree)
    new: dict[str, bytes | None] = {".gitattributes": b"*.py -diff binary\n", "a.py": b"evil()\n"}
    tree = shop.build(base.tree, new)
    shop.checkout(tree)
    assert b"+evil()" in shop.diff(base.tree, tree)


def test_nested_shallow_sha256_shared_and_linked(tmp_path: Path) -> None:
    outer = make_repo(tmp_path / "outer", {"a": "1\n"})
    write(outer, {"a": "2\n"})
    git(outer, "commit", "-qam", "second")
    make_repo(outer / "nested", {"a": "n\n"})
    make_repo(tmp_path / "wide", {"a": "w\n"}, object_format="sha256")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{outer}", "shallow")
    git(tmp_path, "clone", "-q", "--shared", str(outer), "sha red")
    git(outer, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    git(
        outer, "init", "-q", "--separate-git-dir", str(tmp_path / "apart.git"), str(tmp_path / "ap")
    )
    write(tmp_path / "ap", {"a": "p\n"})
    git(tmp_path / "ap", "add", "-A")
    git(tmp_path / "ap", "-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x")
    for n, repo in enumerate(
        [outer / "nested", tmp_path / "wide", tmp_path / "shallow", tmp_path / "sha red",
         tmp_path / "linked", tmp_path / "ap"]
    ):  # fmt: skip
        bench = open_bench(tmp_path / f"s{n}", repo)
        tree = bench.shop.build(bench.base.tree, {"a": b"new\n"})
        bench.shop.checkout(tree)
        assert (bench.shop.work / "a").read_text() == "new\n"
        assert git(bench.shop.work, "rev-parse", "HEAD") == bench.base.commit
        assert bench.base.branch == git(repo, "branch", "--show-current")


@pytest.mark.parametrize(("autocrlf", "eol"), [("true", ""), ("input", ""), ("false", "crlf")])
def test_line_ending_rules_are_followed(tmp_path: Path, autocrlf: str, eol: str) -> None:
    repo = make_repo(tmp_path / "repo", {"lf.txt": "1\n2\n", "kept.txt": b"1\r\n2\r\n"})
    git(repo, "config", "core.autocrlf", autocrlf)
    if eol:
        git(repo, "config", "core.eol", eol)
        write(repo, {".gitattributes": "lf.txt text\n"})
        git(repo, "add", ".gitattributes")
        git(repo, "commit", "-qm", "rules")
    git(repo, "rm", "-q", "--cached", "-r", ".")
    git(repo, "reset", "-q", "--hard")
    bench = open_bench(tmp_path, repo)
    bench.shop.checkout(bench.base.tree)
    for name in ("lf.txt", "kept.txt"):
        assert (bench.shop.work / name).read_bytes() == (repo / name).read_bytes()
    assert bench.shop.rewritten(bench.base.tree) == ()
    assert git(bench.shop.work, "status", "--porcelain") == ""


def test_paths_behind_a_filter_are_refused_and_it_never_runs(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.bin": "1\n", "a.py": "1\n"})
    ran = tmp_path / "ran"
    for step in ("clean", "smudge", "process"):
        # A name with "=" in it would defeat `-c name=value`.
        git(repo, "config", f"filter.l=fs.{step}", f"touch {ran}; cat")
    git(repo, "config", "filter.l=fs.required", "true")
    write(repo, {".gitattributes": "*.bin filter=l=fs\n", "a.py": "dirty\n", "a.bin": "dirty\n"})
    bench = open_bench(tmp_path, repo, include_dirty=True)
    assert bench.base.dirty == (".gitattributes", "a.py")
    bench.shop.checkout(bench.base.tree)
    with pytest.raises(ActionFailed, match="filter"):
        bench.shop.build(bench.base.tree, {"a.bin": b"2\n"})
    assert not ran.exists()


def test_uncommitted_work_enters_by_choice_alone(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, {"a.py": "1\n", "b.py": "1\n", "c.py": "1\n", "gone.py": "1\n"})
    repo = bench.repo
    write(repo, {".git/info/exclude": "*.secret\n", "x.secret": "s", "new/n.py": "n\n"})
    write(repo, {"a.py": "staged\n"})
    git(repo, "add", "a.py")
    write(repo, {"a.py": "later\n", "b.py": "2\n", "s.py": "staged alone\n"})
    git(repo, "add", "s.py")
    (repo / "gone.py").unlink()
    git(repo, "rm", "-q", "--cached", "c.py")
    make_repo(repo / "theirs", {"x": "1"})
    os.symlink("a.py", repo / "ln")
    # A new Workshop reads the excludes again.
    before = snapshot(repo, objects=True)
    shop = Workshop.open(bench.shop.folder, inspect(repo))
    assert shop.base().tree == git(repo, "rev-parse", "HEAD^{tree}")
    base = shop.base(include_dirty=True)
    assert base.dirty == ("a.py", "b.py", "gone.py", "ln", "new/n.py", "s.py")
    assert shop.read(base.tree, "a.py") == b"later\n"
    assert shop.read(base.tree, "c.py") == b"1\n"
    assert snapshot(repo, objects=True) == before
    git(repo, "stash", "-qu")
    git(repo, "stash", "drop", "-q")
    git(repo, "gc", "-q", "--prune=now")
    shop.checkout(base.tree)
    assert (shop.work / "new/n.py").read_text() == "n\n"
    assert (shop.work / "s.py").read_text() == "staged alone\n"
    write(shop.work, {"y.secret": ""})
    assert shop.rewritten(base.tree) == ()


def test_a_racy_edit_of_equal_size_is_seen(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, {"a.py": "1\n"})
    for n in range(5):
        write(bench.repo, {"a.py": f"{n}\n"})
        git(bench.repo, "add", "a.py")
        write(bench.repo, {"a.py": f"{n + 1}\n"})
        base = bench.shop.base(include_dirty=True)
        assert bench.shop.read(base.tree, "a.py") == f"{n + 1}\n".encode()


def test_a_hostile_configuration_runs_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": "1\n", ".gitattributes": "* diff=x merge=x\n"})
    ran = tmp_path / "ran"
    touch = f"touch {ran}; false"
    for key in ("core.fsmonitor", "diff.external", "diff.x.command", "diff.x.textconv",
                "merge.x.driver", "core.pager", "core.editor", "core.sshCommand", "gpg.program",
                "core.askPass", "credential.helper", "core.gitProxy"):  # fmt: skip
        git(repo, "config", key, touch)
    git(repo, "config", "log.showSignature", "true")
    hooks = repo / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\n{touch}\n")
        (hooks / name).chmod(0o755)
    write(repo, {"a.py": "dirty\n"})
    bench = open_bench(tmp_path, repo, include_dirty=True)
    tree = bench.shop.build(bench.base.tree, {"a.py": b"2\n"})
    bench.shop.checkout(tree)
    bench.shop.diff(bench.base.tree, tree)
    bench.shop.rebase(bench.base.tree, tree, bench.base.tree)
    assert not ran.exists()
    subprocess.run(["git", "-C", str(repo), "status"], capture_output=True)
    assert ran.exists(), "the trap does not work"
