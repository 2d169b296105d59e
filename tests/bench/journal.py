"""A journal in which a great deal has happened: opening it, its history, searching in it."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from core import protocol as p
from core.fold import fold, fold_all
from core.journal import Journal
from core.journal.finding import find
from core.state import State
from tests.bench.table import Row, median

ITERATIONS = 10_000
TRIES = 4
"""Iterations of one goal; the last of them lands."""
CHECK = p.CheckSpec("pytest", ("python3", "-m", "pytest", "-q"), "pytest", "pyproject.toml")


def rows(quick: bool) -> Iterator[Row]:
    count = ITERATIONS // 10 if quick else ITERATIONS
    times = 2 if quick else 5
    with tempfile.TemporaryDirectory(prefix="bench-journal-") as name:
        folder = Path(name)
        began = time.monotonic()
        entries = build(folder, count)
        made = time.monotonic() - began
        whole, loads = [], []
        for _ in range(times):
            began = time.monotonic()
            journal = Journal(folder)
            state = journal.load("s")
            loaded = time.monotonic()
            history = journal.iterations("s")
            whole.append(time.monotonic() - began)
            loads.append(loaded - began)
            journal.close()
            assert len(history) == state.count == count
        size = (folder / "journal.db").stat().st_size / 1e6
        note = (
            f"the state {median(loads):.3f} s, the history {median(whole) - median(loads):.3f} s;"
            f" {entries:,} entries, {size:.0f} MB, built in {made:.1f} s"
        )
        yield Row(f"open a journal of {count:,} iterations", median(whole), "s", 0.3, note=note)
        journal = Journal(folder)
        yield from history_rows(journal, count, times)
        journal.close()


def history_rows(journal: Journal, count: int, times: int) -> Iterator[Row]:
    """What a screen does with a long history, beside reading the same bytes off the disk."""
    read_rows = seconds(lambda: journal.rows("s"), times)
    read_entries = seconds(lambda: journal.read("SELECT event FROM entries"), times)
    beside = "to read its bytes"

    def row(what: str, work: Callable[[], object], floor: float, note: str = "") -> Row:
        took = seconds(work, times)
        return Row(what, took, "s", floor=floor, floor_is=beside, note=note)

    yield row(f"rows of {count:,} iterations", lambda: journal.iterations("s"), read_rows)
    yield row(
        f"fold all that led to {count:,} iterations",
        lambda: fold_all(journal.entries("s")), read_entries,
        "from the first entry, without a snapshot: a replay, a report",
    )  # fmt: skip
    for words, what, hits in (
        ("nowhere-at-all", "a word that is nowhere", 0),
        ("cart.py", "a word that is everywhere", 200),
        (f"goal {count - 3}: money.py", "words of a goal and of its tries", TRIES),
    ):
        assert len(find(journal, words, 200)) == hits, words
        yield row(
            f"search {count:,} iterations for {what}",
            lambda: find(journal, words, 200), read_rows + read_entries,  # noqa: B023
        )  # fmt: skip


def seconds(work: Callable[[], object], times: int) -> float:
    """The median time that something takes."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        work()
        taken.append(time.monotonic() - began)
    return median(taken)


def build(folder: Path, count: int) -> int:
    """Writes a session of so many iterations; how many entries it has."""
    # Only how fast it is read counts here, so writing need not survive a power cut.
    journal = Journal(folder)
    loose = journal._db
    assert isinstance(loose, sqlite3.Connection)
    loose.execute("PRAGMA synchronous = OFF")
    state, at = State(session="s"), 1_800_000_000.0
    for event in story(count):
        at += 0.25
        entry = p.Entry(state.seq + 1, at, event)
        after = fold(state, entry)
        journal.append(state, entry, after)
        state = after
    journal.close()
    return state.seq


def story(count: int) -> Iterator[p.AnyEvent]:
    base = p.Base("c0ffee" * 6 + "0000", hash_of(0), "main")
    choice = p.Choice("model", "anthropic/some-model", "its key is set")
    yield p.SessionOpened("s", "/home/ada/shop", p.Options(max_iterations=9999), choice, "1")
    for n in range(1, count + 1):
        if n % TRIES == 1:
            yield from opening(n, base)
        tree = hash_of(n)
        last = n % TRIES == 0 or n == count
        yield from attempt(n, base, tree, last)
        if last:
            base = p.Base(hash_of(n + 10**6), tree, "main")
            yield from ending(n, base)


