"""The built-in repair search as a proposer. It knows nothing of any repository but its tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.checks.trial import Trial, TrialResult
from core.context import Context
from core.edits.format import Edit, Replace, render
from core.errors import ActionFailed
from core.propose.base import Brief, Finished
from core.propose.planning import render_plan
from core.propose.repair import words
from core.propose.repair.locate import is_source
from core.propose.repair.rank import overlay
from core.propose.repair.search import Budget, Search
from core.propose.repair.source import Source
from core.propose.repair.survey import Survey, nothing, survey
from core.protocol import Progress, Streamed, Tree, Usage
from core.text import clean

_Refused = set[frozenset[tuple[str, bytes]]]


class RepairProposer:
    """Mends failing tests by small edits of the lines that they run.

    `lab(tree)` is a private folder with that tree checked out; nothing else uses it while a call
    runs, and its files are as they were afterwards. `in_scope(path, scope)` says whether a path
    may be touched; an empty scope allows all.
    """

    def __init__(
        self,
        lab: Callable[[Tree], Path],
        trial: Trial,
        in_scope: Callable[[str, tuple[str, ...]], bool],
        *,
        budget: Budget = Budget(),  # noqa: B008
        suite_timeout: float = 600.0,
    ) -> None:
        self._lab, self._trial, self._in_scope = lab, trial, in_scope
        self._budget, self._suite_timeout = budget, suite_timeout
        self._proposed: dict[tuple[Tree, str], _Refused] = {}
        self._ran: tuple[Tree, TrialResult] | None = None

    def plan(self, brief: Brief, context: Context, action: str) -> Finished:
        began = time.monotonic()
        check = next((check.name for check in brief.checks if check.reader == "pytest"), "")
        if not check:
            raise nothing("This repository has no pytest check that could judge a repair.")
        found = self._survey(brief, context, action)
        text = render_plan(words.plan(found, check))
        context.show(Streamed(action, clean(text)))
        return Finished(text, Usage(seconds=time.monotonic() - began))

    def propose(self, brief: Brief, context: Context, action: str) -> Finished:
        """Raises `ActionFailed` ("not found") where nothing passes, saying what was searched."""
        began = time.monotonic()
        try:
            text = self._propose(brief, context, action)
        except ActionFailed as error:
            # Who asks again may have changed something else than the tree.
            self._ran = None
            seconds = time.monotonic() - began
            raise ActionFailed(error.problem, Usage(seconds=seconds)) from error
        context.show(Streamed(action, clean(text)))
        return Finished(text, Usage(seconds=time.monotonic() - began))

    def close(self) -> None:
        self._proposed.clear()
        self._ran = None

    def _propose(self, brief: Brief, context: Context, action: str) -> str:
        if any(need.polarity == "fail" for need in brief.needs):
            raise nothing("This step asks for a test that fails, and the search writes no tests.")
        found = self._survey(brief, context, action)
        key = (brief.tree, brief.step.id if brief.step else "")
        if not brief.previous:
            self._proposed.pop(key, None)
        refused = self._proposed.setdefault(key, set())

        def show(says: str, done: int, total: int) -> None:
            context.show(Progress(action, says, done, total))

        folder = self._lab(brief.tree)
        outcome = Search(self._trial, folder, found, self._budget, context, show, refused).run()
        chosen = [one.candidate for one in outcome.chosen]
        if not chosen:
            raise ActionFailed(words.not_found(found, outcome))
        changed = overlay(chosen)
        refused.add(frozenset(changed.items()))
        by_path = {source.path: source for source in found.sources}
        edits: list[Edit] = []
        for path, content in changed.items():
            edits += replacements(by_path[path], content)
        return render(words.reasons(found, outcome), tuple(edits))

    def _survey(self, brief: Brief, context: Context, action: str) -> Survey:
        scope = brief.scope or (brief.step.scope if brief.step else ())
        needs = brief.needs or (brief.step.needs if brief.step else ())
        return survey(
            self._result(brief.tree, context, action),
            self._lab(brief.tree),
            needs,
            "\n".join((brief.goal, *brief.notes)),
            lambda path: is_source(path) and (not scope or self._in_scope(path, scope)),
        )

    def _result(self, tree: Tree, context: Context, action: str) -> TrialResult:
        """A run of the whole suite on the tree with coverage; the last tree's is kept.

        A plan and its steps look at the same tree one after the other.
        """
        if self._ran is not None and self._ran[0] == tree:
            return self._ran[1]
        context.show(Progress(action, "running the tests with coverage"))
        result = self._trial.run(
            self._lab(tree), coverage=True, timeout=self._suite_timeout, context=context
        )
        self._ran = (tree, result) if result.tests and not result.says else None
        return result


def replacements(source: Source, content: bytes) -> list[Edit]:
    """The change of one file as one edit whose search text stands in the file only once."""
    old, new = (_lines(data) for data in (source.data, content))
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # Context on both sides until the place is clear, at least a line where there is one.
    first, last = max(0, head - 1), min(len(old), len(old) - tail + 1)
    while _times(old, old[first:last]) > 1:
        first, last = max(0, first - 1), min(len(old), last + 1)
    tail = len(old) - last
    return [
        Replace(source.path, _text(old[first:last]), _text(new[first : len(new) - tail]))
    ]  # fmt: skip


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _times(lines: list[str], part: list[str]) -> int:
    """How often the part stands in the lines, leaving white space at line ends aside."""
    bare, wanted = [line.rstrip() for line in lines], [line.rstrip() for line in part]
    return sum(bare[at : at + len(wanted)] == wanted for at in range(len(bare) - len(wanted) + 1))
