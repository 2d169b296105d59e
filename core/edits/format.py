"""The reply format of every proposer: reasons in prose, then edits, then an end marker.

    Why this is the right change, in plain prose.

    === EDIT src/shop/cart.py
    <<<<<<< SEARCH
        return round(x, 2)
    =======
        return quantize(x)
    >>>>>>> REPLACE

    === WRITE tests/test_new.py
    <<<<<<< CONTENT
    the whole file
    >>>>>>> CONTENT

    === DELETE old.py

    === RENAME a.py
    === TO b.py

    === END: 4 edits ===

Rules. SEARCH is matched against the file as it was shown, never after another edit of the same
reply. The run of `<` that opens a block may be longer than seven; the divider and the closing
line then have the same length, so that a text can hold any line at all. The last line counts
the edits: a reply without it was cut off, and nothing of it is applied.

All texts are whole lines divided by "\\n"; end-of-line style, byte order mark and a missing
last newline are the file's own and come back in `core.edits.apply`.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from core.protocol import Value


class Replace(Value, frozen=True, tag="replace"):
    """Lines of a file become other lines. Both texts end with a newline, or are empty."""

    path: str
    search: str
    """Empty only where the file is new or empty."""
    replace: str


class Write(Value, frozen=True, tag="write"):
    """A whole file, new or in place of the old one."""

    path: str
    content: str


class Delete(Value, frozen=True, tag="delete"):
    path: str


class Rename(Value, frozen=True, tag="rename"):
    path: str
    to: str


Edit: TypeAlias = Replace | Write | Delete | Rename


class ParsedReply(Value, frozen=True):
    reasons: str
    edits: tuple[Edit, ...]


SHORTEST: Final = 7
"""Least length of the runs that open, divide and close a block."""

HEADER: Final = re.compile(
    r"\s*(?:#{1,6}\s+|\*\*)?={3,}\s*(EDIT|WRITE|CREATE|DELETE|RENAME|TO)\b:?\s+(\S.*?)(?:\*\*)?\s*$"
)
OPEN: Final = re.compile(r"(\s*)(<{5,})\s*(SEARCH|CONTENT)\s*$")
END: Final = re.compile(
    r"\s*(?:\*\*)?={3,}\s*END(?:\s+OF\s+CHANGE)?\s*:?\s*(\d+)\s+edits?\s*=*(?:\*\*)?\s*$",
    re.IGNORECASE,
)
_RUN: Final = re.compile(r"\s*(?:(<{5,})\s*(?:SEARCH|CONTENT)|(={5,})|(>{5,})\s*\w+)\s*$")


def is_divider(line: str, length: int) -> bool:
    return line.strip() == "=" * length


def is_close(line: str, length: int) -> bool:
    word = line.strip().removeprefix(">" * length).strip()
    return line.strip().startswith(">" * length) and word in ("REPLACE", "CONTENT")


def bare_path(written: str) -> str:
    """The path as meant, without the quotes and the decoration that a model puts around it."""
    path = re.sub(r"\s+={3,}$", "", written.strip()).strip()
    if len(path) > 2 and path[0] == path[-1] and path[0] in "`\"'":
        return path[1:-1]
    return path


def plain_reasons(reasons: str) -> str:
    """Reasons as they can stand before edits: lines that look like markers are quoted."""
    lines = reasons.replace("\r\n", "\n").strip().split("\n")
    return "\n".join(f"> {line.strip()}" if _is_marker(line) else line for line in lines)


def _is_marker(line: str) -> bool:
    return any(pattern.match(line) for pattern in (HEADER, OPEN, END))


def render(reasons: str, edits: tuple[Edit, ...]) -> str:
    """A reply that `parse` reads back as `ParsedReply(plain_reasons(reasons), edits)`."""
    parts = [plain_reasons(reasons), ""]
    for edit in edits:
        parts += [*_render_edit(edit), ""]
    noun = "edit" if len(edits) == 1 else "edits"
    parts.append(f"=== END: {len(edits)} {noun} ===")
    return "\n".join(parts) + "\n"


def _render_edit(edit: Edit) -> list[str]:
    path = _written_path(edit.path)
    match edit:
        case Replace(search=search, replace=replace):
            run = _run_length(search + replace)
            return [
                f"=== EDIT {path}",
                f"{'<' * run} SEARCH",
                *_lines(search),
                "=" * run,
                *_lines(replace),
                f"{'>' * run} REPLACE",
            ]
        case Write(content=content):
            run = _run_length(content)
            return [
                f"=== WRITE {path}",
                f"{'<' * run} CONTENT",
                *_lines(content),
                f"{'>' * run} CONTENT",
            ]
        case Delete():
            return [f"=== DELETE {path}"]
        case Rename(to=to):
            return [f"=== RENAME {path}", f"=== TO {_written_path(to)}"]


def _written_path(path: str) -> str:
    return path if bare_path(path) == path and not path.endswith("*") else f"`{path}`"


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _run_length(text: str) -> int:
    """One more than the longest run in the text that could be taken for a marker's."""
    longest = SHORTEST - 1
    for line in text.split("\n"):
        if found := _RUN.match(line):
            longest = max(longest, *(len(run or "") for run in found.groups()))
    return longest + 1
