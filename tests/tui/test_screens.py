"""What every screen looks like, as text: a change of one is seen in review."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from core import protocol as p
from tests.fakes.screen import at_work
from tests.fakes.shop import Shop

SIZES = {"wide": (120, 40), "narrow": (80, 24)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("where", ["goal", "trust", "plan", "red", "green"])
async def test_gates(where: str, size: str, snapshot: SnapshotAssertion) -> None:
    def make(sink: object) -> Shop:
        session = Shop(sink)  # type: ignore[arg-type]
        return session if where == "goal" else session.to(where)

    async with at_work(make, size=SIZES[size]) as person:
        await person.pilot.pause()
        assert person.text == snapshot


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("help", ("?",)),
        ("landing", ("a",)),
        ("output", ("4", "o", "f")),
        ("past", ("2", "k", "enter")),
        ("file", ("v",)),
        ("quit", ("q",)),
        ("redirect", ("r",)),
    ],
)
async def test_dialogs_and_faces(
    name: str, keys: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    words = {
        "help": "When you are asked", "landing": "Evidence:", "output": "── mypy",
        "past": "as it was", "file": "esc closes", "quit": "resume", "redirect": "send as redirect",
    }  # fmt: skip
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press(*keys)
        await person.sees(words[name])
        await person.pilot.pause()
        assert person.text == snapshot


async def test_work_under_way(snapshot: SnapshotAssertion) -> None:
    def make(sink: object) -> Shop:
        session = Shop(sink)  # type: ignore[arg-type]
        session.hold = {p.Propose}
        return session.to("red")

    async with at_work(make) as person:
        session = person.app.session
        session.sink(p.Streamed("propose:1", "The sum is a float,\nso it cannot be exact."))
        session.submit(p.QueueNote("mind the cents"))
        await person.sees("cannot be exact", "mind the cents")
        assert person.text == snapshot


async def test_the_end(snapshot: SnapshotAssertion) -> None:
    def make(sink: object) -> Shop:
        session = Shop(sink).to("green")  # type: ignore[arg-type]
        session.answer("stop")
        return session

    async with at_work(make) as person:
        await person.sees("another goal")
        await person.pilot.pause()
        assert person.text == snapshot
