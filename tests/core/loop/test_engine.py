"""The whole loop without a model, a screen or a sleep; every story also with amnesia."""

from __future__ import annotations

import shutil
import threading

import pytest

from core import protocol as p
from core.fold import fold_all
from core.state import State
from tests.fakes.driver import Story
from tests.fakes.world import PYTEST, World

NO_PLAN = p.Options(with_plan=False)


@pytest.fixture(params=[False, True], ids=["", "forgetful"])
def tell(request, tmp_path):
    stories = []

    def start(world, **kwargs):
        story = Story(tmp_path / "journal", world, forgetful=request.param, **kwargs)
        stories.append(story)
        return story

    yield start
    for story in stories:
        story.close()
        # What was on screen is what the journal says, whatever the story.
        assert fold_all(story.watcher.entries, State(session="s")).seq == story.state.seq


def broken(**more) -> World:
    return World(failing={"base": ("t::a",), "bad": ("t::a",), **more.pop("failing", {})}, **more)


def test_a_wrong_try_then_a_right_one_lands(tell):
    world = broken(replies=["bad", "good"])
    story = tell(world, options=NO_PLAN).goal()
    assert story.at_gate("result").red
    story.answer("result", "next")
    gate = story.at_gate("result")
    assert not gate.red
    assert "1 fixed" in gate.says
    story.decide("approve")
    assert story.ended().reached
    assert [x.commit for x in story.state.landings] == ["commit-2"]
    rows = story.journal.iterations("s")
    assert [(r.n, r.outcome) for r in rows] == [(1, "next"), (2, "landed")]


def test_a_red_result_lands_only_with_the_second_key(tell):
    story = tell(broken(replies=["bad"]), options=NO_PLAN).goal()
    gate = story.at_gate("result")
    story.decide("approve")
    story.watcher.wait(story.watcher.notices)
    assert "not green" in story.watcher.notices()[0]
    assert story.state.gate == gate
    story.decide("approve", confirmed=True)
    assert story.ended().reached
    assert "although not green" in gate.message


def test_a_decision_counts_only_for_what_was_on_screen(tell):
    story = tell(broken(replies=["bad", "good"]), options=NO_PLAN).goal()
    first = story.at_gate("result")
    story.answer("result", "next")
    story.at_gate("result", after=1)
    story.decide("approve", first)
    story.watcher.wait(story.watcher.notices)
    assert "no longer open" in story.watcher.notices()[0]
    current = story.state.gate
    story.engine.submit(p.Decide(p.Decision(current.id, "another tree", "approve")))
    story.watcher.wait(lambda: len(story.watcher.notices()) == 2)
    assert "has changed" in story.watcher.notices()[1]
    assert not story.state.landings


def test_a_redirect_note_reaches_the_next_request(tell):
    world = broken(replies=["bad", "good"])
    story = tell(world, options=NO_PLAN).goal()
    story.at_gate("result")
    story.decide("redirect")
    story.watcher.wait(story.watcher.notices)
    assert "needs a note" in story.watcher.notices()[0]
    story.answer("result", "redirect", note="use Decimal")
    story.at_gate("result", after=1)
    assert world.seen_notes == [(), ("use Decimal",)]
    assert story.state.tries[0].outcome == "redirected"


def test_a_note_queued_in_mid_stream_waits_for_the_next_request(tell):
    go = threading.Event()
    world = broken(replies=["bad", "good"], hold={"Propose": go})
    story = tell(world, options=NO_PLAN).goal()
    story.watcher.wait(lambda: "propose:1" in world.performed)
    story.engine.submit(p.QueueNote("first"))
    story.engine.submit(p.QueueNote("second"))
    story.engine.submit(p.UnqueueNote())
    story.watcher.wait(lambda: story.watcher.events(p.NoteUnqueued))
    go.set()
    story.at_gate("result")
    assert story.state.notes == ("first",)
    story.answer("result", "next")
    story.at_gate("result", after=1)
    assert world.seen_notes == [(), ("first",)]


def test_cancel_in_mid_stream_asks_and_counts_the_reservation_as_spent(tell):
    world = broken(replies=["good"], hold={"Propose": threading.Event()})
    story = tell(world, options=NO_PLAN).goal()
    story.watcher.wait(lambda: "propose:1" in world.performed)
    story.engine.submit(p.Cancel())
    gate = story.at_gate("stuck")
    assert "cancelled" in gate.says
    assert not [a for a in story.state.inflight if isinstance(a, p.Propose)]
    world.hold.clear()
    story.decide("next")
    story.answer("result", "approve")
    assert story.ended().reached
    assert story.journal.iterations("s")[0].outcome == "interrupted"


