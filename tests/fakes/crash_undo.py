"""Kills a real session at its writes while it takes a landing back, and reopens it.

A program, as `crash.py` is: `crash_undo.py FOLDER HOW count` prints what the points are,
`crash_undo.py FOLDER HOW FIRST:LAST:STEP` kills there and prints one JSON line for each. HOW is
"commit" (the third of five landings), "move" (the last) or "redo" (the last, after a move).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from core import protocol as p
from core.edits.format import Replace
from core.fold import fold_all
from core.landings import standing
from core.propose.planning import render_plan
from core.propose.script import ScriptedReply
from tests.fakes.crash import Points, in_child
from tests.fakes.driver import Told
from tests.fakes.repos import git, make_repo, snapshot
from tests.fakes.stage import Stage, change, write_script

STEPS = 5
OPTIONS = p.Options(trust_for_run=True, checks=("true",))


def content(*done: int) -> str:
    """The one file after these steps: ten lines for each, of which a step changes one."""
    lines = (f"{n}.{line}" for n in range(1, STEPS + 1) for line in range(10))
    return "".join(
        f"{line} done\n" if line in {f"{n}.5" for n in done} else f"{line}\n" for line in lines
    )


def land_five(folder: Path) -> Stage:
    """A session whose plan of five steps has landed, beside work of the person's own."""
    repo = make_repo(folder / "repo", {"a.txt": content(), "mine.txt": "1\n"})
    (repo / "mine.txt").write_text("2, uncommitted\n")
    plan = p.Plan(tuple(p.Step(f"s{n}", f"step {n}") for n in range(1, STEPS + 1)))
    replies = [
        change(f"Step {n}.", Replace("a.txt", f"{n}.5\n", f"{n}.5 done\n"))
        for n in range(1, STEPS + 1)
    ]
    write_script(folder / "script.jsonl", [ScriptedReply("plan", render_plan(plan)), *replies])
    it = opened(folder)
    it.goal("five steps").answer("plan", "approve")
    for _ in range(STEPS):
        it.answer("result", "approve", confirmed=True)
    it.ended()
    return it


def opened(folder: Path, resume: str = "") -> Stage:
    return Stage(
        folder / "repo",
        folder / "home",
        proposer=f"script:{folder / 'script.jsonl'}",
        options=OPTIONS,
        resume=resume,
    )


def take_back(it: Told, commit: str, how: str) -> None:
    """Asks for it, unless that is under way already, and sees it through."""
    redo = how == "redo"

    def done() -> bool:
        told = [x for x in it.state.landings if x.commit == commit]
        return it.state.undo is None and told[0].gone is not redo

    if done():
        return
    if it.state.undo is None:
        it.submit(p.AskUndo(commit, redo))
    it.watcher.wait(lambda: done() or (it.state.gate and it.state.gate.kind == "undo"))
    if not done():
        it.decide("undo", name="commit" if how == "commit" else "move")
    it.watcher.wait(done)


def of_interest(it: Stage, how: str) -> str:
    return it.state.landings[2 if how == "commit" else STEPS - 1].commit


def play(folder: Path, how: str, at: int) -> list[str]:
    points = Points(at)
    with points.watching():
        it = opened(folder, "latest")
        take_back(it, of_interest(it, how), how)
        it.close()
    return points.names


def reopen(folder: Path, how: str) -> dict[str, object]:
    """What a person finds after the kill, and whether it comes to its end."""
    repo = folder / "repo"
    found = (repo / "a.txt").read_text()
    it = opened(folder, "latest")
    take_back(it, of_interest(it, how), how)
    entries = list(it.session._journal.entries(it.state.session))
    same = fold_all(entries) == it.state
    stands = [x.iteration for x in standing(it.state)]
    it.close()
    return {
        "found": found,
        "same": same,
        "stands": stands,
        "content": (repo / "a.txt").read_text(),
        "commits": git(repo, "log", "--format=%s").splitlines()[:-1],
        "status": git(repo, "status", "--porcelain"),
        "mine": (repo / "mine.txt").read_text(),
        "left": sorted(n for n in snapshot(repo) if "loopwright" in n or n.endswith(".lock")),
        "fsck": git(repo, "fsck", "--strict", "--no-dangling"),
        "refs": git(repo, "for-each-ref", "--format=%(refname)"),
    }


def prepare(folder: Path, how: str) -> None:
    it = land_five(folder)
    if how == "redo":
        take_back(it, of_interest(it, how), "move")
    it.close()


def main() -> None:
    folder, how, what = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    live, pristine = folder / "live", folder / "pristine"
    in_child(lambda: prepare(live, how))
    # The journal names the repository by its path, so every copy takes the same place.
    shutil.copytree(live, pristine, symlinks=True)
    if what == "count":
        print(in_child(lambda: play(live, how, 0))[1])
        return
    first, last, step = map(int, what.split(":"))
    for at in range(first, last, step):
        shutil.rmtree(live)
        shutil.copytree(pristine, live, symlinks=True)
        status, _ = in_child(lambda: play(live, how, at))  # noqa: B023
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        _, answer = in_child(lambda: reopen(live, how))
        report = json.loads(answer) if answer else {}
        print(json.dumps({"at": at, "killed": killed, **report}), flush=True)


if __name__ == "__main__":
    main()
