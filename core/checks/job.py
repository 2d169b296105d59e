"""What the run of one check has at hand, and what it comes to before it is made into evidence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.checks import toolchains, tools
from core.checks.how import How
from core.checks.output import Kept, Spool, Writing
from core.checks.runner import Desk, Runner
from core.context import Context
from core.errors import ActionCancelled
from core.protocol import CheckSpec, CheckVerdict, Diagnostic, TestRecord
from core.sandbox.process import Ended
from core.text import clean_line, shorten, strip_colours


@dataclass
class Job:
    """What the run of one check needs at every turn."""

    spec: CheckSpec
    runner: Runner
    desk: Desk
    context: Context
    action: str
    how: How
    writing: Callable[[], Writing] | None
    ends: ExitStack
    """What is left to do once all was read."""
    was: tuple[str, ...] = ()
    """How it was run, as `how.ways` names it."""
    spool: Spool = field(init=False)
    kept: Kept = field(default_factory=Kept)
    """The output as it came, for a reader."""
    hushed: bool = False
    """True where the output is for a reader alone."""

    def begin_output(self, render: Callable[[str], str | None] | None = None) -> None:
        """Take what is printed from now on as the output."""
        whole = self.writing() if self.writing is not None else None
        if whole is not None:
            self.ends.callback(whole.drop)
        name, limit = self.spec.name, self.how.limit
        self.spool = Spool(self.context, self.action, name, render, whole, limit)

    @property
    def root(self) -> str:
        """Where the tree is, as the command sees it."""
        return str(self.runner.sandbox.root)

    def start(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Ended:
        ended = self.runner.sandbox.run(
            argv,
            timeout=self.spec.timeout,
            sink=self.take,
            context=self.context,
            tick=self.spool.tick,
            env=env,
            binds=self.desk.binds,
        )
        if ended.cancelled:
            raise ActionCancelled
        if ended.exit_code == 1 and self.kept.begin().startswith((b"bwrap: ", b"sandbox: ")):
            words = last(self.kept.begin())
            return replace(ended, problem=f"The sandbox could not start the check. {words}")
        return ended

    def tool(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Ended:
        """Start a program that must be found first, and be made visible."""
        runner = self.runner
        program = tools.locate(argv[0], runner.place.repo, runner.interpreter)
        if program is None or not self._there(program.path):
            says = f"{clean_line(argv[0])} is not installed where the checks run."
            return Ended(exit_code=None, problem=says)
        chain = toolchains.needed(argv[0], program, self.desk, runner)
        self.runner = runner.seeing((*program.prefixes, *chain.folders), chain.bins)
        path = str(self.runner.sandbox.seen(program.path))
        return self.start([path, *argv[1:]], {**chain.env, **(env or {})})

    def _there(self, path: Path) -> bool:
        place = self.runner.place
        if place.repo not in path.parents:
            return True
        return os.path.exists(path) or os.path.exists(place.work / path.relative_to(place.repo))

    def take(self, data: bytes) -> None:
        """What the command prints."""
        self.kept.feed(data)
        if not self.hushed:
            self.spool.feed(data)


@dataclass(frozen=True)
class Found:
    ended: Ended
    verdict: CheckVerdict
    output: bytes
    says: str = ""
    tests: tuple[TestRecord, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    partial: bool = False


def not_run(job: Job, ended: Ended) -> tuple[CheckVerdict, str]:
    if ended.problem:
        return "error", ended.problem
    if ended.passed:
        return "error", f"{job.spec.name} was stopped: {ended.passed}."
    return "timeout", f"{job.spec.name} was stopped after {job.spec.timeout:g} s."


def last(output: bytes) -> str:
    """The last lines that a tool printed, on one line."""
    lines = [s for s in strip_colours(output[-8000:].decode("utf-8", "replace")).split("\n") if s]
    words = " · ".join(clean_line(s) for s in lines[-3:] if not re.fullmatch(r"\W*", s))
    return f"It said: {shorten(words, 400)}" if words else ""
