from datetime import date

import pytest

from slotbook.errors import SlotbookError
from slotbook.recurrence import daily, monthly, weekly

MONDAY = date(2024, 1, 1)


def test_daily_has_both_ends():
    assert daily(MONDAY, date(2024, 1, 3)) == [MONDAY, date(2024, 1, 2), date(2024, 1, 3)]


def test_every_other_day():
    assert [d.day for d in daily(MONDAY, date(2024, 1, 6), every=2)] == [1, 3, 5]


def test_skipped_days():
    assert [d.day for d in daily(MONDAY, date(2024, 1, 3), skip=[date(2024, 1, 2)])] == [1, 3]


def test_never_is_refused():
    with pytest.raises(SlotbookError):
        daily(MONDAY, MONDAY, every=0)


def test_weekly():
    assert [d.day for d in weekly(MONDAY, date(2024, 1, 14), ["tue", "fri"])] == [2, 5, 9, 12]


def test_fortnightly_counts_from_the_first_week():
    days = weekly(date(2024, 1, 3), date(2024, 1, 31), ["mon", "wed"], every=2)
    assert [d.day for d in days] == [3, 15, 17, 29, 31]


def test_monthly_takes_the_last_day_of_short_months():
    days = monthly(date(2023, 11, 30), 5)
    assert [(d.month, d.day) for d in days] == [(11, 30), (12, 30), (1, 30), (2, 29), (3, 30)]
    assert days[2].year == 2024


def test_monthly_at_the_end_of_december():
    assert monthly(date(2023, 12, 31), 2) == [date(2023, 12, 31), date(2024, 1, 31)]
