"""A lab for the search: a folder and a real trial on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.checks.interpreter import find
from core.checks.pytest_trial import PytestTrial
from core.checks.runner import make_runner
from core.checks.trial import Overlay, TrialResult
from core.context import Context
from core.propose.base import Brief
from core.protocol import Base, CheckSpec, Need
from core.sandbox.mounts import Place
from core.sandbox.probe import probe

PYTEST = CheckSpec("pytest", ("python", "-m", "pytest"), "pytest")


def real_trial(folder: Path) -> PytestTrial:
    scratch = folder.parent / f"{folder.name}-scratch"
    runner = make_runner(Place(work=folder, repo=folder), probe(), find(folder), scratch)
    return PytestTrial(runner)


class CountingTrial:
    """A trial that counts what it is asked for."""

    def __init__(self, inner: PytestTrial) -> None:
        self._inner = inner
        self.overlays: list[Overlay] = []

    def run(
        self,
        folder: Path,
        tests: Sequence[str] = (),
        *,
        coverage: bool = False,
        stop_first: bool = False,
        timeout: float = 60.0,
        context: Context | None = None,
    ) -> TrialResult:
        return self._inner.run(
            folder, tests, coverage=coverage, stop_first=stop_first, timeout=timeout,
            context=context,
        )  # fmt: skip

    def run_many(
        self,
        folder: Path,
        overlays: Sequence[Overlay],
        tests: Sequence[str] = (),
        *,
        stop_first: bool = True,
        timeout: float = 20.0,
        context: Context | None = None,
        until: Callable[[int, TrialResult], bool] | None = None,
    ) -> tuple[TrialResult, ...]:
        self.overlays += overlays
        return self._inner.run_many(
            folder, overlays, tests, stop_first=stop_first, timeout=timeout, context=context,
            until=until,
        )  # fmt: skip


def brief(needs: Sequence[str] = (), *, scope: Sequence[str] = (), goal: str = "green") -> Brief:
    return Brief(
        goal=goal,
        base=Base("commit", "tree"),
        tree="tree",
        scope=tuple(scope),
        needs=tuple(Need("pytest", test) for test in needs),
        checks=(PYTEST,),
    )


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
