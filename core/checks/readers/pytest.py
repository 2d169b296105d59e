"""Reads the recorder's file: one JSON object a line, from a process that may have been killed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.protocol import Outcome, TestRecord
from core.text import clean, shorten

MAX_TESTS = 200_000
MAX_MESSAGE = 2000
_WORST: tuple[Outcome, ...] = ("failed", "error", "xpassed", "passed", "xfailed", "skipped")


@dataclass
class Report:
    """What the recorder told of one run."""

    tests: tuple[TestRecord, ...] = ()
    exit_code: int | None = None
    """pytest's own, when the run came to its end."""
    stopped: bool = False
    """True where it was told to stop at a failure, and did."""
    collected: int | None = None
    imports: tuple[str, ...] = ()
    cannot: str = ""
    """Why pytest could not be started; "" otherwise."""
    unfinished: tuple[str, ...] = ()
    """Tests that had begun when the process ended."""
    coverage: dict[str, dict[str, frozenset[int]]] = field(default_factory=dict)


def read(data: bytes) -> Report:
    """Never raises: a line that makes no sense is passed over."""
    report = Report()
    tests: dict[str, TestRecord] = {}
    running: dict[str, None] = {}
    imports: dict[str, None] = {}
    for entry in _entries(data):
        kind = entry.get("kind")
        if kind == "test" and len(tests) < MAX_TESTS:
            record = _record(entry)
            running.pop(record.id, None)
            tests[record.id] = _merged(tests.get(record.id), record, str(entry.get("when")))
            if entry.get("when") == "setup" and record.outcome == "passed":
                running[record.id] = None
        elif kind == "start":
            running[_name(entry.get("id"))] = None
        elif kind == "end":
            report.exit_code = _int(entry.get("exit"))
            report.stopped = entry.get("stopped") is True
        elif kind == "collected":
            report.collected = _int(entry.get("total"))
        elif kind == "imports":
            imports |= dict.fromkeys(_texts(entry.get("files")))
        elif kind == "cannot":
            report.cannot = clean(shorten(str(entry.get("says", "")), 500))
        elif kind == "cover":
            _cover(report.coverage, entry)
    report.tests = tuple(tests.values())
    report.imports = tuple(imports)
    report.unfinished = tuple(t for t in running if t)
    return report


def with_unfinished(report: Report, why: str) -> tuple[TestRecord, ...]:
    """The tests, with those that were running when the process ended as errors."""
    cut = set(report.unfinished)
    known = {t.id: t for t in report.tests}
    for name in cut:
        path = name.split("::")[0]
        old = known.get(name, TestRecord(id=name, outcome="error", path=path))
        if old.outcome not in ("failed", "error") or not old.message:
            known[name] = TestRecord(
                id=name,
                outcome="error",
                message=why,
                path=old.path,
                line=old.line,
                seconds=old.seconds,
            )
    return tuple(known.values())


def _entries(data: bytes) -> Iterator[Mapping[str, Any]]:
    for line in data.split(b"\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


def _record(entry: Mapping[str, Any]) -> TestRecord:
    return TestRecord(
        id=_name(entry.get("id")),
        outcome=_outcome(entry),
        message=clean(shorten(str(entry.get("message") or ""), MAX_MESSAGE)),
        path=_name(entry.get("path")),
        line=max(0, _int(entry.get("line")) or 0),
        seconds=_seconds(entry.get("seconds")),
    )


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    told, when = entry.get("outcome"), entry.get("when")
    if told == "failed":
        return "failed" if when == "call" else "error"
    if told == "skipped":
        return "xfailed" if entry.get("expected") else "skipped"
    if told == "passed":
        return "xpassed" if entry.get("expected") and when == "call" else "passed"
    return "error"


def _merged(old: TestRecord | None, new: TestRecord, when: str) -> TestRecord:
    """One record out of the phases of a test: the worst outcome, and the words that tell it."""
    if old is None:
        return new
    first, second = _WORST.index(old.outcome), _WORST.index(new.outcome)
    if new.outcome == "passed" and when == "teardown":
        worse = False
    elif old.outcome == "passed" and when == "call":
        worse = new.outcome != "passed"
    else:
        worse = second < first
    told = new if worse else old
    return TestRecord(
        id=told.id,
        outcome=told.outcome,
        message=told.message,
        path=told.path,
        line=told.line,
        seconds=min(old.seconds + new.seconds, 1e9),
    )


def _cover(into: dict[str, dict[str, frozenset[int]]], entry: Mapping[str, Any]) -> None:
    files = entry.get("files")
    if not isinstance(files, dict):
        return
    lines = into.setdefault(_name(entry.get("id")), {})
    for path, numbers in files.items():
        if isinstance(numbers, list):
            found = frozenset(n for n in numbers if isinstance(n, int))
            lines[_name(path)] = lines.get(_name(path), frozenset()) | found


def _texts(value: object) -> Iterable[str]:
    return (_name(v) for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _name(value: object) -> str:
    """A name on one line. Not shortened in the usual way: it must stay what pytest takes."""
    return clean(str(value or "").replace("\n", "␊"))[:4000]


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and abs(value) < 2**31 else None


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and 0 <= value < 1e9:
        return round(float(value), 6)
    return 0.0
