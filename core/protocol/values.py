"""The nouns of the protocol: immutable, serialisable, without behaviour.

Every text in here that came from outside (a model, a tool, a file, git) has passed
`core.text.clean` before it was put in.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

BlobRef: TypeAlias = Annotated[str, Meta(extra={"blob": True})]
"""SHA-256 of a blob in the journal's store, as 64 hex digits; "" where there is none.

Marked, so that whoever asks which blobs an event names finds every field of this type.
"""

Tree: TypeAlias = str
"""Object id of a git tree, as hex; "" where there is none."""

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
CheckVerdict = Literal["pass", "fail", "error", "no tests", "timeout", "void", "skipped"]
Level = Literal["each", "step", "green"]
Polarity = Literal["pass", "fail"]


class Value(Struct, frozen=True, omit_defaults=True, gc=False):
    """Base of all values: compared by content, safe to share between threads.

    Frozen trees form no cycles, so the garbage collector need not look at them.
    """


class Need(Value, frozen=True):
    """One piece of evidence that a step asks for."""

    check: str
    """Name of the check that shows it, e.g. "pytest"."""
    test: str = ""
    """Test id within that check; "" means the check as a whole."""
    polarity: Polarity = "pass"
    """"fail" is for a reproducing test: it must fail on the tree that adds it."""


class Step(Value, frozen=True):
    id: str
    intent: str
    scope: tuple[str, ...] = ()
    """Glob patterns (`**` crosses folders) of the paths it may touch; empty means any."""
    needs: tuple[Need, ...] = ()


class Plan(Value, frozen=True):
    steps: tuple[Step, ...]
    reasons: str = ""


class Usage(Value, frozen=True):
    """What one request cost."""

    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    seconds: float = 0.0


class Base(Value, frozen=True):
    """The tree that everything is compared with."""

    commit: str
    tree: Tree
    branch: str = ""
    """Short branch name; "" when HEAD is detached."""
    dirty: tuple[str, ...] = ()
    """Paths whose uncommitted content is in `tree` by the person's choice."""


class CheckSpec(Value, frozen=True):
    """A command of the repository that judges a tree."""

    name: str
    argv: tuple[str, ...]
    reader: str = "plain"
    """Which reader understands its output: "pytest", "ruff", "eslint", …; "plain" for any."""
    source: str = ""
    """Where it was found, in words: "pyproject.toml [tool.pytest]", "--check"."""
    timeout: float = 600.0
    network: bool = False
    """Whether it may use the network; only a configuration that is trusted can say so."""
    caches: tuple[str, ...] = ()
    """Folders below the home, as "~/…", that it may write and finds again; they are not the
    person's own, but ours in their place."""


class Isolation(Value, frozen=True):
    """What stands between a check and the person's machine."""

    kind: Literal["bubblewrap", "namespaces", "landlock", "none"]
    """With the first two the workshop stands at the repository's own path."""
    says: str = ""
    """One sentence for the trust gate: what is, or is not, kept apart."""


ProblemKind = Literal[
    "malformed", "cut off", "no edits", "unmatched", "refused path", "refused", "filtered",
    "context", "key", "model", "rate", "server", "network", "timeout", "budget", "worker",
    "not found", "conflict", "internal", "empty", "interrupted",
    "config",
]  # fmt: skip


class Problem(Value, frozen=True):
    """Something that went wrong in words that name the next step."""

    kind: ProblemKind
    says: str
    retry: bool = False
    """True where the loop may feed this back to the proposer without asking the person."""


class Reply(Value, frozen=True):
    """A finished reply of a proposer."""

    text: BlobRef
    reasons: str
    usage: Usage = Usage()


class EditedFile(Value, frozen=True):
    """The person's version of a file; `content` None deletes it."""

    path: str
    content: bytes | None


class Proposed(Value, frozen=True, tag="proposed"):
    """The change comes from the proposer."""


class Subset(Value, frozen=True, tag="subset"):
    """The change is the parts that the person took of iteration `of`; lands when green."""

    of: int
    hunks: tuple[str, ...]
    """As `core.picks` writes them."""
    message: str


class Edited(Value, frozen=True, tag="edited"):
    """The change is iteration `of` as the person edited it."""

    of: int
    files: tuple[EditedFile, ...]
    patch: bytes = b""
    """The whole change as a patch of the base, where they edited that instead of files."""


class Rebuilt(Value, frozen=True, tag="rebuilt"):
    """The change is iteration `of` put on the base as it is now."""

    of: int


class Again(Value, frozen=True, tag="again"):
    """The change is iteration `of` once more, on the base as it is now: another future of it."""

    of: int


Origin: TypeAlias = Proposed | Subset | Edited | Rebuilt | Again


class Comment(Value, frozen=True):
    """What the person says about some lines; part of the next redirect."""

    id: str
    """Unique in its session."""
    text: str
    path: str = ""
    """"" for a comment on the plan."""
    line: int = 0
    """First line, in the change's file or (`old`) the base's; in the plan, the step from 1."""
    end: int = 0
    """Last line; 0 for the same."""
    old: bool = False
    quote: str = ""
    """The lines themselves, as they were on screen."""
    iteration: int = 0
    """Of which iteration's change; 0 for the plan."""


class Choice(Value, frozen=True):
    """Which proposer is used and why."""

    kind: Literal["model", "repair", "script"]
    name: str
    """Model name as litellm knows it, a script's path, or "repair"."""
    why: str


class Options(Value, frozen=True):
    """What the person chose when the session began."""

    level: Level = "step"
    with_plan: bool = True
    include_dirty: bool = False
    max_iterations: int = 8
    budget_usd: float = 1.0
    trust_for_run: bool = False
    allow_unsandboxed: bool = False
    checks: tuple[str, ...] = ()
    """Check commands given with --check, as written."""
    warm: bool = True
    """False starts pytest anew for each run, as --cold asks."""
    first_failure: bool = False
    """Tests stop at their first failure; such evidence is partial and never green."""


class Survey(Value, frozen=True):
    """What was found in the repository, before anything of it ran."""

    base: Base
    checks: tuple[CheckSpec, ...]
    isolation: Isolation
    interpreter: str
    """Path of the Python that checks run with."""
    author: str
    """"Name <address>" that landings will carry."""
    trust_hash: str
    """Hash of everything that trusting this repository would let run or obey."""
    trusted: bool
    skips: tuple[str, ...] = ()
    """What a landing will skip: "hook pre-commit", "commit signing"."""
    notes: tuple[str, ...] = ()
    """What the person should know: unsupported parts, name collisions."""
    max_iterations: int | None = None
    """The cap on tries as the repository lowers it; None where it does not."""
    budget_usd: float | None = None
    """The cap on money as the repository lowers it; None where it does not."""