def test_a_reply_that_comes_after_its_cancellation_is_ignored(tell):
    gate_open = threading.Event()
    late = threading.Event()

    class Slow(World):
        def do_Propose(self, a, s, run):
            if a.iteration == 1:
                run.on_cancel(gate_open.set)
                gate_open.wait(10)
                late.set()
            return super().do_Propose(a, s, run) if a.iteration > 1 else p.ProposalMade(
                a.id, p.Reply("", "too late")
            )  # fmt: skip

    story = tell(Slow(failing={"base": ("t",)}, replies=["good"]), options=NO_PLAN).goal()
    story.watcher.wait(lambda: story.state.running("propose:1"))
    story.engine.submit(p.Cancel())
    story.at_gate("stuck")
    assert late.wait(10)
    story.answer("stuck", "next")
    story.at_gate("result")
    assert story.state.iteration.reply.reasons == "because"


def test_malformed_replies_are_retried_three_times_then_the_person_is_asked(tell):
    bad = p.Problem("malformed", "no end marker", retry=True)
    story = tell(broken(replies=[bad, bad, bad, "good"]), options=NO_PLAN).goal()
    assert "no end marker" in story.at_gate("stuck").says
    assert story.state.count == 3
    story.answer("stuck", "next")
    assert not story.at_gate("result").red


def test_the_same_failure_twice_is_stuck(tell):
    world = World(
        failing={"base": ("t::a",), "bad": ("t::a",), "worse": ("t::a",)}, replies=["bad", "worse"]
    )
    options = p.Options(with_plan=False, level="green")
    story = tell(world, options=options).goal()
    gate = story.at_gate("stuck")
    assert "fails exactly as try 1" in gate.says
    assert "approve" in gate.allows


def test_green_level_goes_on_by_itself_until_green(tell):
    world = World(
        failing={"base": ("a", "b"), "t1": ("a", "b"), "t2": ("b",)}, replies=["t1", "t2", "t3"]
    )
    story = tell(world, options=p.Options(with_plan=False, level="green")).goal()
    story.at_gate("result")
    assert story.state.count == 3


def test_each_level_asks_before_anything_of_the_change_runs(tell):
    world = broken(replies=["good"])
    story = tell(world, options=p.Options(with_plan=False, level="each")).goal()
    story.at_gate("run")
    assert not [a for a in world.performed if a.startswith("check:1")]
    story.answer("run", "run")
    assert not story.at_gate("result").red


def test_the_cap_on_tries_can_be_raised(tell):
    world = World(
        failing={"base": ("a", "b", "c"), "x": ("a", "b"), "y": ("a",)}, replies=["x", "y", "z"]
    )
    options = p.Options(with_plan=False, level="green", max_iterations=2)
    story = tell(world, options=options).goal()
    gate = story.at_gate("stuck")
    assert gate.cap
    story.answer("stuck", "budget", amount=1.0)
    story.answer("result", "approve")
    assert story.ended().reached


def test_untrusted_content_runs_nothing_until_the_person_trusts_it(tell):
    world = broken(replies=["good"], trusted=False)
    story = tell(world, options=NO_PLAN).goal()
    story.at_gate("trust")
    assert world.performed == ["survey:0"]
    story.answer("trust", "trust")
    story.at_gate("result")
    assert "trust:hash" in world.performed


def test_without_checks_nothing_runs_and_nothing_is_called_green(tell):
    class Blind(World):
        def do_Judge(self, a, s, run):
            assert not s.iteration.results
            return p.Judged(a.id, p.Verdict("void", "No checks ran."))

    story = tell(Blind(replies=["good"], trusted=False), options=NO_PLAN).goal()
    story.answer("trust", "without checks")
    assert story.at_gate("result").red


def test_a_plan_is_approved_as_the_person_left_it(tell):
    one = p.Step("s1", "first", (), (p.Need("pytest", "a"),))
    two = p.Step("s2", "second", (), (p.Need("pytest", "b"),))
    world = World(
        failing={"base": ("a", "b"), "t1": ("b",)}, plan=p.Plan((one, two)), replies=["t1", "t2"]
    )
    story = tell(world).goal()
    gate = story.at_gate("plan")
    story.engine.submit(p.Decide(p.Decision(gate.id, gate.token, "approve", plan=p.Plan(()))))
    story.watcher.wait(story.watcher.notices)
    story.answer("plan", "approve", plan=p.Plan((two, one)))
    story.at_gate("result")
    assert story.state.live_step.id == "s2"


def test_every_step_lands_as_its_own_commit_and_evidence_carries_over(tell):
    steps = tuple(p.Step(f"s{i}", f"fix {i}", (), (p.Need("pytest", i),)) for i in "ab")
    world = World(
        failing={"base": ("a", "b"), "t1": ("b",)}, plan=p.Plan(steps), replies=["t1", "t2"]
    )
    story = tell(world).goal()
    story.answer("plan", "approve").answer("result", "approve")
    story.answer("result", "approve")
    assert story.ended().reached
    assert [x.commit for x in story.state.landings] == ["commit-1", "commit-2"]
    # The second step's base is the first step's checked tree: it is not checked again.
    assert [a for a in world.performed if a.startswith("check:base")] == ["check:base:base:pytest"]


def test_a_taken_part_is_built_checked_and_then_landed(tell):
    world = broken(replies=["good"])
    story = tell(world, options=NO_PLAN).goal()
    story.answer("result", "approve", hunks=("a.py#1",))
    story.ended()
    assert [x.commit for x in story.state.landings] == ["commit-2"]
    assert isinstance(story.journal.iterations("s")[1].origin, p.Subset)


