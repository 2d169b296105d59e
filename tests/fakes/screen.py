"""A person at the workbench, without a terminal: keys in, text out, and a clock they move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from core.reading import Session
from tui.app import Workbench
from tui.bridge import Bridge

PATIENCE = 10.0


def screen_text(app: Workbench) -> str:
    """What is on the screen, trailing blanks dropped."""
    rows = app.screen._compositor.render_strips()
    return "\n".join(row.text.rstrip() for row in rows)


@dataclass
class Person:
    app: Workbench
    pilot: Any
    moment: list[float]

    @property
    def text(self) -> str:
        return screen_text(self.app)

    def later(self, seconds: float = 1.0) -> None:
        """Lets time pass, so that a question is no longer new."""
        self.moment[0] += seconds

    async def until(self, fact: Callable[[], object]) -> None:
        """Waits until `fact` holds."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not fact():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"it did not come true; the screen says\n{self.text}")
            await self.pilot.pause()
            await asyncio.sleep(0)

    async def sees(self, *words: str) -> None:
        for word in words:
            await self.until(lambda word=word: word in self.text)

    async def press(self, *keys: str) -> None:
        """Presses keys slowly: each is alone, and no question is new."""
        for key in keys:
            self.later()
            await self.pilot.press(key)
            await self.until(lambda: self.app.desk._pending is None)

    async def hurry(self, *keys: str) -> None:
        """Presses keys in one breath, at once."""
        await self.pilot.press(*keys)


@asynccontextmanager
async def at_work(
    make: Callable[[Callable[[Any], None]], Session],
    size: tuple[int, int] = (120, 40),
    **how: Any,
) -> AsyncIterator[Person]:
    """A workbench on `make(sink)`."""
    bridge, moment = Bridge(), [1_000.0]
    session = make(bridge.sink)
    how.setdefault("clock", lambda: session.state.at)
    how.setdefault("env", {})
    app = Workbench(session, bridge, monotonic=lambda: moment[0], **how)
    async with app.run_test(size=size) as pilot:
        person = Person(app, pilot, moment)
        app.desk.query_one("#note").cursor_blink = False
        await person.until(lambda: "loopwright" in person.text or "too small" in person.text)
        change = session.state.iteration and session.state.iteration.change
        await person.until(lambda: not change or app.desk.view.diff is not None)
        yield person
