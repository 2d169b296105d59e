"""A session that is opened behind the screen: nothing typed is lost, nothing is left open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core import protocol as p
from core.errors import Refused
from core.reading import Session
from tests.fakes.screen import Person, at_work
from tests.fakes.session import FakeSession
from tui.opening import Opening


class Door:
    """Opens when it is told to."""

    def __init__(self, session: FakeSession | Exception, *, resumes: bool = False) -> None:
        self.session, self.resumes = session, resumes
        self.open, self.told = threading.Event(), threading.Event()

    def opener(self) -> Session:
        self.open.wait(20)
        if isinstance(self.session, Exception):
            raise self.session
        return self.session

    def opening(self, nudge: Callable[[], None] = lambda: None) -> Opening:
        def opened() -> None:
            nudge()
            self.told.set()

        return Opening(self.opener, opened, resumes=self.resumes)

    def made(self, sink: Any) -> Opening:
        """As a screen's session: `sink` is its bridge's."""
        if isinstance(self.session, FakeSession):
            self.session.sink = sink
        return self.opening(sink.__self__.nudge)


async def opened(person: Person, door: Door) -> None:
    door.open.set()
    await person.until(door.told.is_set)


async def test_the_goal_line_is_there_before_the_session_is() -> None:
    door = Door(FakeSession())
    async with at_work(door.made) as person:
        await person.sees("opening…", "What should be true afterwards?")
        await person.press(*"be fair", "enter")
        await person.sees("Opening the repository…", "be fair")
        assert door.session.commands == []
        await opened(person, door)
        await person.until(lambda: "opening…" not in person.text)
        assert door.session.commands == [p.StartGoal("be fair")]
        await person.until(lambda: person.app.desk.view.state.goal == "be fair")


async def test_what_is_half_written_stays_when_it_opens() -> None:
    door = Door(FakeSession())
    async with at_work(door.made) as person:
        await person.press(*"half")
        await opened(person, door)
        await person.until(lambda: not person.app.desk.view.opening)
        await person.press(*" done")
        await person.sees("half done")


async def test_a_pane_gone_to_meanwhile_keeps_the_focus() -> None:
    door = Door(FakeSession())
    async with at_work(door.made) as person:
        await person.press("escape", "2")
        await opened(person, door)
        await person.until(lambda: not person.app.desk.view.opening)
        assert person.app.desk.view.pane == "history"


async def test_no_goal_is_asked_for_while_a_session_is_taken_up() -> None:
    door = Door(FakeSession(), resumes=True)
    async with at_work(door.made) as person:
        await person.sees("Opening the session again…")
        assert not person.app.desk.view.typing
        await opened(person, door)
        await person.until(lambda: person.app.desk.view.typing)


async def test_a_repository_that_another_holds_is_looked_at() -> None:
    door = Door(FakeSession(held_by="process 7"))
    async with at_work(door.made) as person:
        await opened(person, door)
        await person.sees("READ-ONLY: process 7")
        await person.until(lambda: person.app.desk.view.pane == "change")


async def test_the_screen_goes_when_it_cannot_be_opened() -> None:
    failure = Refused("There is no repository here.")
    door = Door(failure)
    async with at_work(door.made) as person:
        await opened(person, door)
        await person.until(lambda: person.app._exit)
        assert person.app.session.failed is failure  # type: ignore[attr-defined]


def test_closing_waits_and_closes_what_was_being_opened() -> None:
    door = Door(FakeSession())
    opening = door.opening()
    opening.start()
    opening.submit(p.StartGoal("go on"))
    closer = threading.Thread(target=opening.close)
    closer.start()
    door.open.set()
    closer.join(20)
    assert not closer.is_alive()
    assert door.session.closed  # type: ignore[union-attr]
    assert door.session.commands == [p.StartGoal("go on")]  # type: ignore[union-attr]


def test_what_was_never_started_is_never_opened() -> None:
    door = Door(FakeSession())
    opening = door.opening()
    opening.close()
    opening.start()
    assert opening.opening == "new"
    assert not door.told.is_set()
