"""Looking at a repository: what is refused and why, what is found, and that nothing runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import Refused
from core.repo.facts import inspect
from tests.fakes.landings import open_bench
from tests.fakes.repos import git, make_repo, snapshot, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.py": "1\n", "b.py": "b\n"})


def in_merge(repo: Path) -> None:
    git(repo, "checkout", "-qb", "side")
    write(repo, {"a.py": "2\n"})
    git(repo, "commit", "-qam", "side")
    git(repo, "checkout", "-q", "main")
    write(repo, {"a.py": "3\n"})
    git(repo, "commit", "-qam", "main")
    git(repo, "merge", "side", ok=(1,))


def in_rebase(repo: Path) -> None:
    in_merge(repo)
    git(repo, "merge", "--abort")
    git(repo, "rebase", "side", ok=(1,))


def in_cherry_pick(repo: Path) -> None:
    in_merge(repo)
    git(repo, "merge", "--abort")
    git(repo, "cherry-pick", "side", ok=(1,))


def unmerged(repo: Path) -> None:
    in_merge(repo)
    (repo / ".git/MERGE_HEAD").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (in_merge, "merge is under way"),
        (in_rebase, "rebase is under way"),
        (in_cherry_pick, "cherry-pick is under way"),
        (unmerged, "unmerged entries"),
        (lambda repo: git(repo, "config", "core.bare", "true"), "bare"),
        (lambda repo: (repo / ".git/HEAD").write_text("ref: refs/heads/none\n"), "no commit"),
        (lambda repo: shutil.rmtree(repo / ".git"), "not inside a git repository"),
        (lambda repo: git(repo, "config", "core.worktree", "/usr"), ""),
        (lambda repo: (repo / ".git/config").write_text("[broken"), "cannot read"),
    ],
)
def test_refused_with_the_reason_and_untouched(
    repo: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(repo)
    before = snapshot(repo, objects=True)
    with pytest.raises(Refused) as caught:
        inspect(repo)
    assert words in str(caught.value)
    assert caught.value.exit_code == 4
    assert snapshot(repo, objects=True) == before


def test_refuses_home_and_the_root(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(repo))
    (repo / "sub").mkdir()
    for path in (repo, repo / "sub"):
        with pytest.raises(Refused, match="home folder"):
            inspect(path)
    with pytest.raises(Refused, match="whole machine"):
        inspect(Path("/"))
    # Nor where the repository's files are said to be the whole machine.
    monkeypatch.undo()
    git(repo, "config", "core.worktree", "/")
    with pytest.raises(Refused, match="whole machine"):
        inspect(repo)


def test_refuses_git_folder_missing_path_and_missing_git(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="git's own folder"):
        inspect(repo / ".git")
    with pytest.raises(Refused, match="cannot be opened"):
        inspect(repo / "nowhere")
    monkeypatch.setenv("PATH", str(repo))
    with pytest.raises(Refused, match="not found on PATH"):
        inspect(repo)


def test_refuses_an_old_git(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.repo.git.OLDEST", (99, 0))
    with pytest.raises(Refused, match=r"needs git 99\.0"):
        inspect(repo)


def test_refuses_a_partial_clone_without_its_blobs(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo}", "partial")
    with pytest.raises(Refused, match="2 objects"):
        inspect(partial)
    git(partial, "checkout", "-q", "main")
    assert inspect(partial).branch == "main"


def test_finds_what_is_there(repo: Path) -> None:
    (repo / "sub").mkdir()
    facts = inspect(repo / "sub")
    assert (facts.root, facts.branch, facts.ref) == (repo, "main", "refs/heads/main")
    assert facts.head == git(repo, "rev-parse", "HEAD")
    assert facts.tree == git(repo, "rev-parse", "HEAD^{tree}")
    assert facts.author == "Ada Lovelace <ada@example.org>"
    assert facts.git_dir == facts.common_dir == repo / ".git"
    assert (facts.skips, facts.notes, facts.shallow) == ((), (), False)


def test_detached_shallow_linked_and_sha256(repo: Path, tmp_path: Path) -> None:
    write(repo, {"a.py": "2\n"})
    git(repo, "commit", "-qam", "second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    assert inspect(tmp_path / "shallow").shallow
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = inspect(tmp_path / "linked")
    assert (linked.branch, linked.ref) == ("", "HEAD")
    assert linked.git_dir != linked.common_dir == repo / ".git"
    wide = make_repo(tmp_path / "wide", {"a": "1"}, object_format="sha256")
    assert inspect(wide).object_format == "sha256"


def test_author_honours_the_environment(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Hopper")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
    assert inspect(repo).author == "Grace Hopper <grace@example.org>"
    assert inspect(repo).committer == "Ada Lovelace <ada@example.org>"


def test_somebody_without_a_name_is_told(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repo, "config", "--unset", "user.name")
    git(repo, "config", "--unset", "user.email")
    git(repo, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    facts = inspect(repo)
    assert "@" in facts.author
    assert "knows no name for you" in facts.notes[0]


def test_git_variables_of_the_shell_do_not_lead_astray(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repo(tmp_path / "other", {"other": "1"})
    before = snapshot(other, objects=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    bench = open_bench(tmp_path, repo)
    change = bench.change({"a.py": b"2\n"})
    assert inspect(repo).root == repo
    assert b"+2" in bench.shop.diff(bench.base.tree, change.tree)
    assert snapshot(other, objects=True) == before


def test_hooks_and_signing_are_named_and_not_run(repo: Path) -> None:
    hooks = repo / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name, mode in (("pre-commit", 0o755), ("commit-msg", 0o644), ("post-commit", 0o755)):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(mode)
    git(repo, "config", "commit.gpgsign", "true")
    assert inspect(repo).skips == ("hook pre-commit", "hook post-commit", "commit signing")
    git(repo, "config", "core.hooksPath", "no/such")
    assert inspect(repo).skips == ("commit signing",)


def test_submodules_filters_and_sparse_are_noted(repo: Path, tmp_path: Path) -> None:
    make_repo(tmp_path / "inner", {"x": "1"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "inner"))
    write(repo, {"assets/.gitattributes": "*.bin filter=lfs\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "more")
    git(repo, "config", "filter.lfs.clean", "false")
    git(repo, "config", "core.sparseCheckout", "true")
    notes = inspect(repo).notes
    assert [note.split()[0] for note in notes] == ["Submodules:", "Filters", "Sparse"]


def test_a_foreign_owner_is_refused_unless_the_person_trusts(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    os.chown(repo, 12345, 12345)
    os.chown(repo / ".git", 12345, 12345)
    with pytest.raises(Refused, match=r"safe\.directory"):
        inspect(repo)
    (tmp_path / "gitconfig").write_text(f"[safe]\n\tdirectory = {repo}\n")
    assert inspect(repo).root == repo
