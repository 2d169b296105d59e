"""What failed in a set of check results, under names that can be compared between trees. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from msgspec.structs import replace

from core.protocol import CheckResult, Diagnostic, Need, Records, TestRecord

Evidence: TypeAlias = Mapping[str, tuple[CheckResult, Records]]
"""Check name → its result with everything that it reported."""

BROKEN = ("error", "timeout", "void", "no tests")
"""Verdicts of a check that tells nothing of the tree."""
_BAD = ("failed", "error")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]?[\d:.,]*(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d+(?:\.\d+)?(?:e-?\d+)? ?(?:s|ms|us|µs|ns)\b"
)
_TEMPORARY = re.compile(r"/tmp/[^\s'\"]+")
_LINE_NUMBER = re.compile(r"\b(lines?) \d+")
Finding: TypeAlias = tuple[str, str, str, str]
"""A diagnostic without its line, which shifts: check, path, code, message."""
_ALIKE = 0.6
"""How much of a line must be left for it to be the same one, edited; as `difflib` counts."""
_COMPARED = 40
"""Lines on each side that are compared for that; an edited line beyond counts as another."""


def without(evidence: Evidence, tests: Collection[str]) -> Evidence:
    """The evidence with these tests as if they were not there."""
    if not tests:
        return evidence
    leave = frozenset(tests)
    found = {}
    for name, (result, records) in evidence.items():
        kept = tuple(t for t in records.tests if t.id not in leave)
        if len(kept) != len(records.tests) and result.verdict == "fail":
            bad = any(t.outcome in _BAD for t in kept) or bool(records.diagnostics)
            result = replace(result, verdict="fail" if bad else "pass")
        found[name] = (result, replace(records, tests=kept))
    return found


def failing_tests(result: CheckResult, records: Records) -> dict[str, TestRecord]:
    """By id. Of a run that was void nothing counts."""
    if result.verdict == "void":
        return {}
    return {t.id: t for t in records.tests if t.outcome in _BAD}


def failures(evidence: Evidence) -> dict[str, str]:
    """Failing tests and checks that are not explained by a test or finding: name → message."""
    found: dict[str, str] = {}
    for name, (result, records) in evidence.items():
        tests = failing_tests(result, records)
        found |= {t.id: t.message for t in tests.values()}
        explained = tests or _findings_of(name, result, records)
        if result.verdict in BROKEN or (result.verdict == "fail" and not explained):
            found[name] = f"{result.verdict}: {result.says}"
    return found


def findings(evidence: Evidence) -> dict[Finding, list[Diagnostic]]:
    """Diagnostics of checks that did not pass, grouped without their lines."""
    found: dict[Finding, list[Diagnostic]] = {}
    for name, (result, records) in evidence.items():
        for key, diagnostic in _findings_of(name, result, records):
            found.setdefault(key, []).append(diagnostic)
    return found


def _findings_of(
    name: str, result: CheckResult, records: Records
) -> list[tuple[Finding, Diagnostic]]:
    if result.verdict != "fail":
        return []
    return [
        ((name, d.path, d.code, _LINE_NUMBER.sub(r"\1 …", d.message)), d)
        for d in records.diagnostics
    ]


def new_findings(base: Evidence, now: Evidence) -> tuple[str, ...]:
    """Findings of `now` that are none of `base`, named with the line that they are on."""
    known = findings(base)
    found: list[str] = []
    for key, diagnostics in findings(now).items():
        new, _ = apart(known.get(key, ()), diagnostics)
        found += map(told, new)
    return tuple(found)


def kept_findings(base: Evidence, now: Evidence) -> tuple[tuple[str, str], ...]:
    """Findings of `now` that `base` had too, wherever they are now: (check, name)."""
    known = findings(base)
    found: list[tuple[str, str]] = []
    for key, diagnostics in findings(now).items():
        new, _ = apart(known.get(key, ()), diagnostics)
        left = Counter(new)
        for diagnostic in diagnostics:
            if left[diagnostic] > 0:
                left[diagnostic] -= 1
            else:
                found.append((key[0], told(diagnostic)))
    return tuple(found)


def apart(
    base: Sequence[Diagnostic], now: Sequence[Diagnostic]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """(new, gone) of findings that say the same of one file, each counted as often as it is.

    Lines shift, so that a finding is known by the text of its line: first those whose text is
    equal are the same, then those whose line was edited. Where a text is not known, the number
    of findings alone tells.
    """
    old = _by_text(base)
    rest: list[Diagnostic] = []
    for diagnostic in now:
        same = old.get(diagnostic.text)
        if same:
            same.popleft()
        else:
            rest.append(diagnostic)
    gone = [d for same in old.values() for d in same]
    new: list[Diagnostic] = []
    for number, diagnostic in enumerate(rest):
        match = _like(diagnostic, gone, number < _COMPARED)
        if match is None:
            new.append(diagnostic)
        else:
            del gone[match]
    return new, gone


def _by_text(found: Iterable[Diagnostic]) -> dict[str, deque[Diagnostic]]:
    texts: dict[str, deque[Diagnostic]] = {}
    for diagnostic in found:
        texts.setdefault(diagnostic.text, deque()).append(diagnostic)
    return texts


def _like(diagnostic: Diagnostic, gone: Sequence[Diagnostic], compare: bool) -> int | None:
    """Which of `gone` this is, on a line that was edited or that is not known."""
    if not diagnostic.text:
        return 0 if gone else None
    best, most = None, _ALIKE
    for place, other in enumerate(gone[:_COMPARED]):
        if not other.text:
            return place
        if compare:
            lines = SequenceMatcher(None, other.text, diagnostic.text, autojunk=False)
            if lines.quick_ratio() > most and (alike := lines.ratio()) > most:
                best, most = place, alike
    return best


def told(diagnostic: Diagnostic) -> str:
    code = f" [{diagnostic.code}]" if diagnostic.code else ""
    return f"{diagnostic.path}:{diagnostic.line}: {diagnostic.message}{code}"


def matching(need: Need, evidence: Evidence) -> tuple[TestRecord, ...]:
    """The tests that a need is about: that test, its parametrised cases, or all below a prefix.

    A shortened id ("test_cart.py::test_total") is understood where no full one matches.
    """
    if not need.test or need.check not in evidence:
        return ()
    tests = evidence[need.check][1].tests
    name = need.test.removeprefix("./").rstrip("/")
    below = (f"{name}[", f"{name}::", f"{name}/")
    found = tuple(t for t in tests if t.id == name or t.id.startswith(below))
    if found:
        return found
    plain = re.compile(rf"(?:^|/|::){re.escape(name)}(?:\[.*\]|::.*)?", re.DOTALL)
    return tuple(t for t in tests if any(plain.fullmatch(t.id, s) for s in _starts(t.id, name)))


def _starts(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at > 0:
        yield at - (2 if text.startswith("::", at - 2) else 1)
        at = text.find(part, at + 1)


def holds(need: Need, evidence: Evidence) -> bool:
    """Whether a need is shown by this evidence.

    "fail" asks for a test that ran and failed: an error of collection or of a fixture shows no
    bug.
    """
    if need.check not in evidence:
        return False
    verdict = evidence[need.check][0].verdict
    if not need.test:
        return verdict == ("pass" if need.polarity == "pass" else "fail")
    if verdict in ("void", "no tests"):
        return False
    outcomes = {t.outcome for t in matching(need, evidence)}
    if need.polarity == "fail":
        return "failed" in outcomes
    return "passed" in outcomes and not outcomes & {"failed", "error"}


def lost(base: Evidence, now: Evidence) -> tuple[str, ...]:
    """Tests that passed on the base and did not run to an outcome of their own now.

    Skipping a test, or expecting it to fail, loses it as deleting it does. Of a check that
    could not run at all, the check alone is named (in `failures`).
    """
    found: list[str] = []
    for name, (result, records) in base.items():
        if name not in now or now[name][0].verdict == "skipped":
            if result.verdict == "pass":
                found.append(name)
            continue
        if now[name][0].verdict in BROKEN and now[name][0].verdict != "no tests":
            continue
        if now[name][0].partial:
            continue  # what did not run is unknown, and that is said; nothing is green then
        ran = {t.id for t in now[name][1].tests if t.outcome not in ("skipped", "xfailed")}
        found += [t.id for t in records.tests if t.outcome == "passed" and t.id not in ran]
    return tuple(found)


def added(base: Evidence, now: Evidence) -> tuple[str, ...]:
    """Tests that pass now and that the base's run of the same check did not have."""
    found: list[str] = []
    for name, (_, records) in now.items():
        if name in base and base[name][0].verdict in ("pass", "fail", "no tests"):
            known = {t.id for t in base[name][1].tests}
            found += [t.id for t in records.tests if t.outcome == "passed" and t.id not in known]
    return tuple(found)


