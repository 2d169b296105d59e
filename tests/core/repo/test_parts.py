"""Parts of a change: what is taken is what git applies and what a model on plain lines says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.picks import by_hunk, pick
from core.protocol import FileDiff, Hunk
from core.repo.hunks import parse, settle, subset
from tests.fakes.landings import Bench, make_bench
from tests.fakes.repos import git

Files = dict[str, tuple[str, bytes]]
"""Path → mode and content."""

PLAIN = st.builds("{}\n".format, st.integers(0, 10**6)).map(str.encode)
ALIKE = st.sampled_from(
    [b"a\n", b"b\n", b"\n", b"x\r\n", b"y\r\n", b"\\ No newline at end of file\n", b"--- a\n",
     b"diff --git a/x b/x\n", b"@@ -1 +1 @@\n", b"\xff\x0c\n", b"-\n", b"+\n"]
)  # fmt: skip
END = st.sampled_from([b"", b"", b"z", b"\xe9"])
MODE = st.sampled_from(["100644", "100644", "100644", "100755"])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("parts"), {"kept": b"kept\n"})


@pytest.fixture(scope="module")
def plain(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of git's own making that sees the workshop's objects."""
    path = tmp_path_factory.mktemp("plain")
    git(path, "init", "-q")
    stores = f"{bench.shop.git_dir}/objects\n{bench.repo}/.git/objects\n"
    (path / ".git/objects/info/alternates").write_text(stores)
    return path


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A file before and after, whose lines are all alike or all different."""
    line = draw(st.sampled_from([PLAIN, ALIKE]))
    start = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    old, new = [start], [start]
    for _ in range(draw(st.integers(0, 4))):
        same = draw(st.lists(line, max_size=9))
        old += [*same, *draw(st.lists(line, max_size=4))]
        new += [*same, *draw(st.lists(line, max_size=4))]
    return b"".join([*old, draw(END)]), b"".join([*new, draw(END)])


@st.composite
def changes(draw: st.DrawFn) -> tuple[Files, Files]:
    before: Files = {"kept": ("100644", b"kept\n")}
    after = dict(before)
    for path in ("one", "two x.py", "ü"):
        old, new = draw(texts())
        first, then = draw(MODE), draw(MODE)
        match draw(st.sampled_from(["modified", "added", "deleted", "renamed", "binary", "none"])):
            case "modified":
                before[path], after[path] = (first, old), (then, new)
            case "added":
                after[path] = (first, new)
            case "deleted":
                before[path] = (first, old)
            case "renamed":
                body = b"".join(b"line %d\n" % n for n in range(40))
                before[path], after[f"{path}.2"] = (first, body + old), (then, body + new)
            case "binary":
                before[path], after[path] = (first, b"\0" + old), (then, b"\0" + new)
            case _:
                before[path] = after[path] = (first, old)
    return before, after


@dataclass
class Made:
    base: str
    tree: str
    patch: bytes
    files: tuple[FileDiff, ...]


def make(bench: Bench, before: Files, after: Files) -> Made:
    base, tree = (
        bench.shop.build(
            bench.base.tree,
            {path: content for path, (_, content) in files.items()},
            {path: mode for path, (mode, _) in files.items()},
        )
        for files in (before, after)
    )
    patch = bench.shop.diff(base, tree)
    return Made(base, tree, patch, parse(patch))


def held(bench: Bench, tree: str) -> Files:
    listing = bench.shop.listing(tree)
    return {path: (mode, bench.shop.read(tree, path) or b"") for path, (mode, _) in listing.items()}


@st.composite
def picks(draw: st.DrawFn, files: tuple[FileDiff, ...]) -> list[str]:
    found = []
    for hunk in (hunk for file in files for hunk in file.hunks):
        how = draw(st.sampled_from(["none", "all", "lines", "lines", "lines"]))
        if how == "all" or (how == "lines" and not hunk.lines):
            found.append(hunk.id)
        elif how == "lines":
            places = draw(st.sets(st.integers(0, len(hunk.lines) - 1), min_size=1))
            found.append(pick(hunk.id, places))
    return found


def cut(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def model(before: Files, after: Files, files: tuple[FileDiff, ...], taken: list[str]) -> Files:
    """What is there after taking that, from the files' plain lines."""
    chosen, result = by_hunk(taken), dict(before)
    for file in files:
        change = file.change
        old_path = change.old_path or change.path
        old = before.get(old_path, ("", b""))
        new = after.get(change.path, ("", b""))
        if not any(hunk.lines for hunk in file.hunks):
            if file.hunks[0].id in chosen:
                result.pop(old_path, None)
                result |= {change.path: new} if change.path in after else {}
            continue
        lines, some, all_taken = taken_lines(cut(old[1]), cut(new[1]), file.hunks, chosen)
        if not some:
            continue
        result.pop(old_path, None)
        if change.status != "deleted":
            result[change.path] = (new[0], b"".join(lines))
        elif not all_taken:
            result[change.path] = (old[0], b"".join(lines))
    return result


