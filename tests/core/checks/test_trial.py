"""Trials judge candidates by their own text, and leave the folder as it was."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.checks.pytest_trial import PytestTrial, overlaid
from core.checks.trial import Overlay, Trial, TrialResult
from core.context import PlainContext
from core.errors import ActionCancelled, ActionFailed
from core.protocol import Isolation
from core.sandbox.probe import unsandboxed
from tests.fakes.sandbox import USUAL, Bench, write

FILES = {
    "cart.py": "def total(n):\n    if n > 1:\n        return 0\n    return n\n",
    "tests/test_cart.py": (
        "import cart\n\n\ndef test_one():\n    assert cart.total(1) == 1\n\n\n"
        "def test_two():\n    assert cart.total(2) == 2\n"
    ),
}
ONE, TWO = "tests/test_cart.py::test_one", "tests/test_cart.py::test_two"


@pytest.fixture(params=USUAL)
def isolation(request: pytest.FixtureRequest) -> Isolation:
    isolate: Callable[[], Isolation] = request.param
    return isolate()


def laid(tmp_path: Path, isolation: Isolation) -> tuple[PytestTrial, Path]:
    runner = Bench(tmp_path).runner(isolation)
    return PytestTrial(runner), write(tmp_path / "lab", FILES)


def many(
    trial: PytestTrial,
    lab: Path,
    overlays: Sequence[Overlay],
    *args: Any,
    context: PlainContext | None = None,
    **options: Any,
) -> tuple[TrialResult, ...]:
    with trial.opened(lab, context) as series:
        return series.run_many(overlays, *args, **options)


def candidate(text: str) -> dict[str, bytes]:
    return {"cart.py": f"def total(n):\n    {text}\n".encode()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_coverage_says_which_test_ran_which_line(tmp_path: Path, isolation: Isolation) -> None:
    trial, lab = laid(tmp_path, isolation)
    result = trial.run(lab, coverage=True)
    assert {t.id: t.outcome for t in result.tests} == {ONE: "passed", TWO: "failed"}
    assert result.failing == (TWO,)
    assert result.coverage is not None
    assert result.coverage[ONE]["cart.py"] == {2, 4}
    assert result.coverage[TWO]["cart.py"] == {2, 3}
    assert result.coverage[""]["cart.py"] == {1}
    chosen: Trial = trial
    assert [t.id for t in chosen.run(lab, [ONE]).tests] == [ONE]
    assert trial.run(lab, [ONE]).passed
    assert contents(lab) == {k: v.encode() for k, v in FILES.items()}


def test_each_candidate_is_judged_by_its_own_text(tmp_path: Path, isolation: Isolation) -> None:
    """Candidates of equal size, within one second: stale bytecode would serve an old one."""
    trial, lab = laid(tmp_path, isolation)
    before = contents(lab)
    texts = [
        "return 1",
        "return 2",
        "return n",
        "return 0",
        "while 1: 0",
        "retur(",
        "import os; os._exit(0)",
    ]
    results = many(trial, lab, [candidate(t) for t in texts], timeout=2, stop_first=False)
    assert [r.passed for r in results] == [False, False, True, False, False, False, False]
    assert [r.failing for r in results[:4]] == [(TWO,), (ONE,), (), (ONE, TWO)]
    assert "stopped after" in results[4].says
    assert results[6].says
    assert contents(lab) == before


def test_the_rest_is_left_out_when_enough_is_known(tmp_path: Path) -> None:
    trial, lab = laid(tmp_path, unsandboxed())
    overlays = [candidate(f"return {n}") for n in range(9)]
    results = many(trial, lab, overlays, [TWO], until=lambda i, r: r.passed)
    assert [r.passed for r in results] == [False, False, True]
    assert [[t.id for t in r.tests] for r in results] == [[TWO]] * 3


def test_one_start_serves_other_tests_and_another_way_to_stop(tmp_path: Path) -> None:
    trial, lab = laid(tmp_path, unsandboxed())
    bad = [candidate("return 0")]
    with trial.opened(lab) as series:
        results = [
            series.run_many(bad, [TWO])[0],
            series.run_many(bad, stop_first=True)[0],
            series.run_many(bad, stop_first=False)[0],
            series.run_many([candidate("return n")])[0],
        ]
    assert [r.failing for r in results] == [(TWO,), (ONE,), (ONE, TWO), ()]


def test_an_installed_package_that_imports_the_tree_does_not_freeze_it(tmp_path: Path) -> None:
    """Warming up must not bring a module of the tree into the process that forks."""
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    site = next((tmp_path / "venv").glob("lib/python3*/site-packages"))
    (site / "third.py").write_text("import cart\n\ntotal = cart.total\n")
    lab = write(tmp_path / "lab", FILES)
    write(lab, {"tests/test_cart.py": FILES["tests/test_cart.py"].replace("cart", "third")})
    runner = Bench(tmp_path).runner(unsandboxed(), str(tmp_path / "venv/bin/python"))
    overlays = [candidate(f"return {n}") for n in (0, 1, 2)]
    results = many(PytestTrial(runner), lab, overlays, [TWO])
    assert [r.passed for r in results] == [False, False, True]


def test_a_conftest_and_a_plugin_of_the_tree_stay_fresh(tmp_path: Path) -> None:
    trial, lab = laid(tmp_path, unsandboxed())
    write(lab, {"conftest.py": "import cart\n", "pytest.ini": "[pytest]\naddopts = -p cart\n"})
    results = many(trial, lab, [candidate("return 1"), candidate("return n")])
    assert [r.passed for r in results] == [False, True]


def test_cancelling_puts_the_files_back(tmp_path: Path, isolation: Isolation) -> None:
    trial, lab = laid(tmp_path, isolation)
    before, context = contents(lab), PlainContext()
    threading.Timer(1.0, context.cancel).start()
    with pytest.raises(ActionCancelled):
        many(trial, lab, [candidate("while 1: 0")], timeout=60, context=context)
    assert contents(lab) == before
    with pytest.raises(ActionCancelled):
        trial.run(lab, context=context)


@pytest.mark.parametrize("name", ["../out", "/etc/x", "link/x", "a/../../x", ""])
def test_a_candidate_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "link").symlink_to(tmp_path)
    with pytest.raises(ActionFailed), overlaid(lab, {"ok.py": b"1", name: b"evil"}):
        pass
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["lab", "link"]


def test_a_python_that_cannot_run_pytest_is_told(tmp_path: Path) -> None:
    trial, lab = laid(tmp_path, unsandboxed())
    write(lab, {"pytest.py": "raise ImportError('not this one', name='x')\n"})
    with pytest.raises(ActionFailed, match="not this one"):
        trial.run(lab)
    with pytest.raises(ActionFailed, match="not this one"):
        many(trial, lab, [{}])
