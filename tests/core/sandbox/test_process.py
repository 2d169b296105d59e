"""Commands end, whatever they try, and leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from core.context import PlainContext
from core.protocol import Isolation
from core.sandbox.launch import Sandbox
from core.sandbox.mounts import Place
from tests.fakes.sandbox import SANDBOXES, plain_python, processes

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
mark = sys.argv[1]
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code, mark], start_new_session=True)
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execv(sys.executable, [sys.executable, "-c", code, mark])
    os._exit(0)
os.wait()
print("up", flush=True)
if sys.argv[2] == "stay":
    time.sleep(600)
"""


@pytest.fixture(params=SANDBOXES)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    isolate: Callable[[], Isolation] = request.param
    work, repo = tmp_path / "work", tmp_path / "repo"
    work.mkdir()
    repo.mkdir()
    real = Path(plain_python()).resolve()
    prefixes = (Path(plain_python()).parent.parent, real.parent.parent)
    return Sandbox(Place(work=work, repo=repo, prefixes=prefixes), isolate())


def test_both_streams_arrive_in_order_with_the_exit_code(sandbox: Sandbox) -> None:
    said: list[bytes] = []
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr); sys.exit(7)"
    ended = sandbox.run([plain_python(), "-c", code], timeout=20, sink=said.append)
    assert (b"".join(said), ended.exit_code) == (b"one\ntwo\n", 7)


def test_a_command_runs_at_the_root_of_the_tree(sandbox: Sandbox) -> None:
    said: list[bytes] = []
    sandbox.run(["pwd"], timeout=20, sink=said.append)
    assert b"".join(said).decode().strip() == str(sandbox.root)


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_a_tree_that_ignores_sigterm_is_gone_within_a_second(sandbox: Sandbox, how: str) -> None:
    mark = uuid.uuid4().hex
    context = PlainContext()
    up = threading.Event()
    stopped: list[float] = []

    def watch() -> None:
        assert up.wait(30)
        stopped.append(time.monotonic())
        if how == "cancel":
            context.cancel()

    thread = threading.Thread(target=watch)
    thread.start()
    timeout = 30 if how == "cancel" else 2.5
    began = time.monotonic()
    ended = sandbox.run(
        [plain_python(), "-c", STUBBORN, mark, "stay"],
        timeout=timeout,
        sink=lambda data: up.set() if b"up" in data else None,
        context=context,
    )
    over = time.monotonic()
    thread.join()
    assert processes(mark) == []
    assert over - (stopped[0] if how == "cancel" else began + timeout) < 1
    assert (ended.exit_code, ended.cancelled, ended.timed_out) == (
        None,
        how == "cancel",
        how == "timeout",
    )


def test_daemons_left_behind_by_a_command_that_ended_are_gone(sandbox: Sandbox) -> None:
    mark = uuid.uuid4().hex
    ended = sandbox.run(
        [plain_python(), "-c", STUBBORN, mark, "go"], timeout=20, sink=lambda data: None
    )
    assert ended.exit_code == 0
    assert processes(mark) == []


def test_a_program_that_is_not_there_is_told(sandbox: Sandbox) -> None:
    said: list[bytes] = []
    ended = sandbox.run(["no-such-program-here"], timeout=20, sink=said.append)
    assert ended.exit_code not in (0, None)
    assert b"no-such-program-here" in b"".join(said)


def test_a_command_ended_by_a_signal_has_its_code(sandbox: Sandbox) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    ended = sandbox.run([plain_python(), "-c", code], timeout=20, sink=lambda data: None)
    assert ended.exit_code == 128 + 11


def test_nothing_starts_when_it_is_cancelled_already(sandbox: Sandbox) -> None:
    context = PlainContext()
    context.cancel()
    ended = sandbox.run(["false"], timeout=20, sink=lambda data: None, context=context)
    assert ended.cancelled
    assert ended.exit_code is None


def test_only_allowed_variables_come_in(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("LC_TIME", "C")
    said: list[bytes] = []
    sandbox.run(["env"], timeout=20, sink=said.append)
    words = b"".join(said)
    assert b"sk-secret" not in words
    assert b"LC_TIME=C" in words
    assert b"PYTHONDONTWRITEBYTECODE=1" in words


def test_killing_our_process_ends_the_command(sandbox: Sandbox, tmp_path: Path) -> None:
    """The engine dies without a word (`kill -9`): what it had started dies too."""
    mark = uuid.uuid4().hex
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from core.sandbox.launch import Sandbox\n"
        "from core.sandbox.mounts import Place\n"
        "from core.protocol import Isolation\n"
        f"place = Place(work=Path({str(sandbox.place.work)!r}),"
        f" repo=Path({str(sandbox.place.repo)!r}),"
        f" prefixes=tuple(map(Path, {[str(p) for p in sandbox.place.prefixes]!r})))\n"
        f"sandbox = Sandbox(place, Isolation(kind={sandbox.isolation.kind!r}))\n"
        f"sandbox.run([{plain_python()!r}, '-c', {STUBBORN!r}, {mark!r}, 'stay'], timeout=60,"
        " sink=lambda d: (sys.stdout.buffer.write(d), sys.stdout.flush()))\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"up\n"
    ours.kill()
    ours.wait()
    ours.stdout.close()
    until = time.monotonic() + 10
    while processes(mark) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert processes(mark) == []
