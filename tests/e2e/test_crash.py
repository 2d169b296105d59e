"""`kill -9` before every write of a whole session: nothing is lost, nothing is half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import crash

PARTS = 4
EVERY = 1 if os.environ.get("LOOPWRIGHT_EVERY_POINT") else 6
"""Every point where there is time for it (.ci/run), else each sixth, so that the suite is quick."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_session_killed_at_any_write_goes_on_and_the_repository_is_whole(tmp_path, part):
    root = Path(crash.__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}

    def run(*argv: str) -> str:
        command = [sys.executable, "-m", "tests.fakes.crash", *argv]
        done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    points = json.loads(run(str(tmp_path / "count"), "count"))
    assert sum(name.startswith("journal") for name in points) > 15
    assert {"fsync", "replace", "git update-ref", "journal LandingPrepared"} <= set(points)
    last = len(points) + 1
    out = run(str(tmp_path / "kill"), f"{1 + part * EVERY}:{last}:{PARTS * EVERY}")
    reports = [json.loads(line) for line in out.splitlines()]
    assert len(reports) == len(range(1 + part * EVERY, last, PARTS * EVERY))
    for report in reports:
        at = points[report["at"] - 1], report
        # The last points may not be reached again: threads differ by a write or two.
        assert report["killed"] or report["at"] > last - 5, at
        assert report.get("found") in (crash.OLD, crash.NEW), at
        assert report["same"], at
        assert report["content"] == crash.NEW, at
        assert report["commits"] == 1, at
        assert report["status"] == " M mine.txt\n?? untracked.txt", at
        assert report["mine"] == "2, uncommitted\nmine\n", at
        assert report["left"] == [False], at
        assert report["refs"] == "refs/heads/main", at
        if report["old"]:
            assert report["found"] == crash.OLD, at
