"""The ledger says of each claim which run showed it; without one it stays asserted."""

from __future__ import annotations

import pytest

from core import protocol as p
from core.ledger import NOTHING_BROKEN, Runs, ledger
from core.state import Iteration, Landing, RedFirst, State
from tests.fakes.repos import git
from tests.fakes.stage import FAILING, GOAL, Stage, change, edit, shop, write_script
from tests.fakes.world import change_to

PASS = p.Need("pytest", "t")
STEP = p.Step("s1", "fix it", (), (PASS, p.Need("ruff")))
TESTS = (p.TestRecord("t", "passed"),)


def result(check="pytest", tree="tree-1", verdict="pass", **more):
    return p.CheckResult(check, tree, verdict, **more)


def records(found: p.CheckResult) -> p.Records:
    return p.Records(TESTS if found.check == "pytest" and found.verdict == "pass" else ())


def entry(seq, event):
    return p.Entry(seq, 100.0 + seq, event)


def told(*tries, entries=(), **more):
    s = State(plan=p.Plan((STEP,)), iteration=tries[-1] if tries else None, **more)
    return ledger(s, tries, Runs(entries), records)


def iteration(n=1, tree="tree-1", **more):
    return Iteration(n, "s1", p.Proposed(), 200.0, change=change_to(tree), **more)


def standings(claims):
    return {c.what: c.standing for c in claims}


def test_a_claim_without_a_run_stays_asserted():
    assert set(standings(told()).values()) == {"asserted"}
    claims = standings(told(iteration(results=(result(),))))
    assert claims == {
        "t (pytest) passes": "held", "ruff passes": "asserted", NOTHING_BROKEN: "asserted",
    }  # fmt: skip


def test_a_claim_names_its_run_tree_time_and_counts():
    ran = result(counts={"passed": 1})
    entries = [
        entry(1, p.CheckFinished("check:1:0:pytest", ran)),
        entry(2, p.CheckFinished("check:2:0:pytest", ran, reused=True)),
    ]
    claim = told(iteration(results=(ran,)), entries=entries)[0]
    assert (claim.run, claim.tree, claim.when) == ("check:1:0:pytest", "tree-1", 101.0)
    assert claim.counts == "1 passed (pass)"


@pytest.mark.parametrize("verdict", ["error", "timeout", "void", "no tests"])
def test_a_run_that_broke_down_shows_nothing(verdict):
    assert told(iteration(results=(result(verdict=verdict),)))[0].standing == "asserted"


def test_an_edit_after_the_run_makes_it_stale():
    before = iteration(results=(result(),), outcome="superseded")
    after = iteration(2, "tree-2", parent=1)
    claim = told(before, after)[0]
    assert (claim.standing, claim.tree) == ("stale", "tree-1")
    # A new run on the new tree ends that.
    again = iteration(2, "tree-2", parent=1, results=(result(tree="tree-2"),))
    assert told(before, again)[0].standing == "held"
    # A result of another tree is none of this one's.
    odd = iteration(2, "tree-2", results=(result(),))
    assert told(odd)[0].standing == "stale"


def test_what_moved_or_was_taken_back_is_stale():
    live = iteration(results=(result(),))
    assert told(live, moved=p.Moved("head", ("a.py",)))[0].standing == "stale"
    landed = iteration(results=(result(),), outcome="landed", commit="c")
    there = (Landing(1, "s1", "c", ("a.py",)),)
    gone = (Landing(1, "s1", "c", ("a.py",), gone=True),)
    assert told(landed, landings=there)[0].standing == "held"
    assert told(landed, landings=gone)[0].standing == "stale"


def test_red_first_and_what_broke():
    verdict = p.Verdict("worse", "x", fixed=("f",), new=("n",))
    live = iteration(results=(result(),), verdict=verdict, red=RedFirst(("r",), ("i",)))
    shown = p.RedShown("red:1:0", ("r",), ("i",), (result(tree="tests-alone"),))
    claims = told(live, entries=[entry(1, shown)])
    assert standings(claims) == {
        "t (pytest) passes": "held",
        "ruff passes": "asserted",
        NOTHING_BROKEN: "failed",
        "f failed on the base and passes": "held",
        "r fails without the change": "held",
        "i fails without the change": "failed",
    }
    assert (claims[-1].tree, claims[-1].run, claims[-1].when) == ("tests-alone", "red:1:0", 101.0)


def test_an_earlier_goals_tries_are_none_of_this_ones():
    goal = p.Entry(9, 300.0, p.GoalSet("another"))
    claims = told(iteration(results=(result(),)), entries=[goal])
    assert set(standings(claims).values()) == {"asserted"}


def of(it: Stage):
    entries = tuple(it.session._journal.entries(it.state.session))
    reader = it.session.reader
    return ledger(it.state, reader.iterations(), Runs(entries), reader.records)


def test_a_real_session_from_asserted_to_held_to_stale_to_landed(tmp_path):
    script = write_script(tmp_path / "s.jsonl", [change("Right.", edit(" + 0.01", ""))])
    options = p.Options(level="each", with_plan=False, trust_for_run=True)
    repo = shop(tmp_path / "shop")
    it = Stage(repo, tmp_path / "home", proposer=f"script:{script}", options=options)
    try:
        it.goal(GOAL).at_gate("run")
        assert {c.standing for c in of(it)} == {"asserted"}
        it.answer("run", "run").at_gate("result")
        (claim, *_) = of(it)
        assert claim.what == f"{FAILING} (pytest) passes"
        assert (claim.standing, claim.run) == ("held", "check:1:0:pytest")
        tree = it.state.iteration.change.tree
        assert claim.tree == tree
        assert claim.when > it.state.iteration.started
        mine = (repo / "cart.py").read_bytes().replace(b" + 0.01", b"") + b"# mine\n"
        it.answer("result", "edit", files=(p.EditedFile("cart.py", mine),)).at_gate("run")
        (claim, *_) = of(it)
        assert (claim.standing, claim.tree) == ("stale", tree)
        it.answer("run", "run").answer("result", "approve")
        assert it.ended().reached
        (claim, *_) = of(it)
        assert claim.standing == "held"
        assert claim.tree == git(repo, "rev-parse", "HEAD^{tree}") != tree
    finally:
        it.close()


def test_show_prints_it(tmp_path):
    from tests.fakes.command import make_person

    person = make_person(tmp_path / "home")
    script = write_script(tmp_path / "s.jsonl", [change("Right.", edit(" + 0.01", ""))])
    repo = shop(tmp_path / "shop")
    argv = ("--proposer", f"script:{script}", "--no-plan", "--trust", "--no-sandbox")
    assert person.loopwright("run", GOAL, "--approve", "green", *argv, cwd=repo).code == 0
    tree = git(repo, "rev-parse", "HEAD^{tree}")[:12]
    session = person.loopwright("log", cwd=repo).out.split()[0]
    held = f"  ✓ held: {FAILING} (pytest) passes · pytest: 2 passed (pass) · tree {tree} · 20"
    said = person.loopwright("show", session, cwd=repo)
    assert (said.code, said.err) == (0, "")
    assert f"step 1: {GOAL}\n{held}" in said.out
    assert held in person.loopwright("show", "1", cwd=repo).out
    assert person.loopwright("show", session[:12], cwd=repo).out == said.out
    assert person.loopwright("show", "no-such-session", cwd=repo).code == 2
    assert person.loopwright("show", session, "--patch", cwd=repo).code == 2
