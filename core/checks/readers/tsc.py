"""Reads tsc: `file(line,column): error TS1234: message`, with indented lines that explain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.checks.readers.plain import severity
from core.checks.readers.report import Gathering, Report, lines

_LINE = re.compile(
    r"(?:(?P<path>[^\s(][^(\n]{0,1000}?)(?:\((?P<line>\d{1,9}),(?P<column>\d{1,9})\):"
    r"|:(?P<line2>\d{1,9}):(?P<column2>\d{1,9}) -) )?"
    r"(?P<severity>error|warning|message) (?P<code>TS\d{1,6}): (?P<message>.*)"
)
"""The second form is the pretty one, which a script may insist on."""


def flags(argv: Sequence[str], file: str) -> tuple[str, ...]:  # noqa: ARG001
    """One finding a line, also where the project asks for the pretty form."""
    return () if "-w" in argv or "--watch" in argv else ("--pretty", "false")


def read(data: bytes, root: str = "") -> Report | None:
    """None without a single finding in it, since tsc prints nothing else to know it by."""
    into = Gathering(root)
    found = False
    for line in lines(data):
        match = _LINE.match(line)
        if match is None:
            continue
        found = True
        into.finding(
            match["path"] or "",
            int(match["line"] or match["line2"] or 0),
            match["message"],
            code=match["code"],
            column=int(match["column"] or match["column2"] or 0),
            severity=severity(match["severity"]),
        )
    return into.done() if found else None
