"""Kills a whole session, with its landing, at one write after another, and reopens it.

A program: `crash.py FOLDER count` prints how many points there are and what each is;
`crash.py FOLDER FIRST:LAST:STEP` kills at those points and prints one JSON line for each.
The points are not chosen: they are every journal write, sync, rename and removal of the process,
and every git call of the landing that writes, found by wrapping those functions.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import protocol as p
from core.edits.format import Replace
from core.errors import LoopwrightError
from core.fold import fold_all
from core.journal import Journal
from core.repo import git as gateway
from tests.fakes.repos import git, make_repo, snapshot
from tests.fakes.stage import Stage, change, write_script

WRITES = ("pack-objects", "unpack-objects", "update-ref", "update-index", "checkout-index")
OLD, NEW = "answer = 41\n", "answer = 42\n"
OPTIONS = p.Options(with_plan=False, trust_for_run=True, checks=("true",))


class Points:
    """Counts what happens, and ends the process, as a kill would, just before number `at`."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.names: list[str] = []
        self.landing = False
        self._last = ("", "")

    def reach(self, name: str, path: object = "") -> None:
        folder = os.path.dirname(str(path))
        if folder and (name, folder) == self._last:
            return  # one of several removals in a row in one folder
        self._last = (name, folder)
        self.names.append(name)
        if len(self.names) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Wraps every write of ours that could be cut short."""
        kept: list[tuple[Any, str, Callable[..., Any]]] = []

        def wrap(owner: Any, name: str, before: Callable[..., None]) -> None:
            real = getattr(owner, name)
            kept.append((owner, name, real))

            def wrapped(*args: Any, **kwargs: Any) -> Any:
                before(*args)
                return real(*args, **kwargs)

            setattr(owner, name, wrapped)

        for name in ("replace", "rename", "fsync", "link"):
            wrap(os, name, lambda *_, name=name: self.reach(name))
        for name in ("unlink", "rmdir"):
            wrap(os, name, lambda path, *_, name=name: self.reach(name, path))
        wrap(Journal, "append", lambda *a: self.written(a[2].event))
        wrap(Journal, "writing", lambda *_: self.reach("transaction"))
        wrap(Journal, "compact", lambda *_: self.reach("compact"))
        wrap(gateway, "_execute", lambda *a: self.called(a[1]))
        try:
            yield
        finally:
            for owner, name, real in kept:
                setattr(owner, name, real)

    def written(self, event: p.AnyEvent) -> None:
        self.reach(f"journal {type(event).__name__}")
        self.landing = isinstance(event, p.LandingPrepared) or (
            self.landing and not isinstance(event, p.Landed)
        )

    def called(self, argv: tuple[str, ...]) -> None:
        verb = argv[argv.index("git") + 1]
        if self.landing and verb in WRITES:
            self.reach(f"git {verb}")


def prepare(folder: Path) -> None:
    repo = make_repo(folder / "repo", {"a.py": OLD, "mine.txt": "1\n", "gone.py": "x\n"})
    (repo / "mine.txt").write_text("2, uncommitted\n")
    (repo / "untracked.txt").write_text("mine\n")
    write_script(folder / "script.jsonl", [change("Because.", Replace("a.py", OLD, NEW))])


def tell(folder: Path, *, resume: str = "") -> Stage:
    """The whole session: a goal, a change, its check, an approval, a landing."""
    it = Stage(
        folder / "repo",
        folder / "home",
        proposer=f"script:{folder / 'script.jsonl'}",
        options=OPTIONS,
        resume=resume,
    )
    if not it.state.goal:
        it.goal("the answer is 42")
    it.watcher.wait(lambda: it.state.gate or it.state.ended)
    if it.state.ended is None:
        it.decide("approve", confirmed=True)
    it.ended()
    return it


def play(folder: Path, at: int) -> list[str]:
    points = Points(at)
    with points.watching():
        tell(folder).close()
    return points.names


def reopen(folder: Path) -> dict[str, object]:
    """What a person finds after the kill, and whether the session goes on to its end."""
    repo = folder / "repo"
    lock = repo / ".git" / "index.lock"
    before = (repo / "a.py").read_text()
    try:
        it = tell(folder, resume="latest")
    except LoopwrightError:
        it = tell(folder)  # killed before its session was recorded
    entries = list(it.session._journal.entries(it.state.session))
    same = fold_all(entries) == it.state
    landings = git(repo, "log", "--format=%s").count("answer")
    it.close()
    return {
        "found": before,
        "same": same,
        "content": (repo / "a.py").read_text(),
        "commits": landings,
        "status": git(repo, "status", "--porcelain"),
        "mine": (repo / "mine.txt").read_text() + (repo / "untracked.txt").read_text(),
        "left": [*sorted(x.name for x in (repo / ".git").glob("loopwright*")), lock.exists()],
        "fsck": git(repo, "fsck", "--strict"),
        "refs": git(repo, "for-each-ref", "--format=%(refname)"),
    }


def in_child(work: Callable[[], object]) -> tuple[int, str]:
    """Runs something in a forked child; its wait status, and what it answered as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        answer = json.dumps(work())
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    return os.waitpid(child, 0)[1], text


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    prepare(folder / "template")
    if what == "count":
        print(in_child(lambda: play(folder / "template", 0))[1])
        return
    first, last, step = map(int, what.split(":"))
    for at in range(first, last, step):
        here = folder / f"at-{at}"
        shutil.copytree(folder / "template", here, symlinks=True)
        # The script's and the repository's paths are this copy's own.
        git(here / "repo", "update-index", "-q", "--refresh", ok=(0, 1))
        untouched = snapshot(here / "repo")
        status, _ = in_child(lambda: play(here, at))  # noqa: B023
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        old = snapshot(here / "repo") == untouched
        _, answer = in_child(lambda: reopen(here))  # noqa: B023
        report = json.loads(answer) if answer else {}
        print(json.dumps({"at": at, "killed": killed, "old": old, **report}), flush=True)
        shutil.rmtree(here)


if __name__ == "__main__":
    main()
