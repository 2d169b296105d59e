"""Commands to the session as a whole, and what is typed on the note line."""

from __future__ import annotations

import math

from core import protocol as p
from core.text import clean_line
from tui.acts import comments, finding, plan
from tui.acts.desk import Desk
from tui.note import Mode

LEVELS: tuple[p.Level, ...] = ("each", "step", "green")
LEVEL_SAYS = {
    "each": "each: it stops at every phase",
    "step": "step: it stops at the plan and at results",
    "green": "green: it stops when a result is green, or when it is stuck",
}


def goal(desk: Desk) -> None:
    desk.write("goal")


def note(desk: Desk) -> None:
    gate = desk.view.gate
    desk.write("redirect" if gate is not None and "redirect" in gate.allows else "note")


def unqueue(desk: Desk) -> None:
    desk.submit(p.UnqueueNote())


def level(desk: Desk) -> None:
    now = desk.view.state.level
    then = LEVELS[(LEVELS.index(now) + 1) % len(LEVELS)]
    desk.submit(p.SetLevel(then))
    desk.say(f"Level {LEVEL_SAYS[then]}.")


def proposer(desk: Desk) -> None:
    desk.write("proposer", desk.view.state.choice.name)


def pause(desk: Desk) -> None:
    desk.submit(p.SetPaused(not desk.view.state.paused))


def checks_again(desk: Desk) -> None:
    desk.submit(p.RunChecksAgain())


def cancel(desk: Desk) -> None:
    desk.submit(p.Cancel())


def back(desk: Desk) -> None:
    """Closes the topmost thing; with nothing left to close, asks to cancel what runs."""
    if desk.leave_line():
        return
    if desk.pane("change").begun >= 0:
        desk.pane("change").toggle_selection()
    elif desk.full:
        desk.full = False
    elif desk.past_n:
        desk.past_n = 0
    elif desk.focused_pane.needle:
        desk.focused_pane.find("")
    elif desk.view.working is not None and not desk.view.held_by:
        from tui.screens.ask import AskScreen
        from tui.view import doing

        what = doing(desk.view.working, desk.view.state.choice.name)
        ask = AskScreen(
            "Cancel what runs?", f"{what}. What it has done so far is dropped.", "y", "cancel it"
        )
        desk.app.push_screen(ask, lambda yes: desk.submit(p.Cancel()) if yes else None)
        return
    else:
        desk.say("Nothing to close. q quits, and the session can be resumed.")
    desk.redraw()


def leave(desk: Desk) -> None:
    """Says what is under way, then closes the session without holding up the screen."""
    from tui.screens.ask import AskScreen
    from tui.view import doing

    view = desk.view
    if view.held_by or (view.state.idle and view.working is None):
        desk.app.leave()
        return
    if view.working is not None:
        what = f"{doing(view.working, view.state.choice.name)}: that is stopped."
    elif view.gate is not None:
        what = f"You are being asked: {view.gate.says}"
    else:
        what = "A goal is under way."
    says = f"{what}\n\nNothing of it is lost: `loopwright resume` takes the session up again."
    ask = AskScreen("Quit?", says, "q", "quit")
    desk.app.push_screen(ask, lambda yes: desk.app.leave() if yes else None)


def typed(desk: Desk, mode: Mode, text: str) -> bool:
    """Enter on the note line; True when it was used up, and the line is emptied."""
    text = clean_line(text)
    gate = desk.view.gate
    waiting = mode == "redirect" and desk.view.state.comments
    if not text and mode != "search" and not waiting:
        desk.say("The line is empty; esc leaves it.", "warning")
        return False
    match mode:
        case "goal":
            desk.submit(p.StartGoal(text))
        case "note":
            desk.submit(p.QueueNote(text))
        case "redirect":
            if gate is None or "redirect" not in gate.allows:
                # The question went away while the person wrote: the note is not lost.
                desk.submit(p.QueueNote(text))
            else:
                desk.decide("redirect", note=text)
        case "search":
            if not desk.focused_pane.find(text, onward=False):
                desk.say(f"“{text}” is not in this pane.", "warning")
            return bool(text)
        case "step":
            plan.written(desk, text)
        case "add":
            plan.added(desk, text)
        case "find":
            finding.found(desk, text)
        case "comment":
            comments.written(desk, text)
        case "budget":
            return _raise(desk, text)
        case "proposer":
            if gate is not None and "proposer" in gate.allows:
                desk.decide("proposer", name=text)
            else:
                desk.submit(p.UseProposer(text))
    return True


def _raise(desk: Desk, text: str) -> bool:
    try:
        amount = float(text.lstrip("$").replace(",", "."))
    except ValueError:
        amount = math.nan
    if not (math.isfinite(amount) and amount > 0):
        desk.say(f"“{text}” is no amount of dollars; write one like 0.50.", "warning")
        return False
    desk.decide("budget", amount=amount)
    return True
