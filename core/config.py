"""What a person and a repository may configure, and what one start of Loopwright is to do.

The person's file is `$XDG_CONFIG_HOME/loopwright/config.toml`. A repository's is
`loopwright.toml`, or `[tool.loopwright]` in `pyproject.toml`; it is data only until the person
trusts it, and may never say where keys go, name keys, loosen the sandbox or raise a cap.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from core.errors import UsageError
from core.places import config_home
from core.protocol import Level, Options, Value
from core.sandbox.limits import Limits

Tries = Annotated[int, Meta(ge=1, le=10_000)]
Dollars = Annotated[float, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]
Megabytes = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Command = str | tuple[str, ...]
"""A command as written, split like a shell does but never run by one; or its argv."""


class Price(Value, frozen=True):
    """Dollars for a million tokens."""

    input: Dollars
    output: Dollars

    @property
    def per_token(self) -> tuple[float, float]:
        return self.input / 1e6, self.output / 1e6


class Timeouts(Value, frozen=True):
    """Seconds."""

    chunk: Seconds = 120.0
    """The longest silence within a model's reply."""
    request: Seconds = 900.0
    """A whole request to a model."""
    check: Seconds = 600.0
    """One run of one check."""


class PersonConfig(Value, frozen=True):
    """The person's own file. None and "" mean that it says nothing."""

    model: str = ""
    level: Level | None = None
    max_iterations: Tries | None = None
    budget: Dollars | None = None
    """Dollars that one session may spend."""
    store_mb: Megabytes = 2000
    """Most that is kept of one repository's sessions; past it, the oldest that ended go."""
    sandbox: bool = True
    """False runs trusted checks without a sandbox, as `--no-sandbox` does."""
    warm: bool = True
    """False starts pytest anew for each run, as `--cold` does."""
    first_failure: bool = False
    """True has tests stop at their first failure, as `--first-failure` does."""
    output_limit: Annotated[int, Meta(ge=1, le=1 << 20)] = 256
    """Megabytes of one check's output that are kept; of more, the last 4 are kept too."""
    interpreter: str = ""
    """Path of the Python that checks run with."""
    theme: Literal["", "dark", "light", "terminal"] = ""
    keys: dict[str, str] = {}
    """Command's name → key."""
    prices: dict[str, Price] = {}
    """Model's name → price, where litellm knows none or another."""
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    """What one check may use."""


class RepositoryConfig(Value, frozen=True):
    """What a repository asks for; obeyed only after trust."""

    checks: tuple[Command, ...] = ()
    scope: tuple[str, ...] = ()
    """Globs of the paths that a change may touch without being called outside its scope."""
    context: tuple[str, ...] = ()
    """Paths that the proposer always sees."""
    protected: tuple[str, ...] = ()
    """Globs of paths that no proposal may touch."""
    max_iterations: Tries | None = None
    budget: Dollars | None = None
    network: tuple[str, ...] = ()
    """Names of the checks that may use the network."""
    caches: tuple[str, ...] = ()
    """Folders below the home ("~/.cache/uv") that checks may write; see `CheckSpec.caches`."""
    see: tuple[str, ...] = ()
    """Paths that git ignores and checks may read all the same, such as ".env.test"."""
    limits: Limits = Limits()
    """They count where they are lower than the person's."""
    source: str = ""
    """The file it was read from, for sentences; "" when there is none."""


class Settings(Value, frozen=True):
    """One start of Loopwright: everything that `core.session` needs to open a session."""

    repo: Path
    """Any folder inside the person's repository."""
    env: dict[str, str]
    """The person's environment."""
    options: Options = Options()
    person: PersonConfig = PersonConfig()
    proposer: str = ""
    """"repair", "script:FILE", "model:NAME", or "" to have one chosen."""
    interpreter: str = ""
    """Path of the Python that checks run with; "" to have it found."""
    resume: str = ""
    """Session to go on with: an id, "latest", or "" for a new one."""
    own: bool = False
    """True where the repository is one that we made (the demo), which asks no trust."""


_PERSONAL: Mapping[str, str] = {
    "api_base": "where a model's requests and keys go",
    "base_url": "where a model's requests and keys go",
    "api_key": "keys",
    "api_keys": "keys",
    "env": "the environment",
    "model": "which model is paid for",
    "proposer": "which proposer is used",
    "sandbox": "whether checks run in the sandbox",
    "no_sandbox": "whether checks run in the sandbox",
    "trust": "what is trusted",
    "level": "where the loop stops for you",
    "approve": "what is approved",
    "interpreter": "which Python runs",
    "prices": "what a model costs",
    "timeouts": "how long something may take",
    "store_mb": "how much of past sessions is kept",
    "theme": "how the screen looks",
    "keys": "what keys do",
    "warm": "how checks are started",
    "first_failure": "when tests stop",
    "output_limit": "how much output is kept",
}

_Config = TypeVar("_Config", PersonConfig, RepositoryConfig)


def person_file(env: Mapping[str, str]) -> Path:
    return config_home(env) / "config.toml"


def load_person(env: Mapping[str, str]) -> PersonConfig:
    """The person's configuration; the defaults where they have no file. Raises `UsageError`."""
    file = person_file(env)
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return PersonConfig()
    except OSError as error:
        raise UsageError(
            f"Your configuration {file} cannot be read ({error.strerror}). Nothing was started;"
            " make it readable, or move it away."
        ) from error
    return parse_person(data, str(file))


