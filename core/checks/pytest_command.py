"""The command that runs pytest with our recorder, out of the command that the person gave."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from core.checks.runner import Desk, Runner
from core.checks.tools import is_python

RECORD = "record.jsonl"
FIRST = "first.json"
START = 4
"""Words of a command that stand before pytest's arguments."""
_PYTEST = re.compile(r"(py\.test|pytest)(-3(\.\d+)?)?")


def split(argv: Sequence[str]) -> tuple[str, str, tuple[str, ...]] | None:
    """(python or "", "module" or "script", pytest's arguments); None when it is not pytest.

    `python -m pytest` puts the current folder on the import path, the `pytest` script does not;
    projects depend on either.
    """
    if not argv:
        return None
    first = os.path.basename(argv[0])
    if is_python(first) and list(argv[1:3]) == ["-m", "pytest"]:
        return (argv[0] if os.sep in argv[0] else "", "module", tuple(argv[3:]))
    if _PYTEST.fullmatch(first):
        return ("", "script", tuple(argv[1:]))
    return None


def command(
    runner: Runner, desk: Desk, argv: Sequence[str], extra: Sequence[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """What to start, and the variables that tell the recorder where to write.

    `extra` are further pytest arguments of ours. Caches go to the desk, since the tree that is
    judged must not carry a run's leftovers.
    """
    python, how, rest = split(argv) or ("", "module", tuple(argv))
    start = [str(start_with(runner, python)), str(desk.plugin / "loopwright_start.py")]
    ours = ["-o", f"cache_dir={desk.results / 'cache'}"]
    if not any(a.startswith("--color") for a in rest):
        ours.append("--color=yes")
    return [*start, how, str(desk.site), *ours, *extra, *rest], variables(runner, desk)


def start_with(runner: Runner, python: str) -> Path:
    """The interpreter as the command sees it."""
    if not python:
        return runner.sandbox.seen(runner.interpreter.path)
    return runner.sandbox.seen(Path(os.path.normpath(runner.place.repo / python)))


def variables(runner: Runner, desk: Desk) -> dict[str, str]:
    sandbox = runner.sandbox
    env: dict[str, str] = {
        "LOOPWRIGHT_RECORD": str(desk.results / RECORD),
        "LOOPWRIGHT_ROOT": str(sandbox.root),
        "LOOPWRIGHT_FIRST": str(desk.results / FIRST),
    }
    if not sandbox.sandboxed:
        env["LOOPWRIGHT_FOREIGN"] = str(runner.place.repo)
    return env


def put_first(desk: Desk, tests: Sequence[str]) -> None:
    """Which tests the recorder puts before the others."""
    (desk.folder / FIRST).write_text(json.dumps(list(tests)), encoding="ascii")


def foreign(runner: Runner, imports: Sequence[str]) -> tuple[str, ...]:
    """Which imported files are the person's own sources, relative to their repository.

    In a sandbox none can be: the tree under test is what is mounted there.
    """
    if runner.sandbox.sandboxed:
        return ()
    place = runner.place
    found = []
    for name in imports:
        path = Path(name)
        kept = any(e == path or e in path.parents for e in map(_real, place.environment))
        if place.repo in path.parents and _real(place.work) not in path.parents and not kept:
            found.append(str(path.relative_to(place.repo)))
    return tuple(sorted(found))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
