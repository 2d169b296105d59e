"""Doctor tells of every check that was thought of, and why one is not taken."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.doctor import Row, examine


def rows(repo: Path, tmp_path: Path, files: dict[str, str], path: str = "") -> list[Row]:
    repo.mkdir()
    for name, content in files.items():
        (repo / name).write_text(content)
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "start")):
        subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True)
    env = {"HOME": str(tmp_path), "PATH": path or os.environ["PATH"]}
    return [r for r in examine(repo, env) if r.what in ("check", "checks", "not taken")]


def test_what_is_taken_and_what_is_not_is_told_with_its_reason(tmp_path: Path) -> None:
    files = {
        "ruff.toml": "",
        "test_a.py": "",
        "tox.ini": "[tox]\n",
        "package.json": '{"devDependencies": {"jest": "1"}, "scripts": {"test": "jest"}}',
    }
    found = rows(tmp_path / "repo", tmp_path, files)
    taken = [r.says for r in found if r.what == "check"]
    assert taken == [
        "pytest: python -m pytest (test files, such as test_a.py)",
        "ruff: ruff check . (ruff.toml)",
    ]
    left = {r.says.partition(" · ")[2].partition(":")[0]: r for r in found if r.what == "not taken"}
    assert set(left) == {"tox", "npm test"}
    assert left["tox"].state == "ok"
    assert "better run directly" in left["tox"].says
    assert left["npm test"].state == "warn"
    assert 'npm run --silent test (package.json "test": jest)' in left["npm test"].says
    assert not any(r.code for r in found)


def test_no_check_that_is_taken_is_a_warning_with_what_was_left(tmp_path: Path) -> None:
    found = rows(tmp_path / "repo", tmp_path, {"noxfile.py": ""})
    assert [(r.what, r.state) for r in found] == [("checks", "warn"), ("not taken", "ok")]
    assert found[0].code == 2
