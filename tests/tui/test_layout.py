from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from tui.layout import LEAST, WIDE, Plan, regions, visible
from tui.view import PANES

plans = st.builds(
    Plan, pane=st.sampled_from(PANES), full=st.booleans(), gate=st.integers(1, 6),
    footer=st.integers(1, 3), plan=st.integers(0, 400), checks=st.integers(0, 5000),
)  # fmt: skip


@given(st.integers(1, 300), st.integers(1, 120), plans)
def test_the_screen_is_covered_once(width: int, height: int, plan: Plan) -> None:
    where = list(regions(Size(width, height), plan).values())
    assert sum(r.area for r in where) == width * height
    assert all(r.width > 0 and r.height > 0 for r in where)
    for n, one in enumerate(where):
        assert one in Region(0, 0, width, height)
        assert not any(one.overlaps(other) for other in where[n + 1 :])


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        (Size(WIDE, 30), PANES),
        (Size(WIDE - 1, 30), ("change",)),
        (Size(*LEAST), ("change",)),
        (Size(LEAST.width - 1, 40), ()),
        (Size(200, LEAST.height - 1), ()),
    ],
)
def test_what_is_seen_at_a_size(size: Size, panes: tuple[str, ...]) -> None:
    assert visible(size, Plan()) == panes


def test_full_screen_is_one_pane() -> None:
    assert visible(Size(200, 60), Plan(pane="history", full=True)) == ("history",)


def test_the_verdict_stands_under_a_narrow_change() -> None:
    where = regions(Size(80, 24), Plan(pane="change"))
    assert where["verdict"].y == where["change"].bottom
    assert "verdict" not in regions(Size(80, 24), Plan(pane="plan"))
