"""The judge, by tables of what was and what is, and by properties that must always hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.evidence import normal, signature
from core.checks.judge import MAX_NAMED, Evidence, judge
from core.protocol import (
    CheckResult,
    CheckVerdict,
    Diagnostic,
    Need,
    Records,
    TestRecord,
    Verdict,
)

OUTCOMES = {"p": "passed", "f": "failed", "e": "error", "s": "skipped", "x": "xfailed"}


def ran(**outcomes: str) -> Evidence:
    """pytest's evidence: `ran(a="p", b="f")`; the verdict follows."""
    records = tuple(
        TestRecord(id=f"t.py::{name}", outcome=OUTCOMES[o[0]], message=o[1:])  # type: ignore[arg-type]
        for name, o in outcomes.items()
    )
    bad = any(r.outcome in ("failed", "error") for r in records)
    return check("pytest", "fail" if bad else "pass" if records else "no tests", tests=records)


def check(name: str, verdict: CheckVerdict, says: str = "", **records: Any) -> Evidence:
    result = CheckResult(check=name, tree="t", verdict=verdict, says=says)
    return {name: (result, Records(**records))}


def lint(*found: tuple[int, str]) -> Evidence:
    diagnostics = tuple(Diagnostic("a.py", line, message, "E1") for line, message in found)
    return check("ruff", "fail" if found else "pass", diagnostics=diagnostics)


PASS = Need(check="pytest", test="t.py::a")
FAIL = Need(check="pytest", test="t.py::a", polarity="fail")
WHOLE = Need(check="pytest")


@pytest.mark.parametrize(
    ("needs", "base", "now", "kind", "fields"),
    [
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="p", b="p"), "green",
                     {"fixed": ["a"]}, id="fixed"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="f", b="p"), "same",
                     {"left": ["a"]}, id="no progress"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="p", b="f"), "worse",
                     {"fixed": ["a"], "new": ["b"]}, id="one fixed, one broken"),
        pytest.param((PASS,), ran(a="f", b="f"), ran(a="p", b="f"), "green",
                     {"fixed": ["a"], "before": ["b"]}, id="base failures block nobody"),
        pytest.param((WHOLE,), ran(a="f", b="f"), ran(a="p", b="f"), "better",
                     {"fixed": ["a"], "left": ["b"]}, id="the whole check is asked for"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="p"), "worse",
                     {"fixed": ["a"], "lost": ["b"]}, id="deleting a test loses it"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="p", b="s"), "worse",
                     {"fixed": ["a"], "lost": ["b"]}, id="skipping a test loses it"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="p", b="x"), "worse",
                     {"fixed": ["a"], "lost": ["b"]}, id="expecting a failure loses it"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(b="p"), "same",
                     {"left": ["a"]}, id="deleting the failing test fixes nothing"),
        pytest.param((PASS,), ran(a="f", b="p"), ran(a="s", b="p"), "same",
                     {"left": ["a"]}, id="skipping the failing test fixes nothing"),
        pytest.param((PASS,), ran(b="p"), ran(a="p", b="p", c="f"), "worse",
                     {"new": ["c"]}, id="a new test that fails"),
        pytest.param((FAIL,), ran(b="p"), ran(a="f", b="p"), "green", {}, id="reproduced"),
        pytest.param((FAIL,), ran(b="p"), ran(a="e", b="p"), "worse",
                     {"left": ["a"], "new": ["a"]}, id="an error reproduces nothing"),
        pytest.param((FAIL,), ran(b="p"), ran(a="p", b="p"), "same",
                     {"left": ["a"]}, id="a test that passes reproduces nothing"),
        pytest.param((FAIL,), ran(b="p"), ran(a="f", b="p", c="f"), "worse",
                     {"new": ["c"]}, id="only the test asked for may fail"),
        pytest.param((), ran(a="f"), ran(a="f"), "green", {"before": ["a"]}, id="no needs"),
        pytest.param((), ran(), ran(), "same", {"before": ["pytest"]}, id="no tests at all"),
        pytest.param((), {}, {}, "same", {}, id="no checks at all"),
        pytest.param((), ran(a="p"), {}, "worse", {"lost": ["pytest"]}, id="check is gone"),
        pytest.param((PASS,), ran(a="p"), ran(), "worse",
                     {"lost": ["a"], "new": ["pytest"], "left": ["a"]}, id="all tests gone"),
    ],
)  # fmt: skip
def test_what_is_green_and_what_is_not(
    needs: tuple[Need, ...], base: Evidence, now: Evidence, kind: str, fields: dict[str, list[str]]
) -> None:
    verdict = judge(needs, base, now)
    found = {
        name: [n.removeprefix("t.py::") for n in getattr(verdict, name)]
        for name in ("fixed", "new", "left", "before", "lost")
        if getattr(verdict, name)
    }
    assert (verdict.kind, found) == (kind, fields), verdict.says


def test_the_sentence_counts() -> None:
    base = ran(a="f", b="f", c="f")
    assert judge((WHOLE,), base, ran(a="p", b="p", c="f")).says == (
        "2 failures fixed, 1 left, none new."
    )
    assert judge((PASS,), base, ran(a="p", b="f", c="f")).says == (
        "1 failure fixed, none new. 2 failures of the base left alone."
    )


