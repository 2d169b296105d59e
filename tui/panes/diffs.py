"""How the rows of a diff look. Only rows that are seen are painted; what is dear is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from core import protocol as p
from tui.paint import Line, Span, crop, fit, plain, safe
from tui.panes.arrange import DiffRow, numbers, partners, span
from tui.panes.rows import restyle
from tui.panes.words import changed_words
from tui.syntax import colour
from tui.taking import Share, Taking
from tui.view import count

TAB = 4
LONGEST = 1_000
"""Characters of a line that are drawn; the rest is counted."""
CHUNK, LEAD = 48, 24
"""Lines that are coloured at once, and lines before them that are read for what they begin."""
KEPT = 4_000
BOX: Mapping[Share, Span] = {
    "all": ("[✓] ", "ok"),
    "part": ("[~] ", "warn"),
    "none": ("[ ] ", "warn"),
}
_LEFT_OUT = re.compile(r" … (\d+) left out … ")


@dataclass(frozen=True, slots=True)
class Brush:
    """How rows are drawn at the moment."""

    cells: int = 80
    split: bool = False
    shift: int = 0
    """Characters scrolled off on the left, where old and new stand side by side."""
    taking: Taking = field(default_factory=Taking)
    choosing: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)
    colours: bool = True


class Painter:
    """Paints the rows of one diff."""

    def __init__(self, files: Sequence[p.FileDiff]) -> None:
        self.files = files
        self.contents: dict[str, Sequence[str]] = {}
        """Path → lines of the new file, where they are known."""
        self.digits = number_width(files)
        self.widest = widest(files, self.digits)
        self._longest_name = max((cell_len(safe(_name(d.change))) for d in files), default=0)
        self._pieces: dict[tuple[int, int, int, bool], Line] = {}
        self._coloured: dict[tuple[int, int, str, int], Mapping[int, Line]] = {}
        self._partners: dict[tuple[int, int], list[int]] = {}

    def know(self, path: str, lines: Sequence[str]) -> None:
        """More of a file than the diff shows."""
        self.contents[path] = lines
        self.digits = max(self.digits, len(str(len(lines))))

    def paint(self, row: DiffRow, brush: Brush, selected: bool = False) -> Line:
        match row.kind:
            case "index":
                return self._index(row, brush)
            case "file":
                return self._file(row, brush)
            case "hunk":
                return self._hunk(row, brush)
            case "line" | "space" | "context":
                return self._line(row, brush, selected)
            case _:
                return row.drawn

    def text(self, row: DiffRow) -> str:
        """What a row says, for search and copying; much cheaper than to paint it."""
        match row.kind:
            case "line" | "space":
                lines = self.files[row.file].hunks[row.hunk].lines
                if row.new < 0 or row.old < 0 or row.old == row.new:
                    return lines[max(row.old, row.new)].text
                return f"{lines[row.old].text}\n{lines[row.new].text}"
            case "context":
                return self._content(row)
            case "index" | "file":
                change = self.files[row.file].change
                return f"{change.old_path} → {change.path}" if change.old_path else change.path
            case "hunk":
                return self.files[row.file].hunks[row.hunk].header
            case _:
                return plain(row.drawn)

    # -- headings

    def _index(self, row: DiffRow, brush: Brush) -> Line:
        diff = self.files[row.file]
        counts = (*_counts(diff.change), *self._aside(diff, brush))
        room = max(12, brush.cells - sum(cell_len(safe(text)) for text, _ in counts) - 8)
        name = fit(_name(diff.change), room)
        pad = " " * (min(room, self._longest_name) - cell_len(name))
        return (*self._box(diff, brush), (name + pad, ""), *counts)

    def _file(self, row: DiffRow, brush: Brush) -> Line:
        diff = self.files[row.file]
        return (
            *self._box(diff, brush),
            (fit(_name(diff.change), max(10, brush.cells - 32)), "strong"),
            *_counts(diff.change),
        )

    def _box(self, diff: p.FileDiff, brush: Brush) -> Line:
        if not brush.choosing or not diff.change.hunks:
            return ()
        shares = {brush.taking.share(h) for h in diff.change.hunks}
        return (BOX[shares.pop() if len(shares) == 1 else "part"],)

    def _aside(self, diff: p.FileDiff, brush: Brush) -> Line:
        ids = diff.change.hunks
        said: list[Span] = []
        if brush.choosing and len(ids) > 1:
            taken = sum(brush.taking.share(h) == "all" for h in ids)
            part = any(brush.taking.share(h) == "part" for h in ids)
            said.append((f"  {taken} of {len(ids)} taken{', 1 in part' if part else ''}", "dim"))
        if any(h in brush.reasons for h in ids):
            said.append(("  ⚠", "warn"))
        return tuple(said)

    def _hunk(self, row: DiffRow, brush: Brush) -> Line:
        hunk = self.files[row.file].hunks[row.hunk]
        share = brush.taking.share(hunk.id)
        if not brush.choosing:
            return ((hunk.header, "accent"),)
        part: Line = ()
        if share == "part":
            every = sum(entry.kind != " " for entry in hunk.lines)
            part = ((f"  {len(brush.taking.picks[hunk.id] or ())} of {every} lines", "warn"),)
        return (BOX[share], (hunk.header, "dim" if share == "none" else "accent"), *part)

    # -- lines

    def _line(self, row: DiffRow, brush: Brush, selected: bool) -> Line:
        bar: Span = ("▌", "accent") if selected else (" ", "")
        if brush.split:
            half = (brush.cells - 3) // 2
            left = self._side(row, brush, True, half)
            right = self._side(row, brush, False, brush.cells - 3 - half)
            return (bar, *left, ("│", "faint"), *right)
        old, new = numbers(self.files[row.file], row)
        if row.kind == "line":
            old, new = (0 if row.old < 0 else old), (0 if row.new < 0 else new)
        gutter = f"{old or '':>{self.digits}} {new or '':>{self.digits}}"
        mark, sign, body = self._body(row, brush, row.new < 0)
        return (bar, (gutter, "faint"), mark, sign, *body)

    def _side(self, row: DiffRow, brush: Brush, before: bool, cells: int) -> Line:
        """The old or the new half of a row, exactly `cells` wide."""
        if (row.old if before else row.new) < 0:
            return ((" " * cells, ""),)
        number = numbers(self.files[row.file], row)[0 if before else 1]
        mark, sign, body = self._body(row, brush, before)
        room = max(1, cells - self.digits - 3)
        return ((f"{number or '':>{self.digits}}", "faint"), mark, sign,
                *crop(body, brush.shift, room))  # fmt: skip

    def _body(self, row: DiffRow, brush: Brush, before: bool) -> tuple[Span, Span, Line]:
        """Marker, sign and text of one side of a row."""
        if row.kind == "context":
            return (" ", ""), ("  ", ""), self._beyond(row, brush)
        place = row.old if before else row.new
        hunk = self.files[row.file].hunks[row.hunk]
        entry = hunk.lines[place]
        end: Line = (("  no newline at the end", "warn"),) if entry.no_newline else ()
        if entry.kind == " " or row.kind == "space":
            # What differs in blanks alone is shown as if it were context, and says so.
            sign = ("≈ ", "faint") if row.kind == "space" else ("  ", "")
            return (" ", ""), sign, (*self._pieces_of(row, place, True, brush.colours), *end)
        if brush.choosing and not brush.taking.has(hunk.id, place):
            body = _bounded(((_shown(entry.text), "dim"),), entry.text)
            return ("○", "warn"), (f"{entry.kind} ", "dim"), (*body, *end)
        tone = "ok add" if entry.kind == "+" else "bad del"
        body = self._pieces_of(row, place, False, brush.colours)
        return (" ", ""), (f"{entry.kind} ", tone), (*body, *end)

    def _pieces_of(self, row: DiffRow, place: int, quiet: bool, colours: bool) -> Line:
        """A line of a hunk in pieces; `quiet` shows a changed one as if it were context."""
        key = (row.file, row.hunk, place * 2 + colours, quiet)
        if key not in self._pieces:
            if len(self._pieces) >= KEPT:
                self._pieces.clear()
            self._pieces[key] = self._made(row.file, row.hunk, place, quiet, colours)
        return self._pieces[key]

    def _made(self, f: int, h: int, place: int, quiet: bool, colours: bool) -> Line:
        hunk = self.files[f].hunks[h]
        entry = hunk.lines[place]
        text = _shown(entry.text)
        pieces: Line = ((text, ""),)
        if colours and len(text) < LONGEST:
            pieces = self._colours(f, h, "-" if entry.kind == "-" else "+", place)
        if entry.kind == " " or quiet:
            return _bounded(pieces, entry.text)
        ground = "add" if entry.kind == "+" else "del"
        pieces = tuple((t, f"{tone} {ground}") for t, tone in pieces)
        other = self._partner(f, h, place)
        ranges = changed_words(text, None if other < 0 else _shown(hunk.lines[other].text))
        if ranges:
            pieces = restyle(pieces, ranges, f"{ground}-word")
        short = len(entry.text) <= LONGEST
        if entry.kind == "+" and short and (kept := len(text.rstrip())) < len(text):
            pieces = (*_first(pieces, kept), ("·" * (len(text) - kept), "warn add"))
        return _bounded(pieces, entry.text)

    def _partner(self, f: int, h: int, place: int) -> int:
        if (f, h) not in self._partners:
            self._partners[f, h] = partners(self.files[f].hunks[h])
        return self._partners[f, h][place]

    def _beyond(self, row: DiffRow, brush: Brush) -> Line:
        """A line that is in no hunk."""
        text = _shown(self._content(row))
        path = self.files[row.file].change.path
        if not brush.colours or not 0 < len(text) < LONGEST:
            return _bounded(((text, ""),), self._content(row))
        lines, at = self.contents[path], row.new - 1
        first = at - at % CHUNK
        near = range(max(0, first - LEAD), min(len(lines), first + CHUNK))
        return self._lexed((row.file, -1, "", first), lines.__getitem__, near)[at]

    def _content(self, row: DiffRow) -> str:
        lines = self.contents.get(self.files[row.file].change.path, ())
        return lines[row.new - 1] if 0 < row.new <= len(lines) else ""

    def _colours(self, f: int, h: int, side: str, place: int) -> Line:
        """The line at `place` as code, read among its neighbours on the same side."""
        lines = self.files[f].hunks[h].lines
        first = place - place % CHUNK
        around = range(max(0, first - LEAD), min(len(lines), first + CHUNK))
        near = [n for n in around if lines[n].kind in (" ", side)]
        return self._lexed((f, h, side, first), lambda n: lines[n].text, near)[place]

    def _lexed(
        self, key: tuple[int, int, str, int], text: Callable[[int], str], near: Sequence[int]
    ) -> Mapping[int, Line]:
        if key not in self._coloured:
            if len(self._coloured) >= KEPT // CHUNK:
                self._coloured.clear()
            path = self.files[key[0]].change.path
            pieces = colour(path, [_shown(text(n)) for n in near])
            self._coloured[key] = dict(zip(near, pieces, strict=True))
        return self._coloured[key]


def _shown(text: str) -> str:
    """As much of a line as is drawn of it."""
    return safe(text[:LONGEST].expandtabs(TAB))


def _bounded(pieces: Line, text: str) -> Line:
    """The pieces of a line; of one that is not drawn to its end, with its length before it."""
    size = len(text)
    if size <= LONGEST:
        return pieces
    # The parser has left the middle of a very long line out, and says how much that is.
    found = _LEFT_OUT.search(text)
    size += int(found[1]) - len(found[0]) if found else 0
    return ((f"[{size:,} characters] ", "warn"), *pieces, ("…", "warn"))


def _first(spans: Line, characters: int) -> Line:
    out: list[Span] = []
    for text, style in spans:
        out.append((text[:characters], style))
        characters -= len(out[-1][0])
    return tuple(out)


def _name(f: p.FileChange) -> str:
    return f"{f.old_path} → {f.path}" if f.old_path else f.path


def _counts(f: p.FileChange) -> Line:
    spans: list[Span] = []
    if f.binary:
        spans.append(("  binary", "dim"))
    elif f.added or f.removed or f.status not in ("mode", "renamed"):
        spans += [(f"  +{f.added}", "ok"), (f" −{f.removed}", "bad")]
    if f.status != "modified":
        spans.append((f"  {'mode changed' if f.status == 'mode' else f.status}", "dim"))
    return tuple(spans)


def number_width(files: Sequence[p.FileDiff]) -> int:
    ends = [at for diff in files for hunk in diff.hunks[-1:] for at in span(hunk)]
    return max(3, len(str(max(ends, default=0))))


def widest(files: Sequence[p.FileDiff], digits: int) -> int:
    """Cells of the widest line, as far as it is drawn."""
    most = 0
    for diff in files:
        for hunk in diff.hunks:
            for entry in hunk.lines:
                text = entry.text
                if len(text) * 2 + text.count("\t") * TAB > most:
                    size = len(text) if text.isascii() else cell_len(text[:LONGEST])
                    size = size if size < LONGEST else LONGEST + len("[1,000,000 characters] …")
                    most = max(most, size + text.count("\t") * (TAB - 1))
    return most + 2 * digits + 5


def totals(change: p.Change) -> str:
    added, removed = sum(f.added for f in change.files), sum(f.removed for f in change.files)
    return f"{count(len(change.files), 'file')} · +{added:,} −{removed:,}"
