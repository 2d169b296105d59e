"""`log` and `show`: what was recorded, as plain text, JSON, a patch or the ledger."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from core.comments import place
from core.config import Settings
from core.errors import UsageError
from core.ledger import Claim, Runs, ledger, of_try
from core.protocol import Comment, Value
from core.reading import FOUND
from core.report import words
from core.session import open_archive
from core.state import Iteration, Landing
from tui import headless, telling


class LoggedTry(Value, frozen=True):
    n: int
    step: str
    proposer: str
    outcome: str
    verdict: str
    says: str
    commit: str
    tokens: int
    usd: float
    files: tuple[str, ...]


class LoggedSession(Value, frozen=True):
    """One line of `log --json`."""

    session: str
    opened: float
    """Seconds since the epoch."""
    goal: str
    ended: bool
    says: str
    tries: tuple[LoggedTry, ...]


def log(settings: Settings, *, as_json: bool) -> int:
    """Lists sessions, newest first, each with its tries."""
    archive = open_archive(settings)
    for row in archive.sessions():
        tries = tuple(_logged(i) for i in archive.reader(row.id).iterations())
        if as_json:
            headless.write_json(
                LoggedSession(row.id, row.opened, row.goal, row.ended, row.says, tries)
            )
            continue
        opened = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.opened))
        headless.write(f"{row.id}  {opened}  {row.goal or '(no goal yet)'}")
        for t in tries:
            cost = f" · ${t.usd:.3f}" if t.usd else ""
            commit = f" · {t.commit[:10]}" if t.commit else ""
            headless.write(f"  {t.n:>3} {_mark(t)} {t.outcome or 'live'}{commit}: {t.says}{cost}")
        if row.says or not row.ended:
            headless.write(f"      {row.says or f'not ended: loopwright resume {row.id}'}")
    archive.close()
    return 0


def search(settings: Settings, wanted: str, *, as_json: bool) -> int:
    """Prints where the words are, the newest first; 1 where they are nowhere, as grep does."""
    archive = open_archive(settings)
    found = archive.find(wanted)
    archive.close()
    for one in found:
        if as_json:
            headless.write_json(one)
            continue
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
        where = f"try {one.iteration}" if one.iteration else "-"
        headless.write(f"{one.session}  {when}  {where:<8} {one.kind}: {one.excerpt}")
        if one.kind != "goal":
            headless.write(f"    of: {one.goal}")
    if not found:
        headless.say(f"Nothing recorded here holds {wanted.strip()}.")
    elif len(found) == FOUND:
        headless.say(f"These are the newest {FOUND}; more words find fewer.")
    return 0 if found else 1


def show(settings: Settings, number: int, session: str, *, patch: bool) -> int:
    """Shows try `number` (0: the newest that has a change, else the newest) of a session."""
    archive = open_archive(settings)
    row = archive.session(session)
    reader = archive.reader(row.id)
    tries = reader.iterations()
    found = _pick(tries, number, row.id, patch=patch)
    if patch:
        assert found.change is not None
        _write_bytes(reader.patch(found.change))
        archive.close()
        return 0
    logged = _logged(found)
    headless.write(
        f"session {row.id} · try {found.n} by {found.proposer} · {logged.outcome or 'live'}"
    )
    headless.write(" · ".join(x for x in (words.came_from(found), words.took(found)) if x))
    said = archive.said(row.id)
    goal = said.goal_at(found.started)
    headless.write(f"goal: {goal or row.goal}")
    for note in found.notes:
        headless.write(f"you said: {note}")
    if found.reply is not None and found.reply.reasons:
        headless.write("\n" + telling.indent(found.reply.reasons) + "\n")
    if found.change is not None:
        headless.write("\n".join(telling.files(found.change)) + "\n")
        headless.write("\n".join(telling.diff(reader.diff(found.change), limit=0)) + "\n")
    comments = [c for _, c in said.comments if c.iteration == found.n]
    for line in _around(found, comments, tries, archive.state(row.id).landings):
        headless.write(line)
    for result in found.results:
        headless.write(telling.check(result))
    headless.write(f"{logged.verdict or 'not judged'}: {logged.says}")
    if found.verdict is not None:
        for line in words.verdict(found.verdict):
            headless.write(f"  {line}")
    if found.change is not None:
        state, runs = archive.state(row.id), Runs(archive.entries(row.id))
        steps = state.plan.steps if state.plan and found.started >= runs.since else ()
        step = next((x for x in steps if x.id == found.step), None)
        claims = of_try(state, step, found, reader.iterations(), runs, reader.records)
        _write_claims("ledger:", claims)
    archive.close()
    return 0


def _around(
    found: Iteration,
    comments: Iterable[Comment],
    tries: Iterable[Iteration],
    landings: Iterable[Landing],
) -> Iterator[str]:
    """What was found out, said and done about a try beside its checks."""
    if found.change is not None:
        yield from (f"set apart: {line}" for line in words.set_apart(found.change))
    if found.conflict is not None:
        yield f"conflict: it {words.conflict(found)}"
    yield from (f"comment on {place(c)}: {c.text}" for c in comments)
    yield from (f"added tests: {line}" for line in words.red_first(found))
    yield from (f"this part: {line}" for line in words.needed(found, {t.n: t for t in tries}))
    yield from (f"undone: {line}" for line in words.undone(landings, found.n))


def show_session(settings: Settings, session: str) -> int:
    """Shows a session's ledger: step by step what must hold, and which run showed it."""
    archive = open_archive(settings)
    row = archive.session(session)
    state, reader = archive.state(row.id), archive.reader(row.id)
    runs = Runs(archive.entries(row.id))
    claims = ledger(state, reader.iterations(), runs, reader.records)
    headless.write(f"session {row.id}\ngoal: {row.goal or '(no goal yet)'}")
    for number, step in enumerate(state.plan.steps if state.plan else (), 1):
        mine = [claim for claim in claims if claim.step == step.id]
        _write_claims(f"step {number}: {step.intent}", mine)
    if state.plan is None:
        headless.write("There is no plan yet, so nothing must hold.")
    archive.close()
    return 0


