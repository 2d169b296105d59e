"""The table: what was measured, beside what it is measured against."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line. `value`, `floor` and `budget` share `unit`; a budget may be a ratio instead."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    of_ratio: bool = False
    """True where the budget bounds value / floor."""
    p95: float | None = None
    """Where it is given, the budget bounds it and not the median."""
    floor: float | None = None
    floor_is: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """None where there is no budget."""
        bounded = self.ratio if self.of_ratio else self.value if self.p95 is None else self.p95
        if self.budget is None or bounded is None:
            return None
        return bounded <= self.budget


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed; the highest where there are fewer than 20."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def render(rows: Sequence[Row]) -> str:
    head = ("what", "median", "p95", "beside", "ratio", "budget", "met?")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"  {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join(line.rstrip() for line in [*text, *(["", *notes] if notes else [])])


def _cells(row: Row) -> tuple[str, ...]:
    beside = f"{_number(row.floor, row.unit)} {row.floor_is}".rstrip() if row.floor else ""
    budget = ""
    if row.budget is not None:
        budget = f"{row.budget:g} ×" if row.of_ratio else _number(row.budget, row.unit)
    return (
        row.what,
        _number(row.value, row.unit),
        "" if row.p95 is None else _number(row.p95, row.unit),
        beside,
        f"{row.ratio:.2f} ×" if row.ratio else "",
        budget,
        {None: "", True: "yes", False: "NO"}[row.met],
    )


def _number(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if unit == "s" else f"{value:.1f} {unit}"
