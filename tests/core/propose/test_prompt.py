from __future__ import annotations

import re

from core.edits.format import Delete, Rename, Replace, Write
from core.edits.parse import parse
from core.propose.base import Brief, BriefFile
from core.propose.model.prompt import CHANGE_SYSTEM, PLAN_SYSTEM, messages, request_text
from core.propose.planning import parse_plan
from core.protocol import Base, CheckSpec, Need, Step

BRIEF = Brief(
    "mend total()",
    Base("c", "t"),
    "t",
    step=Step("s1", "round half to even"),
    scope=("src/**",),
    needs=(Need("pytest", "tests/t.py::a"), Need("pytest", "tests/t.py::b", "fail")),
    checks=(CheckSpec("pytest", ("python", "-m", "pytest")),),
    feedback="assert 3 == 2",
    notes=("use quantize",),
    files=(BriefFile("a.py", "x = 1"), BriefFile("b.py", "y\n", whole=False)),
    listing=("a.py", "b.py"),
    previous=("swapped < and <=: 1 failed",),
)


def test_everything_of_the_brief_is_in_the_request_and_the_person_speaks_last() -> None:
    text = request_text(BRIEF, "change")
    for part in (
        '<file path="a.py">\nx = 1\n</file>', '<file path="b.py" part="yes">', "a.py\nb.py",
        "pytest: python -m pytest", "mend total()", "round half to even", "src/**",
        "pytest: tests/t.py::a must pass", "tests/t.py::b must fail", "1. swapped",
        "<feedback>\nassert 3 == 2", "- use quantize",
    ):  # fmt: skip
        assert part in text
    assert text.index("use quantize") > text.index("assert 3 == 2") > text.index("x = 1")


def test_what_the_prompt_teaches_is_what_the_parsers_read() -> None:
    example = CHANGE_SYSTEM[CHANGE_SYSTEM.index("=== EDIT") : CHANGE_SYSTEM.index("\nRules:")]
    told = re.sub(r"=== END: 2 edits ===", "=== END: 4 edits ===", example)
    kinds = [type(edit) for edit in parse(told).edits]
    assert kinds == [Replace, Write, Delete, Rename]
    plan = PLAN_SYSTEM[PLAN_SYSTEM.index("```json") : PLAN_SYSTEM.index("\nRules:")]
    assert parse_plan(plan).steps[0].scope == ("src/pkg/*.py",)


def test_a_plan_is_asked_for_without_a_step() -> None:
    system, user = messages(BRIEF, "plan")
    assert "ordered steps" in system["content"]
    assert "The step to do now" not in user["content"]
