"""What a booking costs. Money is whole cents; halves are rounded up."""

from dataclasses import dataclass

from slotbook.clock import parse_time, round_up
from slotbook.intervals import Interval

EVENING = Interval(parse_time("18:00"), parse_time("24:00"))
EVENING_PERCENT = 150
QUARTER = 15
MINIMUM = 30

DISCOUNTS = ((480, 20), (240, 10))
"""(minutes, percent): a booking of at least so many minutes is so much cheaper."""


@dataclass(frozen=True)
class Quote:
    minutes: int
    base: int
    evening: int
    discount: int

    @property
    def total(self):
        return self.base + self.evening - self.discount


def billed_minutes(when):
    """Begun quarters of an hour are billed whole, and never less than half an hour."""
    return max(MINIMUM, round_up(when.length, QUARTER))


def percent(amount, rate):
    return (amount * rate + 50) // 100


def discount_rate(minutes):
    for least, rate in DISCOUNTS:
        if minutes >= least:
            return rate
    return 0


def quote(room, when, member=False):
    """The price of the room in its parts; members pay no evening surcharge."""
    minutes = billed_minutes(when)
    base = (room.rate * minutes + 30) // 60
    evening = 0
    late = when.overlap(EVENING)
    if late is not None and not member:
        hourly = percent(room.rate, EVENING_PERCENT) - room.rate
        evening = (hourly * late.length + 30) // 60
    discount = percent(base + evening, discount_rate(minutes))
    return Quote(minutes, base, evening, discount)


def split(total, people):
    """Shares that add up to the total; the first ones pay the odd cents."""
    share, odd = divmod(total, people)
    return [share + 1 if person < odd else share for person in range(people)]
