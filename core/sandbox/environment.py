"""The environment of a check: variables from an allow-list, ignored files from another."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from core.sandbox.mounts import Place

_KEPT = frozenset({"LANG", "LANGUAGE", "TERM", "TZ", "USER", "LOGNAME", "COLUMNS", "LINES"})
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_FOLDERS = frozenset({"node_modules", "__pypackages__", ".tox", ".nox", ".eggs"})
_SUFFIXES = (".egg-info", ".dist-info", ".egg-link", ".so", ".pyd", ".dylib", ".py", ".pyi")
_SECRET = re.compile(
    r"^\.env|secret|credential|passw|local_settings",
    re.IGNORECASE,
)


def ignored_environment(
    repo: Path, ignored: Iterable[str], see: Collection[str] = ()
) -> tuple[Path, ...]:
    """Which ignored paths checks need to see, out of those that git names.

    `ignored` is what `git ls-files --others --ignored --exclude-standard --directory` prints:
    paths relative to `repo`, folders ending in "/". Virtual environments, installed packages,
    compiled modules and generated sources are taken; caches never are (a stale `.pyc` serves
    old code), nor what looks like a secret, nor data, which checks may want to write. `see`
    names paths that checks may read all the same.
    """
    chosen = []
    for name in ignored:
        path = repo / name.rstrip("/")
        if "__pycache__" in path.parts or ".." in Path(name).parts:
            continue
        if _is_environment(path) or (name.rstrip("/") in see and not path.is_symlink()):
            chosen.append(path)
    return tuple(sorted(chosen))


def _is_environment(path: Path) -> bool:
    if (path / "pyvenv.cfg").is_file():
        return True
    if path.is_symlink() or _SECRET.search(path.name):
        return False
    return (path.name in _FOLDERS and path.is_dir()) or (
        path.name.endswith(_SUFFIXES) and path.exists()
    )


def variables(
    place: Place,
    outer: Mapping[str, str],
    *,
    home: Path,
    bins: Iterable[Path] = (),
    virtual_env: Path | None = None,
    sandboxed: bool = True,
) -> dict[str, str]:
    """What a check's environment holds. Provider keys and everything unnamed stay outside.

    `bins` come first on PATH. Of PYTHONPATH, entries inside the repository are kept, since
    projects rely on `PYTHONPATH=.`; without a sandbox they lead to the workshop, whose folders
    then stand first so that an editable install does not serve the person's sources.
    """
    env = {k: v for k, v in outer.items() if k in _KEPT or k.startswith("LC_")}
    path = [*map(str, bins), *_SYSTEM_PATH]
    env |= {
        "PATH": os.pathsep.join(dict.fromkeys(path)),
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    if sandboxed:
        env["TMPDIR"] = "/tmp"
        if place.stores:
            stores = os.pathsep.join(str(target) for _, target in place.stores)
            env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = stores
    if virtual_env is not None:
        env["VIRTUAL_ENV"] = str(virtual_env)
    entries = [] if sandboxed else [str(place.work / "src"), str(place.work)]
    entries += _python_path(place, outer.get("PYTHONPATH", ""), sandboxed)
    if entries:
        env["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(entries))
    return env


def _python_path(place: Place, value: str, sandboxed: bool) -> list[str]:
    root = place.repo if sandboxed else place.work
    kept = []
    for entry in filter(None, value.split(os.pathsep)):
        inside = Path(os.path.normpath(place.repo / entry))
        for known in (place.repo, *place.aliases):
            if inside == known or known in inside.parents:
                kept.append(str(root / inside.relative_to(known)))
                break
    return kept
