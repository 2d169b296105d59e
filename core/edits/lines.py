"""A file's bytes as lines that remember their own ends, and back, byte for byte."""

from __future__ import annotations

import codecs
from collections import Counter
from typing import NamedTuple


class Line(NamedTuple):
    body: str
    end: str
    """"\\n", "\\r\\n", or "" on a last line that has none."""


class FileText(NamedTuple):
    bom: bool
    lines: tuple[Line, ...]

    @property
    def usual_end(self) -> str:
        """The end that most lines have; a newline where none says otherwise."""
        ends = Counter(line.end for line in self.lines if line.end)
        return ends.most_common(1)[0][0] if ends else "\n"


def read_lines(data: bytes) -> FileText:
    """Raises `UnicodeDecodeError` for what is not UTF-8."""
    bom = data.startswith(codecs.BOM_UTF8)
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    pieces = text.split("\n")
    ended = [_ended(piece) for piece in pieces[:-1]]
    if pieces[-1]:
        ended.append(Line(pieces[-1], ""))
    return FileText(bom, tuple(ended))


def write_lines(file: FileText) -> bytes:
    """Raises `UnicodeEncodeError` for lone surrogates."""
    text = "".join(line.body + line.end for line in file.lines)
    return (codecs.BOM_UTF8 if file.bom else b"") + text.encode("utf-8")


def bodies(text: str) -> list[str]:
    """The lines of an edit's text, without their ends."""
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    return lines if lines[-1] else lines[:-1]


def _ended(piece: str) -> Line:
    if piece.endswith("\r"):
        return Line(piece[:-1], "\r\n")
    return Line(piece, "\n")
