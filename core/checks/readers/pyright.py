"""Reads pyright: the JSON document of `--outputjson`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.checks.readers.plain import severity
from core.checks.readers.report import Gathering, Report, document, table, tables, text, whole

_OWN = frozenset({"--outputjson", "--watch", "-w", "--createstub", "--verifytypes", "--stats"})


def with_report(argv: Sequence[str], file: str) -> list[str]:  # noqa: ARG001
    """The command with its findings as JSON on its output, unless it chose one of its own."""
    return list(argv) if _OWN & set(argv) else [*argv, "--outputjson"]


def read(data: bytes, root: str = "") -> Report | None:
    found = document(data, _fits)
    if found is None:
        return None
    into = Gathering(root)
    for item in tables(found["generalDiagnostics"]):
        start = table(table(item.get("range")).get("start"))
        into.finding(
            text(item.get("file")),
            whole(start.get("line")) + 1 if start else 0,
            text(item.get("message")),
            code=text(item.get("rule")),
            column=whole(start.get("character")) + 1 if start else 0,
            severity=severity(item.get("severity")),
        )
    return into.done()


def _fits(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("generalDiagnostics"), list)
