"""Reads any tool's output for lines of the form `file:line[:column]: message`."""

from __future__ import annotations

import posixpath
import re
from typing import Literal

from core.protocol import Diagnostic
from core.text import clean_line, shorten, strip_colours

Severity = Literal["error", "warning", "note"]
MAX_DIAGNOSTICS = 20_000
_FILE = (
    r"(?P<path>[^\s:()][^:()\n]{0,300}?\.[A-Za-z0-9_]{1,12}|(?:[^\s:()]{1,300}/)?[\w-]*[Mm]akefile)"
)
_LINE = re.compile(
    _FILE + r":(?P<line>\d{1,7})"
    r"(?::(?P<column>\d{1,6}))?(?::\d{1,7}:\d{1,6})?:?\s+(?P<message>\S.*)"
)
_ROUND = re.compile(
    _FILE + r"\((?P<line>\d{1,7})(?:,\s?(?P<column>\d{1,6}))?\)\s*:\s+(?P<message>\S.*)"
)
"""`file(line,column): message`, as tsc and Microsoft's compilers write it."""
_SEVERITY = re.compile(
    r"(?:fatal )?(?P<severity>(?:error|warning|note)\b|info(?=:)):?\s*", re.IGNORECASE
)
CODE = re.compile(r"\s+\[(?P<code>-?[A-Za-z][\w.,+=/-]{1,60})\]$")


def read(text: str, root: str = "") -> tuple[Diagnostic, ...]:
    """Diagnostics in the order printed. `root` is the folder that absolute paths start with."""
    found: list[Diagnostic] = []
    for line in text.split("\n"):
        diagnostic = read_line(strip_colours(line[:4000])[:2000], root)
        if diagnostic is not None:
            found.append(diagnostic)
            if len(found) >= MAX_DIAGNOSTICS:
                break
    return tuple(found)


def read_line(line: str, root: str = "") -> Diagnostic | None:
    line = line.strip()
    match = _LINE.match(line) or _ROUND.match(line)
    if match is None or "://" in match["path"]:
        return None
    message, code = match["message"], ""
    word = ""
    told = _SEVERITY.match(message)
    if told is not None:
        word, message = told["severity"], message[told.end() :]
    coded = CODE.search(message)
    if coded is not None:
        code, message = coded["code"], message[: coded.start()]
    return Diagnostic(
        path=inside(match["path"], root),
        line=int(match["line"]),
        message=shorten(clean_line(message), 1000),
        code=code,
        column=int(match["column"] or 0),
        severity=severity(word),
    )


def severity(word: object) -> Severity:
    """A tool's own word for how bad something is; "error" for one that is not known."""
    word = word.lower() if isinstance(word, str) else ""
    if word in ("warning", "warn", "minor", "style", "performance", "portability"):
        return "warning"
    if word in ("note", "info", "information", "help", "hint", "none", "remark"):
        return "note"
    return "error"


def inside(path: str, root: str) -> str:
    """A path as the repository names it, where it lies in there."""
    if root and path.startswith(root.rstrip("/") + "/"):
        path = path[len(root.rstrip("/")) + 1 :]
    if "./" in path or "//" in path:
        path = posixpath.normpath(path)
    return clean_line(path.removeprefix("./"))[:1000]
