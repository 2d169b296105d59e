"""The change under the person's hands: what of it is taken, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.lanes import main_hunks
from tui.acts.desk import Desk
from tui.panes.arrange import GIVEN
from tui.panes.change import SPLIT_FROM

READ_UP_TO = 4_000_000
"""Bytes of a file up to which more of it than the diff is shown."""


def take(desk: Desk) -> None:
    """Takes or leaves the selected lines, else the hunk or file under the cursor."""
    view, pane = desk.view, desk.pane("change")
    if view.change is None:
        return
    if pane.selected:
        lines = pane.lines_here()
        if not lines:
            desk.say("No changed line is selected; j and k reach further.", "warning")
            return
        desk.set_taken(view.change.tree, view.taken.toggle_lines(lines))
        return
    here = pane.hunks_here()
    if not here:
        desk.say("The cursor is on no hunk; J goes to the next one.", "warning")
        return
    desk.set_taken(view.change.tree, view.taken.toggle(here))


def take_all(desk: Desk) -> None:
    """All of the change but what stands apart: that is taken by itself, where it stands."""
    view = desk.view
    if view.change is None:
        return
    hunks = main_hunks(view.change)
    if not hunks:
        desk.say("Every hunk here stands apart; space takes the one under the cursor.", "warning")
        return
    desk.set_taken(view.change.tree, view.taken.toggle(hunks))


def lines(desk: Desk) -> None:
    desk.pane("change").toggle_selection()


def jump(desk: Desk) -> None:
    if not desk.pane("change").jump():
        desk.say("Enter goes from the list of files to a file.")


def split(desk: Desk) -> None:
    pane, cells = desk.pane("change"), desk.app.size.width
    if cells < SPLIT_FROM and not pane.wish.split:
        desk.say(f"Side by side needs {SPLIT_FROM} columns; this terminal has {cells}.", "warning")
        return
    pane.show_as(replace(pane.wish, split=not pane.wish.split))


def blanks(desk: Desk) -> None:
    pane = desk.pane("change")
    pane.show_as(replace(pane.wish, space=not pane.wish.space))
    desk.say(
        "Changes of blanks alone are hidden; ≈ marks such a line."
        if pane.wish.space
        else "Every change is shown."
    )


def context(by: int) -> Callable[[Desk], None]:
    """More or less context, in the file under the cursor."""

    def act(desk: Desk) -> None:
        pane, change = desk.pane("change"), desk.view.change
        wanted = pane.context_here(by)
        if wanted is None or change is None:
            desk.say("The cursor is on no file; J goes to the next hunk.", "warning")
            return
        path, lines = wanted
        if lines <= GIVEN or pane.knows(path):
            pane.give_context(path, lines)
            return
        files, reader = pane.files, desk.session.reader

        def opened(content: bytes | None) -> None:
            if pane.files is not files:
                return  # another change is on screen by now
            if content is None or len(content) > READ_UP_TO:
                why = "is not in this change any more" if content is None else "is too long for it"
                desk.say(f"There is no more context to show: {path} {why}.", "warning")
                return
            pane.know(path, content)
            pane.give_context(path, lines)

        desk.read(lambda: reader.file(change.tree, path), opened)

    return act