def fixed(base: Evidence, now: Evidence) -> tuple[str, ...]:
    """What failed on the base and passes now; a failing test that is gone is not fixed."""
    passed = {t.id for _, records in now.values() for t in records.tests if t.outcome == "passed"}
    passed |= {name for name, (result, _) in now.items() if result.verdict == "pass"}
    found = [name for name in failures(base) if name in passed and name not in failures(now)]
    left = findings(now)
    for key, diagnostics in findings(base).items():
        if key[0] in now and now[key[0]][0].verdict in ("pass", "fail"):
            _, gone = apart(diagnostics, left.get(key, ()))
            found += map(told, gone)
    return tuple(found)


def signature(evidence: Evidence) -> str:
    """Hash of what fails and how; addresses, times and temporary paths do not count."""
    lines = [f"{name}\0{normal(message)}" for name, message in failures(evidence).items()]
    for key, diagnostics in findings(evidence).items():
        lines.append("\0".join((*key[:3], normal(key[3]), str(len(diagnostics)))))
    text = "\n".join(sorted(lines))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def normal(message: str) -> str:
    """A message without what differs between two runs of the same failure."""
    for pattern, mark in ((_ADDRESS, "0x…"), (_TEMPORARY, "/tmp/…"), (_TIME, "‹time›")):
        message = pattern.sub(mark, message)
    return message
