"""Flaky or broken, and by which hunk: what the loop makes of what was found out."""

from __future__ import annotations

import pytest

from core import protocol as p
from core.flakiness import flaky_tests
from core.landings import standing
from tests.fakes.driver import Story
from tests.fakes.world import World

NO_PLAN = p.Options(with_plan=False)


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


def pytest_world(failing, replies, **more) -> World:
    return World(failing=failing, replies=list(replies), **more)


def test_what_fails_on_the_base_now_and_then_asks_for_no_edit(tell):
    world = pytest_world({"base": ("t::f",)}, [], again={("base", "t::f"): (3, 2)})
    story = tell(world, choice=p.Choice("repair", "repair", "a test")).goal()
    ended = story.ended()
    assert ended.reached
    assert "flaky" in ended.says
    assert "t::f (failed 2 of 5 runs)" in ended.says
    assert not any(name.startswith("propose") for name in world.performed)


def test_a_new_failure_that_the_base_has_now_and_then_is_counted_neither_way(tell):
    world = pytest_world(
        {"base": ("t::a",), "good": ("t::f",)},
        ["good"],
        again={("good", "t::f"): (1, 3), ("base", "t::f"): (4, 1)},
    )
    story = tell(world).goal()
    gate = story.at_gate("result")
    assert not gate.red
    assert story.state.iteration.verdict.flaky == ("t::f",)
    assert "Flaky on the base too, counted neither way: t::f failed 1 of 5 runs." in gate.says
    story.decide("approve")
    assert story.ended().reached
    assert standing(story.state)


def test_what_the_change_makes_unsteady_stays_its_failure(tell):
    world = pytest_world(
        {"base": ("t::a",), "bad": ("t::f",)},
        ["bad"],
        again={("bad", "t::f"): (2, 2), ("base", "t::f"): (17, 0)},
    )
    story = tell(world).goal()
    gate = story.at_gate("result")
    assert gate.red
    assert flaky_tests(story.state) == ()
    assert "t::f fails in 2 of 4 runs here, never on the base." in gate.says


def test_the_hunk_that_breaks_a_test_is_named_at_the_gate(tell):
    world = pytest_world(
        {"base": ("t::a",), "bad": ("t::x", "t::y")},
        ["bad"],
        blames=(p.Blame("t::x", ("a.py#2",)), p.Blame("t::y", ("a.py#1", "a.py#2"))),
    )
    story = tell(world).goal()
    gate = story.at_gate("result")
    assert "Hunk 2 of a.py breaks t::x" in gate.says
    assert "hunk 1 of a.py and hunk 2 of a.py together break t::y" in gate.says


def test_many_failures_at_once_are_not_taken_for_flakiness(tell):
    many = tuple(f"t::{n}" for n in range(30))
    world = pytest_world({"base": many, "bad": many}, ["bad"])
    story = tell(world).goal()
    story.at_gate("result")
    assert not any(name.startswith(("again", "blame")) for name in world.performed)
