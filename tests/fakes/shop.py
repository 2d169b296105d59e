"""A small story to put on a screen: a shop whose total() rounds the wrong way."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from typing import Any

from core import protocol as p
from core.replay import Recording
from core.state import State
from tests.fakes.session import FakeSession, Sink

GOAL = "total() must round half-even"
CART = '''"""A cart of items."""

from decimal import Decimal


class Item:
    def __init__(self, price, quantity):
        self.price = price
        self.quantity = quantity


def subtotal(items):
    return sum(i.price * i.quantity for i in items)


def total(items):
    """What the customer pays."""
    lines = [i.price * i.quantity for i in items]
    return round(sum(lines), 2)
'''
CART_1 = CART.replace(
    "return round(sum(lines), 2)", "return float(Decimal(sum(lines)).quantize(CENT))"
).replace(
    "from decimal import Decimal\n", 'from decimal import Decimal\n\nCENT = Decimal("0.01")\n'
)
CART_2 = CART_1.replace(
    "return float(Decimal(sum(lines)).quantize(CENT))",
    "return Decimal(sum(lines)).quantize(CENT, ROUND_HALF_EVEN)",
).replace("import Decimal\n", "import ROUND_HALF_EVEN, Decimal\n")
TEST = """from cart import Item, total


def test_empty():
    assert total([]) == 0
"""
TEST_2 = (
    TEST
    + """

def test_half_even():
    assert str(total([Item("2.675", 1)])) == "2.68"
"""
)
CONF_2 = "import sys\n"


def sha(text: str, size: int = 40) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:size]


BASE = p.Base(sha("base"), sha("base tree"), "main")
CHECKS = (
    p.CheckSpec("pytest", (".venv/bin/python", "-m", "pytest", "-q"), "pytest", "pyproject.toml"),
    p.CheckSpec("ruff", ("ruff", "check", "."), "ruff", "pyproject.toml"),
    p.CheckSpec("mypy", ("mypy", "cart.py"), "mypy", "pyproject.toml"),
)
SURVEY = p.Survey(
    base=BASE,
    checks=CHECKS,
    isolation=p.Isolation(
        "bubblewrap", "Checks see a private copy, no network and no other files."
    ),
    interpreter=".venv/bin/python (3.11.2)",
    author="Ada Example <ada@example.org>",
    trust_hash=sha("trust", 64),
    trusted=False,
    skips=("hook pre-commit",),
)
SHOWS = "tests/test_cart.py::test_half_even"
SCOPE = ("cart.py", "tests/test_cart.py")
PLAN = p.Plan(
    (
        p.Step("s1", "reproduce it in a test", ("tests/**",), (p.Need("pytest", SHOWS, "fail"),)),
        p.Step("s2", "round half-even in total()", SCOPE, (p.Need("pytest", SHOWS),)),
        p.Step("s3", "tidy the callers", ("invoice.py",), (p.Need("mypy"),)),
    ),
    "The rounding is decided in one place, so a test that shows it comes first.",
)  # fmt: skip
CHOICE = p.Choice("model", "claude-sonnet-4-5", "the first provider whose key is set")


def diff_of(path: str, old: str, new: str) -> p.FileDiff:
    """A `FileDiff` as the repository's own parser would make it."""
    hunks: list[p.Hunk] = []
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    a, b = old.splitlines(), new.splitlines()
    for group in matcher.get_grouped_opcodes(3):
        lines: list[p.DiffLine] = []
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                lines += [p.DiffLine(" ", a[i], i + 1, b1 + i - a1 + 1) for i in range(a1, a2)]
                continue
            lines += [p.DiffLine("-", a[i], i + 1, 0) for i in range(a1, a2)]
            lines += [p.DiffLine("+", b[j], 0, j + 1) for j in range(b1, b2)]
        first, last = group[0], group[-1]
        header = f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        name = [x for x in a[: first[1] + 3] if x.startswith("def ")][-1:]
        ident = sha(f"{path}{header}{new}", 12)
        hunks.append(p.Hunk(ident, path, " ".join([header, *name]), tuple(lines)))
    added = sum(x.kind == "+" for h in hunks for x in h.lines)
    removed = sum(x.kind == "-" for h in hunks for x in h.lines)
    status: Any = "modified" if old else "added"
    change = p.FileChange(path, status, added, removed, hunks=tuple(h.id for h in hunks))
    return p.FileDiff(change, tuple(hunks))


