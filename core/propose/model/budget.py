"""How much a request may cost at most, before it is sent. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from core.errors import ActionFailed
from core.protocol import Problem, Value

FEWEST_TOKENS: Final = 1024
"""A reply is not asked for when fewer tokens than these could be paid."""

_LOCAL_PROVIDERS: Final = frozenset({"ollama", "ollama_chat"})


class Prices(Value, frozen=True):
    """What is known of a model. Dollars are for one token."""

    provider: str
    api_base: str = ""
    known: bool = True
    """False where the price is unknown, and the dearest known one stands in."""
    usd_in: float = 0.0
    usd_out: float = 0.0
    max_in: int = 0
    """0 where unknown."""
    max_out: int = 0

    @property
    def free(self) -> bool:
        """True where the model runs on this machine."""
        if self.api_base:
            return is_loopback(self.api_base)
        return self.provider in _LOCAL_PROVIDERS

    def usd(self, tokens_in: int, tokens_out: int) -> float:
        return 0.0 if self.free else tokens_in * self.usd_in + tokens_out * self.usd_out


class Reservation(Value, frozen=True):
    usd: float
    tokens_in: int
    max_tokens: int
    """Most tokens that the reply may have."""


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def most_tokens(text: str) -> int:
    """An upper estimate of a text's tokens: two ASCII characters make at least one token's
    worth in practice (code has about 3.5), and other characters one for each byte."""
    size = len(text.encode("utf-8", errors="replace"))
    ascii_size = sum(map(str.isascii, text)) if not text.isascii() else size
    return ascii_size // 2 + (size - ascii_size) + 64


def reserve(prices: Prices, prompt: str, wanted: int, left: float | None) -> Reservation:
    """What to set aside for one request whose reply wants `wanted` tokens.

    The reply is allowed fewer tokens where `left` dollars do not pay for more. Raises
    `ActionFailed("budget")` where even a short reply is too dear.
    """
    tokens_in = most_tokens(prompt)
    tokens = min(wanted, prices.max_out) if prices.max_out else wanted
    usd = prices.usd(tokens_in, tokens)
    if left is None or usd <= left:
        return Reservation(usd, tokens_in, tokens)
    spare = left - prices.usd(tokens_in, 0)
    fewer = int(spare / prices.usd_out) if spare > 0 and prices.usd_out > 0 else 0
    if fewer >= min(FEWEST_TOKENS, tokens):
        return Reservation(prices.usd(tokens_in, fewer), tokens_in, fewer)
    least = prices.usd(tokens_in, min(FEWEST_TOKENS, tokens))
    why = "" if prices.known else " (its price is unknown, so the dearest known one counts)"
    raise ActionFailed(
        Problem(
            "budget",
            f"One request to this model may cost ${least:.3f}{why}, and ${left:.3f} of the budget"
            " is left. Nothing was sent; raise the budget, or choose another model.",
        )
    )
