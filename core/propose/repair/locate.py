"""Where the fault may lie: a score for each line, out of what failing and passing tests ran.

The score is Ochiai's coefficient (Abreu, Zoeteweij, van Gemund 2006): of the lines that the
failing tests ran, those that few passing tests ran too.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.checks.trial import Coverage
from core.propose.repair.source import FUNCTIONS, Source
from core.protocol import TestRecord

Line = tuple[str, int]
"""Path and line number (from 1)."""

_ERROR_SITE = 1.3
_CALLED_BY_NAME = 0.8
_HEADER = 0.7


@dataclass(frozen=True)
class Suspect:
    line: Line
    score: float
    failing: int
    passing: int
    """How many failing and passing tests ran it."""


def is_test_file(path: str) -> bool:
    parts = PurePosixPath(path).parts
    name = parts[-1] if parts else ""
    return (
        any(part in ("tests", "test", "testing") for part in parts[:-1])
        or name.startswith("test_")
        or name.endswith(("_test.py", "_tests.py"))
        or name in ("conftest.py", "tests.py", "test.py")
    )


def is_source(path: str) -> bool:
    """A file that the search may edit: Python, no test, nothing installed or hidden."""
    parts = PurePosixPath(path).parts
    return (
        path.endswith(".py")
        and not is_test_file(path)
        and not any(part.startswith(".") or part in ("site-packages", "..") for part in parts)
        and not PurePosixPath(path).is_absolute()
    )


def locate(
    clusters: Sequence[Sequence[TestRecord]], passing: Sequence[str], coverage: Coverage
) -> dict[Line, Suspect]:
    """Scores (0 to about 1) of the lines of source files that failing tests ran.

    Each cluster of failing tests is taken for one fault, and a line counts as the most
    suspicious that any cluster makes it.
    """
    ran_by_passing: Counter[Line] = Counter()
    for test in passing:
        ran_by_passing.update(_lines(coverage.get(test, {})))

    suspects: dict[Line, Suspect] = {}
    for cluster in clusters:
        ran_by_failing: Counter[Line] = Counter()
        for record in cluster:
            # A test that could not even be collected ran what import ran.
            ran = coverage.get(record.id) or coverage.get("", {})
            ran_by_failing.update(_lines(ran))
        sites = {(record.path, record.line) for record in cluster}
        for line, failing in ran_by_failing.items():
            passed = ran_by_passing[line]
            score = failing / math.sqrt(len(cluster) * (failing + passed))
            if line in sites:
                score *= _ERROR_SITE
            if line not in suspects or suspects[line].score < score:
                suspects[line] = Suspect(line, score, failing, passed)
        for path, number in sites:
            if is_source(path) and (path, number) not in suspects:
                suspects[path, number] = Suspect((path, number), 1.0, len(cluster), 0)
    return suspects


def _lines(ran: Mapping[str, frozenset[int]]) -> list[Line]:
    return [(path, line) for path, lines in ran.items() if is_source(path) for line in lines]


def scores(
    source: Source, suspects: Mapping[Line, Suspect], used: Mapping[str, float]
) -> dict[int, float]:
    """Scores of the lines of one file, as edits need them; `used` is from `names_used`.

    A statement over several lines has one score. What ran at import (constants, defaults,
    headers) ran for no test, so it takes its score from the suspicious lines that use its name.
    """
    own = {line: suspect.score for (path, line), suspect in suspects.items() if path == source.path}
    result: dict[int, float] = {}
    for node in ast.walk(source.module):
        if not isinstance(node, ast.stmt):
            continue
        lines = _own_lines(node)
        score = max((own.get(line, 0.0) for line in lines), default=0.0)
        if isinstance(node, FUNCTIONS):
            body = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            score = max(score, _HEADER * max((own.get(line, 0.0) for line in body), default=0.0))
        elif source.function(node) is None:
            by_name = (_CALLED_BY_NAME * used.get(name, 0.0) for name in _targets(node))
            score = max([score, *by_name])
        for line in lines:
            result[line] = max(result.get(line, 0.0), score)
    return {line: score for line, score in result.items() if score > 0}


def names_used(sources: Sequence[Source], suspects: Mapping[Line, Suspect]) -> dict[str, float]:
    """Names and attributes that suspicious lines read, with the most suspicious line's score."""
    used: dict[str, float] = {}
    for source in sources:
        for node in ast.walk(source.module):
            if isinstance(node, (ast.Name, ast.Attribute)):
                name = node.id if isinstance(node, ast.Name) else node.attr
                suspect = suspects.get((source.path, node.lineno))
                if suspect is not None:
                    used[name] = max(used.get(name, 0.0), suspect.score)
    return used


def _targets(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _own_lines(node: ast.stmt) -> range:
    """Lines of a statement without those of the statements in it."""
    first = node.lineno
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return range(first, (node.end_lineno or node.lineno) + 1)
    inner = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else body[0].lineno
    return range(first, max(first + 1, inner))
