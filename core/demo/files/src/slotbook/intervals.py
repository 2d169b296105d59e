"""Half-open intervals of minutes: the end does not belong to them."""

from dataclasses import dataclass

from slotbook.clock import format_time, parse_time
from slotbook.errors import BadTime


@dataclass(frozen=True, order=True)
class Interval:
    start: int
    end: int

    def __post_init__(self):
        if self.end <= self.start:
            raise BadTime(f"ends before it starts: {self.start} to {self.end}")

    def __str__(self):
        return f"{format_time(self.start)}-{format_time(self.end)}"

    @property
    def length(self):
        return self.end - self.start

    def __contains__(self, minute):
        return self.start <= minute < self.end

    def covers(self, other):
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end

    def overlap(self, other):
        """The part that both have in common, or None."""
        if not self.overlaps(other):
            return None
        return Interval(max(self.start, other.start), min(self.end, other.end))

    def shifted(self, minutes):
        return Interval(self.start + minutes, self.end + minutes)


def interval(start, end):
    """An interval out of two times of day as text."""
    return Interval(parse_time(start), parse_time(end))


def merge(intervals):
    """The same minutes in as few intervals as possible, in order."""
    merged = []
    for item in sorted(intervals):
        if merged and item.start <= merged[-1].end:
            last = merged.pop()
            item = Interval(last.start, max(last.end, item.end))
        merged.append(item)
    return merged


def gaps(within, taken):
    """The parts of `within` that none of `taken` covers, in order."""
    free = []
    cursor = within.start
    for item in merge(taken):
        if item.end <= within.start or item.start >= within.end:
            continue
        if item.start > cursor:
            free.append(Interval(cursor, item.start))
        cursor = max(cursor, item.end)
    if cursor < within.end:
        free.append(Interval(cursor, within.end))
    return free


def total(intervals):
    """Minutes covered, those covered twice counted once."""
    return sum(item.length for item in merge(intervals))
