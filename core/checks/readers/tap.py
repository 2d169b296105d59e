"""Reads TAP, the Test Anything Protocol, with subtests and blocks of YAML that explain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.checks.readers.report import MAX_MESSAGE, Gathering, Report, joined, lines
from core.protocol import Outcome

MAX_DEPTH = 20
MAX_PLAN = 1_000_000
_POINT = re.compile(
    r"(?P<indent> *)(?P<not>not )?ok\b(?: +(?P<number>\d{1,9}))?(?: +-(?= |$))?\s*(?P<rest>.*)$"
)
_PLAN = re.compile(r"(?P<indent> *)1\.\.(?P<count>\d{1,9})(?:\s*#\s*(?P<why>.*))?$")
_SUBTEST = re.compile(r"(?P<indent> *)# Subtest(?:: (?P<name>.*))?$")
_DIRECTIVE = re.compile(r"\s#\s*(?P<kind>skip|todo)\S*\s*(?P<why>.*)$", re.IGNORECASE)
_VERSION = re.compile(r"TAP version \d+$")
_BAIL = re.compile(r"Bail out!\s*(?P<why>.*)$", re.IGNORECASE)
_KEY = re.compile(r"\s*(?P<key>error|message|location|duration_ms|file|line):\s*(?P<value>.*)$")
_PLACE = re.compile(r"(?P<path>[^\n]{1,1000}?):(?P<line>\d{1,9})(?::\d{1,9})?$")


def flags(argv: Sequence[str], file: str) -> tuple[str, ...]:  # noqa: ARG001
    """What makes mocha write TAP."""
    own = any(word.split("=")[0] in ("--reporter", "-R", "--watch", "-w") for word in argv)
    return () if own else ("--reporter", "tap")


def with_report(argv: Sequence[str], file: str) -> list[str]:  # noqa: ARG001
    """`node --test` with TAP as its output."""
    words = list(argv)
    if "--test" not in words or any(w.split("=")[0] == "--test-reporter" for w in words):
        return words
    at = words.index("--test") + 1
    return [*words[:at], "--test-reporter=tap", *words[at:]]


@dataclass
class _Point:
    """A test point, with what its YAML block or comment lines told so far."""

    name: str
    outcome: Outcome
    why: str = ""
    told: list[str] = field(default_factory=list)
    size: int = 0

    def tell(self, line: str) -> None:
        if self.size < 4 * MAX_MESSAGE:
            self.told.append(line)
            self.size += len(line)


def read(data: bytes, root: str = "") -> Report | None:
    """None unless it says its version, or both a plan and a test point."""
    into = Gathering(root)
    reading = _Reading(into)
    for line in lines(data):
        reading.take(line)
    if not (reading.version or (reading.planned is not None and reading.points)):
        return None
    reading.end()
    return into.done()


class _Reading:
    def __init__(self, into: Gathering) -> None:
        self.version = False
        self.planned: int | None = None
        self.points = 0
        self._into = into
        self._last: _Point | None = None
        self._block = ""
        self._groups: list[str] = []
        """Names of the subtests that are open, outermost first."""
        self._bailed = False

    def take(self, line: str) -> None:
        if self._block:
            if line == self._block:
                self._block = ""
            elif self._last is not None:
                self._last.tell(line)
            return
        point = _POINT.match(line)
        if point is not None and len(point["indent"]) // 4 < MAX_DEPTH:
            self._point(point)
            return
        subtest, plan, bail = _SUBTEST.match(line), _PLAN.match(line), _BAIL.match(line)
        if subtest is not None:
            depth = min(len(subtest["indent"]) // 4, MAX_DEPTH)
            self._groups = [*self._groups[:depth], (subtest["name"] or "")[:300]]
        elif plan is not None:
            if not plan["indent"]:
                self.planned = int(plan["count"])
        elif bail is not None:
            self._bailed = True
            self._into.test("Bail out!", "error", bail["why"])
        elif _VERSION.match(line.strip()):
            self.version = True
        elif line.strip() == "---" and self._last is not None:
            self._block = line.replace("---", "...")
        elif self._last is not None and not line.startswith("#"):
            self._last.tell(line)

    def _point(self, match: re.Match[str]) -> None:
        self._close()
        depth = len(match["indent"]) // 4
        self.points += not match["indent"]
        title = match["rest"]
        outcome: Outcome = "failed" if match["not"] else "passed"
        why = ""
        directive = _DIRECTIVE.search(f" {title}")
        if directive is not None:
            title, why = title[: max(0, directive.start() - 1)], directive["why"].strip(" -")
            skipped = directive["kind"].lower() == "skip"
            outcome = "skipped" if skipped else "xfailed" if match["not"] else "xpassed"
        name = joined(*self._groups[:depth], title.strip() or f"test {match['number'] or '?'}")
        self._groups = self._groups[:depth]
        self._last = _Point(name, outcome, why)

    def _close(self) -> None:
        if self._last is None:
            return
        point, self._last = self._last, None
        path, line, seconds, message = _explained(point.told)
        message = "" if point.outcome == "passed" else message or point.why
        self._into.test(point.name, point.outcome, message, path=path, line=line, seconds=seconds)

    def end(self) -> None:
        self._close()
        if self.planned is not None and self.points < self.planned and not self._bailed:
            says = f"{self.planned} tests were planned and {self.points} told of."
            self._into.test("the plan", "error", says)


def _explained(told: Sequence[str]) -> tuple[str, int, float, str]:
    """(path, line, seconds, message) out of a YAML block, or of the lines as they are."""
    path, line, seconds = "", 0, 0.0
    words: list[str] = []
    inside, known = False, False
    indent = next((len(t) - len(t.lstrip()) for t in told if t.strip()), 0)
    for text in told:
        if text[: indent + 1].strip() == "":
            if inside:
                words.append(text.strip())
            continue
        match = _KEY.match(text)
        inside = match is not None and match["key"] in ("error", "message")
        if match is None:
            continue
        known = True
        key, value = match["key"], match["value"].strip().strip("'\"")
        if inside and value not in ("|-", "|", ">-", ">"):
            words.append(value)
        elif key == "location" and (place := _PLACE.match(value)):
            path, line = place["path"].removeprefix("file://"), int(place["line"])
        elif key == "file":
            path = value
        elif key == "line" and value.isdecimal() and len(value) < 10:
            line = int(value)
        elif key == "duration_ms":
            seconds = _milliseconds(value)
    if known:
        return path, line, seconds, "\n".join(filter(None, words))
    plain = [t.strip() for t in told if not t.strip().startswith("at ")]
    return path, line, seconds, "\n".join(filter(None, plain))


def _milliseconds(value: str) -> float:
    return float(value) / 1000 if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value) else 0.0
