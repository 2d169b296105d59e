from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style

from tui import theme
from tui.syntax import LINE_UP_TO, colour

SNIPPETS = st.text("abdefnrst_ 019\"'#()[]{}<>\\/*-=@:\u00e9\u05d0\u200b", max_size=30)


@given(
    st.lists(SNIPPETS, max_size=8),
    st.sampled_from(["a.py", "b.ts", "c.rs", "d.go", "e.html", "f.json", "Makefile", "g.zzz"]),
)
def test_colours_change_no_text(lines: list[str], path: str) -> None:
    rows = colour(path, lines)
    assert ["".join(text for text, _ in row) for row in rows] == lines


def test_code_is_told_apart() -> None:
    (row,) = colour("src/a.py", ['def f(): return "x" + str(1)  # why'])
    tones = {text.strip(): tone for text, tone in row}
    assert tones["def"] == "syn-keyword"
    assert tones["f"] == "syn-name"
    assert tones['"x"'] == "syn-string"
    assert tones["str"] == "syn-type"
    assert tones["1"] == "syn-number"
    assert tones["# why"] == "syn-comment"
    assert colour("a.unknown", ["def f()"]) == [(("def f()", ""),)]


def test_a_string_goes_on_over_lines() -> None:
    rows = colour("a.py", ['x = """one', "two", 'three"""'])
    assert rows[1] == (("two", "syn-string"),)


def test_a_very_long_line_is_read_in_part() -> None:
    (row,) = colour("a.py", ["x = " + "1 + " * 10_000])
    assert sum(len(text) for text, _ in row) == 40_004
    coloured = "".join(text for text, tone in row if tone)
    assert len(coloured) <= LINE_UP_TO
    assert coloured.count("1") > LINE_UP_TO // 5
    assert row[-1][1] == ""


def contrast(a: Color, b: Color) -> float:
    """As WCAG 2 measures it."""

    def light(color: Color) -> float:
        parts = [c / 255 for c in color.get_truecolor()]
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, bright = sorted((light(a), light(b)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("one", [theme.DARK, theme.LIGHT], ids=lambda t: t.name)
def test_code_is_readable_on_every_ground(one: object) -> None:
    look = theme.styles(one)  # type: ignore[arg-type]
    ground = Style(bgcolor=one.background)  # type: ignore[attr-defined]
    for kind in theme.SYNTAX:
        for under in ("", "add", "add-word", "del", "del-word", "cursor"):
            style = ground + look.get(f"syn-{kind} {under}")
            ratio = contrast(style.color, style.bgcolor)  # type: ignore[arg-type]
            assert ratio >= 4.5, (kind, under, round(ratio, 2))


def test_the_terminals_own_palette_keeps_added_and_removed_apart() -> None:
    from textual.theme import BUILTIN_THEMES

    look = theme.styles(BUILTIN_THEMES["ansi-dark"])
    for kind in theme.SYNTAX:
        assert look.get(f"syn-{kind} add").color == look.get("add").color
        assert look.get(f"syn-{kind} del").color == look.get("del").color
