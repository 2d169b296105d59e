"""Times of day as minutes from midnight, and lengths as minutes."""

import re

from slotbook.errors import BadTime

DAY = 24 * 60

_TIME = re.compile(r"(\d{1,2}):(\d{2})\Z")
_LENGTH = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m?)?\Z")


def parse_time(text):
    """Minutes from midnight: "9:30" is 570; "24:00" ends a day."""
    match = _TIME.match(text.strip())
    if match is None:
        raise BadTime(f"not a time of day: {text!r}")
    hours, minutes = int(match.group(1)), int(match.group(2))
    if minutes >= 60 or hours * 60 + minutes > DAY:
        raise BadTime(f"no such time of day: {text!r}")
    return hours * 60 + minutes


def format_time(minutes):
    """The opposite of `parse_time`, always with two digits for the hour."""
    if not 0 <= minutes <= DAY:
        raise BadTime(f"outside of the day: {minutes}")
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def parse_length(text):
    """Minutes: "1h30", "1h 30m", "45m", "45" and "2h" are lengths."""
    match = _LENGTH.match(text.strip())
    if match is None or not any(match.groups()):
        raise BadTime(f"not a length: {text!r}")
    hours, minutes = match.groups()
    return int(hours or 0) * 60 + int(minutes or 0)


def format_length(minutes):
    """ "1h30", "2h" or "45m"."""
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return f"{hours}h{rest:02d}"
    return f"{hours}h" if hours else f"{rest}m"


def round_up(minutes, step):
    """The next multiple of `step` that is not before `minutes`."""
    return -(-minutes // step) * step
