"""What changed within a line: the words that a changed line and its partner do not share. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

WORDS_UP_TO = 400
"""Characters of a line up to which the words that changed in it are sought."""
ALIKE = 0.4
"""How much two lines share, at least, for their differences to mean anything."""


def changed_words(text: str, other: str | None) -> list[tuple[int, int]]:
    """Ranges of characters of `text` that are not in `other`; [] where they are too unlike."""
    if other is None or max(len(text), len(other)) > WORDS_UP_TO:
        return []
    mine, theirs = re.findall(r"\w+|\s+|.", text), re.findall(r"\w+|\s+|.", other)
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    if matcher.ratio() < ALIKE:
        return []
    starts = _starts(mine)
    ranges: list[tuple[int, int]] = []
    at = 0
    for block in matcher.get_matching_blocks():
        if block.a > at:
            ranges.append((starts[at], starts[block.a]))
        at = block.a + block.size
    return ranges


def _starts(parts: Sequence[str]) -> list[int]:
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts
