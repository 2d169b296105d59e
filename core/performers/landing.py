"""Lands an approved change, and watches for movement under one that waits."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from core import protocol as p
from core.context import Context
from core.performers.site import Site
from core.repo import landing, moved
from core.repo.facts import Facts
from core.repo.recovery import recover
from core.state import State


def land(site: Site, action: p.Land, state: State, context: Context) -> p.AnyEvent:
    """All of it or none of it; a landing that was killed in the middle is recovered first."""
    change, workshop = action.change, site.workshop
    if state.intent is not None and recover(site.facts, state.intent).outcome == "new":
        return _landed(site, action, state, state.intent)
    site.keep(change)
    prepared = landing.prepare(workshop, change.base, change, action.message, merge=action.merge)
    done = carry_out(site, action.id, prepared, change, context)
    if isinstance(done, p.LandingRefused):
        return done
    return _landed(site, action, state, *done)


def carry_out(
    site: Site,
    action: str,
    prepared: p.LandingIntent | p.Moved,
    change: p.Change,
    context: Context,
) -> tuple[p.LandingIntent, str] | p.LandingRefused:
    """Journals what was prepared, then lands it; the intent, and what the person should know."""
    if isinstance(prepared, p.Moved):
        return p.LandingRefused(action, prepared)
    context.record(p.LandingPrepared(action, prepared))
    what = landing.land(site.workshop, prepared, change.base, change)
    if isinstance(what, p.Moved):
        return p.LandingRefused(action, what)
    return prepared, what.says


def _landed(
    site: Site, action: p.Land, state: State, intent: p.LandingIntent, says: str = ""
) -> p.Landed:
    base = site.workshop.base(include_dirty=state.options.include_dirty)
    paths = tuple(f.path for f in intent.files)
    return p.Landed(action.id, intent.new_commit, base, paths, says)


def watch(site: Site, action: p.Watch, context: Context) -> None:
    """Reports movement until cancelled. What the file system says is a hint; hashes decide."""
    # Imported late: a session that never shows a change does not need it.
    from watchfiles import watch as hints

    stop = threading.Event()
    context.on_cancel(stop.set)
    last: p.Moved | None = None
    folders = _folders(site.facts, action.paths)
    for _ in hints(
        *folders,
        stop_event=stop,
        recursive=False,
        yield_on_timeout=True,
        rust_timeout=2_000,
        debounce=200,
        step=50,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        if context.cancelled:
            return
        now = moved.moved(site.workshop, action.base, action.paths)
        if now != last:
            context.record(p.BaseMoved(action.id, now))
            last = now


def _folders(facts: Facts, paths: Iterable[str]) -> list[Path]:
    wanted = {facts.root / Path(path).parent for path in paths}
    wanted |= {facts.git_dir, facts.common_dir / "refs" / "heads"}
    return sorted(folder for folder in wanted if folder.is_dir())
