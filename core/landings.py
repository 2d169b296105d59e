"""Which of the session's landings stand, through undos, redos and undos of those. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from core.state import Iteration, Landing, State, Undoing


def standing(s: State) -> tuple[Landing, ...]:
    """The landings of this session whose effect is on the branch, oldest first."""
    return tuple(x for x in s.landings if not x.gone and not x.undoes)


def taken_back(s: State) -> tuple[Landing, ...]:
    """The landings that were taken back, the one to be redone first last."""
    return tuple(x for x in s.landings if x.gone and not x.undoes)


def after_undo(
    landings: tuple[Landing, ...], done: Undoing, commit: str, paths: tuple[str, ...]
) -> tuple[Landing, ...]:
    """The landings once an undo (or a redo) ended with the branch on `commit`."""
    target = next((x for x in landings if x.commit == done.commit), None)
    if target is None:
        return landings
    by = "" if done.how == "move" else commit
    if done.redo and by and not target.by:
        # The branch had moved away from the landing's own commit: this one stands for it.
        return tuple(replace(x, commit=commit, gone=False) if x is target else x for x in landings)
    now = [_turned(x, by, gone=not done.redo) if x is target else x for x in landings]
    if target.undoes:
        # An undo of an undo brings what that took away back.
        now = [
            _turned(x, target.commit, gone=done.redo) if x.commit == target.undoes else x
            for x in now
        ]
    if by:
        now.append(Landing(0, "", by, paths, undoes=target.by if done.redo else target.commit))
    return tuple(now)


def last_word(live: Iteration, after: State) -> Iteration:
    """How an iteration ended that the state no longer holds: landed, or left for another step."""
    landing = next((x for x in after.landings if x.iteration == live.n), None)
    if landing is None:
        return live if live.outcome else replace(live, outcome="left", ended=after.at)
    return replace(live, outcome="landed", commit=landing.commit, ended=after.at)


def _turned(landing: Landing, by: str, *, gone: bool) -> Landing:
    return replace(landing, gone=gone, by=by if gone else "")
