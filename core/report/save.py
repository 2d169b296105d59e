"""Writes a report beside other files: whole or not at all, and over nothing that is not ours."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from core.errors import UsageError
from core.report.html import MARK


def save(text: str, path: Path, *, force: bool = False) -> None:
    """Writes a report. Raises `UsageError` where that cannot be, or would replace another file."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if os.path.lexists(path) and not force and not _is_ours(path):
            raise UsageError(
                f"{path} is there already and is no report of ours. Nothing was written; move it"
                " away, or give --force."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "x", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error}). Nothing was written; name"
            " another folder with --output."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return MARK.encode() in file.read(200)
