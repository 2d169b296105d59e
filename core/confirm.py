"""Whether a commit is what its message says: each claim with what was found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core import statement
from core.checks import evidence as seen
from core.checks.commands import from_argv, named_apart
from core.checks.evidence import Evidence
from core.checks.judge import judge
from core.errors import UsageError
from core.protocol import CheckSpec, Tree, Value, Verdict
from core.statement import Kind, Names, Ran, Statement, label
from core.text import clean_line, shorten

Standing = Literal["holds", "fails", "unknown"]


class Finding(Value, frozen=True):
    claim: str
    standing: Standing
    why: str = ""


@dataclass(frozen=True)
class Planned:
    """A run, and what there is to run for it."""

    ran: Ran | None
    """As the message tells of it; None for a check that it should tell of, and does not."""
    spec: CheckSpec | None
    """None where nothing may be run for it."""
    finding: Finding


@dataclass(frozen=True)
class Shown:
    """What running the checks again showed; None where they could not be run."""

    now: Evidence
    base: Evidence | None
    alone: Evidence | None
    """On the base with the commit's tests alone; None too where the message tells of none."""


def plan(
    said: Statement, found: tuple[CheckSpec, ...], before: tuple[CheckSpec, ...]
) -> tuple[Planned, ...]:
    """What to run: the repository's own commands, and what the person gave with --check.

    `found` are the checks of the commit's tree, `before` those of its parent.
    """
    planned = tuple(_planned(ran, found, before) for ran in said.ran)
    if not said.ran and not said.edited:
        why = "the message says that no checks ran, so nothing shows that it works"
        return (Planned(None, None, Finding("checks", "unknown", why)),)
    if any(ran.given for ran in said.ran):
        return planned
    known = {ran.check for ran in said.ran}
    unsaid = [c for c in found if c.name not in known and any(c.argv == b.argv for b in before)]
    why = "the repository has this check, and the message says nothing of it"
    return (*planned, *(Planned(None, c, Finding(_ran(c.name), "unknown", why)) for c in unsaid))


def _planned(ran: Ran, found: tuple[CheckSpec, ...], before: tuple[CheckSpec, ...]) -> Planned:
    claim = f"command of {clean_line(ran.check)}"
    for where, specs in (("", found), (", as its parent has it", before)):
        for spec in specs:
            if spec.name == ran.check and statement.command_line(spec.argv) == ran.command:
                return Planned(ran, spec, Finding(claim, "holds", f"{ran.command}{where}"))
    if ran.given and (theirs := _given(ran)) is not None:
        return Planned(ran, theirs, Finding(claim, "holds", f"given with --check: {ran.command}"))
    own = next((spec for spec in (*found, *before) if spec.name == ran.check), None)
    if not ran.command:
        return Planned(ran, own, Finding(claim, "unknown", "the message does not name it"))
    if ran.given:
        why = f"the message names {shorten(ran.command, 300)!r}, which is no {ran.check}"
        return Planned(ran, None, Finding(claim, "fails", why))
    if own is None:
        why = f"the message says {shorten(ran.command, 300)!r}; the repository has no such check"
        return Planned(ran, None, Finding(claim, "fails", why))
    words = statement.command_line(own.argv)
    why = f"the message says {shorten(ran.command, 300)!r}; the repository has {words!r}"
    return Planned(ran, own, Finding(claim, "fails", why))


def _given(ran: Ran) -> CheckSpec | None:
    """The check that a command makes, if it goes by the name that the message gives it."""
    try:
        spec = from_argv(statement.argv_of(ran.command), source="--check")
    except UsageError:
        return None
    if ran.check == spec.name:
        return spec
    # The second of one name is told apart by a number.
    numbered = named_apart([spec] * 9)
    return next((one for one in numbered if one.name == ran.check), None)


