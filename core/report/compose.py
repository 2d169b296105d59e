"""What a report says, and in which order. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from core import protocol as p
from core.comments import place
from core.message import summary
from core.report import words
from core.report.account import Account, Answer, Chapter, Try
from core.report.blocks import Block, Heading, Inline, Items, Mono, Para, Patch, Quote
from core.text import strip_colours

FOLDED = 40
"""Lines from which a file's diff is folded."""
MOST_LINES = 5_000
"""Lines of a file's diff that are shown at all."""


def compose(account: Account) -> tuple[Block, ...]:
    return tuple(_session(account))


def title(account: Account) -> str:
    goal = account.chapters[-1].goal if account.chapters else "no goal yet"
    return " ".join(goal.split())[:120]


def _session(account: Account) -> Iterator[Block]:
    state, opened = account.state, account.opened
    yield Heading(1, title(account))
    facts: list[Inline] = [("session ", Mono(state.session), f" of {_moment(account.began)}")]
    if state.repository:
        # Its name alone: where it lies on the person's disk is nobody else's business.
        facts.append(("repository ", Mono(state.repository.rstrip("/").rpartition("/")[2])))
    facts.append((f"proposer: {state.choice.name} ({state.choice.why})",))
    spent = state.spent
    seconds = max(0.0, state.at - account.began)
    cost = f"${spent.usd:.3f} of ${state.budget_usd:.2f}"
    tokens = f"{spent.tokens_in + spent.tokens_out:,} tokens"
    tries = words.counted(len(account.tries), "try").replace("trys", "tries")
    facts.append((f"{tries} · {cost} · {tokens} · {seconds:,.0f} s",))
    if opened is not None:
        facts.append((f"Loopwright {opened.version}",))
    yield Items(tuple(facts))
    for chapter in account.chapters:
        yield from _chapter(account, chapter, several=len(account.chapters) > 1)


def _chapter(account: Account, chapter: Chapter, *, several: bool) -> Iterator[Block]:
    yield Heading(2, f"Goal of {_moment(chapter.at)}" if several else "Goal")
    yield Quote("", chapter.goal)
    if chapter.ended is not None:
        reached = "Reached" if chapter.ended.reached else "Not reached"
        yield Para((f"{reached}: {chapter.ended.says}",))
    else:
        yield Para(("Not ended.",))
    landings = [_landing(x) for x in chapter.landed]
    if landings or chapter.undone:
        yield Heading(3, "Landed")
        yield Items((*landings, *((x,) for x in chapter.undone)))
    yield from _plan(chapter)
    for one in chapter.tries:
        yield from _try(account, one)


def _landing(landed: p.Landed) -> Inline:
    says = f" ({landed.says})" if landed.says else ""
    return (Mono(landed.commit[:12]), ": ", *_monos(landed.paths), says)


def _plan(chapter: Chapter) -> Iterator[Block]:
    if chapter.plan is None:
        return
    yield Heading(3, "Plan")
    if chapter.plan.reasons:
        yield Quote("proposer", chapter.plan.reasons)
    steps: list[Inline] = []
    for n, step in enumerate(chapter.plan.steps, 1):
        line: list[str | Mono] = [f"{n}. {step.intent}"]
        line += [" · in ", *_monos(step.scope)] if step.scope else []
        for need in step.needs:
            holds = "passes" if need.polarity == "pass" else "fails on the base"
            line += [" · ", Mono(need.test or need.check), f" {holds}"]
        line += [" · it held already"] if step.id in chapter.skipped else []
        steps.append(tuple(line))
    yield Items(tuple(steps))
    yield from _said(chapter.comments.values())
    yield from _answers(chapter.answers)


