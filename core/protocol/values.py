"""The nouns of the protocol: immutable, serialisable, without behaviour.

Every text in here that came from outside (a model, a tool, a file, git) has passed
`core.text.clean` before it was put in.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

BlobRef: TypeAlias = str
"""SHA-256 of a blob in the journal's store, as 64 hex digits; "" where there is none."""

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
    """Which reader understands its output: "pytest", "ruff", "mypy" or "plain"."""
    source: str = ""
    """Where it was found, in words: "pyproject.toml [tool.pytest]", "--check"."""
    timeout: float = 600.0


class Isolation(Value, frozen=True):
    """What stands between a check and the person's machine."""

    kind: Literal["bubblewrap", "none"]
    says: str = ""
    """One sentence for the trust gate: what is, or is not, kept apart."""


class TestRecord(Value, frozen=True):
    """One test's outcome."""

    __test__ = False
    id: str
    outcome: Outcome
    message: str = ""
    """The assertion or error in one or a few lines."""
    path: str = ""
    line: int = 0
    seconds: float = 0.0


class Diagnostic(Value, frozen=True):
    """One finding of a linter, compiler or type checker."""

    path: str
    line: int
    message: str
    code: str = ""
    column: int = 0
    severity: Literal["error", "warning", "note"] = "error"


class CheckResult(Value, frozen=True):
    """Evidence: one run of one check, bound to tree, command and environment."""

    check: str
    tree: Tree
    verdict: CheckVerdict
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    environment: str = ""
    """Hash of interpreter, isolation and command: other environment, other evidence."""
    isolation: str = ""
    seconds: float = 0.0
    counts: dict[str, int] = {}
    """Outcome → how many tests."""
    failing: tuple[TestRecord, ...] = ()
    """Failed and errored tests, at most `MAX_LISTED`; all of them are in `records`."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """At most `MAX_LISTED`; all of them are in `records`."""
    records: BlobRef = ""
    """Blob: JSON of `Records`."""
    output: BlobRef = ""
    """Blob: what the tool printed, cleaned, UTF-8."""
    says: str = ""
    """Why it is void, timed out or could not start; "" otherwise."""


MAX_LISTED = 200


class Records(Value, frozen=True):
    """Everything a check reported; kept as a blob."""

    tests: tuple[TestRecord, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class FileChange(Value, frozen=True):
    path: str
    status: Literal["added", "deleted", "modified", "renamed", "mode"]
    added: int = 0
    removed: int = 0
    old_path: str = ""
    binary: bool = False
    hunks: tuple[str, ...] = ()
    """Ids of its hunks, in order. A binary, mode-only or empty file has one id too."""
    outside_scope: bool = False
    runs_later: str = ""
    """Why this file runs code later (hook, CI, conftest, lock file…); "" when it does not."""


class Change(Value, frozen=True):
    """The git tree that a proposal makes out of its base."""

    tree: Tree
    base: Base
    files: tuple[FileChange, ...]
    patch: BlobRef
    """Blob: `git diff` of base.tree to tree, raw bytes."""

    @property
    def hunk_ids(self) -> tuple[str, ...]:
        return tuple(h for f in self.files for h in f.hunks)


class DiffLine(Value, frozen=True):
    kind: Literal[" ", "+", "-"]
    text: str
    """Cleaned for the screen; the bytes are in the patch."""
    old: int = 0
    new: int = 0
    no_newline: bool = False


class Hunk(Value, frozen=True):
    id: str
    path: str
    header: str
    lines: tuple[DiffLine, ...]


class FileDiff(Value, frozen=True):
    """A file of a patch, parsed for the screen."""

    change: FileChange
    hunks: tuple[Hunk, ...]


class Verdict(Value, frozen=True):
    """How a change's evidence compares with its base's and with the try before."""

    kind: Literal["green", "better", "worse", "same", "void"]
    says: str
    """One sentence: "2 failures fixed, 1 left, none new."."""
    fixed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Needs not met, by test id or check name."""
    before: tuple[str, ...] = ()
    """Failures that the base had and the step does not ask about."""
    lost: tuple[str, ...] = ()
    """Tests that passed on the base and did not run here."""
    signature: str = ""
    """Hash of the failing set with messages: equal signatures mean no progress."""


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
    """The change is the hunks that the person took of iteration `of`; lands when green."""

    of: int
    hunks: tuple[str, ...]
    message: str


class Edited(Value, frozen=True, tag="edited"):
    """The change is iteration `of` as the person edited it."""

    of: int
    files: tuple[EditedFile, ...]


class Rebuilt(Value, frozen=True, tag="rebuilt"):
    """The change is iteration `of` put on the base as it is now."""

    of: int


Origin: TypeAlias = Proposed | Subset | Edited | Rebuilt


class Moved(Value, frozen=True):
    """What moved in the person's repository under a change."""

    head: str
    """The commit that the branch is on now."""
    paths: tuple[str, ...] = ()
    """Touched paths whose files or index entries are no longer the base's."""
    says: str = ""


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


class LandingIntent(Value, frozen=True):
    """Everything recovery needs after a kill inside a landing. Made by `core.repo.landing`."""

    ref: str
    """The ref that moves ("refs/heads/main"), or "HEAD" when it is detached."""
    old_commit: str
    new_commit: str
    files: tuple[LandingFile, ...]
    lock: str
    """A token that marks the index lock as ours."""
    stage: str
    """Folder (inside the person's .git) that holds files written aside."""


class LandingFile(Value, frozen=True):
    path: str
    old_blob: str
    """"" when the file is new."""
    old_mode: str
    new_blob: str
    """"" when the file goes."""
    new_mode: str
    old_hash: str
    """SHA-256 of the file's bytes on disk before; "" when there was none."""
    new_hash: str
    """SHA-256 of the bytes that the landing writes; "" when the file goes."""
