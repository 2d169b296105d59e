"""What a proposer is shown of the repository, under a budget of tokens. Pure, deterministic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from core.propose.base import BriefFile
from core.propose.relevance import Read, ranked
from core.protocol import TestRecord

CHARACTERS_PER_TOKEN: Final = 3
"""On the low side for code, so that the budget holds."""
MOST_READ: Final = 120
"""Files looked at, however small they are."""
_MOST_MISSES: Final = 12
"""Files in a row that do not fit: then the budget counts as used."""
_MOST_WINDOWED: Final = 20
"""Only files that matter this much are worth being shown in part."""
_AROUND: Final = 40
"""Lines shown on each side of a line that something pointed at."""
_HEAD: Final = 120
_MOST_OF_BUDGET: Final = 0.6
"""A file above this part of the budget is shown by windows."""


def pick(
    goal: str,
    notes: tuple[str, ...],
    scope: tuple[str, ...],
    failing: tuple[TestRecord, ...],
    paths: Sequence[str],
    read: Read,
    budget_tokens: int,
) -> tuple[BriefFile, ...]:
    """Files in the order in which they matter: named, of the scope, of the failures, their tests
    and what these import, then the small rest. Whole where they fit, else windows of lines."""
    order, places = ranked(goal, notes, scope, failing, paths, read)
    words = _goal_words(goal, notes)
    file: BriefFile | None
    left = budget_tokens * CHARACTERS_PER_TOKEN
    most = int(left * _MOST_OF_BUDGET)
    chosen: list[BriefFile] = []
    misses = 0
    for place, path in enumerate(order[:MOST_READ]):
        if left < 200 or misses > _MOST_MISSES:
            break
        text = _text(read(path))
        if text is None:
            continue
        room = min(left, most) - len(path) - 40
        if len(text) <= room:
            file = BriefFile(path, text)
        elif place < _MOST_WINDOWED:
            file = _windowed(path, text, places.get(path, set()), words, room)
        else:
            file = None
        misses = 0 if file is not None else misses + 1
        if file is not None:
            chosen.append(file)
            left -= len(file.text) + len(path) + 40
    return tuple(chosen)


def _text(data: bytes | None) -> str | None:
    if data is None or b"\x00" in data:
        return None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _windowed(
    path: str, text: str, pointed: set[int], words: set[str], room: int
) -> BriefFile | None:
    lines = text.split("\n")
    if not pointed:
        pointed = {n for n, line in enumerate(lines, 1) if words & set(re.findall(r"\w+", line))}
    for around in (_AROUND, _AROUND // 2, _AROUND // 4, 3):
        shown = {n for at in pointed for n in range(at - around, at + around + 1)}
        windows = _windows(lines, shown or set(range(1, _HEAD)))
        if len(windows) <= room:
            return BriefFile(path, windows, whole=False)
    return None


def _windows(lines: list[str], shown: set[int]) -> str:
    return "\n".join(_with_gaps(lines, shown)) + "\n"


def _with_gaps(lines: list[str], shown: set[int]) -> Iterator[str]:
    gap = 0
    for number, line in enumerate(lines, 1):
        if number in shown:
            if gap:
                yield f"[lines {gap}-{number - 1} left out]"
            gap = 0
            yield line
        elif not gap:
            gap = number
    if gap:
        yield f"[lines {gap}-{len(lines)} left out]"


def _goal_words(goal: str, notes: tuple[str, ...]) -> set[str]:
    """Words of the goal that read like names in code."""
    words = re.findall(r"\w+", " ".join((goal, *notes)))
    return {word for word in words if len(word) >= 5 or "_" in word}
