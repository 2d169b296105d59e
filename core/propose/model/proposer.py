"""The proposer that asks a model."""

from __future__ import annotations

import msgspec

from core.context import Context
from core.errors import ActionFailed
from core.propose.base import Brief, Finished
from core.propose.model.call import Call
from core.propose.model.call import ModelSettings as ModelSettings
from core.propose.model.client import ModelClient
from core.propose.model.prompt import Kind, messages
from core.propose.redact import Redactor


class ModelProposer:
    """A `Proposer` that asks a model through the model process."""

    def __init__(self, settings: ModelSettings, client: ModelClient, redact: Redactor) -> None:
        self._settings = settings
        self._client = client
        self._redact = redact

    def prestart(self) -> None:
        """Let the model process load now, so that nobody waits for it later."""
        self._client.prestart()

    def plan(self, brief: Brief, context: Context, action: str) -> Finished:
        return self._answer("plan", brief, context, action)

    def propose(self, brief: Brief, context: Context, action: str) -> Finished:
        return self._answer("change", brief, context, action)

    def close(self) -> None:
        self._client.close()

    def _answer(self, kind: Kind, brief: Brief, context: Context, action: str) -> Finished:
        call = Call(self._settings, self._client, self._redact, context, action, brief.usd_left)
        try:
            try:
                text = call.run(messages(brief, kind))
            except ActionFailed as failed:
                if failed.problem.kind != "context":
                    raise
                call.notice("The request was too long for the model; it is sent again, shorter.")
                text = call.run(messages(_shorter(brief), kind))
        except ActionFailed as failed:
            raise ActionFailed(failed.problem, call.spent.total()) from failed
        return Finished(text, call.spent.total())


def _shorter(brief: Brief) -> Brief:
    """The brief with half of its files and a quarter of its listing and feedback."""
    return msgspec.structs.replace(
        brief,
        files=brief.files[: len(brief.files) // 2],
        listing=brief.listing[: len(brief.listing) // 4],
        feedback=brief.feedback[: max(4000, len(brief.feedback) // 4)],
        previous=brief.previous[-2:],
    )
