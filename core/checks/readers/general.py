"""Reads an output of an unknown tool: by a format that can be known by its looks, else by lines.

`make test`, a script of the repository or `npm test` may run anything behind it.
"""

from __future__ import annotations

import re

from core.checks.readers import (
    cargo,
    eslint,
    gcc,
    go,
    jest,
    junit,
    plain,
    pyright,
    sarif,
    tap,
    tsc,
    unittest,
)
from core.checks.readers.report import Reader, Report
from core.protocol import Diagnostic

_TESTS: tuple[tuple[re.Pattern[bytes], Reader], ...] = (
    (re.compile(rb'"numTotalTests"'), jest.read),
    (re.compile(rb'^\{.*"Action":|^FAIL\t', re.MULTILINE), go.read),
    (re.compile(rb"^test result: ", re.MULTILINE), cargo.read),
    (re.compile(rb"<testsuites?[\s>/]"), junit.read),
    (re.compile(rb"^(?:TAP version \d|1\.\.\d)", re.MULTILINE), tap.read),
    (re.compile(rb"^Ran \d{1,9} tests? in \d", re.MULTILINE), unittest.read),
)
"""What an output must hold for a reader to be asked: a quick look at a long output."""
_FINDINGS: tuple[tuple[re.Pattern[bytes], Reader], ...] = (
    (re.compile(rb'"generalDiagnostics"'), pyright.read),
    (re.compile(rb'"runs"'), sarif.read),
    (re.compile(rb'"filePath"'), eslint.read),
    (re.compile(rb'"reason":|^ +--> ', re.MULTILINE), cargo.read),
    (re.compile(rb"^vet: ", re.MULTILINE), go.read),
    (re.compile(rb"(?:error|warning) TS\d"), tsc.read),
    (re.compile(rb":\d+: (?:fatal )?(?:error|warning): |undefined reference"), gcc.read),
)


def read(data: bytes, root: str = "", *, findings: bool = True) -> Report:
    """Tests where the output is of a known kind; and findings, if they are wanted."""
    for looks, reader in _TESTS:
        report = reader(data, root) if looks.search(data) else None
        if report is not None and (report.tests or not findings):
            found = report.diagnostics or (_findings(data, root) if findings else ())
            return Report(report.tests, found, report.left_out)
    return Report(diagnostics=_findings(data, root) if findings else ())


def _findings(data: bytes, root: str) -> tuple[Diagnostic, ...]:
    """The special form that most of the output is in, else what lines alone tell."""
    general = plain.read(data.decode("utf-8", "replace"), root)
    for looks, reader in _FINDINGS:
        report = reader(data, root) if looks.search(data) else None
        if report is not None and len(report.diagnostics) >= len(general):
            return report.diagnostics
    return tuple(d for d in general if d.severity != "note") or general
