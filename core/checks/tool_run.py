"""Runs a tool that there is a reader for, and judges by what it told and how it ended."""

from __future__ import annotations

from dataclasses import replace

from core.checks.job import Found, Job, last, not_run
from core.checks.output import Kept
from core.checks.readers import general, go
from core.checks.readers.report import Report
from core.checks.readers.table import Tool
from core.protocol import CheckVerdict, Diagnostic
from core.sandbox.process import Ended

REPORT = "report"
"""The file that a tool writes for us."""
MOST = 64 << 20
"""Bytes of machine-readable output that are kept for its reader."""


def run_tool(job: Job, tool: Tool) -> Found:
    """What `tool` is made to write is read; where that cannot be read, its lines are."""
    machine = tool.render is not None or tool.quiet
    if machine and not tool.file:
        job.kept = Kept(MOST)
        job.hushed = tool.quiet
    ended = job.tool(tool.arrange(job.spec.argv, str(job.desk.results / REPORT)))
    data = job.desk.read(REPORT) if tool.file else job.kept.data
    unknown = tool.read is general.read
    report = None
    if unknown:
        report = general.read(data, job.root, findings=bool(ended.exit_code))
    elif tool.read is go.read:
        report = go.read(data, job.root, go.module_of(_tracked(job, "go.mod")))
    elif not ended.problem:
        report = tool.read(data, job.root)
    understood = report is not None
    if report is None:
        if job.hushed:
            job.spool.feed(job.kept.data)
        report = general.read(job.kept.data, job.root, findings=bool(ended.exit_code))
        understood = bool(report.tests or report.diagnostics)
    elif tool.quiet:
        for diagnostic in report.diagnostics:
            job.spool.say(told(diagnostic))
    output = job.spool.finish()
    found = Found(ended, "error", output, "", report.tests, report.diagnostics)
    if ended.problem or ended.timed_out or ended.passed:
        verdict, says = not_run(job, ended)
    elif tool.tests or report.tests:
        verdict, says = _of_tests(job, ended, report, understood, output)
    else:
        verdict, says = _of_findings(job, ended, report, unknown, output)
    return replace(found, verdict=verdict, says=says)


def _of_tests(
    job: Job, ended: Ended, report: Report, understood: bool, output: bytes
) -> tuple[CheckVerdict, str]:
    """Green only where a test ran and was told of."""
    name, code = job.spec.name, ended.exit_code
    ran = any(t.outcome != "skipped" for t in report.tests)
    failed = any(t.outcome in ("failed", "error") for t in report.tests)
    if failed:
        return "fail", "" if code else f"{name} ended with 0, and yet tests failed."
    if not code:
        if ran and report.left_out:
            return "error", f"{name} told of more tests than are kept; run fewer at once."
        if ran:
            return "pass", ""
        if understood:
            return "no tests", f"{name} ran no tests."
        return "error", f"What {name} wrote cannot be read, so nothing shows that a test ran."
    if ran:
        return "fail", f"No test failed, but {name} ended with {code}. {last(output)}"
    if report.diagnostics:
        return "fail", ""
    if understood:
        return "no tests", f"{name} ran no tests (exit {code}). {last(output)}"
    return "error", f"{name} could not run (exit {code}). {last(output)}"


def _of_findings(
    job: Job, ended: Ended, report: Report, unknown: bool, output: bytes
) -> tuple[CheckVerdict, str]:
    """By the exit code; of a tool that we know, a bad end without a finding is no verdict."""
    code = ended.exit_code
    if not code:
        return "pass", ""
    if code in (126, 127) or not (unknown or report.diagnostics):
        return "error", f"{job.spec.name} could not run (exit {code}). {last(output)}"
    return "fail", ""


def _tracked(job: Job, name: str) -> bytes:
    """The start of a file of the tree; b"" when it is none."""
    path = job.runner.place.work / name
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(100_000)


def told(diagnostic: Diagnostic) -> str:
    """One finding as a line for people."""
    where = f"{diagnostic.path}:{diagnostic.line}:{diagnostic.column}"
    code = f" [{diagnostic.code}]" if diagnostic.code else ""
    return f"{where}: {diagnostic.severity}: {diagnostic.message}{code}"
