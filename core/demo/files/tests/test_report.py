import pytest

from slotbook import Calendar, Room, interval
from slotbook.report import busiest, day_sheet, utilisation

DAY = interval("8:00", "18:00")


@pytest.fixture
def calendar():
    calendar = Calendar([Room("Harbour", 12, 4000), Room("Attic", 6, 2000), Room("Study", 4, 1500)])
    calendar.book("Attic", interval("13:00", "17:00"), "Workshop")
    calendar.book("Attic", interval("8:00", "8:45"), "Yoga")
    calendar.book("Study", interval("17:00", "20:00"), "Film")
    return calendar


def test_day_sheet(calendar):
    assert day_sheet(calendar, "Attic").splitlines() == [
        "Attic (6 seats)",
        "  08:00-08:45  Yoga         45m",
        "  13:00-17:00  Workshop      4h",
    ]


def test_day_sheet_of_a_free_room(calendar):
    assert day_sheet(calendar, "Harbour") == "Harbour: free all day"


def test_day_sheet_of_a_full_day(calendar):
    calendar.book("Harbour", interval("8:00", "13:00"), "Course")
    calendar.book("Harbour", interval("13:00", "18:00"), "Course, part 2")
    assert len(day_sheet(calendar, "Harbour").splitlines()) == 3


def test_utilisation_counts_only_opening_hours(calendar):
    assert utilisation(calendar, "Study", DAY) == 10
    assert utilisation(calendar, "Attic", DAY) == 47


def test_busiest_first(calendar):
    assert busiest(calendar, DAY) == ["Attic", "Study", "Harbour"]


def test_equals_by_name():
    calendar = Calendar([Room("B", 1, 1), Room("A", 1, 1)])
    assert busiest(calendar, DAY) == ["A", "B"]
