"""A plan as reply text, and back. Every proposer's plan comes in this one format:

    Why these steps, in plain prose.

    ```json
    {"steps": [{"intent": "round half to even",
                "scope": ["src/shop/*.py"],
                "needs": [{"check": "pytest", "test": "tests/test_cart.py::test_half"}]}]}
    ```

    === END: 1 step ===

`scope`, `needs`, a need's `test` and its `polarity` ("pass" or "fail") may be left out. As with
edits, the last line counts the steps, and a reply without it was cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from core.errors import ActionFailed
from core.protocol import Need, Plan, Polarity, Problem, ProblemKind, Step, Value
from core.text import clean, clean_line, shorten

MAX_STEPS: Final = 40
_END: Final = re.compile(
    r"^\s*(?:\*\*)?={3,}\s*END\s*:?\s*(\d+)\s+steps?\s*=*(?:\*\*)?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE: Final = re.compile(r"^\s*(`{3,}|~{3,})[\w.+-]*\s*$", re.MULTILINE)
_THINKING: Final = re.compile(r"\s*<(think|thinking)>.*?</\1>", re.DOTALL)


class _Need(Value, frozen=True):
    check: str
    test: str = ""
    polarity: Polarity = "pass"


class _Step(Value, frozen=True):
    intent: str
    scope: tuple[str, ...] | str = ()
    needs: tuple[_Need, ...] = ()


class _Plan(Value, frozen=True):
    steps: tuple[_Step, ...]
    reasons: str = ""


def parse_plan(text: str, checks: Collection[str] = ()) -> Plan:
    """The plan, cleaned, its steps named s1, s2…

    `checks` are the names that a need may ask for; empty allows any. Raises `ActionFailed` with
    "empty", "cut off" or "malformed", all of which can be fed back.
    """
    text = _THINKING.sub("", text, count=1).replace("\r\n", "\n")
    if not text.strip():
        raise _failed("empty", "The reply is empty.")
    end = _END.search(text)
    if end is None:
        raise _failed("cut off", "The plan stops without its end marker, so it was cut off.")
    body = text[: end.start()]
    draft, at = _draft(body)
    if len(draft.steps) != int(end[1]):
        raise _failed(
            "malformed", f"The end marker counts {end[1]} steps, but {len(draft.steps)} are there."
        )
    if not 1 <= len(draft.steps) <= MAX_STEPS:
        raise _failed("malformed", f"A plan has 1 to {MAX_STEPS} steps.")
    steps = tuple(_step(number, step, checks) for number, step in enumerate(draft.steps, 1))
    prose = _FENCE.sub("", body[:at]).strip()
    return Plan(steps, clean(draft.reasons or prose).strip())


def render_plan(plan: Plan) -> str:
    """A reply that `parse_plan` reads back (with its own step ids)."""
    steps = [
        {
            "intent": step.intent,
            "scope": list(step.scope),
            "needs": [
                {"check": need.check, "test": need.test, "polarity": need.polarity}
                for need in step.needs
            ],
        }
        for step in plan.steps
    ]
    written = json.dumps({"reasons": plan.reasons, "steps": steps}, indent=2)
    noun = "step" if len(steps) == 1 else "steps"
    return f"```json\n{written}\n```\n\n=== END: {len(steps)} {noun} ===\n"


def _draft(body: str) -> tuple[_Plan, int]:
    """The first JSON object (or bare list) of steps in the text, and where it begins."""
    wrong = "it has no JSON object with steps"
    for found, at in _values(body):
        value = {"steps": found} if isinstance(found, list) else found
        if not isinstance(value, dict) or "steps" not in value:
            continue
        try:
            return msgspec.convert(value, _Plan), at
        except msgspec.ValidationError as error:
            wrong = str(error)
    raise _failed("malformed", f"The plan cannot be read: {shorten(clean_line(wrong), 200)}.")


def _values(body: str) -> Iterator[tuple[Any, int]]:
    decoder = json.JSONDecoder()
    at = 0
    while start := re.compile(r"[{\[]").search(body, at):
        try:
            value, at = decoder.raw_decode(body, start.start())
        except (ValueError, RecursionError):
            at = start.end()
        else:
            yield value, start.start()


def _step(number: int, step: _Step, checks: Collection[str]) -> Step:
    intent = clean_line(step.intent)
    if not intent:
        raise _failed("malformed", f"Step {number} has no intent.")
    for need in step.needs:
        if checks and need.check not in checks:
            raise _failed(
                "malformed",
                f'Step {number} needs a check "{clean_line(need.check)[:60]}", which this'
                f" repository does not have; it has {', '.join(sorted(checks))}.",
            )
    scope = (step.scope,) if isinstance(step.scope, str) else step.scope
    return Step(
        id=f"s{number}",
        intent=intent,
        scope=tuple(pattern for glob in scope if (pattern := clean_line(glob))),
        needs=tuple(
            Need(clean_line(need.check), clean(need.test).strip(), need.polarity)
            for need in step.needs
        ),
    )


def _failed(kind: ProblemKind, says: str) -> ActionFailed:
    return ActionFailed(Problem(kind, f"{says} No plan was taken from it.", retry=True))
