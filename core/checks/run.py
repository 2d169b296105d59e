"""Runs one check on one tree and reads what came of it: the only maker of evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from core.checks import pytest_command, tools
from core.checks.output import Spool
from core.checks.readers import mypy, plain, ruff
from core.checks.readers import pytest as recorded
from core.checks.runner import Desk, Runner
from core.context import Context
from core.errors import ActionCancelled
from core.protocol import (
    MAX_LISTED,
    BlobRef,
    CheckResult,
    CheckSpec,
    CheckVerdict,
    Diagnostic,
    Records,
    TestRecord,
    Tree,
)
from core.sandbox import limits
from core.sandbox.process import Ended
from core.text import clean_line, shorten, strip_colours

PutBlob = Callable[[bytes], BlobRef]


@dataclass
class _Job:
    """What the run of one check needs at every turn."""

    spec: CheckSpec
    runner: Runner
    desk: Desk
    context: Context
    spool: Spool

    def start(self, argv: Sequence[str], env: dict[str, str] | None = None) -> Ended:
        ended = self.runner.sandbox.run(
            argv,
            timeout=self.spec.timeout,
            sink=self.spool.feed,
            context=self.context,
            tick=self.spool.tick,
            env=env,
            binds=self.desk.binds,
        )
        if ended.cancelled:
            raise ActionCancelled
        if ended.exit_code == 1 and self.spool.begin().startswith((b"bwrap: ", b"sandbox: ")):
            words = _last(self.spool.begin())
            return replace(ended, problem=f"The sandbox could not start the check. {words}")
        return ended

    def tool(self, argv: Sequence[str], env: dict[str, str] | None = None) -> Ended:
        """Start a program that must be found first, and be made visible."""
        runner = self.runner
        program = tools.locate(argv[0], runner.place.repo, runner.interpreter)
        if program is None:
            says = f"{clean_line(argv[0])} is not installed where the checks run."
            return Ended(exit_code=None, problem=says)
        self.runner = runner.seeing(program.prefixes)
        return self.start([str(self.runner.sandbox.seen(program.path)), *argv[1:]], env)


@dataclass(frozen=True)
class _Found:
    """What a run came to, before it is made into evidence."""

    ended: Ended
    verdict: CheckVerdict
    output: bytes
    says: str = ""
    tests: tuple[TestRecord, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def run_check(
    spec: CheckSpec,
    *,
    tree: Tree,
    runner: Runner,
    context: Context,
    action: str,
    put_blob: PutBlob,
) -> CheckResult:
    """Run `spec` on the tree that is checked out in the runner's place.

    Shows `Output` deltas while it runs and stores output and records as blobs. A check that
    cannot start, hangs or tests the wrong sources is a result too ("error", "timeout", "void").
    Raises `ActionCancelled` when the context is cancelled; nothing of the check runs on then.
    """
    context.check()
    runner = runner.allowing(spec)
    with runner.desk() as desk:
        render = mypy.render if spec.reader == "mypy" else None
        spool = Spool(context, action, spec.name, render)
        found = _READERS.get(spec.reader, _plain)(_Job(spec, runner, desk, context, spool))
    records = Records(tests=found.tests, diagnostics=found.diagnostics)
    says = found.says
    if found.verdict in ("fail", "error") and not found.ended.passed:
        hint = limits.met(runner.sandbox.limits, found.ended.exit_code, found.output)
        says = " ".join(filter(None, (says, hint)))
    failing = [t for t in found.tests if t.outcome in ("failed", "error")]
    return CheckResult(
        check=spec.name,
        tree=tree,
        verdict=found.verdict,
        argv=spec.argv,
        exit_code=found.ended.exit_code,
        environment=runner.environment(spec.argv),
        isolation=runner.sandbox.isolation.kind,
        seconds=round(found.ended.seconds, 3),
        counts=dict(Counter(t.outcome for t in found.tests)),
        failing=tuple(failing[:MAX_LISTED]),
        diagnostics=found.diagnostics[:MAX_LISTED],
        records=put_blob(msgspec.json.encode(records)),
        output=put_blob(found.output),
        says=says,
    )


def _pytest(job: _Job) -> _Found:
    argv, env = pytest_command.command(job.runner, job.desk, job.spec.argv)
    ended = job.start(argv, env)
    output = job.spool.finish()
    report = recorded.read(job.desk.read(pytest_command.RECORD))
    tests = report.tests
    if ended.timed_out:
        why = f"It was stopped after {job.spec.timeout:g} s while this test was running."
        tests = recorded.with_unfinished(report, why)
    elif ended.passed:
        why = f"It was stopped while this test was running: {ended.passed}."
        tests = recorded.with_unfinished(report, why)
    elif report.exit_code is None and not report.cannot:
        tests = recorded.with_unfinished(report, "The process ended while this test was running.")
    verdict, says = _pytest_verdict(job, ended, report, output)
    return _Found(ended, verdict, output, says, tests)


def _pytest_verdict(
    job: _Job, ended: Ended, report: recorded.Report, output: bytes
) -> tuple[CheckVerdict, str]:
    if ended.problem or ended.timed_out or ended.passed:
        return _not_run(job, ended)
    if report.cannot:
        return "error", report.cannot
    foreign = pytest_command.foreign(job.runner, report.imports)
    if foreign:
        return "void", (
            f"The tests imported your own {_named(foreign)} instead of the workshop's copy, so"
            " their result says nothing of the change."
        )
    code = ended.exit_code
    if code == 5 and not report.tests:
        return "no tests", "pytest found no tests."
    if report.exit_code is None and code != 4:
        return "error", f"pytest ended before its tests did (exit {code}). {_last(output)}"
    if code in (0, 5):
        ran = any(t.outcome != "skipped" for t in report.tests)
        return ("pass", "") if ran else ("no tests", "pytest ran no tests.")
    failed = any(t.outcome in ("failed", "error") for t in report.tests)
    if code == 1 and not failed:
        return "fail", f"No test failed, but pytest ended with 1. {_last(output)}"
    if code == 1 or (code == 2 and failed):
        return "fail", ""
    return "error", f"pytest could not run the tests (exit {code}). {_last(output)}"


def _ruff(job: _Job) -> _Found:
    root = str(job.runner.sandbox.root)
    argv = ruff.with_json(job.spec.argv, str(job.desk.results / ruff.RESULTS))
    ended = job.tool(argv, {"RUFF_NO_CACHE": "true"})
    found = ruff.read(job.desk.read(ruff.RESULTS), root)
    for diagnostic in found or ():
        job.spool.say(ruff.told(diagnostic))
    output = job.spool.finish()
    if found is None:
        found = plain.read(output.decode(), root)
    return _judged_by_exit(job, ended, output, found, broken=ended.exit_code not in (0, 1))


def _mypy(job: _Job) -> _Found:
    env = {"MYPY_CACHE_DIR": str(job.desk.cache / "mypy")}
    ended = job.tool(mypy.with_format(job.spec.argv), env)
    output = job.spool.finish()
    if mypy.lacks_json(ended.exit_code, output.decode()):
        job.spool = Spool(job.context, job.spool.action, job.spec.name)
        ended = job.tool(mypy.with_format(job.spec.argv, lines=True), env)
        output = job.spool.finish()
    found = mypy.read(output.decode(), str(job.runner.sandbox.root))
    broken = ended.exit_code != 0 and not found
    return _judged_by_exit(job, ended, output, found, broken=broken)


def _plain(job: _Job) -> _Found:
    ended = job.tool(job.spec.argv)
    output = job.spool.finish()
    found = plain.read(output.decode(), str(job.runner.sandbox.root)) if ended.exit_code else ()
    return _judged_by_exit(job, ended, output, found, broken=ended.exit_code in (126, 127))


_READERS: dict[str, Callable[[_Job], _Found]] = {
    "pytest": _pytest,
    "ruff": _ruff,
    "mypy": _mypy,
    "plain": _plain,
}


def _judged_by_exit(
    job: _Job, ended: Ended, output: bytes, found: tuple[Diagnostic, ...], *, broken: bool
) -> _Found:
    if ended.problem or ended.timed_out or ended.passed:
        verdict, says = _not_run(job, ended)
        return _Found(ended, verdict, output, says, diagnostics=found)
    if broken:
        says = f"{job.spec.name} could not run (exit {ended.exit_code}). {_last(output)}"
        return _Found(ended, "error", output, says, diagnostics=found)
    return _Found(ended, "fail" if ended.exit_code else "pass", output, diagnostics=found)


def _not_run(job: _Job, ended: Ended) -> tuple[CheckVerdict, str]:
    if ended.problem:
        return "error", ended.problem
    if ended.passed:
        return "error", f"{job.spec.name} was stopped: {ended.passed}."
    return "timeout", f"{job.spec.name} was stopped after {job.spec.timeout:g} s."


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(clean_line(n) for n in names[:3])
    return shorten(shown, 300) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")


def _last(output: bytes) -> str:
    """The last lines that a tool printed, on one line."""
    lines = [s for s in strip_colours(output[-8000:].decode("utf-8", "replace")).split("\n") if s]
    words = " · ".join(clean_line(s) for s in lines[-3:] if not re.fullmatch(r"\W*", s))
    return f"It said: {shorten(words, 400)}" if words else ""
