import pytest

from slotbook import Calendar, Clash, NotFound, Room, interval

DAY = interval("8:00", "18:00")


@pytest.fixture
def calendar():
    calendar = Calendar([Room("Harbour", 12, 4000), Room("Attic", 6, 2000)])
    calendar.book("Harbour", interval("9:00", "10:00"), "Board")
    calendar.book("Harbour", interval("14:00", "16:00"), "Choir")
    return calendar


def test_bookings_are_in_order(calendar):
    calendar.book("Harbour", interval("11:00", "12:00"), "Chess")
    assert [b.title for b in calendar.bookings("Harbour")] == ["Board", "Chess", "Choir"]


def test_numbers_go_up(calendar):
    assert calendar.book("Attic", interval("9:00", "10:00"), "Yoga").number == 3


@pytest.mark.parametrize(
    ("start", "end"),
    [("9:30", "10:30"), ("8:30", "9:30"), ("9:15", "9:45"), ("8:00", "11:00"), ("9:00", "10:00")],
)
def test_clashes(calendar, start, end):
    with pytest.raises(Clash, match="Board"):
        calendar.book("Harbour", interval(start, end), "Late")


def test_a_clash_books_nothing(calendar):
    with pytest.raises(Clash):
        calendar.book("Harbour", interval("15:00", "17:00"), "Late")
    assert len(calendar.bookings("Harbour")) == 2


def test_one_booking_can_follow_another(calendar):
    chess = calendar.book("Harbour", interval("10:00", "11:00"), "Chess")
    assert calendar.bookings("Harbour")[1] == chess


def test_one_booking_can_end_where_another_begins(calendar):
    calendar.book("Harbour", interval("13:00", "14:00"), "Chess")
    assert calendar.clash("Harbour", interval("12:00", "13:00")) is None


def test_other_rooms_do_not_matter(calendar):
    calendar.book("Attic", interval("9:00", "10:00"), "Yoga")
    assert calendar.clash("Attic", interval("14:00", "16:00")) is None


def test_unknown_room(calendar):
    with pytest.raises(NotFound, match="Cellar"):
        calendar.book("Cellar", interval("9:00", "10:00"), "Wine")


def test_cancel_frees_the_room(calendar):
    assert calendar.cancel(1).title == "Board"
    assert calendar.clash("Harbour", interval("9:00", "10:00")) is None
    with pytest.raises(NotFound):
        calendar.find(1)


def test_move_over_itself(calendar):
    moved = calendar.move(1, interval("9:30", "10:30"))
    assert calendar.find(1) == moved
    assert moved.title == "Board"


def test_move_right_behind_the_next(calendar):
    calendar.move(1, interval("16:00", "17:00"))
    assert [b.number for b in calendar.bookings("Harbour")] == [2, 1]


def test_move_to_another_room(calendar):
    calendar.move(2, interval("14:00", "16:00"), room="Attic")
    assert [b.room for b in calendar.bookings("Attic")] == ["Attic"]
    assert len(calendar.bookings("Harbour")) == 1


def test_a_move_that_clashes_changes_nothing(calendar):
    before = calendar.bookings("Harbour")
    with pytest.raises(Clash):
        calendar.move(1, interval("15:00", "15:30"))
    assert calendar.bookings("Harbour") == before


def test_free(calendar):
    assert calendar.free("Harbour", DAY) == [
        interval("8:00", "9:00"),
        interval("10:00", "14:00"),
        interval("16:00", "18:00"),
    ]


def test_free_for_long_enough(calendar):
    assert calendar.free("Harbour", DAY, at_least=120) == [
        interval("10:00", "14:00"),
        interval("16:00", "18:00"),
    ]


def test_first_free_takes_the_earliest_room(calendar):
    calendar.book("Attic", interval("8:00", "8:20"), "Post")
    assert calendar.first_free(60, DAY) == ("Harbour", interval("8:00", "9:00"))
    assert calendar.first_free(90, DAY) == ("Attic", interval("8:30", "10:00"))


def test_first_free_only_in_some_rooms(calendar):
    assert calendar.first_free(90, DAY, ["Harbour"]) == ("Harbour", interval("10:00", "11:30"))


def test_nothing_free(calendar):
    with pytest.raises(NotFound, match="300 minutes"):
        calendar.first_free(300, DAY, ["Harbour"])
