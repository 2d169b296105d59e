"""Object stores that borrow from each other."""

from __future__ import annotations

import os
from pathlib import Path


def object_stores(first: Path) -> tuple[Path, ...]:
    """An object store and those that it borrows from, in turn."""
    found: list[Path] = []
    waiting = [first]
    while waiting:
        store = waiting.pop(0)
        if store in found or not store.is_dir():
            continue
        found.append(store)
        listed = store / "info" / "alternates"
        if listed.is_file():
            lines = os.fsdecode(listed.read_bytes()).split("\n")
            plain = (line for line in lines if line and not line.startswith(("#", '"')))
            waiting.extend((store / line).resolve() for line in plain)
    return tuple(found)


def quoted(path: Path) -> bytes:
    """A line of `alternates`: C-quoted where a plain one would be misread."""
    raw = os.fsencode(path)
    if raw[:1] not in (b'"', b"#") and b"\n" not in raw:
        return raw
    return b'"' + b"".join(_escape(byte) for byte in raw) + b'"'


def _escape(byte: int) -> bytes:
    return bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte
