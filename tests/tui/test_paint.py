from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui import theme
from tui.paint import apart, fit, flow, plain, safe, strip, width, wrap
from tui.panes.checks import coloured
from tui.panes.rows import mark

anything = st.text(st.characters(), max_size=200)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b31m \u202egnp.exe\u202c [/red] [/] \r\n\ta\u200bb"


def harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text)


@given(anything)
def test_nothing_can_drive_the_terminal_or_hide(text: str) -> None:
    shown = safe(text)
    bad = [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not bad
    assert not any(c in shown for c in "\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff")


@given(anything, st.integers(0, 40))
def test_fit_fits(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) <= cells


@given(anything, st.integers(4, 60))
def test_wrap_keeps_every_word_within_the_width(text: str, cells: int) -> None:
    rows = wrap(text, cells)
    assert all(width(row) <= cells for row in rows)
    kept = "".join(plain(row) for row in rows)
    assert "".join(kept.split()) == "".join(safe(text.replace("\n", "")).split()) or "\r" in text


@given(st.lists(st.text("abc", min_size=1, max_size=12), max_size=9), st.integers(12, 50))
def test_flow_never_cuts_a_part(words: list[str], cells: int) -> None:
    rows = flow([((word, ""),) for word in words], cells)
    assert " ".join(plain(row) for row in rows).split() == words
    assert all(width(row) <= cells for row in rows)


def test_apart_gives_way_on_the_left() -> None:
    row = apart((("a long name of something", ""),), (("0:04", ""),), 16)
    assert plain(row) == "a long nam… 0:04"


def test_a_strip_is_clean_whatever_a_span_holds() -> None:
    made = strip(((HOSTILE, "bad"),), theme.styles(theme.DARK), Style.null())
    assert harmless(made.text), made.text
    assert "[/red]" in made.text


@given(anything)
def test_colours_of_tools_leave_clean_text(text: str) -> None:
    assert "\x1b" not in safe(plain(coloured(text)))


def test_a_tool_keeps_its_colours_but_cannot_hide() -> None:
    row = coloured(
        "\x1b[31mFAILED\x1b[0m \x1b[8mhidden\x1b[0m \x1b[30mblack\x1b[0m\x1b]0;title\x07"
    )
    assert plain(row) == "FAILED hidden black"
    assert dict(row)["FAILED"] == "ansi1"
    assert dict(row)["hidden"] == ""
    look = theme.styles(theme.DARK)
    assert look.get(dict(row)["black"]).color is None


def test_every_theme_knows_every_style() -> None:
    from textual.theme import BUILTIN_THEMES

    names = set(theme.styles(theme.DARK)._named)
    for one in (theme.DARK, theme.LIGHT, *BUILTIN_THEMES.values()):
        assert set(theme.styles(one)._named) == names


@given(st.lists(st.text("abAB ", max_size=9), max_size=4), st.text("ab", min_size=1, max_size=2))
def test_marking_a_match_changes_no_text(parts: list[str], needle: str) -> None:
    spans = tuple((part, "dim") for part in parts)
    marked = mark(spans, needle)
    assert plain(marked) == plain(spans)
    hits = "".join(text for text, style in marked if "match" in style).casefold()
    assert len(hits) % len(needle) == 0
    assert bool(hits) == (needle in plain(spans).casefold())
