from __future__ import annotations

import math

import pytest

from core.propose.repair import source
from core.propose.repair.clusters import asked_for, clusters, mentioned
from core.propose.repair.locate import is_source, locate, names_used, scores
from core.protocol import Need, TestRecord


def failed(test: str, path: str = "", line: int = 0, message: str = "") -> TestRecord:
    return TestRecord(test, "failed", message, path, line)


def ran(*lines: int, path: str = "a.py") -> dict[str, frozenset[int]]:
    return {path: frozenset(lines)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.py", True), ("a.py", True), ("contest.py", True), ("tests/a.py", False),
        ("test_a.py", False), ("pkg/a_test.py", False), ("conftest.py", False),
        ("pkg/tests/helper.py", False), (".venv/lib/a.py", False), ("/usr/lib/a.py", False),
        ("../a.py", False), ("a.txt", False), ("lib/site-packages/a.py", False),
    ],
)  # fmt: skip
def test_what_is_source(path: str, expected: bool) -> None:
    assert is_source(path) is expected


def test_scores_are_ochiai() -> None:
    coverage = {"f1": ran(1, 2), "f2": ran(1), "p1": ran(1, 3), "p2": ran(3)}
    found = locate([[failed("f1"), failed("f2")]], ["p1", "p2"], coverage)

    assert found["a.py", 1].score == pytest.approx(2 / math.sqrt(2 * 3))
    assert found["a.py", 2].score == pytest.approx(1 / math.sqrt(2))
    assert ("a.py", 3) not in found
    assert (found["a.py", 1].failing, found["a.py", 1].passing) == (2, 1)


def test_tests_are_never_suspected_and_the_line_of_the_error_is_more() -> None:
    coverage = {"f": ran(1, 2) | ran(5, path="tests/test_a.py")}
    found = locate([[failed("f", "a.py", 2)]], [], coverage)
    assert set(found) == {("a.py", 1), ("a.py", 2)}
    assert found["a.py", 2].score > found["a.py", 1].score


def test_a_test_that_could_not_be_collected_ran_what_import_ran() -> None:
    found = locate([[TestRecord("f", "error", "NameError", "a.py", 9)]], [], {"": ran(1, 2)})
    assert set(found) == {("a.py", 1), ("a.py", 2), ("a.py", 9)}


def test_lines_of_one_statement_share_their_score_and_constants_get_their_users() -> None:
    read = source.read(
        "a.py", b"LIMIT = 3\nOTHER = 4\ndef f(x, y=1):\n    return (x +\n            LIMIT)\n"
    )
    assert read is not None
    suspects = locate([[failed("f")]], [], {"f": ran(4, 5)})
    found = scores(read, suspects, names_used([read], suspects))

    assert found[4] == found[5] == 1
    assert 0 < found[3] < 1, "the header, for its defaults"
    assert 0 < found[1] < 1, "the constant that the line reads"
    assert 2 not in found


def test_failures_group_by_error_by_parameters_and_by_what_they_ran() -> None:
    coverage = {
        "t1": ran(1, 2), "t2": ran(8), "t3[a]": ran(20), "t3[b]": ran(30),
        "t4": ran(40, 41, 42), "t5": ran(40, 41, 43), "t6": ran(50),
    }  # fmt: skip
    failing = [
        failed("t1", "a.py", 2, "KeyError: 'x'"), failed("t2", "a.py", 8, "KeyError: 'y'"),
        failed("t3[a]"), failed("t3[b]"), failed("t4"), failed("t5"), failed("t6"),
    ]  # fmt: skip
    groups = clusters(failing, [], coverage)
    assert [[r.id for r in group] for group in groups] == [
        ["t1", "t2"], ["t3[a]", "t3[b]"], ["t4", "t5"], ["t6"],
    ]  # fmt: skip


def test_needs_name_tests_classes_and_files() -> None:
    failing = [failed("tests/test_a.py::T::test_x[1]"), failed("tests/test_b.py::test_y")]

    def asked(*tests: str) -> list[str]:
        return [r.id for r in asked_for(failing, [Need("pytest", t) for t in tests])[0]]

    assert asked("") == [r.id for r in failing]
    assert asked("tests/test_a.py::T::test_x") == [failing[0].id]
    assert asked("tests/test_a.py::T") == [failing[0].id]
    assert asked("tests/test_b.py", "tests/test_c.py::gone") == [failing[1].id]
    assert asked("tests/test_b") == []
    assert asked_for(failing, [Need("pytest", "gone")])[1] == ("gone",)


def test_a_goal_may_name_tests_or_files() -> None:
    failing = [failed("tests/test_a.py::test_x[1]"), failed("tests/test_b.py::test_y")]
    assert mentioned(failing, "make test_x pass") == (failing[0],)
    assert mentioned(failing, "mend what test_b.py says") == (failing[1],)
    assert mentioned(failing, "make it green") == tuple(failing)
