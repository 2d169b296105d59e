"""Edits to bytes: what each touched file holds afterwards. Pure but for the `read` it is given.

Lines that an edit does not change stay byte-identical, also inside its own search text; new
lines take the file's own line ends, byte order mark and missing last newline.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from itertools import pairwise

from core.edits.format import Delete, Edit, Rename, Replace, Write
from core.edits.lines import FileText, Line, bodies, read_lines, write_lines
from core.edits.match import Match, find, nearest
from core.edits.paths import checked_path
from core.errors import ActionFailed
from core.protocol import Problem
from core.text import clean_line

Read = Callable[[str], bytes | None]
"""Content of a path in the tree that the edits apply to; None where there is no file."""


def apply(edits: tuple[Edit, ...], read: Read) -> dict[str, bytes | None]:
    """Content of every file that changes, by path; None deletes it.

    Raises `ActionFailed`, and then nothing is to be applied: "unmatched" (a search text found
    nowhere or more than once, edits that overlap, a file that is missing), "refused path" (also
    a file that is not UTF-8 text), "no edits" (all is as it was).
    """
    files = _Files(read)
    for edit in edits:
        path = checked_path(edit.path)
        match edit:
            case Replace():
                files.replace(path, edit)
            case Write(content=content):
                files.write(path, content)
            case Delete():
                files.delete(path)
            case Rename(to=to):
                files.rename(path, checked_path(to))
    return files.changed()


class _Files:
    """The tree with what was edited so far; replacements wait until all of a file's are known."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._now: dict[str, bytes | None] = {}
        self._waiting: dict[str, list[Replace]] = {}

    def replace(self, path: str, edit: Replace) -> None:
        self._waiting.setdefault(path, []).append(edit)

    def write(self, path: str, content: str) -> None:
        old = self._get(path)
        self._now[path] = _rewritten(path, old, content)

    def delete(self, path: str) -> None:
        self._existing(path)
        self._now[path] = None

    def rename(self, path: str, to: str) -> None:
        data = self._existing(path)
        if to != path and self._get(to) is not None:
            raise _unmatched(f"{to} exists already, so {path} cannot take its name.")
        self._now[path] = None
        self._now[to] = data

    def changed(self) -> dict[str, bytes | None]:
        for path in list(self._waiting):
            self._get(path)
        changed = {p: data for p, data in self._now.items() if data != self._read(p)}
        if not changed:
            raise ActionFailed(
                Problem(
                    "no edits",
                    "The edits leave every file as it is. Nothing was applied; change something,"
                    " or say why nothing needs to change.",
                    retry=True,
                )
            )
        return changed

    def _existing(self, path: str) -> bytes:
        data = self._get(path)
        if data is None:
            raise _unmatched(f"{path} does not exist.")
        return data

    def _get(self, path: str) -> bytes | None:
        data = self._now[path] if path in self._now else self._read(path)
        if edits := self._waiting.pop(path, None):
            data = self._now[path] = _replaced(path, data, edits)
        return data


def _replaced(path: str, data: bytes | None, edits: list[Replace]) -> bytes:
    if not data and len(edits) == 1 and not edits[0].search:
        return _rewritten(path, data, edits[0].replace)
    if data is None:
        raise _unmatched(f"{path} does not exist, so nothing of it can be replaced.")
    file = _decoded(path, data)
    lines = [line.body for line in file.lines]
    matches = sorted(_only_match(path, lines, edit) for edit in edits)
    for before, after in pairwise(matches):
        if before.start + len(before.search) > after.start:
            raise _unmatched(
                f"Two edits of {path} overlap at line {after.start + 1}; make them one."
            )
    new: list[Line] = []
    at = 0
    for match in matches:
        end = match.start + len(match.search)
        new += file.lines[at : match.start]
        new += _merged(file.lines[match.start : end], match)
        at = end
    new += file.lines[at:]
    return _encoded(path, FileText(file.bom, _with_ends(new, file)))


def _only_match(path: str, lines: list[str], edit: Replace) -> Match:
    search = bodies(edit.search)
    if not search:
        raise _unmatched(f"An edit of {path} has an empty SEARCH, but the file is not empty.")
    matches = find(lines, search, bodies(edit.replace))
    if len(matches) == 1:
        return matches[0]
    if matches:
        places = ", ".join(str(match.start + 1) for match in matches[:5])
        raise _unmatched(
            f"A SEARCH text for {path} is found {len(matches)} times (lines {places}); add lines"
            " around it until it is found once."
        )
    near = nearest(lines, search)
    shown = f" The nearest lines of the file are:\n{near}\n" if near else ""
    first = clean_line(next((line for line in search if line.strip()), ""))
    raise _unmatched(
        f'A SEARCH text for {path} is not in the file; it begins "{first[:120]}".{shown}'
    )


def _merged(old: tuple[Line, ...], match: Match) -> Iterator[Line]:
    """The new lines; one that the reply leaves as it searched for it is the file's own line.

    Lines that are new have no end yet.
    """
    matcher = difflib.SequenceMatcher(None, match.search, match.replace, autojunk=False)
    for kind, i, i2, j, j2 in matcher.get_opcodes():
        if kind == "equal":
            yield from old[i:i2]
        else:
            yield from (Line(new, "") for new in match.replace[j:j2])


def _with_ends(lines: list[Line], file: FileText) -> tuple[Line, ...]:
    """Gives new lines their neighbour's end; a last newline is missing only if it was before."""
    unended = bool(file.lines) and not file.lines[-1].end
    ended: list[Line] = []
    for place, line in enumerate(lines, 1):
        end = line.end
        if not end and not (unended and place == len(lines)):
            end = ended[-1].end if ended else file.usual_end
        ended.append(Line(line.body, end))
    return tuple(ended)


def _rewritten(path: str, old: bytes | None, content: str) -> bytes:
    file = _decoded(path, old or b"")
    whole = Match(0, tuple(line.body for line in file.lines), tuple(bodies(content)))
    merged = list(_merged(file.lines, whole))
    return _encoded(path, FileText(file.bom, _with_ends(merged, file)))


def _decoded(path: str, data: bytes) -> FileText:
    try:
        if b"\x00" in data:
            raise UnicodeDecodeError("utf-8", data, 0, 1, "a null byte")
        return read_lines(data)
    except UnicodeDecodeError:
        raise ActionFailed(
            Problem(
                "refused path",
                f"{path} is not UTF-8 text, so it cannot be edited by lines. Nothing of the reply"
                " was applied; leave this file as it is.",
                retry=True,
            )
        ) from None


def _encoded(path: str, file: FileText) -> bytes:
    try:
        return write_lines(file)
    except UnicodeEncodeError:
        raise ActionFailed(
            Problem(
                "malformed",
                f"The new text of {path} has characters that no file can hold. Nothing of the"
                " reply was applied.",
                retry=True,
            )
        ) from None


def _unmatched(says: str) -> ActionFailed:
    return ActionFailed(Problem("unmatched", f"{says} Nothing of the reply was applied.", True))
