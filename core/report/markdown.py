"""A report as Markdown, for an issue or a pull request: what others wrote stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import assert_never

from core.report.blocks import Block, Heading, Inline, Items, Mono, Para, Patch, Quote
from core.report.html import MARK
from core.text import clean, clean_line

_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~$@&]|:(?=//)|(?<=www)\.|^[-+=]")
"""What can mean something in a line: links too, that are made out of bare addresses."""
_NUMBER = re.compile(r"^(\d+)([.)])")


def to_markdown(blocks: Iterable[Block]) -> str:
    parts = ["\n".join(_block(block)) for block in blocks]
    return "\n\n".join([MARK, *parts]) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield f"{'#' * level} {_plain(text)}"
        case Para(text):
            yield _inline(text)
        case Items(items):
            yield from (f"- {_inline(item)}" for item in items)
        case Quote(by, text):
            if by:
                yield f"> *{_plain(by)}:*  "
            yield from (f"> {_plain(line)}  ".rstrip(" ") + "  " for line in _lines(text))
        case Patch():
            yield from _patch(block)
        case _:
            assert_never(block)


def _patch(patch: Patch) -> Iterator[str]:
    lines = []
    for header, hunk in patch.hunks:
        lines.append(clean_line(header))
        lines += [line.kind + " ".join(clean(line.text).split("\n")) for line in hunk]
    fence = _fence("\n".join(lines), 3)
    code = [f"{fence}diff", *lines, fence] if lines else []
    if patch.folded:
        name = f"<code>{escape(clean_line(patch.path))}</code> {escape(clean_line(patch.says))}"
        yield from (f"<details><summary>{name}</summary>", "", *code, "", "</details>")
    else:
        yield f"{_mono(patch.path)} {_plain(patch.says)}"
        yield from ("", *code)


def _inline(text: Inline) -> str:
    return "".join(
        _mono(part.text)
        if isinstance(part, Mono)
        else (" " if part[:1].isspace() else "")
        + _plain(part)
        + (" " if part.strip() and part[-1:].isspace() else "")
        for part in text
    )


def _plain(text: str) -> str:
    line = _SPECIAL.sub(lambda found: f"\\{found[0]}", clean_line(text))
    return _NUMBER.sub(r"\1\\\2", line)


def _mono(text: str) -> str:
    line = clean_line(text) or " "
    ticks = _fence(line, 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _fence(text: str, least: int) -> str:
    """More backticks in a row than the text holds anywhere."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _lines(text: str) -> list[str]:
    return clean(text.strip()).split("\n")
