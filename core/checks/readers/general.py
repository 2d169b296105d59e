"""Reads an output of an unknown tool: by a format that can be known by its looks, else by lines.

`make test`, a script of the repository or `npm test` may run anything behind it.
"""

from __future__ import annotations

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

_DOCUMENTS: tuple[Reader, ...] = (jest.read, pyright.read, sarif.read, eslint.read)
_TESTS: tuple[Reader, ...] = (junit.read, tap.read, unittest.read)


def read(data: bytes, root: str = "") -> Report:
    """Tests where the output is of a known kind, and findings in any case."""
    for document in _DOCUMENTS if b"{" in data else ():
        report = document(data, root)
        if report is not None:
            return report
    if b'"Action"' in data:
        report = go.read(data, root)
        if report is not None and report.tests:
            return report
    if b"test result: " in data or b'"reason"' in data or b"\n --> " in data:
        report = cargo.read(data, root)
        if report is not None:
            return report
    for tests in _TESTS:
        report = tests(data, root)
        if report is not None:
            return Report(report.tests, _lines(data, root), report.left_out)
    return Report(diagnostics=_lines(data, root))


def _lines(data: bytes, root: str) -> tuple[plain.Diagnostic, ...]:
    for reader in (tsc.read, gcc.read):
        report = reader(data, root)
        if report is not None:
            return report.diagnostics
    return plain.read(data.decode("utf-8", "replace"), root)
