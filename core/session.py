"""Opens sessions: puts journal, performers and engine together. The composition root of `core`."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from pathlib import Path

from msgspec.structs import replace

from core import __version__
from core import protocol as p
from core.archive import Archive, JournalReader
from core.config import Settings
from core.engine import Engine
from core.errors import JournalError, Refused, UsageError
from core.fold import fold_all
from core.journal import Journal, RepositoryLock
from core.performers import perform
from core.performers.site import Site
from core.places import repository_folder, repository_path
from core.propose.model import choose
from core.propose.redact import Redactor
from core.repo.facts import Facts, inspect
from core.repo.recovery import Recovered, recover
from core.running import Sink
from core.state import State
from core.storage import shrink

_FORGETFUL = "LOOPWRIGHT_FORGETFUL"


class LiveSession:
    """A session that runs; the only writer of its repository's journal."""

    def __init__(self, engine: Engine, site: Site, journal: Journal, lock: RepositoryLock) -> None:
        self._engine, self._site, self._journal, self._lock = engine, site, journal, lock
        self._closing = threading.Lock()
        self._closed = False
        self._reader = JournalReader(
            journal, engine.state.session, lambda tree, path: site.workshop.read(tree, path)
        )

    @property
    def state(self) -> State:
        return self._engine.state

    @property
    def reader(self) -> JournalReader:
        return self._reader

    @property
    def held_by(self) -> str:
        return ""

    def submit(self, command: p.AnyCommand) -> None:
        self._engine.submit(command)

    def close(self) -> None:
        """Safe to call twice, and from two threads: the second waits for the first."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._engine.close()
            self._site.close()
            self._journal.close()
            self._lock.release()


def open_session(
    settings: Settings, sink: Sink, *, cautious_first: bool = False, forgetful: bool | None = None
) -> LiveSession:
    """Opens a new session, or takes one up (`settings.resume`).

    `forgetful` is the engine's test mode; None leaves it to `LOOPWRIGHT_FORGETFUL`.
    `cautious_first`: the first session in a repository stops at every phase. Raises `Refused`,
    `HeldByAnother`, `UsageError` and `JournalError`; then nothing was written to the repository.
    """
    facts = inspect(settings.repo)
    folder = repository_folder(settings.env, facts.root)
    lock = RepositoryLock(folder / "lock")
    lock.take()
    try:
        journal = Journal(folder, redact=Redactor(settings.env))
        _recover_landings(journal, facts, settings)
        site = Site(settings, facts, journal, folder)
        state, first = _begin(journal, settings, facts, cautious_first)
        _keep_small(journal, settings.person.store_mb, state.session, sink)
        engine = Engine(
            journal,
            state,
            lambda action, now, run: perform(site, action, now, run),
            lambda name: _named(name),
            sink,
            forgetful=bool(settings.env.get(_FORGETFUL)) if forgetful is None else forgetful,
        )
        engine.start(first)
    except BaseException:
        lock.release()
        raise
    choice = engine.state.choice
    threading.Thread(target=site.proposers.prestart, args=(choice,), daemon=True).start()
    return LiveSession(engine, site, journal, lock)


def _begin(
    journal: Journal, settings: Settings, facts: Facts, cautious_first: bool
) -> tuple[State, p.AnyEvent]:
    if settings.resume:
        return _resumed(journal, settings.resume), p.Resumed()
    options = settings.options
    if cautious_first and not journal.sessions():
        options = replace(options, level="each")
    session = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)
    opened = p.SessionOpened(session, str(facts.root), options, choice_for(settings), __version__)
    return State(session=session), opened


def _resumed(journal: Journal, wanted: str) -> State:
    rows = journal.sessions()
    if wanted == "latest":
        row = next((r for r in rows if not r.ended), None) or next(iter(rows), None)
    else:
        row = next((r for r in rows if r.id.startswith(wanted)), None)
    if row is None:
        raise UsageError("There is no such session to resume; `loopwright log` lists them.")
    state = journal.load(row.id)
    if state.closed:
        raise UsageError(f"Session {row.id} was ended; start a new one.")
    return state


def choice_for(settings: Settings) -> p.Choice:
    """Which proposer this start uses, and why."""
    explicit = settings.proposer.removeprefix("model:")
    if settings.own and not explicit:
        # A key that happens to be set is not a wish to spend money on a demo.
        return p.Choice("repair", "repair", "the demo needs no model, unless you name one")
    known = explicit or settings.person.model or choose.keys_set(settings.env)
    models = () if known else choose.ask_ollama()
    choice = choose.choose(explicit, settings.person.model, settings.env, models)
    return _checked(choice)


def _named(name: str) -> p.Choice:
    return _checked(choose.named(name.removeprefix("model:"), "you chose it"))


def _checked(choice: p.Choice) -> p.Choice:
    if choice.kind == "script" and not Path(choice.name).is_file():
        raise UsageError(f"The script {choice.name} is not there. Nothing was started.")
    if choice.kind == "model" and not choice.name.strip():
        raise UsageError("A model needs a name, as litellm knows it; see `loopwright doctor`.")
    return choice


def _recover_landings(journal: Journal, facts: Facts, settings: Settings) -> None:
    """Finishes landings that were killed in the middle, of sessions other than the resumed."""
    for row in journal.sessions():
        if not row.landing:
            continue
        state = journal.load(row.id)
        wanted = p.Land | p.TakeBack
        action = next((a for a in state.inflight if isinstance(a, wanted)), None)
        if state.intent is None or action is None:
            continue
        recovered = _recovered(facts, state.intent)
        if row.id == settings.resume or settings.resume == "latest":
            continue  # its own policy wants the landing still, and finds it done or undone
        event: p.AnyEvent
        if recovered.outcome == "new":
            paths = tuple(f.path for f in state.intent.files)
            base = p.Base(recovered.commit, "", facts.branch)
            done = p.Landed if isinstance(action, p.Land) else p.TakenBack
            event = done(action.id, recovered.commit, base, paths, "recovered")
        else:
            says = "The landing was interrupted; your repository is as it was before it."
            event = p.LandingRefused(action.id, None, p.Problem("interrupted", says))
        entry = p.Entry(state.seq + 1, time.time(), event)
        journal.append(state, entry, fold_all([entry], state))


def _keep_small(journal: Journal, megabytes: int, session: str, sink: Sink) -> None:
    """Past the person's cap the oldest sessions that ended go, and it is said."""
    try:
        gone = shrink(journal, megabytes * 1_000_000, session)
    except JournalError as error:
        # A session can be opened all the same: only collecting has to read what is old.
        sink(p.Notice("warning", f"Past sessions could not be collected: {error}"))
        return
    if gone:
        which = "the one that ended longest ago was"
        if len(gone) > 1:
            which = f"the {len(gone)} that ended longest ago were"
        says = f"Past sessions took more than your store_mb = {megabytes}: {which} let go."
        sink(p.Notice("info", says))


