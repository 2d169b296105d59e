"""Which isolation this machine really gives: found by trying, not by reading settings."""

from __future__ import annotations

import functools
import shutil
import subprocess

from core.protocol import Isolation

_TRY = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")


@functools.cache
def probe() -> Isolation:
    """Try bubblewrap once per process; never raises."""
    program = shutil.which("bwrap")
    if program is None:
        return _none("bubblewrap is not installed (on Debian: apt install bubblewrap)")
    true = shutil.which("true") or "/bin/true"
    try:
        done = subprocess.run(
            [program, *_TRY, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", true],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _none(f"bubblewrap could not be started ({type(error).__name__})")
    if done.returncode:
        why = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        return _none(f"bubblewrap is refused on this machine ({why})")
    return Isolation(
        kind="bubblewrap",
        says=(
            "Checks run in a sandbox: they see a copy of the repository at its own path, no"
            " network, and none of your other files."
        ),
    )


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
