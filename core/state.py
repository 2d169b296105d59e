"""The session as data: everything that the policy and a front end need to know right now.

Rebuilt from the journal alone by `core.fold.fold`. Only the live step is held here; older
history is a projection of the journal.
"""

from __future__ import annotations

from typing import Literal

from core.protocol import (
    Again,
    AnyAction,
    Base,
    Blame,
    Change,
    CheckResult,
    CheckSpec,
    Choice,
    Comment,
    Conflict,
    Gate,
    LandingIntent,
    Level,
    Moved,
    Need,
    Options,
    Origin,
    Plan,
    Problem,
    Reply,
    Rerun,
    Step,
    Survey,
    Tree,
    UndoPlan,
    Usage,
    Value,
    Verdict,
)

IterationOutcome = Literal[
    "", "landed", "rejected", "redirected", "next", "superseded", "interrupted", "failed", "left"
]


class RedFirst(Value, frozen=True):
    """Tests that a change adds, by what they do without the rest of it."""

    shown: tuple[str, ...]
    """They fail without it: evidence."""
    idle: tuple[str, ...]
    """They pass without it: no evidence."""


class Needs(Value, frozen=True):
    """What a part of a change lacks."""

    hunks: tuple[str, ...]
    """Hunks left out that it needs; () where none were found to be enough."""
    tests: tuple[str, ...]
    """What fails without them."""


class Iteration(Value, frozen=True):
    """One trip round the loop: propose, build, check, judge."""

    n: int
    step: str
    origin: Origin
    started: float
    parent: int = 0
    """The iteration that it goes on from; 0 for the first of a step."""
    notes: tuple[str, ...] = ()
    """What the person said before it was proposed; the proposer was told."""
    proposer: str = ""
    reply: Reply | None = None
    change: Change | None = None
    cleared: bool = False
    """True once the person let its checks run (asked at level "each" only)."""
    runs: int = 0
    """How often the person asked for a fresh run of its checks."""
    results: tuple[CheckResult, ...] = ()
    verdict: Verdict | None = None
    reruns: tuple[Rerun, ...] | None = None
    """What tests did when they failed and were run again; None while they were not."""
    blames: tuple[Blame, ...] | None = None
    """Which hunks break which tests; None while that is not known."""
    red: RedFirst | None = None
    """What its added tests show; None while that is not known."""
    needs: Needs | None = None
    """Why a part is not green; None while that is not known."""
    problem: Problem | None = None
    conflict: Conflict | None = None
    """Where it meets what the base holds now, when that is the problem."""
    outcome: IterationOutcome = ""
    """"" while it is live."""
    commit: str = ""
    usage: Usage = Usage()
    ended: float = 0.0


class Approval(Value, frozen=True):
    """The person's word that an iteration may land."""

    iteration: int
    message: str
    merge: bool = False
    """Uncommitted work in touched files is to be merged into them."""


class Landing(Value, frozen=True):
    """A commit of ours on the person's branch."""

    iteration: int
    """0 for one that takes another back."""
    step: str
    commit: str
    paths: tuple[str, ...]
    undoes: str = ""
    """The landing's commit that this one takes back."""
    gone: bool = False
    """True once it was taken back."""
    by: str = ""
    """The commit that took it back; "" where the branch was moved."""


class Undoing(Value, frozen=True):
    """An undo (or a redo) that was asked for and is not done."""

    commit: str
    redo: bool
    plan: UndoPlan | None = None
    how: Literal["", "commit", "move"] = ""
    """The person's choice; "" while they are asked."""


class Ended(Value, frozen=True):
    reached: bool
    cap: bool
    says: str


