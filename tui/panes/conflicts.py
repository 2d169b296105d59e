"""Where two sides meet: what each of them wants there, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from core import protocol as p
from core.text import clean, clean_line, decode
from tui.paint import BLANK, Line, fit, line, wrap

AROUND = 2
"""Lines shown before and after."""
REGIONS = 40
"""Places of one file that are shown."""


def conflict_face(
    conflict: p.Conflict, contents: Mapping[str, bytes] | None, cells: int, advice: str
) -> list[Line]:
    """`contents`: the files with both sides between markers; None while they are read."""
    rows: list[Line] = [line(("Both sides changed the same lines", "warn strong"))]
    rows += wrap(advice, cells, "dim")
    for path in conflict.paths:
        rows += [BLANK, line((fit(clean_line(path), cells), "strong"))]
        if contents is None:
            rows.append(line(("reading it…", "dim")))
        elif path not in contents:
            rows += wrap("It is gone on one side, and changed on the other.", cells, "warn")
        else:
            rows += _sides(contents[path], cells)
    return rows


def _sides(content: bytes, cells: int) -> list[Line]:
    lines = clean(decode(content)).expandtabs(4).split("\n")
    regions = _regions(lines)
    rows: list[Line] = []
    for start, end in regions[:REGIONS]:
        style = ""
        for at in range(max(0, start - AROUND), min(len(lines), end + 1 + AROUND)):
            text = lines[at]
            if start <= at <= end and text.startswith(("<<<<<<< ", "||||||| ", ">>>>>>> ")):
                style = "del" if text.startswith("<") else "dim" if text.startswith("|") else ""
                rows.append(line((f"{at + 1:>5} ", "faint"), (fit(text, cells - 6), "warn")))
                continue
            if start <= at <= end and text == "=======":
                style = "add"
                rows.append(line((f"{at + 1:>5} ", "faint"), (text, "warn")))
                continue
            rows.append(line((f"{at + 1:>5} ", "faint"), (fit(text, cells - 6), style)))
        rows.append(BLANK)
    if len(regions) > REGIONS:
        rows.append(line((f"and {len(regions) - REGIONS} more places", "dim")))
    return rows


def _regions(lines: list[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = None
    for at, text in enumerate(lines):
        if text.startswith("<<<<<<< "):
            start = at
        elif text.startswith(">>>>>>> ") and start is not None:
            found.append((start, at))
            start = None
    return found
