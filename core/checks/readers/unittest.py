"""Reads what Python's unittest prints, where our recorder does not run it (make, tox, Django)."""

from __future__ import annotations

import re

from core.checks.readers.report import MAX_MESSAGE, Gathering, Report, lines
from core.protocol import Outcome

_TEST = r"(?P<name>\S{1,300}) \((?P<where>[\w.<>]{1,600})\)"
_LINE = re.compile(_TEST + r"(?P<part>.{0,1000}?) \.\.\. (?P<told>.*)$")
_NAMED = re.compile(_TEST + r"$")
_DOC = re.compile(r"\S.{0,1000} \.\.\. (?P<told>.*)$")
_HEAD = re.compile(r"(?P<kind>FAIL|ERROR|UNEXPECTED SUCCESS): " + _TEST + r"(?P<part>.*)$")
_FRAME = re.compile(r'  File "(?P<path>[^"]{1,1000})", line (?P<line>\d{1,9})')
_RAN = re.compile(r"Ran \d{1,9} tests? in \d")
_RULE = ("=" * 70, "-" * 70)
_OUTCOMES: tuple[tuple[str, Outcome], ...] = (
    ("ok", "passed"), ("FAIL", "failed"), ("ERROR", "error"), ("skipped", "skipped"),
    ("expected failure", "xfailed"), ("unexpected success", "xpassed"),
)  # fmt: skip


def read(data: bytes, root: str = "") -> Report | None:
    """Tests by their dotted names. Without `-v` only those that failed are told of.

    None unless it says how many tests ran.
    """
    into = Gathering(root)
    failing: _Failing | None = None
    name, ran = "", False
    for line in lines(data):
        head = _HEAD.match(line)
        if head is not None:
            _end(into, failing)
            failing, name = _Failing(_id(head), head["kind"]), ""
            continue
        if _RAN.match(line):
            ran = True
            _end(into, failing)
            failing = None
            continue
        if failing is not None:
            failing.take(line)
            continue
        match = _LINE.match(line) or (_DOC.match(line) if name else None)
        if match is not None:
            _told(into, name or _id(match), match["told"])
            name = ""
        else:
            named = _NAMED.match(line)
            name = _id(named) if named is not None else ""
    _end(into, failing)
    return into.done() if ran else None


def _id(match: re.Match[str]) -> str:
    """ "pkg.test_a.TestA.test_x": since 3.11 the bracket holds the whole name."""
    name, where = match["name"], match["where"]
    if where.endswith(f".{name}"):
        where = where[: -len(name) - 1]
    where = where.removeprefix("unittest.loader._FailedTest").strip(".")
    return f"{where}.{name}" if where else name


def _told(into: Gathering, name: str, told: str) -> None:
    for word, outcome in _OUTCOMES:
        if told.startswith(word):
            into.test(name, outcome, told[len(word) :].strip(" '\"") if word == "skipped" else "")
            return


class _Failing:
    """The section of one failure, between two double rules."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.path, self.line = "", 0
        self._words: list[str] = []
        self._size = 0

    def take(self, line: str) -> None:
        frame = _FRAME.match(line)
        if frame is not None and "/unittest/" not in frame["path"]:
            self.path, self.line = frame["path"], int(frame["line"])
            self._words, self._size = [], 0
        elif line in _RULE or line.startswith(("  ", "Traceback (most recent")):
            return
        elif self._size < 2 * MAX_MESSAGE:
            self._words.append(line)
            self._size += len(line)

    @property
    def message(self) -> str:
        return "\n".join(self._words).strip()


def _end(into: Gathering, failing: _Failing | None) -> None:
    if failing is None:
        return
    outcome: Outcome = "error" if failing.kind == "ERROR" else "failed"
    message = failing.message or failing.kind.lower()
    into.test(failing.name, outcome, message, path=failing.path, line=failing.line)
