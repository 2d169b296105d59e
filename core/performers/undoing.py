"""Takes landings back, and brings back in what was taken back: a landing like any other."""

from __future__ import annotations

from core import protocol as p
from core.context import Context
from core.performers.building import describe
from core.performers.landing import carry_out
from core.performers.site import Site
from core.repo import landing, undo
from core.repo.recovery import recover
from core.state import State


def plan(site: Site, action: p.PlanUndo, state: State) -> p.UndoPlanned:
    """Writes nothing: names what would change, or why it cannot."""
    base = site.workshop.base()
    taken = next((x for x in state.landings if x.commit == action.commit), None)
    found = undo.plan_undo(
        site.workshop,
        base,
        action.commit,
        redo=action.redo,
        by=taken.by if taken is not None else "",
        describe=lambda tree: describe(site, base, tree, ()),
    )
    return p.UndoPlanned(action.id, found)


def take_back(site: Site, action: p.TakeBack, state: State, context: Context) -> p.AnyEvent:
    """All of it or none of it; one that was killed in the middle is recovered first."""
    change, workshop = action.plan.change, site.workshop
    assert change is not None
    if state.intent is not None and recover(site.facts, state.intent).outcome == "new":
        return _done(site, action, state, state.intent)
    site.keep(change)
    if action.move:
        prepared = landing.prepare_move(workshop, change.base, change, action.plan.move_to)
    else:
        message = undo.message(workshop, action.plan)
        prepared = landing.prepare(workshop, change.base, change, message)
    done = carry_out(site, action.id, prepared, change, context)
    if isinstance(done, p.LandingRefused):
        return done
    return _done(site, action, state, *done)


def _done(
    site: Site, action: p.TakeBack, state: State, intent: p.LandingIntent, says: str = ""
) -> p.TakenBack:
    base = site.workshop.base(include_dirty=state.options.include_dirty)
    paths = tuple(f.path for f in intent.files)
    return p.TakenBack(action.id, intent.new_commit, base, paths, says)
