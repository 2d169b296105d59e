"""The draft of a landing's commit message: goal, step and evidence. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Collection

from core import protocol as p
from core import statement
from core.state import Iteration, State, find_try
from core.text import clean_line

SUBJECT_WIDTH = 72


def commit_message(s: State) -> str:
    step, live = s.live_step, s.iteration
    intent = step.intent if step else s.goal
    subject = textwrap.shorten(intent, SUBJECT_WIDTH, placeholder="…")
    parts = [subject]
    if subject != intent:
        parts.append(_wrap(intent))
    if s.goal and s.goal != intent:
        parts.append(_wrap(f"Goal: {s.goal}"))
    if live is not None and live.verdict is not None:
        parts.append("\n".join(statement.lines(stated(s, live, live.verdict))))
    proposer = live.proposer if live else s.choice.name
    by_hand = "; edited by hand" if live is not None and _edited(s, live) else ""
    parts.append(f"Assisted-by: Loopwright ({proposer}{by_hand})")
    return "\n\n".join(parts) + "\n"


def _edited(s: State, live: Iteration) -> bool:
    """Whether the person's own hand is in the change, now or in what it was made of."""
    at: Iteration | None = live
    while at is not None and not isinstance(at.origin, p.Proposed):
        if isinstance(at.origin, p.Edited):
            return True
        at = find_try(s, at.origin.of)
    return False


def renewed(message: str, s: State) -> str:
    """A message of the person's with the evidence of the live iteration in its place.

    They may have written it when another change was on screen: the whole of this part.
    """
    live = s.iteration
    if live is None or live.verdict is None:
        return message
    return statement.replaced(message, stated(s, live, live.verdict))


def stated(s: State, live: Iteration, verdict: p.Verdict) -> statement.Statement:
    """What is known of an iteration's change, for its commit to say."""
    needs = s.live_step.needs if s.live_step else ()
    labels: dict[statement.Kind, tuple[str, ...]] = {
        "fixes": verdict.fixed,
        "breaks": verdict.new,
        "loses": verdict.lost,
        "leaves": verdict.left,
        "shows": live.red.shown if live.red else (),
        "idle": live.red.idle if live.red else (),
    }
    names = {k: statement.names(map(statement.label, found)) for k, found in labels.items()}
    names["asks"] = statement.names(map(statement.need_label, needs), statement.MOST_ASKED)
    if live.change is not None:
        names["file"] = statement.names(_files(live.change), statement.MOST_FILES)
    base = live.change.base if live.change else s.base
    return statement.Statement(
        tree=live.change.tree if live.change else "",
        base=base.commit if base else "",
        dirty=bool(base and base.dirty),
        ran=tuple(_ran(s, result) for result in live.results),
        names={kind: some for kind, some in names.items() if some.shown},
        before=len(verdict.before),
        despite="" if verdict.kind == "green" else statement.exact(clean_line(verdict.says)),
    )


def _ran(s: State, result: p.CheckResult) -> statement.Ran:
    spec = next((c for c in s.checks if c.name == result.check), None)
    argv = result.argv or (spec.argv if spec else ())
    given = spec is not None and spec.source == "--check"
    return statement.Ran(
        result.check, result.verdict, statement.counted(result), statement.command_line(argv), given
    )


def _files(change: p.Change) -> list[str]:
    touched: dict[str, str | None] = {f.old_path: None for f in change.files if f.old_path}
    touched |= {f.path: None if f.status == "deleted" else f.blob for f in change.files}
    return [statement.file_label(path, touched[path]) for path in sorted(touched)]


def summary(result: p.CheckResult) -> str:
    """One check in a few words: "pytest: 14 passed, 1 failed"."""
    return f"{result.check}: {statement.counted(result) or result.verdict}"


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, SUBJECT_WIDTH, break_long_words=False))


def hunks_in_words(hunks: Collection[str], change: p.Change | None) -> str:
    """Hunks by their place: "hunk 2 of cart.py"; "" where none is the change's."""
    found = []
    for f in change.files if change else ():
        for at, one in enumerate(f.hunks, 1):
            if one in hunks:
                found.append(f.path if len(f.hunks) == 1 else f"hunk {at} of {f.path}")
    return " and ".join(found)
