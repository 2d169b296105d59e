"""What a check sees and what it does not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from core.sandbox.environment import ignored_environment, variables
from core.sandbox.launch import Sandbox
from core.sandbox.mounts import OBJECTS, Place, bwrap_argv, mountable, tidy
from tests.fakes.sandbox import bubblewrap, needs_sandbox, write


def place(tmp_path: Path, **more: object) -> Place:
    work, repo = tmp_path / "work", tmp_path / "my répo"
    work.mkdir(exist_ok=True)
    repo.mkdir(exist_ok=True)
    return Place(work=work, repo=repo, **more)  # type: ignore[arg-type]


def see(where: Place, *argv: str) -> str:
    said: list[bytes] = []
    Sandbox(where, bubblewrap()).run(argv, timeout=20, sink=said.append)
    return b"".join(said).decode()


def test_home_and_tmp_are_emptied_before_the_repository_is_bound(tmp_path: Path) -> None:
    argv = bwrap_argv(place(tmp_path), ["true"], env={}, home=Path("/home/ann"))
    bound = argv.index(str(tmp_path / "my répo"))
    assert argv.index("/tmp") < bound
    assert argv.index("/home/ann") < bound
    assert argv[argv.index("--") :] == ["--", "true"]
    for flag in ("--unshare-all", "--die-with-parent", "--new-session", "--clearenv"):
        assert flag in argv


def test_ignored_things_that_checks_need_and_no_others(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".venv/pyvenv.cfg": "",
            ".env": "KEY=1",
            "node_modules/a": "",
            "src/shop.egg-info/PKG-INFO": "",
            "src/shop/_fast.so": "",
            "src/shop/_version.py": "",
            "src/shop/__pycache__/a.pyc": "",
            "local_settings.py": "PASSWORD = 1",
            "data.db": "",
        },
    )
    ignored = [
        ".venv/", ".env", "node_modules/", "src/shop.egg-info/", "src/shop/_fast.so",
        "src/shop/_version.py", "src/shop/__pycache__/", "local_settings.py", "data.db",
    ]  # fmt: skip
    chosen = [str(p.relative_to(tmp_path)) for p in ignored_environment(tmp_path, ignored)]
    assert chosen == [
        ".venv", "node_modules", "src/shop/_fast.so", "src/shop/_version.py",
        "src/shop.egg-info",
    ]  # fmt: skip


def test_a_link_or_a_tracked_path_in_the_tree_takes_no_mount(tmp_path: Path) -> None:
    where = place(tmp_path)
    names = ("node_modules", "venv", ".venv", "deep/er")
    for name in names:
        (where.repo / name).mkdir(parents=True)
    (where.work / "node_modules").symlink_to("/etc")
    write(where.work, {"venv/tracked.py": ""})
    (where.work / "deep").symlink_to("/etc")
    where = Place(
        work=where.work, repo=where.repo, environment=tuple(where.repo / n for n in names)
    )
    assert mountable(where) == (where.repo / ".venv",)


@needs_sandbox
def test_a_tracked_link_does_not_cover_the_systems_folders(tmp_path: Path) -> None:
    where = place(tmp_path)
    write(where.repo, {"node_modules/passwd": "mine"})
    (where.work / "node_modules").symlink_to("/etc")
    where = Place(work=where.work, repo=where.repo, environment=(where.repo / "node_modules",))
    assert "mine" not in see(where, "cat", "/etc/passwd")


@needs_sandbox
def test_a_repository_under_home_and_tmp_is_the_workshops_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    where = place(tmp_path)
    write(where.repo, {"a": "the person's", ".env": "SECRET", "only-here": ""})
    write(where.work, {"a": "the workshop's"})
    write(tmp_path, {"other": "of the person"})
    assert see(where, "cat", "a") == "the workshop's"
    assert see(where, "ls", "-A") == "a\n"
    assert "other" not in see(where, "ls", "-A", str(tmp_path))
    assert see(where, "cat", str(where.repo / ".env")).endswith("No such file or directory\n")


@needs_sandbox
def test_ignored_environments_are_read_only_and_leave_no_trace(tmp_path: Path) -> None:
    where = place(tmp_path)
    write(where.repo, {".venv/pyvenv.cfg": "x", "pkg/_fast.so": "so"})
    write(where.work, {"pkg/a.py": ""})
    where = Place(
        work=where.work,
        repo=where.repo,
        environment=(where.repo / ".venv", where.repo / "pkg/_fast.so"),
    )
    assert see(where, "cat", "pkg/_fast.so", ".venv/pyvenv.cfg") == "sox"
    assert "Read-only" in see(where, "touch", ".venv/new")
    assert sorted(p.name for p in where.work.rglob("*")) == ["a.py", "pkg"]
    assert sorted(p.name for p in (where.repo / ".venv").iterdir()) == ["pyvenv.cfg"]


@needs_sandbox
def test_a_link_to_the_repository_leads_to_the_workshop_too(tmp_path: Path) -> None:
    link = tmp_path / "link"
    where = place(tmp_path, aliases=(link,))
    link.symlink_to(where.repo)
    write(where.work, {"a": "the workshop's"})
    assert see(where, "cat", str(link / "a")) == "the workshop's"


@needs_sandbox
def test_there_is_no_network_and_no_other_process(tmp_path: Path) -> None:
    where = place(tmp_path)
    assert str(os.getpid()) not in see(where, "ls", "/proc").split()
    lines = see(where, "cat", "/proc/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in lines] == ["lo"]


def git(folder: Path, *argv: str) -> str:
    env = os.environ | {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.com",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@example.com",
    }
    done = subprocess.run(["git", *argv], cwd=folder, env=env, check=True, capture_output=True)
    return done.stdout.decode()


@needs_sandbox
def test_git_works_inside_and_its_folder_is_read_only(tmp_path: Path) -> None:
    where = place(tmp_path)
    write(where.repo, {"a": "1"})
    git(where.repo, "init", "-q", "-b", "main")
    git(where.repo, "add", "a")
    git(where.repo, "commit", "-q", "-m", "first")
    git(where.repo, "tag", "-a", "v1", "-m", "v1")
    where.work.rmdir()
    git(tmp_path, "clone", "-q", "--shared", str(where.repo), str(where.work))
    objects = where.repo / ".git/objects"
    where = Place(work=where.work, repo=where.repo, git_dir=where.work / ".git", objects=(objects,))
    assert see(where, "git", "describe").strip() == "v1"
    assert "first" in see(where, "git", "log", "--oneline")
    assert see(where, "git", "status", "--porcelain") == ""
    assert "ead-only" in see(where, "git", "config", "core.fsmonitor", "evil")
    assert "fsmonitor" not in (where.work / ".git/config").read_text()


def test_variables_hold_the_paths_of_the_repository_only(tmp_path: Path) -> None:
    where = place(tmp_path, objects=(tmp_path,))
    outer = {
        "PYTHONPATH": f".:/opt/evil:{where.repo}/src:../up",
        "ANTHROPIC_API_KEY": "secret",
        "LANG": "C",
    }
    inside = variables(where, outer, home=Path("/home/ann"))
    assert inside["PYTHONPATH"] == f"{where.repo}:{where.repo}/src"
    assert inside["GIT_ALTERNATE_OBJECT_DIRECTORIES"] == f"{OBJECTS}/0"
    assert "ANTHROPIC_API_KEY" not in inside
    bare = variables(where, outer, home=Path("/home/ann"), sandboxed=False)
    assert bare["PYTHONPATH"] == f"{where.work}/src:{where.work}"


def test_tidying_takes_empty_things_only(tmp_path: Path) -> None:
    where = place(tmp_path)
    write(where.repo, {".venv/x": "", "a.so": "1"})
    write(where.work, {".venv/kept": "", "a.so": "2"})
    where = Place(
        work=where.work,
        repo=where.repo,
        environment=(where.repo / ".venv", where.repo / "a.so"),
    )
    tidy(where)
    assert (where.work / ".venv/kept").exists()
    assert (where.work / "a.so").read_text() == "2"
