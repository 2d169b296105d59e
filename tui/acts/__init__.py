"""What each command of the table does, by its id."""

from __future__ import annotations

from collections.abc import Callable

from tui.acts import change, gate, look, plan, session
from tui.acts.desk import Desk

Act = Callable[[Desk], None]

ACTS: dict[str, Act] = {
    "gate.approve": gate.approve,
    "gate.trust": gate.plainly("trust"),
    "gate.without_checks": gate.plainly("without checks"),
    "gate.run": gate.plainly("run"),
    "gate.rebuild": gate.plainly("rebuild"),
    "gate.next": gate.plainly("next"),
    "gate.redirect": gate.redirect,
    "gate.edit": gate.edit,
    "gate.reject": gate.plainly("reject"),
    "gate.budget": gate.budget,
    "gate.proposer": session.proposer,
    "gate.stop": gate.plainly("stop"),
    "rows.search": look.search,
    "rows.search_next": look.search_next,
    "rows.copy": look.copy,
    "change.take": change.take,
    "change.lines": change.lines,
    "change.all": change.take_all,
    "change.jump": change.jump,
    "change.split": change.split,
    "change.more": change.context(1),
    "change.less": change.context(-1),
    "change.blanks": change.blanks,
    "change.whole": look.whole,
    "change.open": look.open_file,
    "checks.face": look.face,
    "checks.go": look.go,
    "checks.again": session.checks_again,
    "history.show": look.show_try,
    "plan.edit": plan.edit,
    "plan.add": plan.add,
    "plan.drop": plan.drop,
    "plan.down": plan.mover(1),
    "plan.up": plan.mover(-1),
    "global.plan": look.to_pane("plan"),
    "global.history": look.to_pane("history"),
    "global.change": look.to_pane("change"),
    "global.checks": look.to_pane("checks"),
    "global.next_pane": look.next_pane(1),
    "global.previous_pane": look.next_pane(-1),
    "global.full": look.full,
    "global.goal": session.goal,
    "global.note": session.note,
    "global.unqueue": session.unqueue,
    "global.level": session.level,
    "global.proposer": session.proposer,
    "global.pause": session.pause,
    "global.cancel": session.cancel,
    "global.back": session.back,
    "global.theme": look.theme,
    "global.palette": look.palette,
    "global.help": look.help_page,
    "global.quit": session.leave,
}
"""Commands that move in rows, hunks and files and are not here are the focused pane's own."""
