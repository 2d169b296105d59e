"""The search: try the likeliest edits, let the failing tests judge, then the whole suite."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from core.checks.trial import Series, Trial, TrialResult
from core.context import Context
from core.propose.repair.rank import Candidate, overlap, overlay, worth_trying
from core.propose.repair.survey import Survey, nothing

Change = Mapping[str, bytes]

_FIRST_BATCH, _BATCH = 24, 64
_PATIENCE = 200
_MOST_EDITS = 3


@dataclass(frozen=True)
class Budget:
    trials: int = 3000
    """Candidates tried at most."""
    seconds: float = 180.0
    further: int = 8
    """Candidates tried after the first repair, to see whether others pass as well."""


@dataclass(frozen=True)
class Found:
    """A candidate that the whole suite has nothing against."""

    candidate: Candidate
    fixed: frozenset[str]
    place: int
    """How many candidates were tried before it."""

    @property
    def preference(self) -> float:
        """Likely edits first, small ones among equals."""
        return self.candidate.score - 0.002 * self.candidate.size


@dataclass
class Outcome:
    chosen: tuple[Found, ...] = ()
    alternatives: tuple[Found, ...] = ()
    """Others that mend as much as one of the chosen does."""
    targets: frozenset[str] = frozenset()
    unsteady: tuple[str, ...] = ()
    """Targets that passed when they ran again unchanged."""
    tried: int = 0
    candidates: int = 0
    suite_runs: int = 0
    ended: str = ""
    """Why a search without a whole repair ended, in words."""
    found: list[Found] = field(default_factory=list)

    @property
    def fixed(self) -> frozenset[str]:
        return frozenset(test for found in self.chosen for test in found.fixed)


class Search:
    """One search on one folder; `run` once."""

    def __init__(
        self,
        trial: Trial,
        folder: Path,
        survey: Survey,
        budget: Budget,
        context: Context,
        show: Callable[[str, int, int], None],
        refused: Collection[frozenset[tuple[str, bytes]]] = (),
    ) -> None:
        self._trial, self._folder, self._survey = trial, folder, survey
        self._budget, self._context, self._show = budget, context, show
        self._refused = refused
        self._series: Series
        self._until = time.monotonic() + budget.seconds
        self._clusters = survey.clusters
        self._outcome = Outcome()
        self._together: dict[frozenset[int], bool] = {}

    def run(self) -> Outcome:
        """The best repair that the budget allows; `chosen` is empty where there is none.

        Raises `ActionCancelled`, and `ActionFailed` where no target fails steadily.
        """
        with self._trial.opened(self._folder, self._context) as self._series:
            return self._run()

    def _run(self) -> Outcome:
        limit = self._steady()
        ranked = self._survey.ranked()
        out = self._outcome
        out.candidates = len(ranked)
        stream = worth_trying(ranked)
        enough: int | None = None
        while enough is None or out.tried < enough:
            batch = self._next_batch(stream, enough)
            if not batch:
                break
            hits = self._confirmed(self._try(batch, limit))
            out.found += hits
            if not hits:
                continue
            repair = self._repair()
            if repair and len(repair) == 1:
                enough = out.tried + self._budget.further
            elif repair and enough is None:
                # What takes several edits may be one fault, whose single edit comes later.
                enough = out.tried + max(_PATIENCE, out.tried)
        out.chosen = self._chosen()
        taken = {id(found) for found in out.chosen}
        wholes = [found.fixed for found in out.chosen]
        out.alternatives = tuple(
            found
            for found in sorted(out.found, key=lambda f: -f.preference)
            if id(found) not in taken and any(fixed <= found.fixed for fixed in wholes)
        )
        return out

    def _steady(self) -> float:
        """Runs the targets unchanged: how long a trial may take, and which fail only sometimes."""
        targets = self._survey.targets
        self._show("running the failing tests again", 0, 0)
        (again,) = self._series.run_many([{}], targets, stop_first=False, timeout=60.0)
        steady = set(again.failing)
        self._outcome.unsteady = tuple(test for test in targets if test not in steady)
        self._clusters = self._survey.without(self._outcome.unsteady)
        self._outcome.targets = frozenset(r.id for group in self._clusters for r in group)
        if not self._clusters:
            raise nothing("The failing tests passed when they ran again: they fail only sometimes.")
        return min(30.0, 1.0 + 6 * again.seconds)

    def _next_batch(self, stream: Iterator[Candidate], enough: int | None) -> list[Candidate]:
        out = self._outcome
        if time.monotonic() >= self._until:
            out.ended = f"the time for it ({self._budget.seconds:.0f} s) was over"
            return []
        left = self._budget.trials - out.tried
        if left <= 0:
            out.ended = f"the trials allowed ({self._budget.trials}) were used up"
            return []
        self._context.check()
        size = min(left, _BATCH if out.tried else _FIRST_BATCH)
        if enough is not None:
            size = min(size, enough - out.tried)
        fresh = (c for c in stream if not self._was_refused([c]))
        batch = list(islice(fresh, size))
        if not batch:
            out.ended = "no candidate was left"
        return batch

    def _was_refused(self, chosen: list[Candidate]) -> bool:
        return bool(self._refused) and frozenset(overlay(chosen).items()) in self._refused

    def _try(self, batch: list[Candidate], limit: float) -> list[tuple[Candidate, int]]:
        """Those of the batch under which a target passes, with their place in the search."""
        out = self._outcome
        targets = sorted(out.targets)
        first = out.tried

        def done(index: int, _: TrialResult) -> bool:
            says = f"trying edits: {out.candidates} on the suspicious lines"
            self._show(says, first + index + 1, min(out.candidates, self._budget.trials))
            return time.monotonic() >= self._until

        results = self._series.run_many(
            [overlay([c]) for c in batch], targets,
            stop_first=len(targets) > 12, timeout=limit, until=done,
        )  # fmt: skip
        out.tried += len(results)
        return [
            (candidate, first + index)
            for index, (candidate, result) in enumerate(zip(batch, results, strict=False))
            if not result.says and self._passed(result) & out.targets
        ]

    def _confirmed(self, hits: list[tuple[Candidate, int]]) -> list[Found]:
        """Those of the hits that break no test of the whole suite."""
        if not hits:
            return []
        self._show(f"running the whole suite on {len(hits)} that pass", 0, 0)
        results = self._suite([overlay([candidate]) for candidate, _ in hits])
        self._outcome.suite_runs += len(results)
        return [
            Found(candidate, frozenset(fixed), place)
            for (candidate, place), result in zip(hits, results, strict=False)
            if (fixed := self._fixed(result))
        ]

    def _suite(self, changes: list[dict[str, bytes]]) -> tuple[TrialResult, ...]:
        # An expected failure must not end the run before the tests behind it were seen.
        expected = set(self._survey.failing) - self._outcome.targets
        stop = not expected and len(self._outcome.targets) == 1
        return self._series.run_many(
            changes, stop_first=stop, timeout=10 + 2 * self._survey.seconds,
            until=lambda _, __: time.monotonic() >= self._until + 30,
        )  # fmt: skip

    def _fixed(self, result: TrialResult) -> set[str]:
        """Targets that pass; none where a test that passed before is failing or gone."""
        passed = self._passed(result)
        if result.says or not set(self._survey.passing) <= passed:
            return set()
        if set(result.failing) - set(self._survey.failing):
            return set()
        return passed & self._outcome.targets

    @staticmethod
    def _passed(result: TrialResult) -> set[str]:
        return {record.id for record in result.tests if record.outcome == "passed"}

    def _repair(self) -> list[Found]:
        """Found edits that together mend every target, as few as can be; or nothing."""
        parts = self._cover(self._outcome.targets, [])
        return parts if parts and self._holds(parts) else []

    def _cover(self, tests: frozenset[str], chosen: list[Found]) -> list[Found] | None:
        """Edits for these tests beside those already chosen: greedy set cover."""
        left = set(tests) - {test for found in chosen for test in found.fixed}
        part: list[Found] = []
        while left:
            free = [
                found
                for found in self._outcome.found
                if not any(overlap(found.candidate, c.candidate) for c in [*chosen, *part])
            ]
            best = max(free, key=lambda f: (len(f.fixed & left), f.preference), default=None)
            if best is None or not best.fixed & left or len(part) == _MOST_EDITS:
                return None
            part.append(best)
            left -= best.fixed
        return part

    def _holds(self, parts: list[Found]) -> bool:
        """Whether edits that hold alone hold together."""
        if len(parts) == 1:
            return True
        key = frozenset(id(found) for found in parts)
        if key not in self._together:
            results = self._suite([overlay([found.candidate for found in parts])])
            self._outcome.suite_runs += len(results)
            wanted = {test for found in parts for test in found.fixed}
            self._together[key] = bool(results) and wanted <= self._fixed(results[0])
        return self._together[key]

    def _chosen(self) -> tuple[Found, ...]:
        """What to propose: a whole repair, else the clusters that could be mended whole."""
        if repair := self._repair():
            return tuple(repair)
        parts: list[Found] = []
        for cluster in self._clusters:
            part = self._cover(frozenset(record.id for record in cluster), parts)
            if part and self._holds([*parts, *part]):
                parts += part
        return tuple(parts)
