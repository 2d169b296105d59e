"""A pytest that was started ahead does exactly what one does that is started when it is wanted."""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.checks.commands import from_command
from core.checks.how import How
from core.checks.warm import Warm, why_cold
from core.context import PlainContext
from core.errors import ActionCancelled
from core.protocol import CheckResult, Isolation, Notice, Output
from core.sandbox.probe import unsandboxed
from tests.fakes.odd_suite import ODD, SUDDEN, UNREADABLE
from tests.fakes.sandbox import LANDLOCK, MOUNTED, Bench, processes, write

PYTEST = "python -m pytest"
PASSES = {"test_a.py": "def test(): pass\n"}


class Desk(Bench):
    """A bench that runs checks both ways."""

    def __init__(self, folder: Path, isolation: Isolation) -> None:
        super().__init__(folder)
        self.warm = Warm()
        self.runs = self.runner(isolation)
        self.context = PlainContext()

    def warmly(
        self, command: str = PYTEST, between: Callable[[], object] = int, **spec: float
    ) -> CheckResult:
        """A run by what was started before `between` was done."""
        self.context, how = PlainContext(), How(warm=self.warm)
        self.warm.park(self.runs, from_command(command, **spec), how.extra)
        self.warm.settle()
        between()
        return self.check(self.runs, command, self.context, how, **spec)

    def cold(self, command: str = PYTEST, **spec: float) -> CheckResult:
        return self.check(self.runs, command, **spec)

    def was_warm(self, result: CheckResult) -> bool:
        return result.environment == self.runs.environment(result.argv, ("warm",))

    @property
    def said(self) -> list[str]:
        return [d.says for d in self.context.deltas if isinstance(d, Notice)]

    def told(self, result: CheckResult) -> dict[str, tuple[str, str, str, int]]:
        """What each test did: outcome, message, path and line."""
        tests = self.records(result).tests
        return {t.id: (t.outcome, same(t.message), t.path, t.line) for t in tests}


def same(text: str) -> str:
    """Without what no two runs share."""
    for pattern in (
        r"0x[0-9a-f]+", r"pytest-of-\w+/pytest-\d+", r"run-\w+", r"\d+\.\d+ ?s", r"Thread-\d+",
        r"\d{6,}", r"=== *|={2,}",
    ):  # fmt: skip
        text = re.sub(pattern, "~", text)
    return text


@pytest.fixture(params=[MOUNTED[0], pytest.param(unsandboxed, id="none")])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, request.param())
    yield made
    made.warm.close()
    assert list((tmp_path / "scratch").glob("run-*")) == []


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, unsandboxed())
    yield made
    made.warm.close()


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (PYTEST, ODD),
        ("pytest -rA --doctest-modules -W error::UserWarning", ODD),
        (PYTEST, UNREADABLE | PASSES),
    ],
)
def test_a_suite_of_everything_odd_does_the_same_both_ways(
    desk: Desk, command: str, files: dict[str, str]
) -> None:
    write(desk.work, files)
    cold, warm = desk.cold(command), desk.warmly(command)
    assert desk.was_warm(warm)
    assert desk.told(warm) == desk.told(cold)
    assert (warm.verdict, warm.exit_code, warm.counts) == (
        cold.verdict,
        cold.exit_code,
        cold.counts,
    )
    assert same(desk.output(warm)).split("\n") == same(desk.output(cold)).split("\n")
    assert files is not ODD or {"passed", "failed", "error", "skipped", "xfailed"} <= {*warm.counts}
    assert warm.environment != cold.environment


@pytest.mark.parametrize("name", SUDDEN)
def test_sudden_ends_are_the_same_both_ways(bare: Desk, name: str) -> None:
    write(bare.work, {"test_a.py": SUDDEN[name], "test_b.py": "def test_b(): pass\n"})
    limit = 2.0 if "sleep" in name else 60.0
    cold, warm = (run(timeout=limit) for run in (bare.cold, bare.warmly))
    assert bare.was_warm(warm)
    assert (warm.verdict, warm.exit_code) == (cold.verdict, cold.exit_code)
    assert same(warm.says) == same(cold.says)
    assert bare.told(warm) == bare.told(cold)


