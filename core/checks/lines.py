"""The text of the lines that findings are about: it outlives their numbers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from core.protocol import Diagnostic
from core.text import clean_line, decode, shorten

MAX_FILES = 1000
MAX_BYTES = 2 << 20
"""Of one file; a longer one is generated, and its lines say little."""
MAX_LINE = 200


def with_lines(found: Iterable[Diagnostic], folder: Path) -> tuple[Diagnostic, ...]:
    """The same findings, each with its line's text where that can be read below `folder`."""
    root = os.path.realpath(folder)
    files: dict[str, list[bytes]] = {}
    out = []
    for diagnostic in found:
        path = diagnostic.path
        if path not in files and len(files) < MAX_FILES:
            files[path] = _lines(root, path)
        lines = files.get(path, [])
        if 0 < diagnostic.line <= len(lines):
            line = decode(lines[diagnostic.line - 1][: 20 * MAX_LINE])
            diagnostic = replace(diagnostic, text=shorten(clean_line(line), MAX_LINE))
        out.append(diagnostic)
    return tuple(out)


def _lines(root: str, path: str) -> list[bytes]:
    """A path comes from a tool: nothing outside the tree is read, and no pipe is waited for."""
    if not path or "\0" in path or os.path.isabs(path):
        return []
    real = os.path.realpath(os.path.join(root, path))
    if not real.startswith(root + os.sep):
        return []
    try:
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    with os.fdopen(handle, "rb") as file:
        told = os.fstat(handle)
        if not stat.S_ISREG(told.st_mode) or told.st_size > MAX_BYTES:
            return []
        return file.read(MAX_BYTES).split(b"\n")
