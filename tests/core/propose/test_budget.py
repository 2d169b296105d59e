from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionFailed
from core.propose.model.budget import FEWEST_TOKENS, Prices, is_loopback, most_tokens, reserve
from core.propose.redact import Redactor, is_secret_name

DEAR = Prices("openai", usd_in=1e-5, usd_out=1e-4, max_out=8000)


@given(st.text(max_size=4000), st.integers(1, 50_000), st.floats(0, 3))
def test_what_is_reserved_never_passes_the_cap(prompt: str, wanted: int, left: float) -> None:
    try:
        reserved = reserve(DEAR, prompt, wanted, left)
    except ActionFailed as failed:
        assert failed.problem.kind == "budget"  # noqa: PT017
        assert DEAR.usd(most_tokens(prompt), min(FEWEST_TOKENS, wanted, DEAR.max_out)) > left
    else:
        assert reserved.usd <= left
        assert 0 < reserved.max_tokens <= min(wanted, DEAR.max_out)
        assert reserved.usd == DEAR.usd(reserved.tokens_in, reserved.max_tokens)


def test_without_a_cap_the_wanted_length_is_paid() -> None:
    assert reserve(DEAR, "x", 500, None).max_tokens == 500


@pytest.mark.parametrize(
    ("provider", "base", "free"),
    [
        ("openai", "http://127.0.0.1:8000/v1", True),
        ("openai", "http://localhost/v1", True),
        ("openai", "http://[::1]:1/v1", True),
        ("openai", "http://127.0.0.1.evil.example/v1", False),
        ("openai", "https://gateway.example/v1", False),
        ("openai", "", False),
        ("ollama_chat", "", True),
        ("ollama_chat", "https://ollama.example", False),
    ],
)
def test_only_what_runs_here_is_free(provider: str, base: str, free: bool) -> None:
    prices = msgspec.structs.replace(DEAR, provider=provider, api_base=base)
    assert prices.free == free
    assert (prices.usd(1000, 1000) == 0) == free
    assert is_loopback(base) == (free and bool(base))


def test_secrets_are_replaced_by_their_names_the_longest_first() -> None:
    env = {
        "OPENAI_API_KEY": "sk-abcdefgh",
        "LONG_TOKEN": "sk-abcdefgh-and-more",
        "SHORT_TOKEN": "abc",
        "EDITOR": "vim-is-long-enough",
        "db_password": "hunter2hunter2",
    }
    redact = Redactor(env)
    assert redact(
        "a sk-abcdefgh-and-more b sk-abcdefgh c abc vim-is-long-enough hunter2hunter2"
    ) == (
        "a [redacted LONG_TOKEN] b [redacted OPENAI_API_KEY] c abc vim-is-long-enough"
        " [redacted db_password]"
    )
    assert Redactor({})("same") == "same"
    assert is_secret_name("AWS_SECRET_ACCESS_KEY")
    assert not is_secret_name("KEYBOARD")
