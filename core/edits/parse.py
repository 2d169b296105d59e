"""Reply text to edits. Lenient about decoration, strict about the end marker and its count."""

from __future__ import annotations

import re
from typing import Final

from core.edits.format import (
    END,
    HEADER,
    OPEN,
    Delete,
    Edit,
    ParsedReply,
    Rename,
    Replace,
    Write,
    bare_path,
    is_close,
    is_divider,
)
from core.errors import ActionFailed
from core.protocol import Problem, ProblemKind
from core.text import clean, clean_line, shorten

_THINKING: Final = re.compile(r"\s*<(think|thinking)>.*?</\1>", re.DOTALL)
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})[\w.+-]*\s*$")


def parse(text: str) -> ParsedReply:
    """The reply's reasons (cleaned) and edits, in order.

    Raises `ActionFailed` with a problem that can be fed back: "empty", "no edits", "cut off"
    (no end marker) or "malformed" (a count, a block or a header that is not right).
    """
    text = _THINKING.sub("", text, count=1).replace("\r\n", "\n")
    if not text.strip():
        raise failed("empty", "The reply is empty.")
    return _Parser(text.split("\n")).run()


def failed(kind: ProblemKind, says: str) -> ActionFailed:
    return ActionFailed(Problem(kind, f"{says} Nothing of the reply was applied.", retry=True))


class _Parser:
    """Reads the lines once, front to back."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._reasons: list[str] = []
        self._edits: list[Edit] = []
        self._path = ""
        """Path of the EDIT or WRITE header whose blocks come now; "" outside."""
        self._bare_header = ""
        """The header that still waits for its first block."""

    def run(self) -> ParsedReply:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if end := END.match(line):
                return self._finish(int(end[1]))
            if header := HEADER.match(line):
                self._header(header[1], bare_path(header[2]))
            elif opened := OPEN.match(line):
                self._block(opened)
            elif not self._edits and not self._path:
                self._reasons.append(line)
        if self._edits or self._path:
            raise failed("cut off", "The reply stops without its end marker, so it was cut off.")
        raise failed(
            "no edits",
            "The reply has neither edits nor an end marker; it says:"
            f" {shorten(clean_line(self._prose()), 300)}",
        )

    def _header(self, word: str, path: str) -> None:
        self._needs_no_block()
        self._path = ""
        match word:
            case "DELETE":
                self._edits.append(Delete(path))
            case "RENAME":
                self._edits.append(Rename(path, self._new_name(path)))
            case "TO":
                raise failed("malformed", f'"=== TO {clean_line(path)}" has no RENAME before it.')
            case _:
                self._path = self._bare_header = path

    def _new_name(self, path: str) -> str:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            header = HEADER.match(line)
            if header and header[1] == "TO":
                return bare_path(header[2])
            if line.strip():
                raise failed(
                    "malformed", f'RENAME {clean_line(path)} is not followed by "=== TO <path>".'
                )
        raise failed("cut off", "The reply stops inside a RENAME, so it was cut off.")

    def _block(self, opened: re.Match[str]) -> None:
        if not self._path:
            raise failed(
                "malformed", f'A {opened[3]} block has no "=== EDIT <path>" line before it.'
            )
        indent, length = opened[1], len(opened[2])
        body, dividers = self._body(length)
        self._bare_header = ""
        if opened[3] == "CONTENT":
            self._edits.append(Write(self._path, _text(body, indent)))
            return
        if len(dividers) != 1:
            raise failed(
                "malformed",
                f"A SEARCH block for {clean_line(self._path)} has {len(dividers)} divider lines of"
                f" {length} equals signs instead of one. If the text itself has such lines, use"
                " longer runs of <, = and > for all three markers of the block.",
            )
        middle = dividers[0]
        self._edits.append(
            Replace(self._path, _text(body[:middle], indent), _text(body[middle + 1 :], indent))
        )

    def _body(self, length: int) -> tuple[list[str], list[int]]:
        body: list[str] = []
        dividers: list[int] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if is_close(line, length):
                return body, dividers
            opened = OPEN.match(line)
            if opened and len(opened[2]) == length:
                raise failed(
                    "malformed", f"A block for {clean_line(self._path)} is opened inside another."
                )
            if is_divider(line, length):
                dividers.append(len(body))
            body.append(line)
        raise failed(
            "cut off",
            f"The reply stops inside an edit of {clean_line(self._path)}, so it was cut off.",
        )

    def _finish(self, count: int) -> ParsedReply:
        self._needs_no_block()
        for line in self._lines[self._at :]:
            if HEADER.match(line) or OPEN.match(line) or END.match(line):
                raise failed("malformed", "The reply goes on with edits after its end marker.")
        if count != len(self._edits):
            raise failed(
                "malformed",
                f"The end marker counts {count} edits, but {len(self._edits)} were found; each"
                " block, deletion and rename counts as one.",
            )
        if not self._edits:
            raise failed(
                "no edits",
                f"The reply makes no edits; it says: {shorten(clean_line(self._prose()), 300)}",
            )
        return ParsedReply(clean(self._prose()), tuple(self._edits))

    def _needs_no_block(self) -> None:
        if self._bare_header:
            raise failed("malformed", f"EDIT {clean_line(self._bare_header)} has no block.")

    def _prose(self) -> str:
        lines = list(self._reasons)
        while lines and (not lines[-1].strip() or _FENCE.match(lines[-1])):
            # A fence here opens around the edits; it says nothing.
            if lines[-1].strip() and _closes(lines):
                break
            lines.pop()
        return "\n".join(lines).strip()


def _closes(lines: list[str]) -> bool:
    return sum(1 for line in lines if _FENCE.match(line)) % 2 == 0


def _text(lines: list[str], indent: str) -> str:
    """Whole lines as one text, without the indentation that the markers have too."""
    if indent and all(line.startswith(indent) or not line.strip() for line in lines):
        lines = [line.removeprefix(indent) for line in lines]
    return "".join(f"{line}\n" for line in lines)
