"""What was found here and what would be used, as rows. Looks only: nothing of a repository runs."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from core import __version__
from core.checks import discovery, interpreter, tools
from core.checks.commands import from_argv, from_command, named_apart
from core.config import Command, PersonConfig, Settings, load_person, person_file, read_repository
from core.errors import GitFailed, LoopwrightError
from core.journal import Journal
from core.journal.collect import store_size
from core.places import repository_path, state_home
from core.propose.model import choose
from core.protocol import CheckSpec, Value
from core.repo.facts import Facts, inspect
from core.repo.git import Git, available
from core.sandbox.probe import probe
from core.session import choice_for
from core.storage import in_units, size_below
from core.text import clean_line

OUR_PACKAGES = ("core", "tui")


class Row(Value, frozen=True):
    what: str
    state: Literal["ok", "warn", "bad"]
    says: str
    code: int = 0
    """The exit code that a run would end with because of this; 0 when none."""


def examine(repo: Path, env: Mapping[str, str]) -> tuple[Row, ...]:
    """Everything that decides how a session in `repo` would go. Raises nothing of its own."""
    rows = [
        Row("loopwright", "ok", f"{__version__} on Python {platform.python_version()}"),
        _row("git", _git),
    ]
    facts, row = _repository(repo)
    rows.append(row)
    person, row = _person(env)
    rows.append(row)
    rows.append(_sandbox())
    if facts is not None:
        rows += _repository_rows(facts, person, env)
    rows += _proposer(repo, person, env)
    root = repo if facts is None else facts.root
    rows.append(_row("state folder", lambda: _state(root, env)))
    rows.append(_row("store", lambda: _store(root, env, person.store_mb)))
    return tuple(rows)


def _row(what: str, look: Callable[[], tuple[Literal["ok", "warn", "bad"], str]]) -> Row:
    try:
        state, says = look()
    except LoopwrightError as error:
        return Row(what, "bad", str(error), error.exit_code)
    except OSError as error:
        return Row(what, "bad", str(error), 2)
    return Row(what, state, says)


def _git() -> tuple[Literal["ok", "warn", "bad"], str]:
    available()
    return "ok", Git(Path("/")).text("version").removeprefix("git version ")


def _repository(repo: Path) -> tuple[Facts | None, Row]:
    try:
        facts = inspect(repo)
    except LoopwrightError as error:
        return None, Row("repository", "bad", str(error), error.exit_code)
    where = facts.branch or "detached HEAD"
    return facts, Row("repository", "ok", f"{facts.root} · {where} at {facts.head[:10]}")


def _person(env: Mapping[str, str]) -> tuple[PersonConfig, Row]:
    try:
        file = person_file(env)
        found = load_person(env)
    except LoopwrightError as error:
        return PersonConfig(), Row("your settings", "bad", str(error), error.exit_code)
    return found, Row("your settings", "ok", f"{file}" if file.exists() else f"none ({file})")


def _sandbox() -> Row:
    found = probe()
    return Row("sandbox", "warn" if found.kind in ("none", "landlock") else "ok", found.says)


def _repository_rows(facts: Facts, person: PersonConfig, env: Mapping[str, str]) -> list[Row]:
    rows = [Row("note", "warn", note) for note in facts.notes]
    rows += [Row("landing skips", "warn", skipped) for skipped in facts.skips]

    def find() -> interpreter.Interpreter:
        return interpreter.find(facts.root, person.interpreter, env)

    def python() -> tuple[Literal["ok", "warn", "bad"], str]:
        found = find()
        return "ok", f"{found.path} ({found.source})"

    rows += _checks(facts, find)

    rows.append(_row("interpreter", python))
    own = [name for name in OUR_PACKAGES if _importable(facts.root, name)]
    if own:
        path = env.get("PYTHONPATH", "")
        meets = f", and PYTHONPATH={path} leads there" if path else ""
        says = f"this repository has a {' and a '.join(own)} of its own{meets}; ours stay apart"
        rows.append(Row("names", "ok", says))
    return rows


def _importable(root: Path, name: str) -> bool:
    return any(
        (folder / name).is_dir() or (folder / f"{name}.py").is_file()
        for folder in (root, root / "src")
    )


def _checks(facts: Facts, python: Callable[[], interpreter.Interpreter]) -> list[Row]:
    """What would run, from where it was found, and what would not, with why."""
    try:
        found = _found(facts, python)
    except LoopwrightError as error:
        return [Row("checks", "bad", str(error), error.exit_code)]
    rows = [Row("check", "ok", _told(c.check)) for c in found if not c.why_not]
    if not rows:
        rows = [Row("checks", "warn", "none were found; give one with --check", 2)]
    for left in (c for c in found if c.why_not):
        missing = "not installed" in left.why_not or "not there" in left.why_not
        says = f"{left.why_not} · {_told(left.check)}"
        rows.append(Row("not taken", "warn" if missing else "ok", says))
    return rows


def _told(check: CheckSpec) -> str:
    return f"{check.name}: {clean_line(shlex.join(check.argv))} ({check.source})"


def _found(
    facts: Facts, python: Callable[[], interpreter.Interpreter]
) -> tuple[discovery.Candidate, ...]:
    """As the survey finds them: from what is committed."""
    paths = facts.git.names("ls-tree", "-r", "-z", "--name-only", facts.head)
    present = set(paths)

    def read(path: str) -> bytes | None:
        if path not in present:
            return None
        try:
            return facts.git.run("cat-file", "blob", f"{facts.head}:{path}")
        except GitFailed:
            return None

    config = read_repository(facts.root, read)
    if config.checks:
        given = named_apart([_given(words, config.source) for words in config.checks])
        return tuple(discovery.Candidate(check) for check in given)
    used = python()
    return discovery.look(paths, read, lambda name: tools.installed(name, facts.root, used))


def _given(words: Command, source: str) -> CheckSpec:
    if isinstance(words, str):
        return from_command(words, source=source)
    return from_argv(words, source=source)


def _proposer(repo: Path, person: PersonConfig, env: Mapping[str, str]) -> list[Row]:
    names = choose.keys_set(env)
    says = (
        f"{', '.join(names)} set (names only; values are never shown)" if names else "none is set"
    )
    rows = [Row("keys", "ok", says)]
    base = next((n for n in ("OPENAI_BASE_URL", "OPENAI_API_BASE") if env.get(n)), "")
    if base:
        rows.append(Row("keys", "ok", f"{base} is set: OpenAI's requests go where it says"))

    def used() -> tuple[Literal["ok", "warn", "bad"], str]:
        choice = choice_for(Settings(repo=repo, env=dict(env), person=person))
        return "ok", f"{choice.name}, because {choice.why}"

    rows.append(_row("proposer", used))
    return rows


def _state(root: Path, env: Mapping[str, str]) -> tuple[Literal["ok", "warn", "bad"], str]:
    folder, home = repository_path(env, root), state_home(env)
    nearest = next(p for p in (home, *home.parents) if p.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return "bad", f"{home} cannot be made or written; set XDG_STATE_HOME to another folder"
    mine, all_of_it = size_below(folder), size_below(home)
    return "ok", f"{home} · {in_units(all_of_it)}, of which {in_units(mine)} for this repository"


def _store(
    root: Path, env: Mapping[str, str], megabytes: int
) -> tuple[Literal["ok", "warn", "bad"], str]:
    """What past sessions take, beside the person's cap."""
    folder = repository_path(env, root)
    if not (folder / "journal.db").is_file():
        return "ok", f"no session yet; cap {megabytes} MB (store_mb)"
    journal = Journal(folder, readonly=True)
    try:
        size, sessions = store_size(journal), journal.sessions()
    finally:
        journal.close()
    open_ones = sum(not row.ended for row in sessions)
    many = f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}, {open_ones} not ended"
    says = f"{in_units(size)} of {megabytes} MB (store_mb) · {many}"
    if size > megabytes * 1_000_000:
        return "warn", f"{says}; `loopwright gc` collects what ended, or raise store_mb"
    return "ok", says
