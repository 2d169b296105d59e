"""Runs a landed commit's evidence again, from the commit alone: `loopwright verify`.

Works in a private copy below the state folder, gone afterwards; the person's tree is only read.
Nothing of the repository runs before these very commands are trusted.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from core import confirm, statement
from core import protocol as p
from core.checks import interpreter
from core.checks.deciding import deciding
from core.checks.judge import Evidence
from core.config import Settings, config_bytes, read_repository
from core.confirm import Finding, Planned, Shown
from core.context import PlainContext
from core.errors import GitFailed, Refused, UsageError
from core.journal import Journal
from core.lanes import test_hunks
from core.performers.building import describe
from core.performers.checking import evidence_of, run_on
from core.performers.site import Site
from core.performers.survey import checks_of
from core.places import repository_folder
from core.propose.redact import Redactor
from core.repo import hunks
from core.repo.facts import Facts, inspect
from core.repo.git import Git
from core.repo.owning import refs_of
from core.repo.room import remove
from core.sandbox.probe import probe, unsandboxed
from core.text import clean, clean_line, decode, shorten
from core.trust import is_trusted, trust_hash

OURS = "Assisted-by: Loopwright"


class Verified(p.Value, frozen=True):
    """What became of a commit's claims."""

    commit: str
    subject: str
    findings: tuple[Finding, ...]
    interpreter: str = ""
    isolation: str = ""

    @property
    def holds(self) -> bool:
        return all(f.standing == "holds" for f in self.findings)


@dataclass(frozen=True)
class _Commit:
    id: str
    tree: p.Tree
    parents: tuple[str, ...]
    message: str
    parent_tree: p.Tree = ""
    """"" where there is not just one parent, or it is not here."""


class _Context(PlainContext):
    """Passes progress on; nobody waits for the rest."""

    def __init__(self, show: Callable[[p.Progress], None]) -> None:
        super().__init__()
        self._show = show

    def show(self, delta: p.AnyDelta) -> None:
        if isinstance(delta, p.Progress):
            self._show(delta)


def verify(
    settings: Settings, rev: str, show: Callable[[p.Progress], None] = lambda _: None
) -> Verified:
    """Compares the commit with what its message says, and runs the checks that it names.

    Raises `UsageError` for what is no commit of ours, `Refused` where the commands are not
    trusted. Whatever else is wrong is a finding.
    """
    facts = inspect(settings.repo)
    commit = _commit(facts, rev)
    said = statement.read(commit.message)
    subject = shorten(clean_line(commit.message.partition("\n")[0]), 100)
    if said is None and OURS not in commit.message:
        raise UsageError(
            f"Commit {commit.id[:10]} ({subject}) is none of Loopwright's: its message holds no"
            " evidence. Nothing was run."
        )
    if said is None:
        why = "the message does not hold it any more, so there is nothing to run again"
        return Verified(commit.id, subject, (Finding("evidence", "unknown", why),))
    with _site(settings, facts) as site:
        python = interpreter.find(
            facts.root, settings.interpreter or settings.person.interpreter, settings.env
        )
        found = _checks(site, commit.tree, python)
        before = _checks(site, commit.parent_tree, python) if commit.parent_tree else found
        planned = confirm.plan(said, found, before)
        limit = settings.person.timeouts.check
        planned = tuple(
            dataclasses.replace(one, spec=replace(one.spec, timeout=limit)) if one.spec else one
            for one in planned
        )
        isolation = _trusted(site, commit, planned, python)
        site.furnish(python, isolation)
        shown = _run(site, commit, said, planned, _Context(show))
        touched = _touched(facts.git, commit) if commit.parent_tree else {}
    findings = (
        *confirm.of_commit(said, commit.tree, commit.parents, touched),
        *(one.finding for one in planned),
        *confirm.of_runs(said, planned, shown),
        *confirm.of_lines(said),
    )
    return Verified(commit.id, subject, findings, str(python.path), isolation.kind)


def _commit(facts: Facts, rev: str) -> _Commit:
    wanted = rev.strip() or "HEAD"
    try:
        # What begins with "-" would be an option.
        found = "" if wanted[0] == "-" else facts.git.text("rev-parse", f"{wanted}^{{commit}}")
        raw = facts.git.run("cat-file", "commit", found)
    except (GitFailed, ValueError) as error:
        says = f"There is no commit {clean_line(wanted)} here. Nothing was run."
        raise UsageError(says) from error
    head, _, message = raw.partition(b"\n\n")
    fields = [line.split(b" ") for line in head.split(b"\n")]
    tree = next(os.fsdecode(words[1]) for words in fields if words[0] == b"tree")
    parents = tuple(os.fsdecode(words[1]) for words in fields if words[0] == b"parent")
    parent_tree = ""
    if len(parents) == 1:
        try:
            parent_tree = facts.git.text("rev-parse", "-q", "--verify", f"{parents[0]}^{{tree}}")
        except GitFailed:  # a shallow clone ends here
            parent_tree = ""
    return _Commit(found, tree, parents, decode(message), parent_tree)