def taken_lines(
    old: list[bytes], new: list[bytes], hunks: tuple[Hunk, ...], chosen: object
) -> tuple[list[bytes], bool, bool]:
    lines, at, some, every = list[bytes](), 0, False, True
    for hunk in hunks:
        wanted = chosen.get(hunk.id, frozenset())
        for run in runs(hunk):
            gone = [line.old - 1 for _, line in run if line.kind == "-"]
            came = [line.new - 1 for _, line in run if line.kind == "+"]
            is_in = {(line.kind, line.old or line.new) for n, line in run
                     if wanted is None or n in wanted}  # fmt: skip
            if is_in and any(line.no_newline for _, line in run):
                is_in = {(line.kind, line.old or line.new) for _, line in run}
            start = gone[0] if gone else before_run(hunk, run, at)
            lines += old[at:start]
            lines += beside(old, gone, new, came, is_in)
            at = start + len(gone)
            some, every = some or bool(is_in), every and len(is_in) == len(run)
    return lines + old[at:], some, every


def runs(hunk: Hunk) -> Iterator[list]:
    run = []
    for n, line in enumerate(hunk.lines):
        if line.kind != " ":
            run.append((n, line))
        elif run:
            yield run
            run = []
    if run:
        yield run


def before_run(hunk: Hunk, run: list, at: int) -> int:
    """How many old lines lie before a run that only adds."""
    first = run[0][0]
    if first:
        return hunk.lines[first - 1].old
    # Only a hunk without context starts with what it adds: at the file's beginning.
    return next((line.old - 1 for line in hunk.lines if line.old), at)


def beside(
    old: list[bytes], gone: list[int], new: list[bytes], came: list[int], is_in: set
) -> list[bytes]:
    """Lines that stay have their own place; those that come have that of what they replace."""
    removed = [n for n, at in enumerate(gone) if ("-", at + 1) in is_in]
    placed = [((n, 0), old[at]) for n, at in enumerate(gone) if n not in removed]
    seat, rank = 0, 0
    for n, at in enumerate(came):
        if ("+", at + 1) not in is_in:
            continue
        one_by_one = len(gone) == len(came)
        if not one_by_one and rank < len(removed):
            seat = removed[rank]
        else:
            seat = n if one_by_one else max(seat, n)
        placed.append(((seat, 1), new[at]))
        rank += 1
    return [line for _, line in sorted(placed, key=lambda both: both[0])]


def by_git(plain: Path, base: str, patch: bytes) -> str:
    git(plain, "read-tree", base)
    if patch:
        git(plain, "apply", "--cached", "--whitespace=nowarn", "-", input=patch)
    return git(plain, "write-tree")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(change=changes(), data=st.data())
def test_any_part_is_what_git_applies_and_what_its_lines_say(
    bench: Bench, plain: Path, change: tuple[Files, Files], data: st.DataObject
) -> None:
    before, after = change
    made = make(bench, before, after)
    taken = data.draw(picks(made.files))
    part = subset(made.patch, taken)
    tree = bench.shop.apply(made.base, part)
    assert tree == by_git(plain, made.base, part)
    assert held(bench, tree) == model(before, after, made.files, taken)
    settled = settle(made.files, taken)
    assert subset(made.patch, settled) == part
    assert settle(made.files, settled) == settled


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(change=changes())
def test_everything_is_the_change_and_nothing_is_the_base(
    bench: Bench, change: tuple[Files, Files]
) -> None:
    made = make(bench, *change)
    hunks = [hunk for file in made.files for hunk in file.hunks]
    everything = tuple(hunk.id for hunk in hunks)
    by_line = [pick(h.id, range(len(h.lines)) if h.lines else None) for h in hunks]
    assert subset(made.patch, everything) == subset(made.patch, by_line) == made.patch
    assert settle(made.files, by_line[::-1]) == everything
    assert bench.shop.apply(made.base, made.patch) == made.tree
    context = [
        pick(h.id, places)
        for h in hunks
        if (places := [n for n, line in enumerate(h.lines) if line.kind == " "])
    ]
    for nothing in ([], context):
        assert subset(made.patch, nothing) == b""
        assert settle(made.files, nothing) == ()
    assert bench.shop.apply(made.base, b"") == made.base


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), places=st.sets(st.integers(0, 99), min_size=1, max_size=9))
def test_two_halves_are_the_whole(bench: Bench, data: st.DataObject, places: set[int]) -> None:
    lines = [b"%d\n" % n for n in range(100)]
    grown = [line + b"more %d\n" % n if n in places else line for n, line in enumerate(lines)]
    content = (("100644", b"".join(text)) for text in (lines, grown))
    before, after = ({"one": one} for one in content)
    made = make(bench, before, after)
    every = made.files[0].change.hunks
    half = data.draw(st.sets(st.sampled_from(every)))
    rest = set(every) - half
    shop = bench.shop
    for first, second in ((half, rest), (rest, half)):
        there = shop.apply(made.base, subset(made.patch, first))
        assert shop.apply(there, subset(made.patch, second)) == made.tree
    assert subset(subset(made.patch, half), half) == subset(made.patch, half)