def _write_claims(head: str, claims: Sequence[Claim]) -> None:
    headless.write(head)
    for claim in claims:
        headless.write(f"  {telling.claim(claim)}")
    if not claims:
        headless.write("  nothing is asked for")


def _pick(tries: tuple[Iteration, ...], number: int, session: str, *, patch: bool) -> Iteration:
    if not tries:
        raise UsageError(f"Session {session} has made no try yet.")
    if number:
        found = next((t for t in tries if t.n == number), None)
        if found is None:
            known = f"1 to {tries[-1].n}" if len(tries) > 1 else str(tries[-1].n)
            raise UsageError(f"Session {session} has no try {number}; it has {known}.")
    else:
        found = next((t for t in reversed(tries) if t.change is not None), tries[-1])
    if patch and found.change is None:
        raise UsageError(f"Try {found.n} of session {session} has no patch: {_says(found)}")
    return found


def _logged(t: Iteration) -> LoggedTry:
    return LoggedTry(
        t.n,
        t.step,
        t.proposer,
        t.outcome,
        t.verdict.kind if t.verdict else "",
        _says(t),
        t.commit,
        t.usage.tokens_in + t.usage.tokens_out,
        t.usage.usd,
        tuple(f.path for f in t.change.files) if t.change else (),
    )


def _says(t: Iteration) -> str:
    if t.verdict is not None:
        return t.verdict.says
    if t.problem is not None:
        return t.problem.says
    return "not judged"


def _mark(t: LoggedTry) -> str:
    return "✓" if t.verdict == "green" else "✗" if t.verdict or t.outcome else "▶"


def _write_bytes(data: bytes) -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
