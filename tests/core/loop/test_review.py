"""Reviewing: comments, other futures, undo, and what is found out about a verdict."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core import protocol as p
from core.admit import admit
from core.errors import NotNow
from core.fold import fold_all
from core.landings import standing, taken_back
from core.state import State, find_try, lineage
from tests.fakes.driver import Story
from tests.fakes.world import World

NO_PLAN = p.Options(with_plan=False)
COMMENT = p.Comment("c1", "use Decimal here", "a.py", 3, quote="round(x)", iteration=1)


@pytest.fixture(params=[False, True], ids=["", "forgetful"])
def tell(request, tmp_path):
    stories = []

    def start(world, **kwargs):
        kwargs.setdefault("options", NO_PLAN)
        story = Story(tmp_path / "journal", world, forgetful=request.param, **kwargs)
        stories.append(story)
        return story

    yield start
    for story in stories:
        story.close()
        assert fold_all(story.watcher.entries, State(session="s")).seq == story.state.seq


def broken(*replies, **more) -> World:
    failing = {"base": ("t::a",), "bad": ("t::a",), **more.pop("failing", {})}
    return World(failing=failing, replies=list(replies), **more)


def refused(story, command) -> str:
    before = len(story.watcher.notices())
    story.submit(command)
    story.watcher.wait(lambda: len(story.watcher.notices()) > before)
    return story.watcher.notices()[-1]


def test_comments_go_with_the_redirect_and_quote_what_they_are_about(tell):
    world = broken("bad", "good")
    story = tell(world).goal()
    story.at_gate("result")
    story.submit(p.AddComment(COMMENT))
    story.submit(p.AddComment(p.Comment("c2", "gone", "a.py", 9)))
    story.submit(p.DropComment("c2"))
    story.watcher.wait(lambda: story.state.comments == (COMMENT,) and story.state.seq > 0)
    story.watcher.wait(lambda: story.watcher.events(p.CommentDropped))
    story.answer("result", "redirect")
    story.at_gate("result", after=1)
    assert world.seen_notes[1] == ("On a.py:3:\n> round(x)\nuse Decimal here",)
    assert story.state.comments == ()


def test_comments_survive_a_restart(tell):
    story = tell(broken("bad")).goal()
    story.at_gate("result")
    story.submit(p.AddComment(COMMENT))
    story.watcher.wait(lambda: story.state.comments)
    story.close()
    again = tell(broken())
    assert again.state.comments == (COMMENT,)


def test_an_approval_keeps_comments_out_of_the_commit_and_an_empty_one_is_refused(tell):
    story = tell(broken("good")).goal()
    gate = story.at_gate("result")
    assert "empty" in refused(story, p.AddComment(p.Comment("c", " \n ", "a.py", 1)))
    story.submit(p.AddComment(COMMENT))
    story.watcher.wait(lambda: story.state.comments)
    story.decide("approve")
    assert story.ended().reached
    assert "Decimal" not in gate.message


def test_from_an_earlier_try_another_future_and_no_check_runs_again_there(tell):
    world = broken("bad", "worse", "bad-2", "good", failing={"worse": ("t::a", "t::b")})
    story = tell(world).goal()
    story.answer("result", "next")
    story.at_gate("result", after=1)
    story.answer("result", "redirect", note="use floats")
    story.at_gate("result", after=2)
    step = story.state.live_step.id
    story.submit(p.GoBack(1, step))
    gate = story.at_gate("result", after=3)
    again = story.state.iteration
    assert (again.n, again.parent, again.origin) == (4, 1, p.Again(1))
    assert gate.token == find_try(story.state, 1).change.tree == "bad"
    assert [t.n for t in lineage(story.state)] == []
    story.answer("result", "redirect", note="use Decimal")
    story.at_gate("result", after=4)
    live = story.state.iteration
    assert (live.n, live.parent) == (5, 4)
    assert [t.n for t in lineage(story.state)] == [4]
    # Both futures are there, and the other one's notes are not this one's past.
    assert [t.n for t in story.state.tries] == [1, 2, 3, 4]
    assert [r.n for r in story.journal.iterations("s")] == [1, 2, 3, 4, 5]


def test_going_back_is_refused_where_there_is_nothing_to_go_back_to(tell):
    story = tell(broken("bad")).goal()
    story.at_gate("result")
    step = story.state.live_step.id
    assert "no try 7" in refused(story, p.GoBack(7, step))
    assert "another goal or plan" in refused(story, p.GoBack(1, "elsewhere"))
    assert "on screen" in refused(story, p.GoBack(1, step))


def test_a_goal_that_ended_goes_on_from_an_earlier_try(tell):
    story = tell(broken("bad", "good")).goal()
    story.answer("result", "next")
    story.answer("result", "stop")
    story.ended()
    story.submit(p.GoBack(2, story.state.plan.steps[0].id))
    story.answer("result", "approve")
    story.watcher.wait(lambda: story.state.ended is not None and story.state.ended.reached)
    assert [x.iteration for x in story.state.landings] == [3]


def landed(tell, **more):
    story = tell(broken("good", **more)).goal()
    story.answer("result", "approve")
    story.ended()
    return story


@pytest.mark.parametrize("how", ["commit", "move"])
def test_a_landing_is_taken_back_and_brought_back_in(tell, how):
    story = landed(tell)
    commit = story.state.landings[0].commit
    story.submit(p.AskUndo())
    gate = story.at_gate("undo")
    assert "changes a.py" in gate.says
    assert gate.undo.commit == commit
    story.answer("undo", "undo", name=how)
    story.watcher.wait(lambda: story.watcher.events(p.TakenBack))
    assert not standing(story.state)
    assert [x.commit for x in taken_back(story.state)] == [commit]
    assert story.state.landings[0].by == ("" if how == "move" else f"undo-of-{commit}")
    assert story.state.base.tree == "undone"
    story.watcher.wait(lambda: story.state.survey is not None)
    story.submit(p.AskUndo(redo=True))
    story.at_gate("undo")
    story.answer("undo", "undo", name="commit")
    story.watcher.wait(lambda: len(story.watcher.events(p.TakenBack)) == 2)
    # Where the branch had moved away, another commit stands for the landing from then on.
    now = commit if how == "commit" else f"redo-of-{commit}"
    assert [x.commit for x in standing(story.state)] == [now]
    assert not taken_back(story.state)


def test_an_undo_can_be_undone(tell):
    story = landed(tell)
    commit = story.state.landings[0].commit
    story.submit(p.AskUndo())
    story.answer("undo", "undo", name="commit")
    story.watcher.wait(lambda: story.watcher.events(p.TakenBack) and story.state.survey)
    story.submit(p.AskUndo(f"undo-of-{commit}"))
    story.answer("undo", "undo", name="commit")
    story.watcher.wait(lambda: len(story.watcher.events(p.TakenBack)) == 2)
    assert [x.commit for x in standing(story.state)] == [commit]


def test_an_undo_that_is_refused_says_why_and_nothing_was_taken_back(tell):
    story = landed(tell)
    story.submit(p.AskUndo())
    story.at_gate("undo")
    story.engine._perform.moved.append(p.Moved("other", ("a.py",), "a.py changed in your files."))
    story.answer("undo", "undo", name="commit")
    gate = story.at_gate("undo", after=story.state.gates - 1)
    story.watcher.wait(lambda: story.state.gate and story.state.gate.allows == ("keep",))
    gate = story.state.gate
    assert "a.py changed in your files." in gate.says
    story.answer("undo", "keep")
    assert story.state.undo is None
    assert len(standing(story.state)) == 1


def test_an_undo_at_a_question_rebuilds_the_change_that_was_asked_about(tell):
    world = broken("good", "other")
    story = tell(world).goal()
    story.answer("result", "approve")
    story.ended()
    story.goal("and more")
    before = story.at_gate("result", after=1)
    story.submit(p.AskUndo())
    story.answer("undo", "keep")
    assert story.at_gate("result", after=2).token == before.token
    story.submit(p.AskUndo())
    story.answer("undo", "undo", name="commit")
    story.watcher.wait(lambda: story.state.gate and story.state.gate.token == "rebuilt-2")
    assert story.state.iteration.origin == p.Rebuilt(2)


def test_undo_is_refused_where_there_is_none(tell):
    story = tell(broken("bad")).goal()
    story.at_gate("result")
    assert "Nothing was landed" in refused(story, p.AskUndo())
    assert "Nothing was taken back" in refused(story, p.AskUndo(redo=True))


def test_a_part_that_fails_says_which_hunk_it_lacks_and_lands_nothing(tell):
    world = broken("good", failing={"subset-of-1": ("t::a",)})
    story = tell(world).goal()
    story.answer("result", "approve", hunks=("a.py#1",))
    gate = story.at_gate("result", after=1)
    assert gate.red
    assert "fails t::a: it needs hunk 2 of a.py, which was left out" in gate.says
    assert not story.state.landings


def test_lines_of_a_hunk_are_a_part(tell):
    story = tell(broken("good")).goal()
    gate = story.at_gate("result")
    for bad in ("a.py#1@x", "nowhere@1"):
        decision = p.Decision(gate.id, gate.token, "approve", hunks=(bad,))
        assert "not part of the change" in refused(story, p.Decide(decision))
    story.answer("result", "approve", hunks=("a.py#1@0-1", "a.py#2"))
    assert story.ended().reached
    assert story.state.landings[0].iteration == 2


def test_an_added_test_that_passes_without_the_change_is_no_evidence(tell):
    world = broken("good", added={"good": ("t::new", "t::idle")}, idle=("t::idle",))
    world.paths = ("tests/test_a.py",)
    story = tell(world).goal()
    gate = story.at_gate("result")
    assert story.state.iteration.red.shown == ("t::new",)
    assert "No evidence: t::idle passes without it too." in gate.says
    assert "t::idle passes without it too: no evidence" in gate.message


def test_what_meets_the_base_is_settled_by_the_person_or_by_the_proposer(tell):
    world = broken("good", "good-2", moved=[p.Moved("other", ())], conflicts={"build:2"})
    story = tell(world).goal()
    story.answer("result", "approve")
    story.answer("moved", "rebuild")
    gate = story.at_gate("stuck")
    assert gate.conflict.paths == ("a.py",)
    assert "edit" in gate.allows
    story.decide("edit", files=(p.EditedFile("a.py", b"settled"),))
    gate = story.at_gate("result", after=gate.id and story.state.gates)
    assert story.state.iteration.origin.of == 2
    assert "edited by hand" in gate.message


def test_uncommitted_work_is_merged_only_into_what_was_approved(tell):
    away = p.Moved("c0ffee", ("a.py",), "a.py changed in your files.", ("a.py",))
    world = broken("good", moved=[away])
    story = tell(world).goal()
    gate = story.at_gate("result")
    story.decide("approve", message="mine")
    gate = story.at_gate("moved")
    assert gate.allows == ("merge", "rebuild", "stop")
    story.decide("merge")
    assert story.ended().reached
    (action,) = {e.action for e in story.watcher.events(p.Started) if "land" in e.action.id
                 and e.action.merge}  # fmt: skip
    assert action.message == "mine"


def test_an_option_never_approves_what_stands_apart(tell):
    story = tell(broken("good")).goal()
    gate = story.at_gate("result")
    live = story.state.iteration
    files = tuple(replace(f, outside_scope=True) for f in live.change.files)
    risky = replace(live, change=replace(live.change, files=files))
    state = replace(story.state, iteration=risky)
    decision = p.Decision(gate.id, gate.token, "approve", by="option")
    with pytest.raises(NotNow, match="only a person"):
        admit(state, p.Decide(decision), lambda _: state.choice)
    assert admit(state, p.Decide(replace(decision, by="person")), lambda _: state.choice)
