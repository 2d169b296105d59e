"""What the loop adds to the work of others: between reply and check, check and request."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core import protocol as p
from core.edits.format import render
from tests.bench.stage import Timed, python_with_pytest
from tests.bench.table import Row, median
from tests.fakes.openai_server import Answer, OpenAIServer
from tests.fakes.sandbox import plain_python
from tests.fakes.stage import CART, GOAL, change, edit, shop, write_script

FILES = 5_000
LATE = """\
import atexit, os, time
atexit.register(lambda: os.write(1, b"ended %.6f\\n" % time.time()))
"""


def many_files() -> dict[str, str]:
    body = "def f(x):\n    return x + 1\n" * 20
    return {f"src/part{n % 50}/module{n}.py": f"N = {n}\n{body}" for n in range(FILES)}


def wrong(n: int) -> Any:
    """Each of these fails in its own way, so that the loop sees no circle."""
    return edit("+ 0.01, 2", f"+ {n}.02, 2")


def between(quick: bool) -> Iterator[Row]:
    turns = 4 if quick else 8
    with tempfile.TemporaryDirectory(prefix="bench-loop-") as name:
        folder = Path(name)
        repo = shop(folder / "shop", {**many_files(), "conftest.py": LATE})
        yield reply_to_check(folder, repo, turns)
        small = shop(folder / "small", {"conftest.py": LATE})
        yield check_to_request(folder / "two", small, turns, "a small repository")
        yield check_to_request(folder / "three", repo, turns, f"{FILES:,} files")


def reply_to_check(folder: Path, repo: Path, turns: int) -> Row:
    replies = [change("x", wrong(n)) for n in range(1, turns + 1)]
    script = write_script(folder / "script.jsonl", replies)
    checks = ("date +%s.%N",)
    whole, parts = [], []
    with Timed(repo, folder / "one", f"script:{script}", plain_python(), checks=checks) as it:
        it.goal(GOAL)
        for n in range(1, turns + 1):
            it.at_gate("result", after=n - 1)
            check = f"check:{n}:0:date"
            streamed = [
                at for at, d in it.watcher.came
                if isinstance(d, p.Streamed) and d.action == f"propose:{n}"
            ][-1]  # fmt: skip
            marks = (
                streamed,
                it.reported(f"propose:{n}", p.ProposalMade),
                it.reported(f"build:{n}", p.ChangeBuilt),
                it.started(check),
                float(it.printed(check, r"^(\d+\.\d+)$")),
            )
            whole.append(1000 * (marks[-1] - marks[0]))
            parts.append(_gaps(marks))
            if n < turns:
                it.decide("next")
    note = _told(parts, ("kept", "built", "check asked for", "check runs"))
    what = f"last byte of a reply to the first check's process, {FILES:,} files"
    return Row(what, median(whole), "ms", 100, note=f"{note}; the first {whole[0]:.0f} ms")


class Clocked(OpenAIServer):
    """Keeps when each request had come (epoch)."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(answers)
        self.came: list[float] = []

    def take(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        self.came.append(time.time())
        return super().take(body, headers)


def check_to_request(home: Path, repo: Path, turns: int, where: str) -> Row:
    texts = [render("x", (wrong(n),)) for n in range(1, turns + 1)]
    texts.append(render("x", (edit(" + 0.01", ""),)))
    whole, parts = [], []
    server = Clocked([Answer(text, chunks=(text,)) for text in texts])
    with server:
        env = {"OPENAI_API_KEY": "x", "OPENAI_API_BASE": server.base_url}
        with Timed(repo, home, "model:openai/test", plain_python(), env, level="green") as it:
            it.goal(GOAL)
            it.watcher.wait(lambda: it.state.gate, 90)
            assert it.state.gate is not None
            assert not it.state.gate.red, it.state.gate
            for n in range(1, turns + 1):
                check = f"check:{n}:0:pytest"
                marks = (
                    float(it.printed(check, r"ended (\d+\.\d+)")),
                    it.reported(check, p.CheckFinished),
                    it.reported(f"judge:{n}:0", p.Judged),
                    it.started(f"propose:{n + 1}"),
                    server.came[n],
                )
                whole.append(1000 * (marks[-1] - marks[0]))
                parts.append(_gaps(marks))
    note = _told(parts, ("result kept", "judged", "request asked for", "on the wire"))
    what = f"last check's end to the next request on the wire, {where}"
    return Row(what, median(whole), "ms", 50, note=note)


def goal(quick: bool) -> Iterator[Row]:
    """A whole goal beside its test runs alone, in turns."""
    whole, alone, inside, landed = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-goal-") as name:
        folder = Path(name)
        python = python_with_pytest(folder / "venv")
        replies = [change("x", wrong(1)), change("x", edit(" + 0.01", ""))]
        script = write_script(folder / "script.jsonl", replies)
        for turn in range(3 if quick else 5):
            repo = shop(folder / f"shop{turn}")
            alone.append(runs_alone(shop(folder / f"alone{turn}"), python))
            home = folder / f"home{turn}"
            with Timed(repo, home, f"script:{script}", python, level="green") as it:
                began = time.monotonic()
                it.goal(GOAL).at_gate("result")
                green = time.monotonic()
                it.decide("approve").ended()
                whole.append(green - began)
                results = [e.result for e in it.watcher.events(p.CheckFinished)]
                assert len(results) == 3
                inside.append(sum(r.seconds for r in results))
                landed.append(time.monotonic() - green)
                assert it.state.count == 2
    value, floor = median(whole), median(alone)
    note = (
        f"{value - floor:+.3f} s, of which {median(inside) - floor:+.3f} s is what the three runs"
        " took longer in the sandbox, recorded; approved to landed takes"
        f" {median(landed):.3f} s more"
    )
    what = "a goal of two iterations, to its green gate"
    yield Row(what, value, "s", floor + 0.3, floor=floor, floor_is="tests alone", note=note)


def runs_alone(repo: Path, python: str) -> float:
    """The same three test runs, as a person would start them."""
    first, second = wrong(1), edit(" + 0.01", "")
    taken = 0.0
    for text in (
        CART, CART.replace(first.search, first.replace), CART.replace(second.search, second.replace)
    ):  # fmt: skip
        (repo / "cart.py").write_text(text)
        began = time.monotonic()
        subprocess.run([python, "-m", "pytest"], cwd=repo, capture_output=True, env=_plain_env())
        taken += time.monotonic() - began
    return taken


def _plain_env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHON"))}


def _gaps(marks: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(1000 * (b - a) for a, b in itertools.pairwise(marks))


def _told(parts: list[tuple[float, ...]], names: tuple[str, ...]) -> str:
    middle = [median(column) for column in zip(*parts, strict=True)]
    return ", ".join(f"{n} +{v:.1f} ms" for n, v in zip(names, middle, strict=True))


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"between": between, "goal": goal}
