"""Reads go: the JSON lines of `go test -json`, and what its compiler and `go vet` print."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from core.checks.readers.report import (
    MAX_MESSAGE,
    MAX_TESTS,
    Gathering,
    Report,
    entry,
    joined,
    lines,
    number,
    text,
)
from core.protocol import Outcome

_MODULE = re.compile(r"^\s*module\s+\"?([^\s\"]{1,1000})", re.MULTILINE)
_OUTCOMES: dict[str, Outcome] = {"pass": "passed", "fail": "failed", "skip": "skipped"}
_BAD = ("failed", "error")
_PLACE = re.compile(r"\s*(?P<path>[^\s:]{1,1000}\.go):(?P<line>\d{1,9})(?::\d{1,9})?: (?P<says>.*)")
_FRAME = re.compile(r"\t(?P<path>\S{1,1000}_test\.go):(?P<line>\d{1,9})(?: \+0x[0-9a-f]+)?$")
_FINDING = re.compile(
    r"(?:vet: )?(?P<path>[^\s:]{1,1000}\.\w{1,4}):(?P<line>\d{1,9}):(?:(?P<column>\d{1,9}):)?"
    r" (?P<says>\S.*)"
)
_ABOUT = re.compile(r"\s*(?:=== |--- (?:PASS|FAIL|SKIP|BENCH)|(?:PASS|FAIL|ok)\s*$)")
_FAILED = re.compile(r"FAIL\t(?P<package>\S{1,1000}) \[(?P<why>build failed|setup failed)\]$")
_PACKAGE = re.compile(r"# \S")


def with_report(argv: Sequence[str], file: str) -> list[str]:  # noqa: ARG001
    """`go test` with JSON lines; other commands as they are."""
    words = list(argv)
    if "test" not in words or any(w.split("=")[0] in ("-json", "-c", "-list") for w in words):
        return words
    at = words.index("test") + 1
    return [*words[:at], "-json", *words[at:]]


def module_of(data: bytes) -> str:
    """The module that a `go.mod` names; "" when it names none."""
    found = _MODULE.search(data[:100_000].decode("utf-8", "replace"))
    return found[1] if found else ""


def read(data: bytes, root: str = "", module: str = "") -> Report | None:
    """Tests are named by their package's folder where `module` is known, else by its path."""
    into = Gathering(root)
    tests: dict[tuple[str, str], _Test] = {}
    known = False
    for line in data.split(b"\n"):
        found = entry(line)
        if found is None or "Action" not in found:
            known = _told(into, next(lines(line)), module) or known
            continue
        known = True
        if found["Action"] in ("build-output", "build-fail"):
            _told(into, text(found.get("Output")).rstrip("\n"), module)
            continue
        package, name = text(found.get("Package")), text(found.get("Test"))
        if (package, name) not in tests and len(tests) >= MAX_TESTS:
            continue
        tests.setdefault((package, name), _Test()).take(found)
    if not known:
        return None
    explained = {p for (p, name), test in tests.items() if name and test.outcome in _BAD}
    for (package, name), test in tests.items():
        if name or (test.outcome == "failed" and package not in explained):
            _record(into, package, name, test, module)
    return into.done()


def render(line: str) -> str | None:
    """What `go test` would have printed without `-json`; None for what it would not."""
    found = entry(line)
    if found is None or "Action" not in found:
        return line
    if found["Action"] not in ("output", "build-output"):
        return None
    return text(found.get("Output")).rstrip("\n")


def _told(into: Gathering, line: str, module: str) -> bool:
    """A line that is no JSON: the compiler's findings, and packages that could not be built."""
    failed = _FAILED.match(line)
    if failed is not None:
        into.test(_folder(failed["package"], module) or ".", "error", failed["why"])
        return True
    match = _FINDING.match(line)
    if match is None:
        return _PACKAGE.match(line) is not None
    column = int(match["column"] or 0)
    into.finding(match["path"], int(match["line"]), match["says"], column=column)
    return True


class _Test:
    """What one test (or, without a name, its whole package) has told so far."""

    def __init__(self) -> None:
        self.outcome: Outcome = "error"  # until it is told: the process ended before the test
        self.seconds = 0.0
        self.said: list[str] = []
        self._size = 0

    def take(self, found: dict[str, Any]) -> None:
        action = found["Action"]
        if action == "output":
            said = text(found.get("Output"))[: 2 * MAX_MESSAGE].rstrip("\n")
            if not _ABOUT.match(said) and self._size < 2 * MAX_MESSAGE:
                self.said.append(said)
                self._size += len(said) + 50
        elif isinstance(action, str) and action in _OUTCOMES:
            self.outcome = _OUTCOMES[action]
            self.seconds = number(found.get("Elapsed"))


def _record(into: Gathering, package: str, name: str, test: _Test, module: str) -> None:
    folder = _folder(package, module)
    path, line = "", 0
    for said in test.said:
        place = _PLACE.match(said) or _FRAME.match(said)
        if place is not None:
            own = into.path(place["path"])
            inside = "/" in own or not module
            path = own if inside else posixpath.normpath(f"{folder}/{own}")
            line = int(place["line"])
            break
    message = ""
    if test.outcome in _BAD:
        message = "\n".join(_plain(test.said)) or (
            "A part of it failed." if name else "The package failed outside of its tests."
        )
        if test.outcome == "error":
            message = f"It did not come to its end. {message}"
    elif test.outcome == "skipped":
        message = "\n".join(_plain(test.said))
    into.test(
        joined(folder or ".", name), test.outcome, message, path=path, line=line,
        seconds=test.seconds,
    )  # fmt: skip


def _plain(said: Sequence[str]) -> list[str]:
    """The words alone: places shift, and what a goroutine ran through is no reason."""
    kept = []
    for line in said:
        if line.startswith("goroutine "):
            break
        place = _PLACE.match(line)
        kept.append(place["says"] if place else line.strip())
    return [line for line in kept if line]


def _folder(package: str, module: str) -> str:
    if module and package == module:
        return "."
    return package.removeprefix(f"{module}/") if module else package
