"""Trials by pytest, in the sandbox that checks run in."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.checks import pytest_command
from core.checks.readers import pytest as recorded
from core.checks.runner import Desk, Runner
from core.checks.trial import Overlay, TrialResult
from core.context import Context
from core.errors import ActionCancelled, ActionFailed
from core.protocol import Problem
from core.sandbox import process
from core.sandbox.watch import Watch

_QUIET = ("-q", "--tb=short", "-p", "no:randomly")
_BARE = ("--tb=native", "--assert=plain")
"""Where only outcomes count: rewriting assertions and drawing tracebacks took half the time."""


@dataclass(frozen=True)
class PytestTrial:
    """Runs the repository's pytest on lab folders. Meets the `Trial` protocol."""

    runner: Runner
    argv: tuple[str, ...] = ("python", "-m", "pytest")
    """The repository's own pytest command; its options hold for every trial."""

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
        runner = self.runner.at(folder)
        told = bytearray()
        extra = [*_QUIET, *(["-x"] if stop_first else [])]
        if coverage:
            extra += ["-p", "loopwright_cover"]
        with runner.desk() as desk:
            argv, env = pytest_command.command(runner, desk, self._chosen(folder, tests), extra)
            ended = runner.sandbox.run(
                [*argv, *tests],
                timeout=timeout,
                sink=lambda data: told.extend(data[: max(0, 20_000 - len(told))]),
                context=context,
                env=env | {"LOOPWRIGHT_SINGLE": "1"},
                binds=desk.binds,
            )
            report = recorded.read(desk.read(pytest_command.RECORD))
        if ended.cancelled:
            raise ActionCancelled
        if ended.passed:
            raise _cannot(f"{ended.passed[0].upper()}{ended.passed[1:]}.")
        if ended.problem or report.cannot:
            raise _cannot(ended.problem or report.cannot)
        code = None if ended.timed_out else ended.exit_code
        result = _result(runner, report, code, ended.seconds, timeout)
        return TrialResult(
            result.tests, report.coverage if coverage else None, ended.seconds, result.says
        )

    @contextlib.contextmanager
    def opened(self, folder: Path, context: Context | None = None) -> Iterator[PytestSeries]:
        runner = self.runner.at(folder)
        with runner.desk() as desk, self._driver(runner, desk, context) as driver:
            yield PytestSeries(self, folder, driver)

    def _chosen(self, folder: Path, tests: Sequence[str]) -> tuple[str, ...]:
        """The command without the paths that it names, when tests are named instead."""
        if not tests:
            return self.argv
        how = pytest_command.split(self.argv)
        keep = len(self.argv) - len(how[2]) if how else 0
        options = [
            word
            for word in self.argv[keep:]
            if word.startswith("-") or not (folder / word.split("::")[0]).exists()
        ]
        return (*self.argv[:keep], *options)

    def arguments(
        self, runner: Runner, desk: Desk, tests: Sequence[str], *, stop_first: bool
    ) -> list[str]:
        """pytest's own, for a run of these tests of which only the outcomes count."""
        argv = self._chosen(runner.place.work, tests)
        extra = [*_QUIET, *_BARE, *(["-x"] if stop_first else [])]
        words, _ = pytest_command.command(runner, desk, argv, extra)
        return [*words[pytest_command.START :], *tests]

    @contextlib.contextmanager
    def _driver(self, runner: Runner, desk: Desk, context: Context | None) -> Iterator[_Driver]:
        argv, env = pytest_command.command(runner, desk, self.argv)
        del argv[pytest_command.START :]
        argv[1] = str(desk.plugin / "loopwright_many.py")
        reading, writing = os.pipe()
        env |= {"LOOPWRIGHT_SINGLE": "1", "LOOPWRIGHT_ANSWERS": str(writing)}
        with (
            runner.sandbox.prepared(argv, env, desk.binds) as prepared,
            open(desk.folder / "printed", "wb") as printed,
        ):
            try:
                child = subprocess.Popen(
                    prepared.argv,
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=printed,
                    env=prepared.env,
                    cwd=runner.place.work,
                    start_new_session=True,
                    pass_fds=(writing, *prepared.fds),
                )
            except OSError as error:
                os.close(reading)
                os.close(writing)
                why = f"{prepared.argv[0]} could not be started: {error.strerror}."
                raise _cannot(why) from error
            os.close(writing)
            try:
                watch = prepared.begin(child.pid)
                yield _Driver(runner, desk, child, reading, context, watch)
            finally:
                os.close(reading)
                if child.stdin is not None:
                    with contextlib.suppress(OSError):
                        child.stdin.close()
                process.end(child, at_once=True)


