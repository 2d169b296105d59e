"""Commands as a person writes them, made into checks; no shell ever sees them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from msgspec.structs import replace

from core.checks import pytest_command, unittest_command
from core.checks.tools import is_python
from core.errors import UsageError
from core.protocol import CheckSpec
from core.text import clean_line

_SHELL = re.compile(r"[;&|<>`]|\$\(|\$\{|\$\w|\n")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_READERS = {
    "ruff": "ruff", "mypy": "mypy", "pytest": "pytest", "py.test": "pytest",
    "pyright": "pyright", "basedpyright": "pyright", "eslint": "eslint", "tsc": "tsc",
    "jest": "jest", "vitest": "vitest", "mocha": "mocha",
    "gcc": "gcc", "g++": "gcc", "cc": "gcc", "c++": "gcc", "clang": "gcc", "clang++": "gcc",
    "rustc": "cargo",
}  # fmt: skip
_PARTS = {
    ("cargo", "test"): "cargo test", ("cargo", "t"): "cargo test", ("cargo", "build"): "cargo",
    ("cargo", "b"): "cargo", ("cargo", "check"): "cargo", ("cargo", "c"): "cargo",
    ("cargo", "clippy"): "cargo", ("go", "test"): "go test", ("go", "vet"): "go",
    ("go", "build"): "go", ("node", "--test"): "tap",
}  # fmt: skip
"""Readers of tools that do several things: program and first word of what it is to do."""
_LAUNCHERS = frozenset({"npx", "pnpx", "bunx"})


def from_command(text: str, *, source: str = "--check", timeout: float = 600.0) -> CheckSpec:
    """A command line, split as a shell would split it.

    Raises `UsageError` for what only a shell could carry out (pipes, redirections, variables)
    and for quotes that are not closed.
    """
    shown = clean_line(text)
    unquoted = re.sub(r"'[^']*'|\\.", "", text)
    if _SHELL.search(re.sub(r'"[^"$`]*"', "", unquoted)):
        raise UsageError(
            f"The check {shown!r} uses shell syntax, and checks are not run by a shell. Nothing"
            " was run; put it into a script of the repository and name that."
        )
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise UsageError(
            f"The check {shown!r} cannot be split into words ({error}). Nothing was run; close"
            " its quotes."
        ) from error
    return from_argv(argv, source=source, timeout=timeout)


def from_argv(
    argv: Sequence[str], *, source: str = "the configuration", timeout: float = 600.0
) -> CheckSpec:
    """A check out of its words. Raises `UsageError` when there is nothing to run."""
    if not argv or not argv[0].strip() or any("\0" in word for word in argv):
        raise UsageError(f"{source} names an empty command. Nothing was run; name a program.")
    if _VARIABLE.match(argv[0]):
        raise UsageError(
            f"The check {clean_line(shlex.join(argv))!r} sets a variable, and checks are not run"
            " by a shell. Nothing was run; put it into a script of the repository and name that."
        )
    tool = _tool(argv)
    return CheckSpec(
        name=clean_line(tool)[:60] or clean_line(argv[0])[:60],
        argv=tuple(argv),
        reader=reader_of(tool, argv),
        source=source,
        timeout=timeout,
    )


def reader_of(tool: str, argv: Sequence[str]) -> str:
    """The name of the reader for what `tool` prints when run as `argv`."""
    if unittest_command.split(argv) is not None:
        return "unittest"
    words = [word for word in argv[1:] if not word.startswith("+")]  # cargo +nightly test
    if words and (tool, words[0]) in _PARTS:
        return _PARTS[tool, words[0]]
    return _READERS.get(tool, "plain")


def _tool(argv: Sequence[str]) -> str:
    """The name of what is run: of the module, where Python runs one."""
    if pytest_command.split(argv) is not None:
        return "pytest"
    first = os.path.basename(argv[0]) or argv[0]
    if is_python(first) and len(argv) > 2 and argv[1] == "-m":
        return argv[2]
    if is_python(first) and len(argv) > 1 and not argv[1].startswith("-"):
        return os.path.basename(argv[1])
    if first in _LAUNCHERS:
        return next((word for word in argv[1:] if not word.startswith("-")), first)
    return first


def named_apart(specs: Sequence[CheckSpec]) -> tuple[CheckSpec, ...]:
    """The same checks, each with a name of its own ("pytest", "pytest 2")."""
    taken: set[str] = set()
    out: list[CheckSpec] = []
    for spec in specs:
        name, number = spec.name, 2
        while name in taken:
            name, number = f"{spec.name} {number}", number + 1
        taken.add(name)
        out.append(replace(spec, name=name))
    return tuple(out)
