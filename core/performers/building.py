"""Builds a change in the workshop: reply or person's edit to a git tree with its hunks."""

from __future__ import annotations

from msgspec.structs import replace

from core import protocol as p
from core.context import Context
from core.edits.apply import apply
from core.edits.parse import parse
from core.errors import ActionFailed
from core.performers.site import Site
from core.repo import hunks
from core.repo.entries import entries
from core.repo.patching import patched
from core.repo.scope import in_scope
from core.state import State, find_try
from core.text import clean_line


def build(site: Site, action: p.Build, state: State, context: Context) -> p.AnyEvent:
    assert state.base is not None
    tree = _tree(site, action, state, state.base)
    context.check()
    if isinstance(tree, p.Conflict):
        return _conflict(action, tree)
    if tree == state.base.tree:
        says = "It changes nothing: every file would be as it is on the base."
        raise ActionFailed(p.Problem("no edits", says, retry=_is_proposal(action)))
    scope = (state.live_step.scope if state.live_step else ()) or site.config.scope
    return p.ChangeBuilt(action.id, describe(site, state.base, tree, scope))


def describe(site: Site, base: p.Base, tree: p.Tree, scope: tuple[str, ...]) -> p.Change:
    """The change from the base's tree to `tree`, with its patch kept as a blob."""
    patch = site.workshop.diff(base.tree, tree)
    parsed = hunks.parse(patch, scope=scope, old=lambda path: site.workshop.read(base.tree, path))
    held = entries(site.workshop.git, tree, [f.change.path for f in parsed])
    files = tuple(
        replace(f.change, blob=held[f.change.path][1]) if f.change.path in held else f.change
        for f in parsed
    )
    return p.Change(tree, base, files, site.journal.blobs.put(patch))


def _conflict(action: p.Build, conflict: p.Conflict) -> p.BuildFailed:
    names = clean_line(", ".join(conflict.paths))
    says = (
        f"Your branch and the change both changed {names}. Nothing was applied; say how it should"
        " be (r), or settle it in your editor (e)."
    )
    return p.BuildFailed(action.id, p.Problem("conflict", says), conflict)


def _tree(site: Site, action: p.Build, state: State, base: p.Base) -> p.Tree | p.Conflict:
    workshop = site.workshop
    match action.origin:
        case p.Proposed():
            return _proposed(site, state, base)
        case p.Subset(of=of, hunks=taken):
            change = site.keep(change_of(site, state, of))
            patch = hunks.subset(site.journal.blobs.get(change.patch), taken)
            return workshop.apply(base.tree, patch)
        case p.Edited(patch=patch) if patch:
            return patched(workshop, base.tree, patch)
        case p.Edited(of=of, files=files):
            return _edited(site, state, base, of, files)
        case p.Rebuilt(of=of) | p.Again(of=of):
            return _rebased(site, state, base, of)


def _rebased(site: Site, state: State, base: p.Base, of: int) -> p.Tree | p.Conflict:
    change = site.keep(change_of(site, state, of))
    return site.workshop.rebase(change.base.tree, change.tree, base.tree)


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


def _edited(
    site: Site, state: State, base: p.Base, of: int, files: tuple[p.EditedFile, ...]
) -> p.Tree:
    edited = find_try(state, of)
    if edited is None or edited.change is not None or edited.conflict is None:
        change = site.keep(change_of(site, state, of))
        return site.workshop.build(change.tree, {f.path: f.content for f in files})
    if not site.workshop.holds(edited.conflict.tree) and isinstance(
        edited.origin, p.Rebuilt | p.Again
    ):
        # The workshop was made again since; the same merge makes the same tree.
        _rebased(site, state, base, edited.origin.of)
    tree = site.workshop.build(edited.conflict.tree, {f.path: f.content for f in files})
    for path in edited.conflict.paths:
        if b"\n<<<<<<< " in b"\n" + (site.workshop.read(tree, path) or b""):
            says = (
                f"{clean_line(path)} still holds both sides between markers. Nothing was applied."
            )
            raise ActionFailed(p.Problem("conflict", says))
    return tree


def change_of(site: Site, state: State, n: int) -> p.Change:
    """The change of an iteration, of this step or of an earlier one. Raises `ActionFailed`."""
    found = find_try(state, n)
    if found is None:
        found = next((t for t in site.journal.iterations(state.session) if t.n == n), None)
    if found is None or found.change is None:
        raise ActionFailed(p.Problem("internal", f"Try {n} has no change to go on from."))
    return found.change


def _is_proposal(action: p.Build) -> bool:
    return isinstance(action.origin, p.Proposed)