def test_nothing_is_carried_from_run_to_run(desk: Desk) -> None:
    leaves = "import os, pathlib, sys, tempfile\nP = pathlib.Path(tempfile.gettempdir(), 'left')\n"
    leaves += "def test_a():\n    assert 'json.tool' not in sys.modules\n    import json.tool\n"
    leaves += "    assert 'LEFT' not in os.environ\n    os.environ['LEFT'] = '1'\n"
    if desk.runs.sandbox.sandboxed:
        leaves += "    assert not P.exists()\n    P.touch()\n"
    write(desk.work, {"test_a.py": leaves})
    for _ in range(3):
        result = desk.warmly()
        assert (result.verdict, desk.was_warm(result)) == ("pass", True)


def test_the_tree_is_read_when_the_run_begins(desk: Desk) -> None:
    test = "import cart\ndef test(): assert cart.X == 2\n"
    write(desk.work, {"cart.py": "X = 1\n", "test_a.py": test})
    assert desk.warmly().verdict == "fail"

    def edit() -> None:
        new = {"new/__init__.py": "", "new/test_new.py": "def test(): pass\n"}
        write(desk.work, {"cart.py": "X = 2\n", "conftest.py": "import new\n", **new})

    result = desk.warmly(between=edit)
    assert (result.counts, desk.was_warm(result)) == ({"passed": 2}, True)


def test_a_folder_that_was_not_there_at_the_start_is_imported_from(bare: Desk) -> None:
    """`src` is on the path from the start, and an interpreter remembers that it was missing."""
    write(bare.work, PASSES)
    fresh = {"src/fresh.py": "", "test_a.py": "import fresh\ndef test(): pass\n"}
    result = bare.warmly(between=lambda: write(bare.work, fresh))
    assert (result.verdict, bare.was_warm(result)) == ("pass", True)


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"iniconfig.py": "raise RuntimeError('ours')\n"}, "called iniconfig"),
        ({"sitecustomize.py": "raise RuntimeError('ours')\n"}, "called sitecustomize"),
        ({"_pytest/__init__.py": ""}, "called _pytest"),
    ],
)
def test_a_tree_that_would_change_the_start_is_run_cold(
    desk: Desk, files: dict[str, str], word: str
) -> None:
    write(desk.work, PASSES)
    result = desk.warmly(between=lambda: write(desk.work, files))
    assert not desk.was_warm(result)
    assert word in desk.said[0]
    cold = desk.cold()
    assert (result.verdict, result.exit_code) == (cold.verdict, cold.exit_code)


def test_a_tree_whose_modules_come_in_with_pytest_is_run_cold_and_that_is_told_once(
    desk: Desk,
) -> None:
    write(desk.work, PASSES | {"iniconfig.py": "raise ImportError('ours')\n"})
    said = []
    for _ in range(3):
        assert not desk.was_warm(desk.warmly())
        said += desk.said
    assert len(said) == 1
    assert not desk.warm.waiting  # after two that came to nothing no more are started


def test_a_mount_that_went_is_seen(desk: Desk) -> None:
    """A folder of the environment that is mounted in the tree, and that a clean-up takes away."""
    if not desk.runs.sandbox.sandboxed:
        pytest.skip("nothing is mounted without a sandbox")
    write(desk.repo, {"shop.egg-info/PKG-INFO": "Name: shop\n"})
    place = (desk.repo / "shop.egg-info",)
    desk.runs = desk.runner(desk.runs.sandbox.isolation, environment=place)
    write(desk.work, {"test_a.py": "import os\ndef test(): assert os.listdir('shop.egg-info')\n"})
    assert desk.was_warm(desk.warmly())

    def clean() -> None:
        (desk.work / "shop.egg-info").rmdir()

    result = desk.warmly(between=clean)
    assert (result.verdict, desk.was_warm(result)) == ("pass", False)