def of_commit(
    said: Statement, tree: Tree, parents: tuple[str, ...], files: Mapping[str, str | None]
) -> Iterator[Finding]:
    """Tree, parent and files. `files` are the paths that the commit touches, each with the
    object id of its content now, None where it is gone."""
    if not said.tree:
        yield Finding("tree", "unknown", "the message does not say which tree was checked")
    elif said.tree == tree:
        why = "though the message says that what was checked also held uncommitted content"
        yield Finding("tree", "fails" if said.dirty else "holds", why if said.dirty else tree)
    else:
        mixed = ", which also held uncommitted content" if said.dirty else ""
        why = f"the evidence is of tree {said.tree}{mixed}; the commit holds {tree}"
        yield Finding("tree", "unknown" if said.dirty else "fails", why)
    if said.base:
        same = parents == (said.base,)
        named = " and ".join(parents) or "nothing"
        why = f"the change was made from {said.base}; the commit's parent is {named}"
        yield Finding("parent", "holds" if same else "fails", said.base if same else why)
    yield from _files(said, files, same=said.tree == tree)


def _files(said: Statement, files: Mapping[str, str | None], *, same: bool) -> Iterator[Finding]:
    claimed = said.of("file")
    every = [statement.file_label(path, files[path]) for path in sorted(files)]
    if claimed == statement.names(every, statement.MOST_FILES):
        count = f"{len(every)} file{'s' * (len(every) != 1)}, as checked"
        yield Finding("files", "holds", count)
        return
    held = dict(_token(text) for text in every)
    for name, token in map(_token, claimed.shown):
        if name not in held:
            yield Finding(f"file {name}", "fails", "the commit does not change it")
        elif token not in ("kept", held[name]):
            why = f"what was checked is {token}; the commit holds {held[name]}"
            yield Finding(f"file {name}", "fails", why)
    known = {name for name, _ in map(_token, claimed.shown)}
    rest = [text for text in every if _token(text)[0] not in known]
    if claimed.more:
        if statement.names(rest, 0) != Names((), claimed.more, claimed.digest):
            yield Finding("files", "fails", f"the {claimed.more} more are not those checked")
        return
    for text in rest:
        why = (
            "the commit changes it, and the message does not say so"
            if same
            else "the commit changes it, and it is no part of what was checked"
        )
        yield Finding(f"file {_token(text)[0]}", "unknown" if same else "fails", why)


def _token(text: str) -> tuple[str, str]:
    """Name and content of a file's label."""
    token, _, name = text.partition(" ")
    return name, token


def of_runs(said: Statement, planned: tuple[Planned, ...], shown: Shown) -> Iterator[Finding]:
    """What the checks said, then and now; and what follows from it, by the same judge."""
    told = [one.ran for one in planned if one.ran]
    for ran in told:
        yield _run(ran, shown.now)
    if shown.base is None:
        yield from _unknown(said, "its parent is not here")
        return
    if not shown.now or any(_broke(ran, shown.now) for ran in told):
        yield from _unknown(said, "the checks could not be run here")
        return
    verdict = judge(said.asks, shown.base, shown.now)
    yield from _judged(said, verdict, shown.base, shown.now)
    if shown.alone is not None:
        yield from _alone(said, verdict, shown.alone)


def _broke(ran: Ran, now: Evidence) -> bool:
    """Whether it broke down here, other than then: what it would have shown is not known."""
    if ran.check not in now:
        return True
    verdict = now[ran.check][0].verdict
    return verdict in seen.BROKEN and verdict != ran.verdict


def _run(ran: Ran, now: Evidence) -> Finding:
    claim = f"{_ran(ran.check)}: {statement.told(ran.counts, ran.verdict)}"
    if ran.check not in now:
        return Finding(claim, "unknown", "it was not run")
    result = now[ran.check][0]
    told = statement.told(statement.counted(result), result.verdict)
    if told == statement.told(ran.counts, ran.verdict):
        return Finding(claim, "holds")
    if result.verdict in ("error", "timeout", "void", "skipped"):
        return Finding(claim, "unknown", f"it could not be run here. {result.says}".strip())
    bad = [label(t.id) for t in result.failing]
    named = f": {_few(bad)}" if bad else ""
    return Finding(claim, "fails", f"here it is {told}{named}")


