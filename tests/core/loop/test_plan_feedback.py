"""What a goal asks for, and what the next proposal is told."""

from __future__ import annotations

from msgspec.structs import replace

from core import protocol as p
from core.feedback import FAILURES, compose
from core.plan import needs_of
from core.state import Iteration, State


def result(*failing: str, **more) -> p.CheckResult:
    tests = tuple(p.TestRecord(t, "failed", f"assert {t}", "tests/x.py", 7) for t in failing)
    counts = {"failed": len(failing), "passed": 3}
    return p.CheckResult("pytest", "tree", "fail", counts=counts, failing=tests, **more)


HALF_EVEN = "tests/test_cart.py::test_half_even"
NETWORK = "tests/test_net.py::test_reaches_the_server"


def asked(goal: str, *failing: str) -> list[str]:
    return [n.test for n in needs_of(goal, (result(*failing),))]


def test_a_goal_that_names_a_failure_asks_for_that_one_alone():
    assert asked("total() must round half-even", HALF_EVEN, NETWORK) == [HALF_EVEN]
    assert asked(f"make {HALF_EVEN} pass", HALF_EVEN, NETWORK) == [HALF_EVEN]


def test_a_goal_about_failures_asks_for_all_of_them():
    assert asked("fix the failing tests", HALF_EVEN, NETWORK) == [HALF_EVEN, NETWORK]
    assert asked("find the bug", HALF_EVEN) == [HALF_EVEN]


def test_failures_that_are_none_of_the_goals_business_are_not_asked_for():
    assert asked("add a command that lists invoices", NETWORK) == []


def test_a_red_check_without_tests_is_asked_for_as_a_whole():
    ruff = p.CheckResult("ruff", "tree", "fail")
    assert needs_of("make ruff happy", (ruff,)) == (p.Need("ruff"),)


def judged(n: int, *failing: str, **verdict) -> Iteration:
    v = p.Verdict("same", "1 left.", left=failing, **verdict)
    base = p.Base("c", "base")
    change = p.Change(f"tree-{n}", base, (), "")
    return Iteration(
        n, "s1", p.Proposed(), 0.0, change=change, results=(result(*failing),), verdict=v,
        outcome="next",
    )  # fmt: skip


def test_the_first_request_is_told_what_fails_on_the_base():
    text = compose(State(base_results=(result(HALF_EVEN),)), "")
    assert HALF_EVEN in text
    assert f"assert {HALF_EVEN}" in text
    assert "tests/x.py:7" in text


def test_a_later_one_is_told_the_last_verdict_the_assertion_and_the_diff():
    state = State(base_results=(result(HALF_EVEN),), tries=(judged(1, HALF_EVEN),))
    text = compose(state, "-old\n+new\n")
    assert "Try 1: 1 left." in text
    assert f"assert {HALF_EVEN}" in text
    assert "+new" in text


def test_failures_that_the_base_had_are_not_fed_back():
    before = judged(1, HALF_EVEN, NETWORK)
    before = replace(before, verdict=replace(before.verdict, left=(HALF_EVEN,), before=(NETWORK,)))
    text = compose(State(tries=(before,)), "")
    assert HALF_EVEN in text
    assert NETWORK not in text


def test_an_unusable_reply_is_the_feedback():
    failed = Iteration(
        1, "s1", p.Proposed(), 0.0, problem=p.Problem("cut off", "no end marker", retry=True)
    )
    assert "no end marker" in compose(State(tries=(failed,)), "")


def test_feedback_is_bounded_and_the_same_every_time():
    many = tuple(f"tests/t.py::test_{i:03}" for i in range(200))
    state = State(tries=(judged(1, *many),))
    text = compose(state, "x" * 1_000_000)
    assert text == compose(state, "x" * 1_000_000)
    assert len(text) < 60_000
    assert f"and {200 - FAILURES} more" in text
