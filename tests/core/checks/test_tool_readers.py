"""Each tool's reader, on what the tool really printed, on parts of that, and on hostile bytes.

`outputs/<tool>/` holds what real tools said of small samples: go 1.19, cargo 1.95, gcc 12,
clang 14, Python 3.11, node 20, and eslint, tsc, pyright, jest, vitest, mocha of late 2026.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checks.readers import (
    cargo,
    eslint,
    gcc,
    general,
    go,
    jest,
    junit,
    pyright,
    report,
    sarif,
    tap,
    tsc,
    unittest,
    vitest,
)
from core.checks.readers.report import Report
from core.checks.readers.table import TOOLS, added
from core.text import clean

OUTPUTS = Path(__file__).parent / "outputs"
Reader = Callable[[bytes, str], Report | None]


def go_of_the_sample(data: bytes, root: str) -> Report | None:
    return go.read(data, root, "example.com/shop")


READERS: dict[str, Reader] = {
    "cargo": cargo.read, "eslint": eslint.read, "gcc": gcc.read, "go": go_of_the_sample,
    "jest": jest.read, "junit": junit.read, "pyright": pyright.read, "sarif": sarif.read,
    "tap": tap.read, "tsc": tsc.read, "unittest": unittest.read, "vitest": vitest.read,
}  # fmt: skip
FILES = sorted(p for p in OUTPUTS.glob("*/*") if p.is_file())
WHOLE = {
    "cargo/test.txt": (
        {"skipped": 1, "passed": 3, "failed": 1}, [("src/lib.rs", 7, 9, "unused_variables")]
    ),
    "cargo/test-plain.txt": (
        {"skipped": 1, "passed": 3, "failed": 1}, [("src/lib.rs", 7, 9, "")]
    ),
    "cargo/build.jsonl": ({}, [("src/lib.rs", 2, 20, "E0308"), ("src/lib.rs", 3, 5, "E0425")]),
    "cargo/build-plain.txt": ({}, [("src/lib.rs", 2, 20, "E0308"), ("src/lib.rs", 3, 5, "E0425")]),
    "cargo/clippy.jsonl": ({}, [("src/lib.rs", 7, 9, "unused_variables")]),
    "eslint/report.json": (
        {},
        [("src/broken.js", 2, 1, "fatal"), ("src/cart.js", 2, 7, "no-unused-vars"),
         ("src/cart.js", 2, 7, "prefer-const")],
    ),
    "gcc/gcc.txt": (
        {}, [("cart.c", 4, 37, ""), ("cart.c", 8, 0, ""), ("cart.c", 8, 0, "-Wreturn-type")]
    ),
    "gcc/clang.txt": (
        {},
        [("cart.h", 1, 36, ""), ("cart.c", 6, 12, "-Wimplicit-function-declaration"),
         ("cart.c", 6, 30, "")],
    ),
    "gcc/link.txt": ({}, [("main.c", 0, 0, "link")]),
    "go/test.jsonl": (
        {"passed": 2, "failed": 3, "skipped": 1}, [("plain/plain.go", 7, 9, "")]
    ),
    "go/test.txt": ({}, [("plain/plain.go", 7, 9, "")]),
    "go/broken.jsonl": ({"error": 1}, [("cart/cart.go", 4, 2, ""), ("cart/cart.go", 5, 9, "")]),
    "go/vet.txt": ({}, [("plain/plain.go", 7, 9, "")]),
    "go/vet-broken.txt": ({}, [("cart/cart.go", 5, 9, "")]),
    "jest/report.json": ({"passed": 2, "failed": 2, "skipped": 2, "error": 1}, []),
    "vitest/report.json": ({"passed": 2, "failed": 2, "skipped": 2, "error": 1}, []),
    "junit/node.xml": ({"passed": 1, "failed": 1, "skipped": 1, "xfailed": 1}, []),
    "junit/pytest.xml": ({"failed": 4, "skipped": 2, "passed": 1, "error": 1}, []),
    "junit/vitest.xml": ({"failed": 3, "passed": 2, "skipped": 2}, []),
    "pyright/report.json": (
        {},
        [("src/types.py", 5, 18, "reportAssignmentType"),
         ("src/types.py", 6, 19, "reportAttributeAccessIssue")],
    ),
    "sarif/ruff.sarif": ({}, [("src/types.py", 1, 8, "F401"), ("src/types.py", 5, 5, "F841")]),
    "tap/node.txt": ({"passed": 1, "failed": 2, "skipped": 1, "xfailed": 1}, []),
    "tap/mocha.txt": ({"passed": 1, "failed": 1, "skipped": 1}, []),
    "tsc/tsc.txt": (
        {},
        [("src/types.ts", 2, 9, "TS2322"), ("src/types.ts", 3, 17, "TS2551"),
         ("src/types.ts", 5, 46, "TS2322")],
    ),
    "unittest/dots.txt": ({"error": 3, "failed": 3}, []),
    "unittest/verbose.txt": (
        {"error": 3, "failed": 3, "xfailed": 1, "passed": 1, "skipped": 1}, []
    ),
}  # fmt: skip
FAILING = [
    ("cargo/test.txt", "src/lib.rs::tests::is_wrong", "src/lib.rs", 22, "one is not two"),
    ("go/test.jsonl", "cart::TestCases/two", "cart/cart_test.go", 18, "got 1, want 2"),
    ("go/test.jsonl", "cart::TestPanics", "cart/cart_test.go", 30, "nil map"),
    ("jest/report.json", "jest/cart.test.js::cart::is wrong", "jest/cart.test.js", 4, "Received"),
    ("vitest/report.json", "vitest/cart.test.js::cart::case 2", "vitest/cart.test.js", 9, "to be"),
    ("tap/node.txt", "cart::is wrong", "nodetest/cart.test.mjs", 5, "2 == 3"),
    ("junit/node.xml", "test::is wrong", "", 0, "2 == 3"),
    ("unittest/dots.txt", "tests.test_cart.TestCart.test_bad", "tests/test_cart.py", 10, "sums"),
    ("unittest/verbose.txt", "tests.test_cart.TestSetUp.setUpClass", "tests/test_cart.py", 36,
     "no class"),
]  # fmt: skip


def read(name: str) -> Report:
    found = READERS[name.partition("/")[0]]((OUTPUTS / name).read_bytes(), "/repo")
    assert found is not None
    return found


def bounded(found: Report | None, size: int = 0) -> None:
    """Clean, bounded, and with places that make sense."""
    if found is None:
        return
    assert len(found.tests) <= report.MAX_TESTS
    for test in found.tests:
        assert len(test.id) <= report.MAX_NAME
        assert len(test.message) <= report.MAX_MESSAGE
        for text in (test.id, test.message, test.path):
            assert clean(text) == text
        assert "\n" not in test.id
        assert 0 <= test.line < 2**31
        assert test.seconds >= 0
    for diagnostic in found.diagnostics:
        assert len(diagnostic.message) <= 1000
        for text in (diagnostic.message, diagnostic.path, diagnostic.code):
            assert clean(text) == text
            assert "\n" not in text
        assert 0 <= diagnostic.line < 2**31
        assert 0 <= diagnostic.column < 2**31


def test_every_kept_output_is_in_the_table() -> None:
    assert {f"{p.parent.name}/{p.name}" for p in FILES} == set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_tool_really_said_is_read(name: str) -> None:
    outcomes, places = WHOLE[name]
    found = read(name)
    bounded(found)
    assert dict(Counter(t.outcome for t in found.tests)) == outcomes
    assert [(d.path, d.line, d.column, d.code) for d in found.diagnostics] == places


@pytest.mark.parametrize(("name", "test", "path", "line", "words"), FAILING)
def test_a_failing_test_says_where_and_why(
    name: str, test: str, path: str, line: int, words: str
) -> None:
    found = {t.id: t for t in read(name).tests}[test]
    assert (found.outcome in ("failed", "error"), found.path, found.line) == (True, path, line)
    assert words in found.message


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_path_of_a_machine_is_kept(path: Path) -> None:
    text = path.read_text()
    for word in ("/tmp", "/root", "/work", "/home/"):
        assert word not in text.replace("/home/p/", "")


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_cut_output_is_read_as_far_as_it_goes(path: Path) -> None:
    """Whatever is told of a part is told of the whole: a cut invents no passing test."""
    data, reader = path.read_bytes(), READERS[path.parent.name]
    whole = reader(data, "/repo")
    assert whole is not None
    passed = {t.id for t in whole.tests if t.outcome == "passed"}
    for end in range(0, len(data), max(1, len(data) // 60)):
        for part in (data[:end], data[end:]):
            for read_part in (reader, general.read):
                found = read_part(part, "/repo")
                bounded(found)
        first = reader(data[:end], "/repo")
        if first is not None and path.parent.name != "tap":
            assert {t.id for t in first.tests if t.outcome == "passed"} <= passed


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_an_output_is_known_by_its_looks(path: Path) -> None:
    """Behind `make test` a tool's output is what it is in front of it."""
    preamble = b"> shop@1.0 test\n> tool\n\n"
    own = READERS[path.parent.name](path.read_bytes(), "/repo")
    assert own is not None
    found = general.read(preamble + path.read_bytes(), "/repo")
    assert len(found.tests) == len(own.tests)
    if own.diagnostics:
        places = {(d.path, d.line) for d in own.diagnostics if d.code != "link"}
        assert places <= {(d.path, d.line) for d in found.diagnostics}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def shaped(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return json.loads(next(x for x in path.read_bytes().split(b"\n") if x[:1] == b"{"))


DOCUMENTS = [shaped(p) for p in FILES if p.suffix in (".json", ".jsonl", ".sarif") and
             p.name != "broken.jsonl"]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A real document with some of its values replaced by anything."""

    def spoil(value: Any, depth: int = 0) -> Any:
        if depth and draw(st.integers(0, 12)) == 0:
            return draw(JSON)
        if isinstance(value, dict):
            return {k: spoil(v, depth + 1) for k, v in value.items()}
        return [spoil(v, depth + 1) for v in value[:4]] if isinstance(value, list) else value

    return json.dumps(spoil(draw(st.sampled_from(DOCUMENTS)))).encode()


@given(st.binary(max_size=300) | JSON.map(json.dumps).map(str.encode))
def test_any_bytes_are_read(data: bytes) -> None:
    for reader in (*READERS.values(), general.read):
        bounded(reader(data, "/repo"))
    for render in (cargo.render, go.render):
        render(data.decode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(spoiled())
def test_a_spoiled_document_is_read_or_refused(data: bytes) -> None:
    for reader in (*READERS.values(), general.read):
        bounded(reader(data, "/repo"))
    cargo.render(data.decode())
    go.render(data.decode())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_an_output_with_bytes_in_it_is_read(path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=20) | st.sampled_from([b"\x1b]52;c;eA==\x07", b"\xff\n"]))
    for reader in (READERS[path.parent.name], general.read):
        bounded(reader(whole[:at] + junk + whole[at:], "/repo"))


LONG = "\x1b]52;c;" + "x" * (10 << 20)
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE: dict[str, bytes] = {
    "bomb": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "x">{ENTITIES}]>'
    '<testsuite><testcase name="a"><failure>&e11;</failure></testcase></testsuite>'.encode(),
    "external": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    b'<testsuite><testcase name="&e;"/></testsuite>',
    "entity": b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY e "x">]>\n'
    b'<testsuite><testcase name="&e;"/></testsuite>',
    "bomb inside": b"<testsuites><!DOCTYPE a [<!ENTITY e 'x'>]><testcase name='a'/></testsuites>",
    "deep xml": b"<testsuite>" * 100_000,
    "deep json": b"[" * 200_000 + b"]" * 200_000,
    "deep object": b'{"runs":' * 200_000,
    "many starts": b"[\n{\n" * 200_000,
    "long junit": f'<testsuite><testcase name="a"><failure message="{"x" * (10 << 20)}"/>'
    "</testcase></testsuite>".encode(),
    "long jest": json.dumps({"numTotalTests": 1, "testResults": [{"name": LONG,
        "assertionResults": [{"title": LONG, "status": "failed", "failureMessages": [LONG]}]}],
    }).encode(),
    "long go": json.dumps({"Action": "output", "Package": LONG, "Test": LONG, "Output": LONG})
    .encode() + b'\n{"Action":"fail","Package":"a","Test":"b"}\n',
    "long cargo": json.dumps({"reason": "compiler-message", "message": {"message": LONG,
        "level": LONG, "spans": [{"is_primary": True, "file_name": LONG}]}}).encode(),
    "long tap": b"TAP version 13\nnot ok 1 - " + LONG.encode() + b"\n  ---\n  error: '"
    + LONG.encode(),
    "long tsc": b"a" * (10 << 20) + b"(1,2): error TS1: x",
    "long gcc": b"a:1:2: error: " + LONG.encode(),
    "many taps": b"1..9\n" + b"ok 1 - a\nnot ok 2 - b\n" * 100_000,
    "plan": b"TAP version 13\n1..999999999\nok 1 - a\n",
    "numbers": b'[{"filePath":"a","messages":[{"line":1e999,"column":-5,"message":"m"}]}]',
    "digits": b'{"numTotalTests":' + b"9" * 10_000 + b',"testResults":[]}',
    "rules": (b"=" * 70 + b"\nFAIL: a (b.c)\n" + b"-" * 70 + b"\n") * 20_000 + b"Ran 1 test in 1s",
    "dots": b"test a ... " * 100_000 + b"\ntest result: ok.\nrunning 1 test\n" + b"test " * 9999,
    "arrows": b"error: x\n --> a:1:2\n" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_output_is_bounded_in_time_and_size(name: str) -> None:
    data = HOSTILE[name]
    for reader in (*READERS.values(), general.read):
        began = time.process_time()
        found = reader(data, "/repo")
        assert time.process_time() - began < 10
        bounded(found)
        assert found is None or not any("root:" in t.id for t in found.tests)


@pytest.mark.parametrize("name", ["bomb", "external", "entity"])
def test_a_document_type_is_refused(name: str) -> None:
    assert junit.read(HOSTILE[name]) is None


def test_a_path_that_every_test_repeats_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MAX_TEXT", 100_000)
    cases = [{"title": str(n), "status": "passed"} for n in range(1000)]
    suite = {"name": "a" * 900, "assertionResults": cases}
    found = jest.read(json.dumps({"numTotalTests": 1, "testResults": [suite]}).encode())
    assert found is not None
    assert sum(len(t.id) + len(t.path) for t in found.tests) <= 100_000
    assert found.left_out == 1000 - len(found.tests)


@pytest.mark.parametrize(
    ("reader", "data", "outcomes"),
    [
        (tap.read, b"TAP version 13\n1..3\nok 1 - a\n", {"a": "passed", "the plan": "error"}),
        (tap.read, b"1..2\nok 1 - a\nBail out! no disk\n", {"a": "passed", "Bail out!": "error"}),
        (tap.read, b"1..0 # SKIP none\n", None),
        (tap.read, b"TAP version 14\n1..0\n", {}),
        (tap.read, b"ok 1 - a\n", None),
        (tap.read, b"ok\nnot ok\n1..2\n", {"test ?": "failed"}),
        (go.read, b'{"Action":"run","Package":"p","Test":"T"}\n', {"p::T": "error"}),
        (go.read, b'{"Action":"skip","Package":"p"}\n', {}),
        (go.read, b'{"Action":"fail","Package":"p"}\n', {"p": "failed"}),
        (go.read, b"hello\n", None),
        (cargo.read, b"running 1 test\ntest a ... FAILED\n", {"a": "failed"}),
        (cargo.read, b"running 0 tests\n\ntest result: ok. 0 passed\n", {}),
        (cargo.read, b"test a ... ok\n", None),
        (unittest.read, b"\nRan 0 tests in 0.000s\n\nOK\n", {}),
        (unittest.read, b"test_a (t.T.test_a) ... ok\n", None),
        (junit.read, b"<testsuites></testsuites>", {}),
        (junit.read, b'<testsuite><testcase name="a"/><testcase name="b">', {"a": "passed"}),
        (junit.read, b"<html></html>", None),
        (jest.read, b'{"numTotalTests":0,"testResults":[]}', {}),
    ],
)
def test_what_was_not_told_is_not_made_up(
    reader: Reader, data: bytes, outcomes: dict[str, str] | None
) -> None:
    found = reader(data, "")
    assert (None if found is None else {t.id: t.outcome for t in found.tests}) == outcomes


@pytest.mark.parametrize(
    ("reader", "command", "started"),
    [
        ("eslint", "npx eslint .", "npx eslint . --format json --output-file F"),
        ("eslint", "eslint . --fix", "eslint . --fix"),
        ("jest", "npm run --silent test", "npm run --silent test -- --json --outputFile=F"),
        ("jest", "yarn run test", "yarn run test --json --outputFile=F"),
        ("jest", "jest -- a", "jest --json --outputFile=F -- a"),
        ("jest", "jest --json", "jest --json"),
        ("vitest", "vitest",
         "vitest --run --reporter=default --reporter=json --outputFile.json=F"),
        ("vitest", "vitest --reporter=dot", "vitest --reporter=dot"),
        ("tsc", "npm run types -- -p .", "npm run types -- -p . --pretty false"),
        ("pyright", "pyright", "pyright --outputjson"),
        ("cargo test", "cargo test -- --nocapture",
         "cargo test --message-format=json -- --nocapture"),
        ("cargo", "cargo +nightly clippy", "cargo +nightly clippy --message-format=json"),
        ("cargo", "cargo build --message-format short", "cargo build --message-format short"),
        ("go test", "go test ./...", "go test -json ./..."),
        ("go test", "go test -json ./...", "go test -json ./..."),
        ("go", "go vet ./...", "go vet ./..."),
        ("tap", "node --test a", "node --test --test-reporter=tap a"),
        ("mocha", "mocha a", "mocha a --reporter tap"),
        ("plain", "make test", "make test"),
    ],
)  # fmt: skip
def test_a_tool_is_made_to_write_what_can_be_read(reader: str, command: str, started: str) -> None:
    assert " ".join(TOOLS[reader].arrange(command.split(), "F")) == started


def test_nothing_is_added_where_there_is_nothing_to_add() -> None:
    assert added(["npm", "test"], ()) == ["npm", "test"]


def test_json_lines_are_shown_as_people_read_them() -> None:
    lines = (OUTPUTS / "go/test.jsonl").read_text().split("\n")
    shown = [s for line in lines if (s := go.render(line)) is not None]
    assert "--- PASS: TestTotal (0.00s)" in shown
    assert not any(s.startswith("{") for s in shown)
    lines = (OUTPUTS / "cargo/build.jsonl").read_text().split("\n")
    shown = [s for line in lines if (s := cargo.render(line)) is not None]
    assert any(s.startswith("error[E0308]: mismatched types\n --> src/lib.rs:2:20") for s in shown)
    assert not any(s.startswith("{") for s in shown)
