"""A loopback server that speaks OpenAI's chat completions, streamed, as its script says.

    with OpenAIServer([Answer("hello"), Answer(status=429)]) as server:
        server.base_url     # for OPENAI_API_BASE
        server.requests     # the decoded bodies, in order; `headers` beside them

Answers are used in order; after the last, or with none, the server answers 500.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Answer:
    """One scripted answer. What is not said is a complete, well-formed stream."""

    text: str = ""
    chunks: tuple[str, ...] = ()
    """The text in pieces of the script's choosing; else in pieces of seven characters."""
    status: int = 200
    error: dict[str, Any] | None = None
    """Body of an error answer, under "error"."""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """A whole body instead of a stream (HTML, bad JSON)."""
    content_type: str = "text/event-stream"
    finish: str = "stop"
    tokens_in: int = 11
    tokens_out: int = 7
    with_usage: bool = True
    cut: bool = False
    """The connection closes after the text, in the middle of a chunk."""
    bad_json: bool = False
    """After the text comes an event that is no JSON."""
    hold: threading.Event | None = None
    """After the text's first half the stream waits for this, or for the server's end."""
    streaming: threading.Event = field(default_factory=threading.Event)
    """Set once the first half has been sent."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the client was seen to have left while the stream was held."""

    def pieces(self) -> list[str]:
        if self.chunks:
            return list(self.chunks)
        return [self.text[at : at + 7] for at in range(0, len(self.text), 7)]


class OpenAIServer:
    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = list(answers)
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def add(self, *answers: Answer) -> None:
        with self._lock:
            self._answers += answers

    def script(self, *answers: Answer) -> None:
        """Forget what was to come, and answer these."""
        with self._lock:
            self._answers = list(answers)

    def wait_for(self, count: int, timeout: float = 30.0) -> dict[str, Any]:
        """The `count`th request, counted from 1, once it has arrived."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout):
                raise AssertionError(f"only {len(self.requests)} of {count} requests came")
            return self.requests[count - 1]

    def take(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        with self._arrived:
            self.requests.append(body)
            self.headers.append(headers)
            self._arrived.notify_all()
            if self._answers:
                return self._answers.pop(0)
            return Answer(status=500, error={"message": "the script has no more answers"})

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: OpenAIServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.owner.take(body, dict(self.headers.items()))
        try:
            self._answer(answer, str(body.get("model")))
        except (BrokenPipeError, ConnectionResetError):
            answer.gone.set()

    def _answer(self, answer: Answer, model: str) -> None:
        if answer.status != 200 or answer.error is not None:
            error = answer.error or {"message": f"scripted {answer.status}"}
            self._whole(answer, json.dumps({"error": error}).encode(), "application/json")
        elif answer.raw is not None:
            self._whole(answer, answer.raw, answer.content_type)
        else:
            self._stream(answer, model)

    def _whole(self, answer: Answer, body: bytes, content_type: str) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, model: str) -> None:
        self.send_response(200)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pieces = answer.pieces()
        half = (len(pieces) + 1) // 2
        for piece in pieces[:half]:
            self._event(_chunk(model, {"content": piece}))
        answer.streaming.set()
        if answer.hold is not None and not self._held(answer):
            return None
        for piece in pieces[half:]:
            self._event(_chunk(model, {"content": piece}))
        if answer.bad_json:
            self._data(b'data: {"choices": [{"delta"\n\n')
            return self._end()
        if answer.cut:
            self.wfile.write(b"5f\r\ndata: {")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        self._event(_chunk(model, {}, finish=answer.finish))
        if answer.with_usage:
            total = answer.tokens_in + answer.tokens_out
            usage = {
                "prompt_tokens": answer.tokens_in,
                "completion_tokens": answer.tokens_out,
                "total_tokens": total,
            }
            self._event({**_chunk(model, {}), "choices": [], "usage": usage})
        self._data(b"data: [DONE]\n\n")
        return self._end()

    def _held(self, answer: Answer) -> bool:
        """True once released; False when the client or the server is gone."""
        assert answer.hold is not None
        self.connection.settimeout(0.02)
        while not answer.hold.is_set():
            if self.server.owner.closing.is_set():
                return False
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    answer.gone.set()
                    return False
            except TimeoutError:
                continue
            except OSError:
                answer.gone.set()
                return False
        self.connection.settimeout(None)
        return True

    def _event(self, value: dict[str, Any]) -> None:
        self._data(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _data(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
