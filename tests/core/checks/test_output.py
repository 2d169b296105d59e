"""Output is shown live in bounded pieces, and kept in bounded size."""

from __future__ import annotations

import time
import tracemalloc
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks import output
from core.checks.output import MAX_KEPT, MAX_LINE, MAX_SHOWN, Spool
from core.context import PlainContext
from core.protocol import Output
from core.text import clean_output


def shown(context: PlainContext) -> list[Output]:
    return [d for d in context.deltas if isinstance(d, Output)]


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_nothing_is_lost_of_a_small_output(chunks: list[bytes]) -> None:
    context = PlainContext()
    spool = Spool(context, "a", "c")
    for chunk in chunks:
        spool.feed(chunk)
        spool.tick()
    whole = spool.finish().decode()
    assert whole == clean_output(b"".join(chunks).decode("utf-8", "replace"))
    assert sum(d.dropped for d in shown(context)) == 0


TERMINAL = st.sampled_from(
    [
        b"\n",
        b"\r",
        b"\r\n",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b]0;",
        b"\x07",
        b"\x1b",
        b"\xc3",
        b"\xa4",
        b"a",
    ]
)


@given(st.lists(TERMINAL | st.binary(max_size=9), max_size=40).map(b"".join))
def test_cleaning_in_pieces_is_cleaning_the_whole(data: bytes) -> None:
    with mock.patch.object(output, "_PIECE", 7):
        spool = Spool(PlainContext(), "a", "c")
        spool.feed(data)
        assert spool.finish().decode() == clean_output(data.decode("utf-8", "replace"))


def test_no_flood_is_cleaned_at_once() -> None:
    """Cleaning holds every other thread up, so it is done in small pieces."""
    sizes: list[int] = []

    def counted(text: str) -> str:
        sizes.append(len(text))
        return clean_output(text)

    with mock.patch.object(output, "clean_output", counted):
        spool = Spool(PlainContext(), "a", "c")
        for _ in range(30):
            spool.feed(b"\x1b[31mred\x1b[0m\r\n" * 5000)
            spool.tick()
        spool.finish()
    assert max(sizes) <= 33 << 10
    assert len(sizes) > 100


@pytest.mark.parametrize("step", [b"%d%%\r", b"\x1b[2K\r%d%%", b"\xc3\xa4%d\r"])
def test_a_long_progress_bar_is_told_by_its_last_state(step: bytes) -> None:
    spool = Spool(PlainContext(), "a", "c")
    for number in range(200_000):
        spool.feed(step % number)
    spool.feed(b"\nend\n")
    *_, last, end, _ = spool.finish().decode().split("\n")
    assert (last.strip("ä%"), end) == ("199999", "end")


def test_a_million_lines_are_shown_by_their_end_and_cost_little() -> None:
    context = PlainContext()
    spool = Spool(context, "a", "c")
    tracemalloc.start()
    began = time.monotonic()
    spool.feed(b"the first line\n")
    for _ in range(999):
        spool.feed(b"a line among many\n" * 1000)
        spool.tick()
    spool.feed(b"a line among many\n" * 998 + b"the last line\n")
    text = spool.finish()
    took, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    deltas = shown(context)
    assert all(len(d.lines) <= MAX_SHOWN for d in deltas)
    assert sum(len(d.lines) + d.dropped for d in deltas) == 1_000_000
    assert deltas[-1].lines[-1] == "the last line"
    assert len(deltas) <= took * 20 + 2
    assert len(text) < MAX_KEPT + (1 << 16)
    assert text.startswith(b"the first line\na line")
    assert text.endswith(b"many\nthe last line\n")
    assert b"bytes left out here" in text
    assert peak < 100 << 20


def test_a_line_of_many_megabytes_is_cut_with_a_mark() -> None:
    context = PlainContext()
    spool = Spool(context, "a", "c")
    for _ in range(160):
        spool.feed(b"x" * (1 << 16))
        spool.tick()
    text = spool.finish().decode()
    assert "more characters" in text
    assert all(len(line) < MAX_LINE + 60 for d in shown(context) for line in d.lines)
    assert len(text) < 3 * MAX_LINE


def test_a_tools_own_lines_are_rendered_for_people() -> None:
    context = PlainContext()
    spool = Spool(context, "a", "c", render=str.upper)
    spool.feed(b"one\ntwo")
    assert spool.finish() == b"ONE\nTWO"
    assert shown(context)[0].lines == ("ONE", "TWO")


class Disk:
    """Takes a text as a blob would."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return b"".join(self.parts).decode()

    def done(self) -> str:
        return ""

    def drop(self) -> None: ...


def test_a_line_without_end_is_whole_on_disk_and_costs_little() -> None:
    disk = Disk()
    spool = Spool(PlainContext(), "a", "c", whole=disk)
    tracemalloc.start()
    chunk = (b"\x1b[31m" + b"\xc3\xa4bcdefghijkl" * 100) * 40
    for _ in range(250):
        spool.feed(chunk)
        spool.tick()
        disk.parts.clear()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    spool.feed(b"\nthe end\n")
    text = spool.finish()
    assert peak < 16 << 20
    assert len(text) < 3 * MAX_LINE
    assert text.endswith(b"\nthe end\n")


@given(st.lists(st.binary(max_size=9) | TERMINAL, max_size=40), st.integers(3, 9))
def test_what_is_on_disk_is_the_whole_and_nothing_that_drives_a_terminal(
    chunks: list[bytes], piece: int
) -> None:
    disk = Disk()
    data = b"".join(chunks)
    with mock.patch.object(output, "_LONG", 1 << 20), mock.patch.object(output, "_PIECE", piece):
        spool = Spool(PlainContext(), "a", "c", whole=disk)
        spool.feed(data)
        spool.finish()
    assert disk.text == clean_output(data.decode("utf-8", "replace"))


@given(st.lists(st.binary(max_size=9) | TERMINAL, max_size=60).map(b"".join))
def test_a_long_line_in_parts_is_as_safe(data: bytes) -> None:
    disk = Disk()
    with mock.patch.object(output, "_LONG", 8), mock.patch.object(output, "_SEQUENCE", 5):
        spool = Spool(PlainContext(), "a", "c", whole=disk)
        spool.feed(data)
        spool.finish()
    text = disk.text
    assert clean_output(text) == text


def test_readers_are_given_every_line_of_what_is_no_flood() -> None:
    """However the bytes came, and though the pieces end within characters."""
    spool = Spool(PlainContext(), "a", "c")
    text = "".join(f"lünë {'ä' * (n % 50)} {n}\n" for n in range(40_000)) + "last"
    data = text.encode()
    for at in range(0, len(data), 65_537):
        spool.feed(data[at : at + 65_537])
    assert spool.finish().decode() == text


def test_beyond_the_limit_the_end_is_kept_and_what_is_missing_is_said() -> None:
    disk = Disk()
    with mock.patch.object(output, "MAX_KEPT", 2000):
        spool = Spool(PlainContext(), "a", "c", whole=disk, limit=10_000)
        for n in range(2000):
            spool.feed(b"line %d\n" % n)
        spool.finish()
    text = disk.text
    assert text.startswith("line 0\n")
    assert text.endswith("line 1999\n")
    assert "bytes left out here]" in text
    assert "line 1000\n" in text
    assert 10_000 < len(text) < 12_000
