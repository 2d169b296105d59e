"""What a check sees: the workshop at the repository's own path, and little else."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

OBJECTS = Path("/run/base-objects")
"""Where object stores appear: the alternates' own paths lead to the workshop itself there."""

_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_STORES = ("/nix/store", "/gnu/store")
SYSTEM = (*(f"/{name}" for name in _SYSTEM), *_STORES)


@dataclass(frozen=True)
class Place:
    """Where checks run. All paths are absolute; `repo` is real (no link in it)."""

    work: Path
    """Folder with the tree checked out."""
    repo: Path
    """Real root of the person's repository: `work` is mounted there."""
    git_dir: Path | None = None
    """The workshop's git directory, seen read-only as `.git`."""
    objects: Path | tuple[Path, ...] = ()
    """The object stores that the workshop borrows from: the person's, and their alternates."""
    aliases: tuple[Path, ...] = ()
    """Other paths (through links) by which the person's repository is known."""
    environment: tuple[Path, ...] = ()
    """Ignored things in the repository that checks need, read-only; see `environment()`."""
    prefixes: tuple[Path, ...] = ()
    """Folders or files elsewhere that the interpreter and tools live in, read-only."""

    def at(self, folder: Path) -> Place:
        """The same place with another folder as the tree (a lab copy, with a `.git` or not)."""
        own = folder / ".git"
        return replace(self, work=folder, git_dir=own if own.is_dir() else self.git_dir)

    @property
    def stores(self) -> tuple[tuple[Path, Path], ...]:
        """(object store, where it appears in the sandbox)."""
        stores = (self.objects,) if isinstance(self.objects, Path) else self.objects
        return tuple((store, OBJECTS / str(n)) for n, store in enumerate(stores))


@dataclass(frozen=True)
class Bind:
    source: Path
    target: Path
    writable: bool = False


