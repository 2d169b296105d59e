"""The one table of commands: it feeds keys, palette, footer and help.

A command that does not apply says why. What a command does stands in `tui.acts`, under its id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from core import protocol as p
from tui.view import PANES, View

Where = Literal["gate", "change", "checks", "history", "plan", "rows", "global"]
"""Where a key counts: "rows" is any pane that has the focus."""


def always(view: View) -> str:  # noqa: ARG001
    return ""


def _every(gate: p.Gate) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True, slots=True)
class Command:
    id: str
    title: str
    keys: tuple[str, ...]
    """As typed ("J", "$") or as Textual names them ("ctrl+p", "enter"); the first is shown."""
    where: Where
    applies: Callable[[View], str] = always
    """Why it does not apply now, in a sentence; "" when it does."""
    footer: bool = False
    decision: p.DecisionKind | None = None
    """The decision that it leads to (gate commands)."""
    offered: Callable[[p.Gate], bool] = _every
    """Whether a gate that takes its decision names it among the answers."""


def ours(view: View) -> str:
    if view.held_by:
        return f"{view.held_by} has this repository open; here you can only look on."
    return ""


def decides(
    kind: p.DecisionKind, offered: Callable[[p.Gate], bool] = _every
) -> Callable[[View], str]:
    def applies(view: View) -> str:
        gate = view.gate
        if view.held_by:
            return ours(view)
        if gate is None:
            return "Nothing is asked of you right now."
        if view.past is not None:
            return f"You are looking at try {view.past.n}; esc goes back to what is asked."
        if kind not in gate.allows or not offered(gate):
            keys = ", ".join(f"{show(c.keys[0])} {label(c, gate)}" for c in allowed(gate))
            return f"That is no answer to this question. It takes: {keys}."
        if kind == "approve" and gate.kind != "plan" and not view.taken:
            return "No hunk is taken. Space takes the one under the cursor; x rejects them all."
        return ""

    return applies


def _change(view: View) -> str:
    return "" if view.diff else "There is no change on screen."


def _choosing(view: View) -> str:
    if why := ours(view) or _change(view):
        return why
    if view.past is not None:
        return f"Try {view.past.n} is history; esc goes back to the present."
    if view.gate is None or "approve" not in view.gate.allows:
        return "Hunks are taken or left once the checks have judged the change."
    return ""


def _commenting(view: View) -> str:
    if why := ours(view):
        return why
    if view.past is not None:
        return f"Try {view.past.n} is history; b goes on from it."
    if view.gate is None or view.gate.kind == "undo" or not {"redirect"} & set(view.gate.allows):
        return "Comments are written while you are asked about a change or a plan."
    return _change(view) if view.pane == "change" else _planning(view)


def _resting(view: View) -> str:
    """For what begins something new: not while anything runs."""
    if why := ours(view):
        return why
    if view.gate is not None and view.gate.kind in ("trust", "undo"):
        return "Answer what is asked first."
    if view.gate is None and view.state.ended is None:
        return "Something is under way; cancel it first (ctrl+c), or wait for the question."
    return ""


def _back(view: View) -> str:
    return _resting(view) or _history(view)


def _undo(view: View) -> str:
    if why := _resting(view):
        return why
    return "" if view.state.landings else "Nothing was landed in this session."


def _comparing(view: View) -> str:
    return "" if len(view.history) > 1 else "There are no two tries to compare yet."


def _planning(view: View) -> str:
    if why := ours(view):
        return why
    if view.gate is None or view.gate.kind != "plan":
        return "The plan can be changed while you are asked about it."
    return ""


def _again(view: View) -> str:
    if why := ours(view):
        return why
    if view.past is not None:
        return f"Try {view.past.n} is history; its checks are not run again."
    if view.gate is None or view.change is None or (view.shown and view.shown.outcome):
        return "Checks run again when a change is on screen and you are asked about it."
    return "" if view.state.checks else "No checks run in this session."


def _goal(view: View) -> str:
    if why := ours(view):
        return why
    return "" if view.state.idle else "A goal is under way; stop it first (s when you are asked)."


def _running(view: View) -> str:
    if why := ours(view):
        return why
    if isinstance(view.working, p.Land):
        return "A landing is whole or not at all; it ends in a moment."
    return "" if view.working is not None else "Nothing is running."


def _queued(view: View) -> str:
    return ours(view) or ("" if view.state.notes else "No note is queued.")


def _history(view: View) -> str:
    return "" if view.history else "There is no try to show yet."


def _checks(view: View) -> str:
    return "" if view.state.survey is not None else "The repository has not been looked at yet."


def _gate(
    kind: p.DecisionKind,
    title: str,
    key: str,
    *more: str,
    name: str = "",
    offered: Callable[[p.Gate], bool] = _every,
) -> Command:
    ident = f"gate.{name or kind.replace(' ', '_')}"
    applies = decides(kind, offered)
    return Command(ident, title, (key, *more), "gate", applies, decision=kind, offered=offered)


def _can_move(gate: p.Gate) -> bool:
    return gate.undo is not None and bool(gate.undo.move_to)


def _has_patch(gate: p.Gate) -> bool:
    return bool(gate.token) and gate.conflict is None


TABLE: tuple[Command, ...] = (
    _gate("approve", "approve", "a"),
    _gate("trust", "trust and run them", "y"),
    _gate("without checks", "go on without checks", "w"),
    _gate("run", "run the checks", "a", "enter", name="run"),
    _gate("rebuild", "rebuild on what is there now", "R"),
    _gate("merge", "land it, your uncommitted work kept", "M"),
    _gate("undo", "by a new commit", "a"),
    _gate("undo", "by moving the branch", "m", name="undo_move", offered=_can_move),
    _gate("keep", "leave it as it is", "x"),
    _gate("next", "next try", "n"),
    _gate("redirect", "redirect", "r"),
    _gate("edit", "edit", "e"),
    _gate("reject", "reject", "x"),
    _gate("budget", "raise the budget", "$"),
    _gate("proposer", "other proposer", "m", name="proposer"),
    _gate("stop", "stop", "s"),
    Command("rows.down", "next line", ("j", "down"), "rows"),
    Command("rows.up", "line before", ("k", "up"), "rows"),
    Command("rows.page_down", "a page down", ("pagedown", "ctrl+d"), "rows"),
    Command("rows.page_up", "a page up", ("pageup", "ctrl+u"), "rows"),
    Command("rows.home", "to the top", ("home",), "rows"),
    Command("rows.end", "to the end", ("end", "G"), "rows"),
    Command("rows.left", "scroll left", ("left", "h"), "rows"),
    Command("rows.right", "scroll right", ("right",), "rows"),
    Command("rows.search", "search", ("/",), "rows", footer=True),
    Command("rows.search_next", "next match", ("N",), "rows"),
    Command("rows.copy", "copy the line or the selection", ("y",), "rows"),
    Command("change.hunk_next", "next hunk", ("J",), "change", _change, footer=True),
    Command("change.hunk_previous", "hunk before", ("K",), "change", _change),
    Command("change.file_next", "next file", ("]",), "change", _change),
    Command("change.file_previous", "file before", ("[",), "change", _change),
    Command("change.jump", "go to the file", ("enter",), "change", _change),
    Command("change.take", "take or leave hunk", ("space",), "change", _choosing, footer=True),
    Command("change.lines", "select lines", ("V",), "change", _change, footer=True),
    Command("change.all", "take or leave all", ("A",), "change", _choosing, footer=True),
    Command("change.split", "side by side or not", ("u",), "change", _change),
    Command("change.more", "more context", ("}",), "change", _change),
    Command("change.less", "less context", ("{",), "change", _change),
    Command("change.blanks", "hide or show changes of blanks", ("W",), "change", _change),
    Command("change.whole", "whole file", ("v",), "change", _change, footer=True),
    Command("change.open", "open in $EDITOR", ("o",), "change", _change, footer=True),
    Command("change.edit_patch", "edit the patch", ("E",), "change", decides("edit", _has_patch)),
    Command("change.comment", "comment", ("c",), "change", _commenting, footer=True),
    Command("change.comment_drop", "take the comment here back", ("d",), "change", _commenting),
    Command("checks.face", "output / problems", ("o",), "checks", _checks, footer=True),
    Command("checks.go", "go to the line", ("enter",), "checks", _checks, footer=True),
    Command("checks.again", "run again", ("R",), "checks", _again, footer=True),
    Command("history.show", "show this try", ("enter",), "history", _history, footer=True),
    Command("history.compare", "compare with the one on screen", ("=",), "history", _comparing,
            footer=True),
    Command("plan.edit", "edit step", ("e", "enter"), "plan", _planning, footer=True),
    Command("plan.add", "add a step", ("+",), "plan", _planning, footer=True),
    Command("plan.drop", "drop step", ("d",), "plan", _planning, footer=True),
    Command("plan.down", "move step down", ("J",), "plan", _planning, footer=True),
    Command("plan.up", "move step up", ("K",), "plan", _planning),
    Command("plan.comment", "comment", ("c",), "plan", _commenting, footer=True),
    Command("plan.comment_drop", "take the comment here back", ("D",), "plan", _commenting),
    *(Command(f"global.{pane}", f"{pane} pane", (str(n),), "global")
      for n, pane in enumerate(PANES, 1)),
    Command("global.next_pane", "next pane", ("tab",), "global"),
    Command("global.previous_pane", "pane before", ("shift+tab",), "global"),
    Command("global.full", "full screen", ("f",), "global", footer=True),
    Command("global.goal", "a goal", ("g",), "global", _goal),
    Command("global.find", "find in every session", ("F", "ctrl+f"), "global"),
    Command("global.go_back", "go on from an earlier try", ("b",), "global", _back),
    Command("global.undo", "undo a landing", ("z",), "global", _undo),
    Command("global.redo", "redo a landing", ("Z",), "global", _undo),
    Command("global.note", "a note for the next request", ("i",), "global", ours),
    Command("global.unqueue", "take the queued note back", ("U",), "global", _queued),
    Command("global.level", "level: each, step, green", ("l",), "global", ours),
    Command("global.proposer", "model or proposer", ("m",), "global", ours),
    Command("global.pause", "pause after this, or go on", ("p",), "global", ours),
    Command("global.cancel", "cancel what runs", ("ctrl+c",), "global", _running),
    Command("global.back", "close, or ask to cancel", ("escape",), "global"),
    Command("global.theme", "theme", ("t",), "global"),
    Command("global.palette", "all commands", ("ctrl+p",), "global"),
    Command("global.help", "help", ("?",), "global", footer=True),
    Command("global.quit", "quit", ("q",), "global", footer=True),
)  # fmt: skip

_SHOWN = {"space": "space", "escape": "esc", "pagedown": "pgdn", "pageup": "pgup"}


def show(key: str) -> str:
    """How a key is written for people."""
    return _SHOWN.get(key, key)


def label(command: Command, gate: p.Gate) -> str:
    """What a gate command is called at this gate."""
    if command.id == "gate.approve" and gate.kind == "plan":
        return "approve the plan"
    if command.id == "gate.approve" and gate.red:
        return "approve though red"
    if command.id == "gate.edit" and gate.conflict is not None:
        return "settle it in your editor"
    return command.title


def allowed(gate: p.Gate, table: tuple[Command, ...] = TABLE) -> list[Command]:
    """The commands that answer this gate, in the table's order."""
    return [
        c for c in table if c.decision is not None and c.decision in gate.allows and c.offered(gate)
    ]


