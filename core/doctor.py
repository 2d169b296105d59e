"""What was found here and what would be used, as rows. Looks only: nothing of a repository runs."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from core import __version__
from core.checks import discovery, interpreter
from core.checks.commands import from_argv, from_command, named_apart
from core.config import Command, PersonConfig, Settings, load_person, person_file, read_repository
from core.errors import GitFailed, LoopwrightError
from core.places import repository_path, state_home
from core.propose.model import choose
from core.protocol import CheckSpec, Value
from core.repo.facts import Facts, inspect
from core.repo.git import Git, available
from core.sandbox.probe import probe
from core.session import choice_for

OUR_PACKAGES = ("core", "tui")
MOST_FILES = 200_000
"""The state folder's size is counted up to this many files."""


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
    rows.append(_row("state folder", lambda: _state(repo if facts is None else facts.root, env)))
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
    rows += _checks(facts)

    def python() -> tuple[Literal["ok", "warn", "bad"], str]:
        found = interpreter.find(facts.root, person.interpreter, env)
        return "ok", f"{found.path} ({found.source})"

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


def _checks(facts: Facts) -> list[Row]:
    try:
        checks = _found(facts)
    except LoopwrightError as error:
        return [Row("checks", "bad", str(error), error.exit_code)]
    if not checks:
        return [Row("checks", "warn", "none were found; give one with --check", 2)]
    return [Row("check", "ok", f"{c.name}: {' '.join(c.argv)} ({c.source})") for c in checks]


def _found(facts: Facts) -> tuple[CheckSpec, ...]:
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
        return named_apart([_given(words, config.source) for words in config.checks])
    return discovery.discover(paths, read)


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
    mine, all_of_it = _size(folder), _size(home)
    return (
        "ok",
        f"{home} · {_megabytes(all_of_it)}, of which {_megabytes(mine)} for this repository",
    )


def _size(folder: Path) -> int:
    """Bytes on disk below `folder`; links are not followed."""
    total = seen = 0
    for where, _, names in os.walk(folder):
        for name in names:
            seen += 1
            if seen > MOST_FILES:
                return total
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
