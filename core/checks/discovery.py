"""Which checks a repository has, by what its files say. Pure: nothing of it is run."""

from __future__ import annotations

from collections.abc import Iterable

from core.checks import discover_native, discover_node, discover_python
from core.checks.candidates import Candidate, Files, Installed, Read
from core.protocol import CheckSpec

__all__ = ["CONFIGURATION", "Candidate", "discover", "look"]

CONFIGURATION = (
    *discover_python.CONFIGURATION, *discover_node.CONFIGURATION, *discover_native.CONFIGURATION,
)  # fmt: skip
"""The files looked at; what they hold decides what trusting a repository would let run."""


def _nothing(_: str) -> bool:
    return False


def look(
    paths: Iterable[str], read: Read, installed: Installed = _nothing
) -> tuple[Candidate, ...]:
    """Every check that a tree could have, with why one is not taken.

    `paths` are all files of the tree, relative, with "/". pytest, ruff and mypy are taken where
    they are configured (pytest also for tests alone); other tools only where they are
    `installed` too, and make only for what nothing else does.
    """
    files = Files(paths, read, installed)
    found = list(discover_python.find(files))
    found += discover_node.find(files)
    found += discover_native.find(files)
    taken = [c.check for c in found if not c.why_not]
    return (*found, *discover_native.make(files, taken))


def discover(
    paths: Iterable[str], read: Read, installed: Installed = _nothing
) -> tuple[CheckSpec, ...]:
    """The checks of a tree that are taken."""
    return tuple(c.check for c in look(paths, read, installed) if not c.why_not)
