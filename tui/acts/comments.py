"""Comments on lines of the change or on steps of the plan; they go with the next redirect."""

from __future__ import annotations

import secrets

from msgspec.structs import replace

from core import protocol as p
from tui.acts.desk import Desk


def write(desk: Desk) -> None:
    """Begins a comment where the cursor is, or takes up the one that is there."""
    place = here(desk)
    if place is None:
        desk.say("The cursor is on no line to comment on.", "warning")
        return
    known = at(desk, place)
    desk.commented = known or place
    desk.write("comment", known.text if known else "")


def written(desk: Desk, text: str) -> None:
    comment = desk.commented
    if comment is None:
        return
    desk.commented = None
    desk.submit(p.AddComment(replace(comment, text=text)))


def drop(desk: Desk) -> None:
    place = here(desk)
    known = at(desk, place) if place else None
    if known is None:
        desk.say("There is no comment here to take back.", "warning")
        return
    desk.submit(p.DropComment(known.id))


def here(desk: Desk) -> p.Comment | None:
    """An empty comment on what is under the cursor; None where there is nothing."""
    view = desk.view
    ident = secrets.token_hex(4)
    if view.pane == "plan":
        plan, step = view.plan, desk.pane("plan").step
        if plan is None or step >= len(plan.steps):
            return None
        return p.Comment(ident, "", line=step + 1, quote=plan.steps[step].intent)
    found = desk.pane("change").range_here()
    if found is None or view.shown is None:
        return None
    path, line, end, old, quote = found
    return p.Comment(ident, "", path, line, end, old, quote, view.shown.n)


def at(desk: Desk, place: p.Comment) -> p.Comment | None:
    """The comment that was written at a place already."""
    for comment in desk.view.state.comments:
        if (comment.path, comment.old) != (place.path, place.old):
            continue
        if comment.line <= place.line <= max(comment.line, comment.end):
            return comment
    return None
