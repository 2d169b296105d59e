"""A trial without a sandbox: one interpreter that forks for each overlay. For tests of the search."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.checks.trial import Overlay, TrialResult
from core.context import Context
from core.protocol import TestRecord

DRIVER = r'''
import json, os, signal, sys, time
import pytest, _pytest.assertion.rewrite, _pytest.runner, _pytest.python

class Recorder:
    def __init__(self, root, cover):
        self.root, self.cover, self.tests, self.lines, self.current = root, cover, {}, {}, ""
        if cover:
            sys.settrace(self.trace)
    def trace(self, frame, event, arg):
        name = frame.f_code.co_filename
        if not name.startswith(self.root):
            return None
        self.lines.setdefault(self.current, {}).setdefault(name[len(self.root):], set()).add(frame.f_lineno)
        return self.trace
    def pytest_runtest_logstart(self, nodeid, location):
        self.current = nodeid
        if self.cover:
            sys.settrace(self.trace)
    def note(self, report):
        if report.nodeid in self.tests and report.outcome != "failed":
            return
        if report.when != "call" and report.outcome == "passed":
            return
        outcome = report.outcome if report.when == "call" or report.outcome == "skipped" else "error"
        path, line, message = "", 0, ""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            if crash and crash.path.startswith(self.root):
                path, line = crash.path[len(self.root):], crash.lineno
        self.tests[report.nodeid] = [report.nodeid, outcome, message[:2000], path, line, getattr(report, "duration", 0)]
    def pytest_runtest_logreport(self, report):
        self.note(report)
        if report.when == "teardown":
            self.current = ""
    def pytest_collectreport(self, report):
        if report.failed:
            report.when = "collect"
            self.note(report)

def go(root, tests, stop, cover, out):
    recorder = Recorder(root + "/", cover)
    code = pytest.main(["-p", "no:cacheprovider", "-q", "--no-header", *(["-x"] if stop else []), *tests], plugins=[recorder])
    lines = {t: {p: sorted(l) for p, l in by.items()} for t, by in recorder.lines.items()} if cover else None
    with open(out, "w") as f:
        json.dump([list(recorder.tests.values()), lines, int(code)], f)

job = json.load(sys.stdin)
devnull = os.open(os.devnull, os.O_RDWR)
answers = os.dup(1)
for fd in (0, 1, 2):
    os.dup2(devnull, fd)
sys.path.insert(0, job["root"])
for index, overlay in enumerate(job["overlays"]):
    old = {}
    for path, text in overlay.items():
        with open(path, "rb") as f:
            old[path] = f.read()
        with open(path, "wb") as f:
            f.write(bytes.fromhex(text))
    began = time.time()
    child = os.fork()
    if child == 0:
        os.setsid()
        try:
            go(job["root"], job["tests"], job["stop"], job["cover"], job["out"])
        finally:
            os._exit(0)
    late = False
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.time() - began > job["timeout"]:
            late = True
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.001)
    for path, data in old.items():
        with open(path, "wb") as f:
            f.write(data)
    result = [[], None, -1]
    if not late and os.path.exists(job["out"]):
        with open(job["out"]) as f:
            result = json.load(f)
        os.unlink(job["out"])
    os.write(answers, (json.dumps([index, late, time.time() - began, result]) + "\n").encode())
'''


class PlainTrial:
    """Counts what it was asked, so that tests can see how much a search cost."""

    def __init__(self) -> None:
        self.runs = 0

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
        return self._many(folder, [{}], tests, coverage, stop_first, timeout, context, None)[0]

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
        return self._many(folder, overlays, tests, False, stop_first, timeout, context, until)

    def _many(
        self,
        folder: Path,
        overlays: Sequence[Overlay],
        tests: Sequence[str],
        coverage: bool,
        stop_first: bool,
        timeout: float,
        context: Context | None,
        until: Callable[[int, TrialResult], bool] | None,
    ) -> tuple[TrialResult, ...]:
        job = {
            "root": str(folder), "tests": list(tests), "stop": stop_first, "cover": coverage,
            "timeout": timeout, "out": str(folder.parent / f".{folder.name}.out"),
            "overlays": [{p: data.hex() for p, data in overlay.items()} for overlay in overlays],
        }  # fmt: skip
        results: list[TrialResult] = []
        began = time.monotonic()
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        with subprocess.Popen(
            [sys.executable, "-c", DRIVER], cwd=folder, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(job))
            process.stdin.close()
            for line in process.stdout:
                index, late, seconds, (found, lines, _code) = json.loads(line)
                self.runs += 1
                cover = None
                if lines is not None:
                    cover = {t: {p: frozenset(n) for p, n in by.items()} for t, by in lines.items()}
                records = tuple(TestRecord(*fields) for fields in found)
                says = "It took too long." if late else "" if records else "No test ran."
                result = TrialResult(records, cover, seconds, says)
                results.append(result)
                if context is not None:
                    context.check()
                if until is not None and until(index, result):
                    # The driver is told nothing: what it still runs is waited for.
                    break
            process.stdout.close()
            if len(results) < len(overlays):
                process.wait()
        assert results, f"no trial ran in {time.monotonic() - began:.1f} s"
        return tuple(results)
