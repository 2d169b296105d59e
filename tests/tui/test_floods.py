"""Much of everything: the screen stays quick and small. Bounds are loose; the bench measures."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Offset
from textual.screen import Screen
from textual.selection import Selection

from core import protocol as p
from tests.fakes.screen import at_work
from tests.fakes.shop import Shop, change_of
from tui.panes.rows import Rows


def big_shop(sink: Any) -> Shop:
    """A change of one file and 50,000 lines."""
    lines = tuple(p.DiffLine("+", f"line {n}", 0, n) for n in range(1, 50_001))
    hunk = p.Hunk("big", "big.py", "@@ -0,0 +1,50000 @@", lines)
    diff = p.FileDiff(p.FileChange("big.py", "added", 50_000, 0, hunks=("big",)), (hunk,))
    change = change_of(diff, name="big")
    session = Shop(sink)
    session.recording = replace(session.recording, diffs={change.tree: (diff,)})
    session.reports[p.Build] = lambda s, a: [p.ChangeBuilt(a.id, change)]
    return session.to("red")


async def test_a_diff_of_50_000_lines_is_only_drawn_where_it_is_seen() -> None:
    async with at_work(big_shop) as person:
        await person.sees("+50000 −0")
        pane = person.app.desk.pane("change")
        began = time.perf_counter()
        for key in ("end", "home", "pagedown", "j"):
            await person.press(key)
        assert time.perf_counter() - began < 4
        await person.press("end")
        await person.sees("50000 + line 50000")
        assert len(pane._strips) < 1_000
        for _ in range(20):
            began = time.perf_counter()
            person.app.desk.redraw()
            assert time.perf_counter() - began < 0.25


async def test_keys_are_heard_while_a_check_prints_without_end() -> None:
    def make(sink: Any) -> Shop:
        session = Shop(sink)
        session.hold = {p.RunCheck}
        return session.to("plan")

    async with at_work(make) as person:
        session = person.app.session
        action = next(a for a in session.state.inflight if isinstance(a, p.RunCheck))
        await person.press("4", "o")
        stop = threading.Event()

        def flood() -> None:
            n = 0
            while not stop.wait(0.0005):
                n += 1
                session.sink(p.Output(action.id, "pytest", tuple(f"{n} {i}" for i in range(100))))

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            output = person.app.desk.live.output
            await person.until(lambda: output and output[action.id].gone)
            await person.hurry("1")
            await person.until(lambda: person.app.desk.view.pane == "plan")
            await person.hurry("ctrl+c")
            await person.until(lambda: session.commands == [p.Cancel()])
            assert len(output[action.id].lines) <= 10_000
            assert sum(len(part.lines) for part in person.app.bridge._output) < 10_000
        finally:
            stop.set()
            thread.join()


async def test_another_pane_draws_two_frames_and_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("2", "4")
        await person.pilot.pause()
        done: list[str] = []
        for kind, name in ((Rows, "show"), (Screen, "_refresh_layout")):
            own = getattr(kind, name)

            def counted(self: Any, *how: Any, own: Any = own, name: str = name) -> Any:
                done.append(name)
                return own(self, *how)

            monkeypatch.setattr(kind, name, counted)
        await person.press("2")
        await person.until(lambda: person.app.desk.view.pane == "history")
        await person.pilot.pause()
        assert done == []


def long_shop(sink: Any) -> Shop:
    """A shop whose checks printed a million lines."""
    session = Shop(sink)
    text = "".join(f"line {n} of a flood\n" for n in range(999_999)) + "the \x1b[31mvery\x1b[0m end"
    outputs = dict.fromkeys(session.recording.outputs, text)
    session.recording = replace(session.recording, outputs=outputs)
    return session.to("red")


async def test_a_million_lines_are_all_there_and_found_and_never_all_read() -> None:
    async with at_work(long_shop) as person:
        pane = person.app.desk.pane("checks")
        await person.press("4", "o")
        await person.until(lambda: pane.count > 1_000_000)
        await person.press("home")
        for needle in ("line 999998 of", "the very end"):
            began = time.perf_counter()
            await person.press("/")
            await person.hurry("ctrl+u", *needle, "enter")
            await person.until(lambda needle=needle: needle in pane.text_under_cursor())
            assert time.perf_counter() - began < 10
        await person.sees("the very end")
        assert len(pane._strips) < 1_000
        began = time.perf_counter()
        await person.press("home", "pagedown", "end", "pageup")
        assert time.perf_counter() - began < 5
        assert "line 10 of" in pane.get_selection(_rows(11, 12))[0]


def _rows(first: int, last: int) -> Selection:
    return Selection(Offset(0, first), Offset(9, last))
