"""A world without disk, model or tools: performers whose answers a test writes down.

Trees are named by their content ("base", "tree-1"); a check's verdict on a tree is looked up in
`failing`, so evidence depends on the tree alone, as it does in a real world.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from core import protocol as p
from core.errors import ActionFailed
from core.flakiness import flaky_tests
from core.state import State, find_try

BASE = p.Base("c0ffee", "base", "main")
PYTEST = p.CheckSpec("pytest", ("pytest",), "pytest")
CONFLICT = p.Conflict("marked", ("a.py",))


def change_to(tree: str, base: p.Base = BASE, *paths: str) -> p.Change:
    files = tuple(
        p.FileChange(path, "modified", 1, 1, hunks=(f"{path}#1", f"{path}#2"))
        for path in (paths or ("a.py",))
    )
    return p.Change(tree, base, files, patch="")


@dataclass
class World:
    failing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tree → ids of the tests that fail on it."""
    replies: list[str | p.Problem] = field(default_factory=list)
    """What proposals build: the name of a tree, or a problem."""
    plan: p.Plan | None = None
    trusted: bool = True
    checks: tuple[p.CheckSpec, ...] = (PYTEST,)
    moved: list[p.Moved] = field(default_factory=list)
    """Answers of landings, in order; a landing succeeds once they are used up."""
    added: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tree → ids of the tests that it has and the base has not."""
    again: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """Tree and test → how often it passes and fails when it is run again; else it always fails."""
    blames: tuple[p.Blame, ...] = ()
    idle: tuple[str, ...] = ()
    """Those of the added tests that pass without the change."""
    conflicts: set[str] = field(default_factory=set)
    """Ids of builds that meet what the base holds."""
    paths: tuple[str, ...] = ("a.py",)
    """What every change touches."""
    hold: dict[str, threading.Event] = field(default_factory=dict)
    """Action kind → performers of that kind wait for this, or for cancellation."""
    seen_notes: list[tuple[str, ...]] = field(default_factory=list)
    performed: list[str] = field(default_factory=list)

    def __call__(self, action: p.AnyAction, state: State, run: p.AnyAction) -> p.AnyEvent | None:
        kind = type(action).__name__
        self.performed.append(action.id)
        if kind in self.hold:
            while not self.hold[kind].is_set() and not run.wait_cancelled(0.005):
                pass
            run.check()
        answer: Callable[..., p.AnyEvent | None] = getattr(self, f"do_{kind}")
        return answer(action, state, run)

    def do_TakeSurvey(self, a, s, run):
        commit = s.landings[-1].commit if s.landings else BASE.commit
        tree = s.base.tree if s.base and s.landings else BASE.tree
        base = p.Base(commit, tree, "main")
        survey = p.Survey(
            base, self.checks, p.Isolation("bubblewrap"), "python3", "A <a@b>", "hash", self.trusted
        )
        return p.Surveyed(a.id, survey)

    def do_KeepTrust(self, a, s, run):
        return p.TrustKept(a.id)

    def do_RunCheck(self, a, s, run):
        return p.CheckFinished(a.id, self.result(a.tree, a.check.name))

    def result(self, tree: str, check: str = "pytest") -> p.CheckResult:
        bad = self.failing.get(tree, ())
        tests = tuple(p.TestRecord(t, "failed", f"assert on {tree}") for t in bad)
        verdict = "fail" if bad else "pass"
        return p.CheckResult(check, tree, verdict, counts={"failed": len(bad)}, failing=tests)

    def do_MakePlan(self, a, s, run):
        if not s.options.with_plan or self.plan is None:
            needs = tuple(p.Need("pytest", t) for t in self.failing.get("base", ()))
            plan = p.Plan((p.Step("s1", s.goal, (), needs),))
        else:
            plan = self.plan
        return p.PlanProposed(a.id, plan, p.Reply("", "because"))

    def do_Propose(self, a, s, run):
        self.seen_notes.append(s.iteration.notes)
        run.record(p.Reserved(a.id, 0.25))
        if not self.replies:
            raise ActionFailed(p.Problem("not found", "no more replies"))
        if isinstance(self.replies[0], p.Problem):
            raise ActionFailed(self.replies.pop(0), p.Usage(usd=0.01))
        usage = p.Usage(10, 5, 0.01, 0.1)
        return p.ProposalMade(a.id, p.Reply("", "because", usage))

    def do_Build(self, a, s, run):
        if a.id in self.conflicts:
            return p.BuildFailed(a.id, p.Problem("conflict", "both changed a.py"), CONFLICT)
        match a.origin:
            case p.Proposed():
                tree = self.replies.pop(0)
            case p.Subset():
                tree = f"subset-of-{a.origin.of}"
            case p.Edited():
                tree = f"edit-of-{a.origin.of}"
            case p.Rebuilt():
                tree = f"rebuilt-{a.origin.of}"
            case p.Again():
                tree = find_try(s, a.origin.of).change.tree
        return p.ChangeBuilt(a.id, change_to(tree, s.base, *self.paths))

    def do_Judge(self, a, s, run):
        tree = s.iteration.change.tree
        nobodys = flaky_tests(s)
        before, now = (set(self.failing.get(t, ())) - {*nobodys} for t in (s.base.tree, tree))
        wanted = {n.test for n in s.live_step.needs}
        new, left = now - before, now & wanted
        kind = "green" if not new and not left else "better" if before - now else "same"
        says = f"{len(before - now)} fixed, {len(left)} left, {len(new)} new."
        verdict = p.Verdict(
            kind, says, tuple(sorted(before - now)), tuple(sorted(new)), tuple(sorted(left)),
            signature=",".join(sorted(now)), added=self.added.get(tree, ()),
            flaky=nobodys,
        )  # fmt: skip
        return p.Judged(a.id, verdict)

    def do_RunAgain(self, a, s, run):
        trees = [a.base.tree, *([a.change.tree] if a.change else [])]
        found = [
            p.Rerun(t, a.check.name, tree, *self.again.get((tree, t), (0, 5)))
            for tree in trees
            for t in a.tests
        ]
        return p.RanAgain(a.id, tuple(found), a.iteration)

    def do_FindBlame(self, a, s, run):
        return p.BlameFound(a.id, self.blames)

    def do_ShowRed(self, a, s, run):
        shown = tuple(t for t in a.added if t not in self.idle)
        return p.RedShown(a.id, shown, tuple(t for t in a.added if t in self.idle))

    def do_FindNeeded(self, a, s, run):
        whole = find_try(s, a.of).change.hunk_ids
        left_out = tuple(h for h in whole if h not in a.taken)
        return p.NeedsFound(a.id, left_out, (*s.iteration.verdict.new, *s.iteration.verdict.left))

    def do_PlanUndo(self, a, s, run):
        newest = s.landings[-1].commit == a.commit
        change = change_to("undone", s.base)
        move_to = BASE.commit if newest else ""
        return p.UndoPlanned(a.id, p.UndoPlan(a.commit, a.redo, change, move_to=move_to))

    def do_TakeBack(self, a, s, run):
        if self.moved:
            return p.LandingRefused(a.id, self.moved.pop(0))
        commit = (
            a.plan.move_to if a.move else f"{'redo' if a.plan.redo else 'undo'}-of-{a.plan.commit}"
        )
        intent = p.LandingIntent("r", "o", commit, (), "", "", backward=a.move)
        run.record(p.LandingPrepared(a.id, intent))
        return p.TakenBack(a.id, commit, p.Base(commit, "undone", "main"), ("a.py",))

    def do_Land(self, a, s, run):
        if self.moved:
            return p.LandingRefused(a.id, self.moved.pop(0))
        commit = f"commit-{a.iteration}"
        run.record(p.LandingPrepared(a.id, p.LandingIntent("r", "o", commit, (), "", "")))
        base = p.Base(commit, a.change.tree, "main")
        return p.Landed(a.id, commit, base, ("a.py",))

    def do_Watch(self, a, s, run):
        while not run.wait_cancelled(0.05):
            pass
        return
