"""What performers share: the repository, its workshop, and the means to run and propose.

One `Site` serves one session. The policy runs at most one action that uses the workshop at a
time, so its parts need no locks of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.checks.how import How, ways
from core.checks.interpreter import Interpreter
from core.checks.runner import Runner, make_runner
from core.checks.warm import Warm
from core.config import RepositoryConfig, Settings
from core.errors import ActionFailed
from core.journal import Journal
from core.performers.proposers import Proposers
from core.protocol import (
    BlobRef,
    Change,
    CheckResult,
    CheckSpec,
    Isolation,
    Problem,
    Tree,
)
from core.repo.facts import Facts
from core.repo.workshop import Workshop
from core.sandbox.environment import ignored_environment
from core.sandbox.mounts import Place
from core.state import State


@dataclass
class Site:
    settings: Settings
    facts: Facts
    journal: Journal
    folder: Path
    """The repository's state folder."""
    proposers: Proposers = field(init=False)
    config: RepositoryConfig = field(default_factory=RepositoryConfig)
    """The repository's own configuration; obeyed only after trust."""
    fresh: bool = True
    """True until a survey has used the facts that the session was opened with."""
    warm: Warm = field(default_factory=Warm)
    """What waits for the next run of a check."""
    _kept: set[Tree] = field(default_factory=set)
    _workshop: Workshop | None = None
    _runner: Runner | None = None

    def __post_init__(self) -> None:
        self.proposers = Proposers(self.settings, self.journal, self.lab, lambda: self.runner)

    @property
    def workshop(self) -> Workshop:
        if self._workshop is None:
            self._workshop = Workshop.open(self.folder / "workshop", self.facts)
        return self._workshop

    def look_again(self, facts: Facts) -> None:
        """Take newer facts of the same repository."""
        self.facts = facts
        self.warm.close()
        self._kept.clear()
        if self._workshop is not None:
            self._workshop.close()
        self._workshop = Workshop.open(self.folder / "workshop", facts)

    def furnish(self, interpreter: Interpreter, isolation: Isolation) -> None:
        """Settle how checks run. Runs nothing."""
        self.warm.close()
        ignored = self.facts.git.names(
            "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
        )
        place = Place(
            work=self.workshop.work,
            repo=self.facts.root,
            git_dir=self.workshop.git_dir,
            objects=self.workshop.room.object_dirs,
            aliases=_aliases(self.settings.repo, self.facts.root),
            environment=ignored_environment(self.facts.root, ignored, self.config.see),
        )
        limits = self.settings.person.limits.lowered(self.config.limits)
        self._runner = make_runner(place, isolation, interpreter, self.folder / "runs", limits)
        self.proposers.refurnished()

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            says = "The checks were not surveyed yet; this is our own fault."
            raise ActionFailed(Problem("internal", says))
        return self._runner

    def lab(self, tree: Tree) -> Path:
        room = self.workshop.lab("repair")
        room.checkout(tree)
        return room.work

    def how(self, state: State) -> How:
        """How the person wants checks run."""
        options = state.options
        return How(
            warm=self.warm if options.warm else None,
            stop=options.first_failure,
            limit=self.settings.person.output_limit << 20,
        )

    def known(self, tree: Tree, check: CheckSpec, how: How) -> CheckResult | None:
        """An earlier run of this check on this very tree, in the environment of now."""
        runner = self.runner.allowing(check)
        for way in ways(how):
            environment = runner.environment(check.argv, way if check.reader == "pytest" else ())
            found = self.journal.evidence(tree, check.name, environment)
            if found is not None:
                return found
        return None

    def keep(self, change: Change) -> Change:
        """Makes sure that a change's tree is in the workshop, which is disposable: the journal
        holds what it takes to make the tree again. Raises `ActionFailed`."""
        if change.tree not in self._kept and not self.workshop.holds(change.tree):
            patch = self.journal.blobs.get(change.patch)
            if self.workshop.apply(change.base.tree, patch) != change.tree:
                says = "The change could not be made again from its record; try anew."
                raise ActionFailed(Problem("internal", says))
        self._kept.add(change.tree)
        return change

    def put_blob(self) -> Callable[[bytes], BlobRef]:
        """Stores outputs and records, with known secrets taken out."""
        return lambda data: self.journal.put_text(data.decode("utf-8", "replace"))

    def close(self) -> None:
        self.warm.close()
        self.proposers.close()
        if self._workshop is not None:
            self._workshop.close()


def _aliases(given: Path, root: Path) -> tuple[Path, ...]:
    """The path by which the person named the repository, when links lead to it."""
    absolute = given.expanduser().absolute()
    for path in (absolute, *absolute.parents):
        if path != root and path.resolve() == root:
            return (path,)
    return ()
