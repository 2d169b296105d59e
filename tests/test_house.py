"""The house's walls, seen from inside a running process: what importing a part really loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]


def loaded_by(code: str) -> set[str]:
    """Top-level packages and our modules that a fresh interpreter holds after running `code`."""
    probe = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("core.protocol", {"textual", "rich", "litellm", "git", "sqlite3", "core.errors"}),
        ("core.state, core.fold, core.policy", {"textual", "rich", "litellm", "git", "sqlite3"}),
        ("core.session", {"textual", "rich", "litellm", "tui", "pytest"}),
        ("core.doctor", {"textual", "rich", "litellm", "tui"}),
        ("tui.cli", {"textual", "rich", "litellm", "git", "core.session", "asyncio"}),
        ("tui.headless", {"textual", "rich", "litellm", "git", "core.session"}),
        ("tui.app", {"litellm", "git", "core.session", "core.engine", "core.repo"}),
    ],
)
def test_importing_a_part_loads_only_what_it_may(module: str, absent: set[str]) -> None:
    assert not loaded_by(f"import {module}") & absent


def test_protocol_needs_nothing_of_ours() -> None:
    ours = {m for m in loaded_by("import core.protocol") if m.partition(".")[0] in ("core", "tui")}
    assert {m for m in ours if not m.startswith("core.protocol")} == {"core"}


def test_only_the_worker_names_litellm() -> None:
    named = {
        path.relative_to(HOUSE).as_posix()
        for package in ("core", "tui")
        for path in (HOUSE / package).rglob("*.py")
        if "litellm" in _imported(path)
    }
    assert named == {"core/propose/model/worker.py"}


def test_core_never_prints() -> None:
    for path in (HOUSE / "core").rglob("*.py"):
        calls = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call))
        names = {c.func.id for c in calls if isinstance(c.func, ast.Name)}
        standalone = "plugin" in path.parts or "demo" in path.parts
        assert standalone or "print" not in names, path


def test_tests_hold_no_packages() -> None:
    # One of them would shadow our own `core` under the import mode that we use.
    assert list((HOUSE / "tests").rglob("__init__.py")) == []


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
