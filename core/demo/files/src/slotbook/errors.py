"""Everything that slotbook raises on purpose."""


class SlotbookError(ValueError):
    """Base of the errors below."""


class BadTime(SlotbookError):
    """A text that is no time of day, or no length."""


class NotFound(SlotbookError):
    """No such room, or no such booking."""


class Clash(SlotbookError):
    """The room is taken."""

    def __init__(self, wanted, taken):
        self.wanted, self.taken = wanted, taken
        super().__init__(f"{wanted} runs into {taken.title!r} ({taken.when})")
