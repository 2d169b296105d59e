from __future__ import annotations

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.propose.model.choose import PROVIDERS, ask_ollama, choose, keys_set, named
from core.protocol import Choice

KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-secret",
    "MISTRAL_API_KEY": "mist-secret",
    "OPENAI_API_KEY": " ",
}


def test_the_order_is_option_configuration_key_ollama_repair() -> None:
    models = ("llama3", "other")
    assert choose("gpt-x", "conf", KEYS, models).name == "gpt-x"
    assert choose(None, "conf", KEYS, models) == Choice(
        "model", "conf", "your configuration names it"
    )
    by_key = choose(None, None, KEYS, models)
    assert by_key.name.startswith("anthropic/")
    assert by_key.why == "ANTHROPIC_API_KEY is set"
    assert choose("", "", {}, models).name == "ollama_chat/llama3"
    assert choose(None, None, {}).kind == "repair"


def test_names_of_other_proposers() -> None:
    assert named("repair", "w") == Choice("repair", "repair", "w")
    assert named("script:a/b.toml", "w") == Choice("script", "a/b.toml", "w")


def test_keys_are_named_and_never_shown() -> None:
    assert keys_set(KEYS) == ("ANTHROPIC_API_KEY", "MISTRAL_API_KEY")
    for chosen in (
        choose(None, None, KEYS),
        choose(None, None, {"OPENROUTER_API_KEY": "or-secret"}),
    ):
        assert "secret" not in repr(chosen)
    assert "OPENROUTER_API_KEY" in choose(None, None, {"OPENROUTER_API_KEY": "x"}).why


def test_the_defaults_are_in_the_price_map() -> None:
    spec = importlib.util.find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    table = Path(spec.origin).with_name("model_prices_and_context_window_backup.json")
    prices = json.loads(table.read_text())
    for provider in PROVIDERS:
        if provider.model:
            price = prices.get(provider.model) or prices.get(provider.model.partition("/")[2])
            assert price, provider.model
            assert price["output_cost_per_token"] > 0


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, b'{"models": [{"name": "llama3"}, {"name": "qwen"}]}', ("llama3", "qwen")),
        (200, b'{"models": []}', ()),
        (200, b"<html>", ()),
        (200, b"[1]", ()),
        (500, b"{}", ()),
    ],
)
def test_a_local_ollama_is_asked_for_its_models(
    status: int, body: bytes, found: tuple[str, ...]
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert ask_ollama(5.0, ("127.0.0.1", server.server_address[1])) == found
        thread.join()


def test_no_ollama_is_no_trouble() -> None:
    assert ask_ollama(0.2, ("127.0.0.1", 9)) == ()
