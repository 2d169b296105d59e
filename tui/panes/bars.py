"""The bars around the panes: status, tabs, verdict, gate and footer. Pure lines, one widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from core import protocol as p
from core.text import clean_line
from tui.commands import Command, allowed, hints, label, show
from tui.paint import Line, Span, Styles, apart, fit, fit_line, flow, line, strip, width, wrap
from tui.view import PANES, Pane, View, count, doing, dollars, minutes

SENTENCE_LINES = 2
BAR = 20
GOAL_CELLS = 30
"""Cells that a goal gets before what matters less is left out of the status line."""


class Bar(Widget):
    """Lines that someone else has made."""

    def __init__(self, *, id: str, styles: Callable[[], Styles]) -> None:
        super().__init__(id=id)
        self.look = styles
        self.lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        if lines != self.lines:
            self.lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        base: Style = self.rich_style
        if y >= len(self.lines):
            return Strip.blank(self.size.width, base)
        return strip(self.lines[y], self.look(), base).crop_extend(0, self.size.width, base)


def status_lines(view: View, cells: int) -> list[Line]:
    """Where we are and what it costs; what matters least gives way first."""
    state = view.state
    name = clean_line(PurePath(state.repository).name) or "…"
    left: list[Span] = [(" loopwright ", "chip"), (f" {fit(name, 24)}", "strong")]
    branch = state.base.branch if state.base else ""
    if state.base is not None:
        left.append((f" ⎇ {fit(clean_line(branch) or 'detached', 24)}", "dim"))
    facts = _facts(view)
    goal_wants = min(width(line(clean_line(state.goal))), GOAL_CELLS) + 4
    while len(facts) > 1 and width(tuple(left)) + _size(facts) + goal_wants > cells:
        facts.remove(min(facts, key=lambda f: f[0]))
    right: list[Span] = []
    for _, text, tone in facts:
        right += [(" · ", "faint")] if right else []
        right.append((text, tone))
    room = cells - width(tuple(left)) - width(tuple(right)) - 4
    goal = fit(clean_line(state.goal), room)
    gap = " " * max(1, room - width(line(goal)) + 1)
    return [fit_line((*left, ("  ", ""), (goal, "strong"), (gap, ""), *right, (" ", "")), cells)]


def _facts(view: View) -> list[tuple[int, str, str]]:
    """(how much it matters, text, tone), in their order on screen."""
    state = view.state
    if view.opening:
        return [(99, "opening…", "dim")]
    facts: list[tuple[int, str, str]] = []
    if view.held_by:
        facts.append((99, f"READ-ONLY: {fit(clean_line(view.held_by), 30)} holds it", "warn"))
    if state.paused:
        facts.append((95, "paused", "warn"))
    facts.append((70, fit(clean_line(state.choice.name), 22), ""))
    facts.append((40, f"{state.level} mode", "dim"))
    if state.survey is not None:
        facts.append(_isolation(view))
    if state.base is not None and state.base.dirty:
        facts.append((60, f"+{len(state.base.dirty)} uncommitted", "warn"))
    if state.moved is not None:
        facts.append((90, "base moved", "warn"))
    if state.plan is not None and state.plan.steps and state.ended is None:
        at = min(state.at_step + 1, len(state.plan.steps))
        facts.append((50, f"step {at}/{len(state.plan.steps)}", "dim"))
    if state.iteration is not None:
        facts.append((55, f"try {state.iteration.n}", "dim"))
    if state.choice.kind == "model":
        spent = f"{dollars(state.spent.usd)} of {dollars(state.budget_usd)}"
        near = state.money_left < state.budget_usd / 5
        facts.append((80, spent, "warn" if near else "dim"))
    return facts


def _isolation(view: View) -> tuple[int, str, str]:
    survey = view.state.survey
    if view.state.trust == "without checks":
        return 85, "no checks", "warn"
    if survey is not None and survey.isolation.kind == "landlock":
        return 85, "weakly sandboxed", "warn"
    if survey is not None and survey.isolation.kind != "none":
        return 45, "sandboxed", "dim"
    return 85, "NOT sandboxed", "warn"


def _size(facts: list[tuple[int, str, str]]) -> int:
    return sum(width(line(text)) + 3 for _, text, _ in facts)


def tab_lines(shown: Pane, cells: int) -> list[Line]:
    spans: list[Span] = [(" ", "")]
    for n, pane in enumerate(PANES, 1):
        spans.append((f" {n} {pane} ", "chip" if pane == shown else "off"))
        spans.append((" ", ""))
    return [fit_line(tuple(spans), cells)]


def gate_lines(view: View, cells: int, table: tuple[Command, ...], *, beat: int = 0) -> list[Line]:
    """What happened in a sentence, and the keys that answer; or what runs, and how long."""
    gate = view.gate
    inner = cells - 2
    if view.held_by and gate is not None:
        says = f"{clean_line(gate.says)} ({view.held_by} is asked; you look on.)"
        rows = wrap(says, inner, "strong")
    elif gate is not None:
        rows = _asked(view, gate, inner, table)
    elif view.working is not None:
        rows = _working(view, view.working, inner, beat)
    else:
        rows = _at_rest(view, inner)
    for note in view.state.notes:
        says = f"queued for the next request: “{clean_line(note)}”   U takes it back"
        rows.append(line((fit(says, inner), "warn")))
    if view.state.comments:
        waiting = count(len(view.state.comments), "comment")
        rows.append(line((f"{waiting} not sent; r sends them with a note", "warn")))
    edge = ("▌ ", "warn") if gate is not None else ("▌ ", "faint")
    return [(edge, *row) for row in rows]


def _asked(view: View, gate: p.Gate, cells: int, table: tuple[Command, ...]) -> list[Line]:
    tone = "warn strong" if gate.red or gate.kind in ("stuck", "moved", "undo") else "strong"
    says = clean_line(gate.says)
    if view.past is not None:
        says = f"You are looking at try {view.past.n}; esc goes back to the question: {says}"
    else:
        says += _apart(view)
    rows = wrap(says, cells, tone)
    if len(rows) > SENTENCE_LINES:
        rows = wrap(fit(says, cells * SENTENCE_LINES - cells // 4), cells, tone)[:SENTENCE_LINES]
    keys: list[Line] = [
        (
            (f" {show(c.keys[0])} ", "chip" if not c.applies(view) else "off"),
            (f" {label(c, gate)}", ""),
        )
        for c in allowed(gate, table)
    ]
    return [*rows, *flow(keys, cells, "   ")]


def _apart(view: View) -> str:
    """What an approval of the hunks as they are taken would leave out."""
    every = view.hunks
    if view.gate is None or "approve" not in view.gate.allows or not every or view.diff is None:
        return ""
    if view.taken.whole(every):
        return ""
    if not view.taken:
        return " No hunk is taken."
    left = sum(view.taken.share(hunk) == "none" for hunk in every)
    part = sum(view.taken.share(hunk) == "part" for hunk in every)
    out = f"{left} of {count(len(every), 'hunk')} {'is' if left == 1 else 'are'} left out"
    if part:
        lines = f"lines of {count(part, 'hunk')}"
        out = f"{out}, and {lines}" if left else f"{lines[0].upper()}{lines[1:]} are left out"
    return f" {out}; approving checks the rest by itself first."


def _working(view: View, action: p.AnyAction, cells: int, beat: int) -> list[Line]:
    since = view.live.started.get(action.id, view.state.at)
    spent = view.now - since
    spinner = "◐◓◑◒"[beat % 4]
    spans: list[Span] = [(f"{spinner} ", "warn"), (doing(action, view.state.choice.name), "strong")]
    if spent >= 0.5:
        spans.append((f"  {minutes(spent)}", "dim"))
    progress = view.live.progress.get(action.id)
    if progress is not None:
        if progress.total:
            full = min(BAR, BAR * progress.done // progress.total)
            spans += [("  ", ""), ("━" * full, "ok"), ("━" * (BAR - full), "faint")]
            spans.append((f" {progress.done:,} of {progress.total:,}", "dim"))
        if progress.says:
            spans.append((f"  {clean_line(progress.says)}", "dim"))
    keys: list[Line] = [((" ctrl+c ", "chip"), " cancel"), ((" i ", "chip"), " note")]  # type: ignore[list-item]
    keys = [tuple((s, "") if isinstance(s, str) else s for s in key) for key in keys]
    if view.state.paused:
        spans.append(("  pausing after this (p goes on)", "warn"))
    return [fit_line(tuple(spans), cells), *flow(keys, cells, "   ")]


def _at_rest(view: View, cells: int) -> list[Line]:
    state = view.state
    if state.ended is not None:
        tone = "ok strong" if state.ended.reached else "warn strong"
        says = f"{clean_line(state.ended.says)}"
        keys: list[Line] = [
            ((" g ", "chip"), (" another goal", "")),
            *([((" z ", "chip"), (" undo", ""))] if state.landings else []),
            ((" q ", "chip"), (" quit", "")),
        ]
        return [*wrap(says, cells, tone)[:SENTENCE_LINES], *flow(keys, cells, "   ")]
    if state.paused:
        return [line(("Paused. ", "warn strong"), "p goes on.")]
    if view.opening and (state.goal or view.opening == "again"):
        what = "the session again" if view.opening == "again" else "the repository"
        return [line((f"Opening {what}…", "dim"))]
    if not state.goal:
        says = "What should be true afterwards? Type a goal and press Enter."
        return [line((fit(says, cells), "strong"))]
    return [line(("…", "dim"))]


def footer_lines(
    view: View, cells: int, table: tuple[Command, ...], notice: p.Notice | None
) -> list[Line]:
    """A notice while there is one; else the keys of what has the focus."""
    if notice is not None:
        tone = {"info": "accent", "warning": "warn", "error": "bad"}[notice.level]
        return [(("  ", ""), *row) for row in wrap(clean_line(notice.says), cells - 4, tone)[:3]]
    always: list[Line] = []
    if view.typing:
        sends = f"send as {view.writing}"
        keys = [("enter", sends), ("esc", "leave, text kept"), ("ctrl+p", "all commands")]
    else:
        near = hints(view, table)
        keys = [(show(c.keys[0]), c.title) for c in near if c.where != "global"]
        always = [_hint(show(c.keys[0]), c.title) for c in near if c.where == "global"]
    right = flow(always, cells, " · ")[0] if always else ()
    room = cells - width(right) - 8
    left = flow([_hint(*key) for key in keys], room, " · ")[:1] or [()]
    return [apart((("  ", ""), *left[0]), (*right, ("  ", "")), cells)]


def _hint(key: str, says: str) -> Line:
    return ((key, "accent"), (f" {says}", "dim"))
