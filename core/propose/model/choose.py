"""Which proposer is used when, and why, in words that name keys but never their values."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from core.protocol import Choice
from core.text import clean_line


class Provider(NamedTuple):
    keys: tuple[str, ...]
    """Environment variables, any of which is its key."""
    model: str
    """A sensible default that litellm's price map knows; "" where the person must name one."""


PROVIDERS: Final = (
    Provider(("OPENAI_API_KEY",), "openai/gpt-5.5"),
    Provider(("ANTHROPIC_API_KEY",), "anthropic/claude-sonnet-4-6"),
    Provider(("GEMINI_API_KEY", "GOOGLE_API_KEY"), "gemini/gemini-2.5-pro"),
    Provider(("MISTRAL_API_KEY",), "mistral/mistral-large-latest"),
    Provider(("DEEPSEEK_API_KEY",), "deepseek/deepseek-v4-pro"),
    Provider(("GROQ_API_KEY",), "groq/openai/gpt-oss-120b"),
    Provider(("XAI_API_KEY",), "xai/grok-4.5"),
    Provider(("COHERE_API_KEY", "CO_API_KEY"), "cohere_chat/command-a-03-2025"),
    Provider(("CEREBRAS_API_KEY",), "cerebras/gpt-oss-120b"),
    Provider(("MOONSHOT_API_KEY",), "moonshot/kimi-k2.7-code"),
    Provider(("OPENROUTER_API_KEY",), ""),
    Provider(("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"), ""),
)
OLLAMA: Final = ("127.0.0.1", 11434)


def choose(
    explicit: str | None,
    configured: str | None,
    env: Mapping[str, str],
    ollama: Sequence[str] = (),
) -> Choice:
    """The first that holds: `--model`, the person's configuration, a provider whose key is set,
    a local Ollama that answers (`ollama` are its models), and else the repair proposer.

    A name is "repair", "script:FILE" or a model's name as litellm knows it.
    """
    if explicit:
        return named(explicit, "you named it")
    if configured:
        return named(configured, "your configuration names it")
    for provider in PROVIDERS:
        key = next((name for name in provider.keys if env.get(name, "").strip()), "")
        if key and provider.model:
            return Choice("model", provider.model, f"{key} is set")
    if ollama:
        return Choice(
            "model", f"ollama_chat/{clean_line(ollama[0])}", "no key is set; Ollama answers here"
        )
    return Choice("repair", "repair", _why_repair(env))


def named(name: str, why: str) -> Choice:
    if name == "repair":
        return Choice("repair", "repair", why)
    if name.startswith("script:"):
        return Choice("script", name.removeprefix("script:"), why)
    return Choice("model", name, why)


def keys_set(env: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the providers' keys that are set, in order of preference."""
    return tuple(
        name for provider in PROVIDERS for name in provider.keys if env.get(name, "").strip()
    )


def _why_repair(env: Mapping[str, str]) -> str:
    if unnamed := keys_set(env):
        return f"{unnamed[0]} is set, but its provider has no default; name one with --model"
    return "no provider's key is set, and no Ollama answers here"


def ask_ollama(timeout: float = 0.3, address: tuple[str, int] = OLLAMA) -> tuple[str, ...]:
    """Names of the models that a local Ollama has; empty where none answers in time."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("GET", "/api/tags")
        response = connection.getresponse()
        if response.status != 200:
            return ()
        found = json.loads(response.read(1_000_000))
        return tuple(str(model["name"]) for model in found["models"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ()
    finally:
        connection.close()
