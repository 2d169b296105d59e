"""Reads vitest, whose JSON is jest's."""

from __future__ import annotations

from collections.abc import Sequence

from core.checks.readers.jest import read

__all__ = ["flags", "read"]

_OWN = frozenset({"--reporter", "--outputFile", "--watch", "-w", "-u", "--update", "--ui"})


def flags(argv: Sequence[str], file: str) -> tuple[str, ...]:
    """One run without watching, with JSON written to `file` beside what is printed."""
    if any(word.split("=")[0].split(".")[0] in _OWN for word in argv):
        return ()
    return ("--run", "--reporter=default", "--reporter=json", f"--outputFile.json={file}")
