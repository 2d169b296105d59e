"""What a check may use is bounded, and the result says which bound was met."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.commands import from_argv
from core.protocol import CheckResult, Isolation
from core.sandbox.limits import Limits, machine_memory, met
from core.sandbox.watch import Watch
from tests.fakes.sandbox import MOUNTED, SANDBOXES, Bench, processes, write

BOMB = (
    "import os, time\n"
    "for _ in range(9):\n"
    "    try:\n"
    "        os.fork()\n"
    "    except OSError: pass\n"
    "time.sleep(60)\n"
)

SHARED = (
    "import multiprocessing, socket\n"
    "from multiprocessing import shared_memory\n"
    "with multiprocessing.Pool(3) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]\n"
    "s = shared_memory.SharedMemory(create=True, size=5000); s.close(); s.unlink()\n"
    "s = socket.create_server(('127.0.0.1', 0))\n"
    "socket.create_connection(s.getsockname()).close()\n"
)
USUAL = (
    "import os, resource, subprocess, tempfile, threading\n"
    "with tempfile.NamedTemporaryFile() as f: f.write(b'x' * (30 << 20))\n"
    "open(os.path.expanduser('~/.rc'), 'w').close()\n"
    "t = [threading.Thread(target=int) for _ in range(200)]\n"
    "[x.start() for x in t]; [x.join() for x in t]\n"
    "assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY\n"
    "assert subprocess.check_output(['sh', '-c', 'echo a | cat; ls /usr > /dev/null']) == b'a\\n'\n"
    "print('FINE')\n"
)
"""What tests do every day. Shared memory and sockets are what Landlock's kind cannot give."""


@pytest.fixture(params=SANDBOXES)
def isolation(request: pytest.FixtureRequest) -> Isolation:
    isolate: Callable[[], Isolation] = request.param
    return isolate()


def run(folder: Path, isolation: Isolation, script: str, **limits: int) -> tuple[CheckResult, str]:
    bench = Bench(folder)
    runner = bench.runner(isolation, limits=Limits(**limits))
    write(bench.work, {"use.py": script})
    result = bench.run(runner, from_argv(("python", "use.py"), timeout=30))
    return result, bench.output(result)


@pytest.mark.parametrize(
    ("script", "limits", "says"),
    [
        ("while True: print('x' * 99999)", {"output": 3}, "it printed more than 3 MB"),
        ("import time; x = b'x' * (400 << 20); time.sleep(60)", {"memory": 200},
         "it used more than 200 MB of memory"),
        ("import os, time\nfor n in range(4): os.fork()\nx = b'x' * (40 << 20); time.sleep(60)",
         {"memory": 200}, "it used more than 200 MB of memory"),
        ("import threading, time\nfor _ in range(80):\n"
         "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
         "time.sleep(60)",
         {"processes": 40}, "processes"),
        ("import time\nfor n in range(8): open(str(n), 'wb').write(b'x' * (5 << 20))\n"
         "time.sleep(60)", {"disk": 16}, "it wrote more than 16 MB into its folder"),
    ],
    ids=["output", "memory", "memory of many", "threads", "disk"],
)  # fmt: skip
def test_what_goes_on_without_end_is_ended(
    tmp_path: Path, isolation: Isolation, script: str, limits: dict[str, int], says: str
) -> None:
    began = time.monotonic()
    result, _ = run(tmp_path, isolation, script, **limits)
    assert result.verdict in ("error", "fail")
    assert says in result.says
    assert time.monotonic() - began < 10


def test_a_fork_bomb_is_ended_and_leaves_nothing(tmp_path: Path, isolation: Isolation) -> None:
    mark = f"bomb-{os.getpid()}-{isolation.kind}"
    began = time.monotonic()
    bench = Bench(tmp_path)
    runner = bench.runner(isolation, limits=Limits(processes=60))
    write(bench.work, {"use.py": BOMB})
    result = bench.run(runner, from_argv(("python", "use.py", mark), timeout=5))
    assert result.verdict in ("error", "timeout")
    if os.getuid() == 0 or isolation.kind == "none":
        assert "more than 60 processes" in result.says
    assert time.monotonic() - began < 12
    assert processes(mark) == []


def test_a_file_does_not_grow_past_its_limit(tmp_path: Path, isolation: Isolation) -> None:
    script = "f = open('big', 'wb', 0)\nfor _ in range(9): f.write(b'x' * (1 << 20))"
    result, output = run(tmp_path, isolation, script, file=4)
    assert result.verdict == "fail", output
    assert "the largest file that it may write is 4 MB" in result.says
    assert (tmp_path / "work/big").stat().st_size == 4 << 20


@pytest.mark.parametrize("isolate", MOUNTED)
@pytest.mark.parametrize("where", ["/tmp", "/var/tmp", "/dev/shm", "~", "/", "/dev", "/run"])
def test_private_folders_are_bounded_or_closed(
    tmp_path: Path, isolate: Callable[[], Isolation], where: str
) -> None:
    """They are memory: without a bound a check could take all of it."""
    script = (
        f"import os\nf = open(os.path.expanduser({where!r}) + '/big', 'wb', 0)\n"
        "for _ in range(20): f.write(b'x' * (1 << 20))\nprint('WROTE')"
    )
    result, output = run(tmp_path, isolate(), script, tmp=8)
    assert result.verdict == "fail"
    assert "WROTE" not in output
    assert "No space left" in output or "Read-only" in output or "denied" in output
    if "No space left" in output:
        assert "the room in its private /tmp is 8 MB" in result.says


def test_what_a_check_wants_is_not_in_the_way_of_the_usual(
    tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads, pools, temporary files, loopback, shared memory and deep stacks: as ever."""
    monkeypatch.setenv("HOME", str(tmp_path))
    script = USUAL if isolation.kind == "landlock" else SHARED + USUAL
    result, output = run(tmp_path, isolation, script)
    assert (result.verdict, result.says) == ("pass", ""), output
    assert "FINE" in output


class TestLimits:
    @given(*[st.none() | st.integers(1, 1000)] * 2)
    def test_the_lower_of_two_counts(self, one: int | None, two: int | None) -> None:
        given = [n for n in (one, two) if n is not None]
        lowered = Limits(memory=one).lowered(Limits(memory=two))
        assert lowered.memory == (min(given) if given else None)
        assert lowered == Limits(memory=two).lowered(Limits(memory=one))

    def test_the_usual_leaves_the_machine_a_part(self) -> None:
        usual = Limits().settled()
        assert all(getattr(usual, name) for name in usual.__struct_fields__)
        assert (usual.memory or 0) << 20 < machine_memory()
        assert Limits(memory=9).settled().memory == 9

    def test_last_words_are_understood(self) -> None:
        assert met(Limits(file=7), 1, b"OSError: [Errno 27] File too large") != ""
        assert "7 MB" in met(Limits(file=7), 153, b"")
        assert met(Limits(), 1, b"AssertionError") == ""


def test_a_watch_looks_at_processes_only_when_the_machine_has_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(pid: int) -> None:
        raise AssertionError("looked")

    monkeypatch.setattr("core.sandbox.watch._below", fail)
    assert Watch(os.getpid(), Limits(), [tmp_path]).look() == ""