def candidates(key: str, view: View, table: tuple[Command, ...] = TABLE) -> list[Command]:
    """What a key may mean, the nearest first: the gate, the focused pane, then the rest."""
    order: list[Where] = ["gate"]
    if view.pane is not None:
        order += [view.pane, "rows"]
    if view.gate is not None and view.gate.kind == "plan":
        order.append("plan")
    order.append("global")
    found = [c for c in table if key in c.keys and c.where in order]
    return sorted(found, key=lambda c: order.index(c.where))


def choose(key: str, view: View, table: tuple[Command, ...] = TABLE) -> tuple[Command | None, str]:
    """The command that a key means now, or None with the reason ("" when it means nothing)."""
    reasons = []
    for command in candidates(key, view, table):
        why = command.applies(view)
        if not why:
            return command, ""
        reasons.append((command.where == "gate" and view.gate is None, why))
    reasons.sort(key=lambda r: r[0])
    return None, reasons[0][1] if reasons else ""


def hints(view: View, table: tuple[Command, ...] = TABLE) -> list[Command]:
    """What the footer shows: commands of the focused pane that apply, then the global ones."""
    wheres: list[Where] = [view.pane, "rows", "global"] if view.pane else ["global"]
    marked = [c for c in table if c.footer and c.where in wheres and not c.applies(view)]
    return sorted(marked, key=lambda c: wheres.index(c.where))


def remapped(keys: Mapping[str, str], table: tuple[Command, ...] = TABLE) -> tuple[Command, ...]:
    """The table with the person's own keys: command id → key."""
    return tuple(replace(c, keys=(keys[c.id],)) if c.id in keys else c for c in table)
