"""How long a cancelled check takes to be gone, however stubborn it is."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core import protocol as p
from core.sandbox.probe import probe
from tests.bench.stage import Timed
from tests.bench.table import Row, median
from tests.fakes.sandbox import plain_python, processes
from tests.fakes.stage import GOAL, shop

STUBBORN = """\
import os, signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, *sys.argv, "child"], start_new_session=True)
else:
    print("both are here", flush=True)
time.sleep(600)
"""


def rows(quick: bool) -> Iterator[Row]:
    kinds = [("in no sandbox", True)]
    if probe().kind == "bubblewrap":
        kinds.insert(0, ("in the sandbox", False))
    for name, unsandboxed in kinds:
        idle, gone = [], []
        for _ in range(2 if quick else 5):
            with tempfile.TemporaryDirectory(prefix="bench-cancel-") as folder:
                a, b = one(Path(folder), unsandboxed)
            idle.append(a)
            gone.append(b)
        note = (
            f"the gate opens after {median(idle):.3f} s, no process left after {median(gone):.3f} s"
        )
        worst = [max(pair) for pair in zip(idle, gone, strict=True)]
        yield Row(f"cancel to idle, {name}", median(worst), "s", 1.0, p95=max(worst), note=note)


def one(folder: Path, unsandboxed: bool) -> tuple[float, float]:
    """Seconds from the command to the gate, and to the end of the last process."""
    repo, mark = shop(folder / "shop", {"stubborn.py": STUBBORN}), f"mark-{secrets.token_hex(6)}"
    with Timed(
        repo,
        folder / "home",
        "repair",
        plain_python(),
        checks=(f"python3 stubborn.py {mark}",),
        allow_unsandboxed=unsandboxed,
    ) as it:
        it.goal(GOAL)
        it.watcher.wait(lambda: any("both" in str(d) for _, d in it.watcher.came))
        assert len(processes(mark)) >= 2
        began = time.monotonic()
        it.submit(p.Cancel())
        gone = idle = 0.0
        while not (gone and idle):
            passed = time.monotonic() - began
            idle = idle or (passed if it.state.gate is not None else 0.0)
            gone = gone or (0.0 if processes(mark) else passed)
            if passed > 20:
                raise TimeoutError(f"after 20 s: {it.state.gate}, {processes(mark)} left")
            time.sleep(0.002)
    return idle, gone


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"cancel": rows}
