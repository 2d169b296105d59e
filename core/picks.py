"""What the person takes of a change: hunks, and lines of hunks, as text. Pure.

A pick is a hunk's id, for all of it, or `ID@3,5-7`: the lines at these places of the hunk,
counted from 0 through every line that it shows (context too; only changed ones count).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

_PLACES = re.compile(r"([0-9]{1,7})(?:-([0-9]{1,7}))?")


def pick(hunk: str, lines: Collection[int] | None = None) -> str:
    """The pick of a hunk, or (with `lines`) of lines of it."""
    if lines is None:
        return hunk
    return f"{hunk}@{','.join(_ranges(sorted(set(lines))))}"


def read(one: str) -> tuple[str, frozenset[int] | None]:
    """Hunk id and lines of a pick; None for all of them. Raises `ValueError`."""
    hunk, at, listed = one.partition("@")
    if not at:
        return hunk, None
    lines: set[int] = set()
    for part in listed.split(","):
        match = _PLACES.fullmatch(part)
        if match is None or int(match[1]) > int(match[2] or match[1]):
            raise ValueError(f"no such lines: {one}")
        lines.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return hunk, frozenset(lines)


def by_hunk(picks: Iterable[str]) -> Mapping[str, frozenset[int] | None]:
    """Hunk id → lines taken of it, None for all. Raises `ValueError`."""
    found: dict[str, frozenset[int] | None] = {}
    for one in picks:
        hunk, lines = read(one)
        before = found.get(hunk, frozenset())
        found[hunk] = None if lines is None or before is None else before | lines
    return found


def _ranges(places: list[int]) -> Iterable[str]:
    start = end = None
    for place in places:
        if end is not None and place == end + 1:
            end = place
            continue
        if start is not None:
            yield str(start) if start == end else f"{start}-{end}"
        start = end = place
    if start is not None:
        yield str(start) if start == end else f"{start}-{end}"
