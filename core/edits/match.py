"""Where the lines that a reply searches for lie in a file, and what takes their place.

Exactness goes down by steps, and a step is taken only when the one before found nothing:
the same lines; the same but for white space at their ends; the same under one uniform shift of
indentation; each of them again without blank lines and code fences around the search.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from core.text import clean, shorten

_FENCE = re.compile(r"\s*(`{3,}|~{3,})[\w.+-]*\s*$")
_NEAREST_LINES = 12


class Match(NamedTuple):
    start: int
    """Index of the first line, from 0."""
    search: tuple[str, ...]
    """The lines as they were searched for, indented as the file is."""
    replace: tuple[str, ...]
    """The new lines, indented as the file is."""


def find(lines: Sequence[str], search: list[str], replace: list[str]) -> list[Match]:
    """All places of the first step that finds any; more than one means it is ambiguous."""
    for wanted, new in _variants(search, replace):
        for step in (_same, _same_but_ends, _shifted):
            if matches := list(step(lines, wanted, new)):
                return matches
    return []


def _variants(search: list[str], replace: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    yield search, replace
    inner, new = _unfenced(search), _unfenced(replace)
    if inner and inner != search:
        yield inner, new
    top = next((i for i, line in enumerate(inner) if line.strip()), 0)
    tail = next((i for i, line in enumerate(reversed(inner)) if line.strip()), 0)
    stripped = inner[top : len(inner) - tail]
    if stripped and stripped != inner:
        yield stripped, _without_blanks(new, top, tail)


def _unfenced(lines: list[str]) -> list[str]:
    if len(lines) >= 2 and _FENCE.match(lines[0]) and lines[-1].strip() in ("```", "~~~"):
        return lines[1:-1]
    return lines


def _without_blanks(lines: list[str], top: int, tail: int) -> list[str]:
    """Takes off as many blank lines as the search had, where the replacement has them too."""
    while top and lines and not lines[0].strip():
        lines, top = lines[1:], top - 1
    while tail and lines and not lines[-1].strip():
        lines, tail = lines[:-1], tail - 1
    return lines


def _places(lines: Sequence[str], search: Sequence[str]) -> Iterator[int]:
    first, count = search[0], len(search)
    for start in range(len(lines) - count + 1):
        if lines[start] == first and list(lines[start : start + count]) == search:
            yield start


def _same(lines: Sequence[str], search: list[str], replace: list[str]) -> Iterator[Match]:
    for start in _places(lines, search):
        yield Match(start, tuple(search), tuple(replace))


def _same_but_ends(lines: Sequence[str], search: list[str], replace: list[str]) -> Iterator[Match]:
    for start in _places([line.rstrip() for line in lines], [line.rstrip() for line in search]):
        yield Match(start, tuple(search), tuple(replace))


def _shifted(lines: Sequence[str], search: list[str], replace: list[str]) -> Iterator[Match]:
    if not any(line.strip() for line in search):
        return
    bare = [line.strip() for line in search]
    for start in _places([line.strip() for line in lines], bare):
        found = lines[start : start + len(search)]
        if (shift := _shift(found, search)) is not None:
            here = [_move(line, shift) for line in search]
            new = [_move(line, shift) for line in replace]
            yield Match(start, tuple(here), tuple(new))


class _Shift(NamedTuple):
    taken: str
    given: str


def _shift(found: Sequence[str], search: Sequence[str]) -> _Shift | None:
    """What to take off and put before each line of the search to get the file's; None if mixed."""
    shifts = {
        _one_shift(_indent(there), _indent(here))
        for there, here in zip(found, search, strict=True)
        if here.strip()
    }
    return shifts.pop() if len(shifts) == 1 else None


def _one_shift(there: str, here: str) -> _Shift | None:
    if there.endswith(here):
        return _Shift("", there[: len(there) - len(here)])
    if here.endswith(there):
        return _Shift(here[: len(here) - len(there)], "")
    return None


def _move(line: str, shift: _Shift) -> str:
    if not line.strip():
        return line
    if not line.startswith(shift.taken):
        return shift.given + line.lstrip()
    return shift.given + line.removeprefix(shift.taken)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def nearest(lines: Sequence[str], search: Sequence[str]) -> str:
    """The part of the file most like the search, with line numbers, for the next try to see."""
    wanted = {line.strip() for line in search if line.strip()}
    if not lines or not wanted:
        return ""
    like: dict[str, float] = {}
    for line in {line.strip() for line in lines} - {""}:
        if line in wanted:
            like[line] = 1.0
        elif close := difflib.get_close_matches(line[:200], [w[:200] for w in wanted], 1, 0.6):
            like[line] = difflib.SequenceMatcher(None, line[:200], close[0]).ratio() / 2
    span = min(len(search), _NEAREST_LINES)
    scores = [like.get(line.strip(), 0.0) for line in lines]
    best = max(range(len(lines)), key=lambda i: (sum(scores[i : i + span]), -i))
    if not any(scores[best : best + span]):
        return ""
    shown = enumerate(lines[best : best + span], best + 1)
    return "\n".join(f"{number:5} | {shorten(clean(line), 200)}" for number, line in shown)
