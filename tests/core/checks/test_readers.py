"""Readers take whatever a tool, or something hostile in its place, has written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.readers import mypy, plain, ruff
from core.checks.readers import pytest as recorded
from core.checks.runner import Desk
from core.text import clean

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["test", "start", "end", "imports", "cannot", "cover", 3]),
        "id": JSON, "when": st.sampled_from(["setup", "call", "teardown", "collect", None]),
        "outcome": st.sampled_from(["passed", "failed", "skipped", "?", None]),
        "message": JSON, "path": JSON, "line": JSON, "seconds": JSON, "files": JSON,
        "exit": JSON, "total": JSON, "says": JSON, "expected": JSON,
    },
)  # fmt: skip


@given(st.lists(ENTRY.map(json.dumps).map(str.encode) | st.binary(max_size=40), max_size=8))
def test_any_record_file_is_read(lines: list[bytes]) -> None:
    report = recorded.read(b"\n".join(lines))
    for test in recorded.with_unfinished(report, "cut"):
        assert clean(test.id) == test.id
        assert clean(test.message) == test.message
        assert test.line >= 0


@given(st.binary(max_size=300) | JSON.map(json.dumps).map(str.encode))
def test_any_bytes_are_read_by_the_other_readers(data: bytes) -> None:
    ruff.read(data)
    text = data.decode("utf-8", "replace")
    for diagnostic in (*mypy.read(text), *plain.read(text)):
        assert clean(diagnostic.message) == diagnostic.message
    mypy.render(text)


def entry(**fields: Any) -> bytes:
    return json.dumps({"kind": "test", "id": "t", **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], "passed"),
        ([("setup", "passed"), ("call", "failed"), ("teardown", "passed")], "failed"),
        ([("setup", "failed"), ("teardown", "passed")], "error"),
        ([("setup", "passed"), ("call", "passed"), ("teardown", "failed")], "error"),
        ([("setup", "passed"), ("call", "failed"), ("teardown", "failed")], "failed"),
        ([("setup", "skipped"), ("teardown", "passed")], "skipped"),
        ([("setup", "passed"), ("call", "skipped"), ("teardown", "passed")], "skipped"),
        # subtests report several calls under one id
        ([("setup", "passed"), ("call", "failed"), ("call", "passed")], "failed"),
        ([("setup", "passed"), ("call", "passed"), ("call", "failed")], "failed"),
    ],
)
def test_phases_come_together(phases: list[tuple[str, str]], outcome: str) -> None:
    data = b"".join(entry(when=when, outcome=told) for when, told in phases)
    assert [t.outcome for t in recorded.read(data).tests] == [outcome]


def test_a_message_of_ten_megabytes_is_shortened() -> None:
    data = entry(when="call", outcome="failed", message="\x1b]52;" + "x" * (10 << 20))
    message = recorded.read(data).tests[0].message
    assert len(message) < 2100
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.py:3: bad", ("a.py", 3, 0, "bad", "", "error")),
        ("./src/a.py:3:9: error: bad  [misc]", ("src/a.py", 3, 9, "bad", "misc", "error")),
        ("/w/a.py:3: warning: odd", ("a.py", 3, 0, "odd", "", "warning")),
        ("\x1b[31ma.c:1:2: note: see\x1b[0m", ("a.c", 1, 2, "see", "", "note")),
        ("src/my file.ts:10:4: error TS1: x", ("src/my file.ts", 10, 4, "TS1: x", "", "error")),
    ],
)
def test_lines_with_a_place_are_findings(line: str, expected: tuple[object, ...]) -> None:
    found = plain.read(line, "/w")
    assert [(d.path, d.line, d.column, d.message, d.code, d.severity) for d in found] == [expected]


@pytest.mark.parametrize("line", ["http://x.io:80: y", "12:30:11 done", "a.py: no line", "", ":"])
def test_other_lines_are_not(line: str) -> None:
    assert plain.read(line) == ()


def test_reading_hostile_lines_takes_no_time() -> None:
    plain.read("\n".join(["a" * 100_000, "a." * 50_000, ":1" * 50_000, "a.b:1" * 20_000] * 20))


@pytest.mark.parametrize(
    ("argv", "changed"),
    [
        (["ruff", "check", "."], True),
        (["python", "-m", "ruff", "check"], True),
        (["ruff", "check", "--fix"], False),
        (["ruff", "check", "--output-format=github"], False),
        (["ruff", "format", "--check"], False),
    ],
)
def test_ruffs_output_is_changed_only_where_that_is_safe(argv: list[str], changed: bool) -> None:
    assert ("--output-file=f" in ruff.with_json(argv, "f")) is changed


def test_an_old_mypy_is_read_by_its_lines() -> None:
    usage = "mypy: error: unrecognized arguments: --output=json"
    assert mypy.lacks_json(2, usage)
    assert not mypy.lacks_json(1, "a.py:1: error: x")
    assert mypy.with_format(["mypy", "--", "a.py"])[-2:] == ["--", "a.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_a_result_file_that_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tmp_path, sandboxed=False)
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"12345")
    assert [desk.read(n) for n in ("link", "pipe", "folder", "none")] == [b""] * 4
    assert desk.read("file", 3) == b"123"
