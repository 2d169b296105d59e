"""What the person takes of a change: whole hunks, and lines of hunks. Pure.

A hunk's lines are named by their places, counted from 0 through all that it shows. Only changed
lines can be taken; whoever takes all of them takes the hunk, which is the normal form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core import protocol as p
from core.lanes import main_hunks
from core.picks import by_hunk, pick

Share: TypeAlias = Literal["all", "part", "none"]


@dataclass(frozen=True, slots=True)
class Taking:
    """Immutable: every act answers with another one."""

    picks: Mapping[str, frozenset[int] | None] = field(default_factory=dict)
    """Hunk id → places taken of it, None for all; what is not taken is not in it."""

    def share(self, hunk: str) -> Share:
        places = self.picks.get(hunk, frozenset())
        return "all" if places is None else "part" if places else "none"

    def has(self, hunk: str, place: int) -> bool:
        """Whether the changed line at `place` is taken."""
        places = self.picks.get(hunk, frozenset())
        return places is None or place in places

    def __iter__(self) -> Iterator[str]:
        """Ids of hunks of which anything is taken."""
        return iter(self.picks)

    def __bool__(self) -> bool:
        return bool(self.picks)

    def whole(self, hunks: Iterable[str]) -> bool:
        """Whether all of these hunks are taken, every line of them."""
        return all(self.share(hunk) == "all" for hunk in hunks)

    def take(self, hunks: Iterable[str]) -> Taking:
        return Taking({**self.picks, **dict.fromkeys(hunks, None)})

    def leave(self, hunks: Iterable[str]) -> Taking:
        gone = frozenset(hunks)
        return Taking({h: places for h, places in self.picks.items() if h not in gone})

    def toggle(self, hunks: Collection[str]) -> Taking:
        """Leaves these hunks if they are taken whole, else takes them."""
        return self.leave(hunks) if self.whole(hunks) else self.take(hunks)

    def toggle_lines(self, chosen: Collection[tuple[p.Hunk, Collection[int]]]) -> Taking:
        """Leaves these lines if they are taken, all of them, else takes them."""
        wanted = [(hunk, changed(hunk) & frozenset(places)) for hunk, places in chosen]
        taken = all(self.has(hunk.id, n) for hunk, places in wanted for n in places)
        picks = dict(self.picks)
        for hunk, places in wanted:
            every, before = changed(hunk), picks.get(hunk.id, frozenset())
            have = every if before is None else before & every
            have = have - places if taken else have | places
            picks.pop(hunk.id, None)
            if have:
                picks[hunk.id] = None if have == every else have
        return Taking(picks)

    def written(self, change: p.Change) -> tuple[str, ...]:
        """The picks, as a decision names them, in the change's order."""
        return tuple(pick(h, self.picks[h]) for h in change.hunk_ids if h in self.picks)


def read(picks: Iterable[str]) -> Taking:
    """What `Taking.written` wrote. Raises `ValueError`."""
    return Taking(
        {hunk: places for hunk, places in by_hunk(picks).items() if places is None or places}
    )


def at_first(change: p.Change) -> Taking:
    """Everything but the hunks that stand apart: those are taken one by one, or not at all."""
    return Taking().take(main_hunks(change))


def changed(hunk: p.Hunk) -> frozenset[int]:
    """Places of the lines that a hunk adds or removes."""
    return frozenset(n for n, entry in enumerate(hunk.lines) if entry.kind != " ")


def in_words(taking: Taking, hunks: Collection[str]) -> str:
    """ "2 of 3 hunks taken", "2 of 3 hunks taken, 1 in part"."""
    shares = [taking.share(hunk) for hunk in hunks]
    part = shares.count("part")
    says = f"{shares.count('all')} of {len(shares)} hunks taken"
    return f"{says}, {part} in part" if part else says
