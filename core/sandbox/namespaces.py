"""Does what bubblewrap does for us, where there is none: the same mounts in new namespaces.

Runs in a process of its own, started by our Python; it takes those of bubblewrap's options that
`mounts` writes, so that one list of mounts serves both. Standard library only. Linux 5.12 or later.
Constants are from linux/mount.h and linux/sched.h.

Three processes: this one waits outside; its child is the first in the pid namespace, and with it
everything ends; its grandchild becomes the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import signal
import socket
import stat
import struct
import sys
from dataclasses import dataclass, field

from core.sandbox.powers import PDEATHSIG, die_with, done, drop_powers, filter_calls, libc

_NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000
"""user, mount, pid, net, ipc, uts, cgroup"""
_NET = 0x40000000
_NOSUID, _NODEV, _REMOUNT, _RDONLY, _BIND, _REC, _PRIVATE = 2, 4, 32, 1, 4096, 16384, 1 << 18
_DETACH = 2
_SETATTR, _ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV, _RECURSIVE = 442, 1, 2, 4, 0x8000
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_OLD, _NEW = "/oldroot", "/newroot"


@dataclass
class Plan:
    mounts: list[tuple[str, ...]] = field(default_factory=list)
    """(option, its words…), with sources resolved while links still lead where they should."""
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    net: bool = False
    info: int = -1
    block: int = -1
    filters: list[int] = field(default_factory=list)
    argv: list[str] = field(default_factory=list)


_TWO = ("--ro-bind", "--ro-bind-try", "--bind", "--bind-try", "--symlink")
_ONE = ("--proc", "--dev", "--tmpfs", "--dir", "--remount-ro")
_PLAIN = ("--unshare-all", "--die-with-parent", "--new-session", "--clearenv")


def parse(argv: list[str]) -> Plan:
    """Raises `ValueError` for an option that we do not know."""
    plan, size, at = Plan(), "", 0
    while at < len(argv):
        word, rest = argv[at], argv[at + 1 :]
        at += 2
        if word == "--":
            plan.argv = rest
            return plan
        if word in _TWO:
            source = rest[0] if word == "--symlink" else os.path.realpath(rest[0])
            plan.mounts.append((word, source, rest[1]))
            at += 1
        elif word in _ONE:
            plan.mounts.append((word, rest[0], size))
            size = ""
        elif word == "--setenv":
            plan.env[rest[0]] = rest[1]
            at += 1
        elif word == "--size":
            size = rest[0]
        elif word == "--chdir":
            plan.folder = rest[0]
        elif word == "--share-net":
            plan.net = True
            at -= 1
        elif word == "--info-fd":
            plan.info = int(rest[0])
        elif word == "--block-fd":
            plan.block = int(rest[0])
        elif word == "--seccomp":
            plan.filters.append(int(rest[0]))
        elif word in _PLAIN:
            at -= 1
        elif word != "--cap-drop":
            raise ValueError(word)
    return plan


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = [os.fsencode(w) if w else None for w in (source, target, kind)]
    done(libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None), "mount", target)


def _bind(source: str, target: str, *, writable: bool, devices: bool = False) -> None:
    _mount(source, target, "", _BIND | _REC)
    attributes = _ATTR_NOSUID | (0 if devices else _ATTR_NODEV) | (0 if writable else _ATTR_RDONLY)
    words = struct.pack("=QQQQ", attributes, 0, 0, 0)
    done(
        libc.syscall(_SETATTR, -100, os.fsencode(target), _RECURSIVE, words, len(words)),
        "protect", target,
    )  # fmt: skip


def _place(path: str, *, file: bool) -> str:
    """The path below the new root, made where it is missing; no link of the tree is followed."""
    at = _NEW
    parts = [p for p in path.split("/") if p]
    for number, part in enumerate(parts):
        at = f"{at}/{part}"
        last = number == len(parts) - 1
        try:
            found = os.lstat(at)
        except FileNotFoundError:
            if last and file:
                os.close(os.open(at, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            else:
                os.mkdir(at, 0o755)
            continue
        if stat.S_ISLNK(found.st_mode):
            raise OSError(40, "a link is in the way", at)
    return at


def _furnish(plan: Plan) -> None:
    for option, first, second in plan.mounts:
        if option == "--symlink":
            os.makedirs(os.path.dirname(_NEW + second), exist_ok=True)
            os.symlink(first, _NEW + second)
        elif option in _TWO:
            source = _OLD + first
            if option.endswith("-try") and not os.path.lexists(source):
                continue
            target = _place(second, file=not os.path.isdir(source))
            writable = option.startswith("--bind")
            _bind(source, target, writable=writable, devices=first == "/dev/null")
        elif option == "--tmpfs":
            size = f",size={second}" if second else ""
            _mount("tmpfs", _place(first, file=False), "tmpfs", _NOSUID | _NODEV,
                   f"mode=0755{size}")  # fmt: skip
        elif option == "--dir":
            _place(first, file=False)
        elif option == "--proc":
            _mount("proc", _place(first, file=False), "proc", _NOSUID | _NODEV | 8)
        elif option == "--dev":
            _devices(_place(first, file=False))
        else:
            _mount("none", _NEW + first.rstrip("/"), "",
                   _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)  # fmt: skip


def _devices(at: str) -> None:
    _mount("tmpfs", at, "tmpfs", _NOSUID | _NODEV, "mode=0755")
    for name in _DEVICES:
        _bind(f"{_OLD}/dev/{name}", _place(f"/dev/{name}", file=True), writable=True, devices=True)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{at}/{name}")
    os.symlink("/proc/self/fd", f"{at}/fd")
    os.symlink("pts/ptmx", f"{at}/ptmx")
    os.mkdir(f"{at}/shm", 0o755)
    os.mkdir(f"{at}/pts", 0o755)
    _mount("devpts", f"{at}/pts", "devpts", _NOSUID | 8, "newinstance,ptmxmode=0666,mode=620")


def _new_root(plan: Plan) -> None:
    """Build the root on a tmpfs, step into it, and let go of the old one."""
    pivot = _PIVOT_ROOT[platform.machine()]
    _mount("none", "/", "", _REC | _PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, "mode=0755")
    os.mkdir("/tmp" + _OLD)
    os.mkdir("/tmp" + _NEW)
    done(libc.syscall(pivot, b"/tmp", os.fsencode("/tmp" + _OLD)), "pivot")
    os.chdir("/")
    # A mount of its own, to become the root, with nothing of ours beside it.
    _mount("tmpfs", _NEW, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=16m")
    _furnish(plan)
    done(libc.umount2(_OLD.encode(), _DETACH), "umount")
    os.chdir(_NEW)
    done(libc.syscall(pivot, b".", b"."), "pivot")
    done(libc.umount2(b".", _DETACH), "umount")
    os.chdir("/")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def _map_ids(uid: int, gid: int) -> None:
    for name, words in (
        ("uid_map", f"{uid} {uid} 1"), ("setgroups", "deny"), ("gid_map", f"{gid} {gid} 1"),
    ):  # fmt: skip
        with open(f"/proc/self/{name}", "w") as file:
            file.write(words)


def _first(plan: Plan, alive: int) -> int:
    """The first process of the namespace: makes the root, starts the command, outlives it."""
    os.setsid()
    _new_root(plan)
    if not plan.net:
        _loopback_up()
    filters = [os.pread(fd, 1 << 16, 0) for fd in plan.filters]
    for fd in (*plan.filters, plan.info, alive):
        if fd >= 0:
            os.close(fd)
    if plan.block >= 0:
        os.read(plan.block, 1)
        os.close(plan.block)
    os.chdir(plan.folder)
    drop_powers()
    for program in filters:
        filter_calls(program)
    command = os.fork()
    if not command:
        try:
            os.execvpe(plan.argv[0], plan.argv, plan.env)
        except OSError as error:
            os._exit(_cannot(OSError(error.errno, error.strerror, plan.argv[0])))
    return _reap(command)


def _reap(command: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == command:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def main(argv: list[str]) -> int:
    """`argv`: our process's id, then bubblewrap's options and the command. Its exit code."""
    try:
        return _run(argv)
    except OSError as error:
        return _cannot(error)


def _cannot(error: OSError) -> int:
    sys.stderr.write(f"sandbox: {error.strerror}: {error.filename or ''}\n")
    sys.stderr.flush()
    return 1


def _run(argv: list[str]) -> int:
    die_with(int(argv[0]))
    plan = parse(argv[1:])
    uid, gid = os.getuid(), os.getgid()
    done(libc.unshare(_NAMESPACES & ~(_NET if plan.net else 0)), "unshare")
    _map_ids(uid, gid)
    reading, writing = os.pipe()
    first = os.fork()
    if not first:
        os.close(writing)
        libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # From in here our parent's id is not to be seen; its end of the pipe is.
        os.set_blocking(reading, False)
        with contextlib.suppress(BlockingIOError):
            if os.read(reading, 1) == b"":
                os._exit(1)
        os._exit(_guarded(plan, reading))
    os.close(reading)
    if plan.info >= 0:
        os.write(plan.info, b'{"child-pid": %d}\n' % first)
    for fd in (plan.info, plan.block, *plan.filters):
        if fd >= 0:
            os.close(fd)
    _, status = os.waitpid(first, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _guarded(plan: Plan, alive: int) -> int:
    try:
        return _first(plan, alive)
    except OSError as error:
        return _cannot(error)
