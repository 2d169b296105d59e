"""The real litellm, in its own process, against a loopback server that misbehaves."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.context import PlainContext
from core.errors import ActionCancelled, ActionFailed
from core.propose.base import Brief, BriefFile, Finished, Proposer
from core.propose.model import client as client_module
from core.propose.model.client import ModelClient
from core.propose.model.proposer import ModelProposer, ModelSettings
from core.propose.redact import Redactor
from core.protocol import Base, Notice, Reserved, Streamed
from tests.fakes.openai_server import Answer, OpenAIServer

KEY = "sk-test-0123456789abcdef"
BRIEF = Brief(
    "mend total()",
    Base("c", "t"),
    "t",
    feedback="FAILED test_half - assert 3 == 2",
    files=(BriefFile("a.py", "x = 1\n"), BriefFile("keys.txt", f"KEY={KEY}\n")),
)
QUICK = ModelSettings("openai/test-model", attempts=2, first_wait=0.02, gap=0.6, total=20.0)


class Stage:
    """A server, and a model process that talks to it."""

    def __init__(self, server: OpenAIServer, folder: Path) -> None:
        self.server = server
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "OPENAI_API_BASE": server.base_url,
            "OPENAI_API_KEY": KEY,
        }
        self.client = ModelClient(self.env)
        self.context = PlainContext()

    def proposer(self, settings: ModelSettings = QUICK) -> Proposer:
        return ModelProposer(settings, self.client, Redactor(self.env))

    def propose(self, *answers: Answer, brief: Brief = BRIEF) -> Finished:
        self.server.requests.clear()
        self.server.script(*answers)
        self.context = PlainContext()
        return self.proposer().propose(brief, self.context, "act")

    def fails(self, *answers: Answer) -> ActionFailed:
        with pytest.raises(ActionFailed) as caught:
            self.propose(*answers)
        seen = repr((caught.value.problem, self.context.deltas, self.context.events))
        assert KEY not in seen
        return caught.value

    def notices(self) -> list[str]:
        return [delta.says for delta in self.context.deltas if isinstance(delta, Notice)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with OpenAIServer() as server:
        stage = Stage(server, tmp_path_factory.mktemp("home"))
        yield stage
        stage.client.close()


def test_a_reply_streams_and_is_counted(stage: Stage) -> None:
    finished = stage.propose(
        Answer(chunks=("Because\n", "\x1b[2J of it"), tokens_in=5, tokens_out=3)
    )
    assert finished.text == "Because\n\x1b[2J of it"
    usage = finished.usage
    assert (usage.tokens_in, usage.tokens_out, usage.usd) == (5, 3, 0.0)
    assert usage.seconds > 0
    streamed = [delta.text for delta in stage.context.deltas if isinstance(delta, Streamed)]
    assert streamed == ["Because\n", "␛[2J of it"]
    assert stage.context.events == [Reserved("act", 0.0)]
    request = stage.server.requests[0]
    assert request["model"] == "test-model"
    assert request["stream_options"] == {"include_usage": True}
    sent = request["messages"][1]["content"]
    assert "FAILED test_half - assert 3 == 2" in sent
    assert "[redacted OPENAI_API_KEY]" in sent
    assert KEY not in str(request)
    assert stage.server.headers[-1]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("answers", "kind", "retry", "asked"),
    [
        ([Answer("half of", cut=True)], "network", True, 1),
        ([Answer(cut=True)] * 2, "network", False, 2),
        ([Answer("part", bad_json=True)], "server", True, 1),
        ([Answer(raw=b"<html>hi</html>", content_type="text/html")], "empty", True, 1),
        ([Answer()], "empty", True, 1),
        ([Answer("x", finish="content_filter")], "filtered", False, 1),
        ([Answer("x", finish="length")], "cut off", True, 1),
        ([Answer(status=401, error={"message": f"Incorrect key: {KEY}"})], "key", False, 1),
        ([Answer(status=403)], "key", False, 1),
        ([Answer(status=404, error={"message": "no model"})], "model", False, 1),
        ([Answer(status=400, error={"message": "bad value"})], "refused", False, 1),
        ([Answer(status=400, error={"message": "by our safety system"})], "filtered", False, 1),
        ([Answer(status=429, headers={"Retry-After": "999"})], "rate", False, 1),
        ([Answer(status=500)] * 2, "server", False, 2),
        ([Answer(status=503)] * 2, "server", False, 2),
    ],
)
def test_each_misbehaviour_is_its_own_outcome(
    stage: Stage, answers: list[Answer], kind: str, retry: bool, asked: int
) -> None:
    problem = stage.fails(*answers).problem
    assert (problem.kind, problem.retry) == (kind, retry)
    assert len(stage.server.requests) == asked
    assert not re.search(r"litellm\.|Exception|Traceback", problem.says)


def test_a_busy_provider_is_waited_for_as_it_says(stage: Stage) -> None:
    finished = stage.propose(Answer(status=429, headers={"Retry-After": "0.05"}), Answer("fine"))
    assert finished.text == "fine"
    assert len(stage.notices()) == 1


def test_a_fault_is_survived_once(stage: Stage) -> None:
    assert stage.propose(Answer(status=502), Answer("fine")).text == "fine"


def test_too_long_a_request_is_shortened_once(stage: Stage) -> None:
    long = {"message": "maximum context length is 9 tokens", "code": "context_length_exceeded"}
    assert stage.propose(Answer(status=400, error=long), Answer("fine")).text == "fine"
    first, second = (len(str(request["messages"])) for request in stage.server.requests)
    assert second < first
    assert stage.fails(*[Answer(status=400, error=long)] * 2).problem.kind == "context"


def test_a_stream_that_stalls_is_given_up(stage: Stage) -> None:
    held = Answer("abcdefghijklmnopq", hold=threading.Event())
    problem = stage.fails(held).problem
    assert (problem.kind, problem.retry) == ("timeout", True)


def test_a_missing_server_is_a_network_problem(stage: Stage) -> None:
    settings = ModelSettings("openai/test-model", "http://127.0.0.1:9/v1", attempts=1)
    with pytest.raises(ActionFailed) as caught:
        stage.proposer(settings).propose(BRIEF, PlainContext(), "a")
    assert caught.value.problem.kind == "network"


def test_an_unknown_model_is_said_before_anything_is_sent(stage: Stage) -> None:
    with pytest.raises(ActionFailed) as caught:
        stage.proposer(ModelSettings("nosuch")).propose(BRIEF, PlainContext(), "a")
    assert caught.value.problem.kind == "model"


def test_money_is_reserved_first_and_unknown_prices_count_as_the_dearest(stage: Stage) -> None:
    far = "http://127.0.0.1.invalid/v1"
    known = ModelSettings("openai/gpt-4o", far, attempts=1)
    context = PlainContext()
    with pytest.raises(ActionFailed) as caught:
        stage.proposer(known).propose(BRIEF, context, "a")
    assert caught.value.problem.kind == "network"
    [reserved] = context.events
    assert isinstance(reserved, Reserved)
    assert reserved.usd > 16_000 * 1e-05
    context = PlainContext()
    left = Brief("g", Base("c", "t"), "t", usd_left=0.1)
    unknown = ModelSettings("openai/no-such-model", far, attempts=1)
    with pytest.raises(ActionFailed) as caught:
        stage.proposer(unknown).propose(left, context, "a")
    assert caught.value.problem.kind == "budget"
    assert context.events == []


def test_the_persons_own_price_counts_before_any_table(stage: Stage) -> None:
    far = "http://127.0.0.1.invalid/v1"
    own = ModelSettings("openai/no-such-model", far, attempts=1, price=(0.0, 1e-06))
    context = PlainContext()
    with pytest.raises(ActionFailed) as caught:
        stage.proposer(own).propose(BRIEF, context, "a")
    assert caught.value.problem.kind == "network"
    [reserved] = context.events
    assert isinstance(reserved, Reserved)
    assert reserved.usd == pytest.approx(16_000 * 1e-06)


def test_waiting_between_attempts_ends_by_cancel(stage: Stage) -> None:
    stage.server.script(Answer(status=429, headers={"Retry-After": "30"}))
    context = PlainContext()
    shown = threading.Event()

    def show(delta: object) -> None:
        if isinstance(delta, Notice):
            shown.set()

    context.show = show  # type: ignore[method-assign]
    threading.Thread(target=lambda: (shown.wait(), context.cancel())).start()
    with pytest.raises(ActionCancelled):
        stage.proposer().propose(BRIEF, context, "a")
    assert stage.client.pid is not None


def test_a_plan_is_asked_for_in_its_own_words(stage: Stage) -> None:
    stage.server.requests.clear()
    stage.server.script(Answer("a plan"))
    assert stage.proposer().plan(BRIEF, PlainContext(), "p").text == "a plan"
    assert '"steps"' in stage.server.requests[0]["messages"][0]["content"]


def test_cancel_in_mid_stream_ends_the_connection_and_the_next_request_works(stage: Stage) -> None:
    held = Answer("abcdefghijklmnopqrstuvwxyz", hold=threading.Event())
    stage.server.script(held, Answer("fine"))
    context = PlainContext()
    streamed = threading.Event()

    def show(delta: object) -> None:
        if isinstance(delta, Streamed):
            streamed.set()

    context.show = show  # type: ignore[method-assign]
    ended: list[float] = []
    old = stage.client.pid

    def cancel() -> None:
        streamed.wait()
        ended.append(time.monotonic())
        context.cancel()

    threading.Thread(target=cancel).start()
    patient = ModelSettings("openai/test-model", gap=60.0)
    with pytest.raises(ActionCancelled):
        stage.proposer(patient).propose(BRIEF, context, "a")
    assert time.monotonic() - ended[0] < 1.0
    assert held.gone.wait(5)
    assert old is not None
    assert not Path(f"/proc/{old}").exists()
    assert stage.proposer().propose(BRIEF, PlainContext(), "b").text == "fine"


def test_neither_dotenv_nor_python_variables_of_a_repository_are_obeyed(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://127.0.0.1:9/v1\n")
    (tmp_path / "litellm.py").write_text("raise SystemExit('taken over')\n")
    monkeypatch.chdir(tmp_path)
    env = {**stage.env, "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": "x"}
    client = ModelClient(env)
    try:
        stage.server.script(Answer("fine"))
        proposer = ModelProposer(QUICK, client, Redactor(env))
        assert proposer.propose(BRIEF, PlainContext(), "a").text == "fine"
    finally:
        client.close()
    assert client.pid is None


def test_a_dotenv_above_the_environment_is_not_obeyed(tmp_path: Path) -> None:
    """Where litellm lies in the repository's own `.venv`, it finds the repository's `.env`."""
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://127.0.0.1:9/v1\n")
    (tmp_path / "site").symlink_to(sysconfig.get_path("purelib"))
    worker = Path(client_module.__file__).with_name("worker.py")
    start = f"import runpy, sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
    start += f"runpy.run_path({str(worker)!r}, run_name='__main__')"
    client = ModelClient({"PATH": os.environ["PATH"]}, (sys.executable, "-I", "-c", start))
    ask = {"do": "facts", "model": "openai/gpt-4o", "api_base": "", "tokens": 1}
    try:
        [facts] = client.ask(ask, gap=30, total=30)
    finally:
        client.close()
    assert facts["api_base"] == ""


FAKE = """
import json, os, sys
def send(**m): print(json.dumps(m), flush=True)
send(**{"is": "ready"})
for line in sys.stdin:
    ask = json.loads(line)
    if ask["do"] == "facts":
        send(**{"is": "facts", "id": ask["id"], "provider": "ollama"})
    else:
        BODY
