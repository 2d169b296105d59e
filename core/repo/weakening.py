"""What a change takes from the tests that its base has, hunk by hunk. Pure.

Tests are read before and after (`python_suites`, `line_suites`) and compared. What moves inside
the change is no loss, nor is what is new. A doubt counts as a loss: it only means that a person
looks at the hunk by itself.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from core.lanes import is_test, runs_as_test
from core.repo import line_suites, python_suites
from core.repo.losses import Loss, Pool, Reading, losses
from core.repo.patch import RawHunk, Section
from core.repo.suites import Suite
from core.text import clean_line, decode, shorten

_MOST = 3
"""Losses of a hunk that are told one by one, and names in each of them."""
_LONGEST = 400
_OUTPUT = re.compile(
    r"(^|/)__(image_)?snapshots__/|\.(snap|ambr|golden|storyshot|expected|(approved|verified)\.\w+)$"
)
_OUTPUT_OF_TESTS = re.compile(r"(^|[/._-])(goldens?|expected|snapshots?|baselines?|want)([/._-]|$)")
_CODE = re.compile(r"\.(py|[cm]?[jt]sx?|go|rs|rb|java|kts?|cs|scala|php|swift|cc|cpp|c|h)$")
_ENTRY = re.compile(r"^(exports\[|# name: )")
_INLINE = re.compile(r"^\s*#\[(cfg\(test\)|test\])", re.MULTILINE)


def weakens(
    sections: Sequence[Section], old: Callable[[str], bytes | None]
) -> tuple[tuple[str, ...], ...]:
    """File by file and hunk by hunk, what is lost, as what follows "A part of this change …"; ()
    for a file that loses nothing.

    `old` reads a file of the base; where it cannot, the patch's own lines have to do.
    """
    if not any(_has_tests(section) for section in sections):
        return ((),) * len(sections)
    files = [_read(section, old) for section in sections]
    pool, outputs = Pool(files), _outputs(sections)
    return tuple(
        _placed(section, (*losses(file, pool), *_expected(section, file.path, outputs)))
        for section, file in zip(sections, files, strict=True)
    )


def _has_tests(section: Section) -> bool:
    """Whether the base may hold tests (or what they expect) in that file."""
    here = os.fsdecode(section.names[0])
    return section.status != "added" and (
        is_test(here) or _is_expected(here) or here.endswith(".rs")
    )


def _read(section: Section, old: Callable[[str], bytes | None]) -> Reading:
    here, there = (os.fsdecode(name) for name in section.names)
    path = clean_line(decode(section.names[1]))
    added = section.status == "added"
    named = is_test(here) or is_test(there)
    before = b"" if added else old(here) if named or here.endswith(".rs") else None
    inline = here.endswith(".rs") and before is not None and _INLINE.search(decode(before))
    if section.binary or not (named or inline):
        return Reading(path, Suite(), Suite())
    try:
        after = None if before is None else section.after(before)
    except ValueError:
        before = after = None
    if before is None or after is None:
        before, after = (_sparse(section.hunks, side) for side in "-+")
    gone = section.status == "deleted" or (not is_test(there) and not inline)
    one, two = _suites(section, here, there, before, b"" if gone else after)
    if runs_as_test(here) and not runs_as_test(there):
        two = _idle(two)
    if there.endswith(".py") and not runs_as_test(there):
        one, two = one if runs_as_test(here) else _idle(one), _idle(two)
    return Reading(path, Suite() if added else one, two)


def _idle(suite: Suite) -> Suite:
    """The same in a file that nobody runs."""
    return replace(suite, blocks={k: replace(b, runs=False) for k, b in suite.blocks.items()})


def _suites(
    section: Section, here: str, there: str, before: bytes, after: bytes
) -> tuple[Suite, Suite]:
    """Both sides, read in the same way."""
    if here.endswith(".py") and there.endswith(".py"):
        hunks = section.hunks
        old = python_suites.read(before, [range(h.old - 1, h.old + h.old_count + 1) for h in hunks])
        new = python_suites.read(after, [range(h.new - 1, h.new + h.new_count + 1) for h in hunks])
        if old is not None and new is not None:
            return old, new
    one, two = (
        line_suites.read(path, _tests_of(path, decode(data).removeprefix("\ufeff")))
        for path, data in ((here, before), (there, after))
    )
    return one, two


def _tests_of(path: str, text: str) -> str:
    """Rust keeps tests at the end of its sources; what comes before is blank here."""
    if not path.endswith(".rs") or is_test(path):
        return text
    found = _INLINE.search(text)
    start = found.start() if found else len(text)
    return "\n" * text.count("\n", 0, start) + text[start:]


def _sparse(hunks: Iterable[RawHunk], side: str) -> bytes:
    """What a patch shows of one side of a file, each line in its place."""
    lines = list[bytes]()
    for hunk in hunks:
        start = (hunk.old if side == "-" else hunk.new) - 1
        lines += [b"\n"] * (start - len(lines))
        lines += [line.text for line in hunk.lines if line.kind in (" ", side)]
    return b"".join(lines)


def _outputs(sections: Iterable[Section]) -> Counter[bytes]:
    """Lines that the change adds to expected output."""
    return Counter(
        line.text.strip()
        for section in sections
        if _is_expected(os.fsdecode(section.names[1]))
        for hunk in section.hunks
        for line in hunk.lines
        if line.kind == "+"
    )


def _expected(section: Section, path: str, outputs: Counter[bytes]) -> Iterator[Loss]:
    """Expected output that is no longer what it was."""
    if section.status == "added" or not _is_expected(os.fsdecode(section.names[0])):
        return
    says = "removes" if section.status == "deleted" else "changes"
    if section.binary:
        yield Loss(f"{says} the expected output {{}}", path)
    for hunk in section.hunks:
        gone = Counter(line.text.strip() for line in hunk.lines if line.kind == "-")
        come = [line.text for line in hunk.lines if line.kind == "+"]
        moved = gone and not gone - outputs
        appended = not gone and any(_ENTRY.match(decode(text)) for text in come)
        if not moved and not appended:
            old = range(hunk.old, hunk.old + hunk.old_count)
            new = range(hunk.new, hunk.new + hunk.new_count)
            yield Loss(f"{says} the expected output {{}}", path, old, new)


def _is_expected(path: str) -> bool:
    if _OUTPUT.search(path):
        return True
    return is_test(path) and not _CODE.search(path) and _OUTPUT_OF_TESTS.search(path) is not None


def _placed(section: Section, lost: Iterable[Loss]) -> tuple[str, ...]:
    """What each hunk takes."""
    hunks = section.hunks
    changed = [_changed(hunk) for hunk in hunks]
    found = [list[Loss]() for _ in range(max(1, len(hunks)))]
    for loss in lost:
        touching = [
            n for n, (old, new) in enumerate(changed)
            if not old.isdisjoint(loss.old) or not new.isdisjoint(loss.new)
        ]  # fmt: skip
        for n in touching or [_nearest(hunks, loss)]:
            found[n].append(loss)
    return tuple(map(_sentence, found)) if any(found) else ()


def _changed(hunk: RawHunk) -> tuple[set[int], set[int]]:
    """Numbers of the lines that a hunk removes, and of those that it adds."""
    old, new = hunk.first_old, hunk.new - (hunk.new_count > 0)
    gone, come = set[int](), set[int]()
    for line in hunk.lines:
        old += line.kind != "+"
        new += line.kind != "-"
        if line.kind != " ":
            (gone if line.kind == "-" else come).add(old if line.kind == "-" else new)
    return gone, come


def _nearest(hunks: Sequence[RawHunk], loss: Loss) -> int:
    """The hunk to ask about where none touches the lines themselves: their surroundings moved."""
    at = [abs(h.old - loss.old.start) if loss.old else abs(h.new - loss.new.start) for h in hunks]
    return at.index(min(at)) if at else 0


def _sentence(lost: Iterable[Loss]) -> str:
    named: dict[str, list[str]] = {}
    for loss in lost:
        names = named.setdefault(loss.says, [])
        if loss.name not in names:
            names.append(loss.name)
    told = [_filled(says, names) for says, names in named.items()]
    if len(told) > _MOST:
        told = [*told[:_MOST], f"and {len(told) - _MOST} more like that"]
    return shorten("; ".join(told), _LONGEST)


def _filled(says: str, names: list[str]) -> str:
    if len(names) > 1:
        for one, several in (("the test {}", "the tests {}"), ("{} expects", "{} expect"),
                             ("{} finds", "{} find")):  # fmt: skip
            says = says.replace(one, several)
    if len(names) > _MOST:
        names = [*names[:_MOST], f"{len(names) - _MOST} more"]
    return says.format(" and ".join(filter(None, (", ".join(names[:-1]), names[-1]))))
