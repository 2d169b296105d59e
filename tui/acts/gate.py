"""Answers to gates. Each becomes one `Decide`, bound to what is on screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import protocol as p
from tui.acts.desk import Desk
from tui.taking import in_words
from tui.view import count


def plainly(kind: p.DecisionKind) -> Callable[[Desk], None]:
    """An answer that needs no more than its key."""
    return lambda desk: desk.decide_by_key(kind)


def approve(desk: Desk) -> None:
    """Asks first where comments were written that an approval would not send."""
    waiting = len(desk.view.state.comments)
    if not waiting:
        _approve(desk)
        return
    from tui.screens.ask import AskScreen

    says = (
        f"{count(waiting, 'comment is', 'comments are')} not sent, and an approval sends none."
        " esc, then r, sends them with a note."
    )
    ask = AskScreen("Approve all the same?", says, "y", "approve without them")
    desk.app.push_screen(ask, lambda yes: _approve(desk) if yes else None)


def _approve(desk: Desk) -> None:
    gate, view, change = desk.view.gate, desk.view, desk.view.change
    if gate is None:
        return
    if gate.kind == "plan":
        desk.decide_by_key("approve", plan=view.draft)
        return
    if change is None:
        return
    from tui.screens.landing import LandingScreen

    every, taken = view.hunks, view.taken
    part = not taken.whole(every)

    def answered(message: str | None) -> None:
        if message is None:
            return
        # A part of a red change is judged by its own checks; only the whole needs confirming.
        desk.decide(
            "approve",
            hunks=taken.written(change) if part else None,
            message=message,
            confirmed=gate.red and not part,
            gate=gate,
        )

    desk.app.push_screen(LandingScreen(gate, in_words(taken, every) if part else ""), answered)


def redirect(desk: Desk) -> None:
    desk.write("redirect")


def undo(how: str) -> Callable[[Desk], None]:
    """Takes back (or brings back in) by a new "commit", or by a "move" of the branch."""
    return lambda desk: desk.decide_by_key("undo", name=how)


def budget(desk: Desk) -> None:
    desk.write("budget")


def decision(gate: p.Gate, kind: p.DecisionKind, **fields: Any) -> p.Decide:
    return p.Decide(p.Decision(gate=gate.id, token=gate.token, kind=kind, **fields))
