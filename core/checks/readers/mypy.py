"""Reads mypy: JSON lines where it can write them (from 1.11 on), else its fixed line format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.checks.readers import plain
from core.protocol import Diagnostic
from core.text import clean_line, shorten, strip_colours

_JSON = ("--output=json",)
_LINES = (
    "--show-column-numbers", "--show-error-codes", "--no-pretty", "--no-color-output",
    "--hide-error-context",
)  # fmt: skip


def with_format(argv: Sequence[str], *, lines: bool = False) -> list[str]:
    """The command with an output that we can read; flags stand last, where they win."""
    if "--" in argv:
        at = list(argv).index("--")
        return [*argv[:at], *(_LINES if lines else _JSON), *argv[at:]]
    return [*argv, *(_LINES if lines else _JSON)]


def lacks_json(exit_code: int | None, text: str) -> bool:
    """Whether this mypy is too old to know the JSON output."""
    return exit_code == 2 and "--output" in text and ("unrecognized" in text or "usage" in text)


def read(text: str, root: str = "") -> tuple[Diagnostic, ...]:
    """Errors and warnings in order; notes are left to the errors that they explain."""
    found: list[Diagnostic] = []
    for line in strip_colours(text).split("\n"):
        entry = _entry(line)
        diagnostic = plain.read_line(line, root) if entry is None else _diagnostic(entry, root)
        if diagnostic is not None and diagnostic.severity != "note":
            found.append(diagnostic)
            if len(found) >= plain.MAX_DIAGNOSTICS:
                break
    return tuple(found)


def render(line: str) -> str:
    """A line of JSON as mypy would have printed it for people."""
    entry = _entry(line)
    if entry is None:
        return line
    found = _diagnostic(entry, "")
    if found is None:
        return line
    code = f"  [{found.code}]" if found.code else ""
    where = f"{found.path}:{found.line}:{found.column}"
    hint = entry.get("hint")
    more = f"\n{found.path}:{found.line}: note: {clean_line(str(hint))[:1000]}" if hint else ""
    return f"{where}: {found.severity}: {found.message}{code}{more}"


def _entry(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and "message" in entry else None


def _diagnostic(entry: dict[str, Any], root: str) -> Diagnostic | None:
    line, column = entry.get("line"), entry.get("column")
    severity = entry.get("severity")
    return Diagnostic(
        path=plain.inside(str(entry.get("file", "")), root),
        line=line if isinstance(line, int) and 0 <= line < 2**31 else 0,
        column=column + 1 if isinstance(column, int) and 0 <= column < 2**31 else 0,
        message=shorten(clean_line(str(entry["message"])), 1000),
        code=clean_line(str(entry.get("code") or ""))[:60],
        severity="note" if severity == "note" else "error",
    )
