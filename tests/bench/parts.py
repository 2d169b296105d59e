"""Building a part of a change, beside what git alone takes for the same patch."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.picks import pick
from core.repo.facts import inspect
from core.repo.hunks import parse, subset
from core.repo.workshop import Workshop
from tests.bench.loop import FILES, many_files
from tests.bench.table import Row, median
from tests.fakes.repos import make_repo

CHANGED = 40
"""Files of the change, with three hunks each."""


def rows(quick: bool) -> Iterator[Row]:
    turns = 5 if quick else 25
    with tempfile.TemporaryDirectory(prefix="bench-parts-") as name:
        folder = Path(name)
        repo = make_repo(folder / "repo", many_files())
        shop = Workshop.open(folder / "shop", inspect(repo))
        base = shop.base().tree
        patch = shop.diff(base, shop.build(base, _changed(shop, base)))
        began = time.monotonic()
        files = parse(patch, old=lambda path: shop.read(base, path))
        told = 1000 * (time.monotonic() - began)
        hunk = files[len(files) // 2].hunks[1]
        some = [n for n, line in enumerate(hunk.lines) if line.kind != " "][:3]
        for what, taken in (("one hunk", hunk.id), ("lines of a hunk", pick(hunk.id, some))):
            ours, plain = [], []
            part = subset(patch, [taken])
            for _ in range(turns):
                began = time.monotonic()
                tree = shop.apply(base, subset(patch, [taken]))
                ours.append(1000 * (time.monotonic() - began))
                seconds, theirs = _by_git(shop, base, part, folder)
                plain.append(1000 * seconds)
                assert tree == theirs
            note = (
                f"of {len(files)} files and {len(patch) // 1000} kB; telling all of it took"
                f" {told:.0f} ms"
            )
            yield Row(
                f"build {what} of a change, {FILES:,} files", median(ours), "ms", 2, of_ratio=True,
                floor=median(plain), floor_is="git apply, write-tree", note=note,
            )  # fmt: skip
        shop.close()


def _changed(shop: Workshop, base: str) -> dict[str, bytes | None]:
    changed: dict[str, bytes | None] = {}
    for path in shop.paths(base)[: CHANGED * 100 : 100]:
        lines = (shop.read(base, path) or b"").splitlines(keepends=True)
        for at in (4, 20, 36):
            lines[at : at + 2] = [b"    y = x * 2\n", b"    return y + 1\n", b"\n"]
        changed[path] = b"".join(lines)
    return changed


def _by_git(shop: Workshop, base: str, patch: bytes, folder: Path) -> tuple[float, str]:
    """Seconds that git takes with an index that is ready, and the tree that it makes."""
    env = {**os.environ, "GIT_INDEX_FILE": str(folder / "index")}
    ready = folder / "ready"

    def git(*argv: str, given: bytes = b"") -> str:
        done = subprocess.run(
            ["git", f"--git-dir={shop.git_dir}", *argv],
            env=env, input=given, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode().strip()

    if not ready.exists():
        git("read-tree", base)
        git("write-tree")
        shutil.copyfile(folder / "index", ready)
    shutil.copyfile(ready, folder / "index")
    began = time.monotonic()
    git("apply", "--cached", "-", given=patch)
    tree = git("write-tree")
    return time.monotonic() - began, tree


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"parts": rows}
