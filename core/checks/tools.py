"""Where a check's program lies, and what must be visible for it to start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.checks.interpreter import Interpreter, on_path, program_prefix

_PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class Program:
    path: Path
    prefixes: tuple[Path, ...] = ()


def is_python(name: str) -> bool:
    """Whether a command's first word is a bare name of Python."""
    return _PYTHON.fullmatch(name) is not None


def locate(
    name: str, repo: Path, interpreter: Interpreter, environ: Mapping[str, str] | None = None
) -> Program | None:
    """The program that `name` means for this repository; None when there is none.

    A bare name is looked for beside the interpreter first, then on PATH. Any name of Python is
    the interpreter. A path is taken from the repository's root.
    """
    if is_python(name):
        return Program(interpreter.path)
    if os.sep in name:
        path = Path(os.path.normpath(repo / name))
        inside = repo in path.parents
        return Program(path) if inside or os.path.isfile(path) else None
    for folder in interpreter.bins:
        if os.access(folder / name, os.X_OK):
            return Program(folder / name)
    outer = os.environ if environ is None else environ
    for path in on_path(name, repo, outer):
        return Program(path, _needed(path))
    return None


def installed(name: str, repo: Path, interpreter: Interpreter) -> bool:
    """Whether a check could start `name`, or find the path `name` of the repository."""
    program = locate(name, repo, interpreter)
    return program is not None and os.path.exists(program.path)


def stamp(name: str, repo: Path, interpreter: Interpreter) -> str:
    """Changes when a program that is no part of the interpreter's does, or what npm installed.

    "" for Python and what lies beside it, which the interpreter's fingerprint is about.
    """
    program = locate(name, repo, interpreter)
    if program is None or program.path.parent in interpreter.bins:
        return ""
    told = [str(program.path)]
    for path in (program.path, repo / "node_modules" / ".package-lock.json", repo / "node_modules"):
        try:
            stat = os.stat(path)
        except OSError:
            continue
        told.append(f"{path.name} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(told)


def _needed(path: Path) -> tuple[Path, ...]:
    """The program itself and, for a script of a virtual environment, that and its Python."""
    found = [*program_prefix(path)]
    real = Path(os.path.realpath(path))
    if real != path:
        found += program_prefix(real)
    python = real.parent / "python"
    if os.path.isfile(real.parent.parent / "pyvenv.cfg") and os.path.exists(python):
        found += program_prefix(Path(os.path.realpath(python)))
    return tuple(dict.fromkeys(found))
