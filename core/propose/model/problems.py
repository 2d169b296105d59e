"""What went wrong with a model, in sentences that say what to do next. Pure."""

from __future__ import annotations

from typing import Final

from core.protocol import Problem, ProblemKind
from core.text import clean_line, shorten

RETRIED: Final[frozenset[ProblemKind]] = frozenset({"rate", "server", "network", "timeout"})
"""What is worth another attempt of the same request, if nothing of a reply has come yet."""

_FED_BACK: Final[frozenset[ProblemKind]] = frozenset({"cut off", "empty", "malformed"})

_SAYS: Final[dict[ProblemKind, str]] = {
    "key": "The provider of {model} does not accept the key, or it may not use this model. Set the"
    " right key in the environment, or choose another model.",
    "model": "The model {model} is not known. Name one as litellm does, such as"
    " `openai/gpt-5.5`, with --model.",
    "rate": "The provider of {model} is asked too often.",
    "server": "The provider of {model} has a fault of its own.",
    "network": "The provider of {model} cannot be reached, or the connection broke.",
    "timeout": "{model} said nothing for too long.",
    "context": "The request is too long for {model}. Narrow the scope or the goal, or choose a"
    " model that reads more.",
    "filtered": "The provider of {model} filtered the reply. Say the goal in other words, or choose"
    " another model.",
    "refused": "The provider of {model} refused the request.",
    "cut off": "The reply of {model} was cut off at its longest length. Nothing of it was applied;"
    " smaller edits fit.",
    "empty": "The reply of {model} is empty. If this stays so, its API base may not be right.",
    "malformed": "The reply of {model} cannot be used.",
    "worker": "The model process failed.",
}


def failure(kind: ProblemKind, detail: str, model: str) -> Problem:
    """The problem in our words, with the provider's (already redacted) behind them."""
    says = _SAYS.get(kind, "The request to {model} failed.").format(model=clean_line(model))
    if detail.strip():
        says += f" It says: {shorten(clean_line(detail), 400)}"
    return Problem(kind, says, retry=kind in _FED_BACK)
