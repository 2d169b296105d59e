"""Rooms, and which of them fits a party best."""

from dataclasses import dataclass, field
from typing import FrozenSet

from slotbook.errors import NotFound


@dataclass(frozen=True)
class Room:
    name: str
    seats: int
    rate: int
    """Cents for an hour."""
    equipment: FrozenSet[str] = field(default_factory=frozenset)

    def suits(self, people, needs=()):
        return people <= self.seats and set(needs) <= self.equipment

    def waste(self, people):
        """Seats left empty."""
        return self.seats - people


def best_fit(rooms, people, needs=()):
    """The room with the fewest empty seats; of equals the cheapest, then the first by name."""
    suitable = [room for room in rooms if room.suits(people, needs)]
    if not suitable:
        raise NotFound(f"no room for {people} people with {', '.join(sorted(needs)) or 'nothing'}")
    return min(suitable, key=lambda room: (room.waste(people), room.rate, room.name))


def with_equipment(rooms, *needs):
    return [room for room in rooms if set(needs) <= room.equipment]
