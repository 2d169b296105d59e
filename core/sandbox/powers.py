"""What a process gives up for good before it becomes a check. Standard library only.

Constants are from linux/prctl.h and linux/capability.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct

PDEATHSIG, _SECCOMP, _CAPBSET_DROP, _NO_NEW_PRIVS, _AMBIENT = 1, 22, 24, 38, 47
_CAPSET = {"x86_64": 126, "aarch64": 91, "riscv64": 91}
libc = ctypes.CDLL(None, use_errno=True)


def done(result: int, *what: object) -> int:
    """The result of a call of the C library. Raises `OSError` where it says -1."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), " ".join(map(str, what)))
    return result


def drop_powers() -> None:
    """No capability is left, and no program can give one back."""
    for cap in range(64):
        if libc.prctl(_CAPBSET_DROP, cap, 0, 0, 0) < 0:
            break
    libc.prctl(_AMBIENT, 4, 0, 0, 0)
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    done(libc.syscall(_CAPSET[platform.machine()], header, none), "capset")
    done(libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def filter_calls(program: bytes) -> None:
    """Load a seccomp filter for this process and all below it."""
    room = ctypes.create_string_buffer(program, len(program))
    words = struct.pack("@HP", len(program) // 8, ctypes.addressof(room))
    done(libc.prctl(_SECCOMP, 2, ctypes.c_char_p(words), 0, 0), "seccomp")


def die_with(parent: int) -> None:
    """Die when the process does that started this one, or at once when it is gone already."""
    libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
