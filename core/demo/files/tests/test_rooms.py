import pytest

from slotbook.errors import NotFound
from slotbook.rooms import Room, best_fit, with_equipment

HARBOUR = Room("Harbour", 12, 4000, frozenset({"screen", "phone"}))
ATTIC = Room("Attic", 6, 2000)
STUDY = Room("Study", 6, 2500, frozenset({"screen"}))
ROOMS = [HARBOUR, ATTIC, STUDY]


def test_a_full_room_suits():
    assert ATTIC.suits(6)
    assert not ATTIC.suits(7)


def test_fewest_empty_seats():
    assert best_fit(ROOMS, 7) == HARBOUR


def test_of_equals_the_cheapest():
    assert best_fit(ROOMS, 5) == ATTIC


def test_needs_are_met():
    assert best_fit(ROOMS, 4, ["screen"]) == STUDY
    assert best_fit(ROOMS, 4, ["screen", "phone"]) == HARBOUR


def test_none_fits():
    with pytest.raises(NotFound, match="13 people"):
        best_fit(ROOMS, 13)


def test_with_equipment():
    assert with_equipment(ROOMS, "screen") == [HARBOUR, STUDY]
    assert with_equipment(ROOMS) == ROOMS
