"""Checks run for real and become evidence."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from core.context import PlainContext
from core.errors import ActionCancelled
from core.protocol import Isolation, Output
from core.sandbox.probe import unsandboxed
from tests.fakes.sandbox import USUAL, Bench, bubblewrap, needs_sandbox, processes, write

TESTS = """
import unittest, pytest, cart

def test_good():
    assert cart.total(2) == 2

@pytest.mark.parametrize("n", [1, 2])
def test_cases(n):
    assert cart.total(n) == 2

@pytest.fixture
def broken():
    raise ValueError("no fixture")

def test_setup(broken):
    pass

@pytest.fixture
def dirty():
    yield
    raise ValueError("no end")

def test_teardown(dirty):
    pass

@pytest.mark.skip
def test_skipped():
    pass

@pytest.mark.xfail
def test_expected():
    assert cart.total(1) == 2

@pytest.mark.xfail
def test_unexpected():
    pass

def test_deep():
    cart.fail()

class TestOld(unittest.TestCase):
    def test_unit(self):
        self.assertEqual(cart.total(3), 4)
"""
CART = "def total(n):\n    return n\n\n\ndef fail():\n    raise KeyError('deep \\x1b[2J')\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(params=USUAL)
def isolation(request: pytest.FixtureRequest) -> Isolation:
    isolate: Callable[[], Isolation] = request.param
    return isolate()


def test_every_outcome_of_pytest_becomes_a_record(bench: Bench, isolation: Isolation) -> None:
    runner = bench.runner(isolation)
    write(bench.work, {"cart.py": CART, "tests/test_cart.py": TESTS})
    context = PlainContext()
    result = bench.check(runner, "python -m pytest", context)
    found = {t.id.partition("::")[2]: t for t in bench.records(result).tests}
    assert {name: t.outcome for name, t in found.items()} == {
        "test_good": "passed",
        "test_cases[1]": "failed",
        "test_cases[2]": "passed",
        "test_setup": "error",
        "test_teardown": "error",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "xpassed",
        "test_deep": "failed",
        "TestOld::test_unit": "failed",
    }
    assert (result.verdict, result.exit_code, result.isolation) == ("fail", 1, isolation.kind)
    assert result.counts["failed"] == 3
    assert {t.id for t in result.failing} == {
        f"tests/test_cart.py::{n}" for n, t in found.items() if t.outcome in ("failed", "error")
    }
    case = found["test_cases[1]"]
    assert case.message.startswith("assert 1 == 2\n +  where 1 = ")
    assert (case.path, case.line) == ("tests/test_cart.py", 9)
    assert (found["test_deep"].path, found["test_deep"].line) == ("cart.py", 6)
    assert "\x1b" not in found["test_deep"].message
    assert "3 != 4" in found["TestOld::test_unit"].message
    shown = [line for d in context.deltas if isinstance(d, Output) for line in d.lines]
    assert any("test_cart.py" in line for line in shown)
    assert "short test summary" in bench.output(result)
    assert sorted(p.name for p in bench.work.rglob("*")) == ["cart.py", "test_cart.py", "tests"]
    assert list((bench.folder / "scratch").iterdir()) == [bench.folder / "scratch/cache"]


def test_a_good_run_passes_and_hashes_its_environment(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, {"test_a.py": "def test_a(): pass\n"})
    one, two = (bench.check(runner, c) for c in ("pytest -q", "pytest -q -s"))
    assert (one.verdict, two.verdict) == ("pass", "pass")
    assert one.environment != two.environment
    assert bench.check(runner, "pytest -q").environment == one.environment


@pytest.mark.parametrize(
    ("files", "verdict", "words"),
    [
        ({"a.py": ""}, "no tests", "no tests"),
        ({"test_a.py": "import pytest\n\n@pytest.mark.skip\ndef test_a(): 1\n"}, "no tests", ""),
        ({"test_a.py": "def test_a(:\n"}, "fail", ""),
        ({"conftest.py": "import nothing_here\n", "test_a.py": ""}, "error", "nothing_here"),
        ({"pytest.ini": "[pytest]\naddopts = --nonsense\n"}, "error", "--nonsense"),
        (
            {"test_a.py": "import os\ndef test_a():\n    os._exit(0)\n"},
            "error",
            "before its tests did",
        ),
        ({"test_a.py": "import os\ndef test_a():\n    os.abort()\n"}, "error", "before its tests"),
    ],
)
def test_runs_that_show_nothing_say_why(
    bench: Bench, files: dict[str, str], verdict: str, words: str
) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, files)
    result = bench.check(runner, "python -m pytest")
    assert result.verdict == verdict
    assert words in result.says


def test_the_test_that_killed_the_run_is_named(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, {"test_a.py": "import os\ndef test_a(): pass\ndef test_b(): os.abort()\n"})
    result = bench.check(runner, "pytest")
    assert [(t.id, t.outcome) for t in bench.records(result).tests] == [
        ("test_a.py::test_a", "passed"),
        ("test_a.py::test_b", "error"),
    ]


def test_a_run_out_of_time_keeps_what_it_knew(bench: Bench, isolation: Isolation) -> None:
    runner = bench.runner(isolation)
    tests = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(600)\n"
    write(bench.work, {"test_a.py": tests})
    result = bench.check(runner, "pytest", timeout=2.5)
    assert (result.verdict, result.exit_code) == ("timeout", None)
    assert [(t.id, t.outcome) for t in bench.records(result).tests] == [
        ("test_a.py::test_a", "passed"),
        ("test_a.py::test_b", "error"),
    ]


def test_cancelling_a_check_takes_less_than_a_second(bench: Bench, isolation: Isolation) -> None:
    runner = bench.runner(isolation)
    mark = uuid.uuid4().hex
    code = "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    code += "print('up', flush=True)\ntime.sleep(600)\n"
    write(bench.work, {"hang.py": code})

    class Watching(PlainContext):
        def show(self, delta: object) -> None:
            up.set()

    up, context = threading.Event(), Watching()
    at: list[float] = []

    def cancel() -> None:
        assert up.wait(30)
        at.append(time.monotonic())
        context.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(ActionCancelled):
        bench.check(runner, f"python hang.py {mark}", context)
    assert time.monotonic() - at[0] < 1
    thread.join()
    assert processes(mark) == []


@pytest.mark.parametrize("layout", ["src", "flat"])
def test_an_editable_install_serves_the_workshops_sources(
    bench: Bench, isolation: Isolation, layout: str
) -> None:
    """The virtual environment's .pth holds the person's absolute path."""
    top = "src/" if layout == "src" else ""
    files = {f"{top}shop/__init__.py": "PRICE = 1\n", "tests/test_shop.py": EDITABLE}
    base = getattr(sys, "_base_executable", sys.executable)
    write(bench.repo, files)
    venv = bench.repo / ".venv"
    subprocess.run([base, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next(venv.glob("lib/python3*/site-packages"))
    (site / "shop.pth").write_text(str(bench.repo / top) + "\n")
    write(bench.work, files | {f"{top}shop/__init__.py": "PRICE = 2\n"})
    runner = bench.runner(isolation, python="", environment=(venv,))
    result = bench.check(runner, "pytest")
    assert runner.interpreter.source == ".venv in the repository"
    assert (result.verdict, result.says) == ("pass", "")
    assert not (bench.work / ".venv").exists()


EDITABLE = """
import subprocess, sys
import shop

