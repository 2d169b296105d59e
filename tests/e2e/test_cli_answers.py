"""What options answer at gates, and how a run ends there: tables, without a process."""

from __future__ import annotations

import pytest

from core import protocol as p
from core.state import Ended, Iteration, State
from tui import arguments
from tui.answers import REBUILDS, Leave, answer, ended, without_checks

BASE = p.Base("c" * 40, "b" * 40, "main")
CHECK = p.CheckSpec("pytest", ("pytest", "-q"), "pytest")


def survey(isolation: str = "bubblewrap", checks: tuple[p.CheckSpec, ...] = (CHECK,)) -> p.Survey:
    return p.Survey(
        BASE,
        checks,
        p.Isolation(isolation, "no bubblewrap here."),  # type: ignore[arg-type]
        "/usr/bin/python3",
        "A <a@b>",
        "t" * 64,
        False,
    )


def at_result(*files: p.FileChange, steps: int = 1) -> State:
    change = p.Change("t" * 40, BASE, files or (p.FileChange("a.py", "modified"),), "")
    plan = p.Plan(tuple(p.Step(f"s{n}", "do it") for n in range(steps)))
    live = Iteration(1, "s0", p.Proposed(), 0.0, change=change)
    return State(survey=survey(), iteration=live, plan=plan, count=1)


def gate(kind: p.GateKind, **more: object) -> p.Gate:
    return p.Gate("g:1", kind, "It happened.", (), token="tok", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("approve", ["green", "never"])
@pytest.mark.parametrize(
    ("kind", "more", "decided"),
    [
        ("plan", {}, "approve"),
        ("run", {}, "run"),
        ("result", {"red": True}, "next"),
        ("moved", {}, "rebuild"),
    ],
)
def test_what_options_decide(approve, kind, more, decided):
    found = answer(gate(kind, **more), at_result(), approve)
    assert found == p.Decision("g:1", "tok", decided, by="option")


def test_green_approves_what_is_green():
    found = answer(gate("result"), at_result(), "green")
    assert isinstance(found, p.Decision)
    assert (found.kind, found.confirmed, found.hunks) == ("approve", False, None)


@pytest.mark.parametrize(
    ("apart", "word"),
    [
        (p.FileChange("x.py", "modified", hunks=("h",), outside_scope=True), "the step's scope"),
        (p.FileChange("a_test.py", "modified", hunks=("h",), weakens=("skips it",)), "skips it"),
        (p.FileChange("conftest.py", "added", hunks=("h",), runs_later="x"), "runs code later"),
    ],
)
def test_green_leaves_what_is_set_apart_to_the_person(apart, word):
    found = answer(gate("result"), at_result(p.FileChange("a.py", "modified"), apart), "green")
    assert isinstance(found, Leave)
    assert found.code == 1
    assert word in found.says
    assert apart.path in found.says


def test_never_lands_nothing_and_says_that_it_is_ready():
    found = answer(gate("result"), at_result(steps=3), "never")
    assert isinstance(found, Leave)
    assert found.code == 0
    assert "ready" in found.says
    assert "loopwright show --patch" in found.says
    assert "2 more steps wait" in found.says


@pytest.mark.parametrize("kind", ["plan", "run", "result", "moved", "stuck"])
def test_ask_asks(kind):
    assert answer(gate(kind), at_result(), "ask") is None


@pytest.mark.parametrize("approve", ["green", "never"])
@pytest.mark.parametrize(
    ("isolation", "given", "options"),
    [
        ("bubblewrap", False, ["--trust"]),
        ("none", False, ["--trust", "--no-sandbox"]),
        ("none", True, ["--no-sandbox"]),
    ],
)
def test_trust_is_given_by_its_own_options_alone(approve, isolation, given, options):
    state = State(survey=survey(isolation), options=p.Options(trust_for_run=given))
    found = answer(gate("trust"), state, approve)
    assert isinstance(found, Leave)
    assert found.code == 4
    assert "pytest -q" in found.says
    assert [o for o in ("--trust", "--no-sandbox") if o in found.says] == options
    assert answer(gate("trust"), state, "ask") is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, 1),
        ({"cap": True}, 3),
        ({"problem": p.Problem("budget", "")}, 3),
        ({"problem": p.Problem("key", "")}, 2),
        ({"problem": p.Problem("model", "")}, 2),
        ({"problem": p.Problem("config", "")}, 2),
        ({"problem": p.Problem("network", "")}, 1),
    ],
)
def test_how_a_stuck_run_ends(more, code):
    found = answer(gate("stuck", **more), at_result(), "green")
    assert found == Leave(code, "It happened.")


def test_a_change_is_not_rebuilt_for_ever():
    found = answer(gate("moved"), at_result(), "green", REBUILDS)
    assert isinstance(found, Leave)
    assert found.code == 1


@pytest.mark.parametrize(
    ("how", "code"),
    [(None, None), (Ended(True, False, ""), 0), (Ended(True, True, ""), 0),
     (Ended(False, True, ""), 3), (Ended(False, False, ""), 1)],
)  # fmt: skip
def test_how_a_goal_ends(how, code):
    assert ended(State(ended=how)) == code


def test_without_checks_nothing_is_approved():
    assert without_checks(State()) is None
    assert without_checks(State(survey=survey())) is None
    leave = without_checks(State(survey=survey(checks=())))
    assert leave is not None
    assert leave.code == 2
    assert "--check" in leave.says


class TestArguments:
    def test_help_names_every_option_of_every_command(self):
        text = arguments.full_help()
        for command in arguments.COMMANDS:
            assert f"loopwright {command}" in text
            for option in arguments._parser(command)._option_string_actions:
                assert option in text
        for option in arguments._parser("workbench")._option_string_actions:
            assert option in text
        assert "130" in text
        assert max(map(len, text.splitlines())) <= 100

    @pytest.mark.parametrize(
        ("argv", "command"),
        [
            ([], "workbench"),
            (["."], "workbench"),
            (["./demo"], "workbench"),
            (["--goal", "run"], "workbench"),
            (["demo"], "demo"),
            (["run", "demo"], "run"),
            (["log"], "log"),
        ],
    )
    def test_the_first_word_decides(self, argv, command):
        assert arguments.parse(argv).command == command

    def test_options_may_stand_anywhere(self):
        found = arguments.parse(["run", "--trust", "fix it", "--check", "a b", "--check", "c"])
        assert (found.goal, found.trust, found.checks) == ("fix it", True, ["a b", "c"])

    @pytest.mark.parametrize(
        ("argv", "says"),
        [
            (["run"], "GOAL"),
            (["run", "x", "--modle", "y"], "did you mean --model?"),
            (["run", "x", "--aprove", "green"], "did you mean --approve?"),
            (["run", "x", "--approve", "all"], "'ask', 'green', 'never'"),
            (["run", "x", "--budget", "-1"], "number of dollars"),
            (["run", "x", "--budget", "inf"], "number of dollars"),
            (["run", "x", "--max-iterations", "0"], "whole number"),
            (["run", "x", "--model", "a", "--proposer", "repair"], "not allowed with"),
            (["show", "-3"], "loopwright show --help"),
            (["a", "b"], "loopwright --help"),
            (["--trus"], "did you mean --trust?"),
        ],
    )
    def test_what_is_wrong_is_said(self, argv, says):
        from core.errors import UsageError

        with pytest.raises(UsageError) as caught:
            arguments.parse(argv)
        assert says in str(caught.value)
