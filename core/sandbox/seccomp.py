"""A filter of system calls for what namespaces and Landlock leave open.

The kernel's keyrings belong to no namespace: a check would find the keys of the person's session.
Landlock knows neither datagrams, nor the sockets of other programs, nor shared memory.

Numbers are from the kernel's system call tables; the format is `struct sock_filter` of
linux/filter.h. Standard library only: a helper loads this file as a script's neighbour.
"""

from __future__ import annotations

import platform
import struct

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NR, _ARCH, _FIRST = 0, 4, 16
"""Offsets in `struct seccomp_data`: the call's number, the machine, the first argument."""
_X32 = 0x40000000
_AF_NETLINK = 16

_X86_64, _I386, _AARCH64, _ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028
_MACHINES = {"x86_64": (_X86_64, _I386), "aarch64": (_AARCH64, _ARM)}
_KEYS = {
    _X86_64: (248, 249, 250),
    _I386: (286, 287, 288),
    _AARCH64: (217, 218, 219),
    _ARM: (309, 310, 311),
}
"""add_key, request_key, keyctl."""
_SHARED = {_X86_64: (29, 30, 64, 68, 240, 425), _AARCH64: (194, 196, 190, 186, 180, 425)}
"""shmget, shmat, semget, msgget, mq_open, io_uring_setup."""
_SOCKET = {_X86_64: 41, _AARCH64: 198}


def program(*, alone: bool = False) -> bytes:
    """The filter for this machine; b"" where we know its numbers not.

    `alone` is for a check without namespaces: no sockets but pairs, no shared memory, and no
    programs of the machine's 32-bit kind.
    """
    native, small = _MACHINES.get(platform.machine(), (0, 0))
    if not native:
        return b""
    own = _calls(_KEYS[native] + (_SHARED[native] if alone else ()))
    if native == _X86_64:
        own = [_op(_LOAD, _NR), *_when(_ANY_BIT, _X32, _REFUSE), *own[1:]]
    if alone:
        own += _socket(_SOCKET[native])
    own.append(_op(_RETURN, _ALLOW))
    other = [_op(_RETURN, _REFUSE)] if alone else [*_calls(_KEYS[small]), _op(_RETURN, _ALLOW)]
    whole = [
        _op(_LOAD, _ARCH),
        _op(_EQUAL, native, 0, len(own)),
        *own,
        _op(_EQUAL, small, 0, len(other)),
        *other,
        _op(_RETURN, _REFUSE),
    ]
    return b"".join(whole)


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _when(test: int, value: int, then: int) -> list[bytes]:
    return [_op(test, value, 0, 1), _op(_RETURN, then)]


def _calls(numbers: tuple[int, ...]) -> list[bytes]:
    refused = [op for number in numbers for op in _when(_EQUAL, number, _REFUSE)]
    return [_op(_LOAD, _NR), *refused]


def _socket(number: int) -> list[bytes]:
    """Only netlink, which answers questions about the machine; the number is loaded already."""
    return [
        _op(_EQUAL, number, 0, 4),
        _op(_LOAD, _FIRST),
        _op(_EQUAL, _AF_NETLINK, 1, 0),
        _op(_RETURN, _REFUSE),
        _op(_LOAD, _NR),
    ]