def parse_person(data: bytes, name: str = "config.toml") -> PersonConfig:
    """Raises `UsageError`, which names `name` and the key."""
    return _decode(_table(data, name), PersonConfig, name)


def read_repository(root: Path, read: Callable[[str], bytes | None]) -> RepositoryConfig:
    """What the repository at `root` asks for, as data.

    `read` gives the bytes of a path relative to the root, or None. Raises `UsageError`.
    """
    found = _repository_table(read)
    if found is None:
        return RepositoryConfig()
    name, table = found
    where = str(root / name.split(" ")[0])
    for key, about in _PERSONAL.items():
        if key in table:
            raise UsageError(
                f"{where}: “{key}” is not a repository's to set: {about} is the person's own"
                " setting. Take it out there; yours goes into your own configuration or on the"
                " command line."
            )
    config = _decode(table, RepositoryConfig, where, hidden=("source",))
    return msgspec.structs.replace(config, source=name)


def config_bytes(read: Callable[[str], bytes | None]) -> bytes:
    """What trust is bound to: the repository's configuration in one order. Raises `UsageError`."""
    found = _repository_table(read)
    return msgspec.json.encode(found, order="deterministic", enc_hook=str) if found else b""


def lowered(options: Options, person: PersonConfig, repository: RepositoryConfig) -> Options:
    """The options with the repository's caps applied, which may only lower them.

    Raises `UsageError` where one is above both the person's standing cap and this run's.
    """
    defaults = Options()
    tries, money = options.max_iterations, options.budget_usd
    if repository.max_iterations is not None:
        standing = person.max_iterations or defaults.max_iterations
        if repository.max_iterations > max(standing, tries):
            raise _raises(repository, "max_iterations", repository.max_iterations, tries)
        tries = min(tries, repository.max_iterations)
    if repository.budget is not None:
        standing_usd = defaults.budget_usd if person.budget is None else person.budget
        if repository.budget > max(standing_usd, money):
            raise _raises(repository, "budget", repository.budget, money)
        money = min(money, repository.budget)
    return msgspec.structs.replace(options, max_iterations=tries, budget_usd=money)


def _raises(repository: RepositoryConfig, key: str, asked: float, cap: float) -> UsageError:
    option = "--" + key.replace("_", "-")
    return UsageError(
        f"{repository.source}: {key} = {asked:g} would raise your cap of {cap:g}, and a repository"
        f" may only lower it. Lower it there, or raise your own cap with {option}."
    )


def _repository_table(
    read: Callable[[str], bytes | None],
) -> tuple[str, dict[str, Any]] | None:
    own = read("loopwright.toml")
    project = read("pyproject.toml")
    inside: object = None
    if project is not None:
        tool = _table(project, "pyproject.toml").get("tool")
        inside = tool.get("loopwright") if isinstance(tool, dict) else None
    if own is not None and inside is not None:
        raise UsageError(
            "Both loopwright.toml and [tool.loopwright] in pyproject.toml are there, and one"
            " would hide the other. Keep one of them."
        )
    if own is not None:
        return "loopwright.toml", _table(own, "loopwright.toml")
    if inside is None:
        return None
    if not isinstance(inside, dict):
        raise UsageError("pyproject.toml: tool.loopwright is no table; write [tool.loopwright].")
    return "pyproject.toml [tool.loopwright]", inside


def _table(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is not valid TOML: {error}. Correct it and retry.") from error
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply to be read.") from error


def _decode(
    table: dict[str, Any], kind: type[_Config], name: str, hidden: tuple[str, ...] = ()
) -> _Config:
    known = [f for f in kind.__struct_fields__ if f not in hidden]
    _only_known(table, known, name)
    _only_known_inside(table, name)
    try:
        config = msgspec.convert(table, kind, strict=True)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {_in_words(str(error))}. Correct it and retry.") from error
    if config.budget is not None and not math.isfinite(config.budget):
        raise UsageError(f"{name}: “budget” has to be a number of dollars.")
    return config


def _in_words(says: str) -> str:
    """msgspec's "Expected `int | null`, got `str` - at `$.budget`", for people."""
    what, _, where = says.partition(" - at ")
    key = where.strip("`").removeprefix("$").lstrip(".")
    what = what.replace(" | null", "").replace("`", "")
    return f"“{key}”: {what[:1].lower()}{what[1:]}" if key else what


def _only_known_inside(table: dict[str, Any], name: str) -> None:
    timeouts, prices, limits = (table.get(key) for key in ("timeouts", "prices", "limits"))
    if isinstance(limits, dict):
        _only_known(limits, list(Limits.__struct_fields__), f"{name} [limits]")
    if isinstance(timeouts, dict):
        _only_known(timeouts, list(Timeouts.__struct_fields__), f"{name} [timeouts]")
    if isinstance(prices, dict):
        for model, price in prices.items():
            if isinstance(price, dict):
                _only_known(price, list(Price.__struct_fields__), f"{name} [prices.{model!r}]")


def _only_known(table: dict[str, Any], known: list[str], name: str) -> None:
    for key in table:
        if key not in known:
            raise _unknown(key, known, name)


def _unknown(key: str, known: list[str], name: str) -> UsageError:
    near = difflib.get_close_matches(key.replace("-", "_").lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean “{near[0]}”?" if near else f"known are {', '.join(known)}."
    return UsageError(f"{name}: “{key}” is not a setting; {hint}")
