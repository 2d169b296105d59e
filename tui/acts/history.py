"""Going through what was: showing a try, comparing two, going on from one, undo and redo."""

from __future__ import annotations

from core import protocol as p
from core.state import Iteration
from tui.acts.desk import Desk


def show_try(desk: Desk) -> None:
    it = desk.pane("history").iteration
    if it is None:
        return
    live = desk.view.state.iteration
    desk.past_n = 0 if live is not None and it.n == live.n else it.n
    desk.redraw()
    desk.focus_pane("change")


def compare(desk: Desk) -> None:
    """The try under the cursor beside the one that the panes show."""
    one, shown = desk.pane("history").iteration, desk.view.shown
    if one is None or shown is None or one.n == shown.n:
        desk.focus_pane("history")
        desk.say("Move to another try than the one on screen (enter shows one), then press =.")
        return
    first, second = sorted((one, shown), key=lambda it: it.n)
    desk.start(_compared(desk, first, second))


async def _compared(desk: Desk, first: Iteration, second: Iteration) -> None:
    from tui.panes.comparing import comparing_rows
    from tui.screens.lines import LinesScreen

    reader = desk.session.reader

    def read() -> tuple[tuple[p.FileDiff, ...], ...]:
        return tuple(reader.diff(it.change) if it.change else () for it in (first, second))

    diffs = await desk.read_now(read)
    title = f"try {first.n} and try {second.n}"
    desk.app.push_screen(
        LinesScreen(title, lambda cells: comparing_rows(first, second, diffs[0], diffs[1], cells))
    )


def go_back(desk: Desk) -> None:
    """Goes on from the try under the cursor (or the earlier one on screen)."""
    view = desk.view
    it = view.past if view.pane != "history" else desk.pane("history").iteration
    if it is None:
        desk.focus_pane("history")
        desk.say("Move to the try to go on from, then press b once more.")
        return
    desk.submit(p.GoBack(it.n, it.step))


def undo(desk: Desk) -> None:
    """Asks about the landing under the cursor in the history, else about the newest."""
    desk.submit(p.AskUndo(_landed_here(desk)))


def redo(desk: Desk) -> None:
    desk.submit(p.AskUndo(_landed_here(desk), redo=True))


def _landed_here(desk: Desk) -> str:
    if desk.view.pane != "history":
        return ""
    it = desk.pane("history").iteration
    return it.commit if it is not None else ""
