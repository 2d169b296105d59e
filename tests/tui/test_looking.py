"""Looking around, writing notes, cancelling and leaving: nothing here decides a gate."""

from __future__ import annotations

import threading

import pytest

from core import protocol as p
from tests.fakes.screen import Person, at_work
from tests.fakes.shop import Shop
from tui.screens.help import HelpScreen
from tui.view import PANES


def running(*kinds: type[p.Action], to: str = "red") -> object:
    """A shop in which actions of these kinds stay under way."""

    def make(sink: object) -> Shop:
        session = Shop(sink)  # type: ignore[arg-type]
        session.hold = set(kinds)
        return session.to(to)

    return make


async def test_a_note_is_queued_shown_and_taken_back() -> None:
    async with at_work(running(p.Propose)) as person:
        session = person.app.session
        await person.press("i")
        await person.hurry(*"use ints", "enter")
        await person.sees("queued for the next request: “use ints”", "U takes it back")
        await person.press("U")
        await person.until(lambda: "queued for" not in person.text)
        assert session.commands == [p.QueueNote("use ints"), p.UnqueueNote()]


async def test_a_note_outlives_the_question_it_was_an_answer_to() -> None:
    async with at_work(running(p.Judge)) as person:
        session = person.app.session
        session.reports[p.Judge] = lambda s, a: []
        session.hold = {p.RunCheck}
        await person.press("r")
        await person.hurry(*"later")
        session.submit(p.RunChecksAgain())
        await person.sees("Running pytest on try 1")
        await person.press("enter")
        await person.sees("queued for the next request: “later”")


async def test_what_streams_is_shown_and_follows() -> None:
    async with at_work(running(p.Propose)) as person:
        session = person.app.session
        for n in range(200):
            session.sink(p.Streamed("propose:1", f"thought {n}\n"))
        await person.sees("thought 199")
        await person.sees("claude-sonnet-4-5 is writing", "ctrl+c  cancel")


async def test_output_is_shown_live_and_coloured() -> None:
    async with at_work(running(p.RunCheck)) as person:
        session = person.app.session
        await person.press("4", "o")
        action = next(a for a in session.state.inflight if isinstance(a, p.RunCheck))
        lines = tuple(f"\x1b[31mline {n}\x1b[0m" for n in range(2000))
        session.sink(p.Output(action.id, "pytest", lines))
        await person.sees("line 1999")
        rows = person.app.screen._compositor.render_strips()
        found = [s for row in rows for s in row if s.text == "line 1999"]
        red, green, blue = found[0].style.color.get_truecolor()
        assert red > 2 * max(green, blue)


async def test_progress_has_a_bar_when_its_total_is_known() -> None:
    async with at_work(running(p.RunCheck), clock=lambda: 1_900_000_000.0) as person:
        session = person.app.session
        action = next(a for a in session.state.inflight if isinstance(a, p.RunCheck))
        session.sink(p.Progress(action.id, "tests", 7, 14))
        await person.sees("7 of 14", "━━━━━━━━━━")


async def test_a_finished_checks_output_is_read_from_the_journal() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        await person.press("4", "o", "f")
        await person.sees("── pytest ──", "FAILED tests/test_cart.py::test_half_even", "── mypy ──")
        await person.press("o")
        await person.sees("1 failure fixed, 1 left, none new.")


async def test_enter_on_a_problem_goes_to_its_line_in_the_change() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        desk = person.app.desk
        desk.pane("checks").place = lambda: ("tests/test_cart.py", 9)
        await person.press("4", "enter")
        await person.until(lambda: desk.view.pane == "change")
        assert desk.pane("change").place() == ("tests/test_cart.py", 9)
        assert session.commands == []


async def test_an_earlier_try_is_shown_as_what_it_is() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        await person.press("2", "k", "enter")
        await person.sees("try 1, as it was: esc for the present", "pytest ✗ 1 of 14")
        await person.press("x")
        await person.sees("esc goes back")
        await person.press("space")
        await person.sees("is history")
        await person.press("escape")
        await person.sees("pytest ✓ 14")
        assert session.commands == []


async def test_search_marks_and_goes_on() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        pane = person.app.desk.pane("change")
        await person.press("/")
        await person.hurry(*"quantize", "enter")
        await person.until(lambda: "quantize" in pane.text_under_cursor())
        await person.press("/")
        await person.hurry("ctrl+u", *"nowhere", "enter")
        await person.sees("“nowhere” is not in this pane")
        await person.press("escape", "escape")
        await person.until(lambda: not pane.needle)


async def test_a_file_is_seen_whole() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("v")
        await person.sees("class Item:", "esc closes")
        await person.press("escape")
        await person.sees("a  approve")


async def test_tab_goes_round_the_panes_and_numbers_go_to_them() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        desk = person.app.desk
        seen = []
        for _ in PANES:
            await person.press("tab")
            seen.append(desk.view.pane)
        assert seen == ["checks", "plan", "history", "change"]
        for key, pane in zip("1234", PANES, strict=True):
            await person.press(key)
            assert desk.view.pane == pane


