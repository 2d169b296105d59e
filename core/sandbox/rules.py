"""What a check may open where nothing can be mounted: the same things, at their own paths."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.sandbox.mounts import SYSTEM, Bind, Place, private_parts

_DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))


def rules(place: Place, binds: Iterable[Bind], own: Path) -> tuple[list[str], list[str]]:
    """(paths to read, paths to write). `own` is the run's private folder.

    The person's repository and home are in neither: sources that a check finds there by mistake
    fail to load, which is better than a result about them.
    """
    binds = tuple(binds)
    write = [str(place.work), str(own), *_DEVICES]
    write += [str(bind.source) for bind in binds if bind.writable]
    read = ["/usr", "/proc", *SYSTEM, *_open_parts("/etc")]
    read += map(str, (*place.environment, *place.prefixes))
    read += [str(bind.source) for bind in binds if not bind.writable]
    read += [str(store) for store, _ in place.stores]
    read += [str(place.git_dir)] if place.git_dir is not None else []
    return list(dict.fromkeys(read)), list(dict.fromkeys(write))


def _open_parts(top: str) -> Iterator[str]:
    """What may be read below a folder, as few paths as leave out what others may not read."""
    hidden = [path for path, _ in private_parts("/etc")]
    if not any(path.startswith(top + "/") for path in hidden):
        yield top
        return
    for entry in os.scandir(top):
        if entry.path in hidden:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _open_parts(entry.path)
        else:
            yield entry.path
