"""How a diff becomes rows: nothing lost, nothing twice, and in order."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import protocol as p
from tests.fakes.shop import diff_of
from tui.panes.arrange import DiffRow, Layout, Wish, arrange, numbers, span
from tui.panes.diffs import Painter
from tui.panes.words import changed_words

words = st.lists(st.sampled_from(["a", "b", "c  d", "c d", " e", "e", "f", ""]), max_size=40)
wishes = st.builds(
    Wish,
    split=st.booleans(),
    space=st.booleans(),
    context=st.sampled_from([{}, {"f": 0}, {"f": 1}, {"f": 5}, {"f": 1_000_000}]),
)


def rows_of(diff: p.FileDiff, wish: Wish, content: list[str] | None = None) -> list[DiffRow]:
    return arrange(Layout((diff,), contents={"f": content or []}), wish)


@given(words, words, wishes)
def test_every_changed_line_is_there_once_and_numbers_only_grow(
    old: list[str], new: list[str], wish: Wish
) -> None:
    if old == new:
        return
    diff = diff_of("f", "\n".join([*old, ""]), "\n".join([*new, ""]))
    rows = rows_of(diff, replace_space(wish, False), new)
    seen = [
        (row.hunk, at)
        for row in rows
        if row.kind == "line"
        for at in {row.old, row.new} - {-1}
        if diff.hunks[row.hunk].lines[at].kind != " "
    ]
    every = [
        (h, n) for h, one in enumerate(diff.hunks) for n, x in enumerate(one.lines) if x.kind != " "
    ]
    assert sorted(seen) == every
    lines = [numbers(diff, r) for r in rows if r.kind in ("line", "space", "context")]
    for side in (0, 1):
        shown = [pair[side] for pair in lines if pair[side]]
        assert shown == sorted(set(shown))


@given(words, words, st.booleans())
def test_the_whole_context_is_the_whole_file(old: list[str], new: list[str], split: bool) -> None:
    if old == new or not new:
        return
    diff = diff_of("f", "\n".join([*old, ""]), "\n".join([*new, ""]))
    painter = Painter((diff,))
    painter.know("f", new)
    rows = rows_of(diff, Wish(split=split, context={"f": 1_000_000}), new)
    body = [row for row in rows if row.kind in ("line", "context")]
    after = [n for n in (numbers(diff, row)[1] for row in body) if n]
    assert after == list(range(1, len(new) + 1))
    before = [n for n in (numbers(diff, row)[0] for row in body) if n]
    assert before == list(range(1, len(old) + 1))
    for row in body:
        if row.kind == "context":
            assert painter.text(row) == new[row.new - 1] == old[row.old - 1]


@given(words, words)
def test_hidden_blanks_hide_nothing_else(old: list[str], new: list[str]) -> None:
    if old == new:
        return
    diff = diff_of("f", "\n".join([*old, ""]), "\n".join([*new, ""]))
    for row in rows_of(diff, Wish(space=True)):
        if row.kind == "space":
            lines = diff.hunks[row.hunk].lines
            assert lines[row.old].text.split() == lines[row.new].text.split() or (
                "".join(lines[row.old].text.split()) == "".join(lines[row.new].text.split())
            )
            assert (lines[row.old].kind, lines[row.new].kind) == ("-", "+")


def replace_space(wish: Wish, space: bool) -> Wish:
    return Wish(wish.split, space, wish.listed, wish.context)


def test_a_change_of_blanks_alone_becomes_quiet() -> None:
    diff = diff_of("f", "a\nif x:\n  y\nz\n", "a\nif x:\n    y\nzz\n")
    kinds = [row.kind for row in rows_of(diff, Wish(space=True))]
    assert kinds == ["file", "hunk", "line", "line", "space", "line", "line"]
    only = diff_of("f", "a\n b\n", "a\n  b\n")
    rows = rows_of(only, Wish(space=True))
    assert [row.kind for row in rows] == ["file", "hunk", "text"]
    assert "only blanks differ" in rows[-1].drawn[1][0]


def test_old_and_new_stand_beside_each_other() -> None:
    diff = diff_of("f", "a\nb\nc\n", "a\nB\nC\nD\n")
    pairs = [(r.old, r.new) for r in rows_of(diff, Wish(split=True)) if r.kind == "line"]
    assert pairs == [(0, 0), (1, 3), (2, 4), (-1, 5)]


def test_less_context_says_what_it_leaves_out() -> None:
    old = [str(n) for n in range(20)]
    new = [*old[:8], "x", *old[9:12], "y", *old[13:]]
    diff = diff_of("f", "\n".join([*old, ""]), "\n".join([*new, ""]))
    rows = rows_of(diff, Wish(context={"f": 1}))
    shown = [numbers(diff, r)[1] or -numbers(diff, r)[0] for r in rows if r.kind == "line"]
    assert shown == [8, -9, 9, 10, 12, -13, 13, 14]
    assert [r.drawn[0][0] for r in rows if r.kind == "text"] == ["⋯ 1 unchanged"]


def test_a_comment_stands_under_its_last_line_and_is_never_lost() -> None:
    diff = diff_of("f", "a\nb\nc\n", "a\nB\nc\n")
    said = [
        p.Comment("1", "why upper case?", "f", 1, 2),
        p.Comment("2", "this was good", "f", 2, old=True),
        p.Comment("3", "and this?", "f", 40),
        p.Comment("4", "elsewhere", "g", 1),
    ]
    rows = arrange(Layout((diff,), comments=said), Wish())
    told = [(r.kind, "".join(t for t, _ in r.drawn).strip()) for r in rows]
    assert told[1] == ("comment", "✎ line 40: and this?")
    removed = next(n for n, r in enumerate(rows) if r.kind == "line" and r.new < 0)
    assert told[removed + 1] == ("comment", "✎ this was good")
    assert told[removed + 3] == ("comment", "✎ why upper case?")
    assert not [t for _, t in told if "elsewhere" in t]


def test_why_hunks_stand_apart_is_said_once_for_a_file_else_above_each() -> None:
    text = "\n".join(str(n) for n in range(30))
    diff = diff_of("f", text, text.replace("2\n", "x\n", 1).replace("25\n", "y\n"))
    one, two = diff.change.hunks
    together = arrange(Layout((diff,), reasons={one: "runs later", two: "runs later"}), Wish())
    assert [r.kind for r in together][:3] == ["file", "lane", "hunk"]
    assert sum(r.kind == "lane" for r in together) == 1
    assert together[1].hunk == -1
    single = arrange(Layout((diff,), reasons={two: "removes the assertion"}, choosing=True), Wish())
    lane = next(n for n, r in enumerate(single) if r.kind == "lane")
    assert single[lane + 1] == DiffRow("hunk", 0, 1)
    assert "removes the assertion; left out unless you take it" in single[lane].drawn[0][
        0
    ] + "".join(t for t, _ in single[lane].drawn[1:])


def test_a_long_list_of_files_is_cut_until_it_is_asked_for() -> None:
    diffs = tuple(diff_of(f"f{n}", "a\n", "b\n") for n in range(60))
    rows = arrange(Layout(diffs), Wish())
    assert [r.kind for r in rows[:21]] == ["index"] * 20 + ["more"]
    assert "40 more files" in rows[20].drawn[0][0]
    rows = arrange(Layout(diffs), Wish(listed=True))
    assert sum(r.kind == "index" for r in rows) == 60
    assert not any(r.kind == "index" for r in arrange(Layout(diffs[:1]), Wish()))


@given(st.text("ab (),", max_size=30), st.text("ab (),", max_size=30))
def test_words_that_did_not_change_are_in_the_other_line(mine: str, other: str) -> None:
    ranges = changed_words(mine, other)
    rest, at = [], 0
    for start, end in ranges:
        assert at <= start < end <= len(mine)
        rest.append(mine[at:start])
        at = end
    if ranges:
        kept = "".join([*rest, mine[at:]])
        blocks = difflib.SequenceMatcher(None, kept, other, autojunk=False).get_matching_blocks()
        assert len(kept) <= len(other)
        assert sum(b.size for b in blocks) > 0 or not kept


def test_new_digits_make_room() -> None:
    diff = diff_of("f", "a\n", "b\n")
    painter = Painter((diff,))
    assert painter.digits == 3
    painter.know("f", ["x"] * 12_345)
    assert painter.digits == 5


def test_a_side_without_lines_begins_after_the_line_that_it_names() -> None:
    assert span(p.Hunk("h", "f", "@@ -5,2 +4,0 @@ def f", ())) == (5, 7, 5, 5)
    assert span(p.Hunk("h", "f", "mode 100644 → 100755 @@ -0,0 +1 @@", ())) == (1, 1, 1, 2)


def test_hunks_without_lines_are_rows_too() -> None:
    bare = p.Hunk("h", "f", "mode 100644 → 100755", ())
    diff = p.FileDiff(p.FileChange("f", "mode", hunks=("h",)), (bare,))
    for wish in (Wish(), Wish(split=True, space=True, context={"f": 0})):
        assert [r.kind for r in rows_of(diff, wish)] == ["file", "hunk"]
    assert replace(diff.change, status="modified").hunks == ("h",)
