"""What is known before the search: which tests fail, where they went, what they said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.checks.trial import TrialResult
from core.errors import ActionFailed
from core.propose.repair import source
from core.propose.repair.clusters import asked_for, clusters, mentioned
from core.propose.repair.locate import Line, Suspect, locate
from core.propose.repair.rank import Candidate, candidates
from core.propose.repair.source import Source
from core.propose.repair.templates.hints import gather
from core.protocol import Need, Problem, TestRecord

Allowed = Callable[[str], bool]
"""Whether a path may be touched."""


@dataclass(frozen=True)
class Survey:
    passing: tuple[str, ...]
    failing: tuple[str, ...]
    clusters: tuple[tuple[TestRecord, ...], ...]
    """The tests to mend, by what seems to be one fault each."""
    suspects: Mapping[Line, Suspect]
    sources: tuple[Source, ...]
    seconds: float
    """What the whole suite took, with coverage."""

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(record.id for cluster in self.clusters for record in cluster)

    def ranked(self) -> list[Candidate]:
        messages = [record.message for cluster in self.clusters for record in cluster]
        return candidates(self.sources, self.suspects, gather(messages, self.sources))

    def without(self, tests: Sequence[str]) -> tuple[tuple[TestRecord, ...], ...]:
        left = (tuple(r for r in cluster if r.id not in tests) for cluster in self.clusters)
        return tuple(cluster for cluster in left if cluster)


def survey(
    result: TrialResult,
    folder: Path,
    needs: Sequence[Need],
    goal: str,
    allowed: Allowed,
) -> Survey:
    """What a run of the whole suite with coverage (`result`) shows of the tree in `folder`.

    What to mend is what the needs ask for; without any, the failing tests that the goal names,
    or all of them.

    Raises `ActionFailed` ("not found") where there is nothing that a search could mend.
    """
    failing = [record for record in result.tests if record.outcome in ("failed", "error")]
    passing = tuple(record.id for record in result.tests if record.outcome == "passed")
    if not result.tests or (result.says and not failing):
        raise nothing(f"The tests could not be run to their end: {result.says or 'none ran'}.")
    wanted, idle = asked_for(failing, needs) if needs else (mentioned(failing, goal), ())
    if not wanted:
        about = f" Asked for, and not failing: {', '.join(idle[:3])}." if idle else ""
        raise nothing(f"No test fails that this step asks about ({len(passing)} pass).{about}")
    coverage = result.coverage or {}
    groups = clusters(wanted, passing, coverage)
    suspects = locate(groups, passing, coverage)
    sources = _sources(folder, suspects, allowed)
    if not sources:
        says = "The failing tests ran no line of a Python source file that may be changed here."
        raise nothing(says)
    return Survey(passing, tuple(r.id for r in failing), groups, suspects, sources, result.seconds)


def _sources(
    folder: Path, suspects: Mapping[Line, Suspect], allowed: Allowed
) -> tuple[Source, ...]:
    root = folder.resolve()
    found = []
    for path in sorted({path for path, _ in suspects}):
        file = folder / path
        # A link could lead out of the lab.
        if not allowed(path) or not file.is_file() or file.resolve() != root / path:
            continue
        read = source.read(path, file.read_bytes())
        if read is not None:
            found.append(read)
    return tuple(found)


def nothing(says: str) -> ActionFailed:
    return ActionFailed(
        Problem(
            "not found",
            f"{says} Nothing was changed. The repair search can only make failing tests pass:"
            " add a test that shows the fault, or choose a model.",
        )
    )
