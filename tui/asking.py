"""Gates as questions on a plain terminal: prints what is decided about, reads one answer."""

from __future__ import annotations

import sys

from core import protocol as p
from core.reading import Reader
from core.state import State
from tui import telling
from tui.answers import Answer, Leave, exit_code

_KEYS: tuple[tuple[str, p.DecisionKind, str], ...] = (
    ("y", "trust", "trust these checks"),
    ("w", "without checks", "without checks"),
    ("a", "approve", "approve"),
    ("c", "run", "run the checks"),
    ("n", "next", "next try"),
    ("r", "redirect", "redirect with a note"),
    ("x", "reject", "reject"),
    ("R", "rebuild", "rebuild on the new base"),
    ("M", "merge", "land it, your uncommitted work kept"),
    ("u", "undo", "take it back with a new commit"),
    ("k", "keep", "leave it as it is"),
    ("$", "budget", "raise the cap"),
    ("s", "stop", "stop"),
)


def ask(gate: p.Gate, state: State, reader: Reader) -> Answer:
    """Shows what the gate is about and asks until there is an answer.

    None when the answer given does not count yet and the question is to be asked again. The end
    of input leaves the gate as it is.
    """
    _say(_about(gate, state, reader))
    offered = [(key, kind, words) for key, kind, words in _KEYS if kind in gate.allows]
    menu = " · ".join(f"{key} {words}" for key, _, words in offered)
    line = _read(f"{gate.says}\n{menu} › ")
    if line is None:
        return Leave(exit_code(gate), "No answer was given; the session can be resumed.")
    key, _, note = line.strip().partition(" ")
    kind = next((kind for k, kind, _ in offered if k == key), None)
    if kind is None:
        keys = ", ".join(key for key, _, _ in offered)
        _say(f"Answer with one of {keys}; r takes a note after it.")
        return None
    return _decision(gate, kind, note.strip())


def _decision(gate: p.Gate, kind: p.DecisionKind, note: str) -> Answer:
    amount, confirmed = 0.0, False
    if kind == "redirect" and not note:
        note = _read("what should it do differently? › ") or ""
    if kind == "budget":
        amount = _dollars(note or _read("how many dollars more? (tries are raised too) › ") or "")
        note = ""
    if kind == "approve" and gate.red:
        confirmed = (
            _read("This is not green. Type “land” to land it all the same › ") or ""
        ) == "land"
        if not confirmed:
            _say("Not approved.")
            return None
    name = "commit" if kind == "undo" else ""
    return p.Decision(
        gate.id, gate.token, kind, note=note, amount=amount, confirmed=confirmed, name=name
    )


def _dollars(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        return 0.0
    return amount if 0 <= amount < 1e6 else 0.0


def _about(gate: p.Gate, state: State, reader: Reader) -> str:
    lines: list[str] = []
    change = state.iteration.change if state.iteration else None
    if gate.kind == "trust" and state.survey is not None:
        survey = state.survey
        lines += ["These would run, and their configuration would be obeyed:"]
        lines += [f"  {' '.join(c.argv)}   ({c.source})" for c in survey.checks]
        lines += [f"  with {survey.interpreter}", f"  {survey.isolation.says}"]
    elif gate.kind in ("run", "result", "stuck") and change is not None and gate.token:
        lines += telling.diff(reader.diff(change))
        lines += [f"  {line}" for line in telling.files(change)]
        lines += [f"  a landing skips: {skipped}" for skipped in gate.skips]
    elif gate.kind == "moved" and gate.moved is not None:
        lines += [f"  moved: {path}" for path in gate.moved.paths]
    return "\n".join(lines)


def _say(text: str) -> None:
    if text:
        sys.stderr.write(telling.plain(text) + "\n")
        sys.stderr.flush()


def _read(question: str) -> str | None:
    """One line from the person; None at the end of input."""
    sys.stderr.write(telling.plain(question))
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None
