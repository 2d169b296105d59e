"""The judge: what a change's evidence says, compared with its base's. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from core.checks import evidence as seen
from core.checks.evidence import Evidence
from core.protocol import Need, Verdict
from core.text import shorten

__all__ = ["MAX_NAMED", "Evidence", "judge"]

MAX_NAMED = 500
"""Names in one field of a verdict, and …"""
MAX_NAME = 500
"""… characters of one name."""
Kind = Literal["green", "better", "worse", "same", "void"]


def judge(
    needs: tuple[Need, ...],
    base: Evidence,
    now: Evidence,
    previous: Verdict | None = None,
) -> Verdict:
    """Whether the needs hold and nothing that held on the base fails now.

    `previous` is the verdict of the step's try before; better and worse compare with it where
    it is given, else with the base. A check that passed on the base and is missing from `now`
    is lost; where no test or no check ran, nothing is green.
    """
    failing, known = seen.failures(now), seen.failures(base)
    asked = {n.test: seen.matching(n, now) for n in needs if n.polarity == "fail"}
    meant = {t.id for tests in asked.values() for t in tests if t.outcome == "failed"}
    new = [f for f in failing if f not in known and f not in meant]
    new += seen.new_findings(base, now)
    left = _left(needs, now, new)
    about = {t.id for n in needs for t in seen.matching(n, now)}
    about |= {n.check for n in needs if not n.test}
    whole = {n.check for n in needs if not n.test}
    about |= {t.id for name in whole if name in now for t in now[name][1].tests}
    verdict = Verdict(
        kind="same",
        says="",
        fixed=_names(seen.fixed(base, now)),
        new=_names(new),
        left=_names(left),
        before=_names(_before(failing, known, about, base, now, whole, set(new))),
        lost=_names(seen.lost(base, now)),
        added=_names(seen.added(base, now)),
        signature=seen.signature(now),
    )
    kind = _kind(verdict, now, previous)
    return msgspec.structs.replace(verdict, kind=kind, says=_says(verdict, kind, needs, now))


def _left(needs: Iterable[Need], now: Evidence, new: Iterable[str]) -> list[str]:
    """Needs not met: the failing tests behind each where there are some, else its own name."""
    fresh, left = set(new), []
    for need in needs:
        if seen.holds(need, now):
            continue
        tests = seen.matching(need, now)
        if not need.test and need.check in now:
            tests = now[need.check][1].tests
        bad = [t.id for t in tests if t.outcome in ("failed", "error") and t.id not in fresh]
        if need.polarity == "fail" or (not bad and not any(t.id in fresh for t in tests)):
            bad = [need.test or need.check]
        left += bad
    return left


def _before(
    failing: Iterable[str],
    known: Iterable[str],
    about: set[str],
    base: Evidence,
    now: Evidence,
    whole: set[str],
    new: set[str],
) -> list[str]:
    """Failures of the base that are still there and that the step does not ask about."""
    both = set(known)
    found = [f for f in failing if f in both and f not in about]
    kept = [(check, name) for check, name in seen.kept_findings(base, now) if check not in whole]
    return found + [name for _, name in kept if name not in new]


def _kind(verdict: Verdict, now: Evidence, previous: Verdict | None) -> Kind:
    verdicts = [result.verdict for result, _ in now.values()]
    if "void" in verdicts:
        return "void"
    wrong = len({*verdict.left, *verdict.new}) + len(verdict.lost)
    ran = any(v in ("pass", "fail") for v in verdicts) and "no tests" not in verdicts
    partial = any(result.partial for result, _ in now.values())
    if not wrong and ran and not partial:
        return "green"
    if previous is not None and previous.kind != "void":
        if previous.signature == verdict.signature and previous.lost == verdict.lost:
            return "same"
        was = len({*previous.left, *previous.new}) + len(previous.lost)
        return "better" if wrong < was else "worse" if wrong > was else "same"
    broken = len(verdict.new) + len(verdict.lost)
    if len(verdict.fixed) > broken:
        return "better"
    return "worse" if broken else "same"


def _says(verdict: Verdict, kind: Kind, needs: tuple[Need, ...], now: Evidence) -> str:
    if not now:
        return "No check ran, so nothing shows whether this works."
    if kind == "void":
        why = next((r.says for r, _ in now.values() if r.verdict == "void" and r.says), "")
        return shorten(f"The evidence is void. {why}".strip(), MAX_NAME)
    parts = [_count(len(verdict.fixed), "failure", "fixed")] if verdict.fixed else []
    parts += [f"{len(verdict.left)} left"] if verdict.left else []
    parts += [f"{len(verdict.new)} new" if verdict.new else "none new"]
    if verdict.lost:
        parts.append(_count(len(verdict.lost), "test", "that passed did not run"))
    sentence = ", ".join(parts)
    if kind == "green":
        sentence = _green(verdict, needs, sentence)
    told = [sentence[0].upper() + sentence[1:] + "."]
    if verdict.before:
        told.append(f"{_count(len(verdict.before), 'failure', 'of the base')} left alone.")
    words = {"error": "could not run", "timeout": "ran out of time", "no tests": "ran no tests"}
    for name, (result, _) in now.items():
        if result.verdict in words:
            told.append(f"{name} {words[result.verdict]}.")
        if result.partial:
            told.append(f"{name} stopped at its first failure, so this is a part of the evidence.")
    return shorten(" ".join(told), 2 * MAX_NAME)


def _green(verdict: Verdict, needs: tuple[Need, ...], sentence: str) -> str:
    if any(n.polarity == "fail" for n in needs):
        return f"the new test fails as it should, {sentence}"
    if verdict.fixed:
        return sentence
    return "everything asked for holds, none new" if needs else "everything that held still holds"


def _count(number: int, noun: str, rest: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {rest}"


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Sorted, each once, bounded."""
    return tuple(sorted({name[:MAX_NAME] for name in names})[:MAX_NAMED])
