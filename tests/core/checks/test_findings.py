"""A finding is the same one wherever its line has gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.evidence import Evidence, apart, fixed, new_findings
from core.checks.judge import judge
from core.checks.lines import with_lines
from core.protocol import CheckResult, Diagnostic, Records

Source = list[tuple[str, str | None]]
"""Lines of a file, each with the message of a finding that is on it."""
TEXTS = st.sampled_from(["import os", "import sys", "x = 1", "return total(x)", "}", ""])
MESSAGES = st.sampled_from(["unused", "too long", "already defined on line 3"])
SOURCES = st.lists(st.tuples(TEXTS, st.none() | MESSAGES), max_size=12)
PLAIN = st.lists(TEXTS.map(lambda text: (text, None)), max_size=6)


def checked(source: Source, *, texts: bool = True) -> Evidence:
    found = tuple(
        Diagnostic("a.py", line, message, "E1", text=text if texts else "")
        for line, (text, message) in enumerate(source, 1)
        if message is not None
    )
    verdict = "fail" if found else "pass"
    return {"ruff": (CheckResult("ruff", "t", verdict), Records(diagnostics=found))}


@given(SOURCES, PLAIN, st.integers(0, 12), st.booleans())
def test_lines_put_in_anywhere_make_no_finding_new_or_fixed(
    source: Source, more: Source, at: int, texts: bool
) -> None:
    base = checked(source, texts=texts)
    now = checked(source[:at] + more + source[at:], texts=texts)
    assert (new_findings(base, now), fixed(base, now)) == ((), ())


@given(SOURCES, st.permutations(range(12)))
def test_findings_that_only_moved_are_the_same(source: Source, order: list[int]) -> None:
    moved = [source[n] for n in order if n < len(source)]
    base, now = checked(source), checked(moved)
    assert (new_findings(base, now), fixed(base, now)) == ((), ())


@given(SOURCES, SOURCES, st.booleans())
def test_what_comes_and_goes_adds_up(one: Source, two: Source, texts: bool) -> None:
    base = [d for d in checked(one, texts=texts)["ruff"][1].diagnostics if d.message == "unused"]
    now = [d for d in checked(two, texts=texts)["ruff"][1].diagnostics if d.message == "unused"]
    new, gone = apart(base, now)
    assert len(new) - len(gone) == len(now) - len(base)
    assert set(new) <= set(now)
    assert set(gone) <= set(base)
    if not texts:
        assert not (new and gone)


@given(SOURCES, SOURCES)
def test_no_finding_is_both_new_and_of_the_base(one: Source, two: Source) -> None:
    verdict = judge((), checked(one), checked(two))
    assert not set(verdict.new) & set(verdict.before)
    count = len(checked(two)["ruff"][1].diagnostics)
    assert len(verdict.new) + len(verdict.before) == count


@pytest.mark.parametrize(
    ("base", "now", "new", "gone"),
    [
        # one fixed, and the same mistake made elsewhere: not "none new"
        ([("import os", "unused"), ("x = 1", None)],
         [("x = 1", None), ("from shop import cart", "unused")],
         ["a.py:2: unused [E1]"], ["a.py:1: unused [E1]"]),
        # the line was edited, and the finding is still on it
        ([("return total(x)", "unused")], [("", None), ("return total(x, y)", "unused")], [], []),
        # of two alike, the one that is gone is named
        ([("import os", "unused"), ("import sys", "unused")], [("import sys", "unused")],
         [], ["a.py:1: unused [E1]"]),
        # the very same line once more
        ([("import os", "unused")], [("import os", "unused"), ("import os", "unused")],
         ["a.py:2: unused [E1]"], []),
        # a message that names a line
        ([("x = 1", "already defined on line 3")], [("x = 1", "already defined on line 30")],
         [], []),
    ],
)  # fmt: skip
def test_which_findings_are_new_and_which_are_gone(
    base: Source, now: Source, new: list[str], gone: list[str]
) -> None:
    assert list(new_findings(checked(base), checked(now))) == new
    assert list(fixed(checked(base), checked(now))) == gone


def test_many_alike_take_no_time() -> None:
    base = checked([(f"line {n}" * 20, "unused") for n in range(20_000)])
    now = checked([(f"other {n}" * 20, "unused") for n in range(20_000)])
    assert len(fixed(base, now)) >= 19_960


def test_a_findings_line_is_read_from_the_tree_alone(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("one\n  two \x1b[2J\n" + "x" * 5000)
    (tmp_path / "secret").write_text("secret\n")
    (tree / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tree / "pipe")
    paths = ["a.py", "link", "pipe", "../secret", str(tmp_path / "secret"), "none", "", "a\0b", "."]
    found = with_lines([Diagnostic(path, 1, "m") for path in paths], tree)
    assert [d.text for d in found] == ["one", *[""] * (len(paths) - 1)]
    lines = with_lines([Diagnostic("a.py", n, "m") for n in (0, 2, 3, 4)], tree)
    assert [d.text for d in lines][:2] == ["", "two ␛[2J"]
    assert len(lines[2].text) <= 200
    assert lines[3].text == ""
