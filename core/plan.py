"""Plans that nobody proposed: the goal as the only step, with its evidence. Pure."""

from __future__ import annotations

import re

from core import protocol as p

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_COMMON = frozenset(
    "a an and all are as be by do does for from get has have in is it its make must new not of on"
    " or should so test tests that the then this to use when with work works".split()
)
_ABOUT_FAILURES = frozenset(
    "fail fails failing failed failure failures fix fixes fixing fixed bug bugs broken red green"
    " pass passes passing repair error errors suite".split()
)


def goal_only(goal: str, base_results: tuple[p.CheckResult, ...]) -> p.Plan:
    """The goal as the only step, with the evidence that `needs_of` finds in its words."""
    return p.Plan((p.Step("s1", goal, (), needs_of(goal, base_results)),))


def needs_of(goal: str, base_results: tuple[p.CheckResult, ...]) -> tuple[p.Need, ...]:
    """Which of the base's failures a goal is about.

    Those whose test id shares telling words with the goal; else, when the goal speaks of failures
    at all, every one; else none. Failures that are none of the goal's business block nobody.
    """
    failing = [(r.check, t.id) for r in base_results for t in r.failing]
    red = [r.check for r in base_results if r.verdict == "fail" and not r.failing]
    words = _words(goal)
    named = [(c, t) for c, t in failing if t in goal or _shares(words, t)]
    named_checks = [c for c in red if c.lower() in words]
    if not named and not named_checks and words & _ABOUT_FAILURES:
        named, named_checks = failing, red
    return (*(p.Need(c, t) for c, t in named), *(p.Need(c) for c in named_checks))


def _shares(goal: set[str], test: str) -> bool:
    """Two telling words in common, or one that is most of the test's own name."""
    name = _words(test.rpartition("::")[2].split("[")[0]) - _ABOUT_FAILURES
    whole = _words(test) - _ABOUT_FAILURES
    shared = whole & goal
    return len(shared) >= 2 or bool(name and len(name & goal) * 2 > len(name))


def _words(text: str) -> set[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).replace("_", " ")
    return {w.lower() for w in _WORD.findall(spaced)} - _COMMON