def opening(n: int, base: p.Base) -> Iterator[p.AnyEvent]:
    yield p.GoalSet(f"goal {n}: total() must round half-even, as the ledger does")
    survey = p.TakeSurvey(f"survey:{n}")
    yield p.Started(survey)
    isolation = p.Isolation("bubblewrap", "Checks run in a sandbox.")
    found = p.Survey(base, (CHECK,), isolation, "/usr/bin/python3", "Ada <a@b.org>", "h", True)
    yield p.Surveyed(survey.id, found)
    check = p.RunCheck(f"check:base:{base.tree[:12]}:pytest", CHECK, base.tree, base)
    yield p.Started(check)
    yield p.CheckFinished(check.id, result(base.tree, 3))
    yield p.Started(p.MakePlan(f"plan:{n}:0"))
    needs = tuple(p.Need("pytest", t.id) for t in failing(3))
    plan = p.Plan((p.Step("s1", "round half-even", ("src/**",), needs),), "one step is enough")
    yield p.PlanProposed(f"plan:{n}:0", plan, p.Reply(hash_of(n) * 2, "because"))
    gate = p.Gate(f"plan:{n}", "plan", "A plan of 1 step is proposed.", ("approve",), token="t")
    yield p.GateOpened(f"gate:{gate.id}", gate)
    yield p.Decided(p.Decision(gate.id, gate.token, "approve"))


def attempt(n: int, base: p.Base, tree: str, last: bool) -> Iterator[p.AnyEvent]:
    propose = p.Propose(f"propose:{n}", n)
    yield p.Started(propose)
    yield p.Reserved(propose.id, 0.02)
    usage = p.Usage(5200, 480, 0.011, 6.5)
    reasons = "The sum was rounded twice; half-even needs the exact decimal first. " * 3
    yield p.ProposalMade(propose.id, p.Reply(hash_of(n) * 2, reasons, usage))
    build = p.Build(f"build:{n}", n, p.Proposed())
    yield p.Started(build)
    files = tuple(
        p.FileChange(f"src/shop/{name}.py", "modified", 7, 3, hunks=(f"{name}#1", f"{name}#2"))
        for name in ("cart", "money")
    )
    change = p.Change(tree, base, files, hash_of(n + 1) * 2)
    yield p.ChangeBuilt(build.id, change)
    watch = p.Watch(f"watch:{base.commit[:12]}:{n}", base, tuple(f.path for f in files))
    check = p.RunCheck(f"check:{n}:0:pytest", CHECK, tree, base, n)
    yield p.Started(check)
    yield p.Started(watch)
    left = 0 if last else 1 + n % 3
    yield p.CheckFinished(check.id, result(tree, left))
    judge = p.Judge(f"judge:{n}:0", n)
    yield p.Started(judge)
    kind: Literal["green", "better"] = "green" if last else "better"
    ids = tuple(t.id for t in failing(3))
    says = f"{3 - left} failures fixed, {left} left, none new."
    verdict = p.Verdict(kind, says, ids[left:], (), ids[:left], signature=hash_of(n))
    yield p.Judged(judge.id, verdict)
    allows: tuple[p.DecisionKind, ...] = ("approve", "next", "redirect", "edit", "reject", "stop")
    gate = p.Gate(f"result:{n}", "result", says, allows, n, tree, not last, message="Round\n" * 9)
    yield p.GateOpened(f"gate:{gate.id}", gate)
    yield p.Decided(p.Decision(gate.id, tree, "approve" if last else "next"))
    yield p.Cancelled(watch.id)
    if last:
        yield p.Started(p.Land(f"land:{n}:0", n, change, gate.message))


def ending(n: int, base: p.Base) -> Iterator[p.AnyEvent]:
    paths = ("src/shop/cart.py", "src/shop/money.py")
    files = tuple(
        p.LandingFile(path, hash_of(n), "100644", hash_of(n + 1), "100644", "0" * 64, "1" * 64)
        for path in paths
    )
    intent = p.LandingIntent("refs/heads/main", hash_of(n), base.commit, files, "t", "stage")
    yield p.LandingPrepared(f"land:{n}:0", intent)
    yield p.Landed(f"land:{n}:0", base.commit, base, paths)
    yield p.GoalEnded(f"finish:{n}", True, False, f"Done: 1 step landed as {base.commit[:10]}.")


def failing(count: int) -> tuple[p.TestRecord, ...]:
    return tuple(
        p.TestRecord(
            f"tests/test_cart.py::test_half_even[{n}]",
            "failed",
            "AssertionError: assert Decimal('2.68') == Decimal('2.67')",
            "tests/test_cart.py",
            14 + n,
            0.01,
        )
        for n in range(count)
    )


def result(tree: str, left: int) -> p.CheckResult:
    return p.CheckResult(
        "pytest",
        tree,
        "fail" if left else "pass",
        CHECK.argv,
        1 if left else 0,
        "e" * 64,
        isolation="bubblewrap",
        seconds=2.1,
        counts={"passed": 14 - left, "failed": left},
        failing=failing(left),
        records="a" * 64,
        output="b" * 64,
    )


def hash_of(n: int) -> str:
    return f"{n:040x}"


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"journal": rows}
