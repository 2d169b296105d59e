from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.demo.make import files, make
from core.errors import UsageError


def git(folder: Path, *argv: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *argv], check=True, capture_output=True, text=True
    ).stdout


def test_the_demo_is_a_clean_repository_with_a_history(tmp_path: Path) -> None:
    folder = make(tmp_path / "new" / "slotbook")

    assert git(folder, "status", "--porcelain", "--ignored") == ""
    assert git(folder, "ls-files").split() == list(files())
    assert len(git(folder, "log", "--format=%s").splitlines()) > 3
    assert git(folder, "log", "-1", "--format=%cn").strip() == "Mara Lindqvist"
    assert git(folder, "branch", "--show-current").strip() == "main"


def test_the_demo_is_the_same_whatever_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make(tmp_path / "plain")
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    again = make(other / "inside")
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)

    assert git(plain, "rev-parse", "HEAD") == git(again, "rev-parse", "HEAD")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(UsageError, match="not empty"):
        make(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_demo_has_a_few_failing_tests_and_no_others(tmp_path: Path) -> None:
    folder = make(tmp_path / "demo")
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip

    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert 1 <= len(failed) <= 3
    assert f"{len(failed)} failed, " in done.stdout
    assert "error" not in done.stdout.splitlines()[-1]
