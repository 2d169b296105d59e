"""Reads gcc and clang, by their lines; and what the linker says of symbols."""

from __future__ import annotations

import re

from core.checks.readers.plain import CODE, severity
from core.checks.readers.report import Gathering, Report, lines

_LINE = re.compile(
    r"(?P<path>[^\s:][^:\n]{0,1000}):(?P<line>\d{1,9}):(?:(?P<column>\d{1,9}):)? "
    r"(?P<severity>(?:fatal )?error|warning|note|remark): (?P<message>.*)"
)
_LINKER = re.compile(
    r"(?:\S{0,300}ld(?:\.\w+)?: )?(?P<path>[^\s:]{1,1000})"
    r":(?:\(\.[\w.+]{1,100}\)|(?P<line>\d{1,9})): (?P<message>(?:undefined|multiple) .*)"
)
_NO_FILE = re.compile(
    r"(?:\S{0,300}ld(?:\.\w+)?: (?P<linker>cannot find .*)"
    r"|(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?)(?:-\d+)?: (?:fatal )?error: (?P<driver>.*))"
)


def read(data: bytes, root: str = "") -> Report | None:
    """Notes are left to the findings that they explain. None where no line is one of theirs."""
    into = Gathering(root)
    known = False
    for line in lines(data):
        match = _LINE.match(line)
        if match is not None:
            known = True
            word = match["severity"].removeprefix("fatal ")
            if severity(word) != "note":
                coded = CODE.search(match["message"])
                into.finding(
                    match["path"],
                    int(match["line"]),
                    match["message"][: coded.start()] if coded else match["message"],
                    code=coded["code"] if coded else "",
                    column=int(match["column"] or 0),
                    severity=severity(word),
                )
            continue
        linked = _LINKER.match(line)
        if linked is not None:
            known = True
            where = int(linked["line"] or 0)
            into.finding(linked["path"], where, linked["message"], code="link")
            continue
        other = _NO_FILE.match(line)
        if other is not None:
            known = True
            into.finding("", 0, other["linker"] or other["driver"], code="link")
    return into.done() if known else None
