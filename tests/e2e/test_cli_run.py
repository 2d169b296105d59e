"""`run`, `log` and `show` on real repositories, as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pexpect
import pytest

from core import protocol as p
from core.edits.format import Replace, Write
from core.fold import fold_all
from tests.fakes.command import DOOR, Person, heeding_interrupts, make_person, sentences
from tests.fakes.repos import git, snapshot
from tests.fakes.sandbox import needs_sandbox, processes
from tests.fakes.stage import CART, change, shop, write_script

GOAL = "total() must not add anything"


def edit(old: str, new: str) -> Replace:
    line = next(x for x in CART.splitlines() if old in x)
    return Replace("cart.py", line + "\n", line.replace(old, new) + "\n")


WRONG = change("Round to one digit.", edit("+ 0.01, 2", "+ 0.02, 1"))
RIGHT = change("Nothing is to be added.", edit(" + 0.01", ""))
LATER = change("And a hook.", edit(" + 0.01", ""), Write("conftest.py", "X = 1\n"))
HELD = change("Wait for me.", edit(" + 0.01", ""), hold=True)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return make_person(tmp_path / "home")


class Bench:
    def __init__(self, person: Person, tmp_path: Path) -> None:
        self.person, self.tmp_path = person, tmp_path
        self.repo = shop(tmp_path / "shop")

    def argv(self, *replies: object, approve: str = "green", more: tuple[str, ...] = ()) -> tuple:
        script = write_script(self.tmp_path / "script.jsonl", replies)  # type: ignore[arg-type]
        proposer = ("--proposer", f"script:{script}", "--no-plan", "--trust", "--no-sandbox")
        return ("run", GOAL, "--approve", approve, *proposer, *more)

    def run(self, *replies: object, **more: object):
        return self.person.loopwright(*self.argv(*replies, **more), cwd=self.repo)

    def loopwright(self, *argv: str):
        return self.person.loopwright(*argv, cwd=self.repo)


@pytest.fixture
def bench(person: Person, tmp_path: Path) -> Bench:
    return Bench(person, tmp_path)


def test_green_lands_after_a_wrong_try(bench: Bench) -> None:
    said = bench.run(WRONG, RIGHT)
    assert said.code == 0, said.err
    assert git(bench.repo, "rev-list", "--count", "HEAD") == "2"
    assert git(bench.repo, "status", "--porcelain") == ""
    assert "+ 0.01" not in (bench.repo / "cart.py").read_text()
    assert "Assisted-by: Loopwright" in git(bench.repo, "log", "-1", "--format=%B")
    for word in ("goal: " + GOAL, "1 failed", "✗", "✓", "Nothing is to be added.", "landed"):
        assert word in said.out
    assert sentences(said) == []

    log = bench.loopwright("log")
    assert GOAL in log.out
    assert "landed" in log.out
    lines = bench.loopwright("log", "--json").out.splitlines()
    (session,) = map(json.loads, lines)
    assert [t["verdict"] for t in session["tries"]][1] == "green"
    assert session["ended"] is True
    shown = bench.loopwright("show", "1")
    assert "Round to one digit." in shown.out
    assert "+    return round(sum(prices) + 0.02, 1)" in shown.out
    assert bench.loopwright("show", "7").code == 2
    assert bench.loopwright("show", "--session", "nope").code == 2


def test_never_leaves_a_patch_that_applies(bench: Bench) -> None:
    before = snapshot(bench.repo, objects=True)
    said = bench.run(RIGHT, approve="never")
    assert said.code == 0
    assert "loopwright show --patch" in said.err
    assert snapshot(bench.repo, objects=True) == before
    patch = bench.loopwright("show", "--patch").out
    git(bench.repo, "apply", "--check", input=patch.encode())


def test_what_runs_later_is_left_to_the_person(bench: Bench) -> None:
    before = snapshot(bench.repo)
    said = bench.run(LATER)
    assert said.code == 1
    assert "conftest.py runs code later" in said.err
    assert snapshot(bench.repo) == before


def test_a_cap_ends_with_its_own_code(bench: Bench) -> None:
    said = bench.run(WRONG, RIGHT, more=("--max-iterations", "1"))
    assert said.code == 3
    assert "cap" in said.err
    assert git(bench.repo, "rev-list", "--count", "HEAD") == "1"


def test_going_in_circles_is_not_reached(bench: Bench) -> None:
    said = bench.run(WRONG, WRONG)
    assert said.code == 1
    assert "same" in said.err


def test_an_unknown_model_is_a_matter_of_usage(bench: Bench) -> None:
    unknown = change("", edit(" + 0.01", ""), fail="model", says="No such model.")
    assert bench.run(unknown).code == 2


def test_json_is_the_journal(bench: Bench) -> None:
    said = bench.run(WRONG, RIGHT, more=("--json",))
    assert said.code == 0
    decoder = msgspec.json.Decoder(p.Entry)
    entries = [decoder.decode(line) for line in said.out.splitlines()]
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    state = fold_all(entries)
    assert state.ended is not None
    assert state.ended.reached
    assert len(state.landings) == 1


def test_already_green_is_reached_without_a_commit(bench: Bench) -> None:
    assert bench.run(RIGHT).code == 0
    argv = ("run", "make the tests pass", "--approve", "green", "--proposer", "repair", "--trust")
    said = bench.loopwright(*argv, "--no-sandbox")
    assert said.code == 0
    assert "Already green" in said.out
    assert git(bench.repo, "rev-list", "--count", "HEAD") == "2"


@needs_sandbox
def test_in_the_sandbox_too(bench: Bench) -> None:
    argv = tuple(a for a in bench.argv(RIGHT) if a != "--no-sandbox")
    said = bench.loopwright(*argv)
    assert said.code == 0, said.err
    assert "sandbox" in said.out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_everything(bench: Bench, number: signal.Signals, code: int) -> None:
    before = snapshot(bench.repo)
    child = bench.person.start(*bench.argv(HELD, more=("--json",)), cwd=bench.repo)
    assert child.stdout is not None
    for line in child.stdout:
        if b'"Propose"' in line:
            break
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert child.returncode == code
    assert b"Traceback" not in err
    assert snapshot(bench.repo) == before
    assert processes(str(bench.tmp_path)) == []


def test_a_reader_that_goes_away_is_no_accident(bench: Bench) -> None:
    assert bench.run(WRONG, RIGHT).code == 0
    reading, writing = os.pipe()
    os.close(reading)
    for argv, code in ((("log",), 0), (("show",), 0), (("show", "--patch"), 0)):
        child = bench.person.start(*argv, cwd=bench.repo, stdout=writing)
        _, err = child.communicate(timeout=20)
        assert (child.returncode, err) == (code, b"")
    os.close(writing)


def test_no_output_at_all_is_survived(bench: Bench) -> None:
    command = [sys.executable, str(DOOR), *bench.argv(RIGHT)]
    closed = subprocess.run(
        ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *command],
        cwd=bench.repo,
        env=bench.person.environment(),
        timeout=60,
    )
    assert closed.returncode == 0
    assert git(bench.repo, "rev-list", "--count", "HEAD") == "2"


class TestAsking:
    def spawn(self, bench: Bench, *replies: object) -> pexpect.spawn:
        argv = [str(DOOR), *bench.argv(*replies, approve="ask")]
        return pexpect.spawn(
            sys.executable,
            argv,
            cwd=str(bench.repo),
            env={**bench.person.environment(), "TERM": "xterm"},
            timeout=30,
            encoding="utf-8",
            dimensions=(40, 160),
            preexec_fn=heeding_interrupts,
        )

    def test_red_then_a_note_then_approved(self, bench: Bench) -> None:
        note = "round to two digits"
        told = msgspec.structs.replace(RIGHT, expect=note)
        child = self.spawn(bench, WRONG, told)
        child.expect_exact("a approve · n next try · r redirect")
        child.sendline("what?")
        child.expect_exact("Answer with one of")
        child.sendline("a")
        child.expect_exact("This is not green")
        child.sendline("no")
        child.expect_exact("Not approved")
        child.sendline("r")
        child.expect_exact("differently?")
        child.sendline(note)
        child.expect_exact("+    return round(sum(prices), 2)")
        child.expect_exact("is green")
        child.sendline("a")
        child.expect_exact("landed")
        child.expect(pexpect.EOF)
        assert child.wait() == 0
        assert git(bench.repo, "rev-list", "--count", "HEAD") == "2"

    def test_the_end_of_input_decides_nothing(self, bench: Bench) -> None:
        child = self.spawn(bench, RIGHT)
        child.expect_exact("a approve")
        child.sendeof()
        child.expect_exact("can be resumed")
        child.expect(pexpect.EOF)
        assert child.wait() == 1
        assert git(bench.repo, "rev-list", "--count", "HEAD") == "1"

    def test_an_interrupt_at_a_question(self, bench: Bench) -> None:
        child = self.spawn(bench, RIGHT)
        child.expect_exact("a approve")
        child.sendintr()
        child.expect_exact("Interrupted")
        child.expect(pexpect.EOF)
        assert child.wait() == 130
