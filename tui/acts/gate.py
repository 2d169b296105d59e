"""Answers to gates. Each becomes one `Decide`, bound to what is on screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import protocol as p
from tui.acts.desk import Desk
from tui.taking import in_words


def plainly(kind: p.DecisionKind) -> Callable[[Desk], None]:
    """An answer that needs no more than its key."""
    return lambda desk: desk.decide_by_key(kind)


def approve(desk: Desk) -> None:
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


def budget(desk: Desk) -> None:
    desk.write("budget")


def edit(desk: Desk) -> None:
    """The file under the cursor, as the proposal left it, goes to the person's editor."""
    view, change = desk.view, desk.view.change
    if change is None or view.gate is None:
        return
    path, line = desk.pane("change").place()
    if not path:
        desk.say("There is no file in this change to edit.", "warning")
        return
    reader, gate = desk.session.reader, view.gate

    def opened(content: bytes | None) -> None:
        if content is None:
            desk.say(f"{path} does not exist in this change, so it cannot be edited.", "warning")
            return
        desk.start(_edited(desk, gate, path, line, content))

    desk.read(lambda: reader.file(change.tree, path), opened)


async def _edited(desk: Desk, gate: p.Gate, path: str, line: int, content: bytes) -> None:
    changed: bytes | None = await desk.app.edit(path, content, line)
    if changed is None:
        return
    if changed == content:
        desk.say("The file was left as it was; nothing was decided.")
        return
    desk.decide("edit", files=(p.EditedFile(path, changed),), gate=gate)


def decision(gate: p.Gate, kind: p.DecisionKind, **fields: Any) -> p.Decide:
    return p.Decide(p.Decision(gate=gate.id, token=gate.token, kind=kind, **fields))
