"""Bugs that somebody else's dice put into the demo: each is repaired, or honestly not found.

The mutator is independent of the search. What is asked of the search is what a person would
ask: that the tests which the bug broke pass again, and that none other breaks.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.checks.pytest_trial import PytestTrial
from core.context import PlainContext
from core.demo.make import files, make
from core.edits.apply import apply
from core.edits.parse import parse
from core.errors import ActionFailed
from core.propose.repair.locate import is_test_file
from core.propose.repair.proposer import RepairProposer
from core.propose.repair.search import Budget
from tests.core.repair.lab import brief, real_trial
from tests.fakes.mutator import Bug, bugs

GROUPS = 4 if os.environ.get("LOOPWRIGHT_EVERY_POINT") else 1
"""More where there is time for it (.ci/run)."""
EACH = 2
FLOOR = 0.5
SOURCES = {path: data for path, data in files().items() if path.startswith("src/")}


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.timeout(300)
def test_drawn_bugs_are_repaired_or_reported(tmp_path: Path, group: int) -> None:
    folder = make(tmp_path / "demo")
    trial = real_trial(folder)
    known = set(trial.run(folder).failing)
    drawn, repaired = 0, 0
    for bug in bugs(SOURCES, seed=100 + group):
        if drawn == EACH:
            break
        (folder / bug.path).write_bytes(bug.content)
        broken = [t for t in trial.run(folder, timeout=5).failing if t not in known]
        if broken:
            drawn += 1
            repaired += _repaired(folder, trial, bug, broken, known)
        (folder / bug.path).write_bytes(SOURCES[bug.path])
    print(f"group {group}: {repaired} of {drawn} repaired")
    assert repaired >= FLOOR * drawn


def _repaired(
    folder: Path, trial: PytestTrial, bug: Bug, broken: list[str], known: set[str]
) -> bool:
    budget = Budget(trials=40, seconds=60, further=0)
    proposer = RepairProposer(lambda _: folder, trial, lambda *_: True, budget=budget)
    text, problem = "", None
    try:
        text = proposer.propose(brief(broken), PlainContext(), "a").text
    except ActionFailed as error:
        problem = error.problem
    assert (folder / bug.path).read_bytes() == bug.content
    if problem is not None:
        print(f"not found: {bug.path}:{bug.line} {bug.says}")
        assert problem.kind == "not found"
        assert "Nothing was changed" in problem.says
        return False

    changed = apply(parse(text).edits, lambda path: (folder / path).read_bytes())
    assert not any(is_test_file(path) for path in changed)
    before = {path: (folder / path).read_bytes() for path in changed}
    for path, data in changed.items():
        assert data is not None
        (folder / path).write_bytes(data)
    result = trial.run(folder)
    for path, data in before.items():
        (folder / path).write_bytes(data)
    print(f"repaired:  {bug.path}:{bug.line} {bug.says}")
    assert not set(result.failing) - known
    return True
