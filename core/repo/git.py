"""The git gateway: the only importer of GitPython; but for `objects`, the only starter of git.

Every call is an argv list under an environment of our own making, in which nothing that a
repository names is run: no hooks, filters, file-system monitors, external diffs, signing or
transports. What the person's own configuration says is read as data (`Config`) and passed on
where it is harmless.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import GitFailed, Refused

OLDEST = (2, 38)
"""`git merge-tree --write-tree` and `git cat-file -z` came with 2.38."""

Settings = tuple[tuple[str, str], ...]

HARDENED: Settings = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.untrackedCache", "false"),
    ("core.splitIndex", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("core.quotePath", "true"),
    ("core.safecrlf", "false"),
    ("core.pager", "cat"),
    ("commit.gpgsign", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
_OURS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    # Older gits know no GIT_NO_LAZY_FETCH; without a transport they cannot fetch either.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_DEFAULT_REF_FORMAT": "files",
}
_PERSONS_CONFIG = (
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
)  # fmt: skip
_IDENTITY = re.compile(r"GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|EMAIL")
_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def object_id(text: str) -> str:
    """The text, if it is a full object id; so that nothing else can be taken for an option."""
    if not _OBJECT.fullmatch(text):
        raise GitFailed(("rev-parse",), 128, f"not an object id: {text[:80]!r}")
    return text


def split(output: bytes) -> tuple[str, ...]:
    """The NUL-separated names in git's output, as text that `os.fsencode` turns back."""
    return tuple(os.fsdecode(part) for part in output.split(b"\0") if part)


def identity_environment() -> dict[str, str]:
    """What the person's environment says about author and committer."""
    return {k: v for k, v in os.environ.items() if _IDENTITY.fullmatch(k)}


def available() -> None:
    """Raise `Refused` unless a git that is new enough can be started."""
    if shutil.which("git") is None:
        raise Refused("git was not found on PATH. Nothing was changed; install git and try again.")
    said = Git(Path("/")).text("version")
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Refused(
            f"This is {said}; Loopwright needs git {OLDEST[0]}.{OLDEST[1]} or newer."
            " Nothing was changed; upgrade git and try again."
        )


@dataclass(frozen=True)
class Git:
    """git in one folder, under the hardened environment."""

    cwd: Path
    env: tuple[tuple[str, str], ...] = ()
    settings: Settings = ()
    trusting: bool = False
    """Read the person's own (global and system) configuration: for reading only."""

    def at(self, *, git_dir: Path, work_tree: Path | None = None) -> Git:
        """The same for a git folder that is known, so that git searches (and asks) nothing."""
        places = {"GIT_DIR": str(git_dir)}
        if work_tree is not None:
            places["GIT_WORK_TREE"] = str(work_tree)
        return self.having(places)

    def on(self, cwd: Path) -> Git:
        """The same, started in another folder."""
        return replace(self, cwd=cwd)

    def having(self, env: Mapping[str, str], settings: Settings = ()) -> Git:
        return replace(
            self,
            env=tuple((dict(self.env) | dict(env)).items()),
            settings=self.settings + settings,
        )

    def run(
        self,
        *argv: str,
        input: bytes | None = None,
        env: Mapping[str, str] | None = None,
        ok: Collection[int] = (0,),
    ) -> bytes:
        """Run `git argv…` and return what it printed. Raises `GitFailed`."""
        return self.status(*argv, input=input, env=env, ok=ok)[1]

    def status(
        self,
        *argv: str,
        input: bytes | None = None,
        env: Mapping[str, str] | None = None,
        ok: Collection[int] = (0,),
    ) -> tuple[int, bytes]:
        """The same, with the exit code, one of `ok`."""
        whole = self.environment(env)
        prefix = _forget(whole, self.trusting)
        code, out, err = _execute(self.cwd, (*prefix, "git", *argv), whole, input)
        if code not in ok:
            raise GitFailed(argv, code, err)
        return code, out

    def text(self, *argv: str, ok: Collection[int] = (0,)) -> str:
        """One line of output, without its end."""
        return os.fsdecode(self.run(*argv, ok=ok)).removesuffix("\n")

    def names(self, *argv: str, input: bytes | None = None) -> tuple[str, ...]:
        """NUL-separated output."""
        return split(self.run(*argv, input=input))

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """What every git of ours runs under, beside what the person's shell holds."""
        whole = dict(_OURS)
        if self.trusting:
            for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"):
                del whole[name]
            return whole | dict(self.env) | dict(env or {})
        settings = HARDENED + self.settings
        whole["GIT_CONFIG_COUNT"] = str(len(settings))
        for n, (key, value) in enumerate(settings):
            whole[f"GIT_CONFIG_KEY_{n}"], whole[f"GIT_CONFIG_VALUE_{n}"] = key, value
        return whole | dict(self.env) | dict(env or {})


def _forget(ours: Collection[str], trusting: bool) -> tuple[str, ...]:
    """A prefix that drops what git variables the person's shell holds, when it holds any.

    GitPython can add to a child's environment, but not take away from it.
    """
    drop = [
        name
        for name in os.environ
        if name.startswith("GIT_")
        and not _IDENTITY.fullmatch(name)
        and name not in ours
        and not (
            trusting
            and (
                name in _PERSONS_CONFIG or name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE"))
            )
        )
    ]
    return ("env", *(part for name in drop for part in ("-u", name))) if drop else ()


def _execute(
    cwd: Path, argv: tuple[str, ...], env: Mapping[str, str], data: bytes | None
) -> tuple[int, bytes, str]:
    # Imported late: it takes 0.15 s, and fails where there is no git.
    from git import Git as Channel

    with tempfile.TemporaryFile() as stdin:
        stdin.write(data or b"")
        stdin.seek(0)
        code, out, err = Channel(str(cwd)).execute(
            list(argv),
            istream=stdin,
            env=dict(env),
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            shell=False,
        )
    return code, out if isinstance(out, bytes) else out.encode(), str(err)


@dataclass(frozen=True)
class Config:
    """The person's effective configuration, as data. Keys are lower case but for subsections."""

    values: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, git: Git) -> Config:
        return cls(tuple(_entries(replace(git, trusting=True).run("config", "--list", "-z"))))

    def get(self, key: str, default: str = "") -> str:
        for name, value in reversed(self.values):
            if name == key:
                return value
        return default

    def is_true(self, key: str) -> bool:
        return self.get(key).lower() in {"true", "yes", "on", "1"}

    def path(self, key: str, relative_to: Path) -> Path | None:
        value = self.get(key)
        return relative_to / Path(value).expanduser() if value else None

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the filter drivers that are configured."""
        found = (re.fullmatch(r"filter\.(.*)\.\w+", name, re.DOTALL) for name, _ in self.values)
        return tuple(sorted({match[1] for match in found if match}))

    @property
    def endings(self) -> Settings:
        """What makes a checkout differ from its blobs, beside attributes and filters."""
        keys = ("core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase")
        found = ((key, self.get(key).lower()) for key in keys)
        return tuple((key, value) for key, value in found if value.isalnum())


def _entries(listing: bytes) -> Iterator[tuple[str, str]]:
    for name in split(listing):
        key, newline, value = name.partition("\n")
        # A key without "=" is git's short form of true.
        yield key, value if newline else "true"


def unfiltered(names: Collection[str]) -> Settings:
    """Settings under which the filter drivers of these names do nothing at all."""
    off = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    return tuple((f"filter.{name}.{key}", value) for name in names for key, value in off)
