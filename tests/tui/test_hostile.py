"""Whatever a model, a tool or a file says: the screen shows it, and the terminal never hears it."""

from __future__ import annotations

import unicodedata
from typing import Any

from msgspec.structs import replace

from core import protocol as p
from tests.fakes.screen import Person, at_work
from tests.fakes.shop import RECORDING, SURVEY, Shop, diff_of

EVIL = "\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil\x1b\\\x9b2J\x1b[2J\u202egnp\u202c\u200b[/red][/][bold]ha"
BAD = "\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


def raw(person: Person) -> list[str]:
    rows = person.app.screen._compositor.render_strips()
    text = "".join(segment.text for row in rows for segment in row)
    titles = [str(person.app.title), str(person.app.sub_title)]
    return [c for c in text + "".join(titles) if unicodedata.category(c) == "Cc" or c in BAD]


def evil_shop(sink: Any) -> Shop:
    session = Shop(sink)
    evil_diff = (diff_of(f"ca{EVIL}rt.py", f"a{EVIL}\n", f"b{EVIL}\n"),)
    change = p.Change("e" * 40, SURVEY.base, (evil_diff[0].change,), "e" * 64)
    files = {f"{change.tree}:{evil_diff[0].change.path}": EVIL.encode()}
    session.recording = replace(RECORDING, diffs={change.tree: evil_diff}, files=files)
    survey = replace(
        SURVEY,
        interpreter=EVIL,
        author=EVIL,
        notes=(EVIL,),
        skips=(EVIL,),
        isolation=p.Isolation("none", EVIL),
        checks=(p.CheckSpec(f"py{EVIL}", ("run", EVIL), source=EVIL),),
        base=replace(SURVEY.base, branch=EVIL),
    )
    test = p.TestRecord(EVIL, "failed", EVIL, EVIL, 3)
    found = p.Diagnostic(EVIL, 1, EVIL, EVIL)
    session.reports |= {
        p.TakeSurvey: lambda s, a: [p.Surveyed(a.id, survey)],
        p.MakePlan: lambda s, a: [
            p.PlanProposed(
                a.id,
                p.Plan((p.Step("s1", EVIL, (EVIL,), (p.Need(EVIL, EVIL),)),), EVIL),
                p.Reply("", EVIL),
            )
        ],
        p.Propose: lambda s, a: [p.ProposalMade(a.id, p.Reply("", EVIL))],
        p.Build: lambda s, a: [p.ChangeBuilt(a.id, change)],
        p.RunCheck: lambda s, a: [
            p.CheckFinished(
                a.id,
                p.CheckResult(
                    a.check.name, a.tree, "fail", failing=(test,), diagnostics=(found,),
                    counts={"failed": 1}, says=EVIL, isolation=EVIL,
                ),
            )
        ],
        p.Judge: lambda s, a: [
            p.Judged(a.id, p.Verdict("worse", EVIL, (EVIL,), (EVIL + "n",), (EVIL + "l",)))
        ],
    }  # fmt: skip
    options = p.Options()
    session.play(p.SessionOpened("x", f"/home/{EVIL}", options, p.Choice("model", EVIL, EVIL), "0"))
    session.state = replace(session.state, survey=None, base=None, trust="")
    session.settle()
    return session


async def test_every_screen_is_harmless() -> None:
    async with at_work(evil_shop) as person:
        session = person.app.session
        session.submit(p.StartGoal(EVIL))
        await person.sees("would run")
        assert raw(person) == []
        session.answer("trust")
        await person.sees("A plan of 1 step")
        await person.press("e")
        assert raw(person) == []
        await person.press("escape")
        session.answer("approve")
        await person.sees("hunks taken")
        assert raw(person) == []
        for keys in (("v", "escape"), ("a", "escape"), ("4", "o"), ("2",), ("?", "escape")):
            for key in keys:
                await person.press(key)
                assert raw(person) == [], key
        await person.hurry("ctrl+p")
        await person.sees("a command")
        assert raw(person) == []
        await person.hurry("escape")
        session.sink(p.Notice("error", EVIL))
        await person.sees("gnp")
        assert raw(person) == []


async def test_what_streams_and_prints_is_harmless() -> None:
    def make(sink: Any) -> Shop:
        session = Shop(sink)
        session.hold = {p.Propose, p.RunCheck}
        return session.to("trust")

    async with at_work(make) as person:
        session = person.app.session
        session.answer("trust")
        action = next(a for a in session.state.inflight if isinstance(a, p.RunCheck))
        await person.press("4", "o")
        session.sink(p.Output(action.id, f"py{EVIL}", (EVIL, "\x1b[31mred\x1b[0m")))
        session.sink(p.Progress(action.id, EVIL))
        await person.sees("gnp", "red")
        assert raw(person) == []
        session.sink(p.Notice("error", EVIL))
        session.submit(p.QueueNote(EVIL))
        await person.sees("queued for")
        assert raw(person) == []


async def test_the_built_in_editor_refuses_what_it_cannot_show() -> None:
    async with at_work(evil_shop) as person:
        session = person.app.session
        session.submit(p.StartGoal("x"))
        session.answer("trust")
        session.answer("approve")
        await person.sees("hunks taken")
        await person.press("e")
        await person.sees("no plain text")
        assert raw(person) == []
