"""One day's bookings: making, moving and cancelling them, and what is left free."""

from bisect import bisect_left
from dataclasses import dataclass

from slotbook.clock import round_up
from slotbook.errors import Clash, NotFound
from slotbook.intervals import Interval, gaps


@dataclass(frozen=True)
class Booking:
    number: int
    room: str
    when: Interval
    title: str


class Calendar:
    """Keeps each room's bookings in order of their start, so that only neighbours can clash."""

    def __init__(self, rooms):
        self.rooms = {room.name: room for room in rooms}
        self._booked = {name: [] for name in self.rooms}
        self._number = 0

    def _of(self, room):
        if room not in self._booked:
            raise NotFound(f"no room called {room!r}")
        return self._booked[room]

    def bookings(self, room):
        return tuple(self._of(room))

    def clash(self, room, when):
        """The booking that `when` would run into, or None."""
        booked = self._of(room)
        place = bisect_left([booking.when.start for booking in booked], when.start)
        if place > 0 and booked[place - 1].when.end >= when.start:
            return booked[place - 1]
        if place < len(booked) and booked[place].when.start < when.end:
            return booked[place]
        return None

    def book(self, room, when, title):
        """Books the room, or raises Clash."""
        taken = self.clash(room, when)
        if taken is not None:
            raise Clash(when, taken)
        self._number += 1
        booking = Booking(self._number, room, when, title)
        booked = self._of(room)
        booked.insert(bisect_left([other.when.start for other in booked], when.start), booking)
        return booking

    def find(self, number):
        for booked in self._booked.values():
            for booking in booked:
                if booking.number == number:
                    return booking
        raise NotFound(f"no booking number {number}")

    def cancel(self, number):
        booking = self.find(number)
        self._booked[booking.room].remove(booking)
        return booking

    def move(self, number, when, room=None):
        """Moves a booking; one that cannot be moved stays where it was."""
        booking = self.cancel(number)
        target = room or booking.room
        taken = self.clash(target, when)
        if taken is not None:
            self._restore(booking)
            raise Clash(when, taken)
        moved = Booking(booking.number, target, when, booking.title)
        self._restore(moved)
        return moved

    def _restore(self, booking):
        booked = self._of(booking.room)
        booked.append(booking)
        booked.sort(key=lambda other: other.when.start)

    def free(self, room, within, at_least=1):
        """Free intervals of at least so many minutes."""
        taken = [booking.when for booking in self._of(room)]
        return [gap for gap in gaps(within, taken) if gap.length >= at_least]

    def first_free(self, length, within, rooms=None, step=15):
        """The earliest (room name, interval) of that length that starts on a multiple of `step`."""
        found = []
        for name in rooms or sorted(self.rooms):
            for gap in self.free(name, within, length):
                start = round_up(gap.start, step)
                if start + length <= gap.end:
                    found.append((start, name))
                    break
        if not found:
            raise NotFound(f"no room is free for {length} minutes")
        start, name = min(found)
        return name, Interval(start, start + length)