def _judged(said: Statement, verdict: Verdict, base: Evidence, now: Evidence) -> Iterator[Finding]:
    for need in said.asks:
        held = seen.holds(need, now)
        why = "" if held else "it does not here"
        if not held and said.despite:
            why = "it does not, as the message says"
        standing: Standing = "holds" if held or said.despite else "fails"
        yield Finding(f"asks {statement.need_label(need)}", standing, why)
    if more := said.of("asks").more:
        why = "they are not written out, so what is left cannot be judged"
        yield Finding(f"asks {more} more", "unknown", why)
    known = {label(name) for name in _failing(base)}
    failing = {label(name) for name in _failing(now)}

    def unfixed(name: str) -> str:
        if name not in known:
            return "it does not fail on the parent commit"
        return "it fails here still" if name in failing else "it does not pass here"

    def unbroken(name: str) -> str:
        return "it does not fail here" if name not in failing else "it fails on the parent too"

    yield from _named("fixes", said, verdict.fixed, unfixed)
    yield from _named("breaks", said, verdict.new, unbroken)
    yield from _named("loses", said, verdict.lost, lambda _: "it ran here")
    yield from _named("leaves", said, verdict.left, lambda _: "it is met here")
    if said.before or verdict.before:
        same = said.before == len(verdict.before)
        yield Finding(
            f"{said.before} failed before too",
            "holds" if same else "fails",
            "" if same else f"here it is {len(verdict.before)}",
        )
    green = verdict.kind == "green"
    claim = "not green" if said.despite else "green: nothing that held fails"
    if said.ran:
        same = green == (not said.despite)
        yield Finding(claim, "holds" if same else "fails", "" if same else verdict.says)


def _alone(said: Statement, verdict: Verdict, alone: Evidence) -> Iterator[Finding]:
    """Added tests, by what they do without the rest of the commit."""
    added = verdict.added
    tests = (t for _, records in alone.values() for t in records.tests)
    passed = {t.id for t in tests if t.outcome == "passed"}
    there = {label(name) for name in added}

    def why(otherwise: str) -> Callable[[str], str]:
        return lambda name: otherwise if name in there else "no test of that name is added"

    red = [name for name in added if name not in passed]
    idle = [name for name in added if name in passed]
    yield from _named("shows", said, red, why("it passes without the change too"), unsaid=False)
    yield from _named("idle", said, idle, why("it fails without the change"), unsaid=False)


def _named(
    kind: Kind,
    said: Statement,
    actual: Iterable[str],
    why: Callable[[str], str],
    *,
    unsaid: bool = True,
) -> Iterator[Finding]:
    claimed, labels = said.of(kind), [label(name) for name in actual]
    for name in claimed.shown:
        held = name in labels
        yield Finding(_claim(kind, name), "holds" if held else "fails", "" if held else why(name))
    rest = [name for name in labels if name not in claimed.shown]
    if claimed.more:
        same = statement.names(rest, 0) == Names((), claimed.more, claimed.digest)
        what = "" if same else f"here it is {len(rest)}, or others: {_few(rest)}"
        yield Finding(_claim(kind, f"{claimed.more} more"), "holds" if same else "fails", what)
    elif unsaid and kind != "leaves":
        # Of what was edited nobody can tell what it said; and a fix too many is no harm.
        standing: Standing = "unknown" if said.edited or kind == "fixes" else "fails"
        for name in rest:
            yield Finding(_claim(kind, name), standing, "the message does not say so")


def _claim(kind: Kind, name: str) -> str:
    shapes = {"shows": f"{name} fails without the change", "idle": f"{name} passes without it too"}
    return shapes.get(kind, f"{kind} {name}")


def _unknown(said: Statement, why: str) -> Iterator[Finding]:
    for need in said.asks:
        yield Finding(f"asks {statement.need_label(need)}", "unknown", why)
    if said.before:
        yield Finding(f"{said.before} failed before too", "unknown", why)
    for kind in ("fixes", "breaks", "loses", "leaves", "shows", "idle"):
        names: Names = said.of(kind)
        more = (f"{names.more} more",) if names.more else ()
        for name in (*names.shown, *more):
            yield Finding(_claim(kind, name), "unknown", why)


def of_lines(said: Statement) -> Iterator[Finding]:
    """Whether the lines are those that were written."""
    if said.edited:
        why = "they are not the ones that were written: the message was edited"
        yield Finding("lines of evidence", "unknown", why)
    for line in said.unread:
        yield Finding(statement.exact(shorten(line, 200)), "unknown", "it is no claim of ours")


def _failing(evidence: Evidence) -> list[str]:
    found = list(seen.failures(evidence))
    for diagnostics in seen.findings(evidence).values():
        found += [seen.told(d) for d in diagnostics]
    return found


def _ran(check: str) -> str:
    return f"run of {clean_line(check)}"


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
