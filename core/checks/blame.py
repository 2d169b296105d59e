"""Delta debugging: which hunks of a change break a test, alone or together. Pure.

After Zeller, "Yesterday, my program worked. Today, it does not. Why?" (1999): the failing set is
halved as long as a part of it, or what a part leaves, still fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

Fails = Callable[[frozenset[str]], frozenset[str]]
"""The tests that fail, as they do on the whole, with only these hunks applied."""


class Enough(Exception):
    """As many runs were made as are allowed."""


def blame(
    hunks: Sequence[str], tests: Collection[str], fails: Fails, *, most: int = 60
) -> Mapping[str, tuple[str, ...]]:
    """Test → the fewest hunks found that make it fail; without the tests that were not settled.

    At most `most` sets of hunks are tried; each is tried once, for all tests together.
    """
    known: dict[frozenset[str], frozenset[str]] = {}

    def failing(chosen: Collection[str]) -> frozenset[str]:
        key = frozenset(chosen)
        if key not in known:
            if len(known) >= most:
                raise Enough
            known[key] = fails(key)
        return known[key]

    def breaks(test: str, chosen: Collection[str]) -> bool:
        return test in failing(chosen)

    found: dict[str, tuple[str, ...]] = {}
    try:
        for hunk in hunks:
            for test in failing([hunk]):
                found.setdefault(test, (hunk,))
            if all(test in found for test in tests):
                break
        for test in tests:
            if test not in found and test in failing(hunks):
                found[test] = minimal(hunks, partial(breaks, test))
    except Enough:
        pass
    return {test: found[test] for test in tests if test in found}


def minimal(hunks: Sequence[str], fails: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """A failing set of which no single hunk can be left out. `hunks` as a whole must fail."""
    left, parts = list(hunks), 2
    while len(left) > 1:
        size = -(-len(left) // parts)
        chunks = [left[at : at + size] for at in range(0, len(left), size)]
        rests = [[h for h in left if h not in chunk] for chunk in chunks]
        smaller = next((c for c in chunks if fails(c)), None)
        if smaller is not None:
            left, parts = smaller, 2
            continue
        rest = next((r for r in rests if r and fails(r)), None) if len(chunks) > 2 else None
        if rest is not None:
            left, parts = rest, max(parts - 1, 2)
        elif parts >= len(left):
            break
        else:
            parts = min(len(left), parts * 2)
    return tuple(left)