def bwrap_argv(
    place: Place,
    argv: Iterable[str],
    *,
    env: Mapping[str, str],
    home: Path,
    binds: Iterable[Bind] = (),
    program: Sequence[str] = ("bwrap",),
    room: int = 0,
    network: bool = False,
) -> list[str]:
    """The bubblewrap command. Reads the file system only to see which mounts are possible.

    The order matters: HOME and /tmp become empty first, the repository is bound after them,
    since it may well lie under one of them. `room` is how many bytes /tmp may take; home and
    /dev/shm get half of that. 0 leaves it to the system.
    """
    out = [*program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    out += ["--share-net"] if network else []
    out += ["--clearenv"]
    for name, value in sorted(env.items()):
        out += ["--setenv", name, value]
    out += [*_system(), *_empty("/tmp", room), "--symlink", "../tmp", "/var/tmp"]
    out += _empty("/dev/shm", room // 2)
    if len(home.parts) > 2 or home == Path("/root"):
        out += _empty(str(home), room // 2)
    outside = [p for p in place.prefixes if not _within(p, Path("/usr"))]
    for prefix in sorted(outside, key=lambda p: len(p.parts)):
        out += ["--ro-bind-try", os.path.realpath(prefix), str(prefix)]
    out += ["--bind", str(place.work), str(place.repo)]
    for alias in place.aliases:
        if alias != place.repo and not any(_within(alias, p) for p in (Path("/usr"), *outside)):
            out += ["--symlink", str(place.repo), str(alias)]
    if place.git_dir is not None:
        out += ["--ro-bind", str(place.git_dir), str(place.repo / ".git")]
    resolver = os.path.realpath("/etc/resolv.conf")
    if network and resolver.startswith("/run/"):
        out += ["--ro-bind-try", resolver, resolver]
    for store, target in place.stores:
        out += ["--ro-bind-try", str(store), str(target)]
    for source in mountable(place):
        out += ["--ro-bind", os.path.realpath(source), str(source)]
    for bind in binds:
        flag = "--bind" if bind.writable else "--ro-bind"
        out += [flag, str(bind.source), str(bind.target)]
    # What is left is memory without a bound.
    out += ["--remount-ro", "/dev", "--remount-ro", "/"]
    out += ["--chdir", str(place.repo), "--"]
    return [*out, *argv]


def _empty(path: str, room: int) -> list[str]:
    return [*(("--size", str(room)) if room else ()), "--tmpfs", path]


def _system() -> list[str]:
    out = ["--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr"]
    out += ["--ro-bind", "/etc", "/etc"]
    for name in _SYSTEM:
        path = f"/{name}"
        if os.path.islink(path):
            out += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            out += ["--ro-bind", path, path]
    for store in _STORES:
        out += ["--ro-bind-try", store, store]
    for hidden, is_folder in private_parts("/etc"):
        out += ["--tmpfs", hidden] if is_folder else ["--ro-bind", "/dev/null", hidden]
    return out + (_kernel() if os.geteuid() == 0 else [])


@functools.cache
def private_parts(top: str) -> tuple[tuple[str, bool], ...]:
    """What we may read there and others may not (keys, when we are root): (path, is folder)."""
    found = []
    folders = [top]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_symlink():
                continue
            is_folder = entry.is_dir()
            wanted = 0o5 if is_folder else 0o4
            if entry.stat().st_mode & wanted == wanted:
                folders += [entry.path] if is_folder else []
            elif os.access(entry.path, os.R_OK):
                found.append((entry.path, is_folder))
    return tuple(sorted(found))


@functools.cache
def _kernel() -> list[str]:
    """Root's own bits on /proc count inside too, though it has no powers there: a check of
    root's could set kernel parameters, or restart the machine by a word to sysrq-trigger."""
    out = []
    for entry in sorted(os.scandir("/proc"), key=lambda e: e.name):
        if entry.name.isdigit() or entry.is_symlink():
            continue
        mode = entry.stat().st_mode
        if entry.is_dir() or mode & 0o222:
            out += ["--ro-bind", entry.path, entry.path]
        if entry.is_file() and not mode & 0o004:
            out += ["--ro-bind", "/dev/null", entry.path]
    return out


def mountable(place: Place) -> tuple[Path, ...]:
    """Those of `place.environment` that can be bound over the tree without covering anything.

    A link in the way would lead the mount elsewhere (a tracked `node_modules -> /etc` covered
    the sandbox's /etc when tried), and a tracked path is the tree's own: both are left out.
    """
    return tuple(p for p in place.environment if _free(place, p) and p.exists())


def _free(place: Place, source: Path) -> bool:
    try:
        relative = source.relative_to(place.repo)
    except ValueError:
        return False
    if not relative.parts or ".." in relative.parts or relative.parts[0] == ".git":
        return False
    target = place.work
    for part in relative.parts:
        target = target / part
        if target.is_symlink():
            return False
    if target.is_dir():
        return source.is_dir() and not any(target.iterdir())
    return not target.exists() or (source.is_file() and target.stat().st_size == 0)


def tidy(place: Place) -> None:
    """Take away the empty mount points that bubblewrap left in the tree."""
    targets = [place.work / p.relative_to(place.repo) for p in mountable(place)]
    if place.git_dir is not None and place.git_dir != place.work / ".git":
        targets.append(place.work / ".git")
    for target in targets:
        if target.is_symlink():
            continue
        try:
            if target.is_dir():
                target.rmdir()
            elif target.is_file() and target.stat().st_size == 0:
                target.unlink()
        except OSError:
            continue


def lend(place: Place) -> tuple[Path, ...]:
    """Without mounts: copy generated sources, compiled modules and metadata into the tree.

    Copies and not links, since a check that writes such a file again would write the person's.
    Environments are left out: their interpreter finds them where they are. Answers what was
    made, for `take_back`.
    """
    made: list[Path] = []
    for source in mountable(place):
        target = place.work / source.relative_to(place.repo)
        if os.path.lexists(target):
            continue
        if source.is_file() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            made.append(target)
        elif source.name.endswith("-info"):
            shutil.copytree(source, target, symlinks=True)
            made.append(target)
    return tuple(made)


def take_back(made: Iterable[Path]) -> None:
    """Remove what `lend` made, as far as it is still there."""
    for path in made:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
