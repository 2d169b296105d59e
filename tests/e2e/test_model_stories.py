"""The loop with the real litellm, in its own process, against a loopback server."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from core import protocol as p
from core.edits.format import render
from tests.fakes.openai_server import Answer, OpenAIServer
from tests.fakes.repos import git, snapshot
from tests.fakes.stage import FAILING, GOAL, Stage, edit, shop

KEY = "sk-test-0123456789abcdef"
WRONG = render("Round to one digit.", (edit("+ 0.01, 2", "+ 0.02, 1"),))
RIGHT = render("Nothing is to be added.", (edit(" + 0.01", ""),))


@pytest.fixture
def server():
    with OpenAIServer() as it:
        yield it


@pytest.fixture
def stage(tmp_path, server):
    made = []

    def start(*answers, **more):
        server.script(*answers)
        env = {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": server.base_url}
        options = more.pop("options", p.Options(with_plan=False, trust_for_run=True))
        it = Stage(
            shop(tmp_path / "shop"),
            tmp_path / "home",
            proposer="model:openai/test-model",
            options=options,
            env=env,
            forgetful=more.pop("forgetful", True),
            **more,
        )
        made.append(it)
        return it

    yield start
    for it in made:
        it.close()


def asked(server: OpenAIServer, n: int) -> str:
    return "\n".join(m["content"] for m in server.wait_for(n)["messages"])


@pytest.mark.parametrize("forgetful", [False, True], ids=["", "forgetful"])
def test_wrong_edit_red_check_feedback_right_edit_gate_approve_commit(
    stage, forgetful, server, tmp_path
):
    options = p.Options(level="green", with_plan=False, trust_for_run=True)
    it = stage(Answer(WRONG), Answer(RIGHT), options=options, forgetful=forgetful)
    before = snapshot(it.repo)
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red
    assert it.state.count == 2
    first, second = asked(server, 1), asked(server, 2)
    assert "def total(prices):" in first
    assert FAILING in second
    assert "assert 3.8 == 3.75" in second, second
    assert "+ 0.02, 1" in second  # what was tried
    assert snapshot(it.repo) == before
    it.decide("approve", gate)
    assert it.ended().reached
    assert "openai/test-model" in git(it.repo, "log", "-1", "--format=%B")
    assert it.state.spent.tokens_in > 0
    it.close()
    home = tmp_path / "home"
    everything = b"".join(f.read_bytes() for f in home.rglob("*") if f.is_file())
    assert KEY.encode() not in everything
    assert KEY not in first + second


def test_a_redirect_note_reaches_the_next_request(stage, server):
    it = stage(Answer(WRONG), Answer(RIGHT))
    it.goal(GOAL).answer("result", "redirect", note="prices are exact: adjust nothing")
    it.at_gate("result", after=1)
    assert "prices are exact: adjust nothing" in asked(server, 2)
    assert "prices are exact" not in asked(server, 1)


def test_a_note_queued_in_mid_stream_goes_into_the_next_request(stage, server):
    go = threading.Event()
    slow = Answer(WRONG, hold=go)
    it = stage(slow, Answer(RIGHT))
    it.goal(GOAL)
    it.watcher.wait(lambda: slow.streaming.is_set() and streamed(it))
    it.submit(p.QueueNote("mind the cents"))
    it.watcher.wait(lambda: it.state.notes)
    go.set()
    it.answer("result", "next")
    it.at_gate("result", after=1)
    assert "mind the cents" in asked(server, 2)


def streamed(it: Stage) -> str:
    return "".join(d.text for d in it.watcher.deltas if isinstance(d, p.Streamed))


def test_a_reject_throws_the_change_away_and_says_so(stage, server):
    it = stage(Answer(WRONG), Answer(RIGHT))
    it.goal(GOAL).answer("result", "reject")
    assert not it.at_gate("result", after=1).red
    assert "rejected" in asked(server, 2)


def test_an_interrupt_in_mid_stream_ends_the_request_and_applies_nothing(stage, server):
    slow = Answer(RIGHT, hold=threading.Event())
    it = stage(slow, Answer(RIGHT))
    before = snapshot(it.repo)
    it.goal(GOAL)
    it.watcher.wait(lambda: slow.streaming.is_set() and streamed(it))
    it.submit(p.Cancel())
    it.at_gate("stuck")
    assert slow.gone.wait(10)
    assert it.state.iteration.change is None
    assert snapshot(it.repo) == before
    it.answer("stuck", "next")
    assert not it.at_gate("result").red


def test_a_reply_cut_off_in_mid_edit_is_never_applied(stage):
    half = RIGHT[: RIGHT.index("REPLACE")]
    it = stage(Answer(half), Answer(half, cut=True), Answer(RIGHT))
    it.goal(GOAL)
    gate = it.at_gate("result")
    assert not gate.red
    rows = it.session.reader.iterations()
    assert [r.problem.kind for r in rows[:2]] == ["cut off", "network"]
    assert all(r.change is None for r in rows[:2])


def test_a_malformed_edit_becomes_feedback(stage, server):
    unknown = render("x", (replace(edit(" + 0.01", ""), search="no such line\n"),))
    it = stage(Answer("I would rather chat."), Answer(unknown), Answer(RIGHT))
    it.goal(GOAL).at_gate("result")
    assert it.state.count == 3
    assert "could not be used" in asked(server, 2)
    assert "no such line" in asked(server, 3)


def test_a_wrong_key_asks_the_person_and_names_no_key(stage):
    it = stage(Answer(status=401, error={"message": f"bad key {KEY}", "code": "invalid_api_key"}))
    it.goal(GOAL)
    gate = it.at_gate("stuck")
    assert gate.problem.kind == "key"
    assert KEY not in gate.says


def test_a_plan_is_made_by_the_model_and_its_steps_land_one_by_one(stage, server):
    plan = (
        "First one thing.\n```json\n"
        '{"steps": [{"intent": "add nothing", "scope": ["cart.py"],'
        f' "needs": [{{"check": "pytest", "test": "{FAILING}"}}]}}]}}\n```\n=== END: 1 steps ===\n'
    )
    it = stage(Answer(plan), Answer(RIGHT), options=p.Options(trust_for_run=True))
    it.goal(GOAL)
    it.watcher.wait(lambda: it.state.gate)
    assert it.state.gate.kind == "plan", (it.state.gate.says, asked(server, 1)[-3000:])
    it.answer("plan", "approve").answer("result", "approve")
    assert it.ended().reached
    assert git(it.repo, "log", "-1", "--format=%s") == "add nothing"
