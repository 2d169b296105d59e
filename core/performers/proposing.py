"""Asks the proposer: for a plan, or for a change of the live step."""

from __future__ import annotations

from core import protocol as p
from core.context import Context
from core.edits.format import plain_reasons
from core.edits.parse import parse
from core.errors import ActionFailed
from core.feedback import compose, previous
from core.performers.site import Site
from core.plan import goal_only
from core.propose.base import Brief, Finished
from core.propose.context import pick
from core.propose.planning import parse_plan
from core.state import Iteration, State, lineage
from core.text import clean, decode

CONTEXT_TOKENS = 24_000
LISTING = 2_000
"""Paths of the tree that the proposer is shown."""


def make_plan(site: Site, action: p.MakePlan, state: State, context: Context) -> p.AnyEvent:
    assert state.base is not None
    if not state.options.with_plan:
        plan = goal_only(state.goal, state.base_results)
        return p.PlanProposed(action.id, plan, p.Reply("", ""))
    brief = _brief(site, state, state.base, state.notes)
    finished = site.proposers.chosen(state.choice, state).plan(brief, context, action.id)
    try:
        plan = parse_plan(finished.text, tuple(c.name for c in state.checks))
    except ActionFailed as error:
        raise ActionFailed(error.problem, finished.usage) from error
    return p.PlanProposed(action.id, plan, _reply(site, finished, plan.reasons))


def propose(site: Site, action: p.Propose, state: State, context: Context) -> p.AnyEvent:
    assert state.base is not None
    assert state.iteration is not None
    brief = _brief(site, state, state.base, _said(state))
    finished = site.proposers.chosen(state.choice, state).propose(brief, context, action.id)
    try:
        reasons = parse(finished.text).reasons
    except ActionFailed as error:
        raise ActionFailed(error.problem, finished.usage) from error
    return p.ProposalMade(action.id, _reply(site, finished, plain_reasons(reasons)))


def _reply(site: Site, finished: Finished, reasons: str) -> p.Reply:
    return p.Reply(site.journal.put_text(finished.text), clean(reasons), finished.usage)


def _said(state: State) -> tuple[str, ...]:
    """Everything that the person said in this step, the newest last."""
    rounds = (*lineage(state), *((state.iteration,) if state.iteration else ()))
    return tuple(note for t in rounds for note in t.notes)


def _brief(site: Site, state: State, base: p.Base, notes: tuple[str, ...]) -> Brief:
    step, workshop = state.live_step, site.workshop
    paths = workshop.paths(base.tree)
    scope = step.scope if step else ()
    last = _last_built(state)
    failing = _failing(state, last)
    return Brief(
        goal=state.goal,
        base=base,
        tree=base.tree,
        step=step,
        scope=scope or site.config.scope,
        needs=step.needs if step else (),
        checks=state.checks,
        feedback=compose(state, _patch(site, last), _conflict(site, state)),
        notes=notes,
        files=pick(
            goal=" ".join((state.goal, step.intent if step else "")),
            notes=notes,
            scope=(*scope, *site.config.context, *_touched(last)),
            failing=failing,
            paths=paths,
            read=lambda path: workshop.read(base.tree, path),
            budget_tokens=CONTEXT_TOKENS,
        ),
        listing=paths[:LISTING],
        previous=previous(lineage(state)),
        usd_left=state.money_left,
    )


def _last_built(state: State) -> Iteration | None:
    return next((t for t in reversed(lineage(state)) if t.change is not None), None)


def _touched(last: Iteration | None) -> tuple[str, ...]:
    return tuple(f.path for f in last.change.files) if last and last.change else ()


def _failing(state: State, last: Iteration | None) -> tuple[p.TestRecord, ...]:
    results = last.results if last and last.results else state.base_results
    asked = {n.test for n in state.live_step.needs} if state.live_step else set()
    tests = [t for r in results for t in r.failing]
    about = [t for t in tests if t.id in asked]
    return tuple(about or tests)


def _patch(site: Site, last: Iteration | None) -> str:
    if last is None or last.change is None:
        return ""
    return clean(decode(site.journal.blobs.get(last.change.patch)))


def _conflict(site: Site, state: State) -> str:
    """The files in which the try before meets the base, with both sides between markers."""
    last = next(reversed(lineage(state)), None)
    if last is None or last.conflict is None:
        return ""
    parts = []
    for path in last.conflict.paths:
        content = site.workshop.read(last.conflict.tree, path)
        if content is not None:
            parts.append(f"{clean(path)}:\n{clean(decode(content))}")
    return "\n".join(parts)