@dataclass(frozen=True)
class PytestSeries:
    """Trials on one folder from one start of the interpreter. Meets the `Series` protocol."""

    trial: PytestTrial
    folder: Path
    driver: _Driver

    def run_many(
        self,
        overlays: Sequence[Overlay],
        tests: Sequence[str] = (),
        *,
        stop_first: bool = True,
        timeout: float = 20.0,
        until: Callable[[int, TrialResult], bool] | None = None,
    ) -> tuple[TrialResult, ...]:
        driver = self.driver
        arguments = self.trial.arguments(driver.runner, driver.desk, tests, stop_first=stop_first)
        results: list[TrialResult] = []
        for index, overlay in enumerate(overlays):
            with overlaid(self.folder, overlay):
                result = driver.ask(arguments, timeout)
            results.append(result)
            if until is not None and until(index, result):
                break
        return tuple(results)


@dataclass
class _Driver:
    """One process that runs the tests each time it is asked to."""

    runner: Runner
    desk: Desk
    child: subprocess.Popen[bytes]
    answers: int
    context: Context | None
    watch: Watch
    asked: int = 0

    def ask(self, arguments: Sequence[str], timeout: float) -> TrialResult:
        self.asked += 1
        name = f"trial-{self.asked}.jsonl"
        record = str(self.desk.results / name)
        job = {"record": record, "timeout": timeout, "arguments": list(arguments)}
        try:
            assert self.child.stdin is not None
            self.child.stdin.write(json.dumps(job).encode("ascii") + b"\n")
            self.child.stdin.flush()
        except OSError as error:
            raise self._ended() from error
        answer = self._answer(time.monotonic() + timeout + 30)
        report = recorded.read(self.desk.read(name))
        (self.desk.folder / name).unlink(missing_ok=True)
        code, seconds = answer.get("exit"), answer.get("seconds")
        return _result(
            self.runner,
            report,
            code if isinstance(code, int) else None,
            seconds if isinstance(seconds, float) else 0.0,
            timeout,
        )

    def _answer(self, deadline: float) -> dict[str, object]:
        line = b""
        while not line.endswith(b"\n"):
            if self.context is not None:
                self.context.check()
            passed = self.watch.look()
            if passed:
                raise _cannot(f"{passed[0].upper()}{passed[1:]}.")
            if time.monotonic() > deadline:
                raise _cannot("the process that runs the trials does not answer")
            if select.select([self.answers], [], [], 0.05)[0]:
                data = os.read(self.answers, 65536)
                if not data:
                    raise self._ended()
                line += data
        answer = json.loads(line)
        return answer if isinstance(answer, dict) else {}

    def _ended(self) -> ActionFailed:
        said = recorded.read(self.desk.read(pytest_command.RECORD)).cannot
        words = self.desk.read("printed", 4000).decode("utf-8", "replace")
        return _cannot(said or f"the process that runs the trials ended: {words[-300:]}")


@contextlib.contextmanager
def overlaid(folder: Path, overlay: Overlay) -> Iterator[None]:
    """The overlay's files in place for the time of the block, the old ones afterwards.

    Files are replaced in whole and keep their mode. Raises `ActionFailed` for a path that leads
    out of the folder.
    """
    before: dict[Path, bytes | None] = {}
    try:
        for name, content in overlay.items():
            path = _inside(folder, name)
            before[path] = path.read_bytes() if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield
    finally:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(old)


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            break
    if not parts or name.startswith("/") or ".." in parts or path.is_symlink():
        says = f"A trial was asked to write {name!r}, which leads out of its folder."
        raise ActionFailed(Problem(kind="refused path", says=says))
    return path


def _result(
    runner: Runner, report: recorded.Report, code: int | None, seconds: float, timeout: float
) -> TrialResult:
    foreign = pytest_command.foreign(runner, report.imports)
    if foreign:
        says = f"The tests imported {foreign[0]} of the person's repository, not the lab's copy."
        return TrialResult(seconds=seconds, says=says)
    if code is None:
        why = f"It was stopped after {timeout:g} s."
        return TrialResult(recorded.with_unfinished(report, why), None, seconds, why)
    says = ""
    if report.exit_code is None:
        says = f"pytest ended before its tests did (exit {code})."
    elif code in (3, 4) or (code == 2 and not report.tests):
        says = f"pytest could not run the tests (exit {code})."
    elif not report.tests:
        says = "No tests ran."
    tests = recorded.with_unfinished(report, says) if says else report.tests
    return TrialResult(tests, None, seconds, says)


def _cannot(why: str) -> ActionFailed:
    says = f"Trials cannot run: {why} Nothing was changed; see that the checks run first."
    return ActionFailed(Problem(kind="internal", says=says))
