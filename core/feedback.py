"""Feedback: what the next proposal is told. Pure; the same evidence gives the same text."""

from __future__ import annotations

from collections.abc import Iterable

from core import protocol as p
from core.checks.evidence import normal
from core.flakiness import counted, flaky_tests
from core.message import hunks_in_words, summary
from core.state import Iteration, State, lineage
from core.text import shorten, strip_colours

FAILURES = 12
"""Failures told in full; the rest are counted."""
SAME = 5
"""Names of failures that are like one that is told."""
MESSAGE = 1_500
"""Characters of one failure's message."""
PATCH = 12_000
"""Characters of the last try's diff."""


def compose(state: State, last_patch: str, conflict: str = "") -> str:
    """What the checks say: of the base at first, of the last try afterwards.

    `last_patch` is the diff of the last try that was built, `conflict` the files in which it
    meets what the base holds now; "" where there is none.
    """
    last = next((t for t in reversed(lineage(state)) if t.problem or t.verdict), None)
    if last is None:
        return _base(state)
    if last.conflict is not None:
        return _conflict(last, last_patch, conflict)
    if last.problem is not None:
        return f"Your last reply (try {last.n}) could not be used: {last.problem.says}"
    return _judged(last, last_patch)


def previous(tries: Iterable[Iteration]) -> tuple[str, ...]:
    """One short line for each earlier try of the step, oldest first."""
    return tuple(_one_line(t) for t in tries)


def _base(state: State) -> str:
    if not state.base_results:
        return "No checks ran on the base."
    parts = ["On the base, before any change:", *map(_headline, state.base_results)]
    nobodys = flaky_tests(state)
    parts += [f"Flaky, not to be edited for: {t} ({counted(state, t)})." for t in nobodys]
    parts += _failures(state.base_results, _asked_first(state), leave=frozenset(nobodys))
    return "\n".join(parts)


def _judged(last: Iteration, patch: str) -> str:
    assert last.verdict is not None
    verdict = last.verdict
    parts = [f"Try {last.n}: {verdict.says}"]
    if last.outcome == "rejected":
        parts.append("The person rejected this try; take another way.")
    parts += map(_headline, last.results)
    parts += _named("Still not met", verdict.left)
    parts += _named("Passed on the base and fails now", verdict.new)
    parts += _named("Passed on the base and did not run now", verdict.lost)
    parts += _named("Fixed", verdict.fixed)
    parts += _named("Flaky on the base too: no edit is asked for because of", verdict.flaky)
    parts += _blamed(last)
    if last.red is not None:
        parts += _named("Added, and passes without the change too (no evidence)", last.red.idle)
    first = (*verdict.new, *verdict.left)
    parts += _failures(last.results, first, leave=frozenset(verdict.before))
    if patch:
        parts += ["This is what try " + str(last.n) + " changed, and is NOT in the files you see:"]
        parts.append(shorten(patch, PATCH))
    return "\n".join(parts)


def _blamed(last: Iteration) -> list[str]:
    """Which of the change's hunks break which tests, where that was found out."""
    told = []
    for one in last.blames or ():
        names = hunks_in_words(one.hunks, last.change)
        how = "breaks" if len(one.hunks) == 1 else "together break"
        told.append(f"- {names} {how} {one.test}")
    return ["Tried apart from the rest of your change:", *told[:FAILURES]] if told else []


def _conflict(last: Iteration, patch: str, conflict: str) -> str:
    parts = [
        f"Try {last.n} could not be put on the files as they are now: they changed meanwhile in the"
        " same places. Make the change anew, for the files that you see.",
        "Both sides, between markers:",
        shorten(conflict, PATCH),
    ]
    if patch:
        parts += ["This is what was to be changed, on the files as they were:"]
        parts.append(shorten(patch, PATCH))
    return "\n".join(parts)


def _headline(result: p.CheckResult) -> str:
    says = f" ({result.says})" if result.says else ""
    return f"- {summary(result)}{says}"


def _named(title: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - FAILURES} more" if len(names) > FAILURES else ""
    return [f"{title}: {', '.join(names[:FAILURES])}{more}"]


def _failures(
    results: tuple[p.CheckResult, ...],
    first: tuple[str, ...],
    leave: frozenset[str] = frozenset(),
) -> list[str]:
    tests = [t for r in results for t in r.failing if t.id not in leave]
    groups = _by_cause(tests, frozenset(first))
    findings = [d for r in results for d in r.diagnostics if d.severity != "note"]
    lines: list[str] = []
    for test, *same in groups[:FAILURES]:
        where = f" at {test.path}:{test.line}" if test.path else ""
        message = shorten(strip_colours(test.message).strip(), MESSAGE)
        lines.append(f"\n{test.outcome.upper()} {test.id}{where}\n{message}")
        if same:
            named = ", ".join(t.id for t in same[:SAME])
            more = f" and {len(same) - SAME} more" if len(same) > SAME else ""
            lines.append(f"In the same way: {named}{more}.")
    for finding in findings[:FAILURES]:
        where = f"{finding.path}:{finding.line}"
        lines.append(f"{where}: {finding.code} {shorten(finding.message, 300)}".rstrip())
    left_out = sum(map(len, groups[FAILURES:])) + max(0, len(findings) - FAILURES)
    if left_out:
        lines.append(f"… and {left_out} more.")
    return lines


def _by_cause(tests: list[p.TestRecord], first: frozenset[str]) -> list[list[p.TestRecord]]:
    """Failures with the same cause together: what is asked for first, then what breaks most."""
    groups: dict[str, list[p.TestRecord]] = {}
    for test in sorted(tests, key=lambda t: (t.id not in first, t.id)):
        groups.setdefault(_cause(test) or test.id, []).append(test)
    return sorted(groups.values(), key=lambda g: (g[0].id not in first, -len(g), g[0].id))


def _cause(test: p.TestRecord) -> str:
    """The line that names the error, without what differs from run to run; "" for none."""
    lines = strip_colours(test.message).strip().split("\n")
    told = next((line[2:] for line in lines if line.startswith("E ")), lines[0])
    return normal(told.strip())


def _asked_first(state: State) -> tuple[str, ...]:
    step = state.live_step
    return tuple(n.test for n in step.needs if n.test) if step else ()


def _one_line(t: Iteration) -> str:
    said = f" The person said: {' / '.join(t.notes)}" if t.notes else ""
    if t.problem is not None:
        return f"try {t.n}: {t.problem.says}{said}"
    verdict = t.verdict.says if t.verdict else "not judged."
    return f"try {t.n}: {verdict} ({t.outcome or 'left'}){said}"