def _recovered(facts: Facts, intent: p.LandingIntent) -> Recovered:
    try:
        return recover(facts, intent)
    except OSError as error:
        raise Refused(
            f"A landing was interrupted and cannot be finished yet ({error.strerror or error})."
            " Your files are as that left them; mend the cause and start Loopwright again here."
        ) from error


class ReadOnlySession:
    """Follows the session of another process; submits nothing."""

    def __init__(self, settings: Settings, sink: Sink, holder: str) -> None:
        """Raises `Refused` when there is nothing to follow."""
        root = inspect(settings.repo).root
        self._archive = Archive(repository_path(settings.env, root))
        rows = self._archive.sessions()
        if not rows:
            raise Refused(f"{holder} has this repository open, and has recorded nothing yet.")
        self._session = rows[0].id
        self._holder = holder
        self._sink = sink
        self._state = self._archive.state(self._session)
        self._reader = self._archive.reader(self._session)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        return self._state

    @property
    def reader(self) -> JournalReader:
        return self._reader

    @property
    def held_by(self) -> str:
        return self._holder

    def submit(self, command: p.AnyCommand) -> None:  # noqa: ARG002 - the Protocol's
        self._sink(p.Notice("warning", f"{self._holder} decides here; this view is read-only."))

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        self._archive.close()

    def _follow(self) -> None:
        while not self._ended.wait(0.3):
            fresh = self._archive.entries(self._session, self._state.seq)
            for entry in fresh:
                self._state = fold_all([entry], self._state)
                with contextlib.suppress(RuntimeError):  # the screen is going away
                    self._sink(entry)


def open_archive(settings: Settings) -> Archive:
    """What was recorded for the repository. Raises `Refused` where it is no repository."""
    return Archive(repository_path(settings.env, root_of(settings.repo)))


def root_of(folder: Path) -> Path:
    """Top of the repository that a folder is in. Raises `Refused` where there is none."""
    return inspect(folder).root
