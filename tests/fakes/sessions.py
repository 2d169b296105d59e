"""Journals with sessions in them, written without an engine: what a store has to keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from core import protocol as p
from core.fold import fold
from core.journal import Journal
from core.state import State

CHECK = p.CheckSpec("pytest", ("pytest",), "pytest", "given")
DAY = 86_400.0
NOW = 1_800_000_000.0


def write(
    journal: Journal, session: str, events: Iterable[p.AnyEvent], *, at: float = NOW
) -> State:
    """Appends events one second apart, as the engine would."""
    state = replace(journal.load(session), session=session)
    for n, event in enumerate(events):
        entry = p.Entry(state.seq + 1, at + n, event)
        after = fold(state, entry)
        journal.append(state, entry, after)
        state = after
    return state


def opened(session: str, repository: str = "/repo") -> p.SessionOpened:
    choice = p.Choice("repair", "repair", "")
    return p.SessionOpened(session, repository, p.Options(with_plan=False), choice, "1")


def survey(base: p.Base) -> p.Survey:
    return p.Survey(base, (CHECK,), p.Isolation("none"), "python3", "A <a@b>", "h", True)


def result(
    journal: Journal, tree: str, failing: Sequence[str] = (), *, output: bytes = b""
) -> p.CheckResult:
    """Evidence whose output and records are in the store."""
    tests = tuple(p.TestRecord(t, "failed", "assert 1 == 2") for t in failing)
    return p.CheckResult(
        "pytest", tree, "fail" if failing else "pass", ("pytest",), int(bool(failing)), "env",
        counts={"passed": 3, "failed": len(failing)}, failing=tests,
        records=journal.blobs.put(b'{"tests":[]}' + tree.encode()),
        output=journal.blobs.put(output or f"output of {tree}".encode()),
    )  # fmt: skip


def tried(
    journal: Journal,
    session: str,
    goal: str = "make it work",
    *,
    tree: str = "t1",
    path: str = "a.py",
    repository: str = "/repo",
    ends: bool = True,
    note: str = "",
) -> list[p.AnyEvent]:
    """A session of one goal and one green try, ended by hand or left at its gate."""
    base = p.Base("c0", "t0", "main")
    patch = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-1\n+{tree}\n"
    file = p.FileChange(path, "modified", 1, 1, hunks=("h1",))
    change = p.Change(tree, base, (file,), journal.blobs.put(patch.encode()))
    on_base, on_tree = (p.RunCheck(f"check:{t}", CHECK, t, base) for t in ("t0", tree))
    reply = p.Reply(journal.blobs.put(f"reply {tree}".encode()), "because", p.Usage(5, 6, 0.01, 2))
    verdict = p.Verdict("green", "1 failure fixed, none left.", (f"tests/test_{tree}.py::test_x",))
    gate = p.Gate("result:1", "result", "It is green.", ("approve", "stop"), 1, tree)
    events: list[p.AnyEvent] = [
        opened(session, repository),
        p.GoalSet(goal),
        p.Started(p.TakeSurvey("survey")),
        p.Surveyed("survey", survey(base)),
        p.Started(on_base),
        p.CheckFinished(on_base.id, result(journal, "t0", ("t::x",))),
        p.Started(p.MakePlan("plan")),
        p.PlanProposed("plan", p.Plan((p.Step("s1", "do it"),)), replace(reply, usage=p.Usage())),
        *((p.NoteQueued(note),) if note else ()),
        p.Started(p.Propose("propose:1", 1)),
        p.ProposalMade("propose:1", reply),
        p.Started(p.Build("build:1", 1, p.Proposed())),
        p.ChangeBuilt("build:1", change),
        p.Started(on_tree),
        p.CheckFinished(on_tree.id, result(journal, tree)),
        p.Started(p.Judge("judge:1", 1)),
        p.Judged("judge:1", verdict),
        p.GateOpened("gate:1", gate),
    ]
    if ends:
        events += [
            p.Decided(p.Decision(gate.id, tree, "stop")),
            p.GoalEnded("finish", False, False, "You stopped it."),
        ]
    return events


def landing_begun(session_events: list[p.AnyEvent], tree: str = "t1") -> list[p.AnyEvent]:
    """The same, killed in the middle of its landing."""
    kept = [e for e in session_events if not isinstance(e, p.Decided | p.GoalEnded)]
    change = next(e.change for e in kept if isinstance(e, p.ChangeBuilt))
    intent = p.LandingIntent("refs/heads/main", "c0" * 20, "c1" * 20, (), "token", "/stage")
    return [
        *kept,
        p.Decided(p.Decision("result:1", tree, "approve")),
        p.Started(p.Land("land:1", 1, change, "It works")),
        p.LandingPrepared("land:1", intent),
    ]


def folder_of(state_home: Path, root: Path) -> Path:
    from core.places import ensure, repository_path

    return ensure(repository_path({"XDG_STATE_HOME": str(state_home)}, root))
