"""What a reader makes of a tool's output: bounded, whatever the tool has printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from core.checks.readers.plain import MAX_DIAGNOSTICS, Severity, inside
from core.protocol import Diagnostic, Outcome, TestRecord
from core.text import clean, clean_line, shorten, strip_colours

MAX_TESTS = 200_000
MAX_MESSAGE = 2000
MAX_NAME = 1000
"""Characters of a test's name or a path."""
MAX_TEXT = 64 << 20
"""Characters of all records together: a long path that each test repeats must not fill memory."""
MAX_STARTS = 20
"""Places in an output where a JSON document is looked for."""
_WORST: tuple[Outcome, ...] = ("failed", "error", "xpassed", "passed", "xfailed", "skipped")
_ESCAPE = re.compile(r"\x1b\[[0-9;:]{0,64}m")


@dataclass(frozen=True)
class Report:
    """Tests and findings in the order told."""

    tests: tuple[TestRecord, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    left_out: int = 0
    """How many more there were than the bounds allow."""


Reader: TypeAlias = Callable[[bytes, str], Report | None]
"""(output, root of the tree as the tool saw it) → what it says; None where it is not of that
kind. Pure, and never raises."""


class Gathering:
    """Takes what a reader finds, made clean and kept within bounds."""

    def __init__(self, root: str = "") -> None:
        self.root = root
        self._tests: dict[str, TestRecord] = {}
        self._diagnostics: dict[Diagnostic, None] = {}
        self._size = self._left_out = 0

    def test(
        self,
        name: str,
        outcome: Outcome,
        message: str = "",
        *,
        path: str = "",
        line: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """One test's outcome; of two under one name the worse counts, then the one with a place."""
        record = TestRecord(
            id=shorten(clean_line(shorten(name, 4 * MAX_NAME)), MAX_NAME),
            outcome=outcome,
            message=clean(shorten(strip_colours(shorten(message, 4 * MAX_MESSAGE)), MAX_MESSAGE)),
            path=self.path(path),
            line=whole(line),
            seconds=_seconds(seconds),
        )
        old = self._tests.get(record.id)
        if old is not None:
            worse = _WORST.index(outcome) - _WORST.index(old.outcome)
            if worse > 0 or (worse == 0 and (old.path or not record.path)):
                return
        if self._fits(len(self._tests) < MAX_TESTS, record.id, record.message, record.path):
            self._tests[record.id] = record

    def finding(
        self,
        path: str,
        line: int,
        message: str,
        *,
        code: str = "",
        column: int = 0,
        severity: Severity = "error",
    ) -> None:
        """One diagnostic; the very same one is taken once."""
        diagnostic = Diagnostic(
            path=self.path(path),
            line=whole(line),
            message=shorten(clean_line(shorten(strip_colours(message), 4000)), 1000),
            code=clean_line(code[:200])[:60],
            column=whole(column),
            severity=severity,
        )
        if diagnostic not in self._diagnostics and self._fits(
            len(self._diagnostics) < MAX_DIAGNOSTICS, diagnostic.path, diagnostic.message
        ):
            self._diagnostics[diagnostic] = None

    def path(self, path: str) -> str:
        return shorten(inside(path[: 4 * MAX_NAME], self.root), MAX_NAME)

    def _fits(self, room: bool, *texts: str) -> bool:
        size = self._size + sum(map(len, texts))
        if not room or size > MAX_TEXT:
            self._left_out += 1
            return False
        self._size = size
        return True

    def done(self) -> Report:
        return Report(tuple(self._tests.values()), tuple(self._diagnostics), self._left_out)


def lines(data: bytes, longest: int = 8000) -> Iterator[str]:
    """The lines of an output, without colours; a long one is cut."""
    for line in data.split(b"\n"):
        yield _ESCAPE.sub("", line[: 2 * longest].decode("utf-8", "replace")).rstrip("\r")[:longest]


def document(data: bytes, fits: Callable[[Any], bool]) -> Any:
    """The JSON document in an output that `fits`; None without one.

    Launchers print lines of their own before and after what their tool prints.
    """
    text = data.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    for number, match in enumerate(re.finditer(r"^\s*[\[{]", text, re.MULTILINE)):
        if number >= MAX_STARTS:
            break
        try:
            found, _ = decoder.raw_decode(text, match.end() - 1)
        except (ValueError, RecursionError):
            continue
        if fits(found):
            return found
    return None


def entry(line: str | bytes) -> dict[str, Any] | None:
    """A line that is a JSON object."""
    if line[:1] not in ("{", b"{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole(value: object) -> int:
    """A line, column or count; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value < 2**31 else 0


def table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[dict[str, Any]]:
    """The objects in a list."""
    return (v for v in value if isinstance(v, dict)) if isinstance(value, list) else iter(())


def number(value: object) -> float:
    """Also one that is written as text; 0.0 for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,12})?", value):
        return float(value)
    return float(value) if isinstance(value, int | float) and abs(value) < 1e12 else 0.0


def _seconds(value: float) -> float:
    return round(value, 6) if 0 <= value < 1e9 else 0.0


def joined(*parts: str) -> str:
    """A test's name out of file, groups and title."""
    return "::".join(part for part in parts if part)
