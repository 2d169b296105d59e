"""Runs one check on one tree and reads what came of it: the only maker of evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import msgspec

from core.checks import pytest_command, unittest_command
from core.checks.how import How
from core.checks.job import Found, Job, last, not_run
from core.checks.lines import with_lines
from core.checks.output import Writing
from core.checks.readers import mypy, plain, ruff
from core.checks.readers import pytest as recorded
from core.checks.readers.table import TOOLS
from core.checks.runner import Runner
from core.checks.tool_run import run_tool
from core.context import Context
from core.errors import ActionCancelled
from core.protocol import (
    MAX_LISTED,
    BlobRef,
    CheckResult,
    CheckSpec,
    CheckVerdict,
    Diagnostic,
    Notice,
    Records,
    Tree,
)
from core.sandbox import limits
from core.sandbox.process import Ended
from core.text import clean_line, shorten

PutBlob = Callable[[bytes], BlobRef]


_AS_IT_IS = How()


def run_check(
    spec: CheckSpec,
    *,
    tree: Tree,
    runner: Runner,
    context: Context,
    action: str,
    put_blob: PutBlob,
    writing: Callable[[], Writing] | None = None,
    how: How = _AS_IT_IS,
) -> CheckResult:
    """Run `spec` on the tree that is checked out in the runner's place.

    Shows `Output` deltas while it runs and stores output and records as blobs; the output is
    written to `writing` as it comes, or else its bounded form is put in whole. A check that
    cannot start, hangs or tests the wrong sources is a result too ("error", "timeout", "void").
    Raises `ActionCancelled` when the context is cancelled; nothing of the check runs on then.
    """
    context.check()
    runner = runner.allowing(spec)
    with runner.desk() as desk, ExitStack() as ends:
        job = Job(spec, runner, desk, context, action, how, writing, ends)
        job.begin_output(_render(spec.reader))
        found = _run(job)
        whole = job.spool.whole
        output = put_blob(found.output) if whole is None else whole.done()
    diagnostics = with_lines(found.diagnostics, runner.place.work)
    records = Records(tests=found.tests, diagnostics=diagnostics)
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
        environment=runner.environment(spec.argv, job.was),
        partial=found.partial,
        isolation=runner.sandbox.isolation.kind,
        seconds=round(found.ended.seconds, 3),
        counts=dict(Counter(t.outcome for t in found.tests)),
        failing=tuple(failing[:MAX_LISTED]),
        diagnostics=diagnostics[:MAX_LISTED],
        records=put_blob(msgspec.json.encode(records)),
        output=output,
        says=says,
    )


def _render(reader: str) -> Callable[[str], str | None] | None:
    if reader == "mypy":
        return mypy.render
    return TOOLS[reader].render if reader in TOOLS else None


def _warm(job: Job) -> Ended | None:
    """The run of a pytest that was started already; None where the run has to be cold."""
    warm, extra = job.how.warm, job.how.extra
    if warm is None:
        return None
    standby, why = warm.take(job.runner, job.spec, extra)
    if standby is not None:
        job.ends.callback(standby.close)
        pytest_command.put_first(standby.desk, job.how.first)
        ended = standby.run(
            timeout=job.spec.timeout, sink=job.take, context=job.context, tick=job.spool.tick
        )
        if ended is not None:
            warm.kept()
            job.desk, job.was = standby.desk, (*extra, "warm")
            if ended.cancelled:
                raise ActionCancelled
            return ended
        warm.lose()
        why = standby.why()
    if why and why not in warm.told:
        warm.told.add(why)
        says = f"{clean_line(job.spec.name)} is started anew for each run: {clean_line(why)}."
        job.context.show(Notice("info", says))
    return None


def _recorded(job: Job, name: str) -> Found:
    """pytest or unittest, with our recorder in it."""
    ended = _pytest(job) if name == "pytest" else _unittest(job)
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
    verdict, says = _recorded_verdict(job, name, ended, report, output)
    if report.stopped and verdict == "fail":
        says = says or f"{job.spec.name} stopped at its first failure; what came after is unknown."
    return Found(ended, verdict, output, says, tests, partial=report.stopped)


def _pytest(job: Job) -> Ended:
    job.was = job.how.extra
    ended = _warm(job)
    if ended is None:
        pytest_command.put_first(job.desk, job.how.first)
        argv, env = pytest_command.command(job.runner, job.desk, job.spec.argv, job.how.extra)
        ended = job.start(argv, env)
    return ended


def _unittest(job: Job) -> Ended:
    return job.start(*unittest_command.command(job.runner, job.desk, job.spec.argv))


def _recorded_verdict(
    job: Job, name: str, ended: Ended, report: recorded.Report, output: bytes
) -> tuple[CheckVerdict, str]:
    if ended.problem or ended.timed_out or ended.passed:
        return not_run(job, ended)
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
        return "no tests", f"{name} found no tests."
    if report.exit_code is None and code != 4:
        return "error", f"{name} ended before its tests did (exit {code}). {last(output)}"
    if code in (0, 5):
        ran = any(t.outcome != "skipped" for t in report.tests)
        return ("pass", "") if ran else ("no tests", f"{name} ran no tests.")
    failed = any(t.outcome in ("failed", "error") for t in report.tests)
    if code == 1 and not failed:
        return "fail", f"No test failed, but {name} ended with 1. {last(output)}"
    if code == 1 or (code == 2 and failed):
        return "fail", ""
    return "error", f"{name} could not run the tests (exit {code}). {last(output)}"


def _ruff(job: Job) -> Found:
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


def _mypy(job: Job) -> Found:
    env = {"MYPY_CACHE_DIR": str(job.desk.cache / "mypy")}
    ended = job.tool(mypy.with_format(job.spec.argv), env)
    output = job.spool.finish()
    if mypy.lacks_json(ended.exit_code, output.decode()):
        job.begin_output()
        ended = job.tool(mypy.with_format(job.spec.argv, lines=True), env)
        output = job.spool.finish()
    found = mypy.read(output.decode(), str(job.runner.sandbox.root))
    broken = ended.exit_code != 0 and not found
    return _judged_by_exit(job, ended, output, found, broken=broken)


_RUNS: dict[str, Callable[[Job], Found]] = {
    "pytest": partial(_recorded, name="pytest"),
    "unittest": partial(_recorded, name="unittest"),
    "ruff": _ruff,
    "mypy": _mypy,
}


def _run(job: Job) -> Found:
    run = _RUNS.get(job.spec.reader)
    if run is not None:
        return run(job)
    return run_tool(job, TOOLS.get(job.spec.reader, TOOLS["plain"]))


def _judged_by_exit(
    job: Job, ended: Ended, output: bytes, found: tuple[Diagnostic, ...], *, broken: bool
) -> Found:
    if ended.problem or ended.timed_out or ended.passed:
        verdict, says = not_run(job, ended)
        return Found(ended, verdict, output, says, diagnostics=found)
    if broken:
        says = f"{job.spec.name} could not run (exit {ended.exit_code}). {last(output)}"
        return Found(ended, "error", output, says, diagnostics=found)
    return Found(ended, "fail" if ended.exit_code else "pass", output, diagnostics=found)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(clean_line(n) for n in names[:3])
    return shorten(shown, 300) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")
