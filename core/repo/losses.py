"""What tests lose from one reading of them to the next. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.repo.suites import EXACT, LOOSE, ONLY, Block, Claim, Suite, quoted

_CONSTANT = re.compile(r"-?[\d.]|['\"`\[{(]|(None|True|False|null|nil|true|false|undefined)$")


@dataclass(frozen=True)
class Reading:
    """A file's tests, before and after."""

    path: str
    before: Suite
    after: Suite


@dataclass(frozen=True)
class Loss:
    says: str
    """With {} where the names go."""
    name: str
    old: range = range(0)
    """Lines that it is about."""
    new: range = range(0)


class Pool:
    """What the change brings, anywhere in its tests: a loss that is found here only moved."""

    def __init__(self, files: Iterable[Reading]) -> None:
        self._gained, self._in_new = Counter[str](), Counter[str]()
        self._new = list[Block]()
        for file in files:
            for name, block in file.after.blocks.items():
                was = file.before.blocks.get(name)
                self._gained += _keys(block) - (_keys(was) if was else Counter())
                if block.runs and (was is None or not was.runs):
                    self._new.append(block)
                    if not block.skips:
                        self._in_new += _keys(block)

    def took(self, claim: Claim) -> bool:
        """Whether this assertion or case stands elsewhere now."""
        if self._gained[claim.key] < 1:
            return False
        self._gained[claim.key] -= 1
        return True

    def twin(self, was: Block) -> Block | None:
        """A new test of this name, under another class or in another file."""
        name = was.name.rpartition(".")[2]
        able = (b for b in self._new if not _kinds(b.skips) - _kinds(was.skips))
        return next((b for b in able if b.name.rpartition(".")[2] == name), None)

    def renamed(self, was: Block) -> bool:
        """Whether new tests say all that this one said."""
        keys = _keys(was)
        if not keys:
            return any(b.body == was.body and not b.skips for b in self._new)
        if keys - self._in_new:
            return False
        self._in_new -= keys
        return True


def _keys(block: Block) -> Counter[str]:
    return _kinds((*block.claims, *block.cases))


def _kinds(claims: Iterable[Claim]) -> Counter[str]:
    return Counter(claim.key for claim in claims)


def losses(file: Reading, pool: Pool) -> Iterator[Loss]:
    """What one file loses. The pool is of all files of the change, and is used up."""
    after = file.after.blocks
    for name, was in file.before.blocks.items():
        now = after.get(name)
        where = _named(was, file)
        if was.runs and (now is None or not now.runs):
            now = pool.twin(was)
            if now is None:
                if not pool.renamed(was):
                    yield Loss("removes the test {}", where, range(was.first, was.last + 1))
                continue
        yield from _lost_claims(was, now, where, file, pool)
        yield from _lost_cases(was, now, where, pool)
        yield from _changed_values(was, now, where, file)
        if now is not None and name in after:
            for skip in _more(now.skips, was.skips):
                yield Loss(skip.text, where, new=_lines(skip))
    for name, block in after.items():
        if name not in file.before.blocks:
            for skip in block.skips:
                if skip.text == ONLY:  # the others no longer run
                    yield Loss(ONLY, _named(block, file), new=_lines(skip))


def _lost_claims(
    was: Block, now: Block | None, where: str, file: Reading, pool: Pool
) -> Iterator[Loss]:
    gained = list(_more(now.claims, was.claims)) if now else []
    for claim in _more(was.claims, now.claims if now else ()):
        if pool.took(claim):
            continue
        other = _partner(claim, gained, file)
        if other is None:
            yield Loss(f"removes the assertion `{_plain(claim)}` of {{}}", where, _lines(claim))
            continue
        gained.remove(other)
        if _renames(claim, other, file) or _tightens(claim, other):
            continue
        if other.strength < claim.strength:
            yield Loss(f"loosens the assertion `{_plain(claim)}` of {{}}", where, _lines(claim))
        elif claim.strength == EXACT:
            yield Loss("changes what {} expects", where, _lines(claim))
        else:
            yield Loss(f"changes the assertion `{_plain(claim)}` of {{}}", where, _lines(claim))


def _tightens(claim: Claim, other: Claim) -> bool:
    """Whether a value is pinned down now of which something was asserted before."""
    same = {side for side in set(claim.sides) & set(other.sides) if not _CONSTANT.match(side)}
    return claim.strength == LOOSE < other.strength and bool(same)


def _partner(claim: Claim, gained: Sequence[Claim], file: Reading) -> Claim | None:
    """The new assertion that took the place of one: the same but for names, or of the same."""
    same = (other for other in gained if _renames(claim, other, file))
    near = (other for other in gained if set(claim.sides) & set(other.sides))
    return next(same, None) or next(near, None)


def _renames(claim: Claim, other: Claim, file: Reading) -> bool:
    """Whether only names of the tests' own differ, the old ones gone and the new ones new."""
    if not claim.shape or claim.shape != other.shape:
        return False
    changed = {(a, b) for a, b in zip(claim.names, other.names, strict=False) if a != b}
    gone = file.before.bound - file.after.names
    come = file.after.bound - file.before.names
    return all(a in gone and b in come for a, b in changed)


def _lost_cases(was: Block, now: Block | None, where: str, pool: Pool) -> Iterator[Loss]:
    gained = list(_more(now.cases, was.cases)) if now else []
    for case in _more(was.cases, now.cases if now else ()):
        if pool.took(case):
            continue
        shown = _plain(case)
        near = (c for c in gained if set(c.sides[:-1]) & set(case.sides[:-1]))
        other = next(near, gained[0] if gained else None)
        if other is None:
            yield Loss(f"removes the case `{shown}` of {{}}", where, _lines(case))
            continue
        gained.remove(other)
        if re.search(r"\bmarks=.*\b(skip|xfail)", other.text):
            yield Loss(f"skips the case `{shown}` of {{}}", where, _lines(case))
        elif case.sides[:-1] == other.sides[:-1] != ():
            yield Loss("changes what {} expects", where, _lines(case))
        else:
            yield Loss(f"changes the case `{shown}` of {{}}", where, _lines(case))


def _changed_values(was: Block, now: Block | None, where: str, file: Reading) -> Iterator[Loss]:
    """Values that assertions compare with, where those hold a name of them only."""
    own = {side for claim in was.claims for side in claim.sides}
    compared = own if was.claims else file.before.compared
    for value in _more(was.values, now.values if now else ()):
        again = [v for v in now.values if v.sides == value.sides] if now else []
        if again and value.sides[0] in compared:
            yield Loss("changes what {} expects", where, _lines(value), _lines(again[0]))


def _more(claims: Iterable[Claim], than: Iterable[Claim]) -> Iterator[Claim]:
    """Those of `claims` that are not among the others, one for one."""
    there = _kinds(than)
    for claim in claims:
        if there[claim.key] > 0:
            there[claim.key] -= 1
        else:
            yield claim


def _named(block: Block, file: Reading) -> str:
    return quoted(block.name) or file.path


def _plain(claim: Claim) -> str:
    return quoted(claim.text).replace("{", "{{").replace("}", "}}")


def _lines(claim: Claim) -> range:
    return range(claim.first, claim.last + 1)
