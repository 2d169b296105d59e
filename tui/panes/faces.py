"""What the change pane shows where there is no change to show: a question, or a welcome."""

from __future__ import annotations

import shlex

from core import protocol as p
from core.text import clean_line
from tui.paint import BLANK, Line, fit, line, wrap
from tui.panes.conflicts import conflict_face
from tui.view import View, doing


def trust_face(view: View, cells: int) -> list[Line]:
    """Everything that trusting this repository would let run, in full."""
    survey = view.state.survey
    if survey is None:
        return wrap("Looking at the repository…", cells, "dim")
    rows = [line(("These commands would run. Nothing of this repository has run yet.", "strong"))]
    for check in survey.checks:
        rows.append(BLANK)
        rows.append(
            line((check.name, "accent strong"), (f"  from {clean_line(check.source)}", "dim"))
        )
        rows += wrap(shlex.join(check.argv), cells, "", "  ")
    if not survey.checks:
        rows += [
            BLANK,
            *wrap("No checks were found: give one with --check, or go on without.", cells, "warn"),
        ]
    kept = survey.isolation.kind != "none"
    rows += [BLANK, *_fact("interpreter", survey.interpreter, cells)]
    isolation = f"{survey.isolation.kind}. {survey.isolation.says}".removeprefix("none. ")
    rows += _fact("isolation", isolation, cells, "ok" if kept else "warn")
    rows += _fact("author", survey.author, cells)
    for skip in survey.skips:
        rows += _fact("not run", f"{skip} (a landing skips it)", cells, "warn")
    for note in survey.notes:
        rows += _fact("note", note, cells, "warn")
    return rows


def _fact(name: str, says: str, cells: int, style: str = "") -> list[Line]:
    rows = wrap(clean_line(says), cells - 13, style)
    first = (f"{name:<12} ", "dim")
    return [((first if n == 0 else (" " * 13, "")), *row) for n, row in enumerate(rows)]


def plan_face(view: View, cells: int) -> list[Line]:
    """The plan at length, with the reasons for it."""
    plan = view.plan
    if plan is None:
        return []
    rows = wrap(plan.reasons, cells) if plan.reasons.strip() else []
    if rows:
        rows.append(BLANK)
    for n, step in enumerate(plan.steps, 1):
        rows += _numbered(n, clean_line(step.intent), cells)
        rows += wrap("scope: " + (", ".join(step.scope) or "any file"), cells, "dim", "   ")
        for need in step.needs:
            what = f"{need.check}: {need.test}" if need.test else f"{need.check} as a whole"
            how = "must fail on the tree that adds it" if need.polarity == "fail" else "must pass"
            rows += wrap(f"evidence: {what} {how}", cells, "dim", "   ")
        rows.append(BLANK)
    rows += wrap(
        "Change it in the plan pane: e edits a step, + adds, d drops, J and K move.", cells, "dim"
    )
    return rows


def _numbered(n: int, intent: str, cells: int) -> list[Line]:
    rows = wrap(intent, cells - 3, "strong")
    return [((f"{n}. " if i == 0 else "   ", "accent"), *row) for i, row in enumerate(rows)]


def moved_face(moved: p.Moved, cells: int) -> list[Line]:
    rows = [line(("What moved", "warn strong"))]
    rows += wrap(
        moved.says or "The branch or files are no longer what this change was made on.", cells
    )
    rows += wrap(f"your branch is now on {moved.head[:10]}", cells, "dim", "  ")
    for path in moved.paths:
        kept = "  uncommitted work of yours, which can be kept" if path in moved.mergeable else ""
        rows += wrap(clean_line(path) + kept, cells, "", "  ")
    return rows


def undo_face(view: View, plan: p.UndoPlan, cells: int) -> list[Line]:
    """What would be taken back (or brought back in), before anything is."""
    what = "Bring back in" if plan.redo else "Take back"
    rows = [line((f"{what} {plan.commit[:10]}", "strong"))]
    if plan.says:
        rows += wrap(clean_line(plan.says), cells, "warn")
    if plan.conflict is not None:
        advice = "Later commits changed the same lines, so nothing is taken back by itself."
        return [*rows, BLANK, *conflict_face(plan.conflict, view.marked, cells, advice)]
    if plan.change is None:
        return rows
    rows += wrap("Nothing is changed yet. These files would be, as shown below:", cells, "dim")
    for f in plan.change.files:
        rows.append(line(("  ", ""), (fit(clean_line(f.path), cells - 24), ""),
                         (f"  {f.status}  +{f.added} −{f.removed}", "dim")))  # fmt: skip
    if plan.move_to:
        rows += wrap(f"The branch can also simply move to {plan.move_to[:10]}.", cells, "dim")
    return rows


def welcome_face(view: View, cells: int) -> list[Line]:
    """Before the first try: what happens, and what was found."""
    state = view.state
    if view.working is not None:
        return wrap(f"{doing(view.working, state.choice.name)}…", cells, "dim")
    if state.ended is not None:
        tone = "ok" if state.ended.reached else "warn"
        return [*wrap(state.ended.says, cells, tone), BLANK, *_next(cells)]
    if state.goal:
        return []
    rows = wrap(
        "Say what should be true afterwards; a goal is one or two sentences.", cells, "strong"
    )
    rows.append(BLANK)
    for sign, says in (
        ("1", "The checks run on the base, so that better and worse mean something."),
        ("2", "A plan is proposed; you approve it, or change it."),
        ("3", "Each try is built in a private copy, and checked there."),
        (
            "4",
            "You see the change beside its evidence, and decide. Only then do your files change.",
        ),
    ):
        for n, row in enumerate(wrap(says, cells - 4, "dim")):
            rows.append(((f"  {sign} " if n == 0 else "    ", "accent"), *row))
    rows += [BLANK, *_found(view, cells)]
    return rows


def _found(view: View, cells: int) -> list[Line]:
    survey = view.state.survey
    if view.opening:
        return []
    rows = _fact(
        "proposer", f"{view.state.choice.name}: {view.state.choice.why}".rstrip(": "), cells
    )
    if survey is None:
        return rows
    names = ", ".join(c.name for c in survey.checks) or "none found; give one with --check"
    rows += _fact("checks", names, cells)
    isolation = survey.isolation
    rows += _fact(
        "isolation",
        isolation.says or isolation.kind,
        cells,
        "" if isolation.kind != "none" else "warn",
    )
    for note in survey.notes:
        rows += _fact("note", note, cells, "warn")
    return rows


def _next(cells: int) -> list[Line]:
    return wrap(
        "Another goal? Type it below. History (2) keeps every try: enter shows one, b goes on from"
        " one; z takes a landing back.",
        cells,
        "dim",
    )
