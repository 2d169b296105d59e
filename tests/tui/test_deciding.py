"""Keys at gates, and exactly what they send."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from core import protocol as p
from tests.fakes import shop as story
from tests.fakes.screen import at_work
from tests.fakes.shop import Shop
from tui.screens.landing import LandingScreen, Message


def sent(session: Shop) -> list[p.Decision]:
    return [c.decision for c in session.commands if isinstance(c, p.Decide)]


async def test_a_goal_is_typed_at_once_and_sent() -> None:
    async with at_work(Shop) as person:
        session = person.app.session
        await person.hurry(*"fix it", "enter")
        await person.until(lambda: session.commands)
        assert session.commands == [p.StartGoal("fix it")]
        await person.sees("These commands would run", "y  trust and run them")


@pytest.mark.parametrize(("key", "kind"), [("y", "trust"), ("w", "without checks"), ("s", "stop")])
async def test_the_trust_gate_takes_its_keys(key: str, kind: str) -> None:
    async with at_work(lambda sink: Shop(sink).to("trust")) as person:
        gate = person.app.session.state.gate
        await person.sees(".venv/bin/python -m pytest -q", "bubblewrap", "hook pre-commit")
        await person.press(key)
        session = person.app.session
        await person.until(lambda: sent(session))
        assert sent(session) == [p.Decision(gate.id, gate.token, kind)]


@pytest.mark.parametrize(("key", "kind"), [("n", "next"), ("x", "reject"), ("s", "stop")])
async def test_a_result_takes_its_keys(key: str, kind: str) -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        gate = session.state.gate
        await person.press(key)
        await person.until(lambda: sent(session))
        assert sent(session) == [p.Decision(gate.id, gate.token, kind)]


async def test_no_key_counts_in_the_first_moment_of_a_question() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        await person.hurry("x")
        await person.sees("only just opened")
        person.later(0.29)
        await person.hurry("n")
        await person.sees("only just opened")
        assert session.commands == []
        person.later(0.02)
        await person.hurry("x")
        await person.until(lambda: sent(session))


async def test_keys_in_one_breath_are_a_paste_and_decide_nothing() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        person.later()
        person.app.desk.on_key(_key("x"))
        person.app.desk.on_key(_key("n"))
        await person.sees("looked like pasted text")
        assert person.app.session.commands == []


async def test_a_paste_goes_on_the_line_unsent() -> None:
    from textual import events

    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        person.later()
        person.app.desk.post_message(events.Paste("xns\nuse \x1b]0;evil\x07Decimal"))
        await person.until(lambda: person.app.desk.view.writing == "redirect")
        note = person.app.desk.query_one("#note")
        await person.until(lambda: note.value)
        assert note.value.startswith("xns use ")
        assert note.value.endswith("Decimal")
        assert "\x1b" not in note.value
        assert person.app.session.commands == []


async def test_a_redirect_needs_words_and_is_sent_with_enter() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        gate = session.state.gate
        await person.press("r", "enter")
        await person.sees("The line is empty")
        await person.hurry(*"no floats")
        await person.press("escape")
        assert person.app.desk.view.pane == "change"
        await person.press("r")
        await person.sees("no floats")
        await person.press("enter")
        await person.until(lambda: sent(session))
        assert sent(session) == [p.Decision(gate.id, gate.token, "redirect", note="no floats")]


async def test_green_lands_after_its_message_was_shown() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        gate, change = session.state.gate, session.state.iteration.change
        await person.press("J", "J", "J", "J", "space")  # takes what stands apart, too
        await person.sees("4 of 4 hunks taken")
        await person.press("a")
        await person.sees("Skipped by this landing: hook pre-commit", "Evidence:")
        await person.hurry("enter")
        assert session.commands == []  # deaf at first
        await person.press("enter")
        await person.until(lambda: sent(session))
        expected = p.Decision(gate.id, gate.token, "approve", message=gate.message)
        assert sent(session) == [expected]
        assert gate.token == change.tree


async def test_what_stands_apart_is_not_taken_at_first() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        change = session.state.iteration.change
        await person.sees("3 of 4 hunks taken", "1 of 4 hunks is left out")
        await person.press("a")
        await person.sees("land a part of it")
        await person.press("enter")
        await person.until(lambda: sent(session))
        apart = {h for f in change.files if f.runs_later for h in f.hunks}
        assert set(sent(session)[0].hunks) == set(change.hunk_ids) - apart
        assert not sent(session)[0].confirmed


async def test_space_takes_and_leaves_the_hunk_under_the_cursor() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        hunks = session.state.iteration.change.hunk_ids
        await person.press("J", "space")
        await person.sees("1 of 2 hunks taken", "[ ]")
        await person.press("a")
        await person.sees("land a part")
        await person.press("enter")
        await person.until(lambda: sent(session))
        # A part of a red change is judged by itself: no second key.
        assert sent(session)[0].hunks == hunks[1:]
        assert not sent(session)[0].confirmed


async def test_red_asks_for_a_second_key() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        await person.press("a")
        await person.sees("NOT GREEN")
        await person.press("enter", "ctrl+s", "a", "y")
        assert session.commands == []
        await person.press("A")
        await person.until(lambda: sent(session))
        assert sent(session)[0].confirmed


async def test_esc_leaves_the_landing_undone() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        await person.press("a")
        await person.until(lambda: isinstance(person.app.screen, LandingScreen))
        await person.press("escape")
        await person.until(lambda: not isinstance(person.app.screen, LandingScreen))
        assert person.app.session.commands == []


async def test_the_message_can_be_edited() -> None:
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        await person.press("a")
        await person.until(lambda: isinstance(person.app.screen, LandingScreen))
        await person.press("e")
        area = person.app.screen.query_one(Message)
        await person.until(lambda: area.has_focus)
        await person.hurry(*"Oh: ", "A", "enter")
        assert session.commands == []
        await person.press("ctrl+s")
        await person.until(lambda: sent(session))
        assert sent(session)[0].message.startswith("Oh: A\n")


async def test_a_question_that_went_away_takes_no_answer() -> None:
    """The dialog answers the gate it was opened on, not one that came later."""
    async with at_work(lambda sink: Shop(sink).to("green")) as person:
        session = person.app.session
        old = session.state.gate
        await person.press("a")
        await person.until(lambda: isinstance(person.app.screen, LandingScreen))
        session.submit(p.RunChecksAgain())
        assert session.state.gate is not None
        assert session.state.gate.id != old.id
        await person.press("enter")
        await person.until(lambda: sent(session))
        assert sent(session)[0].gate == old.id
        await person.sees("no longer open")


async def test_the_plan_is_changed_in_place() -> None:
    async with at_work(lambda sink: Shop(sink).to("plan")) as person:
        session = person.app.session
        gate = session.state.gate
        await person.sees("not approved yet")
        assert person.app.desk.view.pane == "plan"
        await person.press("J")  # s1 goes below s2, the cursor with it
        await person.press("j", "d")  # s3 goes
        await person.press("home", "e")
        await person.until(lambda: person.app.desk.view.writing == "step")
        await person.hurry("!", "enter")
        await person.press("+")
        await person.hurry(*"last", "enter")
        await person.sees("edited, not approved yet")
        await person.press("a")
        await person.until(lambda: sent(session))
        s1, s2, _ = story.PLAN.steps
        plan = p.Plan(
            (replace(s2, intent=s2.intent + "!"), p.Step("s3", "last"), s1), story.PLAN.reasons
        )
        assert sent(session) == [p.Decision(gate.id, gate.token, "approve", plan=plan)]


async def test_an_untouched_plan_is_approved_as_it_is() -> None:
    async with at_work(lambda sink: Shop(sink).to("plan")) as person:
        await person.press("a")
        await person.until(lambda: sent(person.app.session))
        assert sent(person.app.session)[0].plan is None


async def test_edit_goes_through_the_persons_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text("#!/bin/sh\nprintf 'mine\\r\\n' >> \"$2\"\n")
    editor.chmod(0o755)
    from contextlib import nullcontext

    from tui.app import Workbench

    monkeypatch.setattr(Workbench, "suspend", lambda self: nullcontext())
    env = {"EDITOR": f"'{editor}' --wait"}
    async with at_work(lambda sink: Shop(sink).to("red"), env=env) as person:
        session = person.app.session
        await person.press("e")
        await person.until(lambda: sent(session))
        decision = sent(session)[0]
        assert decision.kind == "edit"
        assert decision.files == (p.EditedFile("cart.py", story.CART_1.encode() + b"mine\r\n"),)


async def test_without_an_editor_the_built_in_one_serves() -> None:
    async with at_work(lambda sink: Shop(sink).to("red")) as person:
        session = person.app.session
        await person.press("e")
        await person.sees("no $EDITOR is set")
        await person.hurry("#")
        await person.press("ctrl+s")
        await person.until(lambda: sent(session))
        (file,) = sent(session)[0].files
        assert file.path == "cart.py"
        assert file.content.replace(b"#", b"", 1) == story.CART_1.encode()


async def test_an_editor_that_fails_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from tui.app import Workbench

    monkeypatch.setattr(Workbench, "suspend", lambda self: nullcontext())
    for editor, words in (("/no/such", "could not be started"), ("false", "ended with 1")):
        async with at_work(lambda s: Shop(s).to("red"), env={"EDITOR": editor}) as person:
            await person.press("e")
            await person.sees(words)
            assert person.app.session.commands == []


async def test_the_stuck_gate_raises_the_budget_and_changes_the_proposer() -> None:
    def stuck(sink: object) -> Shop:
        session = Shop(sink)  # type: ignore[arg-type]
        session.hold = {p.Propose}
        session.to("red")
        session.finish(
            p.Propose,
            p.ReplyFailed("propose:1", p.Problem("budget", "The cap of $1.00 is reached.")),
        )
        return session

    async with at_work(stuck) as person:
        session = person.app.session
        gate = session.state.gate
        assert gate.kind == "stuck"
        await person.sees("The cap of $1.00 is reached", "$  raise the budget", "m  other proposer")
        await person.press("$")
        await person.hurry(*"lots", "enter")
        await person.sees("no amount of dollars")
        await person.hurry("ctrl+u", *"0.5")
        await person.press("enter")
        await person.until(lambda: sent(session))
        assert sent(session) == [p.Decision(gate.id, gate.token, "budget", amount=0.5)]


async def test_moved_is_rebuilt_with_its_key() -> None:
    def moved(sink: object) -> Shop:
        session = Shop(sink).to("green")  # type: ignore[arg-type]
        watch = next(a for a in session.state.inflight if isinstance(a, p.Watch))
        session.play(p.BaseMoved(watch.id, p.Moved("f" * 40, ("cart.py",), "cart.py changed.")))
        session.hold = {p.Land}
        session.answer("approve", hunks=session.state.iteration.change.hunk_ids)
        session.finish(p.Land, p.LandingRefused("land:2:0", session.state.moved))
        session.commands.clear()
        return session

    async with at_work(moved) as person:
        session = person.app.session
        assert session.state.gate.kind == "moved", session.state.gate
        await person.sees("cart.py changed.", "R  rebuild", "ffffffffff")
        await person.press("R")
        await person.until(lambda: sent(session))
        assert sent(session)[0].kind == "rebuild"


def _key(character: str) -> object:
    from textual import events

    return events.Key(character, character)
