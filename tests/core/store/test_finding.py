"""Searching every session, through the journal's rows as through a replay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import protocol as p
from core.archive import Archive
from core.errors import UsageError
from core.journal import Journal
from core.journal.finding import find
from core.replay import Recording, Replay
from core.search import SHOWN, look, said, terms
from tests.fakes.sessions import NOW, tried, write


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path)
    events = tried(
        journal, "one", "Round half-even", tree="aa", path="src/cart.py", note="use Ünits"
    )
    write(journal, "one", events)
    comment = p.Comment("c1", "rename this", "src/cart.py", 7, iteration=1)
    events = tried(journal, "two", "Another goal", tree="bb", path='odd "name"\\.py', ends=False)
    write(journal, "two", [*events, p.CommentAdded(comment)], at=NOW + 100)
    yield journal
    journal.close()


def places(found) -> list[tuple[str, int, str]]:
    return [(f.session, f.iteration, f.kind) for f in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("half-EVEN", [("one", 0, "goal")]),
        ("cart.py", [("two", 1, "comment"), ("one", 1, "path")]),
        ("ünits", [("one", 1, "note")]),
        ("test_aa", [("one", 1, "test")]),
        ("rename", [("two", 1, "comment")]),
        ('"name"\\.py', [("two", 1, "path")]),
        # A try is found by its goal's words beside its own, not by the goal alone.
        ("round cart", [("one", 1, "path")]),
        ("another rename", [("two", 1, "comment")]),
        ("round rename", []),
        ("nowhere", []),
        ("proposer", []),  # a word of our own format, not of theirs
        ("", []),
        ("  ", []),
    ],
)
def test_words_are_found_where_they_are(journal, words, expected) -> None:
    assert places(find(journal, words, 50)) == expected
    # A replay of each session answers the same.
    of_replays = []
    for row in journal.sessions():
        recording = Recording(tuple(journal.entries(row.id)))
        of_replays += Replay(recording).reader.find(words)
    assert places(of_replays) == expected


def test_what_was_found_says_where_it_belongs(journal) -> None:
    (found,) = find(journal, "rename", 50)
    assert found.goal == "Another goal"
    assert found.excerpt == "src/cart.py:7: rename this"
    (goal,) = find(journal, "half-even", 50)
    assert goal.at == NOW + 1


def test_a_comment_that_was_dropped_is_not_found(journal) -> None:
    write(journal, "two", [p.CommentDropped("c1")], at=NOW + 200)
    assert find(journal, "rename", 50) == ()


def test_commits_of_landings_and_undos(tmp_path) -> None:
    journal = Journal(tmp_path)
    events = [e for e in tried(journal, "s") if not isinstance(e, p.Decided | p.GoalEnded)]
    change = next(e.change for e in events if isinstance(e, p.ChangeBuilt))
    base = p.Base("feedbeef01", "t1", "main")
    plan = p.UndoPlan(base.commit, change=change)
    events += [
        p.Decided(p.Decision("result:1", "t1", "approve")),
        p.Started(p.Land("land", 1, change, "m")),
        p.Landed("land", base.commit, base, ("a.py",)),
        p.UndoAsked(base.commit),
        p.Started(p.TakeBack("back", plan, False)),
        p.TakenBack("back", "feedbeef02", base, ("a.py",)),
    ]
    write(journal, "s", events)
    assert places(find(journal, "feedbeef", 9)) == [("s", 0, "commit"), ("s", 1, "commit")]


def test_the_goal_of_a_try_is_the_one_of_its_time(tmp_path) -> None:
    journal = Journal(tmp_path)
    write(journal, "s", tried(journal, "s", "first goal", path="x.py"))
    write(journal, "s", [p.GoalSet("second goal")], at=NOW + 900)
    (found,) = find(journal, "x.py", 9)
    assert found.goal == "first goal"


def test_no_more_than_were_asked_for_and_the_newest_of_them(tmp_path) -> None:
    journal = Journal(tmp_path)
    for n in range(4):
        write(journal, f"s{n}", tried(journal, f"s{n}", path="same.py"), at=NOW + n * 1000)
    assert [f.session for f in find(journal, "same.py", 2)] == ["s3", "s2"]


def test_an_excerpt_shows_the_word_and_is_safe(tmp_path) -> None:
    journal = Journal(tmp_path)
    note = "x " * 300 + "needle\x1b[31m\n" + "y " * 300
    write(journal, "s", tried(journal, "s", note=note))
    (found,) = find(journal, "needle", 9)
    assert "needle" in found.excerpt
    assert len(found.excerpt) <= SHOWN + 2
    assert "\x1b" not in found.excerpt
    assert "\n" not in found.excerpt


def test_the_archive_and_its_readers_search_every_session(journal, tmp_path) -> None:
    archive = Archive(tmp_path)
    assert places(archive.find("cart.py")) == places(archive.reader("one").find("cart.py"))
    assert len(archive.find("cart.py")) == 2
    assert archive.session("one").id == "one"
    with pytest.raises(UsageError):
        archive.session("three")
    archive.close()


@settings(max_examples=30, deadline=None)
@given(
    note=st.text(alphabet='aB"\\\n\t\x01ßİéé ☃/', max_size=12),
    path=st.text(alphabet='aB"\\ß☃/', min_size=1, max_size=6),
    words=st.text(alphabet='aAbB"\\\x01ßSsİé☃/ ', min_size=1, max_size=4),
)
def test_the_scan_of_rows_finds_what_looking_at_every_try_does(
    tmp_path_factory, note, path, words
) -> None:
    """The rows are only looked through as JSON first: that must never lose one."""
    journal = Journal(tmp_path_factory.mktemp("j"))
    write(journal, "s", tried(journal, "s", "a goal", path=path, note=note))
    heard = said(journal.said("s"))
    every = look("s", heard, reversed(journal.iterations("s")), terms(words), 50)
    assert find(journal, words, 50) == every
    journal.close()
