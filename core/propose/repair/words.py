"""What the search says: the reasons of a repair, the plan, and an honest failure."""

from __future__ import annotations

from collections.abc import Sequence

from core.propose.repair.search import Found, Outcome
from core.propose.repair.survey import Survey
from core.protocol import Need, Plan, Problem, Step, TestRecord
from core.text import clean, clean_line, shorten, strip_colours

_NAMED = 4


def short(test: str) -> str:
    """A test's name without its file."""
    return test.rpartition("::")[2] or test


def several(tests: Sequence[str]) -> str:
    """ "test_a", or "test_a and 2 more"."""
    more = len(tests) - 1
    return short(tests[0]) + (f" and {more} more" if more else "")


def plan(survey: Survey, check: str) -> Plan:
    """One step for each cluster of failing tests."""
    steps = []
    for number, cluster in enumerate(survey.clusters, 1):
        tests = [record.id for record in cluster]
        needs = tuple(Need(check, test) for test in tests)
        steps.append(Step(f"s{number}", f"make {several(tests)} pass", (), needs))
    failing = sum(len(cluster) for cluster in survey.clusters)
    reasons = [f"{_count(failing, 'test fails', 'tests fail')}; {len(survey.passing)} pass."]
    if len(steps) > 1:
        reasons.append(
            f"They seem to have {len(steps)} causes, by the lines that they run and the errors"
            " that they end with, so there is a step for each."
        )
    elif failing > 1:
        reasons.append("By the lines that they run, they seem to have one cause.")
    for cluster in survey.clusters:
        reasons += [f"- {line}" for line in map(_failure, cluster[:_NAMED])]
    return Plan(tuple(steps), clean("\n".join(reasons)))


def _failure(record: TestRecord) -> str:
    site = f" ({record.path}:{record.line})" if record.path else ""
    return f"{record.id}{site}: {shorten(clean_line(strip_colours(record.message)), 160)}"


def reasons(survey: Survey, outcome: Outcome) -> str:
    parts = [_edit(survey, found) for found in outcome.chosen]
    fixed = len(outcome.fixed)
    parts.append(
        f"With it {_count(fixed, 'failing test passes', 'failing tests pass')}"
        f" ({several(sorted(outcome.fixed))}), and the {len(survey.passing)} tests that passed"
        f" before still pass. {outcome.tried} of {outcome.candidates} candidates were tried."
    )
    left = sorted(outcome.targets - outcome.fixed)
    if left:
        parts.append(f"Not mended: {', '.join(map(short, left[:_NAMED]))}.")
    if outcome.unsteady:
        names = ", ".join(map(short, outcome.unsteady[:_NAMED]))
        parts.append(f"Failed once and then passed unchanged: {names}.")
    parts.append(_doubt(outcome))
    return clean("\n\n".join(parts))


def _edit(survey: Survey, found: Found) -> str:
    candidate = found.candidate
    suspect = survey.suspects.get((candidate.path, candidate.line))
    ran = (
        f" Of the tests, {_count(suspect.failing, 'failing one', 'failing ones')} and"
        f" {_count(suspect.passing, 'passing one', 'passing ones')} run that line, which makes it"
        f" suspicious ({suspect.score:.2f})."
        if suspect
        else " Lines that the failing tests run use it."
    )
    return (
        f"{candidate.path}:{candidate.line}: {candidate.draft.says}"
        f" (template: {candidate.template}).{ran}"
    )


def _doubt(outcome: Outcome) -> str:
    """Passing tests are no proof; what else passed shows how much they leave open."""
    others = outcome.alternatives
    if not others:
        return (
            "No other candidate that was tried passes. That the tests pass is no proof that this"
            " is what was meant: read the line."
        )
    named = "; ".join(
        f"{f.candidate.path}:{f.candidate.line} {f.candidate.draft.says}" for f in others[:_NAMED]
    )
    more = f"; and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return (
        f"{_count(len(others), 'other candidate passes', 'other candidates pass')} as well, so the"
        f" tests do not settle it; this is the likeliest. The others: {named}{more}."
    )


def not_found(survey: Survey, outcome: Outcome) -> Problem:
    files = len(survey.sources)
    lines = sum(1 for path, _ in survey.suspects if any(s.path == path for s in survey.sources))
    searched = (
        f"No repair was found for {several(sorted(outcome.targets))}: {outcome.candidates}"
        f" candidates on {_count(lines, 'line', 'lines')} of {_count(files, 'file', 'files')},"
        f" {outcome.tried} tried, {outcome.suite_runs} against the whole suite; it ended because"
        f" {outcome.ended or 'every candidate failed'}."
    )
    best = max(survey.suspects.values(), key=lambda s: s.score)
    return Problem(
        "not found",
        clean_line(
            f"{searched} Nothing was changed. The most suspicious line is"
            f" {best.line[0]}:{best.line[1]}. Edit it yourself, widen the step's scope, or choose"
            " a model: the search only knows small edits of one place."
        ),
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
