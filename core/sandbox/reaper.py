"""Runs one command and sees to it that nothing of it is left. For where no sandbox does that.

Started as a script by our own Python, with the command as its arguments. Standard library only.
As a "child subreaper" it inherits every orphan below it, daemons in sessions of their own too,
so it can end all of them: when the command has ended, on SIGTERM, and when our process dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def adopt(parent: int) -> None:
    """Become the reaper of all descendants (Linux; elsewhere only the process group is)."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def hold(size: int) -> None:
    """Lower what this process and all below it may do: files of that size, no core dumps."""
    for what, value in ((resource.RLIMIT_FSIZE, size), (resource.RLIMIT_CORE, 1)):
        hard = resource.getrlimit(what)[1]
        if value and (hard == resource.RLIM_INFINITY or value < hard):
            resource.setrlimit(what, (value, value))


def descendants() -> list[int]:
    """Ids of all processes below this one; [] where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in filter(str.isdigit, names):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            children.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def end_all(child: int) -> None:
    """Kill the command's process group and every descendant until none is left."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        left = descendants()
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not left:
            return
        time.sleep(0.005)


def main(argv: list[str]) -> int:
    """`argv`: our process's id, the bytes that a file may have (0: any number), the command.

    Answers the command's exit code (128+n for a signal).
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    child = 0
    try:
        adopt(int(argv[0]))
        hold(int(argv[1]))
        child = os.posix_spawnp(argv[2], argv[2:], os.environ, setpgroup=0)
        while True:
            pid, status = os.wait()
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
    except OSError as error:
        sys.stderr.write(f"{argv[2]}: {error.strerror}\n")
        return 127
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if child:
            end_all(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
