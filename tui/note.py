"""The one line to write on: a goal, a redirect, a note, a search, a step; each keeps its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.widgets import Input

from core.text import clean_line
from tui.view import View

Mode = Literal[
    "goal", "redirect", "note", "search", "step", "add", "budget", "proposer", "comment", "find"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How the line looks in a mode."""

    prompt: str
    placeholder: str


WAYS: dict[Mode, Way] = {
    "goal": Way("goal", "what should be true afterwards…"),
    "redirect": Way("redirect", "say what it should do differently…"),
    "note": Way("note", "a note for the next request…"),
    "search": Way("search", "text to find in this pane…"),
    "step": Way("step", "what this step should do…"),
    "add": Way("new step", "what the new step should do…"),
    "budget": Way("raise by $", "how many dollars more, e.g. 0.50"),
    "find": Way("find", "words in goals, notes, comments, paths, tests or commits of any session…"),
    "comment": Way("comment", "what about these lines…"),
    "proposer": Way("proposer", "repair, script:FILE, or a model's name as litellm knows it"),
}


class NoteInput(Input):
    """An input whose pasted text is cleaned and keeps all of its lines, as one."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.put(event.text)

    def put(self, text: str) -> None:
        """Inserts text from outside at the cursor."""
        self.insert_text_at_cursor(clean_line(text))


def resting_mode(view: View) -> Mode:
    """What the line is for while nobody is writing on it."""
    if view.gate is not None and "redirect" in view.gate.allows:
        return "redirect"
    return "goal" if view.state.idle else "note"


def resting_words(view: View) -> str:
    """What the line says while nobody is writing on it."""
    if view.held_by:
        return "read-only"
    mode = resting_mode(view)
    if mode == "note" and view.gate is not None:
        return ""
    key = {"redirect": "r", "goal": "g", "note": "i"}[mode]
    return f"{key}: {WAYS[mode].placeholder}"
