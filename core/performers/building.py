"""Builds a change in the workshop: reply or person's edit to a git tree with its hunks."""

from __future__ import annotations

from core import protocol as p
from core.context import Context
from core.edits.apply import apply
from core.edits.parse import parse
from core.errors import ActionFailed
from core.performers.site import Site
from core.repo import hunks
from core.repo.scope import in_scope
from core.state import Iteration, State


def build(site: Site, action: p.Build, state: State, context: Context) -> p.AnyEvent:
    assert state.base is not None
    tree = _tree(site, action, state, state.base)
    context.check()
    if tree == state.base.tree:
        says = "It changes nothing: every file would be as it is on the base."
        raise ActionFailed(p.Problem("no edits", says, retry=_is_proposal(action)))
    return p.ChangeBuilt(action.id, describe(site, state, state.base, tree))


def describe(site: Site, state: State, base: p.Base, tree: p.Tree) -> p.Change:
    """The change from the base's tree to `tree`, with its patch kept as a blob."""
    patch = site.workshop.diff(base.tree, tree)
    scope = (state.live_step.scope if state.live_step else ()) or site.config.scope
    files = tuple(f.change for f in hunks.parse(patch, scope=scope))
    return p.Change(tree, base, files, site.journal.blobs.put(patch))


def _tree(site: Site, action: p.Build, state: State, base: p.Base) -> p.Tree:
    workshop = site.workshop
    match action.origin:
        case p.Proposed():
            return _proposed(site, state, base)
        case p.Subset(of=of, hunks=taken):
            change = site.keep(_change_of(state, of))
            patch = hunks.subset(site.journal.blobs.get(change.patch), taken)
            return workshop.apply(base.tree, patch)
        case p.Edited(of=of, files=files):
            change = site.keep(_change_of(state, of))
            return workshop.build(change.tree, {f.path: f.content for f in files})
        case p.Rebuilt(of=of):
            change = site.keep(_change_of(state, of))
            return workshop.rebase(change.base.tree, change.tree, base.tree)


def _proposed(site: Site, state: State, base: p.Base) -> p.Tree:
    live = state.iteration
    assert live is not None
    assert live.reply is not None
    reply = parse(site.journal.blobs.get(live.reply.text).decode())
    workshop = site.workshop
    files = apply(reply.edits, lambda path: workshop.read(base.tree, path))
    for path in files:
        if site.config.protected and in_scope(path, site.config.protected):
            says = f"{path} is protected by the repository's configuration; leave it as it is."
            raise ActionFailed(p.Problem("refused path", says, retry=True))
    return workshop.build(base.tree, files)


def _change_of(state: State, n: int) -> p.Change:
    found = next((t for t in _all(state) if t.n == n and t.change is not None), None)
    if found is None or found.change is None:
        raise ActionFailed(p.Problem("internal", f"Try {n} has no change to go on from."))
    return found.change


def _all(state: State) -> tuple[Iteration, ...]:
    return (*state.tries, *((state.iteration,) if state.iteration else ()))


def _is_proposal(action: p.Build) -> bool:
    return isinstance(action.origin, p.Proposed)
