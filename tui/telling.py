"""Events, gates and changes as short lines of plain text, for where there is no screen. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable

from core import lanes
from core import protocol as p
from core.ledger import Claim
from core.message import summary
from core.state import State
from core.text import clean, clean_line, shorten

DIFF_LINES = 400
"""How much of a change is printed before a question about it."""


def tell(event: p.AnyEvent, state: State) -> str:
    """One event in a line or a few; "" for those that only matter to the machinery.

    `state` is a state that holds the event.
    """
    match event:
        case p.SessionOpened():
            who = f"{event.choice.name}: {event.choice.why}"
            return f"loopwright {event.version} · session {event.session} · {who}"
        case p.Surveyed():
            return _survey(event.survey, again=state.surveys > 1)
        case p.GoalSet():
            return f"goal: {event.goal}"
        case p.PlanProposed():
            return "\n".join(["plan:", *_plan(event.plan)])
        case p.StepSkipped():
            return f"skipped: {event.says}"
        case p.ProposalMade():
            return _reply(event.reply, state)
        case p.ReplyFailed() | p.BuildFailed() | p.Failed():
            return f"failed: {event.problem.says}"
        case p.ChangeBuilt():
            return "\n".join(f"  {line}" for line in files(event.change))
        case p.CheckFinished():
            return check(event.result, reused=event.reused)
        case p.Judged():
            return f"{'✓' if event.verdict.kind == 'green' else '✗'} {event.verdict.says}"
        case p.Decided():
            by = "by option" if event.decision.by == "option" else "by you"
            note = f": {event.decision.note}" if event.decision.note else ""
            return f"decided {by}: {event.decision.kind}{note}"
        case p.BaseMoved():
            return f"moved: {event.moved.says}" if event.moved else "moved back"
        case p.LandingRefused():
            if event.problem is not None:
                return f"not landed: {event.problem.says}"
            return f"not landed: {event.moved.says if event.moved else 'something moved'}"
        case p.Landed():
            says = f" ({event.says})" if event.says else ""
            return f"landed {event.commit[:10]}: {', '.join(event.paths)}{says}"
        case p.RedShown() if event.idle:
            return f"no evidence: {', '.join(event.idle)} (passes without the change too)"
        case p.NeedsFound() if event.tests:
            return f"the part by itself fails {', '.join(event.tests)}"
        case p.WentBack():
            return f"going on from try {event.iteration}"
        case p.TakenBack():
            return f"the branch is on {event.commit[:10]}: {', '.join(event.paths)}"
        case p.GoalEnded():
            return event.says
        case _:
            return ""


def _survey(survey: p.Survey, *, again: bool) -> str:
    base = survey.base
    lines = [f"base: {base.branch or 'detached HEAD'} at {base.commit[:10]}"]
    if base.dirty:
        lines[0] += f", with uncommitted content of {len(base.dirty)} files"
    if again:
        return lines[0]
    lines += [f"check: {c.name}: {' '.join(c.argv)} ({c.source})" for c in survey.checks]
    lines.append(f"python: {survey.interpreter} · {survey.isolation.says or survey.isolation.kind}")
    lines += [f"note: {note}" for note in survey.notes]
    return "\n".join(lines)


def _plan(plan: p.Plan) -> list[str]:
    lines = []
    for number, step in enumerate(plan.steps, 1):
        scope = f" · in {', '.join(step.scope)}" if step.scope else ""
        lines.append(f"  {number}. {step.intent}{scope}")
    return lines


def _reply(reply: p.Reply, state: State) -> str:
    usage = reply.usage
    cost = (
        f" · {usage.tokens_in}+{usage.tokens_out} tokens, ${usage.usd:.3f}"
        if usage.tokens_in
        else ""
    )
    return f"try {state.count}{cost}\n{indent(reply.reasons)}".rstrip()


def check(result: p.CheckResult, *, reused: bool = False) -> str:
    """One check's result: a line, and the first of what it found."""
    mark = "✓" if result.verdict == "pass" else "✗"
    lines = [f"{mark} {summary(result)} · {'as before' if reused else f'{result.seconds:.1f} s'}"]
    if result.says:
        lines.append(f"    {result.says}")
    lines += [f"    {t.id}: {first_line(t.message)}" for t in result.failing[:5]]
    lines += [f"    {d.path}:{d.line}: {first_line(d.message)}" for d in result.diagnostics[:5]]
    more = max(0, len(result.failing) - 5) + max(0, len(result.diagnostics) - 5)
    return "\n".join([*lines, f"    and {more} more"] if more else lines)


def claim(one: Claim) -> str:
    """A line of the ledger: what must hold, how it stands, and the run that says so."""
    mark = {"held": "✓", "failed": "✗", "asserted": "?", "stale": "~"}[one.standing]
    words = [f"{mark} {one.standing}: {one.what}"]
    words += [f"{one.check}: {one.counts}"] if one.counts else []
    words += [f"tree {one.tree[:12]}"] if one.tree else []
    words += [time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.when))] if one.when else []
    return " · ".join((*words, one.run) if one.run else words)


def files(change: p.Change) -> list[str]:
    """The change's files, one line each, with what sets a file apart."""
    stands = lanes.apart(change)
    lines = []
    for f in change.files:
        counts = "binary" if f.binary else f"+{f.added} −{f.removed}"
        whys = dict.fromkeys(stands[h] for h in f.hunks if h in stands)
        apart = f" · STANDS APART: it {', it '.join(whys)}" if whys else ""
        old = f" (was {f.old_path})" if f.old_path else ""
        lines.append(f"{f.status} {f.path}{old} {counts}{apart}")
    return lines


def diff(parsed: Iterable[p.FileDiff], limit: int = DIFF_LINES) -> list[str]:
    """A change as lines to read: file, hunk headers, lines; at most `limit` of them."""
    lines: list[str] = []
    for file in parsed:
        lines.append(f"── {file.change.path}")
        for hunk in file.hunks:
            lines.append(f"@@ {hunk.header.strip().strip('@').strip()}")
            lines += [f"{line.kind}{line.text}" for line in hunk.lines]
    if limit and len(lines) > limit:
        left = len(lines) - limit
        return [*lines[:limit], f"… {left} lines more: `loopwright show` has all of them"]
    return lines


def first_line(text: str) -> str:
    return shorten(clean_line(text.strip().partition("\n")[0]), 160)


def indent(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())


def plain(text: str) -> str:
    """The last stop before a terminal: whatever a text holds, it is shown and not obeyed."""
    return "\n".join(clean(line) for line in text.split("\n"))
