import pytest

from slotbook.errors import BadTime
from slotbook.intervals import Interval, gaps, interval, merge, total

MORNING = interval("8:00", "12:00")


def test_an_empty_interval_is_refused():
    with pytest.raises(BadTime):
        Interval(60, 60)


def test_prints_as_times():
    assert str(interval("9:00", "10:30")) == "09:00-10:30"


def test_the_end_is_outside():
    assert 480 in MORNING
    assert 719 in MORNING
    assert 720 not in MORNING


def test_covers():
    assert MORNING.covers(interval("8:00", "12:00"))
    assert MORNING.covers(interval("9:00", "10:00"))
    assert not MORNING.covers(interval("11:00", "12:01"))
    assert not MORNING.covers(interval("7:59", "9:00"))


def test_neighbours_do_not_overlap():
    assert not MORNING.overlaps(interval("12:00", "13:00"))
    assert not interval("12:00", "13:00").overlaps(MORNING)
    assert MORNING.overlap(interval("12:00", "13:00")) is None


def test_overlap():
    assert MORNING.overlap(interval("11:00", "13:00")) == interval("11:00", "12:00")
    assert MORNING.overlap(interval("7:00", "8:01")) == interval("8:00", "8:01")


def test_shifted():
    assert MORNING.shifted(30) == interval("8:30", "12:30")


def test_merge_joins_neighbours():
    assert merge([Interval(30, 60), Interval(0, 30), Interval(70, 80)]) == [
        Interval(0, 60),
        Interval(70, 80),
    ]


def test_merge_keeps_the_later_end():
    assert merge([Interval(0, 90), Interval(10, 20)]) == [Interval(0, 90)]


def test_gaps():
    taken = [interval("9:00", "10:00"), interval("11:30", "13:00")]
    assert gaps(MORNING, taken) == [interval("8:00", "9:00"), interval("10:00", "11:30")]


def test_gaps_of_nothing_taken():
    assert gaps(MORNING, []) == [MORNING]


def test_gaps_where_all_is_taken():
    assert gaps(MORNING, [interval("7:00", "10:00"), interval("10:00", "12:00")]) == []


def test_gaps_ignores_what_lies_outside():
    assert gaps(MORNING, [interval("6:00", "8:00"), interval("12:00", "14:00")]) == [MORNING]


def test_total_counts_minutes_once():
    assert total([Interval(0, 60), Interval(30, 90)]) == 90
