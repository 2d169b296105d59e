"""A lab for the search: a folder and a real trial on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.checks.interpreter import find
from core.checks.pytest_trial import PytestSeries, PytestTrial
from core.checks.runner import make_runner
from core.checks.trial import Overlay, TrialResult
from core.context import Context
from core.propose.base import Brief
from core.protocol import Base, CheckSpec, Need
from core.sandbox.mounts import Place
from core.sandbox.probe import probe
from tests.fakes.sandbox import plain_python

PYTEST = CheckSpec("pytest", ("python", "-m", "pytest"), "pytest")


def real_trial(folder: Path) -> PytestTrial:
    """On a Python that holds nothing: what else is installed here would cost every start."""
    scratch = folder.parent / f"{folder.name}-scratch"
    runner = make_runner(
        Place(work=folder, repo=folder), probe(), find(folder, plain_python()), scratch
    )
    return PytestTrial(runner)


class CountingTrial:
    """A trial that counts what it is asked for."""

    def __init__(self, inner: PytestTrial) -> None:
        self._inner = inner
        self.overlays: list[Overlay] = []
        self.suites = 0

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
        self.suites += not tests
        return self._inner.run(
            folder, tests, coverage=coverage, stop_first=stop_first, timeout=timeout,
            context=context,
        )  # fmt: skip

    @contextmanager
    def opened(self, folder: Path, context: Context | None = None) -> Iterator[CountingSeries]:
        with self._inner.opened(folder, context) as series:
            yield CountingSeries(series, self.overlays)


class CountingSeries:
    def __init__(self, inner: PytestSeries, overlays: list[Overlay]) -> None:
        self._inner, self._overlays = inner, overlays

    def run_many(
        self,
        overlays: Sequence[Overlay],
        tests: Sequence[str] = (),
        *,
        stop_first: bool = True,
        timeout: float = 20.0,
        until: Callable[[int, TrialResult], bool] | None = None,
    ) -> tuple[TrialResult, ...]:
        self._overlays += overlays
        return self._inner.run_many(
            overlays, tests, stop_first=stop_first, timeout=timeout, until=until
        )


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
