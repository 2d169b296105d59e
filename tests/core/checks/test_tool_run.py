"""Tools run for real (Python scripts in their place) and are judged by what they told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.checks import toolchains
from core.checks.output import Kept
from core.checks.runner import Desk
from core.checks.tools import Program
from core.protocol import Isolation
from core.sandbox.probe import unsandboxed
from tests.fakes.sandbox import USUAL, Bench, write

OUTPUTS = Path(__file__).parent / "outputs"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def tool(bench: Bench, name: str, said: bytes, code: int, file: str = "") -> str:
    """A program under a tool's name; `file` is the option that names where it is to write."""
    script = f"#!{sys.executable}\nimport pathlib, sys\n"
    script += f"said, at = {said!r}, {file!r}\n"
    script += "where = [w for w in sys.argv if at and w.startswith(at)]\n"
    script += (
        "if where and '=' in where[0]: pathlib.Path(where[0].partition('=')[2]).write_bytes(said)\n"
    )
    script += "elif where: pathlib.Path(sys.argv[sys.argv.index(at) + 1]).write_bytes(said)\n"
    script += "else: sys.stdout.buffer.write(said)\n"
    script += f"sys.exit({code})\n"
    write(bench.work, {f"bin/{name}": script})
    (bench.work / "bin" / name).chmod(0o755)
    return f"bin/{name}"


EMPTY = b'{"numTotalTests": 0, "testResults": []}'
GREEN = (
    b'{"numTotalTests": 1, "testResults":'
    b' [{"name": "a", "assertionResults": [{"title": "t", "status": "passed"}]}]}'
)
SKIPPED = GREEN.replace(b"passed", b"skipped")
RED = GREEN.replace(b"passed", b"failed")


@pytest.mark.parametrize(
    ("said", "code", "verdict", "words"),
    [
        (GREEN, 0, "pass", ""),
        (RED, 1, "fail", ""),
        (RED, 0, "fail", "yet tests failed"),
        (GREEN, 1, "fail", "No test failed"),
        (EMPTY, 0, "no tests", "ran no tests"),
        (EMPTY, 1, "no tests", "ran no tests"),
        (SKIPPED, 0, "no tests", "ran no tests"),
        (GREEN[:-9], 0, "error", "cannot be read"),
        (b"", 0, "error", "cannot be read"),
        (b"\xff\x1b[2J", 1, "error", "could not run"),
    ],
)
def test_a_run_of_tests_is_green_only_when_one_passed(
    bench: Bench, said: bytes, code: int, verdict: str, words: str
) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, tool(bench, "jest", said, code, "--outputFile"))
    assert (result.verdict, result.check) == (verdict, "jest")
    assert words in result.says
    assert "\x1b" not in result.says


@pytest.mark.parametrize(
    ("said", "code", "verdict", "places"),
    [
        ((OUTPUTS / "eslint/report.json").read_bytes(), 1, "fail", 3),
        (b"[]", 0, "pass", 0),
        (b"", 2, "error", 0),
        (b"not json", 2, "error", 0),
    ],
)
def test_a_linter_is_judged_by_its_end_and_its_findings(
    bench: Bench, said: bytes, code: int, verdict: str, places: int
) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, tool(bench, "eslint", said, code, "--output-file") + " .")
    assert (result.verdict, len(result.diagnostics)) == (verdict, places)
    if places:
        assert "error: 'unused' is assigned a value but never used. [no-unused-vars]" in (
            bench.output(result)
        )


def test_a_report_that_cannot_be_read_is_read_by_its_lines(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, tool(bench, "pyright", b"a.py:3:1: error: no config\n", 1))
    assert (result.verdict, result.diagnostics[0].path) == ("fail", "a.py")
    assert "no config" in bench.output(result)


def test_findings_carry_their_lines_and_json_is_not_shown(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    root = str(bench.work).encode()
    said = (OUTPUTS / "pyright/report.json").read_bytes().replace(b"/repo", root)
    said = said.replace(b"types.py", b"shop.py")  # the fake is Python, which has types of its own
    write(bench.work, {"src/shop.py": "\n" * 4 + "    value: str = 1\n    return prices.lenght\n"})
    result = bench.check(runner, tool(bench, "pyright", said, 1))
    assert [(d.path, d.text) for d in result.diagnostics] == [
        ("src/shop.py", "value: str = 1"),
        ("src/shop.py", "return prices.lenght"),
    ]
    assert "generalDiagnostics" not in bench.output(result)
    assert bench.records(result).diagnostics == result.diagnostics


@pytest.mark.parametrize(
    ("name", "code", "verdict", "failing"),
    [
        ("tap/node.txt", 1, "fail", 2),
        ("tap/node.txt", 0, "fail", 2),
        ("go/test.jsonl", 1, "fail", 3),
    ],
)
def test_what_a_script_runs_is_known_by_its_output(
    bench: Bench, name: str, code: int, verdict: str, failing: int
) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, tool(bench, "check.sh", (OUTPUTS / name).read_bytes(), code))
    assert (result.check, result.verdict, len(result.failing)) == ("check.sh", verdict, failing)


UNIT = """
import unittest

class TestCart(unittest.TestCase):
    def test_good(self): self.assertEqual(1, 1)
    def test_bad(self): self.assertEqual(2, 3, "\\x1b[2Jsums")
    def test_error(self): {}["gone"]
    @unittest.skip("not today")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertNotEqual(n, 1)

class TestSetUp(unittest.TestCase):
    def setUp(self): raise RuntimeError("no start")
    def test_never(self): pass

class TestClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("no class")
    def test_never(self): pass
"""


