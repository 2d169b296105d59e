"""How fast a very long change opens, scrolls and is searched, in the app but for the terminal."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from core import protocol as p
from core.repo.hunks import parse
from tests.bench.table import Row, median, p95
from tests.fakes.screen import Person, at_work
from tests.fakes.shop import Shop, change_of
from tui.panes.change import ChangePane

LINES = 50_000
SHAPES = {"one file": 1, "500 files": 500}
SIZE = (160, 50)
TELLS = "read from the patch, laid out and painted; beside it what reading takes"


def rows(quick: bool) -> Iterator[Row]:
    pages = 40 if quick else 200
    small = asyncio.run(_measured(1, 200, pages))
    for name, files in SHAPES.items():
        for split in (False, True):
            big = asyncio.run(_measured(files, LINES // files, pages, split))
            what = f"a diff of {LINES:,} lines in {name}{', side by side' if split else ''}"
            yield Row(
                f"open {what}", median(big.opens), "ms", 500, p95=max(big.opens),
                floor=big.parse, floor_is="parse", note=TELLS if files == 1 and not split else "",
            )  # fmt: skip
            yield Row(
                f"a page of {what}", median(big.pages), "ms", 50, p95=p95(big.pages),
                floor=median(small.pages), floor_is="200 lines",
            )  # fmt: skip
            yield Row(
                f"search {what}", median(big.searches), "ms", 100, p95=max(big.searches),
                floor=big.scan, floor_is="str.find",
            )  # fmt: skip


class _Times:
    """Milliseconds."""

    def __init__(self) -> None:
        self.opens: list[float] = []
        self.pages: list[float] = []
        self.searches: list[float] = []
        self.parse = 0.0
        self.scan = 0.0


def patch(files: int, lines: int) -> bytes:
    """A patch with `lines` lines in each of `files` files: removed, added and context."""
    quads = lines // 4
    body = "".join(
        f" def f{n}(value):\n-    return alpha({n}, 'some text')\n"
        f"+    return beta({n}, 'some text')\n \n"
        for n in range(quads)
    )
    sections = (
        f"diff --git a/src/m{f}.py b/src/m{f}.py\nindex {'1' * 40}..{'2' * 40} 100644\n"
        f"--- a/src/m{f}.py\n+++ b/src/m{f}.py\n@@ -1,{quads * 3} +1,{quads * 3} @@ top\n{body}"
        for f in range(files)
    )
    return "".join(sections).encode()


async def _measured(files: int, lines: int, pages: int, split: bool = False) -> _Times:
    times, raw = _Times(), patch(files, lines)
    parse(raw)
    times.parse, diff = _took(lambda: parse(raw))
    change = change_of(*diff, name="big")

    def make(sink: Any) -> Shop:
        session = Shop(sink)
        session.recording = replace(session.recording, diffs={change.tree: diff})
        session.reports[p.Build] = lambda s, a: [p.ChangeBuilt(a.id, change)]
        return session.to("red")

    async with at_work(make, size=SIZE) as person:
        pane: ChangePane = person.app.desk.pane("change")
        if split:
            await person.press("u")
        view = person.app.desk.view
        gc.collect()
        gc.freeze()  # as the app does on a terminal
        for _ in range(5):
            took, _ = _took(lambda: _opened(pane, replace_diff(view, parse(raw))))
            times.opens.append(took)
        await _scroll(person, pane, pages, times)
        text = "\n".join(line.text for one in diff for hunk in one.hunks for line in hunk.lines)
        times.scan, _ = _took(lambda: text.casefold().find("no such words"))
        for _ in range(5):
            times.searches.append(_took(lambda: pane.find("no such words"))[0])
    return times


async def _scroll(person: Person, pane: ChangePane, pages: int, times: _Times) -> None:
    pane.to(0)
    for _ in range(pages):
        took, _ = _took(lambda: (pane.cmd_page_down(), _painted(pane)))
        times.pages.append(took)
        await asyncio.sleep(0)
    await person.pilot.pause()


def replace_diff(view: Any, diff: tuple[p.FileDiff, ...]) -> Any:
    from dataclasses import replace

    return replace(view, diff=diff)


def _opened(pane: ChangePane, view: Any) -> None:
    pane.show(view)
    _painted(pane)


def _painted(pane: ChangePane) -> None:
    for y in range(pane.size.height):
        pane.render_line(y)


def _took(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return 1000 * (time.perf_counter() - began), found


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"diffs": rows}