async def test_full_screen_and_back() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("f")
        await person.until(lambda: "1 plan" not in person.text)
        await person.press("escape")
        await person.sees("1 plan")


async def test_level_and_pause_are_asked_of_the_session() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("l")
        await person.sees("Level green")
        await person.press("p")
        await person.sees("paused")
        assert person.app.session.commands == [p.SetLevel("green"), p.SetPaused(True)]


async def test_the_proposer_is_changed_by_name() -> None:
    async with at_work(running(p.Propose)) as person:
        await person.press("m")
        await person.hurry("ctrl+u", *"repair", "enter")
        await person.until(lambda: person.app.session.commands)
        assert person.app.session.commands == [p.UseProposer("repair")]


async def test_ctrl_c_cancels_at_once_even_from_the_line() -> None:
    async with at_work(running(p.Propose)) as person:
        await person.press("i")
        await person.hurry("ctrl+c")
        await person.until(lambda: person.app.session.commands == [p.Cancel()])
        await person.sees("You cancelled it")
        await person.hurry("ctrl+c")
        await person.sees("Nothing is running")


async def test_esc_with_nothing_to_close_asks_to_cancel() -> None:
    async with at_work(running(p.Propose)) as person:
        await person.press("escape")
        await person.sees("Cancel what runs?")
        await person.press("escape")
        assert person.app.session.commands == []
        await person.press("escape", "y")
        await person.until(lambda: person.app.session.commands == [p.Cancel()])


async def test_q_says_what_runs_and_how_to_come_back() -> None:
    async with at_work(running(p.Propose)) as person:
        await person.press("q")
        await person.sees("is writing: that is stopped", "loopwright resume")
        await person.press("escape")
        await person.until(lambda: "Quit?" not in person.text)
        assert not person.app.session.closed
        await person.press("q", "q")
        await person.until(lambda: not person.app.is_running)
        assert person.app.session.closed


async def test_a_session_that_closes_slowly_does_not_hold_the_screen() -> None:
    async with at_work(Shop) as person:
        release, closer = threading.Event(), []

        def close() -> None:
            closer.append(threading.current_thread())
            release.wait(5)

        person.app.session.close = close
        person.app.leave()
        await person.sees("Closing; the session can be resumed")
        assert closer[0] is not threading.main_thread()
        release.set()
        await person.until(lambda: not person.app.is_running)


async def test_read_only_says_who_holds_it() -> None:
    def held(sink: object) -> Shop:
        session = Shop(sink).to("green")  # type: ignore[arg-type]
        session.held_by = "pid 7 on ada"
        return session

    async with at_work(held) as person:
        await person.sees("READ-ONLY: pid 7 on ada holds it", "you look on")
        await person.press("a")
        await person.sees("here you can only look on")
        assert person.app.session.commands == []


async def test_a_refused_command_is_answered_with_its_sentence() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        person.app.session.sink(p.Notice("warning", "That question is no longer open."))
        await person.sees("That question is no longer open.")


async def test_help_and_palette_come_from_the_table() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("?")
        await person.until(lambda: isinstance(person.app.screen, HelpScreen))
        await person.sees("When you are asked", "redirect")
        await person.press("escape")
        await person.hurry("ctrl+p")
        await person.hurry(*"next try")
        await person.sees("Next try", "key n")
        await person.hurry("enter")
        session = person.app.session
        await person.until(lambda: session.commands)
        assert session.commands[0].decision.kind == "next"


async def test_themes_go_round() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        names = []
        for _ in range(3):
            await person.press("t")
            names.append(person.app.theme)
            await person.sees("a  approve")
        assert names == ["loopwright-light", "ansi-dark", "loopwright-dark"]


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (100, 30), (200, 60)])
async def test_keys_are_never_cut_off(size: tuple[int, int]) -> None:
    async with at_work(lambda sink: Shop(sink).to("green"), size=size) as person:
        for words in ("a  approve", "n  next", "r  redirect", "e  edit", "x  reject", "s  stop"):
            await person.sees(words)
        await person.sees("pytest ✓ 14")


async def test_too_small_says_so_and_comes_back() -> None:
    async with at_work(lambda sink: Shop(sink).to("green"), size=(59, 20)) as person:
        await person.sees("59×20 is too small")
        await person.pilot.resize_terminal(60, 20)
        await person.sees("a  approve")


async def test_a_resize_storm_is_survived() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        for n in range(12):
            await person.pilot.resize_terminal(20 + 37 * n % 190, 5 + 23 * n % 60)
        await person.pilot.resize_terminal(120, 40)
        await person.sees("a  approve", "1 plan", "4 checks")


async def test_a_tab_strip_leads_through_the_narrow_panes() -> None:
    async with at_work(lambda sink: Shop(sink).to("green"), size=(80, 24)) as person:
        await _narrow(person, "1", "reproduce it in a test")
        await _narrow(person, "2", "“use Decimal, not float”")
        await _narrow(person, "4", "fixed  tests/test_cart.py::test_half_even")
        await _narrow(person, "3", "Quantizing")


async def _narrow(person: Person, key: str, words: str) -> None:
    await person.press(key)
    await person.sees(words, "a  approve")
