"""Lines on disk are the text's lines, and a search sees all of them."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import printed
from core.printed import SHOWN, Lines

TEXTS = st.text(st.sampled_from("abÄ\n\n"), max_size=60)
NEEDLES = st.sampled_from(["ab", "ä", "B", "aÄ", "c"])


@given(TEXTS, NEEDLES, st.integers(0, 30), st.sampled_from([7, 16, 1 << 16]))
def test_lines_and_search_are_those_of_the_text(
    text: str, needle: str, start: int, window: int
) -> None:
    want = text.split("\n")
    if not want[-1]:
        del want[-1]
    with mock.patch.object(printed, "WINDOW", window):
        lines = Lines.of(text.encode())
        assert list(lines) == want
        assert lines[-3:] == want[-3:]
        low = needle.casefold()
        found = next((n for n in range(start, len(want)) if low in want[n].casefold()), None)
        assert lines.find(needle, start) == found


def test_colours_do_not_hide_what_is_searched_for() -> None:
    lines = Lines.of(b"one\n\x1b[31mFAIL\x1b[1mED\x1b[0m test_x\n")
    assert lines.find("failed test_x") == 1
    assert lines[1] == "\x1b[31mFAIL\x1b[1mED\x1b[0m test_x"


def test_a_million_lines_and_one_without_end_are_searched_and_shown_in_little_memory(
    tmp_path: Path,
) -> None:
    path = tmp_path / "output"
    with open(path, "wb") as file:
        for n in range(1000):
            file.write(b"".join(b"line %d of a flood\n" % (1000 * n + i) for i in range(1000)))
        for _ in range(1000):
            file.write(b"x" * 30_000)
        file.write(b"the very end\nthe LAST line\n")
    tracemalloc.start()
    began = time.monotonic()
    lines = Lines.of_file(path)
    assert len(lines) == 1_000_002
    assert lines.find("the last line") == 1_000_001
    assert lines.find("THE VERY END") == 1_000_000
    assert lines.find("line 999999 of") == 999_999
    assert lines.find("nowhere") is None
    assert (lines[765_432], lines[-1]) == ("line 765432 of a flood", "the LAST line")
    assert lines[1_000_000].startswith("x" * SHOWN + " … 29,998,012 more bytes")
    assert len(lines[1_000_000]) < SHOWN + 40
    took, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert took < 20


def test_a_damaged_file_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"one\n")
    with pytest.raises(ValueError, match="damaged"):
        Lines.of_file(path, "0" * 64)
