"""Two iterations side by side: what one fixed or broke against the other. Pure."""

from __future__ import annotations

from core.protocol import Value
from core.state import Iteration


class Compared(Value, frozen=True):
    """What the second of two iterations is, against the first."""

    same_tree: bool
    fixed: tuple[str, ...]
    """Fails on the first and not on the second."""
    broke: tuple[str, ...]
    """Fails on the second and not on the first."""
    both: tuple[str, ...]
    """Fails on both."""
    gone: tuple[str, ...]
    """Ids of hunks of the first that the second has not."""
    added: tuple[str, ...]
    """Ids of hunks of the second that the first has not."""
    shared: int
    """How many hunks they have in common."""


def failing(it: Iteration) -> tuple[str, ...]:
    """Names of what failed, or did not run any more, on an iteration's change."""
    names = dict.fromkeys(t.id for r in it.results for t in r.failing)
    if it.verdict is not None:
        v = it.verdict
        names |= dict.fromkeys((*v.new, *v.left, *v.before, *v.lost))
    return tuple(names)


def compare(first: Iteration, second: Iteration) -> Compared:
    """What holds only where both were judged is empty where one was not."""
    judged = first.verdict is not None and second.verdict is not None
    before, now = (failing(first), failing(second)) if judged else ((), ())
    old = first.change.hunk_ids if first.change else ()
    new = second.change.hunk_ids if second.change else ()
    trees = [it.change.tree for it in (first, second) if it.change]
    return Compared(
        same_tree=len(trees) == 2 and trees[0] == trees[1],
        fixed=_without(before, now),
        broke=_without(now, before),
        both=tuple(n for n in before if n in set(now)),
        gone=_without(old, new),
        added=_without(new, old),
        shared=len(set(old) & set(new)),
    )


def _without(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    leave = set(others)
    return tuple(n for n in names if n not in leave)
