"""Candidates are small edits of bytes: what they leave alone stays, whatever the file's style."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.demo.make import files
from core.propose.repair import source
from core.propose.repair.locate import Line, Suspect
from core.propose.repair.rank import Candidate, candidates, content, worth_trying
from core.propose.repair.source import Source
from core.propose.repair.templates.hints import gather

MESSAGE = "TypeError: NoneType, KeyError: 'Board', ZeroDivisionError, assert 3 == 4"
DEMO = {path: data for path, data in files().items() if path.startswith("src/")}

TRICKY = '''
"""A docstring."""
LIMIT = 10


def grüße(wer, *, laut=False, mehr=[]):
    """Not to be touched: 1 + 1."""
    name = f"{wer + 1!r:>{LIMIT}} ä"
    if (wer  # a comment with == in it
            == "ö" or not laut):
        return "ß" + name
    elif laut and wer is None: return None
    for i in range(len(mehr)):
        if mehr[i] < LIMIT and i not in (1, 2):
            continue
        mehr[i] += i - 1
    try:
        return {k: -v for k, v in mehr.items() if v}[wer[1:]]
    except KeyError as error:
        raise ValueError("no") from error


class Kasten:
    größe: int = 3

    def halb(self): return self.größe // 2 if self.größe >= 2 else max(1, 2)
'''


def drafted(data: bytes, path: str = "src/a.py") -> list[Candidate]:
    read = source.read(path, data)
    assert read is not None
    return candidates([read], everywhere(read), gather([MESSAGE], [read]))


def everywhere(read: Source) -> Mapping[Line, Suspect]:
    lines = range(1, len(read.starts) + 1)
    return {(read.path, line): Suspect((read.path, line), 1.0, 1, 0) for line in lines}


@pytest.mark.parametrize("data", [DEMO["src/slotbook/intervals.py"], TRICKY.encode()])
def test_what_is_worth_trying_compiles_and_means_something_else(data: bytes) -> None:
    now = ast.dump(ast.parse(data))
    seen = set()
    for candidate in worth_trying(drafted(data)):
        after = ast.dump(ast.parse(content([candidate])))
        assert after != now
        assert after not in seen
        seen.add(after)
    assert len(seen) > 300


def test_comments_docstrings_annotations_and_f_strings_are_left_alone() -> None:
    data = TRICKY.encode()
    kept = [b"a comment with == in it", b"Not to be touched: 1 + 1.", b"{wer + 1!r:>{LIMIT}}"]
    assert all(mark in data for mark in kept)
    for candidate in worth_trying(drafted(data)):
        draft = candidate.draft
        outside = content([candidate])
        if draft.start < data.index(b"name = f") or draft.end > data.index('ä"'.encode()) + 4:
            assert kept[1] in outside
            assert b"size: int" not in outside


@given(
    path=st.sampled_from(["src/slotbook/clock.py", "tricky"]),
    crlf=st.booleans(),
    mark=st.booleans(),
    ending=st.booleans(),
)
@settings(max_examples=10, deadline=None)
def test_the_files_own_style_makes_no_difference(
    path: str, crlf: bool, mark: bool, ending: bool
) -> None:
    def styled(data: bytes) -> bytes:
        if not ending:
            data = data.rstrip(b"\n")
        if crlf:
            data = data.replace(b"\n", b"\r\n")
        return (codecs.BOM_UTF8 if mark else b"") + data

    plain = DEMO.get(path, TRICKY.encode())
    if not ending:
        plain = plain.rstrip(b"\n")
    usual = {content([candidate]) for candidate in drafted(plain)}
    other = {content([candidate]) for candidate in drafted(styled(plain))}
    assert {styled(data) for data in usual} == other


@pytest.mark.parametrize(
    "data",
    [
        b"# -*- coding: latin-1 -*-\nx = '\xe4'\n",
        b"x = '\xff'\n",
        b"def broken(:\n",
        b"x = 1\x0c\ny = 2\n",
        b"x = 1\ry = 2\n",
        b"\0",
        b"(" * 5000,
    ],
)
def test_what_cannot_be_read_for_sure_is_not_searched(data: bytes) -> None:
    assert source.read("a.py", data) is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("return a <= b", "return a < b"),
        ("return a is b", "return a == b"),
        ("return a + b", "return a - b"),
        ("return a / b", "return a // b"),
        ("return b - a", "return a - b"),
        ("return a and b", "return a or b"),
        ("return not a", "return a"),
        ("return a[b:]", "return a[:b]"),
        ("return a[b]", "return a[b - 1]"),
        ("return len(a)", "return len(a) - 1"),
        ("return list(range(a))", "return list(range(1, a + 1))"),
        ("return list(range(b, a))", "return list(range(b, a + 1))"),
        ("return min(a, b)", "return max(a, b)"),
        ("return sorted(a)", "return sorted(a, reverse=True)"),
        ("return round(a)", "return a"),
        ("return a", "return b"),
        ("return a", "return sorted(a)"),
        ("return True", "return False"),
        ("return 10", "return 9"),
        ("return a.lower()", "return a.upper()"),
        ("return a.strip()", "return a"),
        ("return pow(a, b)", "return pow(b, a)"),
        ("return a if b else 0", "return 0 if b else a"),
        ("return a, b", "return b, a"),
        ("a + b", "return a + b"),
        ("a -= b; return a", "a += b; return a"),
        ("c = a", "c = a\n    return c"),
        ("for c in a: break", "for c in a: continue"),
        ("if a: return b", "if not (a): return b"),
        ("raise ValueError(a)", "raise KeyError(a)"),
        ("return a['k']", "return a.get('k', 0)"),
        ("return a", "if a is None:\n        return 0\n    return a"),
        ("found = []\n    for c in a:\n        pass\n    return found",
         "found = []\n    for c in a:\n        found.append(c)\n    return found"),
    ],
)  # fmt: skip
def test_usual_mistakes_have_their_repair(wrong: str, right: str) -> None:
    data, wanted = (f"def f(a, b):\n    {body}\n" for body in (wrong, right))
    meant = ast.dump(ast.parse(wanted))
    tried = [ast.dump(ast.parse(content([c]))) for c in worth_trying(drafted(data.encode()))]
    assert meant in tried
    assert tried.index(meant) < 60


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (
            "class A:\n    def __init__(self, x, y):\n        self.x = y\n        self.y = y\n",
            "class A:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n",
        ),
        (
            "class A:\n    x: int\n    y: int\n    def f(self): return self.x\n",
            "class A:\n    x: int\n    y: int\n    def f(self): return self.y\n",
        ),
        (
            "def f(x, items=[]):\n    items.append(x)\n    return items\n",
            "def f(x, items=None):\n    if items is None:\n        items = []\n"
            "    items.append(x)\n    return items\n",
        ),
        (
            "def g(x, skip=()): return x\ndef f(x, skip=()):\n    return g(x)\n",
            "def g(x, skip=()): return x\ndef f(x, skip=()):\n    return g(x, skip=skip)\n",
        ),
        (
            "LIMIT = 10\nFLOOR = 1\ndef f(x): return x < FLOOR\n",
            "LIMIT = 10\nFLOOR = 1\ndef f(x): return x < LIMIT\n",
        ),
    ],
)
def test_mistakes_with_names_have_their_repair(wrong: str, right: str) -> None:
    meant = ast.dump(ast.parse(right))
    tried = [ast.dump(ast.parse(content([c]))) for c in worth_trying(drafted(wrong.encode()))]
    assert meant in tried
