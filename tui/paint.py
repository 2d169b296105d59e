"""From words to cells: the one door through which every text reaches the screen.

A face is drawn as lines of spans: text and the name of a style. Whatever a span holds is
cleaned here once more, so that no text from outside can drive the terminal or hide on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from core.text import clean

Span: TypeAlias = tuple[str, str]
"""Text, and names out of `tui.theme` separated by spaces."""
Line: TypeAlias = tuple[Span, ...]

BLANK: Line = ()


def line(*spans: Span | str) -> Line:
    return tuple((s, "") if isinstance(s, str) else s for s in spans)


def safe(text: str) -> str:
    """One line that cannot move the cursor: controls and line breaks become marks."""
    if text.isascii() and text.isprintable():
        return text
    return clean(text).replace("\n", "␊").replace("\t", " ")


def plain(spans: Line) -> str:
    return "".join(safe(text) for text, _ in spans)


def width(spans: Line) -> int:
    return cell_len(plain(spans))


def fit(text: str, cells: int) -> str:
    """The text in at most `cells` cells, with "…" where its end is left out."""
    text = safe(text)
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + "…"


def fit_line(spans: Line, cells: int) -> Line:
    """The line in at most `cells` cells."""
    out: list[Span] = []
    for text, style in spans:
        text = safe(text)
        size = cell_len(text)
        if size > cells:
            out.append((fit(text, cells), style))
            break
        out.append((text, style))
        cells -= size
    return tuple(out)


def crop(spans: Line, start: int, cells: int) -> Line:
    """Exactly `cells` cells of the line from cell `start`, with "›" where it goes on."""
    more = cells > 0 and width(spans) > start + cells
    cut = _cut(spans, start, start + cells - more)
    blank = cells - more - width(cut)
    return (*cut, *(((" " * blank, ""),) if blank > 0 else ()), *((("›", "warn"),) if more else ()))


def _cut(spans: Line, start: int, end: int) -> Line:
    """Cells [start, end) of the line; a wide character that is cut in two becomes blanks."""
    out: list[Span] = []
    at = 0
    for text, style in spans:
        text = safe(text)
        size = cell_len(text)
        a, b = max(0, start - at), min(size, end - at)
        if a < b and text.isascii():
            out.append((text[a:b], style))
        elif a < b:
            out.append((Segment(text).split_cells(b)[0].split_cells(a)[1].text, style))
        at += size
    return tuple(out)


def apart(left: Line, right: Line, cells: int) -> Line:
    """`left` at the left edge and `right` at the right one; the left gives way."""
    left = fit_line(left, max(0, cells - width(right) - 1))
    gap = max(1, cells - width(left) - width(right))
    return (*left, (" " * gap, ""), *right)


def wrap(text: str, cells: int, style: str = "", indent: str = "") -> list[Line]:
    """The text broken at spaces into lines of at most `cells` cells; paragraphs stay."""
    out: list[Line] = []
    room = max(4, cells - cell_len(indent))
    for paragraph in clean(text).split("\n"):
        current = ""
        lead = paragraph[: len(paragraph) - len(paragraph.lstrip())][: room // 2]
        for word in paragraph.split():
            joined = f"{current} {word}" if current else lead + word
            if cell_len(joined) <= room:
                current = joined
                continue
            if current:
                out.append(((indent, ""), (current, style)))
            pieces = chop_cells(word, room) or [""]
            out.extend(((indent, ""), (piece, style)) for piece in pieces[:-1])
            current = pieces[-1]
        out.append(((indent, ""), (current, style)) if current else BLANK)
    return out


def flow(parts: Sequence[Line], cells: int, gap: str = "  ", indent: str = "") -> list[Line]:
    """Whole parts side by side, on as many lines as they need; a part is never cut."""
    out: list[Line] = []
    current: list[Span] = []
    used = 0
    for part in parts:
        size = width(part)
        if current and used + cell_len(gap) + size > cells:
            out.append(tuple(current))
            current, used = [], 0
        lead = gap if current else indent
        current += [(lead, ""), *part]
        used += cell_len(lead) + size
    return [*out, tuple(current)] if current else out


def strip(spans: Line, styles: Styles, base: Style) -> Strip:
    """Cells of a line, on `base`."""
    segments = [Segment(safe(text), base + styles.get(style)) for text, style in spans if text]
    return Strip(segments)


class Styles:
    """Style names and what they look like in the theme of the moment."""

    def __init__(self, named: dict[str, Style]) -> None:
        self._named = named
        self._mixed: dict[str, Style] = {}

    def get(self, names: str) -> Style:
        if names not in self._mixed:
            mixed = Style.null()
            for name in names.split():
                mixed += self._named[name]
            self._mixed[names] = mixed
        return self._mixed[names]
