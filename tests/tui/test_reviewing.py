"""Reviewing at the workbench: comments, editing, going back, comparing, undo, conflicts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core import protocol as p
from tests.fakes import shop as story
from tests.fakes.screen import at_work
from tests.fakes.shop import Shop
from tui.paint import plain

UNDO = p.Change(story.sha("undone"), story.BASE, story.CHANGE_1.files, story.sha("undone", 64))
MARKED = (
    b"def total(items):\n<<<<<<< your branch\n    return floor(x)\n=======\n"
    b"    return quantize(x)\n>>>>>>> the change\n"
)


class Review(Shop):
    """The shop, whose landings can be taken back and whose builds can meet other changes."""

    def __init__(self, sink, *, move_to: str = "", meets: bool = False) -> None:
        self.move_to, self.meets = move_to, meets
        super().__init__(sink)
        self.reports[p.PlanUndo] = self._plan_undo
        self.reports[p.TakeBack] = self._take_back
        self.recording = replace(
            self.recording,
            diffs={**self.recording.diffs, UNDO.tree: story.DIFF_1},
            files={**self.recording.files, "marked:cart.py": MARKED},
            patches={story.CHANGE_2.patch: b"diff --git a/x b/x\n"},
        )

    def _build(self, s, a):
        if isinstance(a.origin, p.Again):
            yield p.ChangeBuilt(a.id, story.CHANGE_1)
        elif self.meets and isinstance(a.origin, p.Rebuilt):
            conflict = p.Conflict("marked", ("cart.py",))
            yield p.BuildFailed(a.id, p.Problem("conflict", "Both changed cart.py."), conflict)
        else:
            yield from super()._build(s, a)

    def _judge(self, s, a):
        if s.iteration.change.tree == story.CHANGE_1.tree and a.iteration > 1:
            yield p.Judged(a.id, s.tries[0].verdict)
        else:
            yield from super()._judge(s, a)

    def _plan_undo(self, s, a):
        yield p.UndoPlanned(a.id, p.UndoPlan(a.commit, a.redo, UNDO, move_to=self.move_to))

    def _take_back(self, s, a):
        commit = self.move_to if a.move else story.sha("undo")
        yield p.TakenBack(a.id, commit, story.BASE, ("cart.py",))


def sent(session: Shop, kind: type = p.Decide) -> list:
    found = [c for c in session.commands if isinstance(c, kind)]
    return [c.decision for c in found] if kind is p.Decide else found


async def on_a_line(person, kind: str = "+") -> None:
    """Puts the cursor on the first changed line of that kind."""
    await person.press("3", "home")
    pane = person.app.desk.pane("change")
    for _ in range(60):
        found = pane.range_here()
        if found and found[4] and plain(pane.row(pane.cursor)).lstrip("0123456789 ")[:1] == kind:
            return
        await person.press("j")
    raise AssertionError(person.text)


async def test_a_comment_is_written_on_a_line_and_goes_with_the_redirect() -> None:
    async with at_work(lambda sink: Review(sink).to("red")) as person:
        session = person.app.session
        await on_a_line(person)
        path, line, _, old, quote = person.app.desk.pane("change").range_here()
        await person.press("c")
        await person.until(lambda: person.app.desk.view.writing == "comment")
        await person.hurry(*"why", "enter")
        await person.until(lambda: session.state.comments)
        (comment,) = session.state.comments
        assert (comment.text, comment.path, comment.line) == ("why", path, line)
        assert (comment.old, comment.quote, comment.iteration) == (old, quote, 1)
        await person.sees("1 comment not sent")
        await person.press("r", "enter")
        await person.until(lambda: sent(session))
        note = session.state.iteration.notes[0]
        assert note == f"On {path}:{line}:\n> {quote}\nwhy"
        assert not session.state.comments


async def test_a_comment_is_taken_up_again_and_taken_back() -> None:
    async with at_work(lambda sink: Review(sink).to("red")) as person:
        session = person.app.session
        await on_a_line(person, "-")
        await person.press("c")
        await person.hurry(*"one", "enter")
        await person.until(lambda: session.state.comments)
        assert session.state.comments[0].old
        await person.press("c")
        await person.until(lambda: person.app.desk.note.value == "one")
        await person.hurry(*"!", "enter")
        await person.until(lambda: [c.text for c in session.state.comments] == ["one!"])
        await person.press("d")
        await person.until(lambda: not session.state.comments)
        await person.press("d")
        await person.sees("no comment here")


async def test_a_comment_on_a_step_of_the_plan() -> None:
    async with at_work(lambda sink: Review(sink).to("plan")) as person:
        session = person.app.session
        await person.press("1", "j", "c")
        await person.hurry(*"split it", "enter")
        await person.until(lambda: session.state.comments)
        (comment,) = session.state.comments
        assert (comment.path, comment.line, comment.quote) == ("", 2, story.PLAN.steps[1].intent)


async def test_approving_with_comments_unsent_asks_first() -> None:
    async with at_work(lambda sink: Review(sink).to("green")) as person:
        session = person.app.session
        await on_a_line(person)
        await person.press("c")
        await person.hurry(*"hm", "enter")
        await person.until(lambda: session.state.comments)
        await person.press("a")
        await person.sees("1 comment is not sent", "approve without them")
        await person.press("escape", "a", "y")
        await person.sees("land")
        assert not sent(session)


async def test_the_patch_is_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_work(lambda sink: Review(sink).to("green")) as person:
        session = person.app.session
        gate = session.state.gate

        async def edit(path: str, content: bytes, line: int) -> bytes:
            assert content == b"diff --git a/x b/x\n"
            return b"diff --git a/y b/y\n"

        monkeypatch.setattr(person.app, "edit", edit)
        await person.press("3", "E")
        await person.until(lambda: sent(session))
        assert sent(session) == [
            p.Decision(gate.id, gate.token, "edit", patch=b"diff --git a/y b/y\n")
        ]


async def test_from_an_earlier_try_by_b() -> None:
    async with at_work(lambda sink: Review(sink).to("green")) as person:
        session = person.app.session
        await person.press("b")
        await person.sees("press b once more")
        await person.press("k", "b")
        await person.until(lambda: sent(session, p.GoBack))
        assert sent(session, p.GoBack) == [p.GoBack(1, session.state.live_step.id)]
        await person.sees("try 1 again", "once more, for another decision")


async def test_two_tries_side_by_side() -> None:
    async with at_work(lambda sink: Review(sink).to("green")) as person:
        await person.press("2", "=")
        await person.sees("Move to another try")
        await person.press("k", "=")
        await person.sees(
            "try 1 and try 2", "fails in 1 and not in 2", story.HALF_EVEN.id, "only in try 2"
        )
        await person.press("escape")
        await person.until(lambda: "try 1 and try 2" not in person.text)


@pytest.mark.parametrize(("key", "how"), [("a", "commit"), ("m", "move"), ("x", "")])
async def test_a_landing_is_taken_back_by_z(key: str, how: str) -> None:
    commit = story.sha("commit")

    def make(sink):
        session = Review(sink, move_to="c0ffee").to("landed")
        session.answer("stop")
        session.commands.clear()
        return session

    async with at_work(make) as person:
        session = person.app.session
        await person.sees("undo")
        await person.press("z")
        await person.sees(f"Take back {commit[:10]}", "by a new commit", "by moving the branch",
                          "undo of", "Nothing is changed yet", "cart.py")  # fmt: skip
        gate = session.state.gate
        await person.press(key)
        await person.until(lambda: sent(session))
        kind = "undo" if how else "keep"
        assert sent(session) == [p.Decision(gate.id, gate.token, kind, name=how)]
        if how:
            await person.sees("taken back")
            await person.press("Z")
            await person.sees(f"Bring back in {commit[:10]}")


async def test_the_branch_is_not_offered_to_move_where_it_cannot() -> None:
    def make(sink):
        session = Review(sink).to("landed")
        session.answer("stop")
        return session

    async with at_work(make) as person:
        await person.press("z")
        await person.sees("by a new commit")
        assert "by moving" not in person.text


async def test_nothing_landed_nothing_undone() -> None:
    async with at_work(lambda sink: Review(sink).to("red")) as person:
        await person.press("z")
        await person.sees("Nothing was landed")


async def test_where_two_sides_meet_both_are_shown_and_the_person_settles_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(sink):
        session = Review(sink, meets=True)
        session.reports[p.Land] = lambda s, a: [
            p.LandingRefused(a.id, p.Moved("f00", ("cart.py",), "cart.py changed."))
        ]
        session.to("landed")
        session.answer("rebuild")
        session.commands.clear()
        return session

    async with at_work(make) as person:
        session = person.app.session
        gate = session.state.gate
        await person.sees("Both sides changed the same lines", "return floor(x)", "settle it")
        texts = iter([MARKED + b"# mine\n", b"def total(items):\n    return floor(quantize(x))\n"])
        seen = []

        async def edit(path: str, content: bytes, line: int) -> bytes:
            seen.append((path, content, line))
            return next(texts)

        monkeypatch.setattr(person.app, "edit", edit)
        await person.press("e")
        await person.sees("cart.py:2 still holds both sides")
        assert not session.commands
        await person.press("e")
        await person.until(lambda: sent(session))
        assert seen == [("cart.py", MARKED, 2), ("cart.py", MARKED + b"# mine\n", 2)]
        (decision,) = sent(session)
        assert (decision.gate, decision.kind) == (gate.id, "edit")
        assert decision.files == (
            p.EditedFile("cart.py", b"def total(items):\n    return floor(quantize(x))\n"),
        )


async def test_uncommitted_work_is_kept_by_M() -> None:
    def make(sink):
        session = Review(sink)
        away = p.Moved("f00", ("cart.py",), "cart.py changed in your files.", ("cart.py",))
        session.reports[p.Land] = lambda s, a: [p.LandingRefused(a.id, away)]
        return session.to("landed")

    async with at_work(make) as person:
        session = person.app.session
        session.commands.clear()
        await person.sees("your uncommitted work kept", "which can be kept")
        session.reports[p.Land] = session._land
        await person.press("M")
        await person.until(lambda: session.state.landings)
        assert sent(session)[0].kind == "merge"


async def test_an_added_test_that_shows_nothing_is_called_no_evidence() -> None:
    def make(sink):
        session = Review(sink)
        judge = session._judge

        def judged(s, a):
            for event in judge(s, a):
                yield replace(event, verdict=replace(event.verdict, added=("t::new", "t::idle")))

        session.reports[p.Judge] = judged
        session.reports[p.ShowRed] = lambda s, a: [p.RedShown(a.id, ("t::new",), ("t::idle",))]
        return session.to("green")

    async with at_work(make, size=(140, 50)) as person:
        await person.sees("t::idle", "no evidence", "fails without the change")


async def test_words_are_found_in_what_was_recorded_and_lead_to_their_try() -> None:
    async with at_work(lambda sink: Review(sink).to("green")) as person:
        await person.press("F")
        await person.hurry(*"decimal float", "enter")
        await person.sees("1 found", "this session", "use Decimal, not float", "enter goes there")
        await person.press("enter")
        await person.until(lambda: "enter goes there" not in person.text)
        await person.press("F")
        await person.hurry(*"nowhere at all", "enter")
        await person.sees("is in no session")


async def test_what_a_hunk_breaks_is_said_beside_it() -> None:
    def make(sink):
        session = Review(sink)
        judge = session._judge

        def judged(s, a):
            for event in judge(s, a):
                verdict = replace(event.verdict, kind="worse", new=(story.HALF_EVEN.id,))
                yield replace(event, verdict=verdict)

        session.reports[p.Judge] = judged
        ids = story.CHANGE_1.hunk_ids
        blames = (p.Blame(story.HALF_EVEN.id, ids[:1]), p.Blame("t::pair", ids))
        session.reports[p.FindBlame] = lambda s, a: [p.BlameFound(a.id, blames)]
        # It passed on the base, and the change breaks it.
        session.reports[p.RunCheck] = lambda s, a: [
            p.CheckFinished(
                a.id,
                story.result(
                    a.check.name,
                    a.tree,
                    failing=(story.HALF_EVEN,) if a.tree == story.CHANGE_1.tree else (),
                ),
            )
        ]
        return session.to("red")

    async with at_work(make, size=(140, 50)) as person:
        await person.sees(f"✗ breaks {story.HALF_EVEN.id}, t::pair (hunk 1 of cart.py and hunk 2")
