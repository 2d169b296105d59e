"""The command that runs unittest with our recorder, out of the command that the person gave."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.checks.pytest_command import start_with, variables
from core.checks.runner import Desk, Runner
from core.checks.tools import is_python


def split(argv: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """(python or "", unittest's arguments); None when it is not `python -m unittest`."""
    if not argv or not is_python(os.path.basename(argv[0])):
        return None
    if list(argv[1:3]) != ["-m", "unittest"]:
        return None
    return (argv[0] if os.sep in argv[0] else "", tuple(argv[3:]))


def command(runner: Runner, desk: Desk, argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """What to start, and the variables that tell the recorder where to write."""
    python, rest = split(argv) or ("", tuple(argv))
    recorder = desk.plugin / "loopwright_unittest.py"
    return [str(start_with(runner, python)), str(recorder), *rest], variables(runner, desk)
