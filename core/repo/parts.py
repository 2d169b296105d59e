"""Parts of a patch: hunks, and lines of hunks, as a patch that git applies. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from core.picks import by_hunk, pick
from core.protocol import FileDiff, Hunk
from core.repo.patch import RawHunk, RawLine, Section, ids, read

Lines = frozenset[int] | None
"""Places of a hunk's lines; None for all of them."""
_NOTHING: frozenset[int] = frozenset()


def subset(patch: bytes, picks: Collection[str]) -> bytes:
    """The patch that holds only what is picked of it.

    A removed line that is left out stays, an added one stays away. What changes the end of the
    file beside a missing newline is taken whole or not at all. A file's mode and its new name
    come with any part of it; a deleted file of which something stays is only modified.

    Raises `ValueError` for hunks and lines that the patch does not have.
    """
    sections = read(patch)
    every = ids(sections)
    taken = _known(picks, (one for listed in every for one in listed))
    parts = (_part(s, [taken.get(one, _NOTHING) for one in listed])
             for s, listed in zip(sections, every, strict=True))  # fmt: skip
    return b"".join(parts)


def settle(files: Iterable[FileDiff], picks: Collection[str]) -> tuple[str, ...]:
    """The shortest picks that take the same, in the change's order: a hunk of which everything
    is taken is its id, and one of which nothing is taken is not there. Raises `ValueError`."""
    shown = [hunk for file in files for hunk in file.hunks]
    taken = _known(picks, (hunk.id for hunk in shown))
    settled = ((hunk, _settled(hunk, taken[hunk.id])) for hunk in shown if hunk.id in taken)
    return tuple(pick(hunk.id, lines) for hunk, lines in settled if lines != _NOTHING)


def _known(picks: Collection[str], every: Iterable[str]) -> Mapping[str, Lines]:
    taken = by_hunk(picks)
    if unknown := set(taken) - set(every):
        raise ValueError(f"no such hunk: {', '.join(sorted(unknown))}")
    return taken


def _settled(hunk: Hunk, wanted: Lines) -> Lines:
    kinds = [line.kind for line in hunk.lines]
    taken = _chosen(kinds, [line.no_newline for line in hunk.lines], wanted)
    return None if wanted is None or len(taken) == _changed(kinds) else taken


def _part(section: Section, wanted: Sequence[Lines]) -> bytes:
    if not section.hunks:
        _chosen((), (), wanted[0])
        return b"" if wanted[0] is not None else b"".join(section.head) + section.binary
    both = zip(section.hunks, wanted, strict=True)
    hunks = [kept for hunk, lines in both if (kept := _reduced(hunk, lines)) is not None]
    if not hunks:
        return b""
    stays = section.status == "deleted" and hunks[0].new_count > 0
    parts, shift = list(_modified(section.head) if stays else section.head), 0
    for hunk in hunks:
        # git looks for a hunk at its place in the new file first, so that must be right.
        start = hunk.old + shift + (hunk.old_count == 0) - (hunk.new_count == 0)
        parts.append(hunk.at(start))
        shift += hunk.new_count - hunk.old_count
    return b"".join(parts)


def _modified(head: Iterable[bytes]) -> Iterator[bytes]:
    """A deleted file's head, for a file that stays."""
    for line in head:
        if line.startswith(b"--- "):
            yield line
            yield line.replace(b"--- ", b"+++ ", 1).replace(b"a/", b"b/", 1)
        elif not line.startswith((b"deleted file mode ", b"index ", b"+++ ")):
            yield line


def _reduced(hunk: RawHunk, wanted: Lines) -> RawHunk | None:
    """The hunk with these changed lines alone; None where there are none of them."""
    kinds = [line.kind for line in hunk.lines]
    taken = _chosen(kinds, [bool(line.mark) for line in hunk.lines], wanted)
    if not taken:
        return None
    if len(taken) == _changed(kinds):
        return hunk
    lines = [_taken(hunk.lines[n], n in taken) for n in _ordered(kinds, taken)]
    new_count = sum(line.kind != "-" for line in lines)
    return replace(hunk, new_count=new_count, lines=tuple(lines))


def _taken(line: RawLine, taken: bool) -> RawLine:
    return line if taken else replace(line, kind=" ")


def _changed(kinds: Sequence[str]) -> int:
    return sum(kind != " " for kind in kinds)


def _chosen(kinds: Sequence[str], marks: Sequence[bool], wanted: Lines) -> frozenset[int]:
    """The changed lines that are taken where these are wanted. Raises `ValueError`."""
    if wanted is None:
        return frozenset(n for n, kind in enumerate(kinds) if kind != " ")
    if wanted and max(wanted) >= len(kinds):
        raise ValueError(f"no such line: {max(wanted)}")
    taken = frozenset(n for n in wanted if kinds[n] != " ")
    for run in _runs(kinds):
        # Half of such a run could put a line behind one that has no end.
        if any(marks[n] for n in run) and not taken.isdisjoint(run):
            taken |= frozenset(run)
    return taken


def _runs(kinds: Sequence[str]) -> Iterator[range]:
    """The places of changed lines that follow upon each other."""
    start = 0
    for n, kind in enumerate([*kinds, " "]):
        if kind == " ":
            if n > start:
                yield range(start, n)
            start = n + 1


def _ordered(kinds: Sequence[str], taken: Collection[int]) -> Iterator[int]:
    """The places of the lines that are there, removed ones too, in the order of the new file."""
    old, new = list[int](), list[int]()
    for n, kind in enumerate(kinds):
        if kind == " " or (kind == "-" and new):
            yield from _beside(old, new, taken)
            old, new = [], []
        if kind == " ":
            yield n
        else:
            (old if kind == "-" else new).append(n)
    yield from _beside(old, new, taken)


def _beside(old: list[int], new: list[int], taken: Collection[int]) -> Iterator[int]:
    """What replaces each other, with taken lines where those are that they replace.

    Sides of equal length are taken to correspond line by line. Otherwise what is taken of one
    side stands for what is taken of the other, in order.
    """
    gone = [n for n, place in enumerate(old) if place in taken]
    if len(gone) == len(old):
        yield from (*old, *(place for place in new if place in taken))
        return
    if len(old) == len(new):
        gone = []
    after: dict[int, list[int]] = {}
    slot = rank = 0
    for n, place in enumerate(new):
        if place in taken:
            slot = gone[rank] if rank < len(gone) else min(max(slot, n), len(old) - 1)
            after.setdefault(slot, []).append(place)
            rank += 1
    for n, place in enumerate(old):
        yield place
        yield from after.get(n, ())
