"""`gc`, `report`, `log --search` and what `show` and `doctor` say of the store, as processes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from core import protocol as p
from core.fold import fold
from core.journal import Journal, RepositoryLock
from core.places import repository_path
from tests.fakes.command import Person, make_person, sentences
from tests.fakes.repos import git, snapshot
from tests.fakes.sessions import DAY, landing_begun, opened, tried, write
from tests.fakes.stage import GOAL, Stage, change, edit, shop, write_script
from tui.arguments import COMMANDS

OLD = time.time() - 200 * DAY


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return make_person(tmp_path / "home")


class Bench:
    def __init__(self, person: Person, folder: Path) -> None:
        self.person, self.folder = person, folder
        self.repo = shop(folder / "shop")

    def loopwright(self, *argv: str, **env: str):
        return self.person.loopwright(*argv, cwd=self.repo, env=self.person.environment(env))

    def run(self):
        wrong, right = edit("+ 0.01, 2", "+ 0.02, 1"), edit(" + 0.01", "")
        replies = [change("Round to one digit.", wrong), change("Nothing is to be added.", right)]
        script = write_script(self.folder / "script.jsonl", replies)
        argv = ("--approve", "green", "--proposer", f"script:{script}", "--no-plan", "--trust")
        said = self.loopwright("run", GOAL, *argv, "--no-sandbox")
        assert said.code == 0, said.err
        return said

    @property
    def state(self) -> Path:
        return repository_path(self.person.environment(), self.repo)

    def old(self, session: str = "20250101-000000-old0", **more) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        journal = Journal(self.state)
        events = tried(journal, session, "An old goal", repository=str(self.repo), **more)
        write(journal, session, events, at=OLD)
        journal.close()


@pytest.fixture
def bench(person: Person, tmp_path: Path) -> Bench:
    return Bench(person, tmp_path)


def test_gc_says_what_it_frees_and_keeps_what_is_new(bench: Bench) -> None:
    bench.old()
    bench.run()
    before = snapshot(bench.repo)
    dry = bench.loopwright("gc", "--dry-run")
    assert dry.code == 0
    assert "would free about" in dry.out
    assert "1 session" in dry.out
    assert "An old goal" in dry.out
    assert "An old goal" in bench.loopwright("log").out
    said = bench.loopwright("gc")
    assert (said.code, sentences(said)) == (0, [])
    assert "freed" in said.out
    assert "kB" in said.out
    log = bench.loopwright("log").out
    assert "An old goal" not in log
    assert GOAL in log
    # The session that is kept shows all that it ever did.
    assert "Nothing is to be added." in bench.loopwright("show").out
    assert "nothing to collect" in bench.loopwright("gc").out
    assert "1 session" in bench.loopwright("gc", "--keep-days", "0").out
    assert snapshot(bench.repo) == before


def test_gc_of_every_repository(bench: Bench, tmp_path: Path) -> None:
    bench.old()
    gone = shop(tmp_path / "gone")
    folder = repository_path(bench.person.environment(), gone)
    (folder / "workshop").mkdir(parents=True)
    journal = Journal(folder)
    write(journal, "s", [opened("s", str(gone)), p.SessionEnded("bye")], at=OLD)
    journal.close()
    os.rename(gone, tmp_path / "elsewhere")
    said = bench.loopwright("gc", "--all")
    assert said.code == 0, said.err
    assert "An old goal" in said.out
    assert f"{gone}: freed" in said.out
    assert "whose repository is no more" in said.out
    assert "in all, of 2 repositories" in said.out
    assert not folder.exists()
    assert bench.state.exists()


def test_gc_while_a_session_is_open_there(bench: Bench) -> None:
    bench.old()
    holder = RepositoryLock(bench.state / "lock")
    holder.take()
    said = bench.loopwright("gc")
    assert said.code == 4
    assert f"process {os.getpid()}" in said.err
    held = bench.loopwright("gc", "--all")
    assert held.code == 0
    assert "nothing was collected" in held.out
    holder.release()
    assert "An old goal" in bench.loopwright("log").out


def test_gc_where_there_is_nothing(bench: Bench) -> None:
    assert "nothing to collect" in bench.loopwright("gc").out
    assert not bench.state.exists()
    for bad in ("-1", "soon", "1.5"):
        said = bench.loopwright("gc", f"--keep-days={bad}")
        assert said.code == 2
        assert "days" in said.err


def test_a_start_over_the_cap_collects_the_oldest_and_says_so(bench: Bench) -> None:
    for n in range(3):
        bench.old(f"20250101-00000{n}-old{n}", tree=f"t{n}", ends=n != 1)
    landing = Journal(bench.state)
    events = landing_begun(tried(landing, "landing", tree="t9"), "t9")
    write(landing, "landing", events, at=OLD)
    landing.blobs.put(os.urandom(1_200_000))
    landing.close()
    config = bench.person.home / "config/loopwright"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("store_mb = 1\n")
    assert "of 1 MB (store_mb) · 4 sessions, 2 not ended" in bench.loopwright("doctor").out
    assert "! store" in bench.loopwright("doctor").out
    # What nobody names goes first, and it was enough: but to see that, the old ones were weighed.
    journal = Journal(bench.state)
    big = p.Reply(journal.blobs.put(os.urandom(1_500_000)), "because")
    state = journal.load("20250101-000000-old0")
    entry = p.Entry(state.seq + 1, OLD, p.PlanProposed("plan", p.Plan(()), big))
    journal.append(state, entry, fold(state, entry))
    journal.close()
    said = bench.run()
    assert "store_mb = 1" in said.err
    assert "the one that ended longest ago was let go" in said.err
    log = bench.loopwright("log").out
    assert "old0" not in log
    for kept in ("old1", "old2", "landing", GOAL):
        assert kept in log
    assert "✓ store" in bench.loopwright("doctor").out


def test_report_as_page_and_as_markdown(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    commit = git(bench.repo, "rev-parse", "HEAD")
    before = snapshot(bench.repo)
    printed = bench.loopwright("report")
    assert printed.code == 0, printed.err
    for words in (GOAL, "Try 1 · next", "Try 2 · landed", "```diff", commit[:12], "Evidence"):
        assert words in printed.out
    assert "+    return round(sum(prices), 2)" in printed.out

    said = bench.loopwright("report", "--output", str(tmp_path / "out"))
    (page,) = (tmp_path / "out").iterdir()
    assert said.out.strip() == str(page)
    html = page.read_text()
    assert html.startswith("<!doctype html>")
    assert "return round(sum(prices), 2)" in html
    assert page.suffix == ".html"
    assert bench.loopwright("report", "--output", str(tmp_path / "out")).code == 0
    page.write_text("my own page")
    refused = bench.loopwright("report", "--output", str(tmp_path / "out"))
    assert refused.code == 2
    assert "--force" in refused.err
    assert page.read_text() == "my own page"
    forced = bench.loopwright("report", "--output", str(tmp_path / "out"), "--force")
    assert forced.code == 0
    assert page.read_text() == html

    as_html = bench.loopwright("report", "--html")
    assert as_html.out == html
    as_md = bench.loopwright("report", page.stem[-8:], "--markdown")
    assert as_md.code == 2
    session = json.loads(bench.loopwright("log", "--json").out)["session"]
    as_md = bench.loopwright("report", session, "--markdown", "--output", str(tmp_path / "out"))
    assert Path(as_md.out.strip()).read_text() == printed.out
    assert snapshot(bench.repo) == before


def test_searching_the_log(bench: Bench) -> None:
    bench.old(path="ledger/book.py")
    bench.run()
    found = bench.loopwright("log", "--search", "TOTAL cart.py")
    assert found.code == 0
    lines = [line for line in found.out.splitlines() if "cart.py" in line]
    assert len(lines) == 2
    assert "try 2" in lines[0]
    assert "test: tests/test_cart.py::test_total" in lines[0]
    assert "try 1" in lines[1]
    (one,) = map(
        json.loads, bench.loopwright("log", "--search", "book.py", "--json").out.splitlines()
    )
    assert (one["kind"], one["iteration"], one["goal"]) == ("path", 1, "An old goal")
    commit = git(bench.repo, "rev-parse", "HEAD")
    assert "commit: " + commit in bench.loopwright("log", "--search", commit[:9]).out
    nothing = bench.loopwright("log", "--search", "nowhere")
    assert nothing.code == 1
    assert "nowhere" in nothing.err


def test_show_tells_where_a_try_came_from_and_what_was_said(bench: Bench, tmp_path: Path) -> None:
    journal_of = bench.person.home
    two = [
        change("First.", edit("+ 0.01", "+ 0.02")), change("Second.", edit("+ 0.01", "+ 0.03")),
    ]  # fmt: skip
    script = write_script(tmp_path / "script.jsonl", two)
    stage = Stage(bench.repo, journal_of, proposer=f"script:{script}").goal(GOAL)
    stage.at_gate("result")
    stage.submit(p.AddComment(p.Comment("c1", "not more but less", "cart.py", 3, iteration=1)))
    stage.answer("result", "next")
    stage.at_gate("result", after=1)
    stage.submit(p.GoBack(1, stage.state.live_step.id))
    stage.at_gate("result", after=2)
    stage.close()
    first, second, third = (bench.loopwright("show", str(n)).out for n in (1, 2, 3))
    assert "comment on cart.py:3: not more but less" in first
    assert "goes on from" not in first
    assert "goes on from try 1" in second
    assert "not more but less" in second  # as what was said before it
    assert "another future of try 1" in third


def test_show_tells_what_was_found_out_and_undone(bench: Bench) -> None:
    bench.state.mkdir(parents=True)
    journal = Journal(bench.state)
    events = [e for e in tried(journal, "s") if not isinstance(e, p.Decided | p.GoalEnded)]
    built = next(n for n, e in enumerate(events) if isinstance(e, p.ChangeBuilt))
    change = events[built].change
    hook = p.FileChange("conftest.py", "added", 1, 0, hunks=("h2",), runs_later="pytest runs it")
    change = replace(change, files=(*change.files, hook))
    events[built] = p.ChangeBuilt("build:1", change)
    base = p.Base("c1c1c1c1c1c1", "t1", "main")
    plan = p.UndoPlan(base.commit, change=change)
    events += [
        p.Started(p.ShowRed("red", 1, ("t::new", "t::idle"))),
        p.RedShown("red", ("t::new",), ("t::idle",)),
        p.Decided(p.Decision("result:1", "t1", "approve", hunks=("h1",))),
        p.Started(p.Build("build:2", 2, p.Subset(1, ("h1",), ""))),
        p.BuildFailed(
            "build:2", p.Problem("conflict", "They meet."), p.Conflict("t9", ("a.py", "b.py"))
        ),
        p.Started(p.FindNeeded("need", 2, 1, ("h1",))),
        p.NeedsFound("need", ("h2",), ("t::needs",)),
        p.WentBack(1, "s1"),
        p.Decided(p.Decision("result:3", "t1", "approve")),
        p.Started(p.Land("land", 3, change, "m")),
        p.Landed("land", base.commit, base, ("a.py",)),
        p.UndoAsked(base.commit),
        p.Started(p.TakeBack("back", plan, False)),
        p.TakenBack("back", "d2d2d2d2d2d2", base, ("a.py",)),
    ]
    gate = p.Gate("result:3", "result", "Again.", ("approve",), 3, "t1")
    at = next(n for n, e in enumerate(events) if isinstance(e, p.WentBack))
    again = [
        p.Started(p.Build("build:3", 3, p.Again(1))),
        p.ChangeBuilt("build:3", change),
        p.GateOpened("gate:3", gate),
    ]
    write(journal, "s", [*events[: at + 1], *again, *events[at + 1 :]], at=OLD)
    journal.close()
    first, second, third = (bench.loopwright("show", str(n)).out for n in (1, 2, 3))
    assert "set apart: conftest.py: " in first
    assert "pytest runs it" in first
    assert "added tests: fail without the change, as they should: t::new" in first
    assert "show nothing: t::idle" in first
    assert "fixed: tests/test_t1.py::test_x" in first
    assert "1 part taken of try 1" in second
    assert "conflict: it meets what the branch holds now in a.py, b.py" in second
    assert "this part: needs what was left out: conftest.py" in second
    assert "this part: without them fail: t::needs" in second
    assert "another future of try 1" in third
    assert "undone: its landing c1c1c1c1c1 was taken back by d2d2d2d2d2" in third
    report = bench.loopwright("report").out
    for words in ("Set apart", "1 part taken of try 1", "another future of try 1", "taken back"):
        assert words in report


def test_help_names_every_command_and_option(person: Person) -> None:
    said = person.loopwright("--help")
    for name in (
        "gc", "--keep-days N", "--dry-run", "--all", "report", "--output FOLDER|-", "--html",
        "--markdown", "--force", "--search WORDS", "default: 90",
    ):  # fmt: skip
        assert name in said.out
    for name in COMMANDS:
        own = person.loopwright(name, "--help")
        assert own.code == 0
        assert f"usage: loopwright {name}" in own.out
    both = person.loopwright("report", "--html", "--markdown")
    assert both.code == 2
    assert person.loopwright("gc", "--all", "--repo", ".").code == 2
