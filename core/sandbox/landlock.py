"""Landlock: what a process may still open, for where no namespaces can be had.

Runs in a process of its own, which becomes the check. Standard library only. Numbers, rights and
structures are from linux/landlock.h; rights that the kernel's version does not know are left out.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import sys
from collections.abc import Iterable

from core.sandbox.powers import done, drop_powers, filter_calls, libc

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH = 1
_O_PATH = 0o10000000
_READ = 0b1101
"""Execute, read a file, list a folder."""
_FILE = 0b1100_0000_0000_0111
"""What can be said of a file that is no folder."""
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Version → all rights on files that it knows."""
_NET, _SCOPE = 0b11, 0b11
"""Bind and connect over TCP (version 4); abstract sockets and signals (version 6)."""
SIGNALS = 6
"""The version from which on other processes cannot be signalled."""


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    return max(0, int(libc.syscall(_CREATE, None, 0, 1)))


def restrict(read: Iterable[str], write: Iterable[str], *, network: bool = False) -> None:
    """Leave this process, and all below it, these files and folders alone, for good.

    Paths that are missing are left out. Needs no_new_privs. Raises `OSError`.
    """
    known = version()
    handled = _KNOWN[max(v for v in _KNOWN if v <= known)] if known else 0
    words = [
        handled,
        *([0 if network else _NET] if known >= 4 else []),
        *([_SCOPE] if known >= 6 else []),
    ]
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = done(libc.syscall(_CREATE, attributes, len(attributes), 0), "landlock")
    for paths, rights in ((read, _READ), (write, handled)):
        for path in paths:
            _allow(ruleset, path, rights & handled)
    done(libc.syscall(_RESTRICT, ruleset, 0), "landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE
        done(libc.syscall(_ADD, ruleset, _BENEATH, struct.pack("=Qi", rights, fd), 0), path)
    finally:
        os.close(fd)


def main(argv: list[str]) -> int:
    """`argv`: JSON with "read", "write", "filter" (hex) and "network", then the command."""
    asked = json.loads(argv[0])
    try:
        drop_powers()
        restrict(asked["read"], asked["write"], network=asked.get("network", False))
        filter_calls(bytes.fromhex(asked["filter"]))
        os.execvp(argv[1], argv[1:])
    except OSError as error:
        sys.stderr.write(f"sandbox: {error.strerror}: {error.filename or argv[1]}\n")
        sys.stderr.flush()
    return 1
