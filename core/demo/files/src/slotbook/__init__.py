"""Book rooms, find free time, and bill for it."""

from slotbook.calendar import Booking, Calendar
from slotbook.clock import format_time, parse_length, parse_time
from slotbook.errors import Clash, NotFound, SlotbookError
from slotbook.intervals import Interval, interval
from slotbook.pricing import Quote, quote
from slotbook.rooms import Room, best_fit

__all__ = [
    "Booking",
    "Calendar",
    "Clash",
    "Interval",
    "NotFound",
    "Quote",
    "Room",
    "SlotbookError",
    "best_fit",
    "format_time",
    "interval",
    "parse_length",
    "parse_time",
    "quote",
]
