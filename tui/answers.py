"""What `--approve` answers at a gate, and how a run without a screen ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from core import protocol as p
from core.lanes import apart
from core.state import State

Approve: TypeAlias = Literal["ask", "green", "never"]

REBUILDS = 3
"""How often a change is rebuilt on a base that moved, before the run gives up."""


@dataclass(frozen=True)
class Leave:
    """End the run here, with the gate left as it is: the session can be resumed."""

    code: int
    says: str


Answer: TypeAlias = p.Decision | Leave | None
"""None: the person has to be asked."""


def answer(gate: p.Gate, state: State, approve: Approve, rebuilds: int = 0) -> Answer:
    """The answer that an option gives to `gate`; `rebuilds` were made in this run already."""
    if gate.kind == "trust":
        return None if approve == "ask" else Leave(*_untrusted(state))
    if approve == "ask":
        return None
    match gate.kind:
        case "plan":
            return _decide(gate, "approve")
        case "run":
            return _decide(gate, "run")
        case "result":
            return _result(gate, state, approve)
        case "undo":
            return _decide(gate, "keep")
        case "moved":
            if rebuilds < REBUILDS:
                return _decide(gate, "rebuild")
            return Leave(1, f"{gate.says} It was rebuilt {rebuilds} times, and moved again.")
        case "stuck":
            return Leave(exit_code(gate), gate.says)


def exit_code(gate: p.Gate) -> int:
    """The exit code of a run that ends at this gate without having reached its goal."""
    problem = gate.problem.kind if gate.problem else ""
    if problem in ("key", "model", "config"):
        return 2
    if gate.cap or problem == "budget":
        return 3
    return 4 if gate.kind == "trust" else 1


def ended(state: State) -> int | None:
    """The exit code of a goal that has ended; None while it goes on."""
    if state.ended is None:
        return None
    if state.ended.reached:
        return 0
    return 3 if state.ended.cap else 1


def without_checks(state: State) -> Leave | None:
    """Nothing can become green without a check, so no option may approve anything."""
    if state.survey is None or state.survey.checks:
        return None
    return Leave(
        2,
        "No checks were found here, so nothing could show that a change works. Give one with"
        " --check, for example --check 'pytest -q'. Nothing was changed.",
    )


def _untrusted(state: State) -> tuple[int, str]:
    survey = state.survey
    commands = "; ".join(" ".join(c.argv) for c in survey.checks) if survey else ""
    what = f"These checks of the repository would run: {commands}."
    if survey is None or survey.isolation.kind != "none":
        return 4, f"{what} They are not trusted yet; give --trust to trust them for this run."
    given = "" if state.options.trust_for_run else "--trust and "
    return 4, (
        f"{what} No sandbox works here ({survey.isolation.says or 'none was found'}), so they"
        f" would run with all that you may do; give {given}--no-sandbox if you want that."
    )


def _result(gate: p.Gate, state: State, approve: Approve) -> Answer:
    change = state.iteration.change if state.iteration else None
    if gate.red or change is None:
        return _decide(gate, "next")
    reasons = set_apart(change)
    if approve == "never":
        says = "It is ready, and nothing was landed: `loopwright show --patch` prints it."
        return Leave(0, f"{gate.says} {says}{_steps_left(state)}")
    if reasons:
        return Leave(
            1, f"{gate.says} It was not landed, since {reasons}; look, and decide yourself."
        )
    return _decide(gate, "approve")


def set_apart(change: p.Change) -> str:
    """Why a change is more than an option may approve, in words; "" when it is not."""
    stands = apart(change)
    reasons = [f"{f.path} {stands[h]}" for f in change.files for h in f.hunks if h in stands]
    return ", ".join(dict.fromkeys(reasons))


def _steps_left(state: State) -> str:
    left = len(state.plan.steps) - state.at_step - 1 if state.plan else 0
    if left < 1:
        return ""
    return f" {left} more step{'s wait' if left > 1 else ' waits'} for it to land."


def _decide(gate: p.Gate, kind: p.DecisionKind) -> p.Decision:
    return p.Decision(gate.id, gate.token, kind, by="option")
