"""Undo of a landing: what taking its commit back would do to the branch as it is now.

A merge of three: the commit's own tree as the base, the branch as one side, and the tree before
the commit as the other; so later commits stay as they are, the person's own among them. A redo
is the same the other way round. What comes out is a change of the branch's tip, which lands like
any other, with a commit of its own or, where nobody else has seen the commit, by moving the
branch. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.protocol import Base, Change, Conflict, Tree, UndoPlan
from core.repo.history import contains, elsewhere, is_there, parents_of, subject, tree_of
from core.repo.touching import overlap
from core.repo.workshop import Workshop
from core.text import clean_line


def plan_undo(
    workshop: Workshop,
    base: Base,
    commit: str,
    *,
    redo: bool = False,
    by: str = "",
    describe: Callable[[Tree], Change],
) -> UndoPlan:
    """What taking `commit` back (or bringing it back in) would do to the branch of `base`.

    `by` is the commit that took it back, "" where the branch was moved instead. `describe`
    makes a change of the base out of a tree. Where the plan has no change, it says why.
    """
    git = workshop.git
    taken = by if redo and by and contains(git, base.commit, by) else commit
    back = taken == by or not redo
    if says := _impossible(workshop, base, commit, taken, back):
        return UndoPlan(commit, redo, says=says)
    after, before = tree_of(git, taken), tree_of(git, parents_of(git, taken)[0])
    old, new = (after, before) if back else (before, after)
    side = f"{'without' if back else 'with'} {taken[:9]}"
    tree = workshop.rebase(old, new, base.tree, theirs=side)
    if isinstance(tree, Conflict):
        return UndoPlan(commit, redo, conflict=tree, says=_meets(tree, redo))
    if tree == base.tree:
        held = "holds all of it" if redo else "holds nothing of it"
        says = f"Nothing would change: your branch {held} already."
        return UndoPlan(commit, redo, says=says)
    change = describe(tree)
    paths = [name for f in change.files for name in (f.path, f.old_path) if name]
    if mixed := overlap(dict.fromkeys(paths), base.dirty):
        says = (
            f"{clean_line(', '.join(mixed))}: holds uncommitted work of yours that the session"
            " includes. Commit it or put it aside, then ask again."
        )
        return UndoPlan(commit, redo, says=says)
    return UndoPlan(
        commit, redo, change=change, move_to=_move_to(workshop, base, commit, redo=redo)
    )


def message(workshop: Workshop, plan: UndoPlan) -> str:
    """The commit message of an undo or a redo."""
    said = subject(workshop.git, plan.commit)
    # An undo of an undo, as git words it.
    undone = None if plan.redo else re.fullmatch(r'Revert "(.*)"', said)
    if undone:
        title = f'Reapply "{undone[1]}"'
    else:
        title = f'{"Reapply" if plan.redo else "Revert"} "{said}"'
    does = "brings back" if plan.redo else "takes back"
    return f"{title}\n\nThis {does} commit {plan.commit}."


def _impossible(workshop: Workshop, base: Base, commit: str, taken: str, back: bool) -> str:
    """Why the inverse of `taken` (`back`), or its own change, cannot be made; "" where it can."""
    git = workshop.git
    if gone := [c for c in (commit, taken) if not is_there(git, c)]:
        return f"The commit {gone[0][:9]} is no longer in the repository: nothing to go by is left."
    if back and not contains(git, base.commit, taken):
        where = clean_line(base.branch or "HEAD")
        return (
            f"The commit {taken[:9]} is no longer in the history of {where}: it was amended or"
            " rebased since, or another branch is checked out. Take back what stands there with"
            " git."
        )
    parents = parents_of(git, taken)
    if len(parents) != 1:
        what = "is a merge" if parents else "has nothing before it here"
        return f"The commit {taken[:9]} {what}, so it cannot be taken back by itself."
    return ""


def _meets(conflict: Conflict, redo: bool) -> str:
    names = clean_line(", ".join(conflict.paths))
    first = "" if redo else "take those back first, or "
    return (
        f"Your branch has changed the same lines of {names} since. Nothing was changed;"
        f" {first}settle it in your editor and commit that."
    )


def _move_to(workshop: Workshop, base: Base, commit: str, *, redo: bool) -> str:
    """The commit that the branch could move to instead; "" where that would take more along."""
    parents = parents_of(workshop.git, commit)
    if redo:
        return commit if parents == (base.commit,) else ""
    if commit != base.commit or elsewhere(workshop.facts, commit, base.branch):
        return ""
    return parents[0]
