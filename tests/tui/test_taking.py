from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import protocol as p
from core.lanes import main_hunks
from tests.fakes.reviews import apart
from tests.fakes.shop import DIFF_2, change_of
from tui.taking import Taking, at_first, changed, in_words, read

kinds = st.lists(st.sampled_from(" +-"), min_size=1, max_size=9).map("".join)
bodies = st.lists(kinds.filter(str.strip), min_size=1, max_size=4)


def hunk(ident: str, kinds: str) -> p.Hunk:
    return p.Hunk(ident, "a.py", "@@", tuple(p.DiffLine(k, "x") for k in kinds))


def change(*hunks: p.Hunk) -> p.Change:
    ids = tuple(h.id for h in hunks)
    return change_of(p.FileDiff(p.FileChange("a.py", "modified", hunks=ids), hunks), name="x")


def lines(taking: Taking, hunks: list[p.Hunk]) -> set[tuple[str, int]]:
    """The plain truth: every changed line that is taken."""
    return {(h.id, n) for h in hunks for n in changed(h) if taking.has(h.id, n)}


@st.composite
def acts(draw: st.DrawFn) -> tuple[list[p.Hunk], list[tuple[int, frozenset[int] | None]]]:
    """Some hunks, and toggles of them: a hunk's number, and places of it or None for the hunk."""
    hunks = [hunk(f"h{n}", body) for n, body in enumerate(draw(bodies))]
    done = draw(
        st.lists(
            st.tuples(
                st.integers(0, len(hunks) - 1),
                st.none() | st.frozensets(st.integers(-1, 10), max_size=5),
            ),
            max_size=8,
        )
    )
    return hunks, done


@given(acts())
def test_toggles_are_those_of_a_set_of_lines(made: tuple[list[p.Hunk], list]) -> None:
    hunks, done = made
    taking, truth = Taking(), set[tuple[str, int]]()
    for n, places in done:
        one = hunks[n]
        if places is None:
            taking = taking.toggle((one.id,))
            chosen = {(one.id, at) for at in changed(one)}
        else:
            taking = taking.toggle_lines([(one, places)])
            chosen = {(one.id, at) for at in changed(one) & places}
        truth = truth - chosen if chosen <= truth else truth | chosen
        assert lines(taking, hunks) == truth
        for h in hunks:
            mine, every = {at for ident, at in truth if ident == h.id}, changed(h)
            assert taking.share(h.id) == ("all" if mine == every else "part" if mine else "none")


@given(acts())
def test_what_is_written_is_read_again_in_the_changes_order(
    made: tuple[list[p.Hunk], list],
) -> None:
    hunks, done = made
    taking = Taking()
    for n, places in done:
        one = [(hunks[n], places)] if places is not None else []
        taking = taking.toggle_lines(one) if one else taking.toggle((hunks[n].id,))
    written = taking.written(change(*hunks))
    assert read(written) == taking
    order = [h.id for h in hunks]
    assert [order.index(w.partition("@")[0]) for w in written] == sorted(
        order.index(h) for h in taking
    )


def test_all_lines_of_a_hunk_are_the_hunk() -> None:
    one = hunk("h", " +- +")
    taking = Taking().toggle_lines([(one, {0, 1, 2})])
    assert taking.written(change(one)) == ("h@1-2",)
    taking = taking.toggle_lines([(one, {4})])
    assert taking.written(change(one)) == ("h",)
    taking = taking.toggle_lines([(one, {1})])
    assert taking.written(change(one)) == ("h@2,4",)
    assert not taking.toggle_lines([(one, {2, 4})])


def test_a_hunk_in_part_is_taken_whole_before_it_is_left() -> None:
    one = hunk("h", "+-")
    part = Taking().toggle_lines([(one, {0})])
    assert part.toggle(("h",)).share("h") == "all"
    assert part.toggle(("h",)).toggle(("h",)).share("h") == "none"


def test_what_stands_apart_is_not_taken_and_is_no_part_of_all() -> None:
    cart, test, conf = DIFF_2
    made = change_of(cart, apart(test, weakens={0: "removes an assertion"}), conf, name="x")
    assert set(at_first(made)) == set(cart.change.hunks)
    assert main_hunks(made) == cart.change.hunks
    assert at_first(change_of(cart, name="y")).whole(cart.change.hunks)


@pytest.mark.parametrize(
    ("takes", "says"),
    [
        ([], "0 of 2 hunks taken"),
        ([("a", {0})], "0 of 2 hunks taken, 1 in part"),
        ([("a", {0, 1}), ("b", {0})], "1 of 2 hunks taken, 1 in part"),
        ([("a", {0, 1}), ("b", {0, 1})], "2 of 2 hunks taken"),
    ],
)
def test_it_says_how_much(takes: list[tuple[str, set[int]]], says: str) -> None:
    taking = Taking()
    for ident, places in takes:
        taking = taking.toggle_lines([(hunk(ident, "+-"), places)])
    assert in_words(taking, ("a", "b")) == says
