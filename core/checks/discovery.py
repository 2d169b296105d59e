"""Which checks a repository has, by what its files say. Pure: nothing of it is run."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from core.protocol import CheckSpec

Read = Callable[[str], bytes | None]
"""The bytes of a file of the tree by its path; None when there is none."""

CONFIGURATION = (
    "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "pytest.toml",
    ".pytest.toml", "mypy.ini", ".mypy.ini", "ruff.toml", ".ruff.toml",
)  # fmt: skip
"""The files looked at; what they hold decides what trusting a repository would let run."""

_TEST_FILES = ("test_*.py", "*_test.py")
_SKIPPED = frozenset({"node_modules", "site-packages", ".venv", "venv", "build", "dist", ".git"})
_PYTEST = ("python", "-m", "pytest")


def discover(paths: Iterable[str], read: Read) -> tuple[CheckSpec, ...]:
    """The checks of a tree: pytest when configured or tests are there, ruff and mypy when
    configured.

    `paths` are all files of the tree, relative, with "/". Unreadable configuration counts as
    none: its own tool says what is wrong with it.
    """
    names = sorted(paths)
    files = _Files(read)
    found = []
    source = _pytest(files, names)
    if source:
        found.append(CheckSpec(name="pytest", argv=_PYTEST, reader="pytest", source=source))
    source = _ruff(files)
    if source:
        found.append(CheckSpec("ruff", ("ruff", "check", "."), reader="ruff", source=source))
    mypy = _mypy(files, names)
    if mypy is not None:
        found.append(mypy)
    return tuple(found)


class _Files:
    """The configuration files, parsed once each."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.pyproject = self._toml("pyproject.toml")
        self.tools: dict[str, Any] = _table(self.pyproject, "tool")

    def _toml(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads((self._read(name) or b"").decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            return {}

    def sections(self, name: str) -> dict[str, dict[str, str]]:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string((self._read(name) or b"").decode("utf-8", "replace"))
        except configparser.Error:
            return {}
        return {s: {k: v or "" for k, v in parser.items(s)} for s in parser.sections()}

    def has(self, name: str) -> bool:
        return self._read(name) is not None


def _table(value: object, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _pytest(files: _Files, names: list[str]) -> str:
    for name in ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"):
        if files.has(name):
            return name
    if "pytest" in files.tools:
        return "pyproject.toml [tool.pytest]"
    if "pytest" in files.sections("tox.ini"):
        return "tox.ini [pytest]"
    if "tool:pytest" in files.sections("setup.cfg"):
        return "setup.cfg [tool:pytest]"
    for name in names:
        path = PurePosixPath(name)
        hidden = _SKIPPED.intersection(path.parts[:-1])
        if not hidden and any(fnmatch(path.name, pattern) for pattern in _TEST_FILES):
            return f"test files, such as {name}"
    return ""


def _ruff(files: _Files) -> str:
    for name in (".ruff.toml", "ruff.toml"):
        if files.has(name):
            return name
    return "pyproject.toml [tool.ruff]" if "ruff" in files.tools else ""


def _mypy(files: _Files, names: list[str]) -> CheckSpec | None:
    settings: dict[str, Any] | None = None
    source = ""
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        section = files.sections(name).get("mypy")
        if section is not None:
            settings, source = section, name if name != "setup.cfg" else "setup.cfg [mypy]"
            break
    else:
        if "mypy" in files.tools:
            settings, source = _table(files.tools, "mypy"), "pyproject.toml [tool.mypy]"
    if settings is None:
        return None
    targeted = any(settings.get(key) for key in ("files", "packages", "modules"))
    targets = () if targeted else _sources(names)
    return CheckSpec("mypy", ("mypy", *targets), reader="mypy", source=source)


def _sources(names: list[str]) -> tuple[str, ...]:
    """What to give mypy where its configuration names nothing: `src`, else the packages."""
    if any(n.startswith("src/") and n.endswith(".py") for n in names):
        return ("src",)
    packages = {n.split("/")[0] for n in names if re.fullmatch(r"[^/]+/__init__\.pyi?", n)}
    packages -= {"tests", "test", "docs", "examples"}
    return tuple(sorted(packages)) or (".",)