class State(Value, frozen=True):
    seq: int = 0
    at: float = 0.0
    session: str = ""
    repository: str = ""
    options: Options = Options()
    choice: Choice = Choice("repair", "repair", "")
    level: Level = "step"
    paused: bool = False
    closed: bool = False

    survey: Survey | None = None
    surveys: int = 0
    trust: Literal["", "trusted", "keep", "without checks"] = ""
    """"keep": trusted by the person just now, not yet remembered."""
    trust_hash: str = ""
    """What `trust` is about; another hash asks again."""

    goal: str = ""
    goals: int = 0
    """How many goals this session has had; ids of actions carry it."""
    base: Base | None = None
    base_results: tuple[CheckResult, ...] = ()
    base_reruns: tuple[Rerun, ...] = ()
    """What the base's failing tests did when they were run again, …"""
    base_again: Tree = ""
    """… and on which tree that was found out."""

    plan: Plan | None = None
    plan_approved: bool = False
    plan_tries: int = 0
    plan_problem: Problem | None = None
    at_step: int = 0
    skipped: tuple[str, ...] = ()
    """Ids of steps that held already."""

    iteration: Iteration | None = None
    tries: tuple[Iteration, ...] = ()
    """Earlier iterations of the live step, oldest first."""
    count: int = 0
    """Iterations in this session: the number of the newest."""
    goal_count: int = 0
    """Iterations proposed for this goal, counted against the cap."""
    max_iterations: int = 8
    budget_usd: float = 1.0

    gate: Gate | None = None
    gates: int = 0
    approval: Approval | None = None
    interrupted: Problem | None = None
    """Why the loop waits for the person although nothing was judged."""
    inflight: tuple[AnyAction, ...] = ()
    notes: tuple[str, ...] = ()
    """Queued for the next request."""

    intent: LandingIntent | None = None
    """A landing that has begun and was not reported as done."""
    landings: tuple[Landing, ...] = ()
    moved: Moved | None = None
    refused: Approval | None = None
    """An approval whose landing was refused because something had moved."""
    comments: tuple[Comment, ...] = ()
    """Not sent yet."""
    undo: Undoing | None = None
    undos: int = 0
    """How many undos were asked for; ids of actions carry it."""

    spent: Usage = Usage()
    reserved: tuple[tuple[str, float], ...] = ()
    """(action, dollars) set aside for requests under way."""
    stopping: str = ""
    """Why the goal is to be ended; "" while it goes on."""
    ended: Ended | None = None

    @property
    def live_step(self) -> Step | None:
        if self.plan is None or self.at_step >= len(self.plan.steps):
            return None
        return self.plan.steps[self.at_step]

    @property
    def checks(self) -> tuple[CheckSpec, ...]:
        """The checks that run in this session."""
        if self.survey is None or self.trust == "without checks":
            return ()
        return self.survey.checks

    @property
    def reserved_usd(self) -> float:
        return sum(usd for _, usd in self.reserved)

    @property
    def money_left(self) -> float:
        return max(0.0, self.budget_usd - self.spent.usd - self.reserved_usd)

    @property
    def idle(self) -> bool:
        """True when a new goal may begin."""
        return not self.goal or self.ended is not None

    def running(self, action_id: str) -> AnyAction | None:
        return next((a for a in self.inflight if a.id == action_id), None)


def find_try(s: State, n: int) -> Iteration | None:
    """Iteration `n` of the live step."""
    every = (*s.tries, *((s.iteration,) if s.iteration else ()))
    return next((t for t in every if t.n == n), None)


def lineage(s: State) -> tuple[Iteration, ...]:
    """The iterations of the live step that led to the live one, oldest first, without it.

    What was tried in another future of an earlier iteration is none of its past.
    """
    if s.iteration is None:
        return s.tries
    known = {t.n: t for t in s.tries}
    found: list[Iteration] = []
    at: Iteration | None = s.iteration
    while at is not None:
        if isinstance(at.origin, Again) and at.origin.of in known:
            at = known[at.origin.of]  # the same change: it stands for itself
        at = known.get(at.parent)
        if at is not None:
            found.append(at)
    return tuple(reversed(found))


def result_for(results: tuple[CheckResult, ...], check: str) -> CheckResult | None:
    return next((r for r in results if r.check == check), None)


def missing(
    checks: tuple[CheckSpec, ...], results: tuple[CheckResult, ...]
) -> tuple[CheckSpec, ...]:
    """The checks that have no result yet, in their order."""
    have = {r.check for r in results}
    return tuple(c for c in checks if c.name not in have)


def holds_on(needs: tuple[Need, ...], results: tuple[CheckResult, ...]) -> bool:
    """Whether every need of polarity "pass" held in these results; False without needs.

    Looks at the listed failures only, so a truncated list counts as not holding.
    """
    if not needs or any(n.polarity != "pass" for n in needs):
        return False
    for need in needs:
        result = result_for(results, need.check)
        if result is None or result.verdict not in ("pass", "fail"):
            return False
        if not need.test:
            if result.verdict != "pass":
                return False
            continue
        failed = result.counts.get("failed", 0) + result.counts.get("error", 0)
        if failed > len(result.failing) or any(
            t.id == need.test or t.id.startswith((need.test + "[", need.test + "::"))
            for t in result.failing
        ):
            return False
    return True
