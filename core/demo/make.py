"""The demo repository: a small package with tests, some of which fail, as a git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from core.errors import GitFailed, UsageError

FILES = Path(__file__).parent / "files"
GOAL = "make the failing tests pass"

_AUTHOR = ("Mara Lindqvist", "mara@slotbook.example")

_HISTORY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "2025-03-03T09:12:00+0100",
        "Times of day, lengths and half-open intervals",
        ("pyproject.toml", ".gitignore", "src/slotbook/errors.py", "src/slotbook/clock.py",
         "src/slotbook/intervals.py", "tests/test_clock.py", "tests/test_intervals.py"),
    ),
    (
        "2025-03-05T16:40:00+0100",
        "Rooms, and the one that fits a party best",
        ("src/slotbook/rooms.py", "tests/test_rooms.py"),
    ),
    (
        "2025-03-18T11:05:00+0100",
        "Bill begun quarters, evenings and long bookings",
        ("src/slotbook/pricing.py", "tests/test_pricing.py"),
    ),
    (
        "2025-04-07T10:21:00+0200",
        "Repeat bookings by day, week and month",
        ("src/slotbook/recurrence.py", "tests/test_recurrence.py"),
    ),
    (
        "2025-04-22T17:58:00+0200",
        "Keep a day's bookings in order of their start",
        ("src/slotbook/calendar.py", "src/slotbook/__init__.py", "tests/test_calendar.py"),
    ),
)  # fmt: skip
_LAST = ("2025-04-29T09:30:00+0200", "Day sheets for the door, and a README")


def files() -> dict[str, bytes]:
    """The demo repository's files by their path in it, sorted."""
    found = {
        path.relative_to(FILES).as_posix(): path.read_bytes()
        for path in FILES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return dict(sorted(found.items()))


def make(folder: Path) -> Path:
    """Makes the demo repository in `folder`, which must be empty or missing; returns it.

    The same files always give the same commits. Raises `UsageError` when `folder` holds
    something, cannot be written, or git is missing, and `GitFailed` when git fails.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty. Nothing was written to it; name a new folder for the demo."
            )
    except OSError as error:
        raise UsageError(
            f"The demo cannot be put at {folder} ({error.strerror}). Name another folder."
        ) from error
    git = shutil.which("git")
    if git is None:
        raise UsageError("git was not found. Install it (on Debian: apt install git), then retry.")

    content = files()
    _git(git, folder, "init", "--quiet", "--initial-branch=main", "--template=")
    for date, message, paths in _HISTORY:
        _commit(git, folder, date, message, {path: content.pop(path) for path in paths})
    _commit(git, folder, *_LAST, content)
    return folder


def _commit(git: str, folder: Path, date: str, message: str, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    _git(git, folder, "add", "--", *files)
    _git(git, folder, "commit", "--quiet", f"--message={message}", date=date)


def _git(git: str, folder: Path, *argv: str, date: str = "") -> None:
    """Runs git with nobody's configuration, so that the demo is the same everywhere."""
    name, mail = _AUTHOR
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_")
    } | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }  # fmt: skip
    if date:
        environment |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    settings = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "commit.gpgsign=false",
                "gc.auto=0", "maintenance.auto=false")  # fmt: skip
    command = [git, *(part for setting in settings for part in ("-c", setting)), *argv]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode:
        raise GitFailed(argv, done.returncode, done.stderr.decode(errors="replace"))
