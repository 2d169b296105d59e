"""Which isolation this machine really gives: found by trying, not by reading settings."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from core.protocol import Isolation
from core.sandbox import landlock as landlocking
from core.sandbox import seccomp

_TRY = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")


_MOUNTED = (
    "Checks run in a sandbox: they see a copy of the repository at its own path, no"
    " network, and none of your other files."
)
_WEAKER = (
    "Checks run in a weaker sandbox, made by Landlock since neither bubblewrap nor namespaces can"
    " be had: they can read the system and their copy of the repository, write there and into a"
    " private folder, and open no socket and no shared memory. They do see the names of"
    " your files and which programs run, and could change the modes and times of your files{more};"
    " and they could write the git data of their copy, from which no program is run."
)


@functools.cache
def probe() -> Isolation:
    """The strongest isolation that works here, tried once per process; never raises."""
    for attempt in (bubblewrap, namespaces, landlock):
        isolation = attempt()
        if isolation.kind != "none":
            return isolation
    return bubblewrap()


@functools.cache
def bubblewrap() -> Isolation:
    program = shutil.which("bwrap")
    if program is None:
        return _none("bubblewrap is not installed (on Debian: apt install bubblewrap)")
    why = _refused([program, *_TRY])
    if why:
        return _none(f"bubblewrap is refused on this machine ({why})")
    return Isolation(kind="bubblewrap", says=_MOUNTED)


@functools.cache
def namespaces() -> Isolation:
    """Our own making of the same mounts."""
    why = _refused([*helper("namespaces"), str(os.getpid()), *_TRY])
    return Isolation(kind="namespaces", says=_MOUNTED) if not why else _none(f"namespaces ({why})")


@functools.cache
def landlock() -> Isolation:
    program = seccomp.program(alone=True)
    if not program or not sys.platform.startswith("linux") or not landlocking.version():
        return _none("this kernel has no Landlock")
    asked = {"read": ["/"], "write": [], "filter": program.hex()}
    why = _failed([*helper("landlock"), json.dumps(asked), _true()])
    if why:
        return _none(f"Landlock is refused ({why})")
    more = "" if landlocking.version() >= landlocking.SIGNALS else ", and end your programs"
    return Isolation(kind="landlock", says=_WEAKER.format(more=more))


def helper(name: str) -> list[str]:
    """The command that runs `main` of a module beside this one, in our Python and without
    anybody's packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1));"
        f" from core.sandbox.{name} import main; sys.exit(main(sys.argv[1:]))"
    )
    return [sys.executable, "-I", "-S", "-c", code, str(Path(__file__).parents[2])]


def _true() -> str:
    return shutil.which("true") or "/bin/true"


def _refused(program: list[str]) -> str:
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    return _failed([*program, *mounts, "--", _true()])


def _failed(argv: list[str]) -> str:
    """Why a command fails, in a few words; "" when it does not."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be started: {type(error).__name__}"
    said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
    return (said or f"exit {done.returncode}") if done.returncode else ""


@functools.cache
def options() -> frozenset[str]:
    """Which options this machine's bubblewrap knows; asked once per process."""
    program = shutil.which("bwrap")
    if program is None:
        return frozenset()
    try:
        done = subprocess.run([program, "--help"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    said = (done.stdout + done.stderr).decode("utf-8", "replace").split()
    return frozenset(word for word in said if word.startswith("--"))


def unsandboxed(why: str = "") -> Isolation:
    """The isolation that is left when the person has said that checks may run without one."""
    return _none(why or "the sandbox was switched off")


def _none(why: str) -> Isolation:
    return Isolation(
        kind="none",
        says=(
            f"No sandbox: {why}. Checks run on a copy of the repository, but as you, with your"
            " files and your network within their reach."
        ),
    )
