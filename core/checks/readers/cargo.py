"""Reads cargo and rustc: JSON messages of the compiler, and the text of Rust's test harness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from core.checks.readers.plain import severity
from core.checks.readers.report import (
    MAX_MESSAGE,
    Gathering,
    Report,
    entry,
    joined,
    lines,
    table,
    tables,
    text,
    whole,
)
from core.protocol import Outcome

_COMMANDS = frozenset({"build", "b", "check", "c", "clippy", "test", "t"})
_RUNNING = re.compile(r"\s*Running (?:unittests )?(?P<path>\S{1,1000})(?: \(.*\))?$")
_DOCS = re.compile(r"\s*Doc-tests (?P<crate>\S{1,200})$")
_TEST = re.compile(
    r"test (?P<name>\S.{0,2000}?)(?P<panics> - should panic)? \.\.\. "
    r"(?P<outcome>ok|FAILED|ignored|bench:)(?:,\s|$|\s)"
)
_BEGUN = re.compile(r"running \d{1,9} tests?$")
_RESULT = re.compile(r"test result: (?:ok|FAILED)\.")
_STDOUT = re.compile(r"---- (?P<name>\S.{0,2000}?) stdout ----$")
_PANIC = re.compile(
    r"thread '.*' (?:\(\d+\) )?panicked at (?P<path>[^:]{1,1000}):(?P<line>\d{1,9})"
)
_HEAD = re.compile(
    r"(?P<severity>error|warning)(?:\[(?P<code>[\w:]{1,60})\])?: (?P<message>.{1,4000})$"
)
_ARROW = re.compile(r"\s*--> (?P<path>[^:]{1,1000}):(?P<line>\d{1,9}):(?P<column>\d{1,9})$")
_DOC_LINE = re.compile(r" \(line \d+\)")
_OUTCOMES: dict[str, Outcome] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}


def with_report(argv: Sequence[str], file: str) -> list[str]:  # noqa: ARG001
    """The command with the compiler's messages as JSON lines, unless it chose a format."""
    words = list(argv)
    at = next((n for n, word in enumerate(words) if word in _COMMANDS), None)
    if at is None or any(word.split("=")[0] == "--message-format" for word in words):
        return words
    return [*words[: at + 1], "--message-format=json", *words[at + 1 :]]


def read(data: bytes, root: str = "") -> Report | None:
    """Both kinds of output in the order in which they came."""
    into = Gathering(root)
    tests = _Tests(into)
    head: re.Match[str] | None = None
    known = False
    for line in data.split(b"\n"):
        found = entry(line)
        if found is not None and isinstance(found.get("reason"), str):
            known = True
            if found["reason"] == "compiler-message":
                _message(into, table(found.get("message")))
            continue
        told = next(lines(line))
        known = tests.take(told) or known
        arrow = _ARROW.match(told)
        if arrow is not None and head is not None:
            known = True
            into.finding(
                arrow["path"],
                int(arrow["line"]),
                head["message"],
                code=head["code"] or "",
                column=int(arrow["column"]),
                severity=severity(head["severity"]),
            )
        head = _HEAD.match(told) or (head if told.startswith("  ") and arrow is None else None)
    tests.end()
    return into.done() if known else None


def render(line: str) -> str | None:
    """A line of JSON as rustc would have printed it; None for what people are not told."""
    found = entry(line)
    if found is None or not isinstance(found.get("reason"), str):
        return line
    return text(table(found.get("message")).get("rendered")).rstrip("\n") or None


def _message(into: Gathering, message: dict[str, Any]) -> None:
    spans = tuple(tables(message.get("spans")))
    span = next((s for s in spans if s.get("is_primary") is True), None)
    if span is None:
        return  # "aborting due to 2 previous errors"
    into.finding(
        text(span.get("file_name")),
        whole(span.get("line_start")),
        text(message.get("message")),
        code=text(table(message.get("code")).get("code")),
        column=whole(span.get("column_start")),
        severity=severity(message.get("level")),
    )


class _Tests:
    """The harness's lines: a test binary after the other, failures told at each one's end."""

    def __init__(self, into: Gathering) -> None:
        self._into = into
        self._file = ""
        self._running = False
        self._failing: dict[str, list[str]] = {}
        self._telling: str | None = None

    def take(self, line: str) -> bool:
        """Whether the line belongs to the harness."""
        running, docs = _RUNNING.match(line), _DOCS.match(line)
        if running is not None or docs is not None:
            self.end()
            self._file = running["path"] if running else "doc"
            return True
        if _BEGUN.match(line):
            self._running = True
            return True
        if not self._running:
            return False
        if _RESULT.match(line):
            self.end()
            return True
        told = _STDOUT.match(line)
        if told is not None:
            self._telling = told["name"]
        elif line == "failures:":
            self._telling = None
        elif self._telling is not None and self._telling in self._failing:
            words = self._failing[self._telling]
            if sum(map(len, words)) < 2 * MAX_MESSAGE:
                words.append(line)
        else:
            self._test(line)
        return True

    def _test(self, line: str) -> None:
        match = _TEST.match(line)
        if match is None or match["outcome"] == "bench:":
            return
        outcome = _OUTCOMES[match["outcome"]]
        if outcome == "failed":
            self._failing.setdefault(match["name"], [])
        else:
            self._into.test(self._name(match["name"]), outcome)

    def end(self) -> None:
        """A test binary came to its end, or was cut off."""
        for name, words in self._failing.items():
            panic = next((m for w in words if (m := _PANIC.match(w))), None)
            if panic is not None:
                words = words[words.index(panic.string) + 1 :]
            kept = []
            for word in words:
                if word.startswith(("note: ", "stack backtrace:")):
                    break
                kept.append(word)
            path, line = (panic["path"], int(panic["line"])) if panic else ("", 0)
            message = "\n".join(kept).strip()
            self._into.test(self._name(name), "failed", message, path=path, line=line)
        self._failing.clear()
        self._telling, self._running = None, False

    def _name(self, name: str) -> str:
        """A documentation test is named by its line, which shifts."""
        return joined(self._file, _DOC_LINE.sub("", name) if self._file == "doc" else name)