@pytest.mark.parametrize("isolate", USUAL)
def test_every_outcome_of_unittest_becomes_a_record(
    bench: Bench, isolate: Callable[[], Isolation]
) -> None:
    runner = bench.runner(isolate())
    write(bench.work, {"tests/__init__.py": "", "tests/test_cart.py": UNIT,
                       "tests/test_broken.py": "import nothing_here\n"})  # fmt: skip
    result = bench.check(runner, "python -m unittest")
    found = {t.id.removeprefix("tests/test_cart.py::"): t for t in bench.records(result).tests}
    assert {name: t.outcome for name, t in found.items()} == {
        "TestCart::test_good": "passed",
        "TestCart::test_bad": "failed",
        "TestCart::test_error": "failed",
        "TestCart::test_skipped": "skipped",
        "TestCart::test_expected": "xfailed",
        "TestCart::test_unexpected": "failed",
        "TestCart::test_parts": "failed",
        "TestSetUp::test_never": "error",
        "setUpClass (tests.test_cart.TestClass)": "error",
        "tests/test_broken.py": "error",
    }
    assert (result.check, result.verdict, result.exit_code) == ("unittest", "fail", 1)
    bad = found["TestCart::test_bad"]
    assert (bad.path, bad.line) == ("tests/test_cart.py", 6)
    assert "sums" in bad.message
    assert "\x1b" not in bad.message
    assert "(n=1)" in found["TestCart::test_parts"].message
    assert "Ran 9 tests" in bench.output(result)
    assert not list(bench.work.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("files", "command", "verdict"),
    [
        ({"test_a.py": "import unittest\nclass T(unittest.TestCase):\n  def test(self): pass\n"},
         "python -m unittest", "pass"),
        ({"a.py": ""}, "python -m unittest", "no tests"),
        ({"test_a.py": "import os, unittest\nclass T(unittest.TestCase):\n"
          "  def test(self): os._exit(0)\n"}, "python -m unittest", "error"),
        ({"test_a.py": ""}, "python -m unittest --nonsense", "error"),
        ({"test_a.py": "import unittest\nclass T(unittest.TestCase):\n"
          "  @unittest.skip('x')\n  def test(self): pass\n"}, "python -m unittest", "no tests"),
    ],
)  # fmt: skip
def test_a_run_of_unittest_that_shows_nothing_is_not_green(
    bench: Bench, files: dict[str, str], command: str, verdict: str
) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, files)
    assert bench.check(runner, command).verdict == verdict


def test_a_missing_tool_of_the_repository_says_so(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    result = bench.check(runner, "node_modules/.bin/tsc --noEmit")
    assert (result.verdict, result.exit_code) == ("error", None)
    assert "node_modules/.bin/tsc is not installed" in result.says


def test_a_program_that_changes_makes_other_evidence(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    (bench.repo / "bin").mkdir()
    program = bench.repo / "bin" / "lint"
    program.write_text("1")
    first = runner.environment(["bin/lint"])
    assert runner.environment(["bin/lint"]) == first
    program.write_text("another")
    second = runner.environment(["bin/lint"])
    (bench.repo / "node_modules").mkdir()
    assert len({first, second, runner.environment(["bin/lint"])}) == 3


def test_a_toolchain_is_seen_without_the_tokens_beside_it(bench: Bench, tmp_path: Path) -> None:
    runner = bench.runner(unsandboxed())
    home = tmp_path / "home"
    write(home, {".cargo/bin/cargo": "", ".cargo/credentials.toml": "token",
                 ".cargo/registry/x": "", ".rustup/settings.toml": "",
                 "go/pkg/mod/x": ""})  # fmt: skip
    desk, env = Desk(tmp_path, tmp_path / "keep", sandboxed=False), {"HOME": str(home)}
    chain = toolchains.needed("cargo", Program(home / ".cargo/bin/cargo"), desk, runner, env)
    assert set(chain.folders) == {home / ".cargo/bin", home / ".cargo/registry", home / ".rustup"}
    assert chain.bins == (home / ".cargo/bin",)
    other = toolchains.needed(
        "cargo", Program(home / ".cargo/bin/cargo"), desk, runner.at(tmp_path / "lab"), env
    )
    assert chain.env["CARGO_TARGET_DIR"] != other.env["CARGO_TARGET_DIR"]
    go = toolchains.needed("go", Program(Path("/usr/bin/go")), desk, runner, env)
    assert home / "go/pkg/mod" in go.folders
    assert go.env["GOCACHE"].startswith(str(tmp_path / "keep"))
    assert toolchains.needed("ruff", Program(Path("/usr/bin/ruff")), desk, runner, env).env == {}


def test_kept_output_is_its_beginning_and_its_end() -> None:
    kept = Kept(1000)
    for n in range(1000):
        kept.feed(f"line {n}\n".encode())
    assert kept.left_out
    assert len(kept.data) <= 2001
    assert kept.data.startswith(b"line 0\nline 1\n")
    assert kept.data.endswith(b"line 999\n")
    lines = kept.data.split(b"\n")
    assert all(x.startswith(b"line ") for x in lines if x and lines.index(x) > 70)
    whole = Kept(100)
    whole.feed(b"a" * 60)
    whole.feed(b"b" * 30)
    assert whole.data == b"a" * 60 + b"b" * 30
