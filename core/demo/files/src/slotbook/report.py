"""Day sheets for the door, and how well rooms are used."""

from slotbook.clock import format_length
from slotbook.intervals import total


def day_sheet(calendar, room):
    """One line for each booking, titles in one column; a free room says so."""
    bookings = calendar.bookings(room)
    if not bookings:
        return f"{room}: free all day"
    width = max(len(booking.title) for booking in bookings)
    lines = [f"{room} ({calendar.rooms[room].seats} seats)"]
    for booking in bookings:
        length = format_length(booking.when.length)
        lines.append(f"  {booking.when}  {booking.title.ljust(width)}  {length:>6}")
    return "\n".join(lines)


def utilisation(calendar, room, within):
    """Percent of the minutes of `within` that are booked, rounded down."""
    parts = [booking.when.overlap(within) for booking in calendar.bookings(room)]
    used = total(part for part in parts if part is not None)
    return used * 100 // within.length


def busiest(calendar, within):
    """Room names, the best used first; equals by name."""
    return sorted(calendar.rooms, key=lambda name: (-utilisation(calendar, name, within), name))
