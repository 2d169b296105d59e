"""What stands above a change: a question, what streams in, or the proposer's reasons."""

from __future__ import annotations

from core import protocol as p
from core.text import clean, clean_line
from tui.paint import Line, line, wrap
from tui.panes.conflicts import conflict_face
from tui.panes.faces import moved_face, plan_face, trust_face, undo_face, welcome_face
from tui.view import View, doing

REASONS_UP_TO = 4_000
STREAM_ROWS = 400


def streamed(view: View) -> str:
    """What the proposer has written so far of a reply that is not finished."""
    if view.past is not None:
        return ""
    for action in view.state.inflight:
        if isinstance(action, p.Propose | p.MakePlan):
            return view.live.streamed.get(action.id, "") or "…"
    return ""


def change_head(view: View, cells: int, streaming: str) -> list[Line]:
    """Everything above the first hunk."""
    if streaming:
        return _streaming(view, cells, streaming)
    gate, it = view.gate, view.shown
    if view.past is None and gate is not None:
        if gate.kind == "trust":
            return trust_face(view, cells)
        if gate.kind == "plan":
            return plan_face(view, cells)
        if gate.moved is not None:
            return [*moved_face(gate.moved, cells), line(), *_reasons(view, cells)]
        if gate.undo is not None:
            return undo_face(view, gate.undo, cells)
        if gate.conflict is not None:
            advice = "Settle it in your editor (e), or say how it should be (r)."
            return conflict_face(gate.conflict, view.marked, cells, advice)
    if it is None:
        return welcome_face(view, cells)
    return _reasons(view, cells)


def _streaming(view: View, cells: int, text: str) -> list[Line]:
    notes = [
        row for note in view.state.notes
        for row in wrap(f"queued for the next request: “{clean_line(note)}”", cells, "warn italic")
    ]  # fmt: skip
    if text == "…":
        who = view.working
        says = f"{doing(who, view.state.choice.name)}…" if who else "…"
        return [*wrap(says, cells, "dim"), *notes]
    return [*wrap(text, cells)[-STREAM_ROWS:], *notes]


def _reasons(view: View, cells: int) -> list[Line]:
    it = view.shown
    if it is None:
        return []
    rows: list[Line] = []
    if it.problem is not None:
        rows += wrap(f"No change came of this try: {it.problem.says}", cells, "warn")
    match it.origin:
        case p.Subset(of=of):
            rows += wrap(f"The part that you took of try {of}, checked by itself.", cells, "dim")
        case p.Edited(of=of):
            rows += wrap(f"Try {of} as you edited it.", cells, "dim")
        case p.Rebuilt(of=of):
            rows += wrap(f"Try {of}, put on the base as it is now.", cells, "dim")
        case p.Again(of=of):
            rows += wrap(f"Try {of} once more, for another decision than then.", cells, "dim")
        case _:
            pass
    if it.reply is not None and it.reply.reasons.strip():
        rows += wrap(clean(it.reply.reasons.strip())[:REASONS_UP_TO], cells)
    if it.change is not None and view.diff is None:
        rows.append(line(("Reading the change…", "dim")))
    if it.change is not None and view.diff == ():
        rows += wrap("The change is empty: it leaves every file as it was.", cells, "dim")
    if not rows and view.working is not None and view.past is None:
        rows = wrap(f"{doing(view.working, view.state.choice.name)}…", cells, "dim")
    return rows
