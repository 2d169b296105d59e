from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.edits.apply import apply
from core.edits.format import Delete, Edit, Rename, Replace, Write, render
from core.edits.parse import parse
from core.errors import ActionFailed


def applied(edits: list[Edit], **files: bytes) -> dict[str, bytes | None]:
    return apply(tuple(edits), files.get)


def problem(edits: list[Edit], **files: bytes) -> tuple[str, str]:
    with pytest.raises(ActionFailed) as caught:
        applied(edits, **files)
    assert caught.value.problem.retry
    return caught.value.problem.kind, caught.value.problem.says


bodies = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=6)
ends = st.sampled_from([b"\n", b"\r\n"])


@given(
    st.lists(st.tuples(bodies, ends), min_size=1, max_size=8),
    st.lists(bodies, max_size=4),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_edits_touch_only_their_lines(
    old: list[tuple[str, bytes]], new: list[str], bom: bool, ended: bool, data: st.DataObject
) -> None:
    """Whatever the file's line ends, mark and last newline are: the rest is byte-identical."""
    start = data.draw(st.integers(0, len(old) - 1))
    stop = data.draw(st.integers(start + 1, len(old)))
    rows = [f"{i}:{body}".encode() for i, (body, _) in enumerate(old)]
    raw = [row + end for row, (_, end) in zip(rows, old, strict=True)]
    if not ended:
        raw[-1] = rows[-1]
    mark = codecs.BOM_UTF8 if bom else b""
    file = mark + b"".join(raw)
    fresh = [f"new:{body}" for body in new]
    edit = Replace(
        "f",
        "".join(row.decode() + "\n" for row in rows[start:stop]),
        "".join(row + "\n" for row in fresh),
    )
    result = apply(parse(render("why", (edit,))).edits, {"f": file}.get)["f"]
    assert result is not None
    before, after = mark + b"".join(raw[:start]), b"".join(raw[stop:])
    assert result.startswith(before)
    assert result.endswith(after)
    middle = result[len(before) : len(result) - len(after)]
    pieces = [line.removesuffix(b"\r") for line in middle.split(b"\n")]
    assert pieces == [line.encode() for line in fresh] + ([b""] if middle.endswith(b"\n") else [])\
        or not fresh  # fmt: skip
    if fresh and stop == len(old):
        assert result.endswith(b"\n") == ended


@given(st.lists(st.tuples(bodies, ends), min_size=3, max_size=8), st.data())
def test_context_lines_keep_bytes_that_the_reply_did_not_see(
    old: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    """Search over the whole file without trailing blanks: only the changed line changes."""
    rows = [f"{i}:{body}x   ".encode() for i, (body, _) in enumerate(old)]
    raw = [row + end for row, (_, end) in zip(rows, old, strict=True)]
    place = data.draw(st.integers(0, len(old) - 1))
    shown = [row.decode().rstrip() for row in rows]
    new = [*shown[:place], "changed", *shown[place + 1 :]]
    edit = Replace("f", "\n".join(shown) + "\n", "\n".join(new) + "\n")
    result = applied([edit], f=b"".join(raw))["f"]
    assert result is not None
    got = result.split(b"\n")
    want = b"".join(raw).split(b"\n")
    assert got[place].removesuffix(b"\r") == b"changed"
    assert got[:place] + got[place + 1 :] == want[:place] + want[place + 1 :]


def test_new_lines_take_the_files_own_ends() -> None:
    edit = Replace("f", "b\n", "b\nnew\n")
    assert applied([edit], f=b"a\r\nb\r\nc\r\n") == {"f": b"a\r\nb\r\nnew\r\nc\r\n"}
    assert applied([edit], f=b"a\r\nb") == {"f": b"a\r\nb\r\nnew"}
    assert applied([Replace("f", "b\n", "")], f=b"a\nb") == {"f": b"a\n"}


def test_indentation_may_be_off_by_one_shift() -> None:
    file = b"class A:\n    def f(self):\n        return 1\n"
    edit = Replace("f", "def f(self):\n    return 1\n", "def f(self):\n    x = 2\n    return x\n")
    assert applied([edit], f=file) == {
        "f": b"class A:\n    def f(self):\n        x = 2\n        return x\n"
    }
    deeper = Replace("f", "        class A:\n            def f(self):\n", "        class B:\n")
    assert applied([deeper], f=file) == {"f": b"class B:\n        return 1\n"}


def test_uneven_indentation_is_not_guessed() -> None:
    kind, _ = problem([Replace("f", "if x:\n  y\n", "z\n")], f=b"    if x:\n        y\n")
    assert kind == "unmatched"


def test_fences_and_blank_lines_inside_a_block_are_seen_through() -> None:
    fenced = Replace("f", "```python\nold\n```\n", "```python\nnew\n```\n")
    assert applied([fenced], f=b"a\nold\n") == {"f": b"a\nnew\n"}
    blank = Replace("f", "\nold\n\n", "\nnew\n\n")
    assert applied([blank], f=b"a\nold\nb\n") == {"f": b"a\nnew\nb\n"}
    meant = Replace("f", "```python\nold\n```\n", "```python\nnew\n```\n")
    assert applied([meant], f=b"```python\nold\n```\n") == {"f": b"```python\nnew\n```\n"}


def test_an_exact_match_wins_over_a_loose_one() -> None:
    edit = Replace("f", "x\n", "y\n")
    assert applied([edit], f=b"  x\nx\n") == {"f": b"  x\ny\n"}


def test_every_search_is_against_the_file_as_shown() -> None:
    edits: list[Edit] = [Replace("f", "a\n", "b\n"), Replace("f", "b\n", "c\n")]
    assert applied(edits, f=b"a\nb\n") == {"f": b"b\nc\n"}


def test_ambiguous_missing_and_overlapping_searches_are_named() -> None:
    kind, says = problem([Replace("f", "x\n", "y\n")], f=b"x\nz\nx\n")
    assert kind == "unmatched"
    assert "2 times (lines 1, 3)" in says
    kind, says = problem(
        [Replace("f", "def total(x):\n", "y\n")], f=b"import os\ndef total(xs):\n    pass\n"
    )
    assert "2 | def total(xs):" in says
    assert "f" in says
    overlap: list[Edit] = [Replace("f", "a\nb\n", "c\n"), Replace("f", "b\n", "d\n")]
    assert "overlap" in problem(overlap, f=b"a\nb\n")[1]
    assert problem([Replace("gone", "x\n", "y\n")])[0] == "unmatched"
    assert problem([Replace("f", "", "y\n")], f=b"x\n")[0] == "unmatched"


def test_whole_files() -> None:
    assert applied([Write("new", "a\n")]) == {"new": b"a\n"}
    assert applied([Replace("new", "", "a\n")]) == {"new": b"a\n"}
    assert applied([Write("f", "a\nc\n")], f=b"a\r\nb\r\n") == {"f": b"a\r\nc\r\n"}
    assert applied([Delete("f")], f=b"x") == {"f": None}
    assert applied([Rename("f", "g"), Replace("g", "x\n", "y\n")], f=b"x\n") == {
        "f": None, "g": b"y\n",
    }  # fmt: skip
    assert applied([Replace("f", "x\n", "y\n"), Rename("f", "g")], f=b"x\n")["g"] == b"y\n"
    assert applied([Write("empty", "")]) == {"empty": b""}
    assert problem([Delete("f")])[0] == "unmatched"
    assert problem([Rename("f", "g")], f=b"", g=b"")[0] == "unmatched"


def test_edits_that_change_nothing_are_no_edits() -> None:
    assert problem([Replace("f", "x\n", "x\n")], f=b"x\n")[0] == "no edits"


@pytest.mark.parametrize("data", [b"\xff\xfe", "gr\xfc\xdf".encode("latin-1"), b"a\x00b"])
def test_what_is_no_text_is_refused_by_name(data: bytes) -> None:
    kind, says = problem([Replace("f", "x\n", "y\n")], f=data)
    assert kind == "refused path"
    assert "f is not UTF-8" in says
    assert problem([Write("f", "x\n")], f=data)[0] == "refused path"


def test_lone_surrogates_are_malformed() -> None:
    assert problem([Write("f", "\ud800\n")])[0] == "malformed"


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../../x", ".git/config", "a/.GIT/hooks", "GIT~1/x", ".g\u200dit/x",
     ".git./x", ".git ", ".git::$INDEX", "a//b", "", "./", "C:/x", "a\\b", "~/x", "a\nb",
     "a\u202eb",     "\uff0egit/x"],
)  # fmt: skip
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    for edit in (Write(path, "x\n"), Delete(path), Rename("f", path), Replace(path, "x", "y")):
        assert problem([edit], f=b"x\n")[0] == "refused path"


def test_usual_paths_pass() -> None:
    for path in (".github/x", ".gitignore", "a b/ü.py", "git/x", "./a"):
        assert applied([Write(path, "x\n")]) == {path.removeprefix("./"): b"x\n"}
