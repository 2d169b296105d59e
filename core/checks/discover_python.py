"""Finds the checks of a Python repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from core.checks.candidates import Candidate, Files, candidate, table

CONFIGURATION = (
    "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "pytest.toml",
    ".pytest.toml", "mypy.ini", ".mypy.ini", "ruff.toml", ".ruff.toml", "pyrightconfig.json",
    "tox.toml", "noxfile.py", ".pre-commit-config.yaml",
)  # fmt: skip

_TEST_FILES = ("test_*.py", "*_test.py")
_SKIPPED = frozenset({"node_modules", "site-packages", ".venv", "venv", "build", "dist", ".git"})
_PYTEST = ("python", "-m", "pytest")
_UNITTEST = ("python", "-m", "unittest", "discover")
_USES_UNITTEST = re.compile(rb"^\s*(?:import|from)\s+unittest\b", re.MULTILINE)
_READ_AT_MOST = 50
"""Files that are opened to see whether they hold tests of unittest."""


def find(files: Files) -> Iterator[Candidate]:
    pytest = _pytest(files)
    if pytest:
        yield candidate("pytest", _PYTEST, reader="pytest", source=pytest)
    yield from _unittest(files, "pytest runs these tests too" if pytest else "")
    yield from _environments(files)
    source = _ruff(files)
    if source:
        yield candidate("ruff", ("ruff", "check", "."), reader="ruff", source=source)
    yield from _mypy(files)
    yield from _pyright(files)
    if files.has(".pre-commit-config.yaml"):
        yield candidate(
            "pre-commit",
            ("pre-commit", "run", "--all-files"),
            source=".pre-commit-config.yaml",
            why_not="its hooks are fetched from the network, and may rewrite sources",
        )


def _pytest(files: Files) -> str:
    for name in ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"):
        if files.has(name):
            return name
    if "pytest" in files.tools:
        return "pyproject.toml [tool.pytest]"
    if "pytest" in files.sections("tox.ini"):
        return "tox.ini [pytest]"
    if "tool:pytest" in files.sections("setup.cfg"):
        return "setup.cfg [tool:pytest]"
    found = next(_named(files, *_TEST_FILES), "")
    return f"test files, such as {found}" if found else ""


def _named(files: Files, *patterns: str) -> Iterator[str]:
    for name in files.names:
        path = PurePosixPath(name)
        hidden = _SKIPPED.intersection(path.parts[:-1])
        if not hidden and any(fnmatch(path.name, pattern) for pattern in patterns):
            yield name


def _unittest(files: Files, why_not: str) -> Iterator[Candidate]:
    """Tests under names that unittest looks for; pytest runs such tests as well."""
    for number, name in enumerate(_named(files, "test*.py")):
        if number >= _READ_AT_MOST:
            return
        if not _USES_UNITTEST.search((files.read(name) or b"")[:50_000]):
            continue
        parts = PurePosixPath(name).parts[:-1]
        start: tuple[str, ...] = ()
        if parts and f"{parts[0]}/__init__.py" not in files.names:
            start = ("-s", "/".join(parts))  # it looks into packages only
        source = f"tests of unittest, such as {name}"
        argv = (*_UNITTEST, *start)
        yield candidate("unittest", argv, reader="unittest", source=source, why_not=why_not)
        return


def _environments(files: Files) -> Iterator[Candidate]:
    """tox and nox are known, and left to the person."""
    why = "it makes environments, which needs the network; what it runs is better run directly"
    tox = files.first("tox.toml")
    if not tox and {"tox", "testenv"} & set(files.sections("tox.ini")):
        tox = "tox.ini"
    if not tox and "tox" in files.tools:
        tox = "pyproject.toml [tool.tox]"
    if tox:
        yield candidate("tox", ("tox",), source=tox, why_not=why)
    if files.has("noxfile.py"):
        yield candidate("nox", ("nox",), source="noxfile.py", why_not=why)


def _ruff(files: Files) -> str:
    for name in (".ruff.toml", "ruff.toml"):
        if files.has(name):
            return name
    return "pyproject.toml [tool.ruff]" if "ruff" in files.tools else ""


def _mypy(files: Files) -> Iterator[Candidate]:
    settings: dict[str, Any] | None = None
    source = ""
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        section = files.sections(name).get("mypy")
        if section is not None:
            settings, source = section, name if name != "setup.cfg" else "setup.cfg [mypy]"
            break
    else:
        if "mypy" in files.tools:
            settings, source = table(files.tools, "mypy"), "pyproject.toml [tool.mypy]"
    if settings is None:
        return
    targeted = any(settings.get(key) for key in ("files", "packages", "modules"))
    targets = () if targeted else _sources(files.names)
    yield candidate("mypy", ("mypy", *targets), reader="mypy", source=source)


def _sources(names: tuple[str, ...]) -> tuple[str, ...]:
    """What to give mypy where its configuration names nothing: `src`, else the packages."""
    if any(n.startswith("src/") and n.endswith(".py") for n in names):
        return ("src",)
    packages = {n.split("/")[0] for n in names if re.fullmatch(r"[^/]+/__init__\.pyi?", n)}
    packages -= {"tests", "test", "docs", "examples"}
    return tuple(sorted(packages)) or (".",)


def _pyright(files: Files) -> Iterator[Candidate]:
    source = files.first("pyrightconfig.json")
    if not source and "pyright" in files.tools:
        source = "pyproject.toml [tool.pyright]"
    if not source:
        return
    local = "node_modules/.bin/pyright"
    program = local if files.installed(local) else "pyright"
    why = "" if files.installed(program) else "pyright is not installed"
    yield candidate("pyright", (program,), reader="pyright", source=source, why_not=why)