@contextmanager
def _site(settings: Settings, facts: Facts) -> Iterator[Site]:
    above = repository_folder(settings.env, facts.root)
    folder = Path(tempfile.mkdtemp(prefix="verify-", dir=above))
    try:
        journal = Journal(folder, redact=Redactor(settings.env))
        site = Site(settings, facts, journal, folder)
        try:
            yield site
        finally:
            site.close()
            journal.close()
    finally:
        remove(folder)


def _checks(site: Site, tree: p.Tree, python: interpreter.Interpreter) -> tuple[p.CheckSpec, ...]:
    site.config = read_repository(site.facts.root, lambda path: site.workshop.read(tree, path))
    return checks_of(site, tree, python)


def _trusted(
    site: Site, commit: _Commit, planned: tuple[Planned, ...], python: interpreter.Interpreter
) -> p.Isolation:
    """How to run it. Raises `Refused` unless the person trusts these commands."""
    settings, root = site.settings, site.facts.root
    options = settings.options
    isolation = unsandboxed() if options.allow_unsandboxed else probe()
    specs = tuple(one.spec for one in planned if one.spec)

    def read(path: str) -> bytes | None:
        return site.workshop.read(commit.tree, path)

    config = config_bytes(read) + deciding(specs, read)
    wanted = trust_hash(root, specs, config, str(python.path), isolation)
    by_option = options.trust_for_run and (isolation.kind != "none" or options.allow_unsandboxed)
    if not specs or by_option or is_trusted(settings.env, root, wanted):
        return isolation
    commands = "".join(f"\n  {s.name}: {statement.command_line(s.argv)}" for s in specs)
    bare = "" if isolation.kind != "none" else " and --no-sandbox"
    raise Refused(
        f"Nothing was run: this would run what is not trusted here yet:{commands}\n"
        f"with {python.path}. {isolation.says} Give --trust{bare} to run it this once."
    )


def _run(
    site: Site,
    commit: _Commit,
    said: statement.Statement,
    planned: tuple[Planned, ...],
    context: _Context,
) -> Shown:
    specs = tuple(one.spec for one in planned if one.spec)
    # What a check asks git about is what it was told when the change was made: the parent.
    if commit.parent_tree:
        branch = site.facts.branch
        others = [ref for ref in refs_of(site.facts) if ref[1] != site.facts.ref]
        own = [(commit.parents[0], site.facts.ref, "")] if branch else []
        site.workshop.room.set_refs(commit.parents[0], branch, [*own, *others])
    base = alone = None
    if commit.parent_tree:
        base = _evidence(site, commit.parent_tree, "its parent", specs, context)
        if said.of("shows").shown or said.of("idle").shown:
            tree = _tests_alone(site, commit)
            alone = _evidence(site, tree, "its tests without the change", specs, context)
    now = _evidence(site, commit.tree, "the commit", specs, context)
    return Shown(now, base, alone)


def _evidence(
    site: Site, tree: p.Tree, what: str, specs: tuple[p.CheckSpec, ...], context: _Context
) -> Evidence:
    results = []
    for n, spec in enumerate(specs):
        context.show(p.Progress("verify", f"running {spec.name} on {what}", n, len(specs)))
        results.append(run_on(site, spec, tree, context, "verify"))
    return evidence_of(site, tuple(results))


def _tests_alone(site: Site, commit: _Commit) -> p.Tree:
    base = p.Base(commit.parents[0], commit.parent_tree)
    change = describe(site, base, commit.tree, ())
    patch = hunks.subset(site.journal.blobs.get(change.patch), test_hunks(change))
    return site.workshop.apply(commit.parent_tree, patch)


def _touched(git: Git, commit: _Commit) -> Mapping[str, str | None]:
    listing = git.names(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
        commit.parent_tree, commit.tree,
    )  # fmt: skip
    found: dict[str, str | None] = {}
    for meta, path in zip(listing[::2], listing[1::2], strict=True):
        blob = meta.split(" ")[3]
        # Named as a change names it: what is odd in a path is marked.
        shown = clean(decode(os.fsencode(path))).replace("\n", "␊").replace("\t", "␉")
        found[shown] = blob if blob.strip("0") else None
    return found
