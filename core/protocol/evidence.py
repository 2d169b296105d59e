"""Evidence: what a run of a check on one tree showed, and how it is judged."""

from __future__ import annotations

from typing import Literal

from core.protocol.values import BlobRef, CheckVerdict, Outcome, Tree, Value


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
    text: str = ""
    """The line itself, shortened, as it was in the tree; "" where that is not known."""


class CheckResult(Value, frozen=True):
    """Evidence: one run of one check, bound to tree, command and environment."""

    check: str
    tree: Tree
    verdict: CheckVerdict
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    environment: str = ""
    """Hash of interpreter, isolation, command and how it was started: other environment, other
    evidence. A pytest that was started ahead and one that was not are told apart."""
    partial: bool = False
    """True where it stopped at a failure: what did not run is unknown, and nothing is green."""
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


class Rerun(Value, frozen=True):
    """What a test did on one tree when it was run again and again."""

    test: str
    check: str
    tree: Tree
    passed: int
    failed: int
    ways: tuple[str, ...] = ()
    """How it was run when it did otherwise than before: "alone", "in another order", …"""


class Blame(Value, frozen=True):
    """What breaks a test."""

    test: str
    hunks: tuple[str, ...]
    """Ids of the fewest hunks found that make it fail as it does; together, where several."""


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
    added: tuple[str, ...] = ()
    """Tests that pass here and that the base did not have."""
    flaky: tuple[str, ...] = ()
    """Tests that both pass and fail on the base itself: they count neither way."""
    signature: str = ""
    """Hash of the failing set with messages: equal signatures mean no progress."""
