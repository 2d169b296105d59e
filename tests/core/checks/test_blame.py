"""Delta debugging against an oracle that knows which hunks break which test."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.checks.blame import blame, minimal

EIGHT = tuple(f"h{n}" for n in range(8))


def oracle(causes: dict[str, set[str]], runs: list[frozenset[str]]):
    def fails(chosen: frozenset[str]) -> frozenset[str]:
        runs.append(chosen)
        return frozenset(t for t, needed in causes.items() if needed <= chosen)

    return fails


def test_one_bad_hunk_of_eight_is_named():
    runs = []
    found = blame(EIGHT, ["t"], oracle({"t": {"h5"}}, runs))
    assert found == {"t": ("h5",)}
    assert len(runs) <= 8


def test_a_pair_that_breaks_it_only_together_is_named_whole():
    runs = []
    found = blame(EIGHT, ["t", "u"], oracle({"t": {"h1", "h6"}, "u": {"h3"}}, runs))
    assert found == {"t": ("h1", "h6"), "u": ("h3",)}
    assert len(runs) < 40
    assert len(runs) == len(set(runs))


def test_nothing_is_claimed_where_runs_ran_out_or_nothing_fails():
    assert blame(EIGHT, ["t"], oracle({"t": {"h1", "h6"}}, []), most=9) == {}
    assert blame(EIGHT, ["t"], oracle({}, [])) == {}


@given(st.integers(1, 16).flatmap(lambda n: st.tuples(
    st.just([f"h{i}" for i in range(n)]),
    st.sets(st.integers(0, n - 1), min_size=1).map(lambda s: {f"h{i}" for i in s}),
)))  # fmt: skip
def test_the_minimal_set_is_exactly_the_cause(case):
    hunks, cause = case
    found = minimal(hunks, lambda chosen: cause <= set(chosen))
    assert set(found) == cause
