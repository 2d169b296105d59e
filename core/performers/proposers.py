"""The proposers of a session: each made when first needed, the model's process ahead of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.checks.pytest_trial import PytestTrial
from core.checks.runner import Runner
from core.config import Settings
from core.journal import Journal
from core.propose.base import Proposer
from core.propose.model.client import ModelClient
from core.propose.model.proposer import ModelProposer, ModelSettings
from core.propose.redact import Redactor
from core.propose.repair.proposer import RepairProposer
from core.propose.script import ScriptProposer
from core.protocol import Choice, PlanProposed, ProposalMade, ReplyFailed, Tree
from core.repo.scope import in_scope
from core.state import State


class Proposers:
    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        lab: Callable[[Tree], Path],
        runner: Callable[[], Runner],
    ) -> None:
        """`lab` gives a private folder with a tree checked out, `runner` what checks run with."""
        self._settings, self._journal = settings, journal
        self._lab, self._runner = lab, runner
        self._made: dict[tuple[str, str], Proposer] = {}

    def prestart(self, choice: Choice) -> None:
        """Start what is slow to start, so that it never shows."""
        if choice.kind == "model":
            self._model(choice).prestart()

    def chosen(self, choice: Choice, state: State) -> Proposer:
        key = (choice.kind, choice.name)
        if key not in self._made:
            self._made[key] = self._make(choice, state)
        return self._made[key]

    def _make(self, choice: Choice, state: State) -> Proposer:
        match choice.kind:
            case "model":
                return self._model(choice)
            case "script":
                plans, changes = self._answered(state.session)
                return ScriptProposer(Path(choice.name), plans, changes)
            case "repair":
                return self._repair(state)

    def _answered(self, session: str) -> tuple[int, int]:
        """How many plans and changes this session has had, in earlier processes too."""
        actions = [
            e.event.action
            for e in self._journal.entries(session)
            if isinstance(e.event, PlanProposed | ProposalMade | ReplyFailed)
        ]
        plans = sum(a.startswith("plan:") for a in actions)
        return plans, len(actions) - plans

    def _repair(self, state: State) -> RepairProposer:
        check = next((c for c in state.checks if c.reader == "pytest"), None)
        if check is None:
            trial = PytestTrial(self._runner())
        else:
            trial = PytestTrial(self._runner(), check.argv)
        return RepairProposer(self._lab, trial, in_scope)

    def refurnished(self) -> None:
        """Checks run elsewhere, or otherwise, than before: whoever runs them is made anew."""
        for key in [k for k in self._made if k[0] == "repair"]:
            self._made.pop(key).close()

    def _model(self, choice: Choice) -> ModelProposer:
        key = (choice.kind, choice.name)
        made = self._made.get(key)
        if not isinstance(made, ModelProposer):
            env, timeouts = self._settings.env, self._settings.person.timeouts
            own = self._settings.person.prices.get(choice.name)
            asked = ModelSettings(
                choice.name,
                gap=timeouts.chunk,
                total=timeouts.request,
                price=own.per_token if own else None,
            )
            made = ModelProposer(asked, ModelClient(env), Redactor(env))
            self._made[key] = made
        return made

    def close(self) -> None:
        for proposer in self._made.values():
            proposer.close()
        self._made.clear()
