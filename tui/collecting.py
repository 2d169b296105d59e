"""`gc`: what is kept of past sessions, made less; said in plain words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from core import storage
from core.storage import Collected, in_units
from tui import headless


def gc(env: Mapping[str, str], root: Path | None, *, keep_days: int, dry_run: bool) -> int:
    """Collects one repository's sessions, or (without `root`) those of every repository."""
    if root is not None:
        found = [storage.collect_one(env, root, keep_days=keep_days, dry_run=dry_run)]
    else:
        found = list(storage.collect_all(env, keep_days=keep_days, dry_run=dry_run))
    for one in found:
        for line in _lines(one, shows_empty=root is not None, dry_run=dry_run):
            headless.write(line)
    if root is None:
        total = in_units(sum(one.size for one in found))
        verb = "Would free about" if dry_run else "Freed"
        headless.write(f"{verb} {total} in all, of {_count(len(found), 'repository')}.")
    return 0


def _lines(one: Collected, *, shows_empty: bool, dry_run: bool) -> list[str]:
    if one.kept:
        return [f"{one.repository}: nothing was collected. {one.kept}"]
    if not (one.sessions or one.files or one.workshop):
        return [f"{one.repository}: nothing to collect."] if shows_empty else []
    parts = [_count(len(one.sessions), "session"), _count(one.files, "record")]
    if one.workshop:
        parts.append("a workshop whose repository is no more")
    verb = "would free about" if dry_run else "freed"
    lines = [f"{one.repository}: {verb} {in_units(one.size)} ({', '.join(parts)})"]
    for row in one.sessions:
        opened = time.strftime("%Y-%m-%d", time.localtime(row.opened))
        lines.append(f"  {row.id}  {opened}  {row.goal or '(no goal)'}")
    return lines


def _count(number: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"
