"""A person's machine around a check: keys, files, servers and an engine, and what befell them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.sandbox import processes, write

SECRET = "the-persons-" + "secret"
_LIBC = ctypes.CDLL(None, use_errno=True)
_KEYCTL = {"x86_64": 250, "aarch64": 219}.get(platform.machine(), 0)
_ADD_KEY = {"x86_64": 248, "aarch64": 217}.get(platform.machine(), 0)
_KEPT = (
    ".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml",
    ".local/share/keyrings/login.keyring", "state/journal.db", "shared/notes",
)  # fmt: skip
_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local/bin", "/run", str(Path.home()))


@dataclass
class Outside:
    """What `befell` looks at. Everything is real and belongs to one test."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    victim: subprocess.Popen[bytes] | None = None
    shm: int = -1
    terminal: tuple[int, int] = (-1, -1)
    """The person's terminal: what they see, and what programs write to."""
    before: dict[str, tuple[object, ...]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def repo(self) -> Path:
        return self.folder / "home" / "repo"

    @property
    def marks(self) -> tuple[Path, ...]:
        """Files that only an escape can make, in places that exist on every machine."""
        return tuple(Path(f"{p}/loopwright-{self.mark}") for p in _SHARED)

    def told(self) -> dict[str, object]:
        """What an attempt is told, so that it lacks no knowledge."""
        assert self.victim is not None
        return {
            "home": str(self.home),
            "repo": str(self.repo),
            "shared": str(self.folder / "shared"),
            "state": str(self.folder / "state"),
            "work": str(self.folder / "work"),
            "keys": [str(p) for p in self.secrets()],
            "mark": self.mark,
            "marks": [str(p) for p in self.marks],
            "tcp": self.sockets["tcp"].getsockname()[1],
            "udp": self.sockets["udp"].getsockname()[1],
            "unix": self.sockets["unix"].getsockname(),
            "abstract": f"loopwright-{self.mark}",
            "victim": self.victim.pid,
            "engine": os.getpid(),
            "shm": self.shm,
            "tty": os.ttyname(self.terminal[1]),
        }

    def secrets(self) -> list[Path]:
        return [*(self.folder / ("" if n[0] == "s" else "home") / n for n in _KEPT),
                self.repo / ".env"]  # fmt: skip

    def snapshot(self) -> dict[str, tuple[object, ...]]:
        """Content, mode, links and time of everything that is the person's."""
        seen: dict[str, tuple[object, ...]] = {}
        for top in (self.home, self.folder / "state", self.folder / "shared", self.folder / "git"):
            for path in (top, *top.rglob("*")):
                stat = path.lstat()
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
                # A folder's times change when a file system is mounted over a path below it.
                when = stat.st_mtime_ns if path.is_file() else 0
                name = str(path.relative_to(self.folder))
                seen[name] = (content, stat.st_mode, stat.st_uid, stat.st_nlink, when)
        return seen

    def befell(self, output: bytes) -> list[str]:
        """Everything that got out or in, in words; [] where the attempt was contained."""
        found = ["a secret was read"] if SECRET.encode() in output else []
        found += ["something outside was reached"] if b"ESCAPED" in output else []
        after = self.snapshot()
        changed = {n for n in self.before.keys() | after if self.before.get(n) != after.get(n)}
        found += [f"{name} changed" for name in sorted(changed)]
        found += [f"{mark} was made" for mark in self.marks if os.path.lexists(mark)]
        work = self.folder / "work"
        found += [] if (work / "attempt.py").is_file() else ["the workshop moved"]
        for path in work.rglob("*") if work.is_dir() else ():
            if path.is_file() and not path.is_symlink() and SECRET in _text(path):
                found.append("a secret was copied into the workshop")
        for name, server in self.sockets.items():
            if select.select([server], [], [], 0)[0]:
                found.append(f"the {name} server was reached")
        if select.select([self.terminal[0]], [], [], 0)[0]:
            found.append("the terminal was written to")
        assert self.victim is not None
        if self.victim.poll() is not None:
            found.append("the engine was killed")
        elif "TracerPid:\t0" not in _text(Path(f"/proc/{self.victim.pid}/status")):
            found.append("the engine is traced")
        found += ["a process was left behind"] if processes(f"left-{self.mark}") else []
        return found

    def clear(self) -> None:
        for mark in self.marks:
            mark.unlink(missing_ok=True)
        for pid in processes(f"left-{self.mark}"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


_SHARED_PLACES = (
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/etc",
    "/usr/local/bin",
    "/run",
    str(Path.home()),
)


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""


@contextlib.contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """A machine around `folder / "work"`, gone afterwards."""
    world = Outside(folder)
    write(folder, {str(p.relative_to(folder)): f"{SECRET}\n" for p in world.secrets()})
    write(
        folder,
        {
            "home/repo/own.py": "",
            "home/repo/.venv/pyvenv.cfg": "",
            "home/repo/.venv/lib/site.py": "",
            "git/config": "[core]\n",
            "git/HEAD": "ref: refs/heads/main\n",
            "git/hooks/empty": "",
            "work/attempt.py": "",
        },
    )
    with contextlib.ExitStack() as stack:
        stack.callback(world.clear)
        for name, family, kind in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM),
        ):
            server = stack.enter_context(socket.socket(family, kind))
            where = {"unix": f"/tmp/lw-{world.mark}", "abstract": f"\0loopwright-{world.mark}"}
            server.bind(where.get(name, ("127.0.0.1", 0)))
            if kind == socket.SOCK_STREAM:
                server.listen()
            world.sockets[name] = server
        stack.callback(os.unlink, f"/tmp/lw-{world.mark}")
        world.terminal = os.openpty()
        for end in world.terminal:
            stack.callback(os.close, end)
        world.victim = subprocess.Popen(
            [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"],
            env={"KEY": SECRET},
            stdout=subprocess.PIPE,
        )
        stack.callback(world.victim.wait)
        stack.callback(world.victim.kill)
        assert world.victim.stdout is not None
        stack.callback(world.victim.stdout.close)
        world.victim.stdout.readline()
        world.shm = _LIBC.shmget(0, 4096, 0o1600)
        _LIBC.shmat.restype = ctypes.c_void_p
        at = _LIBC.shmat(world.shm, None, 0)
        ctypes.memmove(at, SECRET.encode(), len(SECRET))
        stack.callback(_LIBC.shmctl, world.shm, 0, None)
        stack.callback(_LIBC.shmdt, ctypes.c_void_p(at))
        world.before = world.snapshot()
        yield world


def put_key(name: str) -> bool:
    """A key of the person's in a session keyring of ours; False where the kernel keeps none."""
    if not _KEYCTL or _LIBC.syscall(_KEYCTL, 1, None) < 0:
        return False
    held = SECRET.encode()
    return bool(_LIBC.syscall(_ADD_KEY, b"user", name.encode(), held, len(held), -3) >= 0)