def test_here():
    assert shop.PRICE == 2

def test_in_a_child():
    code = "import shop, sys; sys.exit(shop.PRICE)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 2
"""


def test_generated_sources_are_there_and_stay_the_persons(
    bench: Bench, isolation: Isolation
) -> None:
    """`_version.py` is ignored by git, and imports fail without it."""
    write(bench.repo, {"shop/_version.py": "V = 1\n"})
    test = "import shop._version as v\n\ndef test_a():\n    assert v.V == 1\n"
    test += "    try:\n        open(v.__file__, 'w').close()\n    except OSError:\n        pass\n"
    write(bench.work, {"shop/__init__.py": "", "test_a.py": test})
    runner = bench.runner(isolation, environment=(bench.repo / "shop/_version.py",))
    result = bench.check(runner, "python -m pytest")
    assert (result.verdict, result.says) == ("pass", "")
    assert (bench.repo / "shop/_version.py").read_text() == "V = 1\n"
    assert [p.name for p in (bench.work / "shop").iterdir()] == ["__init__.py"]


def test_importing_the_persons_own_sources_voids_the_run(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.repo, {"shop.py": "PRICE = 2\n"})
    test = f"import sys\nsys.path.insert(0, {str(bench.repo)!r})\nimport shop\n"
    test += "def test_a(): assert shop.PRICE == 2\n"
    write(bench.work, {"shop.py": "PRICE = 1\n", "test_a.py": test})
    result = bench.check(runner, "pytest")
    assert result.verdict == "void"
    assert "shop.py" in result.says


@needs_sandbox
def test_in_the_sandbox_the_same_path_is_the_workshop(bench: Bench) -> None:
    runner = bench.runner(bubblewrap())
    write(bench.repo, {"shop.py": "PRICE = 1\n"})
    test = f"import sys\nsys.path.insert(0, {str(bench.repo)!r})\nimport shop\n"
    test += "def test_a(): assert shop.PRICE == 2\n"
    write(bench.work, {"shop.py": "PRICE = 2\n", "test_a.py": test})
    assert bench.check(runner, "pytest").verdict == "pass"


def test_a_repository_with_packages_named_like_ours(
    bench: Bench, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    runner = bench.runner(isolation)
    files = {"core/__init__.py": "X = 1\n", "tui/__init__.py": "", "tests/test_a.py": OWN}
    write(bench.work, files)
    assert bench.check(runner, "pytest").verdict == "pass"


OWN = "import core, tui\ndef test_a(): assert core.X == 1\n"


def test_the_script_and_the_module_differ_in_the_import_path(bench: Bench) -> None:
    runner = bench.runner(bubblewrap() if shutil.which("bwrap") else unsandboxed())
    if not runner.sandbox.sandboxed:
        pytest.skip("without a sandbox PYTHONPATH leads to the workshop in both")
    write(bench.work, {"shop.py": "", "tests/test_a.py": "import shop\ndef test_a(): pass\n"})
    assert bench.check(runner, "python -m pytest").verdict == "pass"
    assert bench.check(runner, "pytest").verdict == "fail"


def test_ids_and_paths_are_the_repositorys_where_pytests_root_is_below(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, {"sub/pytest.ini": "[pytest]\n", "sub/tests/test_a.py": "def test(): 1/0\n"})
    failing = bench.check(runner, "pytest sub").failing
    assert [(t.id, t.path, t.line) for t in failing] == [
        ("sub/tests/test_a.py::test", "sub/tests/test_a.py", 1)
    ]


def test_a_tool_that_is_missing_is_an_error_that_says_so(
    bench: Bench, isolation: Isolation
) -> None:
    result = bench.check(bench.runner(isolation), "no-such-linter .")
    assert result.verdict == "error"
    assert "no-such-linter" in result.says


def test_a_plain_tool_is_judged_by_its_exit_code(bench: Bench, isolation: Isolation) -> None:
    runner = bench.runner(isolation)
    lines = "print('a.py:3:7: error: bad thing [E1]')\nprint('\\x1b]0;title\\x07done')\n"
    write(bench.work, {"lint.py": lines + "raise SystemExit(1)\n"})
    result = bench.check(runner, "python lint.py")
    assert (result.check, result.verdict, result.exit_code) == ("lint.py", "fail", 1)
    found = result.diagnostics[0]
    assert (found.path, found.line, found.column, found.code) == ("a.py", 3, 7, "E1")
    assert bench.output(result).endswith("done\n")
    assert "title" not in bench.output(result)


def own_tool(bench: Bench, name: str) -> str:
    """The tool that this test suite itself is checked with."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        pytest.skip(f"{name} is not installed beside this Python")
    return str(path)


def test_ruff_is_read_from_its_json(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, {"a.py": "import os\n", "ruff.toml": ""})
    result = bench.check(runner, f"{own_tool(bench, 'ruff')} check .")
    assert [(d.path, d.line, d.code) for d in result.diagnostics] == [("a.py", 1, "F401")]
    assert (result.check, result.verdict) == ("ruff", "fail")
    assert "a.py:1:8: F401" in bench.output(result)
    (bench.work / "a.py").write_text("")
    assert bench.check(runner, f"{own_tool(bench, 'ruff')} check .").verdict == "pass"
    (bench.work / "ruff.toml").write_text("nonsense = 1\n")
    assert bench.check(runner, f"{own_tool(bench, 'ruff')} check .").verdict == "error"


def test_mypy_is_read_from_its_json(bench: Bench) -> None:
    runner = bench.runner(unsandboxed())
    write(bench.work, {"a.py": "x: int = 'a'\n"})
    result = bench.check(runner, f"{own_tool(bench, 'mypy')} a.py")
    assert [(d.path, d.line, d.code) for d in result.diagnostics] == [("a.py", 1, "assignment")]
    assert "a.py:1:10: error: Incompatible types" in bench.output(result)
    assert not (bench.work / ".mypy_cache").exists()
