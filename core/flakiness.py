"""Which failures are looked at once more, and which of them are nobody's fault. Pure."""

from __future__ import annotations

from core.protocol import CheckResult, CheckSpec, Rerun
from core.state import State

FEW = 10
"""More failures at once than this are not flakiness, and are not run again."""


def flaky_tests(s: State) -> tuple[str, ...]:
    """Tests that both pass and fail on the base itself, as far as that is known."""
    base = s.base.tree if s.base else ""
    mixed = (r.test for r in reruns(s) if r.tree == base and r.passed and r.failed)
    return tuple(dict.fromkeys(mixed))


def reruns(s: State) -> tuple[Rerun, ...]:
    live = s.iteration.reruns if s.iteration else None
    return (*s.base_reruns, *(live or ()))


def counted(s: State, test: str) -> str:
    """ "failed 2 of 6 runs": what a test did on the base, in words."""
    base = s.base.tree if s.base else ""
    runs = [r for r in reruns(s) if r.test == test and r.tree == base]
    failed, total = sum(r.failed for r in runs), sum(r.failed + r.passed for r in runs)
    return f"failed {failed} of {total} runs"


def unsteady(s: State) -> tuple[Rerun, ...]:
    """What passes and fails on the live change and always passed on the base."""
    base, nobodys = s.base.tree if s.base else "", flaky_tests(s)
    return tuple(
        r for r in reruns(s) if r.tree != base and r.passed and r.failed and r.test not in nobodys
    )


def to_run_again(s: State) -> tuple[CheckSpec, tuple[str, ...]] | None:
    """A check, and those of its failures that nobody has looked at twice; None for none.

    Of the base while no iteration was judged yet, else of the live change: what fails there
    and did not fail on the base.
    """
    live = s.iteration.results if s.iteration else ()
    known = {t.id for r in s.base_results for t in r.failing} if live else set()
    known |= set(flaky_tests(s))
    for check in s.checks:
        if check.reader != "pytest":
            continue
        result = next((r for r in (live or s.base_results) if r.check == check.name), None)
        if result is None or result.verdict != "fail" or not _all_listed(result):
            continue
        tests = tuple(t.id for t in result.failing if t.id not in known)
        if 0 < len(tests) <= FEW:
            return check, tests
    return None


def _all_listed(result: CheckResult) -> bool:
    bad = result.counts.get("failed", 0) + result.counts.get("error", 0)
    return bad == len(result.failing)


def holds_but_for_flaky(s: State) -> bool:
    """Whether every check passes on the base, flaky tests left aside."""
    nobodys = set(flaky_tests(s))
    return bool(s.base_results) and all(
        r.verdict == "pass"
        or (
            r.verdict == "fail"
            and _all_listed(r)
            and bool(r.failing)
            and {t.id for t in r.failing} <= nobodys
            and not r.diagnostics
        )
        for r in s.base_results
    )
