"""Which isolation is chosen, on a machine that really refuses the stronger ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.sandbox import landlock
from core.sandbox.probe import options, probe
from tests.fakes.sandbox import LANDLOCK, MOUNTED, needs_sandbox, under_landlock

HOUSE = Path(__file__).parents[3]
ASK = (
    "import json, sys; sys.path.insert(0, sys.argv[1])\n"
    "from core.sandbox.probe import probe\n"
    "print(json.dumps([probe().kind, probe().says]))"
)


def asked(layers: int, path: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(HOUSE)],
        env={"PATH": path},
        preexec_fn=under_landlock(layers),
        stdout=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    kind, says = json.loads(done.stdout)
    return kind, says


@needs_sandbox
def test_bubblewrap_comes_first() -> None:
    assert probe().kind == "bubblewrap"
    assert "--ro-bind" in options()


@pytest.mark.parametrize("isolate", [MOUNTED[1]])
def test_namespaces_where_bubblewrap_is_missing(isolate: object) -> None:
    kind, says = asked(0, "/nowhere")
    assert kind == "namespaces"
    assert "no network" in says


@pytest.mark.parametrize("isolate", [LANDLOCK])
def test_landlock_where_nothing_can_be_mounted(isolate: object) -> None:
    kind, says = asked(1, "/usr/bin:/bin")
    assert kind == "landlock"
    for weakness in ("weaker", "which programs run", "modes and times"):
        assert weakness in says
    assert ("end your programs" in says) == (landlock.version() < landlock.SIGNALS)


@pytest.mark.parametrize("isolate", [LANDLOCK])
def test_none_where_all_are_refused(isolate: object) -> None:
    kind, says = asked(16, "/usr/bin:/bin")
    assert kind == "none"
    assert says.startswith("No sandbox: ")
    assert "your files and your network" in says
