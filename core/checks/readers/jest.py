"""Reads jest: the JSON document of `--json`, which vitest writes too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.checks.readers.report import (
    Gathering,
    Report,
    document,
    joined,
    number,
    table,
    tables,
    text,
    whole,
)
from core.protocol import Outcome

_OWN = frozenset({"--json", "--outputFile", "--watch", "--watchAll", "--listTests", "-u"})
_STATUS: Mapping[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "pending": "skipped",
    "todo": "skipped",
    "disabled": "skipped",
}
_FRAME = re.compile(r"\(?((?:file://)?[^\s()]{1,1000}):(\d{1,9}):\d{1,9}\)?\s*$")
_STACK = re.compile(r"\n\s+at (?=[^\n]{0,2000}:\d)")


def flags(argv: Sequence[str], file: str) -> tuple[str, ...]:
    """What makes jest write JSON to `file` beside what it prints; nothing where it has its own."""
    own = any(word.split("=")[0] in _OWN for word in argv)
    return () if own else ("--json", f"--outputFile={file}")


def read(data: bytes, root: str = "") -> Report | None:
    found = document(data, _fits)
    if found is None:
        return None
    into = Gathering(root)
    for suite in tables(found["testResults"]):
        path = into.path(text(suite.get("name")))
        cases = tuple(tables(suite.get("assertionResults")))
        for case in cases:
            _case(into, path, case)
        if suite.get("status") == "failed" and not cases:
            into.test(path or "a test file", "error", text(suite.get("message")), path=path)
    return into.done()


def _case(into: Gathering, path: str, case: dict[str, Any]) -> None:
    groups = case.get("ancestorTitles")
    groups = [text(g) for g in groups[:20]] if isinstance(groups, list) else []
    messages = case.get("failureMessages")
    words = [text(m) for m in messages[:5]] if isinstance(messages, list) else []
    told = "\n".join(words)
    line = whole(table(case.get("location")).get("line")) or _line(into, told, path)
    into.test(
        joined(path, *groups, text(case.get("title"))),
        _STATUS.get(text(case.get("status")), "error"),
        _STACK.split(told, maxsplit=1)[0],
        path=path,
        line=line,
        seconds=number(case.get("duration")) / 1000,
    )


def _line(into: Gathering, told: str, path: str) -> int:
    """Where in the test's own file it went wrong, out of the stack."""
    for line in told[:20_000].split("\n"):
        frame = _FRAME.search(line[-1200:])
        if frame is not None and into.path(frame[1].removeprefix("file://")) == path:
            return int(frame[2])
    return 0


def _fits(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("testResults"), list)
        and "numTotalTests" in found
    )
