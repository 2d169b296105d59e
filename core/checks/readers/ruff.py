"""Runs ruff so that it writes JSON beside its output, and reads that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.checks.readers.plain import MAX_DIAGNOSTICS, inside
from core.protocol import Diagnostic
from core.text import clean_line, shorten

RESULTS = "ruff.json"
_OWN = frozenset({
    "--output-format", "--output-file", "-o", "--statistics", "--show-files", "--show-settings",
    "--watch", "-w", "--fix", "--fix-only", "--unsafe-fixes", "--diff", "--add-noqa",
})  # fmt: skip


def with_json(argv: Sequence[str], file: str) -> list[str]:
    """`ruff check …` with its findings written to `file`; any other command as it is.

    Commands that choose their own output, or that would rewrite sources, are left alone.
    """
    words = list(argv)
    if "check" not in words or any(w.split("=")[0] in _OWN for w in words):
        return words
    at = words.index("check") + 1
    return [*words[:at], "--output-format=json", f"--output-file={file}", *words[at:]]


def read(data: bytes, root: str = "") -> tuple[Diagnostic, ...] | None:
    """None when `data` is not ruff's JSON."""
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list):
        return None
    found = (_diagnostic(e, root) for e in entries[:MAX_DIAGNOSTICS] if isinstance(e, dict))
    return tuple(d for d in found if d is not None)


def _diagnostic(entry: dict[str, Any], root: str) -> Diagnostic | None:
    place = entry.get("location")
    row, column = (place.get("row"), place.get("column")) if isinstance(place, dict) else (0, 0)
    if not isinstance(entry.get("filename"), str):
        return None
    return Diagnostic(
        path=inside(entry["filename"], root),
        line=row if isinstance(row, int) and 0 <= row < 2**31 else 0,
        column=column if isinstance(column, int) and 0 <= column < 2**31 else 0,
        message=shorten(clean_line(str(entry.get("message", ""))), 1000),
        code=clean_line(str(entry.get("code") or "invalid-syntax"))[:60],
    )


def told(diagnostic: Diagnostic) -> str:
    """One finding as a line for people."""
    where = f"{diagnostic.path}:{diagnostic.line}:{diagnostic.column}"
    return f"{where}: {diagnostic.code} {diagnostic.message}"
