"""Where our own files lie: state and configuration folders under XDG, never in the repository."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import JournalError, UsageError

NAME = "loopwright"


def state_home(env: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/loopwright`, by default `~/.local/state/loopwright`. Creates nothing."""
    return _base(env, "XDG_STATE_HOME", ".local/state") / NAME


def config_home(env: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/loopwright`, by default `~/.config/loopwright`. Creates nothing."""
    return _base(env, "XDG_CONFIG_HOME", ".config") / NAME


def _base(env: Mapping[str, str], variable: str, default: str) -> Path:
    given = env.get(variable, "")
    # The XDG specification has relative paths ignored.
    if given and os.path.isabs(given):
        return Path(given)
    home = env.get("HOME", "") or os.path.expanduser("~")
    if not os.path.isabs(home):
        raise UsageError(f"No home folder is known; set HOME or {variable} to an absolute path.")
    return Path(home) / default


def repository_key(root: Path) -> str:
    """Names a repository's state folder: readable, and unique by its real path."""
    real = os.path.realpath(root)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(real)).strip("-.")[:40] or "root"
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    return f"{name}-{digest}"


def repository_path(env: Mapping[str, str], root: Path) -> Path:
    """The state folder that belongs to the repository at `root`. Creates nothing."""
    return state_home(env) / "repositories" / repository_key(root)


def repository_folder(env: Mapping[str, str], root: Path) -> Path:
    """Like `repository_path`, and makes sure that it is there, private (0700) and writable.

    Raises `JournalError` when it cannot be, and `UsageError` when it would lie in the repository.
    """
    folder = repository_path(env, root)
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        raise UsageError(
            f"The state folder {folder} lies inside the repository, which is never written to"
            " before a landing. Set XDG_STATE_HOME to a folder outside of it."
        )
    return ensure(folder)


def ensure(folder: Path) -> Path:
    """Makes `folder` and its missing parents (0700) and returns it. Raises `JournalError`."""
    try:
        for part in (*reversed(folder.parents), folder):
            if not part.exists():
                part.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(20, "it is not a folder")
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _unusable(folder, "permission denied")
    return folder


def _unusable(folder: Path, why: str) -> JournalError:
    return JournalError(
        f"The state folder {folder} cannot be used ({why}). Nothing was started; make it"
        " readable and writable for you, or set XDG_STATE_HOME to another folder."
    )
