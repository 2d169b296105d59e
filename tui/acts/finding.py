"""Finding words in everything that was recorded for this repository."""

from __future__ import annotations

import time

from core.search import Found
from core.text import clean_line
from tui.acts.desk import Desk
from tui.paint import Line, fit, line


def find(desk: Desk) -> None:
    desk.write("find")


def found(desk: Desk, words: str) -> None:
    """Shows where the words are; enter goes to a try of this session."""
    reader = desk.session.reader
    desk.read(lambda: reader.find(words), lambda rows: _show(desk, words, rows))


def _show(desk: Desk, words: str, rows: tuple[Found, ...]) -> None:
    from tui.screens.lines import LinesScreen

    if not rows:
        desk.say(f"“{clean_line(words)}” is in no session of this repository.", "warning")
        return

    def chosen(at: int | None) -> None:
        if at is not None and at < len(rows):
            _go(desk, rows[at])

    own = desk.view.state.session
    title = f"“{clean_line(words)}”: {len(rows)} found"
    screen = LinesScreen(
        title, lambda cells: [_row(one, own, cells) for one in rows], chooses="goes there"
    )
    desk.app.push_screen(screen, chosen)


def _row(one: Found, own: str, cells: int) -> Line:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
    where = "this session" if one.session == own else one.session
    number = f"try {one.iteration:<3}" if one.iteration else "goal   "
    head = f"{when}  {where}  {number}  {one.kind:<7}  "
    return line((head, "dim"), (fit(one.excerpt, max(10, cells - len(head))), ""))


def _go(desk: Desk, one: Found) -> None:
    if one.session != desk.view.state.session:
        number = f" {one.iteration}" if one.iteration else ""
        desk.say(f"It is of another session: `loopwright show {one.session}{number}` tells all.")
        return
    live = desk.view.state.iteration
    desk.past_n = 0 if live is not None and live.n == one.iteration else one.iteration
    desk.redraw()
    desk.focus_pane("change")
