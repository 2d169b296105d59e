"""The model process: the only importer of litellm, and the only place where keys are used.

Run as a file by `core.propose.model.client`, with `-I`, outside of any repository; it imports
nothing of ours. Lines of JSON come on stdin and go to stdout:

    in   {"do": "facts", "id": 1, "model": …, "api_base": …, "tokens": of the prompt, at most}
         {"do": "ask", "id": 2, "model": …, "api_base": …, "messages": […], "max_tokens": …,
          "timeout": seconds without a byte}
    out  {"is": "ready", "version": …}
         {"is": "facts", "id": 1, "provider": …, "api_base": …, "known": …, "usd_in": …, "usd_out":
          …, "max_in": …, "max_out": …}            dollars for one token; "known" false: the dearest
         {"is": "delta", "id": 2, "text": …}
         {"is": "done", "id": 2, "finish": …, "tokens_in": …, "tokens_out": …, "usd": …}
         {"is": "failed", "id": …, "kind": a ProblemKind, "says": …, "wait": seconds or null}

One request runs at a time. It is cancelled by killing the process; end of input ends it too.
"""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

os.environ["LITELLM_MODE"] = "PRODUCTION"  # else its import obeys a `.env` near by
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches prices from the network
_SEND = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
os.dup2(2, 1)  # what a library prints must not look like our protocol

TYPO_USD = 0.0003
"""A price for one token from which on a table's entry is taken for a slip of its unit."""


def send(**message: Any) -> None:
    _SEND.write(json.dumps(message) + "\n")
    _SEND.flush()


