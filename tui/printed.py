"""What finished checks printed, one after another, as rows that are read where they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import overload

from core.printed import Lines


class Printed(Sequence[str]):
    """Each check's name on a row of its own, and its lines below it."""

    def __init__(self, parts: Sequence[tuple[str, Lines]] = ()) -> None:
        self._parts = tuple(parts)
        self._starts = list(accumulate((1 + len(lines) for _, lines in parts), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        if at < 0:
            at += len(self)
        for (name, lines), start in zip(self._parts, self._starts, strict=False):
            if start <= at <= start + len(lines):
                return lines[at - start - 1] if at > start else f"── {name} ──"
        raise IndexError(at)

    def find(self, needle: str, start: int = 0) -> int | None:
        """The first row from `start` on that has `needle`, in any case."""
        for (name, lines), first in zip(self._parts, self._starts, strict=False):
            if start <= first and needle.casefold() in f"── {name} ──".casefold():
                return first
            at = lines.find(needle, max(0, start - first - 1))
            if at is not None:
                return first + 1 + at
        return None
