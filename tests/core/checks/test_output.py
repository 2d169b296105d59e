"""Output is shown live in bounded pieces, and kept in bounded size."""

from __future__ import annotations

import time
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

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


def test_a_million_lines_are_shown_by_their_end_and_cost_little() -> None:
    context = PlainContext()
    spool = Spool(context, "a", "c")
    tracemalloc.start()
    began = time.monotonic()
    for start in range(0, 1_000_000, 1000):
        spool.feed(b"".join(b"line %d of many\n" % n for n in range(start, start + 1000)))
        spool.tick()
    text = spool.finish()
    took, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    deltas = shown(context)
    assert all(len(d.lines) <= MAX_SHOWN for d in deltas)
    assert sum(len(d.lines) + d.dropped for d in deltas) == 1_000_000
    assert deltas[-1].lines[-1] == "line 999999 of many"
    assert len(deltas) <= took * 20 + 2
    assert len(text) < MAX_KEPT + (1 << 16)
    assert text.startswith(b"line 0 of many\n")
    assert text.endswith(b"line 999999 of many\n")
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
