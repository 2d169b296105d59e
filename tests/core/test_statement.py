"""What a commit message says of its evidence reads back as it was written, whatever is in it."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import statement as st_
from core.protocol import CheckVerdict, Need
from core.statement import Names, Ran, Statement

HASH = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
HOSTILE = (
    "plain", "", " lead", "trail ", "two  spaces", "a\nb", "a\r\nb", "x\u2028- tree", "\x1b[31m",
    "\u202egnp", "\x7f", "\udc80", '"quoted"', "fixes x", "3 more, sha256 0123456789abcdef",
    "x fails without the change", "pytest: pass by: rm -rf /", "- digest 0123456789abcdef",
    "Evidence:", "tree " + HASH, "# comment", "x" * 5000, "\n\nEvidence:\n- ran x: pass", "é",
    "\x85",
)  # fmt: skip
text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
word = text.filter(bool)
names = st.lists(word.map(st_.label), min_size=1, max_size=25, unique=True).map(st_.names)
needs = st.builds(Need, word, text, st.sampled_from(["pass", "fail"]))
rans = st.builds(
    Ran,
    word,
    st.sampled_from(get_args(CheckVerdict)),
    st.sampled_from(["", "1 failed, 3 passed", "12 findings"]),
    st.lists(text, max_size=4).map(tuple).map(st_.command_line),
    st.booleans(),
).map(lambda r: r if r.command else Ran(r.check, r.verdict, r.counts))
files = st.lists(
    st.builds(st_.file_label, word, st.sampled_from([None, "", HASH])), min_size=1, max_size=40,
    unique=True,
).map(lambda f: st_.names(f, st_.MOST_FILES))  # fmt: skip
kinds = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("fixes", "breaks", "loses", "leaves", "shows", "idle"), names),
        "file": files,
        "asks": st.lists(needs.map(st_.need_label), min_size=1, max_size=5).map(st_.names),
    },
)
statements = st.builds(
    Statement,
    tree=st.just(HASH),
    base=st.just(HASH[::-1]),
    dirty=st.booleans(),
    ran=st.lists(rans, max_size=3).map(tuple),
    names=kinds,
    before=st.integers(0, 10**8),
    despite=st.sampled_from(["", "1 left, 2 new."]),
)


@given(statements, text, text)
def test_a_statement_reads_back_as_it_was_written(said, before, after):
    lines = st_.lines(said)
    assert all(line.isprintable() and line == line.strip() for line in lines)
    message = "\n\n".join([before.replace("\n", " ") or "subject", "\n".join(lines), "By: x"])
    assert st_.read(message + "\n") == said
    # Git for Windows, and editors that leave spaces behind.
    assert st_.read("\n".join(f"{line} \r" for line in message.split("\n"))) == said


@given(needs)
def test_needs_read_back(need):
    said = Statement(names={"asks": st_.names([st_.need_label(need)])})
    found = st_.read("\n".join(st_.lines(said)))
    assert found.asks == (need,)


@given(st.lists(text, min_size=1, max_size=6).map(tuple))
def test_commands_read_back_exactly_or_not_at_all(argv):
    assert st_.argv_of(st_.command_line(argv)) in (argv, ())
    if sum(map(len, argv)) < 300:
        assert st_.argv_of(st_.command_line(argv)) == argv


@given(st.lists(text, unique=True, min_size=2))
def test_no_two_names_have_one_label(found):
    labels = [st_.label(name) for name in found]
    assert len(set(labels)) == len(labels)
    assert all(len(label) < 13 * st_.LONGEST for label in labels)


@given(statements, st.data())
def test_every_changed_byte_is_noticed(said, data):
    lines = st_.lines(said)
    n = data.draw(st.integers(1, len(lines) - 1))
    at = data.draw(st.integers(2, len(lines[n]) - 1))
    other = data.draw(st.sampled_from([c for c in "0aZ9" if c != lines[n][at]]))
    lines[n] = lines[n][:at] + other + lines[n][at + 1 :]
    found = st_.read("\n".join(lines))
    assert found.edited
    assert found != said


def test_a_line_that_is_gone_is_noticed_and_the_rest_still_read():
    said = Statement(HASH, HASH, ran=(Ran("ruff", "pass"),), names={"fixes": Names(("a", "b"))})
    lines = [line for line in st_.lines(said) if line != "- fixes b"]
    found = st_.read("\n".join(lines))
    assert found.edited
    assert found.of("fixes").shown == ("a",)
    assert found.ran == said.ran
    assert st_.read("\n".join([*lines, "- I looked at it myself"])).unread == (
        "I looked at it myself",
    )


def test_the_last_statement_counts_and_none_is_none():
    first = Statement(HASH, HASH)
    second = Statement(HASH[::-1], HASH)
    message = "\n\n".join(["s", "\n".join(st_.lines(first)), "\n".join(st_.lines(second))])
    assert st_.read(message) == second
    assert st_.read(st_.replaced(message, first)) == first
    assert st_.read("subject\n\nNo Evidence:\n- x\n") is None
    assert st_.replaced("subject\n", first) == "subject\n"


@pytest.mark.parametrize("count", [st_.MOST, st_.MOST + 1])
def test_of_many_names_there_is_a_count_and_a_hash(count):
    said = Statement(names={"fixes": st_.names(f"t{n}" for n in range(count))})
    lines = [line for line in st_.lines(said) if line.startswith("- fixes")]
    assert len(lines) == count
    assert lines[-1].startswith("- fixes 1 more, sha256 ") == (count > st_.MOST)
