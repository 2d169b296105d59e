"""Which tools there is a reader for, and how each is made to write what that reader takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.checks.readers import (
    cargo,
    eslint,
    gcc,
    general,
    go,
    jest,
    junit,
    pyright,
    sarif,
    tap,
    tsc,
    unittest,
    vitest,
)
from core.checks.readers.report import Reader

Arrange = Callable[[Sequence[str], str], Sequence[str]]
"""(argv, file for results) → the command to start."""
Flags = Callable[[Sequence[str], str], Sequence[str]]
"""(argv, file for results) → words to add, none where the command has an output of its own."""


def as_it_is(argv: Sequence[str], file: str) -> Sequence[str]:  # noqa: ARG001
    return argv


def adding(flags: Flags) -> Arrange:
    """A command with words added at its end, also through npm, pnpm, yarn and npx."""

    def arrange(argv: Sequence[str], file: str) -> Sequence[str]:
        return added(argv, flags(argv, file))

    return arrange


def added(argv: Sequence[str], words: Sequence[str]) -> list[str]:
    """npm hands on what stands after "--"; for everything else flags stand before it."""
    if not words:
        return list(argv)
    if argv[0].rpartition("/")[2] == "npm":
        return [*argv, *words] if "--" in argv else [*argv, "--", *words]
    at = list(argv).index("--") if "--" in argv else len(argv)
    return [*argv[:at], *words, *argv[at:]]


@dataclass(frozen=True)
class Tool:
    read: Reader
    arrange: Arrange = as_it_is
    file: bool = False
    """Whether the report comes in the file given to `arrange`, not in the output."""
    quiet: bool = False
    """Whether its report takes the place of what people would read."""
    tests: bool = False
    """Whether it runs tests, so that a run without any shows nothing."""
    render: Callable[[str], str | None] | None = None
    """A line of its output as people read it; None to leave it out."""


TOOLS: dict[str, Tool] = {
    "cargo": Tool(cargo.read, cargo.with_report, render=cargo.render),
    "cargo test": Tool(cargo.read, cargo.with_report, tests=True, render=cargo.render),
    "eslint": Tool(eslint.read, adding(eslint.flags), file=True, quiet=True),
    "gcc": Tool(gcc.read),
    "go": Tool(go.read),
    "go test": Tool(go.read, go.with_report, tests=True, render=go.render),
    "jest": Tool(jest.read, adding(jest.flags), file=True, tests=True),
    "junit": Tool(junit.read, tests=True),
    "mocha": Tool(tap.read, adding(tap.flags), tests=True),
    "pyright": Tool(pyright.read, pyright.with_report, quiet=True),
    "sarif": Tool(sarif.read),
    "tap": Tool(tap.read, tap.with_report, tests=True),
    "tsc": Tool(tsc.read, adding(tsc.flags)),
    "unittest text": Tool(unittest.read, tests=True),
    "vitest": Tool(vitest.read, adding(vitest.flags), file=True, tests=True),
    "plain": Tool(general.read),
}
"""Reader's name in a `CheckSpec` → the tool. pytest, unittest, ruff and mypy have runs of their
own (`core.checks.run`)."""
