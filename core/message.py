"""The draft of a landing's commit message: goal, step and evidence. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Collection

from core import protocol as p
from core.state import Iteration, State, find_try

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
        parts.append("\n".join(["Evidence:", *_evidence(s, live.results, live.verdict)]))
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


def _evidence(s: State, results: tuple[p.CheckResult, ...], verdict: p.Verdict) -> list[str]:
    lines = [f"- {summary(r)} on tree {r.tree[:12]}" for r in results]
    if not lines:
        lines = ["- none: no checks ran"]
    lines += [f"- fixes {name}" for name in verdict.fixed[:10]]
    if len(verdict.fixed) > 10:
        lines.append(f"- and {len(verdict.fixed) - 10} more")
    if verdict.kind != "green":
        lines.append(f"- approved although not green: {verdict.says}")
    if verdict.before:
        lines.append(f"- {len(verdict.before)} failed before too and were not asked about")
    if live_red := s.iteration.red if s.iteration else None:
        lines += [f"- {name} fails without the change" for name in live_red.shown[:5]]
        lines += [f"- {name} passes without it too: no evidence" for name in live_red.idle[:5]]
    if s.base is not None and s.base.dirty:
        lines.append("- the checked tree also held uncommitted content that is not in this commit")
    return lines


def summary(result: p.CheckResult) -> str:
    """One check in a few words: "pytest: 14 passed, 1 failed"."""
    counts = ", ".join(f"{n} {outcome}" for outcome, n in sorted(result.counts.items()) if n)
    if not counts and result.diagnostics:
        counts = f"{len(result.diagnostics)} findings"
    return f"{result.check}: {counts or result.verdict}"


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
