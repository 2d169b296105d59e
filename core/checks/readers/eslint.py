"""Reads eslint: the JSON list of `--format json`, written to a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.checks.readers.report import Gathering, Report, document, tables, text, whole

_OWN = frozenset({
    "-f", "--format", "-o", "--output-file", "--fix", "--fix-dry-run", "--init", "--print-config",
})  # fmt: skip


def flags(argv: Sequence[str], file: str) -> tuple[str, ...]:
    """What makes eslint write JSON to `file`; nothing where it would rewrite sources or has an
    output of its own."""
    own = any(word.split("=")[0] in _OWN for word in argv)
    return () if own else ("--format", "json", "--output-file", file)


def read(data: bytes, root: str = "") -> Report | None:
    found = document(data, _fits)
    if found is None:
        return None
    into = Gathering(root)
    for file in tables(found):
        for item in tables(file.get("messages")):
            into.finding(
                text(file.get("filePath")),
                whole(item.get("line")),
                text(item.get("message")),
                code=text(item.get("ruleId")) or ("fatal" if item.get("fatal") else ""),
                column=whole(item.get("column")),
                severity="warning" if item.get("severity") == 1 else "error",
            )
    return into.done()


def _fits(found: Any) -> bool:
    if not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
        return False
    return all("filePath" in f and isinstance(f.get("messages"), list) for f in found)
