"""The days on which a repeated booking takes place."""

from datetime import date, timedelta

from slotbook.errors import SlotbookError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def daily(first, until, every=1, skip=()):
    """Every so many days from `first` to `until`, both included."""
    if every < 1:
        raise SlotbookError("a booking repeats every day or less often")
    days = []
    day = first
    while day <= until:
        if day not in skip:
            days.append(day)
        day += timedelta(days=every)
    return days


def weekly(first, until, on, every=1, skip=()):
    """On the named weekdays of every so many weeks, counted from the week of `first`."""
    wanted = {WEEKDAYS.index(name) for name in on}
    monday = first - timedelta(days=first.weekday())
    days = []
    for day in daily(first, until, skip=skip):
        week = (day - monday).days // 7
        if day.weekday() in wanted and week % every == 0:
            days.append(day)
    return days


def monthly(first, count, skip=()):
    """On the same day of `count` months; a month too short for it has its last day instead."""
    days = []
    for number in range(count):
        year = first.year + (first.month - 1 + number) // 12
        month = (first.month - 1 + number) % 12 + 1
        day = date(year, month, min(first.day, _last_day(year, month)))
        if day not in skip:
            days.append(day)
    return days


def _last_day(year, month):
    if month == 12:
        return 31
    return (date(year, month + 1, 1) - timedelta(days=1)).day