def read_requests(requests: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    os._exit(0)  # the workbench is gone: no request is wanted any more


def main() -> None:
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()

    import litellm

    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    litellm.drop_params = True
    litellm.telemetry = False
    send(**{"is": "ready", "version": "1"})
    while True:
        request = requests.get()
        try:
            if request["do"] == "facts":
                send(**{"is": "facts", "id": request["id"]}, **facts(request))
            else:
                ask(request)
        except Exception as error:  # noqa: BLE001  every one of them has a name below
            kind, says, wait = problem(error)
            send(**{"is": "failed", "id": request["id"], "kind": kind, "says": says, "wait": wait})


def facts(request: dict[str, Any]) -> dict[str, Any]:
    import litellm

    model, provider, _, api_base = litellm.get_llm_provider(
        request["model"], api_base=request["api_base"] or None
    )
    price = litellm.model_cost.get(request["model"]) or litellm.model_cost.get(model) or {}
    known = (
        price.get("litellm_provider", "").startswith(provider) and "input_cost_per_token" in price
    )
    return {
        "provider": provider,
        "api_base": request["api_base"] or _base_from_environment(provider) or api_base or "",
        "known": known,
        "usd_in": _tier(price, "input", request["tokens"]) if known else _dearest("input"),
        "usd_out": _tier(price, "output", request["tokens"]) if known else _dearest("output"),
        "max_in": int(price.get("max_input_tokens") or 0),
        "max_out": int(price.get("max_output_tokens") or 0),
    }


def _base_from_environment(provider: str) -> str:
    name = provider.upper()
    return os.environ.get(f"{name}_BASE_URL") or os.environ.get(f"{name}_API_BASE") or ""


def _tier(price: dict[str, Any], side: str, tokens: int) -> float:
    """The dearest price that a prompt of so many tokens can meet: long ones cost more."""
    usd = [
        float(price.get(f"{side}_cost_per_{kind}") or 0.0) for kind in ("token", "reasoning_token")
    ]
    for name, value in price.items():
        above = re.fullmatch(rf"{side}_cost_per_token_above_(\d+)k_tokens", name)
        if above and tokens > int(above[1]) * 1000:
            usd.append(float(value or 0.0))
    return max(usd)


def _dearest(side: str) -> float:
    import litellm

    prices = (
        float(price.get(f"{side}_cost_per_token") or 0.0)
        for price in litellm.model_cost.values()
        if price.get("mode") in ("chat", "completion", "responses")
    )
    return max(usd for usd in prices if usd < TYPO_USD)


def ask(request: dict[str, Any]) -> None:
    import litellm

    stream = litellm.completion(
        model=request["model"],
        messages=request["messages"],
        max_tokens=request["max_tokens"],
        api_base=request["api_base"] or None,
        stream=True,
        stream_options={"include_usage": True},
        timeout=request["timeout"],
        stream_timeout=request["timeout"],
        num_retries=0,
        max_retries=0,
    )
    finish, tokens_in, tokens_out, usd = "", 0, 0, None
    for chunk in stream:
        for choice in chunk.choices:
            if text := choice.delta.content:
                send(**{"is": "delta", "id": request["id"], "text": text})
            finish = choice.finish_reason or finish
        if usage := getattr(chunk, "usage", None):
            tokens_in = int(usage.prompt_tokens or 0)
            tokens_out = int(usage.completion_tokens or 0)
            usd = _cost(chunk, request["model"])
    send(
        **{"is": "done", "id": request["id"]},
        finish=finish,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        usd=usd,
    )


def _cost(response: Any, model: str) -> float | None:
    """Dollars, with cached and reasoning tokens priced as they are; None where unknown."""
    import litellm

    try:
        return float(litellm.completion_cost(completion_response=response, model=model))
    except Exception:  # noqa: BLE001  it raises bare exceptions for what it does not know
        return None


def problem(error: Exception) -> tuple[str, str, float | None]:
    """A litellm exception as our kind of problem, its words, and how long it asks to wait."""
    from litellm import exceptions as named

    inner = getattr(error, "original_exception", None)
    if isinstance(error, named.MidStreamFallbackError) and inner is not None:
        error = inner
    text = str(getattr(error, "message", "") or error).partition("\nTraceback ")[0]
    low = text.lower()
    kinds = (
        (named.ContextWindowExceededError, "context"),
        (named.ContentPolicyViolationError, "filtered"),
        (named.RejectedRequestError, "filtered"),
        (named.PaymentRequiredError, "key"),
        (named.AuthenticationError, "key"),
        (named.PermissionDeniedError, "key"),
        (named.NotFoundError, "model"),
        (named.Timeout, "timeout"),
        (named.RateLimitError, "rate"),
        (named.ServiceUnavailableError, "server"),
        (named.BadGatewayError, "server"),
        (named.InternalServerError, "server"),
        (named.APIConnectionError, "network"),
        (named.BadRequestError, "refused"),
        (named.UnprocessableEntityError, "refused"),
    )
    kind = next((kind for kind_of, kind in kinds if isinstance(error, kind_of)), "server")
    by_status = {401: "key", 403: "key", 404: "model", 408: "timeout", 413: "context", 429: "rate"}
    if kind == "server":
        kind = by_status.get(getattr(error, "status_code", None) or 0, kind)
    for words, meant in _WORDS:
        if kind in ("refused", "server", "network") and words in low:
            kind = meant
    causes = {type(cause).__name__ for cause in _causes(error)}
    if kind == "server" and (causes & {"ConnectError", "ReadError"} or "connection error" in low):
        kind = "network"
    if causes & {"JSONDecodeError"}:
        kind = "server"
    elif causes & {"ReadTimeout", "ConnectTimeout", "PoolTimeout", "WriteTimeout"}:
        kind = "timeout"
    return kind, _DECORATION.sub("", text)[:2000], _retry_after(error)


_WORDS = (
    ("context_length_exceeded", "context"),
    ("maximum context length", "context"),
    ("llm provider not provided", "model"),
    ("model_not_found", "model"),
    ("api_key client option must be set", "key"),
    ("missing credentials", "key"),
    ("api key. set the", "key"),
    ("missing api key", "key"),
    ("content_policy_violation", "filtered"),
    ("safety system", "filtered"),
)
_DECORATION = re.compile(r"^(?:litellm\.)?(?:\w+(?:Error|Exception)(?:: | - ))+")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    extra = getattr(error, "litellm_response_headers", None) or {}
    for source in (headers, extra):
        for name in ("retry-after", "llm_provider-retry-after"):
            try:
                return float(source[name])
            except (KeyError, ValueError, TypeError):
                continue
    return None


if __name__ == "__main__":
    main()