"""


def fake(folder: Path, body: str) -> ModelClient:
    path = folder / "worker.py"
    path.write_text(FAKE.replace("BODY", body))
    return ModelClient({}, (sys.executable, "-I", str(path)))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("sys.stderr.write('x' * 500000 + '\\nlast words'); os._exit(3)", "worker", "last words"),
        ("print('not json', flush=True)", "worker", "broke its protocol"),
        ("pass", "timeout", "nothing for too long"),
        ("send(**{'is': 'delta', 'id': ask['id'], 'text': 'x' * 3000000})", "malformed", "never"),
    ],
)
def test_a_process_that_fails_is_named_and_replaced(
    tmp_path: Path, body: str, kind: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.propose.model.call._GRACE", 0.1)
    client = fake(tmp_path, body)
    settings = ModelSettings("ollama/x", attempts=1, gap=0.2)
    try:
        for _ in range(2):
            with pytest.raises(ActionFailed, match=words) as caught:
                ModelProposer(settings, client, Redactor({})).propose(BRIEF, PlainContext(), "a")
            assert caught.value.problem.kind == kind
    finally:
        client.close()


def test_the_process_goes_when_the_workbench_does(tmp_path: Path) -> None:
    client = fake(tmp_path, "pass")
    client.prestart()
    pid = client.pid
    client.close()
    client.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(ActionFailed, match="closed"):
        next(client.ask({"do": "facts"}, gap=1, total=1))
