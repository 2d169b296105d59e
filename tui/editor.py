"""The person's own editor, on a file set aside for it."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from core.errors import LoopwrightError

TAKES_PLUS_LINE = {"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "hx", "ne"}


class EditorFailed(LoopwrightError):
    """The editor could not be started, or ended with an error."""


def editor_argv(env: Mapping[str, str]) -> tuple[str, ...]:
    """The person's editor as an argv; empty when none is named, or its words make no sense."""
    for name in ("VISUAL", "EDITOR"):
        if env.get(name, "").strip():
            try:
                return tuple(shlex.split(env[name]))
            except ValueError:
                return ()
    return ()


def edit_bytes(argv: tuple[str, ...], path: str, content: bytes, line: int = 0) -> bytes:
    """What the person makes of `content` in their editor. Raises `EditorFailed`.

    The file set aside keeps the name of `path`, so that the editor knows its language.
    """
    with tempfile.TemporaryDirectory(prefix="loopwright-edit-") as folder:
        aside = Path(folder) / (PurePosixPath(path).name or "text")
        aside.write_bytes(content)
        run_editor(argv, aside, line)
        try:
            return aside.read_bytes()
        except OSError as error:
            raise EditorFailed(
                f"The edited file is gone ({error.strerror}); the change stays as it was."
            ) from error


def run_editor(argv: tuple[str, ...], path: Path, line: int = 0) -> None:
    at = [f"+{line}"] if line > 1 and Path(argv[0]).name in TAKES_PLUS_LINE else []
    try:
        code = subprocess.run([*argv, *at, str(path)], check=False).returncode
    except OSError as error:
        raise EditorFailed(
            f"{argv[0]} could not be started ({error.strerror}); nothing was edited."
            " Set $EDITOR to an editor that is installed."
        ) from error
    if code:
        raise EditorFailed(f"{argv[0]} ended with {code}; what it wrote was not taken.")
