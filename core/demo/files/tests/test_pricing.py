import pytest

from slotbook import Room, interval, quote
from slotbook.pricing import billed_minutes, discount_rate, split

ROOM = Room("Harbour", 12, 4000)


@pytest.mark.parametrize(
    ("end", "minutes"), [("9:10", 30), ("9:30", 30), ("9:31", 45), ("10:00", 60), ("10:05", 75)]
)
def test_begun_quarters(end, minutes):
    assert billed_minutes(interval("9:00", end)) == minutes


def test_an_hour():
    assert quote(ROOM, interval("9:00", "10:00")).total == 4000


def test_half_cents_go_up():
    assert quote(Room("Nook", 2, 1001), interval("9:00", "9:30")).base == 501


def test_evening_costs_more():
    bill = quote(ROOM, interval("17:00", "19:00"))
    assert (bill.base, bill.evening, bill.total) == (8000, 2000, 10000)


def test_until_six_is_no_evening():
    assert quote(ROOM, interval("17:00", "18:00")).evening == 0


def test_members_pay_no_surcharge():
    assert quote(ROOM, interval("19:00", "21:00"), member=True).total == 8000


@pytest.mark.parametrize(("minutes", "rate"), [(239, 0), (240, 10), (479, 10), (480, 20)])
def test_discount_rate(minutes, rate):
    assert discount_rate(minutes) == rate


def test_long_bookings_are_cheaper():
    bill = quote(ROOM, interval("9:00", "13:00"))
    assert (bill.base, bill.discount, bill.total) == (16000, 1600, 14400)


def test_the_discount_counts_for_the_surcharge_too():
    bill = quote(ROOM, interval("15:00", "19:00"))
    assert (bill.evening, bill.discount) == (2000, 1800)


def test_shares_add_up():
    assert split(1000, 3) == [334, 333, 333]
    assert split(1001, 3) == [334, 334, 333]
