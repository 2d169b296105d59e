from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from core import protocol as p
from tui.bridge import LINES_A_FRAME, LINES_WAITING, Bridge
from tui.live import LINE_CHARACTERS, OUTPUT_LINES, Live


def output(*lines: str, dropped: int = 0) -> p.Output:
    return p.Output("check:1", "pytest", lines, dropped)


def test_one_wake_for_many_words() -> None:
    bridge, wakes = Bridge(), []
    bridge.attach(lambda: wakes.append(1))
    for n in range(1000):
        bridge.sink(output(f"line {n}"))
        bridge.sink(p.Streamed("propose:1", "word "))
    assert len(wakes) == 1
    while bridge.frame().more:
        pass
    bridge.sink(output("again"))
    assert len(wakes) == 2


def test_what_came_before_the_screen_is_not_lost() -> None:
    bridge, wakes = Bridge(), []
    bridge.sink(p.Notice("info", "early"))
    bridge.attach(lambda: wakes.append(1))
    assert wakes == [1]
    assert [n.says for n in bridge.frame().notices] == ["early"]


def test_a_frame_is_small_and_the_rest_stays_in_order() -> None:
    bridge = Bridge()
    bridge.sink(output(*(str(n) for n in range(LINES_A_FRAME + 7))))
    first, second = bridge.frame(), bridge.frame()
    got = [line for frame in (first, second) for part in frame.output for line in part.lines]
    assert first.more
    assert not second.more
    assert sum(len(part.lines) for part in first.output) == LINES_A_FRAME
    assert got == [str(n) for n in range(LINES_A_FRAME + 7)]


@given(st.lists(st.integers(0, 3000), max_size=12))
def test_every_line_is_shown_or_counted(sizes: list[int]) -> None:
    bridge, live, shown, dropped = Bridge(), Live(), 0, 0
    for size in sizes:
        bridge.sink(output(*["x"] * size))
    more = True
    while more:
        frame = bridge.frame()
        shown += sum(len(part.lines) for part in frame.output)
        dropped += sum(part.dropped for part in frame.output)
        assert shown <= LINES_WAITING + max(sizes, default=0)
        live.take(frame)
        more = frame.more
    assert shown + dropped == sum(sizes)


def test_a_flood_stays_bounded_in_memory() -> None:
    bridge, live = Bridge(), Live()

    def flood() -> None:
        for n in range(200):
            bridge.sink(output(*(f"{n} {i} " + "y" * 5000 for i in range(100))))

    thread = threading.Thread(target=flood)
    thread.start()
    while thread.is_alive() or bridge._has():
        live.take(bridge.frame())
    kept = live.output["check:1"]
    assert len(kept.lines) <= OUTPUT_LINES
    assert max(len(line) for line in kept.lines) < LINE_CHARACTERS + 60
    assert "199 99" in kept.lines[-1]


def test_runs_of_long_ago_are_let_go() -> None:
    bridge, live = Bridge(), Live()
    for n in range(50):
        bridge.sink(p.Output(f"check:{n}", "pytest", ("x",)))
        bridge.sink(p.Streamed(f"propose:{n}", "x"))
        live.take(bridge.frame())
    assert len(live.output) < 10
    assert len(live.streamed) < 10


def test_times_and_progress_end_with_their_action() -> None:
    live, bridge = Live(), Bridge()
    bridge.sink(p.Entry(1, 5.0, p.Started(p.MakePlan("plan:1:0"))))
    bridge.sink(p.Progress("plan:1:0", "thinking"))
    live.take(bridge.frame())
    assert live.started == {"plan:1:0": 5.0}
    bridge.sink(p.Entry(2, 6.0, p.Cancelled("plan:1:0")))
    live.take(bridge.frame())
    assert not live.started
    assert not live.progress
