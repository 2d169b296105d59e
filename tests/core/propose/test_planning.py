from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionFailed
from core.propose.planning import parse_plan, render_plan
from core.protocol import Need, Plan, Step

words = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=12)
needs = st.builds(Need, words, words, st.sampled_from(["pass", "fail"]))
steps = st.lists(
    st.tuples(
        words, st.lists(words, max_size=2).map(tuple), st.lists(needs, max_size=2).map(tuple)
    ),
    min_size=1,
    max_size=4,
)


@given(steps, words)
def test_what_is_rendered_is_parsed_back(drawn: list, reasons: str) -> None:
    plan = Plan(tuple(Step(f"s{n}", *parts) for n, parts in enumerate(drawn, 1)), reasons)
    assert parse_plan(render_plan(plan)) == plan


def test_prose_around_the_json_becomes_the_reasons() -> None:
    text = (
        "First see [1] and {this}.\n```json\n"
        '{"steps": [{"intent": "a\\u001b[2J", "scope": "src/**", "extra": 1}]}\n'
        "```\nSo.\n=== END: 1 step ===\n"
    )
    plan = parse_plan(text)
    assert plan.reasons == "First see [1] and {this}."
    assert plan.steps == (Step("s1", "a␛[2J", ("src/**",)),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ('{"steps": [{"intent": "x"}]}', "cut off"),
        ("I would rather not.\n=== END: 0 steps ===", "malformed"),
        ('{"steps": []}\n=== END: 0 steps ===', "malformed"),
        ('{"steps": [{"intent": "x"}]}\n=== END: 2 steps ===', "malformed"),
        ('{"steps": [{"intent": " "}]}\n=== END: 1 step ===', "malformed"),
        ('{"steps": [{"do": "x"}]}\n=== END: 1 step ===', "malformed"),
        ('{"steps": [{"intent": "x", \n=== END: 1 step ===', "malformed"),
        (
            '{"steps":[{"intent":"x","needs":[{"check":"pytest","polarity":"maybe"}]}]}'
            "\n=== END: 1 step",
            "malformed",
        ),
    ],
)
def test_what_is_wrong_has_its_name(text: str, kind: str) -> None:
    with pytest.raises(ActionFailed) as caught:
        parse_plan(text)
    assert caught.value.problem.kind == kind
    assert caught.value.problem.retry


def test_a_need_asks_only_for_checks_that_are_there() -> None:
    text = '{"steps":[{"intent":"x","needs":[{"check":"tox"}]}]}\n=== END: 1 step ==='
    assert parse_plan(text).steps[0].needs == (Need("tox"),)
    with pytest.raises(ActionFailed, match="it has mypy, pytest"):
        parse_plan(text, ("pytest", "mypy"))
