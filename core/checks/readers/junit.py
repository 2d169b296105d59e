"""Reads JUnit's XML, as most test runners can write it.

Expat fetches nothing. A document type is refused, and with it every entity that could be made
to grow; depth and text are bounded.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from core.checks.readers.report import MAX_MESSAGE, Gathering, Report, joined, number
from core.protocol import Outcome

MAX_DEPTH = 50
_START = re.compile(rb"(?:<\?xml\b[^>]{0,200}\?>\s*)?(?:<!DOCTYPE\s|<testsuites?[\s>/])")
_LOOKED_AT = 64 << 10
_BAD: dict[str, Outcome] = {"failure": "failed", "error": "error", "skipped": "skipped"}


class _Refused(Exception):
    """The document has what no test runner writes."""


def read(data: bytes, root: str = "") -> Report | None:
    """What was told before a document ends early counts; its last, open test does not."""
    start = _START.search(data[:_LOOKED_AT])
    if start is None:
        return None
    into = Gathering(root)
    suites = _Suites(into)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = suites.start
    parser.EndElementHandler = suites.end
    parser.CharacterDataHandler = suites.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data[start.start() :], True)
    except (expat.ExpatError, ValueError):
        # Cut off, or a tool's own lines after the document.
        if not suites.any:
            return None
    except _Refused:
        return None
    return into.done()


def _refuse(*_: object) -> None:
    raise _Refused


class _Suites:
    """Where in the document the parser is."""

    def __init__(self, into: Gathering) -> None:
        self.any = False
        self._into = into
        self._depth = 0
        self._files: list[str] = []
        self._case: dict[str, str] | None = None
        self._outcome: Outcome = "passed"
        self._message = ""
        self._words: list[str] = []
        self._size = 0
        self._telling = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused
        name = name.rpartition(":")[2]
        if name in ("testsuites", "testsuite"):
            self._files.append(attributes.get("file", ""))
        elif name == "testcase":
            self._case, self._outcome, self._message = attributes, "passed", ""
            self._words, self._size = [], 0
        elif self._case is not None and name in _BAD:
            worse = self._outcome not in ("failed", "error", "skipped")
            if worse or (self._outcome == "skipped" and name != "skipped"):
                # A skip that also tells a failure is a test that is meant to fail.
                self._outcome = "xfailed" if self._outcome == "skipped" else _BAD[name]
                self._message = attributes.get("message", "")[: 2 * MAX_MESSAGE]
                self._telling = True

    def text(self, words: str) -> None:
        if self._telling and self._size < 2 * MAX_MESSAGE:
            self._words.append(words[: 2 * MAX_MESSAGE])
            self._size += len(words)

    def end(self, name: str) -> None:
        self._depth -= 1
        name = name.rpartition(":")[2]
        if name in _BAD:
            self._telling = False
        elif name in ("testsuites", "testsuite"):
            if self._files:
                self._files.pop()
            self.any = True
        elif name == "testcase" and self._case is not None:
            self._record(self._case)
            self._case, self.any = None, True

    def _record(self, case: dict[str, str]) -> None:
        path = case.get("file", "") or next((f for f in reversed(self._files) if f), "")
        line = number(case.get("line", ""))
        message = self._message or "".join(self._words).strip()
        self._into.test(
            joined(case.get("classname", ""), case.get("name", "")) or "a test",
            self._outcome,
            message if self._outcome != "passed" else "",
            path=path,
            line=int(line),
            seconds=number(case.get("time", "")),
        )