def _try(account: Account, one: Try) -> Iterator[Block]:
    it = one.iteration
    outcome = "landed" if it.outcome == "landed" else it.outcome or "live"
    yield Heading(3, f"Try {it.n} · {outcome}")
    about = [f"by {it.proposer}", words.came_from(it), words.took(it)]
    yield Para((" · ".join(x for x in about if x),))
    for note in it.notes:
        yield Quote("you", note)
    if it.reply is not None and it.reply.reasons:
        yield Quote("proposer", it.reply.reasons)
    if it.problem is not None:
        yield Para((f"It failed: {it.problem.says}",))
    if it.conflict is not None:
        yield Para((f"It {words.conflict(it)}",))
    for file in one.diff:
        yield _patch(file)
    yield from _apart(it.change)
    yield from _evidence(account, one)
    yield from _said(one.comments.values())
    yield from _answers(one.answers, it.change)
    undone = tuple((x,) for x in words.undone(account.state.landings, it.n))
    if undone:
        yield Items(undone)


def _patch(file: p.FileDiff) -> Patch:
    change, hunks, left = file.change, [], MOST_LINES
    for hunk in file.hunks:
        shown = hunk.lines[: max(0, left)]
        left -= len(hunk.lines)
        hunks.append((hunk.header, shown))
    says = "binary" if change.binary else f"+{change.added} −{change.removed}"
    says += f" · was {change.old_path}" if change.old_path else ""
    says += f" · {change.status}" if change.status != "modified" else ""
    says += f" · {-left:,} more lines are not shown" if left < 0 else ""
    return Patch(change.path, says, tuple(hunks), MOST_LINES - left > FOLDED)


def _apart(change: p.Change | None) -> Iterator[Block]:
    reasons = tuple((x,) for x in words.set_apart(change)) if change is not None else ()
    if reasons:
        yield Heading(4, "Set apart")
        yield Items(reasons)


def _evidence(account: Account, one: Try) -> Iterator[Block]:
    it = one.iteration
    items: list[Inline] = []
    for r in it.results:
        says = f" · {r.says}" if r.says else ""
        items.append(
            (f"{r.verdict}: {summary(r)} · {r.seconds:.1f} s · on tree ", Mono(r.tree[:12]), says)
        )
        items += [(Mono(t.id), f" {_first(t.message)}") for t in r.failing[: words.LISTED]]
        items += [
            (Mono(f"{d.path}:{d.line}"), f" {_first(d.message)}")
            for d in r.diagnostics[: words.LISTED]
        ]
    if it.verdict is not None:
        items.append((f"{it.verdict.kind}: {it.verdict.says}",))
        items += [(x,) for x in words.verdict(it.verdict)]
    items += [(x,) for x in words.red_first(it)]
    items += [(x,) for x in words.needed(it, account.tries)]
    if items:
        yield Heading(4, "Evidence")
        yield Items(tuple(items))


def _said(comments: Iterable[p.Comment]) -> Iterator[Block]:
    for comment in comments:
        yield Quote(f"you, on {place(comment)}", comment.text)


def _answers(answers: Iterable[Answer], change: p.Change | None = None) -> Iterator[Block]:
    items: list[Inline] = []
    for answer in answers:
        d = answer.decision
        who = "an option" if d.by == "option" else "you"
        line = f"{_moment(answer.at)} · {who} decided: {d.kind}"
        line += " (not green, confirmed)" if d.confirmed else ""
        line += f", {d.name}" if d.name else ""
        line += f", ${d.amount:.2f} more" if d.amount else ""
        if d.hunks is not None:
            line += f" of {words.listed(words.hunk_named(change, h) for h in d.hunks)}"
        items.append((f"{line}: {d.note}" if d.note else line,))
    if items:
        yield Heading(4, "Decided")
        yield Items(tuple(items))


def _monos(names: Iterable[str]) -> Iterator[str | Mono]:
    for n, name in enumerate(names):
        if n:
            yield ", "
        yield Mono(name)


def _first(message: str) -> str:
    return strip_colours(message).strip().partition("\n")[0][:300]


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
