"""Patches: what is parsed is what git says, and parts of a patch are what git applies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.repo.hunks import parse, subset
from core.repo.scope import in_scope, runs_later
from tests.fakes.landings import Bench, make_bench

LINES = "".join(f"{n}\n" for n in range(1, 41))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    files = {"a.py": LINES, "b c.py": LINES, "bin": bytes(range(256)), "same": "same\n", "crlf": ""}
    return make_bench(tmp_path_factory.mktemp("hunks"), files)


def edited(*changes: tuple[int, str]) -> bytes:
    lines = LINES.splitlines(keepends=True)
    for number, text in changes:
        lines[number - 1] = text
    return "".join(lines).encode()


# Few kinds of lines, so that contexts repeat and a hunk could fit in many places.
LINE = st.sampled_from(
    [
        b"a\n",
        b"b\n",
        b"\n",
        b"x\r\n",
        b"\\ No newline at end of file\n",
        b"diff --git a/x b/x\n",
        b"@@ -1 +1 @@\n",
        b"--- a\n",
        b"\xff\x0c\n",
    ]
)
TEXT = st.builds(
    lambda lines, end: b"".join(lines) + end,
    st.lists(LINE, max_size=60),
    st.sampled_from([b"", b"z"]),
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, bytes]:
    old = draw(TEXT)
    lines = old.splitlines(keepends=True) if b"\r" not in old else old.split(b"\n")
    new = b"".join(
        b"" if kind == 0 else line + draw(LINE) if kind == 1 else line
        for line, kind in ((line, draw(st.integers(0, 12))) for line in lines)
    )
    return old, new


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=edits(), two=edits(), data=st.data())
def test_any_subset_is_what_picking_those_lines_gives(
    bench: Bench, one: tuple[bytes, bytes], two: tuple[bytes, bytes], data: st.DataObject
) -> None:
    shop = bench.shop
    old = shop.build(bench.base.tree, {"one": one[0], "two x": two[0]})
    new = shop.build(bench.base.tree, {"one": one[1], "two x": two[1]})
    patch = shop.diff(old, new)
    files = parse(patch)
    every = [h.id for f in files for h in f.hunks]
    assert len(set(every)) == len(every)
    assert subset(patch, every) == patch
    taken = set(data.draw(st.lists(st.sampled_from(every), unique=True))) if every else set()
    tree = shop.apply(old, subset(patch, taken))
    for path, before in (("one", one[0]), ("two x", two[0])):
        expected = picked(before, [h for f in files if f.change.path == path for h in f.hunks],
                          taken, patch)  # fmt: skip
        assert shop.read(tree, path) == expected


def picked(old: bytes, hunks: list, taken: set[str], patch: bytes) -> bytes:
    """The file with these hunks, put together by hand out of the patch's raw lines."""
    lines = [line + b"\n" for line in old.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    result, at = [], 0
    raw = iter(_raw_bodies(patch, hunks))
    for hunk in hunks:
        body = next(raw)
        first = next((line.old for line in hunk.lines if line.old), None)
        start = (first - 1) if first else at
        result += lines[at:start]
        count = sum(line.kind != "+" for line in hunk.lines)
        result += (
            [text for kind, text in body if kind != "-"]
            if hunk.id in taken
            else lines[start : start + count]
        )
        at = start + count
    return b"".join(result + lines[at:])


def _raw_bodies(patch: bytes, hunks: list) -> Iterator[list[tuple[str, bytes]]]:
    path = hunks[0].path.encode() if hunks else b""
    section = patch[patch.index(b"diff --git a/" + path) :] if hunks else b""
    lines = section.split(b"\n")
    at = 0
    for hunk in hunks:
        start = hunk.header.split(" @@")[0].encode() + b" @@"
        while not lines[at].startswith(start):
            at += 1
        at += 1
        body: list[tuple[str, bytes]] = []
        for line in hunk.lines:
            text = lines[at][1:] + (b"" if line.no_newline else b"\n")
            body.append((lines[at][:1].decode(), text))
            at += 2 if line.no_newline else 1
        yield body


def test_ids_stay_when_other_hunks_come_and_go(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    few = shop.build(base.tree, {"a.py": edited((30, "x\n"))})
    more = shop.build(base.tree, {"a.py": edited((2, "y\ny\n"), (30, "x\n")), "new": b"1\n"})
    (one,) = parse(shop.diff(base.tree, few))[0].change.hunks
    assert one in parse(shop.diff(base.tree, more))[0].change.hunks


def test_equal_hunks_of_one_file_have_ids_of_their_own(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    same = shop.build(base.tree, {"rep": b"a\nb\nc\nd\ne\nf\ng\n" * 4})
    text = (b"a\nb\nc\nD\ne\nf\ng\n" + b"a\nb\nc\nd\ne\nf\ng\n") * 2
    new = shop.build(base.tree, {"rep": text})
    patch = shop.diff(same, new)
    first, second = parse(patch)[0].change.hunks
    assert first != second
    tree = shop.apply(same, subset(patch, [second]))
    assert (shop.read(tree, "rep") or b"").index(b"D") > 20


def test_each_part_lands_where_it_was_shown(bench: Bench) -> None:
    """All lines are alike, so only the hunks' numbers say where they belong."""
    shop, base = bench.shop, bench.base
    lines = [b"x\n"] * 60
    old = shop.build(base.tree, {"alike": b"".join(lines)})
    places = (10, 30, 50)
    grown = [b"y\n" * 3 + line if n in places else line for n, line in enumerate(lines)]
    patch = shop.diff(old, shop.build(base.tree, {"alike": b"".join(grown)}))
    ids = parse(patch)[0].change.hunks
    for size in (1, 2, 3):
        for taken in itertools.combinations(range(3), size):
            tree = shop.apply(old, subset(patch, [ids[n] for n in taken]))
            chosen = {places[n] for n in taken}
            expected = [b"y\n" * 3 + x if n in chosen else x for n, x in enumerate(lines)]
            assert shop.read(tree, "alike") == b"".join(expected)


def test_lines_are_numbered_cleaned_and_shortened(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    new = shop.build(base.tree, {"a.py": edited((2, "\x1b[2J\u202e\n"), (4, "y" * 9000))})
    lines = parse(shop.diff(base.tree, new))[0].hunks[0].lines
    shown = [(line.kind, line.old, line.new) for line in lines[:4]]
    assert shown == [(" ", 1, 1), ("-", 2, 0), ("+", 0, 2), (" ", 3, 3)]
    assert lines[2].text == "␛[2J‹U+202E›"
    assert max(len(line.text) for line in lines) < 4100


def test_carriage_returns_show_where_lines_differ_in_them(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    crlf = shop.build(base.tree, {"crlf": b"1\r\n2\r\n"})
    same = shop.build(base.tree, {"crlf": b"1\r\n3\r\n"})
    bare = shop.build(base.tree, {"crlf": b"1\r\n2\n"})
    texts = [
        [line.text for line in parse(shop.diff(crlf, new))[0].hunks[0].lines]
        for new in (same, bare)
    ]
    assert texts == [["1", "2", "3"], ["1␍", "2␍", "2"]]


def test_every_kind_of_file_has_a_status_words_and_an_id(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    new = shop.build(
        base.tree,
        {"bin": bytes(range(255, -1, -1)), "moved": b"same\n", "same": None, "empty": b"",
         "a.py": LINES.encode(), "b c.py": None},
        {"a.py": "100755"},
    )  # fmt: skip
    patch = shop.diff(base.tree, new)
    files = {f.change.path: f for f in parse(patch)}
    told = {path: (f.change.status, f.change.binary) for path, f in files.items()}
    assert told == {
        "a.py": ("mode", False), "b c.py": ("deleted", False), "bin": ("modified", True),
        "empty": ("added", False), "moved": ("renamed", False),
    }  # fmt: skip
    assert files["a.py"].hunks[0].header == "mode 100644 → 100755"
    assert files["moved"].change.old_path == "same"
    assert files["bin"].hunks[0].header.startswith("binary content")
    assert files["b c.py"].change.removed == 40
    for wanted in itertools.chain.from_iterable(
        itertools.combinations(files, size) for size in (1, 2)
    ):
        ids = [one for path in wanted for one in files[path].change.hunks]
        tree = shop.apply(base.tree, subset(patch, ids))
        changed = {f.change.path for f in parse(shop.diff(base.tree, tree))}
        assert changed == set(wanted)
    assert shop.apply(base.tree, patch) == new


@pytest.mark.parametrize(
    "name", ["sp  ace.py", "ü/☃.py", "q\"uo'te", "-dash", "tab", "a b/c d", " b"]
)
def test_odd_names_are_told_as_they_are(bench: Bench, name: str) -> None:
    shop, base = bench.shop, bench.base
    new = shop.build(base.tree, {name: b"1\n", f"{name}.e": b""})
    files = [f.change.path for f in parse(shop.diff(base.tree, new))]
    assert files == sorted([name, f"{name}.e"], key=str.encode)


def test_a_name_cannot_drive_the_terminal() -> None:
    patch = b'diff --git "a/x\\033[2J\\n" "b/x\\033[2J\\n"\nold mode 100644\nnew mode 100755\n'
    assert parse(patch)[0].change.path == "x␛[2J␊"


@pytest.mark.parametrize("patch", [b"nonsense\n", b"diff --git a/x b/x\n@@ -1 +1 @@\n-a\n",
                                   b"diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b"])  # fmt: skip
def test_a_cut_patch_is_an_error(patch: bytes) -> None:
    with pytest.raises(ValueError, match=r"patch|line"):
        parse(patch)


def test_unknown_hunks_are_an_error(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no such hunk"):
        subset(b"", ["beef"])
    assert subset(b"", []) == b""


def test_scope_and_later_running_are_marked(bench: Bench) -> None:
    shop, base = bench.shop, bench.base
    files = {"src/x.py": b"1", "tests/conftest.py": b"1", "README": b"1"}
    patch = shop.diff(base.tree, shop.build(base.tree, files))
    marks = {
        f.change.path: (f.change.outside_scope, bool(f.change.runs_later))
        for f in parse(patch, scope=("src", "tests/**"))
    }
    assert marks == {
        "README": (True, False), "src/x.py": (False, False), "tests/conftest.py": (False, True),
    }  # fmt: skip
    moved = shop.diff(base.tree, shop.build(base.tree, {"same": None, "src/same": b"same\n"}))
    assert parse(moved, scope=("src",))[0].change.outside_scope


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("src", ["src", "src/a", "src/a/b"], ["srcs", "a/src"]),
        ("src/", ["src/a"], ["src.py"]),
        ("./src/a.py", ["src/a.py"], ["src/a_py", "src/b.py"]),
        ("src/*.py", ["src/a.py"], ["src/a/b.py", "a.py"]),
        ("src/**/*.py", ["src/a.py", "src/a/b/c.py"], ["src/a.txt", "x/src/a.py"]),
        ("**/test_*.py", ["test_a.py", "x/y/test_b.py"], ["x/a.py"]),
        ("**", ["a", "a/b"], []),
        (".", ["a", "a/b"], []),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[ab]*", ["a1", "b"], ["c", "a/x"]),
        ("[!a]x", ["bx"], ["ax", "/x"]),
        ("[", ["["], ["x"]),
        ("a[z-a]", ["a[z-a]"], ["az"]),
        ("src/*", ["src/a"], ["src/a/b"]),
    ],
)
def test_scope_patterns(glob: str, inside: list[str], outside: list[str]) -> None:
    assert [path for path in inside if not in_scope(path, (glob,))] == []
    assert [path for path in outside if in_scope(path, (glob,))] == []


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_pattern_breaks_the_matcher(path: str, glob: str) -> None:
    in_scope(path, (glob,))
    assert in_scope(path, ())


def test_files_that_run_later() -> None:
    later = [
        ".github/workflows/x.yml", "sub/.gitattributes", ".pre-commit-config.yaml", "Makefile",
        "x/CONFTEST.py", "setup.py", "pyproject.toml", "uv.lock", "requirements-dev.txt",
        ".vscode/tasks.json", "sitecustomize.py", "a.pth", ".gitlab-ci.yml", "package.json",
        ".husky/pre-commit", "AGENTS.md", ".envrc", "Dockerfile", "build.rs", "hooks/pre-push",
    ]  # fmt: skip
    plain = ["a.py", "src/hooks/use.ts", "README.md", "tests/test_setup.py", "make.py", "lock.py"]
    assert [path for path in later if not runs_later(path)] == []
    assert [path for path in plain if runs_later(path)] == []