@pytest.mark.parametrize(
    ("command", "files", "words"),
    [
        ("pytest -n 2", {}, "-n"),
        ("pytest -p no:terminal", {}, "-p"),
        ("pytest", {"pytest.ini": "[pytest]\naddopts = -q\n  -n=2\n"}, "pytest.ini asks for -n=2"),
        ("pytest", {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['-p', 'x']\n"}, "-p"),
        ("pytest", {"setup.cfg": "[tool:pytest]\naddopts = --dist loadfile\n"}, "--dist"),
        ("python lint.py", {}, "not pytest"),
    ],
)
def test_what_is_odd_is_run_cold(
    bare: Desk, command: str, files: dict[str, str], words: str
) -> None:
    write(bare.work, files)
    assert words in why_cold(bare.runs, from_command(command))


@pytest.mark.parametrize("options", ["-q", "--no-header", "-k name", "-x --nf", "--pyargs -rN"])
def test_usual_options_are_run_warm(bare: Desk, options: str) -> None:
    write(bare.work, {"pytest.ini": f"[pytest]\naddopts = {options}\nx = -n 2\n"})
    assert why_cold(bare.runs, from_command(f"pytest {options}")) == ""


def test_another_configuration_or_folder_needs_another_start(bare: Desk) -> None:
    write(bare.work, PASSES)

    def moved() -> None:
        os.rename(bare.work, bare.folder / "old")
        write(bare.work, PASSES)

    for edit in (lambda: write(bare.work, {"pytest.ini": "[pytest]\naddopts = -v\n"}), moved):
        result = bare.warmly(between=edit)
        assert (result.verdict, bare.was_warm(result)) == ("pass", False)
        assert bare.said == []  # the next is warm again
    assert bare.was_warm(bare.warmly())


def test_one_that_died_is_replaced_and_after_two_no_more_are_started(desk: Desk) -> None:
    write(desk.work, PASSES)

    def kill() -> None:
        standby = desk.warm._held["pytest"]
        standby._context.cancel()
        assert standby._over.wait(10)

    results = [desk.warmly(between=kill)]
    assert len(desk.said) == 1
    results += [desk.warmly(between=kill), desk.warmly()]
    assert [(r.verdict, desk.was_warm(r)) for r in results] == [("pass", False)] * 3
    assert (desk.said, desk.warm.waiting) == ([], False)


def test_output_is_shown_while_it_runs_and_cancelling_takes_less_than_a_second(
    desk: Desk,
) -> None:
    mark = uuid.uuid4().hex
    child = f"[sys.executable, '-c', 'import time; time.sleep(600)', '{mark}']"
    code = "import os, signal, subprocess, sys, time\ndef test_a():\n"
    code += "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    code += f"    subprocess.Popen({child}, start_new_session=True)\n"
    code += "    print('\\nup', flush=True)\n    time.sleep(600)\n"
    write(desk.work, {"test_a.py": code})
    up, at = threading.Event(), list[float]()

    class Watching(PlainContext):
        def show(self, delta: object) -> None:
            if isinstance(delta, Output) and "up" in delta.lines:
                up.set()

    context = Watching()

    def cancel() -> None:
        assert up.wait(30)
        assert len(processes(mark)) == 1
        at.append(time.monotonic())
        context.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    desk.warm.park(desk.runs, from_command("pytest -s"))
    with pytest.raises(ActionCancelled):
        desk.check(desk.runs, "pytest -s", context, How(warm=desk.warm))
    assert time.monotonic() - at[0] < 1
    thread.join()
    assert processes(mark) == []


def test_what_waits_ends_with_the_session_and_leaves_nothing(desk: Desk) -> None:
    write(desk.work, PASSES)
    desk.warm.park(desk.runs, from_command(PYTEST))
    folder = desk.warm._held["pytest"].desk.folder
    began = time.monotonic()
    desk.warm.close()
    assert time.monotonic() - began < 2
    assert not folder.exists()
    assert processes(str(folder)) == []
    assert [p.name for p in desk.work.iterdir()] == ["test_a.py"]


def test_an_import_of_the_persons_sources_is_seen_in_a_warm_run_too(bare: Desk) -> None:
    write(bare.repo, {"shop.py": "PRICE = 2\n"})
    test = f"import sys\nsys.path.insert(0, {str(bare.repo)!r})\nimport shop\ndef test(): pass\n"
    write(bare.work, {"test_a.py": test})
    result = bare.warmly()
    assert (result.verdict, bare.was_warm(result)) == ("void", True)


@pytest.mark.parametrize("kind", [MOUNTED[1], LANDLOCK])
def test_other_sandboxes_run_cold_and_that_is_said(kind: object, tmp_path: Path) -> None:
    desk = Desk(tmp_path, kind())  # type: ignore[operator]
    write(desk.work, PASSES)
    result = desk.warmly()
    assert result.verdict == "pass"
    assert not desk.was_warm(result)
    assert any("not prepared" in said for said in desk.said)
