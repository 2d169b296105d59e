from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.context import PlainContext
from core.errors import ActionCancelled, ActionFailed, UsageError
from core.propose.base import Brief, Finished, Proposer
from core.propose.script import ScriptProposer
from core.protocol import Base, Reserved, Streamed, Usage

BRIEF = Brief("mend it", Base("c", "t"), "t", feedback="test_half failed")


def script(folder: Path, text: str, **taken: int) -> ScriptProposer:
    path = folder / "replies.toml"
    path.write_text(text, encoding="utf-8")
    return ScriptProposer(path, **taken)


def test_replies_come_in_order_from_their_own_queues(tmp_path: Path) -> None:
    proposer: Proposer = script(
        tmp_path,
        """
        [[reply]]
        kind = "change"
        chunks = ["one\\n", "\\u001btwo"]
        expect = "test_half"
        usd = 0.5
        tokens_out = 7
        [[reply]]
        kind = "plan"
        text = "the plan"
        [[reply]]
        kind = "change"
        text = "second"
        """,
    )
    context = PlainContext()
    assert proposer.plan(BRIEF, context, "p") == Finished("the plan")
    assert proposer.propose(BRIEF, context, "a") == Finished("one\n\x1btwo", Usage(0, 7, 0.5))
    assert context.events == [Reserved("a", 0.5)]
    assert context.deltas[1:] == [Streamed("a", "one\n"), Streamed("a", "␛two")]
    assert proposer.propose(BRIEF, context, "b").text == "second"
    with pytest.raises(ActionFailed) as caught:
        proposer.propose(BRIEF, context, "c")
    assert caught.value.problem.kind == "not found"
    proposer.close()


def test_json_lines_and_a_session_that_goes_on(tmp_path: Path) -> None:
    lines = '{"kind": "change", "text": "a"}\n\n{"kind": "change", "text": "b"}\n'
    proposer = script(tmp_path, lines, changes_taken=1)
    assert proposer.propose(BRIEF, PlainContext(), "a").text == "b"


def test_an_expectation_that_is_not_met_is_loud(tmp_path: Path) -> None:
    proposer = script(tmp_path, '[[reply]]\nkind = "change"\nexpect = "nowhere"')
    with pytest.raises(ActionFailed, match="nowhere"):
        proposer.propose(BRIEF, PlainContext(), "a")


def test_it_fails_as_written(tmp_path: Path) -> None:
    proposer = script(
        tmp_path, '[[reply]]\nkind="change"\nfail="rate"\nsays="slow"\nretry=true\nusd=0.1'
    )
    with pytest.raises(ActionFailed) as caught:
        proposer.propose(BRIEF, PlainContext(), "a")
    assert (caught.value.problem.kind, caught.value.problem.retry) == ("rate", True)
    assert caught.value.usage.usd == 0.1


def test_a_held_reply_ends_by_cancel_and_is_not_used_up(tmp_path: Path) -> None:
    proposer = script(tmp_path, '[[reply]]\nkind = "change"\ntext = "x"\nhold = true')
    for _ in range(2):
        context = PlainContext()
        shown = threading.Event()
        context.show = lambda delta, shown=shown: shown.set()  # type: ignore[method-assign]
        threading.Thread(target=lambda c=context, s=shown: (s.wait(), c.cancel())).start()
        with pytest.raises(ActionCancelled):
            proposer.propose(BRIEF, context, "a")


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "[[reply]]\nkind = 'other'", "[[reply]]\nkind='plan'\nbogus=1", "{not json", "[[",
     "[[reply]]\nkind='plan'\nfail='tired'"],
)  # fmt: skip
def test_a_malformed_script_is_a_usage_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"replies\.toml"):
        script(tmp_path, text)
    with pytest.raises(UsageError, match="cannot be read"):
        ScriptProposer(tmp_path / "none.toml")