def test_a_taken_part_that_fails_lands_nothing(tell):
    world = broken(replies=["good"], failing={"subset-of-1": ("t::a",)})
    story = tell(world, options=NO_PLAN).goal()
    story.answer("result", "approve", hunks=("a.py#1",))
    assert story.at_gate("result", after=1).red
    assert not story.state.landings


def test_the_persons_version_is_checked_like_any_other(tell):
    story = tell(broken(replies=["good"]), options=NO_PLAN).goal()
    story.answer("result", "edit", files=(p.EditedFile("a.py", b"x = 1\n"),))
    gate = story.at_gate("result", after=1)
    assert gate.token == "edit-of-1"


def test_a_moved_base_lands_nothing_and_is_rebuilt_and_checked_again(tell):
    world = broken(replies=["good"], moved=[p.Moved("new-head", ("a.py",), "moved")])
    story = tell(world, options=NO_PLAN).goal()
    story.answer("result", "approve")
    gate = story.at_gate("moved")
    assert gate.moved.paths == ("a.py",)
    assert not story.state.landings
    story.answer("moved", "rebuild")
    gate = story.at_gate("result", after=2)
    assert gate.token == "rebuilt-1"
    story.decide("approve")
    assert story.ended().reached


def test_a_reject_is_told_and_the_loop_goes_on(tell):
    world = broken(replies=["good", "good"])
    story = tell(world, options=NO_PLAN).goal()
    story.answer("result", "reject", note="no")
    story.at_gate("result", after=1)
    assert world.seen_notes[1] == ("no",)
    assert story.state.tries[0].outcome == "rejected"


def test_stop_ends_the_goal_and_a_new_one_may_begin(tell):
    world = broken(replies=["bad", "good"])
    story = tell(world, options=NO_PLAN).goal()
    story.answer("result", "stop")
    assert not story.ended().reached
    story.goal("another")
    story.at_gate("result", after=1)
    assert story.state.goal == "another"
    assert story.state.goal_count == 1


def test_pause_starts_nothing_new(tell):
    go = threading.Event()
    world = broken(replies=["good"], hold={"Propose": go})
    story = tell(world, options=NO_PLAN).goal()
    story.watcher.wait(lambda: "propose:1" in world.performed)
    story.engine.submit(p.SetPaused(True))
    story.watcher.wait(lambda: story.state.paused)
    go.set()
    story.watcher.wait(lambda: story.state.iteration.reply)
    assert not story.state.inflight
    story.engine.submit(p.SetPaused(False))
    story.at_gate("result")


@pytest.mark.parametrize("kind", ["TakeSurvey", "RunCheck", "MakePlan", "Propose", "Build", "Land"])
def test_a_session_goes_on_where_it_was_left(tmp_path, kind):
    """The process ends in the middle of any action; the next one takes it up."""
    world = broken(replies=["good"], hold={kind: threading.Event()})
    story = Story(tmp_path, world, options=NO_PLAN).goal()
    if kind == "Land":
        story.answer("result", "approve")
    story.watcher.wait(
        lambda: story.state.goal and any(type(a).__name__ == kind for a in story.state.inflight)
    )
    copied = tmp_path / "after"
    copied.mkdir()
    # What a kill leaves: the journal's file as it is, and nothing else.
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(tmp_path / name, copied / name)
    world.hold[kind].set()
    story.close()
    again = broken(replies=["good"])
    story = Story(copied, again)
    if kind != "Land":
        story.answer("result", "approve")
    assert story.ended().reached
    story.close()


def test_repair_with_everything_green_has_nothing_to_do(tell):
    story = tell(World(), choice=p.Choice("repair", "repair", "")).goal()
    assert "Already green" in story.ended().says


def test_repair_skips_a_step_that_holds_already(tell):
    steps = tuple(p.Step(f"s{i}", f"fix {i}", (), (p.Need("pytest", i),)) for i in "ab")
    world = World(failing={"base": ("a", "b")}, plan=p.Plan(steps), replies=["both"])
    story = tell(world, choice=p.Choice("repair", "repair", "")).goal()
    story.answer("plan", "approve").answer("result", "approve")
    assert story.ended().reached
    assert story.state.skipped == ("sb",)


def test_a_performer_that_breaks_is_said_and_the_loop_waits(tell):
    class Faulty(World):
        def do_Build(self, a, s, run):
            raise OSError(28, "No space left on device")

    story = tell(Faulty(failing={"base": ("t",)}, replies=["good"]), options=NO_PLAN).goal()
    assert "No space left" in story.at_gate("stuck").says


def test_two_checks_run_in_order_and_both_count(tell):
    ruff = p.CheckSpec("ruff", ("ruff",), "ruff")
    world = broken(replies=["good"], checks=(PYTEST, ruff))
    story = tell(world, options=NO_PLAN).goal()
    story.at_gate("result")
    assert [r.check for r in story.state.iteration.results] == ["pytest", "ruff"]
