"""Reports: whole, self-contained, and inert whatever the session holds."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import protocol as p
from core import report
from core.errors import UsageError
from core.journal import Journal
from core.report import words
from core.report.blocks import Heading, Items, Mono, Para, Patch, Quote
from core.report.save import save
from core.state import Iteration, Needs
from tests.fakes.sessions import opened, survey, tried, write

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;</pre></details>"
    "](javascript:x) ![i](http://evil/x.png) `` ``` ~~~ <!-- --> \x1b[31m\u202etxt.exe"
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "ul", "li",
    "code", "blockquote", "cite", "details", "summary", "figure", "figcaption", "pre", "span",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would see: tags, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.text: list[str] = []
        self.open: list[str] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)

    def handle_comment(self, data) -> None:
        self.comments.append(data)


def inert(html: str) -> Page:
    page = Page(html)
    assert set(page.tags) <= TAGS
    assert page.tags.count("style") == 1
    assert page.open == []
    assert page.attributes <= {
        ("html", "lang"), ("meta", "charset"), ("meta", "http-equiv"), ("meta", "content"),
        ("meta", "name"), ("span", "class"),
    }  # fmt: skip
    assert len(page.comments) == 1
    assert "\x1b" not in html
    assert "\u202e" not in html
    return page


def session(tmp_path, text: str, lines: int = 2) -> report.Account:
    """A session with this text wherever one can stand."""
    journal = Journal(tmp_path)
    base = p.Base("c0", "t0", "main")
    change = p.Change("t1", base, (p.FileChange(text, "modified", lines, 0, hunks=("h",)),), "")
    red = p.RedShown("red", (text,), (f"idle {text}",))
    failing = (p.TestRecord(text, "failed", text),)
    check = p.CheckResult("pytest", "t1", "fail", failing=failing, says=text)
    conflict = p.Conflict("t9", (text,))
    gate = p.Gate("g", "result", text, ("next",), 1, "t1")
    events = [
        opened("s", text),
        p.GoalSet(text),
        p.Started(p.TakeSurvey("survey")),
        p.Surveyed("survey", survey(base)),
        p.Started(p.MakePlan("plan")),
        p.PlanProposed("plan", p.Plan((p.Step("s1", text, (text,)),), text), p.Reply("", text)),
        p.NoteQueued(text),
        p.Started(p.Propose("propose:1", 1)),
        p.ProposalMade("propose:1", p.Reply("", text)),
        p.Started(p.Build("build", 1, p.Proposed())),
        p.ChangeBuilt("build", change),
        p.Started(p.RunCheck("check", p.CheckSpec("pytest", ()), "t1", base, 1)),
        p.CheckFinished("check", check),
        p.Started(p.Judge("judge", 1)),
        p.Judged("judge", p.Verdict("worse", text, (text,), (text,), (text,))),
        p.Started(p.ShowRed("red", 1, (text,))),
        red,
        p.CommentAdded(p.Comment("c", text, text, 3, iteration=1)),
        p.GateOpened("gate", gate),
        p.Decided(p.Decision("g", "t1", "redirect", text, ("h",), name=text)),
        p.Started(p.Propose("propose:2", 2)),
        p.BuildFailed("propose:2", p.Problem("conflict", text), conflict),
        p.GoalEnded("finish", False, False, text),
    ]
    write(journal, "s", events)
    hunk = p.Hunk("h", text, f"@@ {text}", tuple(p.DiffLine("+", text) for _ in range(lines)))
    return report.gather(
        journal.entries("s"),
        journal.iterations("s"),
        lambda change: (p.FileDiff(change.files[0], (hunk,)),),
    )


def test_hostile_text_is_text_wherever_it_stands(tmp_path) -> None:
    account = session(tmp_path, EVIL)
    page = inert(report.to_html(report.title(account), report.compose(account)))
    shown = "".join(page.text)
    assert shown.count("<script>alert(1)</script>") >= 20
    assert "␛[31m‹U+202E›txt.exe" in shown


def test_a_page_loads_nothing_and_says_so_itself(tmp_path) -> None:
    account = session(tmp_path, "https://elsewhere.example/x")
    html = report.to_html(report.title(account), report.compose(account))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe" not in policy[1]
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"url\(|@import|https?:", style)
    assert " href" not in html
    assert " src=" not in html


def test_the_policy_lets_the_page_s_own_style_through() -> None:
    html = report.to_html("t", ())
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" in html.replace("&#x27;", "'")


def markup(text: str) -> str:
    """Markdown with everything that is only text taken away: code, and what is escaped."""
    text = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", text)
    text = re.sub(r"<details><summary><code>[^<>]*</code>[^<>]*</summary>", "", text)
    text = text.replace("</details>", "").removeprefix("<!-- a report by loopwright -->")
    return re.sub(r"\\.|(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)


def test_hostile_text_is_no_markdown_either(tmp_path) -> None:
    account = session(tmp_path, EVIL)
    left = markup(report.to_markdown(report.compose(account)))
    assert not re.search(r"[<\[\]`!]\(|[<`\[\]]|javascript:\S*\)\S*\]", left), left
    assert "http://" not in left


@given(text=st.text(alphabet="`<>&[]()!\\*_#|~$@-+=1.\n\t\x1b\u202e a", max_size=60))
def test_no_text_becomes_markup(text) -> None:
    line = p.DiffLine("+", text)
    blocks = (
        Heading(2, text), Para((text, Mono(text))), Items(((text,), (Mono(text), text))),
        Quote(text, text), Patch(text, text, ((text, (line,)),), True),
        Patch(text, text, ((text, (line,)),), False),
    )  # fmt: skip
    inert(report.to_html(text, blocks))
    left = markup(report.to_markdown(blocks))
    assert not re.search(r"[<`\[\]|$@]", left), left
    for quoted in report.to_markdown((Quote("", text),)).splitlines()[2:]:
        assert quoted.startswith("> ")


def test_a_report_tells_it_all(tmp_path) -> None:
    account = session(tmp_path, "Some Text")
    for text in (
        "".join(Page(report.to_html("t", report.compose(account))).text),
        report.to_markdown(report.compose(account)),
    ):
        for part in (
            "Try 1 · redirected", "Try 2", "Plan", "you decided: redirect, Some Text",
            "pass without the change too", "on tree", "fixed:", "new:", "left:", "goes on from",
            "meets what the branch holds now in Some Text", "Not reached: Some Text",
            "you, on Some Text:3",
        ):  # fmt: skip
            assert part in text, part


def test_where_the_repository_lies_is_not_told(tmp_path) -> None:
    journal = Journal(tmp_path)
    write(journal, "s", tried(journal, "s", repository="/home/ada/secret/shop"))
    account = report.gather(journal.entries("s"), journal.iterations("s"), lambda c: ())
    text = report.to_markdown(report.compose(account))
    assert "repository `shop`" in text
    assert "/home/ada" not in text


def test_long_diffs_are_folded_and_short_ones_are_not(tmp_path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    short, long = session(tmp_path / "a", "x", lines=3), session(tmp_path / "b", "x", lines=300)
    assert "<details>" not in report.to_html("t", report.compose(short))
    assert "<details>" in report.to_html("t", report.compose(long))
    assert "<details>" in report.to_markdown(report.compose(long))


def test_landings_and_undos_are_told(tmp_path) -> None:
    journal = Journal(tmp_path)
    events = [e for e in tried(journal, "s") if not isinstance(e, p.Decided | p.GoalEnded)]
    change = next(e.change for e in events if isinstance(e, p.ChangeBuilt))
    base = p.Base("c1c1c1c1c1c1", "t1", "main")
    back = p.Base("d2d2d2d2d2d2", "t0", "main")
    plan = p.UndoPlan("c1c1c1c1c1c1", change=change)
    events += [
        p.Decided(p.Decision("result:1", "t1", "approve")),
        p.Started(p.Land("land", 1, change, "m")),
        p.Landed("land", base.commit, base, ("a.py",)),
        p.GoalEnded("finish", True, False, "Done."),
        p.UndoAsked(base.commit),
        p.Started(p.PlanUndo("plan-undo", base.commit, False)),
        p.UndoPlanned("plan-undo", plan),
        p.Decided(p.Decision("undo", "t0", "undo", name="commit")),
        p.Started(p.TakeBack("back", plan, False)),
        p.TakenBack("back", back.commit, back, ("a.py",)),
    ]
    state = write(journal, "s", events)
    assert state.landings[0].gone
    account = report.gather(journal.entries("s"), journal.iterations("s"), lambda c: ())
    text = report.to_markdown(report.compose(account))
    assert "- `c1c1c1c1c1c1`: `a.py`" in text
    assert "c1c1c1c1c1 was taken back: with commit d2d2d2d2d2" in text
    assert "its landing c1c1c1c1c1 was taken back by d2d2d2d2d2" in text
    assert "Try 1 · landed" in text


def test_a_part_s_needs_are_named_by_file() -> None:
    base = p.Base("c", "t", "main")
    whole = p.Change("t1", base, (p.FileChange("a.py", "modified", hunks=("x", "y")),), "")
    full = Iteration(1, "s", p.Proposed(), 0.0, change=whole)
    part = Iteration(2, "s", p.Subset(1, ("x",), ""), 0.0, parent=1)
    part = replace(part, needs=Needs(("y",), ("t::a",)))
    assert list(words.needed(part, {1: full, 2: part})) == [
        "needs what was left out: a.py, hunk 2 of 2",
        "without them fail: t::a",
    ]
    assert words.came_from(part) == "1 part taken of try 1"


class TestSaving:
    def test_it_is_whole_or_not_there(self, tmp_path, monkeypatch) -> None:
        path = tmp_path / "new" / "r.html"
        save(report.to_html("one", ()), path)
        before = path.read_text()

        def full(_fd):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UsageError, match="No space left"):
            save(report.to_html("two", ()), path)
        assert path.read_text() == before
        assert [x.name for x in path.parent.iterdir()] == ["r.html"]

    def test_one_of_ours_is_replaced_and_anything_else_is_not(self, tmp_path) -> None:
        for text in (report.to_html("one", ()), report.to_markdown(())):
            path = tmp_path / "r"
            save(text, path)
            save(text + "again", path)
            assert path.read_text().endswith("again")
        (tmp_path / "mine").write_text("my own notes\n")
        (tmp_path / "link").symlink_to("r")
        (tmp_path / "folder").mkdir()
        for name in ("mine", "link", "folder"):
            with pytest.raises(UsageError, match="--force"):
                save("x", tmp_path / name)
        assert (tmp_path / "mine").read_text() == "my own notes\n"
        save(report.to_html("one", ()), tmp_path / "link", force=True)
        assert not (tmp_path / "link").is_symlink()
        assert (tmp_path / "r").read_text().endswith("again")
        with pytest.raises(UsageError, match="cannot be written"):
            save("x", tmp_path / "folder", force=True)