def change_of(*diffs: p.FileDiff, name: str) -> p.Change:
    return p.Change(sha(name), BASE, tuple(d.change for d in diffs), sha(name, 64))


def result(
    check: str,
    tree: str,
    *,
    failing: tuple[p.TestRecord, ...] = (),
    seconds: float = 0.4,
    passed: int = 0,
    diagnostics: tuple[p.Diagnostic, ...] = (),
) -> p.CheckResult:
    counts = {"passed": passed, "failed": len(failing)} if check == "pytest" else {}
    bad = bool(failing or diagnostics)
    return p.CheckResult(
        check, tree, "fail" if bad else "pass", exit_code=int(bad), isolation="bubblewrap",
        seconds=seconds, counts={k: v for k, v in counts.items() if v}, failing=failing,
        diagnostics=diagnostics, output=sha(f"{check} {tree}", 64), environment="e",
    )  # fmt: skip


HALF_EVEN = p.TestRecord(
    "tests/test_cart.py::test_half_even", "failed",
    "AssertionError: assert '2.67' == '2.68'", "tests/test_cart.py", 9, 0.01,
)  # fmt: skip
CENTS = p.TestRecord(
    "tests/test_cart.py::test_cents", "failed",
    "TypeError: conversion from NoneType to Decimal is not supported", "tests/test_cart.py", 14,
)  # fmt: skip

DIFF_1 = (diff_of("cart.py", CART, CART_1),)
_T = diff_of("tests/test_cart.py", TEST, TEST_2)
_C = diff_of("conftest.py", "", CONF_2)
DIFF_2 = (
    diff_of("cart.py", CART, CART_2),
    _T,
    p.FileDiff(
        p.FileChange("conftest.py", "added", 1, 0, hunks=_C.change.hunks, outside_scope=True,
                     runs_later="pytest loads it before any test"), _C.hunks),
)  # fmt: skip
CHANGE_1 = change_of(*DIFF_1, name="try 1")
CHANGE_2 = change_of(*DIFF_2, name="try 2")
OUTPUT = (
    "\x1b[1m============ test session starts ============\x1b[0m\n"
    "collected 14 items\n\n"
    "tests/test_cart.py \x1b[32m..\x1b[0m\x1b[31mF\x1b[0m\x1b[32m...........\x1b[0m\n\n"
    "\x1b[31mFAILED\x1b[0m tests/test_cart.py::\x1b[1mtest_half_even\x1b[0m\n"
    "\x1b[31m1 failed\x1b[0m, \x1b[32m13 passed\x1b[0m in 0.42s"
)
REASONS = (
    "round() rounds a float that is not the price: 2.675 is stored as 2.67499999…, so it falls"
    " the wrong way. Quantizing the Decimal sum rounds what the customer sees."
)
RECORDING = Recording(
    (),
    diffs={CHANGE_1.tree: DIFF_1, CHANGE_2.tree: DIFF_2},
    outputs={
        sha(f"{c.name} {t}", 64): OUTPUT if c.name == "pytest" else "All checks passed!"
        for c in CHECKS
        for t in (BASE.tree, CHANGE_1.tree, CHANGE_2.tree)
    },
    files={
        f"{CHANGE_1.tree}:cart.py": CART_1.encode(),
        f"{CHANGE_2.tree}:cart.py": CART_2.encode(),
        f"{CHANGE_2.tree}:tests/test_cart.py": TEST_2.encode(),
        f"{CHANGE_2.tree}:conftest.py": CONF_2.encode(),
    },
)


