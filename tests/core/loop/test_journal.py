"""The journal: durable, readable by another process, and projected truthfully."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core import protocol as p
from core.errors import HeldByAnother, JournalError
from core.fold import fold, fold_all
from core.journal import Blobs, Journal, RepositoryLock
from core.journal import store as store_module
from core.state import State
from tests.fakes.driver import Story
from tests.fakes.sessions import result, tried
from tests.fakes.world import World

NO_PLAN = p.Options(with_plan=False)


def write(journal: Journal, *events: p.AnyEvent, session: str = "s") -> State:
    state = journal.load(session)
    state = replace(state, session=session)
    for event in events:
        entry = p.Entry(state.seq + 1, 1000.0 + state.seq, event)
        after = fold(state, entry)
        journal.append(state, entry, after)
        state = after
    return state


def opened(session: str = "s") -> p.SessionOpened:
    return p.SessionOpened(session, "/r", p.Options(), p.Choice("repair", "repair", ""), "1")


def test_another_journal_reads_what_one_wrote(tmp_path):
    journal = Journal(tmp_path)
    state = write(journal, opened(), p.GoalSet("g"), p.NoteQueued("ün ☃"))
    other = Journal(tmp_path, readonly=True)
    assert other.load("s") == state
    assert [type(e.event).__name__ for e in other.entries("s")] == [
        "SessionOpened", "GoalSet", "NoteQueued"
    ]  # fmt: skip
    assert other.sessions()[0].goal == "g"


def test_a_snapshot_is_equal_to_the_fold_and_can_be_thrown_away(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "SNAPSHOT_EVERY", 7)
    world = World(failing={"base": ("t",), "bad": ("t",)}, replies=["bad", "good"])
    story = Story(tmp_path, world, options=NO_PLAN).goal()
    story.answer("result", "next").answer("result", "approve")
    story.ended()
    folded = fold_all(story.journal.entries("s"))
    assert story.journal.load("s") == folded == story.state
    db = sqlite3.connect(tmp_path / "journal.db")
    assert db.execute("SELECT count(*) FROM snapshots").fetchone() == (1,)
    db.execute("UPDATE snapshots SET state = ?", (b"{damaged",))
    db.commit()
    assert story.journal.load("s") == folded
    story.close()


def test_the_history_is_what_folding_every_entry_would_project(tmp_path):
    world = World(failing={"base": ("t",), "bad": ("t",)}, replies=["bad", "worse", "good"])
    world.failing["worse"] = ("t", "u")
    story = Story(tmp_path, world, options=NO_PLAN).goal()
    story.answer("result", "next").answer("result", "redirect", note="n")
    story.answer("result", "approve")
    story.ended()
    seen: dict[int, object] = {}
    state = State()
    for entry in story.journal.entries("s"):
        state = fold(state, entry)
        for row in (*state.tries, state.iteration):
            if row is not None:
                seen[row.n] = row
    stored = {row.n: row for row in story.journal.iterations("s")}
    assert list(stored) == [1, 2, 3]
    assert {n: stored[n] for n in (1, 2)} == {n: seen[n] for n in (1, 2)}
    assert stored[3].outcome == "landed"
    assert stored[3].commit == "commit-3"
    story.close()


def test_a_newer_schema_is_refused_in_words(tmp_path):
    Journal(tmp_path).close()
    db = sqlite3.connect(tmp_path / "journal.db")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    with pytest.raises(JournalError, match="newer Loopwright"):
        Journal(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 99]
)
def test_a_damaged_file_is_a_sentence(tmp_path, damage):
    (tmp_path / "journal.db").write_bytes(damage)
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(tmp_path).sessions()


def test_secrets_reach_neither_entries_nor_texts(tmp_path):
    journal = Journal(tmp_path, redact=lambda text: text.replace("sk-secret", "[redacted]"))
    write(journal, opened(), p.NoteQueued("my key is sk-secret"))
    ref = journal.put_text("printed sk-secret here")
    journal.close()
    everything = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert b"sk-secret" not in everything
    assert Blobs(tmp_path / "blobs").get(ref) == b"printed [redacted] here"


def test_secrets_reach_no_projection_either(tmp_path):
    journal = Journal(tmp_path, redact=lambda text: text.replace("sk-secret", "[redacted]"))
    events = tried(journal, "s", "my key is sk-secret", path="sk-secret.py", note="sk-secret")
    write(journal, *events)
    state = journal.load("s")
    entry = p.Entry(500, 2000.0, p.PausedSet(True))
    journal.append(state, entry, replace(fold(state, entry), goal="sk-secret"))
    assert journal.read("SELECT count(*) FROM snapshots") == [(1,)]
    assert journal.sessions()[0].goal == "[redacted]"
    journal.close()
    everything = (tmp_path / "journal.db").read_bytes()
    assert b"[redacted]" in everything
    assert b"sk-secret" not in everything


def test_a_check_that_told_of_another_tree_does_not_run_there_again(tmp_path):
    journal = Journal(tmp_path)
    red, tried_out = result(journal, "red-tree", ("t::new",)), result(journal, "part-tree")
    void = replace(result(journal, "void-tree"), verdict="void")
    events = tried(journal, "s", ends=False)
    live = 1
    write(
        journal,
        *events,
        p.Started(p.ShowRed("red", live, ("t::new",))),
        p.RedShown("red", ("t::new",), (), (red, void)),
        p.Started(p.FindNeeded("needed", live, live, ("h1",))),
        p.NeedsFound("needed", (), (), (tried_out,)),
    )
    assert journal.evidence("red-tree", "pytest", "env") == red
    assert journal.evidence("part-tree", "pytest", "env") == tried_out
    assert journal.evidence("void-tree", "pytest", "env") is None
    (row,) = journal.iterations("s")
    assert row.red is not None
    assert row.red.shown == ("t::new",)


def test_going_back_to_another_step_ends_the_try_that_was_live(tmp_path):
    journal = Journal(tmp_path)
    events = tried(journal, "s", ends=False)
    plan = next(n for n, e in enumerate(events) if isinstance(e, p.PlanProposed))
    steps = (p.Step("s0", "held"), p.Step("s1", "do it"))
    events[plan] = p.PlanProposed("plan", p.Plan(steps), p.Reply("", ""))
    events.insert(plan + 1, p.StepSkipped("skip", "s0", "It holds."))
    state = write(journal, *events, p.WentBack(1, "s0"))
    one, two = journal.iterations("s")
    assert (one.n, one.outcome, one.step) == (1, "left", "s1")
    assert one.ended > 0
    assert (two.n, two.origin, two.step) == (2, p.Again(1), "s0")
    assert state.iteration == two


def test_a_try_that_did_not_change_is_not_written_again(tmp_path):
    world = World(failing={"base": ("t",), "bad": ("t",)}, replies=["bad", "good"])
    story = Story(tmp_path, world, options=NO_PLAN).goal()
    story.answer("result", "next")
    story.at_gate("result", after=1)
    db = sqlite3.connect(tmp_path / "journal.db")
    db.execute("UPDATE iterations SET row = replace(CAST(row AS TEXT), '\"n\":1', '\"n\":77')")
    db.commit()
    story.submit(p.QueueNote("x"))
    story.watcher.wait(lambda: story.state.notes)
    assert [row.n for row in story.journal.iterations("s")] == [77, 2]
    story.close()


@given(st.binary(max_size=2000))
def test_a_blob_comes_back_byte_for_byte(tmp_path_factory, data):
    blobs = Blobs(tmp_path_factory.mktemp("b"))
    ref = blobs.put(data)
    assert blobs.get(ref) == data
    assert blobs.put(data) == ref


def test_a_damaged_or_missing_blob_is_said(tmp_path):
    blobs = Blobs(tmp_path)
    ref = blobs.put(b"content")
    path = tmp_path / ref[:2] / ref[2:]
    path.write_bytes(b"c0ntent")
    with pytest.raises(JournalError, match="damaged"):
        blobs.get(ref)
    path.unlink()
    with pytest.raises(JournalError, match="missing"):
        blobs.get(ref)


def test_a_full_disk_keeps_what_was_written_and_says_so(tmp_path, monkeypatch):
    blobs = Blobs(tmp_path)

    def full(_fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match="No space left"):
        blobs.put(b"x")
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == []


def test_the_engine_halts_when_the_journal_cannot_be_written_and_goes_on_later(
    tmp_path, monkeypatch
):
    world = World(failing={"base": ("t",), "bad": ("t",)}, replies=["bad", "good"])
    story = Story(tmp_path, world, options=NO_PLAN).goal()
    story.at_gate("result")
    real = Journal.append

    def full(self, before, entry, after):
        raise JournalError("The journal cannot be used (disk full).")

    monkeypatch.setattr(Journal, "append", full)
    story.decide("next")
    story.watcher.wait(story.watcher.notices)
    assert "disk full" in story.watcher.notices()[0]
    assert story.state.gate.kind == "result"
    monkeypatch.setattr(Journal, "append", real)
    story.answer("result", "next")
    assert not story.at_gate("result", after=1).red
    story.close()


def test_the_lock_names_its_holder_and_dies_with_it(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.journal import RepositoryLock\n"
        "lock = RepositoryLock(Path(sys.argv[1])); lock.take(); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert holder.stdout.readline() == b"held\n"
    mine = RepositoryLock(tmp_path / "lock")
    with pytest.raises(HeldByAnother, match=f"process {holder.pid}"):
        mine.take()
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    mine.take()
    mine.release()


def test_many_threads_read_while_one_writes(tmp_path):
    journal = Journal(tmp_path)
    write(journal, opened())
    wrong: list[object] = []

    def read():
        for _ in range(50):
            state = journal.load("s")
            if len(state.notes) != state.seq - 1:
                wrong.append(state)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    write(journal, *(p.NoteQueued(str(i)) for i in range(50)))
    for thread in readers:
        thread.join()
    assert not wrong
