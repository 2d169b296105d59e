from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean, clean_line, clean_output, decode, shorten, strip_colours

NASTY = st.text(
    st.sampled_from("ab \t\n\r\x00\x07\x08\x1b\x9b\x9d[]();:0123m?hlJHPX^_\\\x7f\u202e\u200b\ufeff")
)
ANY = st.text() | NASTY


def unsafe(text: str) -> list[str]:
    return [
        c
        for c in text
        if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]


class TestClean:
    @given(ANY)
    def test_nothing_is_obeyed_or_hidden(self, text: str) -> None:
        # Format characters that shape letters (Arabic, Syriac, …) neither hide nor reorder.
        assert not [c for c in unsafe(clean(text)) if not _shapes(c)]

    @given(ANY)
    def test_it_is_idempotent(self, text: str) -> None:
        assert clean(clean(text)) == clean(text)
        assert clean_line(clean_line(text)) == clean_line(text)

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    def test_plain_text_stays(self, text: str) -> None:
        assert clean(text) == text

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a\x1b]52;c;aGk=\x07b", "a␛]52;c;aGk=␇b"),
            ("safe\u202egpj.exe", "safe‹U+202E›gpj.exe"),
            ("x\u200by", "x‹U+200B›y"),
            ("\ufeffa", "‹BOM›a"),
            ("a\r\nb\rc", "a\nb␍c"),
            ("\x9b31m", "‹U+009B›31m"),
            ("\ud800", "‹U+D800›"),
            ("größe — ✓ 日本", "größe — ✓ 日本"),
        ],
    )
    def test_marks(self, text: str, shown: str) -> None:
        assert clean(text) == shown

    @given(ANY)
    def test_a_line_is_one_line(self, text: str) -> None:
        assert "\n" not in clean_line(text)
        assert "\t" not in clean_line(text)


class TestOutput:
    @given(ANY)
    def test_only_colours_are_left(self, text: str) -> None:
        plain = strip_colours(clean_output(text))
        assert "\x1b" not in plain
        assert not [c for c in unsafe(plain) if not _shapes(c)]

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[2J\x1b[Hgone", "gone"),
            ("\x1b]0;title\x07x", "x"),
            ("10%\r20%\r\n", "20%\n"),
            ("\x1b[31", "31"),
            ("a\x1b", "a␛"),
            ("\x1bP1;2q pixels \x1b\\after", "after"),
        ],
    )
    def test_examples(self, text: str, shown: str) -> None:
        assert clean_output(text) == shown

    def test_a_long_hostile_line_costs_little(self) -> None:
        text = "\x1b]" * 200_000
        assert "\x1b" not in clean_output(text)


class TestShorten:
    @given(st.text(max_size=300), st.integers(min_value=40, max_value=200))
    def test_it_keeps_both_ends_and_counts(self, text: str, limit: int) -> None:
        short = shorten(text, limit)
        if len(text) <= limit:
            assert short == text
        else:
            assert len(short) <= limit
            assert "left out" in short
            assert short[0] == text[0]

    def test_decode_never_fails(self) -> None:
        assert decode(b"a\xffb") == "a\ufffdb"


def _shapes(character: str) -> bool:
    return character in (
        "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    ) or unicodedata.name(character, "").startswith(
        ("EGYPTIAN", "SHORTHAND", "MUSICAL", "MONGOLIAN")
    )