class Shop(FakeSession):
    """The story, stopped wherever a test wants it: see `to`."""

    def __init__(
        self, sink: Sink = lambda item: None, *, held_by: str = "", checks: bool = True
    ) -> None:
        super().__init__(
            {
                p.TakeSurvey: lambda s, a: [p.Surveyed(a.id, SURVEY)],
                p.MakePlan: self._plan,
                p.Propose: self._propose,
                p.Build: self._build,
                p.RunCheck: self._check,
                p.RunAgain: lambda s, a: [p.RanAgain(a.id, (), a.iteration)],
                p.FindBlame: lambda s, a: [p.BlameFound(a.id, ())],
                p.Judge: self._judge,
                p.Land: self._land,
            },
            sink=sink,
            held_by=held_by,
            recording=RECORDING,
        )
        self.hold: set[type[p.Action]] = set()
        """Kinds of action that stay under way."""
        options = p.Options(level="step", budget_usd=1.0)
        self.play(p.SessionOpened("20270115-080000", "/home/ada/shop", options, CHOICE, "0.1.0"))
        self.settle()

    def to(self, where: str) -> Shop:
        """Goes on to: "trust", "plan", "red" (a result gate), "green"."""
        order = ("trust", "plan", "red", "green", "landed")
        steps = [
            lambda: self.submit(p.StartGoal(GOAL)),
            lambda: self.answer("trust"),
            lambda: self.answer("approve"),
            lambda: self.answer("redirect", note="use Decimal, not float"),
            lambda: self.answer("approve"),
        ]
        for step in steps[: order.index(where) + 1]:
            step()
            if self.state.gate is None:
                break  # what is held back runs
        self.commands.clear()
        return self

    def answer(self, kind: p.DecisionKind, **fields: Any) -> None:
        gate = self.state.gate
        assert gate is not None, "no gate is open"
        self.submit(p.Decide(p.Decision(gate.id, gate.token, kind, **fields)))

    def _plan(self, s: State, a: p.MakePlan) -> Iterable[p.AnyEvent]:
        if p.MakePlan in self.hold:
            return
        self.at += 4
        yield p.PlanProposed(a.id, PLAN, p.Reply("", "", p.Usage(2100, 180, 0.004, 4.0)))

    def _propose(self, s: State, a: p.Propose) -> Iterable[p.AnyEvent]:
        if p.Propose in self.hold:
            return
        self.at += 3
        yield p.ProposalMade(a.id, p.Reply("", REASONS, p.Usage(3000, 400, 0.0101, 3.0)))

    def _build(self, s: State, a: p.Build) -> Iterable[p.AnyEvent]:
        if p.Build in self.hold:
            return
        yield p.ChangeBuilt(a.id, CHANGE_1 if a.iteration == 1 else CHANGE_2)

    def _check(self, s: State, a: p.RunCheck) -> Iterable[p.AnyEvent]:
        if p.RunCheck in self.hold:
            return
        self.at += 1
        failing: tuple[p.TestRecord, ...] = ()
        if a.check.name == "pytest":
            failing = {BASE.tree: (HALF_EVEN, CENTS), CHANGE_1.tree: (HALF_EVEN,)}.get(a.tree, ())
        passed = 14 - len(failing)
        yield p.CheckFinished(a.id, result(a.check.name, a.tree, failing=failing, passed=passed))

    def _judge(self, s: State, a: p.Judge) -> Iterable[p.AnyEvent]:
        if a.iteration == 1:
            yield p.Judged(a.id, p.Verdict("better", "1 failure fixed, 1 left, none new.",
                           fixed=(CENTS.id,), left=(HALF_EVEN.id,), signature="1"))  # fmt: skip
        else:
            yield p.Judged(a.id, p.Verdict("green", "2 failures fixed, none new.",
                           fixed=(HALF_EVEN.id, CENTS.id), signature="2"))  # fmt: skip

    def _land(self, s: State, a: p.Land) -> Iterable[p.AnyEvent]:
        if p.Land in self.hold:
            return
        yield p.Landed(a.id, sha("commit"), BASE, tuple(f.path for f in a.change.files))