def part_of(bench: Bench, old: bytes, new: bytes, *wanted: bytes) -> bytes | None:
    """The file with those lines of its only hunk taken, each as the patch shows it."""
    made = make(bench, {"f": ("100644", old)}, {"f": ("100644", new)})
    (hunk,) = made.files[0].hunks
    shown = [line.kind + line.text for line in hunk.lines]
    places = [shown.index(line.decode()) for line in wanted]
    tree = bench.shop.apply(made.base, subset(made.patch, [pick(hunk.id, places)]))
    return bench.shop.read(tree, "f")


@pytest.mark.parametrize(
    ("new", "taken", "expected"),
    [
        ("A B C", "-b +B", "a B c"),
        ("A B C", "-a +A", "A b c"),
        ("A B C", "-a +A -c +C", "A b C"),
        ("A B C", "+B", "a b B c"),
        ("A B C", "-a +B", "b B c"),
        ("A B C", "-b", "a c"),
        ("A", "-c +A", "a b A"),
        ("A", "-b +A", "a A c"),
        ("N A B C", "-a +A", "A b c"),
        ("A B C D E", "-b +B +D +E", "a B c D E"),
        ("A B C D E", "+D +E", "a b c D E"),
        ("A B C D E", "-a -b -c", ""),
    ],
)
def test_lines_stay_near_those_that_they_replace(
    bench: Bench, new: str, taken: str, expected: str
) -> None:
    def text(words: str) -> bytes:
        return "".join(f"{word}\n" for word in f"top {words} end".split()).encode()

    wanted = [word.encode() for word in taken.split()]
    assert part_of(bench, text("a b c"), text(new), *wanted) == text(expected)


def test_the_end_of_a_file_is_taken_whole_or_not_at_all(bench: Bench) -> None:
    old, new = b"1\n2\n3", b"0\n1\n2\n3\n4"
    assert part_of(bench, old, new, b"+4") == b"1\n2\n3\n4"
    assert part_of(bench, old, new, b"-3") == b"1\n2\n3\n4"
    assert part_of(bench, old, new, b"+0") == b"0\n1\n2\n3"
    assert part_of(bench, b"1\n2", b"1\nx\n2", b"+x") == b"1\nx\n2"


def test_a_file_of_which_something_stays_is_not_deleted(bench: Bench) -> None:
    name = 'od d"'
    made = make(bench, {name: ("100755", b"1\n2\n3\n")}, {})
    (file,) = made.files
    part = subset(made.patch, [pick(file.hunks[0].id, [0, 2])])
    assert parse(part)[0].change.status == "modified"
    assert held(bench, bench.shop.apply(made.base, part))[name] == ("100755", b"2\n")
    assert name not in held(bench, bench.shop.apply(made.base, made.patch))


def test_what_the_patch_does_not_have_is_an_error(bench: Bench) -> None:
    made = make(bench, {"f": ("100644", b"1\n"), "b": ("100644", b"\0")},
                {"f": ("100644", b"2\n"), "b": ("100644", b"\0\0")})  # fmt: skip
    ids = [hunk.id for file in made.files for hunk in file.hunks]
    bad = ["beef", "beef@1", *(f"{ids[1]}@{x}" for x in ("", "x", "2", "1-0", "0,", "-1", "+1"))]
    for one in [*bad, f"{ids[0]}@0", f"{ids[1]}@1_0", f"{ids[1]}@0-99999999"]:
        with pytest.raises(ValueError, match="no such"):
            subset(made.patch, [one])
        with pytest.raises(ValueError, match="no such"):
            settle(made.files, [one])


def test_picks_of_one_hunk_add_up(bench: Bench) -> None:
    made = make(bench, {"f": ("100644", b"1\n2\n")}, {"f": ("100644", b"x\ny\n")})
    (one,) = made.files[0].change.hunks
    assert settle(made.files, [f"{one}@0", f"{one}@2"]) == (f"{one}@0,2",)
    assert settle(made.files, [f"{one}@0-1", f"{one}@2,3"]) == (one,)
    assert settle(made.files, [f"{one}@0", one]) == (one,)
