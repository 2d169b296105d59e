"""Undo of a landing: what it would take, as a change of the branch's tip."""

from __future__ import annotations

from collections.abc import Callable

from core.protocol import Base, Change, Tree, UndoPlan
from core.repo.workshop import Workshop


def plan_undo(
    workshop: Workshop,
    base: Base,
    commit: str,
    *,
    redo: bool = False,
    by: str = "",
    describe: Callable[[Tree], Change],
) -> UndoPlan:
    """What taking `commit` back (or bringing it back in) would do. Writes nothing."""
    return UndoPlan(commit, redo, says="It cannot be taken back yet.")


def message(workshop: Workshop, plan: UndoPlan) -> str:
    """The commit message of an undo or a redo."""
    return f"{'Reapply' if plan.redo else 'Revert'} {plan.commit}"
