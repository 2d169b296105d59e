"""The change pane at work: each key that looks at a change or takes a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from core import protocol as p
from tests.fakes.reviews import apart, made_by_git, reviewing
from tests.fakes.screen import Person, at_work
from tests.fakes.shop import Shop, diff_of
from tui.panes.change import ChangePane

OLD = "\n".join(["import os", "", *(f"x{n} = {n}" for n in range(40)), "print(x1)", ""])
NEW = OLD.replace("x5 = 5\n", "x5 = 50\nx5b = 51\n").replace("x30 = 30", "x30 = 31")
FILES = {"a.py": NEW, "b.py": "def b():\n    return 1\n", "test_b.py": "def test_b():\n    pass\n"}
DIFFS = (
    diff_of("a.py", OLD, NEW),
    diff_of("b.py", "def b():\n    return 0\n", FILES["b.py"]),
    apart(
        diff_of("test_b.py", "def test_b():\n    assert b() == 0\n", FILES["test_b.py"]),
        weakens={0: "removes the assertion `assert b() == 0`"},
    ),
)
HUNKS = [h for d in DIFFS for h in d.change.hunks]
make = reviewing(DIFFS, FILES)


def pane_of(person: Person) -> ChangePane:
    return person.app.desk.pane("change")


def sent(person: Person) -> list[p.Decision]:
    return [c.decision for c in person.app.session.commands if isinstance(c, p.Decide)]


async def approve(person: Person) -> p.Decision:
    await person.press("a")
    await person.sees("land a part of it")
    await person.press("enter")
    await person.until(lambda: sent(person))
    return sent(person)[0]


async def to_line(person: Person, text: str) -> None:
    """Goes down until the cursor is on a line that says this."""
    pane = pane_of(person)
    await person.press("home")
    for _ in range(pane.count):
        if text in pane.text_under_cursor():
            return
        await person.press("j")
    raise AssertionError(f"no line says {text!r}")


# -- taking


async def test_lines_are_taken_and_named_in_the_decision() -> None:
    async with at_work(make) as person:
        await to_line(person, "x5 = 50")
        await person.press("V", "j")
        await person.until(lambda: person.text.count("▌") >= 4)
        await person.press("space")  # both were taken: they are left
        await person.sees("2 of 4 hunks taken, 1 in part", "[~] @@", "1 of 3 lines")
        await person.sees("○+ x5 = 50", "○+ x5b = 51", " - x5 = 5")
        await person.sees("1 of 4 hunks is left out, and lines of 1 hunk")
        await person.press("escape")
        await person.until(lambda: pane_of(person).begun < 0)
        decision = await approve(person)
        lines = DIFFS[0].hunks[0].lines
        removed = next(n for n, one in enumerate(lines) if one.kind == "-")
        assert decision.hunks == (f"{HUNKS[0]}@{removed}", HUNKS[1], HUNKS[2])
        assert not decision.confirmed


async def test_all_lines_again_are_the_whole_hunk() -> None:
    async with at_work(make) as person:
        await to_line(person, "x5 = 50")
        await person.press("V", "space")
        await person.sees("1 in part")
        await person.press("space", "V")
        await person.sees("3 of 4 hunks taken · ")
        decision = await approve(person)
        assert decision.hunks == tuple(HUNKS[:3])


async def test_a_selection_without_changed_lines_takes_nothing() -> None:
    async with at_work(make) as person:
        before = person.app.desk.view.taken
        await to_line(person, "x4 = 4")
        await person.press("V", "space")
        await person.sees("No changed line is selected")
        assert person.app.desk.view.taken == before
        await person.press("V")
        assert pane_of(person).begun < 0


async def test_space_on_a_file_takes_or_leaves_all_of_it() -> None:
    async with at_work(make) as person:
        await person.press("]", "space")
        assert pane_of(person).rows[pane_of(person).cursor].kind == "file"
        await person.sees("1 of 4 hunks taken", "0 of 2 taken")
        await person.press("home", "space")  # the file in the list
        await person.sees("3 of 4 hunks taken", "2 of 2 taken")


async def test_all_is_never_what_stands_apart() -> None:
    async with at_work(make) as person:
        await person.sees("3 of 4 hunks taken")
        await person.press("A")
        await person.sees("0 of 4 hunks taken", "No hunk is taken.")
        await person.press("A")
        await person.sees("3 of 4 hunks taken")
        await person.press("J", "J", "J", "J")
        await person.sees("stands apart: removes the assertion")
        await person.press("space")
        await person.sees("4 of 4 hunks taken")
        await person.press("A")
        await person.sees("1 of 4 hunks taken")  # taken by itself, and left by itself
        decision = await approve(person)
        assert decision.hunks == (HUNKS[3],)


async def test_nothing_is_taken_where_nothing_is_asked() -> None:
    def stopped(sink: Any) -> Shop:
        session = make(sink)
        session.answer("stop")
        return session

    async with at_work(stopped) as person:
        for key in ("space", "A"):
            await person.press(key)
            await person.sees("once the checks have judged")
        assert "[✓]" not in person.text


# -- going round


async def test_brackets_and_the_list_go_from_file_to_file() -> None:
    async with at_work(make, size=(120, 60)) as person:
        pane = pane_of(person)
        await person.press("]", "]")
        assert pane.place() == ("b.py", 1)
        await person.press("[")
        assert pane.place() == ("a.py", 1)
        await person.press("home", "j", "j", "enter")
        assert pane.place() == ("test_b.py", 1)
        assert pane.rows[pane.cursor].kind == "file"
        await person.press("enter")
        await person.sees("from the list of files")
        await person.press("home")
        index = next(y for y, row in enumerate(pane.rows) if row.kind == "index" and row.file == 1)
        await person.pilot.click(pane, offset=(8, index - int(pane.scroll_offset.y) + 1))
        await person.until(lambda: pane.place() == ("b.py", 1))
        assert pane.rows[pane.cursor].kind == "file"


async def test_the_rest_of_a_long_list_is_shown_when_asked_for() -> None:
    diffs = tuple(diff_of(f"f{n:03}.py", "a\n", "b\n") for n in range(50))
    async with at_work(reviewing(diffs), size=(120, 80)) as person:
        await person.sees("30 more files")
        assert "f049.py" not in person.text
        pane = pane_of(person)
        pane.to(next(y for y, row in enumerate(pane.rows) if row.kind == "more"))
        await person.press("enter")
        await person.sees("f049.py")


# -- looking


async def test_more_and_less_context_come_from_the_file() -> None:
    async with at_work(make, size=(120, 80)) as person:
        await person.press("J")
        assert "x12 = 12" not in person.text
        await person.press("}")
        await person.sees("x12 = 12", "import os")
        assert "x17 = 17" not in person.text
        for _ in range(5):
            await person.press("}")
        pane = pane_of(person)
        text = [pane.text(y) for y, r in enumerate(pane.rows) if r.file == 0]
        for n in range(40):
            times = 2 if n in (5, 30) else 1
            assert sum(line.startswith(f"x{n} = ") for line in text) == times
        for _ in range(7):
            await person.press("{")
        await person.until(lambda: "x4 = 4" not in person.text)
        await person.sees("x5 = 50")
        assert pane.rows[pane.cursor].kind == "hunk"


async def test_context_is_for_the_file_under_the_cursor_and_says_when_there_is_none() -> None:
    async with at_work(reviewing(DIFFS, {"b.py": FILES["b.py"]})) as person:
        await person.press("J", "}")
        await person.sees("no more context to show: a.py is not in this change")
        assert pane_of(person).wish.context == {}


async def test_side_by_side_needs_a_wide_terminal() -> None:
    async with at_work(make, size=(139, 40)) as person:
        await person.press("u")
        await person.sees("Side by side needs 140 columns; this terminal has 139.")
        assert "│ " in person.text
        assert not pane_of(person).side_by_side
    async with at_work(make, size=(140, 40)) as person:
        await person.press("u", "J")
        row = next(line for line in person.text.split("\n") if "x5 = 50" in line)
        assert "- x5 = 5 " in row
        await person.pilot.resize_terminal(120, 40)
        await person.until(lambda: not pane_of(person)._brush.split)
        await person.pilot.resize_terminal(140, 40)
        await person.until(lambda: pane_of(person)._brush.split)
        await person.press("u")
        await person.until(lambda: not pane_of(person)._brush.split)


async def test_the_cursor_stays_on_its_line_however_the_rows_change() -> None:
    async with at_work(make, size=(160, 40)) as person:
        pane, n = pane_of(person), person.app.session.state.iteration.n
        await to_line(person, "return 1")
        before = pane.cursor
        said = p.Comment("c1", "one\ntwo\nthree", "a.py", 8, iteration=n)
        person.app.session.submit(p.AddComment(said))
        await person.until(lambda: pane.cursor == before + 3)
        assert pane.text_under_cursor() == "    return 1"
        for key in ("u", "W", "u", "W"):
            await person.press(key)
            assert "    return 1" in pane.text_under_cursor().split("\n"), key
        await person.press("K", "K", "}", "}")
        assert pane.rows[pane.cursor].kind == "hunk"
        assert pane.hunk() == HUNKS[1]


async def test_side_by_side_scrolls_both_halves() -> None:
    long = "value = " + ", ".join(str(n) for n in range(90))
    diffs = (diff_of("a.py", long + "\n", long.replace("88", "eightyeight") + "\n"),)
    async with at_work(reviewing(diffs), size=(140, 30)) as person:
        await person.press("u")
        await person.sees("›│", "value = 0, 1")
        for _ in range(60):
            await person.press("right")
        await person.sees("88, 89", "eightyeight, 89")
        person.app.desk.redraw()
        await person.sees("88, 89", "eightyeight, 89")
        assert "value = 0" not in person.text
        for _ in range(60):
            await person.press("h")
        await person.sees("value = 0, 1")


async def test_changes_of_blanks_are_hidden_and_shown() -> None:
    diffs = (diff_of("a.py", "if x:\n  y = 1\nz = 2\n", "if x:\n    y = 1\nz = 3\n"),)
    async with at_work(reviewing(diffs)) as person:
        await person.sees("-   y = 1", "+     y = 1")
        await person.press("W")
        await person.sees("≈     y = 1", "blanks hidden")
        assert "-   y = 1" not in person.text
        await person.press("W")
        await person.sees("-   y = 1")


async def test_blanks_at_the_end_of_a_new_line_are_seen() -> None:
    async with at_work(reviewing((diff_of("a.py", "x = 1  \n", "x = 2 \t\n"),))) as person:
        await person.sees("+ x = 2···")
        assert "x = 1·" not in person.text


async def test_search_finds_what_is_far_below_and_not_yet_painted() -> None:
    async with at_work(make) as person:
        await person.press("/")
        await person.hurry(*"x30 = 31", "enter")
        await person.until(lambda: "x30 = 31" in pane_of(person).text_under_cursor())
        await person.press("/")
        await person.hurry("ctrl+u", *"def TEST_b", "enter")
        await person.until(lambda: pane_of(person).place()[0] == "test_b.py")


async def test_search_takes_letters_in_any_case() -> None:
    async with at_work(reviewing((diff_of("a.py", "x\n", "x\nBig = 1\n"),))) as person:
        await person.press("/")
        await person.hurry(*"bIG", "enter")
        await person.until(lambda: pane_of(person).text_under_cursor() == "Big = 1")


async def test_the_words_that_changed_in_a_line_stand_out() -> None:
    diffs = (diff_of("a.py", "total = price * count\n", "total = cost * count\n"),)
    async with at_work(reviewing(diffs)) as person:
        pane = pane_of(person)
        for text, ground, word in (("price", "del", "del-word"), ("cost", "add", "add-word")):
            await to_line(person, f"total = {text}")
            spans = pane.row(pane.cursor)
            assert "".join(t for t, style in spans if word in style.split()) == text
            marked = "".join(t for t, style in spans if ground in style.split())
            assert marked.endswith(f"total = {text} * count")


async def test_copying_a_selection_copies_code_and_no_gutter() -> None:
    async with at_work(make) as person:
        await to_line(person, "x5 = 50")
        await person.press("V", "j", "y")
        assert person.app.clipboard == "x5 = 50\nx5b = 51"


def colours_of(person: Person, text: str) -> set[Any]:
    rows = person.app.screen._compositor.render_strips()
    return {s.style.color for row in rows for s in row if s.text.strip() == text and s.style}


async def test_code_is_coloured_by_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_work(make) as person:
        await to_line(person, "return 1")
        await person.until(lambda: colours_of(person, "return"))
        dark = person.app.look().get("syn-keyword").color
        assert dark in colours_of(person, "return")
        await person.press("t")
        light = person.app.look().get("syn-keyword").color
        assert light != dark
        await person.until(lambda: light in colours_of(person, "return"))
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_work(make) as person:
        await to_line(person, "return 1")
        pane = pane_of(person)
        assert not [style for _, style in pane.row(pane.cursor) if "syn-" in style]


# -- what is said about lines


async def test_a_comments_range_is_the_line_or_the_selection() -> None:
    async with at_work(make) as person:
        pane = pane_of(person)
        assert pane.range_here() is None
        await to_line(person, "x5 = 50")
        assert pane.range_here() == ("a.py", 8, 8, False, "x5 = 50")
        await person.press("V", "j")
        assert pane.range_here() == ("a.py", 8, 9, False, "x5 = 50\nx5b = 51")
        await person.press("V", "k", "k")
        assert pane.range_here() == ("a.py", 8, 8, True, "x5 = 5")
        await person.press("V", "j")
        assert pane.range_here() == ("a.py", 8, 8, False, "x5 = 50")
        await person.press("V", "K")
        assert pane.range_here() == ("a.py", 8, 9, False, "x5 = 50\nx5b = 51")
        await person.press("}")
        await to_line(person, "import os")
        assert pane.range_here() == ("a.py", 1, 1, False, "import os")


async def test_a_comment_is_drawn_under_its_lines() -> None:
    async with at_work(make) as person:
        n = person.app.session.state.iteration.n
        said = p.Comment("c1", "why fifty?", "a.py", 8, 9, iteration=n)
        await to_line(person, "x6 = 6")
        person.app.session.submit(p.AddComment(said))
        await person.sees("✎ why fifty?")
        lines = person.text.split("\n")
        at = next(n for n, line in enumerate(lines) if "why fifty?" in line)
        assert "x5b = 51" in lines[at - 1]
        assert pane_of(person).text_under_cursor() == "x6 = 6"
        person.app.session.submit(p.DropComment("c1"))
        await person.until(lambda: "why fifty?" not in person.text)


# -- how it looks


async def drawn(person: Person) -> str:
    await person.pilot.pause()
    await person.pilot.pause()
    return person.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)], ids=str)
async def test_partly_taken_with_reasons_and_comments(
    size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with at_work(make, size=size) as person:
        n = person.app.session.state.iteration.n
        said = p.Comment("c1", "why fifty, and not 5?", "a.py", 8, 9, iteration=n)
        person.app.session.submit(p.AddComment(said))
        if size[0] >= 140:
            await person.press("u")
        await to_line(person, "x5b = 51")
        await person.press("V", "space", "escape")
        await person.sees("1 in part", "✎ why fifty")
        assert await drawn(person) == snapshot


ODD_OLD = {
    "run.sh": "#!/bin/sh\necho\n",
    "old_name.py": "".join(f"line{n} = {n}\n" for n in range(9)),
    "gone.txt": "bye\n",
    "logo.png": b"\x89PNG\0\1\2",
    "end.txt": "no newline",
    "evil.py": "x = 1\n",
    "long.py": "x = 0\n",
}
ODD_NEW = {
    "run.sh": "#!/bin/sh\necho\n",
    "new name.py": "".join(f"line{n} = {n}\n" for n in range(8)) + "line8 = 80\n",
    "logo.png": b"\x89PNG\0\3\4\5",
    "end.txt": "a newline\n",
    "evil.py": "x = '\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp.exe\u202c' # \u05e9\u05dc 漢字\u200b\n",
    "long.py": "x = '" + "漢y" * 5_000 + "'\n",
    "empty.txt": "",
}


@pytest.mark.parametrize("size", [(120, 80), (160, 80)], ids=str)
async def test_odd_and_hostile_changes(
    size: tuple[int, int], snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    diffs = made_by_git(tmp_path, ODD_OLD, ODD_NEW, executable=("run.sh",))
    async with at_work(reviewing(diffs, ODD_NEW), size=size) as person:
        if size[0] >= 140:
            await person.press("u")
        await person.press("f")
        await person.sees("[10,006 characters] x = ")
        text = await drawn(person)
        from tests.tui.test_hostile import raw

        assert raw(person) == []
        for words in (
            "old_name.py → new name.py", "mode 100644 → 100755", "binary content", "empty file",
            "deleted", "no newline at the end",
        ):  # fmt: skip
            assert words in text, words
        assert text == snapshot
