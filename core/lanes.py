"""Lanes of a change: what stands apart until a person takes it, and what of it is tests. Pure.

A reason reads as what follows "A part of this change …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.protocol import Change, FileChange

_TEST_FOLDER = re.compile(
    r"(^|/)(tests?|__tests__|testdata|__snapshots__|e2e|[\w.]+\.tests)/", re.I
)
_TEST_FILE = re.compile(
    r"(^|/)(test_[^/]*|[^/]*_test|tests?|conftest)\.py$"
    r"|[._-](test|spec|cy|e2e)\.[cm]?[jt]sx?$|_test\.(go|rs|rb|exs?|cc|cpp)$|_spec\.rb$"
    r"|(^|/)tests\.rs$|(Tests?|Spec|IT)\.(java|kt|kts|cs|scala|groovy|swift|php)$"
    r"|\.(snap|ambr)$"
)


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by its name alone."""
    return runs_as_test(path) or _TEST_FOLDER.search(path) is not None


def runs_as_test(path: str) -> bool:
    """Whether a file's own name makes it one that test runners look for."""
    return _TEST_FILE.search(path) is not None


def apart(change: Change) -> dict[str, str]:
    """Hunk id → why it is never taken along with the rest: it lies outside the step's scope, in
    a file that runs code later, or takes something from the tests that the base had."""
    return {
        hunk: "; ".join(whys)
        for file in change.files
        for n, hunk in enumerate(file.hunks)
        if (whys := tuple(_whys(file, n)))
    }


def main_hunks(change: Change) -> tuple[str, ...]:
    """The hunks that do not stand apart."""
    stands = apart(change)
    return tuple(hunk for hunk in change.hunk_ids if hunk not in stands)


def test_hunks(change: Change) -> tuple[str, ...]:
    """The hunks of the change's tests."""
    return tuple(
        hunk
        for file in change.files
        if is_test(file.path) or is_test(file.old_path)
        for hunk in file.hunks
    )


def _whys(file: FileChange, n: int) -> Iterator[str]:
    if file.outside_scope:
        yield "lies outside the step's scope"
    if file.runs_later:
        yield f"runs code later ({file.runs_later})"
    if n < len(file.weakens) and file.weakens[n]:
        yield file.weakens[n]
