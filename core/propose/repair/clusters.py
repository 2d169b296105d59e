"""Which failing tests fail for the same reason, as far as their runs can tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core.checks.trial import Coverage
from core.propose.repair.locate import Line, is_source
from core.protocol import Need, TestRecord

_ALIKE = 0.3
_WORD = re.compile(r"\w+")


def clusters(
    failing: Sequence[TestRecord], passing: Sequence[str], coverage: Coverage
) -> tuple[tuple[TestRecord, ...], ...]:
    """Failing tests in groups, in the order of their first tests.

    Two tests are together when the same exception came out of the same source file, when they
    are the same test with other parameters, or when what they ran is much alike, lines that
    passing tests run often counting little.
    """
    ran_by_passing: Counter[Line] = Counter()
    for test in passing:
        ran_by_passing.update(_lines(coverage, test))
    weights = {
        record.id: {line: 1 / (1 + ran_by_passing[line]) for line in _lines(coverage, record.id)}
        for record in failing
    }
    groups: list[list[TestRecord]] = []
    for record in failing:
        near = [
            group for group in groups if any(_together(record, other, weights) for other in group)
        ]
        merged = [*(member for group in near for member in group), record]
        groups = [*(group for group in groups if group not in near), merged]
    order = {record.id: place for place, record in enumerate(failing)}
    sorted_groups = [tuple(sorted(group, key=lambda r: order[r.id])) for group in groups]
    return tuple(sorted(sorted_groups, key=lambda group: order[group[0].id]))


def _together(one: TestRecord, two: TestRecord, weights: dict[str, dict[Line, float]]) -> bool:
    if is_source(one.path) and one.path == two.path and _raised(one) == _raised(two):
        return True
    if "[" in one.id and one.id.split("[")[0] == two.id.split("[")[0]:
        return True
    mine, theirs = weights[one.id], weights[two.id]
    shared = sum(weight for line, weight in mine.items() if line in theirs)
    return shared > 0 and shared >= _ALIKE * sum((mine | theirs).values())


def _raised(record: TestRecord) -> str:
    """The exception's name: what stands before the first colon of the message."""
    return record.message.partition(":")[0].strip()


def _lines(coverage: Coverage, test: str) -> list[Line]:
    return [
        (path, line)
        for path, lines in coverage.get(test, {}).items()
        if is_source(path)
        for line in lines
    ]


def asked_for(
    failing: Sequence[TestRecord], needs: Sequence[Need]
) -> tuple[tuple[TestRecord, ...], tuple[str, ...]]:
    """The failing tests that the needs ask to pass, and named tests that do not fail.

    A need without a test asks for all of them; a test's name also stands for its parameters,
    and a class's or a file's for what is in it.
    """
    wanted = [need for need in needs if need.polarity == "pass"]
    if not wanted or any(not need.test for need in wanted):
        return tuple(failing), ()
    chosen = [r for r in failing if any(names(need.test, r.id) for need in wanted)]
    idle = [n.test for n in wanted if not any(names(n.test, r.id) for r in failing)]
    return tuple(chosen), tuple(idle)


def mentioned(failing: Sequence[TestRecord], text: str) -> tuple[TestRecord, ...]:
    """The failing tests that a text names, by themselves or else by their file; else all."""
    words = set(_WORD.findall(text))
    by_name = [r for r in failing if r.id.split("[")[0].rpartition("::")[2] in words]
    by_file = [r for r in failing if (file := r.id.split("::")[0]) in text or _last(file) in text]
    return tuple(by_name or by_file or failing)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def names(need: str, test: str) -> bool:
    return test == need or test.startswith((f"{need}[", f"{need}::", f"{need.rstrip('/')}/"))
