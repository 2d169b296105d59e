"""The history's rows: made once for what has ended, and anew when what they tell has changed."""

from __future__ import annotations

from msgspec.structs import replace

from core.state import Landing
from tests.fakes.shop import Shop, sha
from tests.tui.test_commands import view_of
from tui.paint import plain
from tui.panes.history import history_rows


def test_rows_of_what_has_ended_are_kept_until_something_in_them_changes() -> None:
    shop = Shop().to("landed")
    history = tuple(i for i in shop.reader.iterations() if i.outcome)
    view, kept = view_of(shop, history=history), {}
    first = history_rows(view, 34, kept)
    again = history_rows(view, 34, kept)
    assert first == again
    assert all(a[0] is b[0] for a, b in zip(first, again, strict=True) if a[1] is not None)
    assert history_rows(view, 60, kept) == history_rows(view, 60)

    (landing,) = shop.state.landings
    assert landing == Landing(2, "s1", sha("commit"), landing.paths)
    shop.state = replace(shop.state, landings=(replace(landing, gone=True),))
    text = "\n".join(
        plain(row) for row, _ in history_rows(view_of(shop, history=history), 60, kept)
    )
    assert "taken back:" in text
