import pytest

from slotbook.clock import format_length, format_time, parse_length, parse_time, round_up
from slotbook.errors import BadTime


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("0:00", 0), ("9:30", 570), ("09:05", 545), ("23:59", 1439), ("24:00", 1440), (" 7:15 ", 435)],
)
def test_parse_time(text, minutes):
    assert parse_time(text) == minutes


@pytest.mark.parametrize("text", ["", "9", "9:60", "24:01", "25:00", "9:5", "-1:00", "nine"])
def test_parse_time_refuses(text):
    with pytest.raises(BadTime):
        parse_time(text)


def test_format_time_is_the_opposite():
    for text in ("00:00", "09:05", "17:59", "24:00"):
        assert format_time(parse_time(text)) == text


@pytest.mark.parametrize("minutes", [-1, 1441])
def test_format_time_refuses(minutes):
    with pytest.raises(BadTime):
        format_time(minutes)


@pytest.mark.parametrize(
    ("text", "minutes"), [("45", 45), ("45m", 45), ("2h", 120), ("1h30", 90), ("1h 30m", 90)]
)
def test_parse_length(text, minutes):
    assert parse_length(text) == minutes


def test_parse_length_refuses_nothing():
    with pytest.raises(BadTime):
        parse_length("")


def test_format_length():
    assert [format_length(n) for n in (45, 60, 90, 125)] == ["45m", "1h", "1h30", "2h05"]


def test_round_up():
    assert [round_up(n, 15) for n in (0, 1, 15, 16)] == [0, 15, 15, 30]
