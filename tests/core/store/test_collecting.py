"""What is collected, what never is, and what a kill in the middle leaves."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import protocol as p
from core import storage
from core.errors import HeldByAnother, JournalError
from core.fold import fold_all
from core.journal import Journal, RepositoryLock, collect
from core.journal.refs import blobs_of
from core.storage import collect_all, collect_one
from tests.fakes.crash import Points, in_child
from tests.fakes.sessions import DAY, folder_of, landing_begun, opened, result, tried, write

OLD = time.time() - 200 * DAY


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo").mkdir()
    return tmp_path / "repo"


def env(home: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(home), "HOME": str(home)}


def whole(journal: Journal) -> set[str]:
    """Every session is readable, and every record that one names is there; their ids."""
    for row in journal.sessions():
        entries = list(journal.entries(row.id))
        assert fold_all(entries) == journal.load(row.id)
        for entry in entries:
            for ref in blobs_of(entry.event):
                journal.blobs.get(ref)
    for (found,) in journal.read("SELECT result FROM evidence"):
        for ref in blobs_of(collect._result.decode(found)):
            journal.blobs.get(ref)
    for table in ("entries", "iterations", "snapshots"):
        left = {s for (s,) in journal.read(f"SELECT DISTINCT session FROM {table}")}
        assert left <= {r.id for r in journal.sessions()}
    return {row.id for row in journal.sessions()}


def files_in(folder: Path) -> set[str]:
    return {x.parent.name + x.name for x in (folder / "blobs").rglob("*") if x.is_file()}


def fill(folder: Path, repo: str = "/repo") -> None:
    """An old ended session, an old open one, one in the middle of its landing, and a new one."""
    journal = Journal(folder)
    write(journal, "old", tried(journal, "old", tree="t1", repository=repo), at=OLD)
    open_ = tried(journal, "open", tree="t2", ends=False, repository=repo)
    write(journal, "open", open_, at=OLD)
    landing = landing_begun(tried(journal, "landing", tree="t3", repository=repo), "t3")
    write(journal, "landing", landing, at=OLD)
    write(journal, "new", tried(journal, "new", tree="t4", repository=repo), at=time.time())
    journal.blobs.put(b"named by nobody")
    journal.close()


def test_old_ended_sessions_go_with_what_only_they_name(home, repo) -> None:
    folder = folder_of(home, repo)
    fill(folder)
    before = storage.size_below(folder)
    found = collect_one(env(home), repo, keep_days=90)
    assert [r.id for r in found.sessions] == ["old"]
    journal = Journal(folder)
    assert whole(journal) == {"open", "landing", "new"}
    # The base's evidence is shared: its records stay, and no check has to run there again.
    assert journal.evidence("t0", "pytest", "env") is not None
    assert journal.evidence("t1", "pytest", "env") is None
    named = {ref for h in collect.held(journal) for ref in h.blobs}
    assert files_in(folder) == named
    assert found.files == 5  # patch, reply, records and output of t1, and nobody's
    journal.close()
    assert before - storage.size_below(folder) == pytest.approx(found.size, abs=50_000)


def test_the_journal_s_file_gets_smaller(home, repo) -> None:
    folder = folder_of(home, repo)
    journal = Journal(folder)
    for n in range(20):
        events = tried(journal, f"s{n}", note="long " * 20_000)
        write(journal, f"s{n}", events, at=OLD)
    journal.close()
    before = (folder / "journal.db").stat().st_size
    found = collect_one(env(home), repo, keep_days=90)
    assert (folder / "journal.db").stat().st_size < before / 10
    assert found.size > before * 0.8


def test_a_dry_run_says_the_same_and_changes_nothing(home, repo) -> None:
    folder = folder_of(home, repo)
    fill(folder)
    before = files_in(folder), (folder / "journal.db").read_bytes()
    said = collect_one(env(home), repo, keep_days=90, dry_run=True)
    assert (files_in(folder), (folder / "journal.db").read_bytes()) == before
    assert not (folder / "lock").exists()
    done = collect_one(env(home), repo, keep_days=90)
    assert (said.sessions, said.files) == (done.sessions, done.files)


def test_days_are_counted_from_the_last_entry(home, repo) -> None:
    folder = folder_of(home, repo)
    journal = Journal(folder)
    write(journal, "s", tried(journal, "s", ends=False), at=OLD)
    write(journal, "s", [p.GoalEnded("f", False, False, "x")], at=time.time() - 10 * DAY)
    journal.close()
    assert collect_one(env(home), repo, keep_days=11).sessions == ()
    assert [r.id for r in collect_one(env(home), repo, keep_days=9).sessions] == ["s"]


def test_while_a_session_is_open_elsewhere_nothing_is_touched(home, repo) -> None:
    folder = folder_of(home, repo)
    fill(folder)
    holder = RepositoryLock(folder / "lock")
    holder.take()
    before = files_in(folder)
    with pytest.raises(HeldByAnother):
        collect_one(env(home), repo, keep_days=0)
    (found,) = collect_all(env(home), keep_days=0)
    assert "has this repository open" in found.kept
    assert files_in(folder) == before
    holder.release()


def test_an_entry_that_cannot_be_read_keeps_everything(home, repo) -> None:
    folder = folder_of(home, repo)
    fill(folder)
    db = sqlite3.connect(folder / "journal.db")
    db.execute('UPDATE entries SET event = \'{"type":"FromTheFuture"}\' WHERE seq = 3')
    db.commit()
    db.close()
    before = files_in(folder)
    with pytest.raises(JournalError, match="cannot be read"):
        collect_one(env(home), repo, keep_days=0)
    assert files_in(folder) == before


class TestRepositoriesThatAreNoMore:
    def shop(self, home: Path, repo: Path) -> Path:
        folder = folder_of(home, repo)
        for name in ("workshop/work", "runs"):
            (folder / name).mkdir(parents=True)
        (folder / "workshop/work/big").write_bytes(b"x" * 500_000)
        (folder / "workshop/format").write_text(f"1 sha1 {repo}/.git/objects")
        (folder / "workshop/work").chmod(0o500)  # as a check may have left it
        return folder

    def test_the_workshop_of_one_that_is_there_stays(self, home, repo) -> None:
        folder = self.shop(home, repo)
        fill(folder, str(repo))
        assert not any(c.workshop for c in collect_all(env(home), keep_days=0))
        assert (folder / "workshop/work/big").exists()

    def test_the_workshop_goes_and_unfinished_sessions_stay(self, home, repo) -> None:
        folder = self.shop(home, repo)
        fill(folder, str(repo))
        repo.rmdir()
        (dry,) = collect_all(env(home), keep_days=90, dry_run=True)
        assert (folder / "workshop/work/big").exists()
        (found,) = collect_all(env(home), keep_days=90)
        assert found.workshop
        assert found.repository == str(repo)
        assert found.size > 500_000
        assert dry.size == pytest.approx(found.size, abs=50_000)
        assert {x.name for x in folder.iterdir()} >= {"journal.db", "blobs", "lock"}
        assert not (folder / "workshop").exists()
        journal = Journal(folder)
        assert whole(journal) == {"open", "landing", "new"}
        journal.close()

    def test_the_whole_folder_goes_when_no_session_is_left(self, home, repo) -> None:
        folder = self.shop(home, repo)
        journal = Journal(folder)
        write(journal, "s", tried(journal, "s", repository=str(repo)), at=OLD)
        journal.close()
        repo.rmdir()
        list(collect_all(env(home), keep_days=90))
        assert list(folder.parent.iterdir()) == []

    def test_one_whose_sessions_went_before_is_known_by_its_workshop(self, home, repo) -> None:
        folder = self.shop(home, repo)
        (repo / ".git/objects").mkdir(parents=True)
        journal = Journal(folder)
        write(journal, "s", tried(journal, "s", repository=str(repo)), at=OLD)
        journal.close()
        list(collect_all(env(home), keep_days=90))
        assert folder.exists()
        shutil.rmtree(repo)
        list(collect_all(env(home), keep_days=90))
        assert not folder.exists()


class TestCap:
    def test_the_oldest_go_until_there_is_room_and_the_live_one_stays(self, tmp_path) -> None:
        journal = Journal(tmp_path)
        for n in range(6):
            events = tried(journal, f"s{n}", tree=f"t{n}", ends=n != 1)
            big = result(journal, f"big{n}", output=os.urandom(400_000))
            check = p.RunCheck(f"again:{n}", p.CheckSpec("x", ("x",)), big.tree, p.Base("c", "t"))
            events[-2:-2] = [p.Started(check), p.CheckFinished(check.id, big)]
            write(journal, f"s{n}", events, at=OLD + n * DAY)
        journal.close()
        journal = Journal(tmp_path)
        cap = 2_100_000
        assert collect.store_size(journal) > cap
        gone = storage.shrink(journal, cap, keep="s0")
        assert collect.store_size(journal) < cap
        # s0 is being opened, s1 has not ended.
        assert [r.id for r in gone] == ["s2", "s3"]
        assert whole(journal) == {"s0", "s1", "s4", "s5"}
        assert storage.shrink(journal, cap, keep="s0") == ()
        journal.close()

    def test_where_nothing_has_ended_nothing_goes(self, tmp_path) -> None:
        journal = Journal(tmp_path)
        write(journal, "s", tried(journal, "s", ends=False), at=OLD)
        assert storage.shrink(journal, 1, keep="") == ()
        assert whole(journal) == {"s"}
        journal.close()


story = st.tuples(
    st.sampled_from(["ended", "open", "landing"]),
    st.integers(0, 3),  # trees are shared between sessions, and so is their evidence
    st.integers(0, 200),
)


@settings(max_examples=25, deadline=None)
@given(stories=st.lists(story, max_size=6), days=st.integers(0, 200), cap=st.none() | st.just(9))
def test_a_record_that_a_session_names_is_never_removed(
    tmp_path_factory, stories, days, cap
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "repo").mkdir()
    folder = folder_of(home, home / "repo")
    journal = Journal(folder)
    for n, (how, tree, age) in enumerate(stories):
        events = tried(journal, f"s{n}", tree=f"t{tree}", ends=how == "ended")
        if how == "landing":
            events = landing_begun(events, f"t{tree}")
        write(journal, f"s{n}", events, at=time.time() - age * DAY - 3600)
    if cap is not None:
        storage.shrink(journal, cap, keep="s0")
    journal.close()
    if cap is None:
        collect_one(env(home), home / "repo", keep_days=days)
    journal = Journal(folder)
    left = whole(journal)
    journal.close()
    for n, (how, _, age) in enumerate(stories):
        goes = how == "ended" and (n > 0 if cap is not None else age >= days)
        assert (f"s{n}" in left) != goes, (n, how, age)


def test_killed_before_any_of_its_writes_nothing_that_is_needed_is_lost(tmp_path) -> None:
    repo = tmp_path / "gone"

    def made(name: str) -> tuple[Path, Path]:
        home = tmp_path / name
        folder = folder_of(home, repo)
        fill(folder, str(repo))
        (folder / "workshop/work").mkdir(parents=True)
        (folder / "workshop/work/a.py").write_text("x\n")
        return home, folder

    def play(home: Path, at: int) -> list[str]:
        points = Points(at)
        with points.watching():
            list(collect_all(env(home), keep_days=90))
        return points.names

    home, folder = made("whole")
    _, names = in_child(lambda: play(home, 0))
    count = names.count('"')
    assert names.count("unlink") >= 5
    assert "rename" in names
    assert "transaction" in names
    assert "compact" in names
    end = files_in(folder)
    for at in range(1, count // 2 + 1):
        home, folder = made(f"at-{at}")
        status, _ = in_child(lambda: play(home, at))  # noqa: B023
        assert os.WIFSIGNALED(status), at
        assert os.WTERMSIG(status) == signal.SIGKILL
        journal = Journal(folder)
        assert whole(journal) >= {"open", "landing", "new"}, at
        journal.close()
        list(collect_all(env(home), keep_days=90))
        journal = Journal(folder)
        assert whole(journal) == {"open", "landing", "new"}, at
        journal.close()
        assert files_in(folder) == end
        assert {x.name for x in folder.parent.iterdir()} == {folder.name}
        assert not list(folder.glob(".going*"))
        assert not (folder / "workshop").exists()


def test_a_session_without_a_goal_that_was_closed(home, repo) -> None:
    folder = folder_of(home, repo)
    journal = Journal(folder)
    write(journal, "s", [opened("s"), p.SessionEnded("bye")], at=OLD)
    journal.close()
    assert [r.id for r in collect_one(env(home), repo, keep_days=90).sessions] == ["s"]