@pytest.mark.parametrize("verdict", ["error", "timeout", "void", "no tests"])
def test_a_check_that_tells_nothing_is_never_green(verdict: CheckVerdict) -> None:
    base = ran(a="p") | lint()
    found = judge((), base, check("pytest", verdict, "why") | lint())
    assert found.kind == ("void" if verdict == "void" else "worse")
    assert "pytest" in found.new
    if verdict == "void":
        assert "why" in found.says


def test_a_check_that_was_broken_on_the_base_blocks_nobody() -> None:
    broken = check("ruff", "error", "not installed")
    found = judge((PASS,), ran(a="f") | broken, ran(a="p") | broken)
    assert (found.kind, found.before) == ("green", ("ruff",))


def test_findings_are_compared_without_their_lines() -> None:
    base = lint((3, "unused"), (9, "unused"))
    shifted = judge((), base, lint((5, "unused"), (11, "unused")))
    assert (shifted.kind, shifted.new) == ("green", ())
    assert len(shifted.before) == 2
    more = judge((), base, lint((3, "unused"), (9, "unused"), (20, "unused")))
    assert (more.kind, more.new) == ("worse", ("a.py:20: unused [E1]",))
    less = judge((), base, lint((3, "unused")))
    assert (less.kind, less.fixed) == ("green", ("a.py:9: unused [E1]",))


def test_an_exit_code_that_nothing_explains_is_a_failure() -> None:
    found = judge((), ran(a="p"), check("pytest", "fail", tests=ran(a="p")["pytest"][1].tests))
    assert (found.kind, found.new) == ("worse", ("pytest",))


@pytest.mark.parametrize(
    ("named", "met"),
    [
        ("t.py::a", True), ("t.py", True), ("a", True), ("t.py::T", True), ("T::c", True),
        ("b", False), ("t.py::ab", False), ("py::a", False), ("t.py::a[1]", True),
    ],
)  # fmt: skip
def test_a_need_may_name_a_test_its_cases_or_a_prefix(named: str, met: bool) -> None:
    now = ran(**{"a[1]": "p", "a[2]": "p", "T::c": "p"})
    need = Need(check="pytest", test=named)
    assert (judge((need,), {}, now).left == ()) is met


def test_better_and_worse_are_said_of_the_try_before() -> None:
    base = ran(a="f", b="f", c="f")
    first = judge((WHOLE,), base, ran(a="p", b="f", c="f"))
    second = judge((WHOLE,), base, ran(a="f", b="f", c="f"), first)
    third = judge((WHOLE,), base, ran(a="p", b="p", c="f"), second)
    again = judge((WHOLE,), base, ran(a="p", b="p", c="f"), third)
    assert [v.kind for v in (first, second, third, again)] == ["better", "worse", "better", "same"]
    assert third.signature == again.signature


def test_a_signature_forgets_addresses_and_times() -> None:
    one = ran(a="f<f at 0x7f01> in 0.31 s /tmp/pytest-1/x 2026-01-02T03:04:05Z")
    two = ran(a="f<f at 0x8a> in 1.2 s /tmp/pytest-7/x 2027-05-06T07:08:09Z")
    assert signature(one) == signature(two)
    assert signature(one) != signature(ran(a="fother"))
    assert normal("2 == 3") != normal("2 == 4")


NAMES = st.sampled_from(["a", "b", "c", "a[1]", "a[2]", "T::d"])
EVIDENCE = st.dictionaries(NAMES, st.sampled_from(["p", "f", "e", "s", "x"])).map(
    lambda d: ran(**d)
)
NEEDS = st.lists(
    st.builds(
        Need,
        check=st.just("pytest"),
        test=st.one_of(st.just(""), NAMES.map("t.py::{}".format)),
        polarity=st.sampled_from(["pass", "fail"]),
    ),
    max_size=3,
).map(tuple)


@given(NEEDS, EVIDENCE, EVIDENCE)
def test_green_means_that_nothing_is_left_new_or_lost(
    needs: tuple[Need, ...], base: Evidence, now: Evidence
) -> None:
    verdict = judge(needs, base, now)
    wrong = bool(verdict.left or verdict.new or verdict.lost)
    any_ran = bool(now["pytest"][1].tests)
    assert (verdict.kind == "green") == (not wrong and any_ran)
    failing = {t.id for t in now["pytest"][1].tests if t.outcome in ("failed", "error")}
    before = {t.id for t in base["pytest"][1].tests if t.outcome in ("failed", "error")}
    asked = {n.test for n in needs if n.polarity == "fail"}
    if verdict.kind == "green":
        assert not {f for f in failing - before if f not in asked and f.split("[")[0] not in asked}


@given(EVIDENCE)
def test_a_tree_compared_with_itself_is_neither_better_nor_worse(same: Evidence) -> None:
    verdict = judge((), same, same)
    assert verdict.kind in ("green", "same")
    assert (verdict.fixed, verdict.new, verdict.lost) == ((), (), ())


@given(NEEDS, EVIDENCE, EVIDENCE, EVIDENCE)
def test_every_verdict_is_whole(
    needs: tuple[Need, ...], base: Evidence, first: Evidence, second: Evidence
) -> None:
    verdict = judge(needs, base, second, judge(needs, base, first))
    assert isinstance(verdict, Verdict)
    assert verdict.says.endswith(".")
    assert not set(verdict.before) & set(verdict.new)


def test_names_are_bounded() -> None:
    now = ran(**{f"t{n}" + "x" * 2000: "f" for n in range(2 * MAX_NAMED)})
    verdict = judge((WHOLE,), ran(), now)
    assert len(verdict.new) <= MAX_NAMED
    assert max(map(len, verdict.new)) <= 500
