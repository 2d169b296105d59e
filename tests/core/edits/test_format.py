from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.edits.format import (
    Delete,
    ParsedReply,
    Rename,
    Replace,
    Write,
    plain_reasons,
    render,
)
from core.edits.parse import parse
from core.errors import ActionFailed

MARKERS = [
    "=======", "========", "<<<<<<< SEARCH", ">>>>>>> REPLACE", "  =======", "=== END: 1 edit ===",
    "=== EDIT a.py", "```", "<<<<<<< CONTENT", ">>>>>>>> CONTENT", "", "  ", "x = 1", "=== TO b",
]  # fmt: skip
plain = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
lines = st.lists(st.one_of(st.sampled_from(MARKERS), plain), max_size=6)
texts = lines.map(lambda ls: "".join(f"{line}\n" for line in ls))
paths = st.one_of(
    st.sampled_from(["a.py", "`odd`", "a ===", "x*", "**b**", "with space.txt", "'q'"]),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
)
edits = st.one_of(
    st.builds(Replace, paths, texts, texts),
    st.builds(Write, paths, texts),
    st.builds(Delete, paths),
    st.builds(Rename, paths, paths),
)
prose = st.lists(
    st.one_of(st.sampled_from(MARKERS), st.text("ab =<>#*", max_size=9)), max_size=5
).map("\n".join)

ONE = "Because.\n\n=== EDIT a.py\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n\n"
EDIT = Replace("a.py", "old\n", "new\n")


@given(prose, st.lists(edits, min_size=1, max_size=4).map(tuple))
@example("=== END: 9 edits", (Write("a", "=======\n>>>>>>> REPLACE\n"),))
def test_what_is_rendered_is_parsed_back(reasons: str, made: tuple) -> None:
    parsed = parse(render(reasons, made))
    assert parsed.edits == made


@given(st.text("abc .\n", max_size=30), st.lists(edits, min_size=1, max_size=2).map(tuple))
def test_plain_reasons_come_back(reasons: str, made: tuple) -> None:
    assert parse(render(reasons, made)) == ParsedReply(plain_reasons(reasons), made)


@given(prose, st.lists(edits, min_size=1, max_size=3).map(tuple), st.data())
def test_a_reply_cut_anywhere_is_never_taken(
    reasons: str, made: tuple, data: st.DataObject
) -> None:
    whole = render(reasons, made)
    end = whole.rindex("=== END")
    cut = data.draw(st.integers(0, end + len("=== END: 1")))
    with pytest.raises(ActionFailed) as caught:
        parse(whole[:cut])
    assert caught.value.problem.retry


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_is_a_typed_problem(text: str) -> None:
    with suppress(ActionFailed):
        assert parse(text).edits


@pytest.mark.parametrize(
    "text",
    [
        ONE + "=== END: 1 edit ===",
        ONE + "=== END OF CHANGE: 1 edits ===\nThat is all.",
        (ONE + "=== END: 1 edit ===").replace("\n", "\r\n"),
        (ONE + "=== END: 1 edit ===").replace("\n", "  \n").replace("old  ", "old")
        .replace("new  ", "new"),
        ONE.replace("=== EDIT a.py\n", "```\n=== EDIT `a.py`\n") + "```\n=== END: 1 edit ===",
        ONE.replace("<<<<<<< S", "```python\n<<<<<<< S") + "```\n\n=== END: 1 edit\n```",
        "Because.\n" + "".join(f"    {line}\n" for line in ONE.split("\n")[2:]) + "=== END: 1 edit",
        "<think>\n=== EDIT no\nwell</think>" + ONE + "**=== END: 1 edit ===**",
        ONE.replace("=== EDIT a.py", "### === EDIT a.py ===") + "=== END: 1 edit ===",
    ],
)  # fmt: skip
def test_wandering_models_are_understood(text: str) -> None:
    assert parse(text) == ParsedReply("Because.", (EDIT,))


def test_several_blocks_may_follow_one_path_line() -> None:
    block = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
    parsed = parse("=== EDIT x\n" + block * 2 + "=== END: 2 edits ===")
    assert parsed.edits == (Replace("x", "a\n", "b\n"),) * 2


def test_reasons_are_cleaned_but_edits_are_bytes() -> None:
    parsed = parse("See \x1b]52;c;x\x07\n=== WRITE a\n<<<<<<< CONTENT\n\x1b\n>>>>>>> CONTENT\n"
                   "=== END: 1 edit ===")  # fmt: skip
    assert "\x1b" not in parsed.reasons
    assert parsed.edits == (Write("a", "\x1b\n"),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("<think>hm</think>", "empty"),
        ("I can't do that.", "no edits"),
        ("Nothing to do.\n=== END: 0 edits ===", "no edits"),
        (ONE, "cut off"),
        (ONE[: ONE.index("new")], "cut off"),
        ("=== EDIT a.py\n", "cut off"),
        ("=== RENAME a.py\n", "cut off"),
        (ONE + "=== END: 2 edits ===", "malformed"),
        (ONE + "=== END: 1 edit ===\n" + ONE, "malformed"),
        (ONE.replace("=======", "---") + "=== END: 1 edit ===", "malformed"),
        (ONE.replace("=======", "=======\n=======") + "=== END: 1 edit ===", "malformed"),
        (ONE.replace("=== EDIT a.py\n", "") + "=== END: 1 edit ===", "malformed"),
        ("=== EDIT a.py\n=== DELETE b\n=== END: 1 edit ===", "malformed"),
        ("=== TO b\n=== END: 1 edit ===", "malformed"),
        ("=== RENAME a\nb\n=== END: 1 edit ===", "malformed"),
        (ONE.replace("old", "<<<<<<< SEARCH\nold") + "=== END: 1 edit ===", "malformed"),
    ],
)
def test_what_is_wrong_has_its_name(text: str, kind: str) -> None:
    with pytest.raises(ActionFailed) as caught:
        parse(text)
    assert caught.value.problem.kind == kind
    assert caught.value.problem.retry
