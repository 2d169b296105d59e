"""Colours of code: lines of a file, each as pieces with the name of a style. Bounded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

Pieces: TypeAlias = tuple[tuple[str, str], ...]

LINE_UP_TO = 400
"""Characters of a line that are looked at; what follows stays plain."""

_TONES = (
    ("Comment", "syn-comment"),
    ("Literal.String", "syn-string"),
    ("Literal", "syn-number"),
    ("Keyword.Type", "syn-type"),
    ("Keyword", "syn-keyword"),
    ("Operator.Word", "syn-keyword"),
    ("Name.Function", "syn-name"),
    ("Name.Class", "syn-name"),
    ("Name.Tag", "syn-name"),
    ("Name.Decorator", "syn-name"),
    ("Name.Builtin", "syn-type"),
    ("Name.Exception", "syn-type"),
    ("Name.Attribute", "syn-type"),
)
"""Kinds of token, and how they look; the first that fits counts."""


@lru_cache(maxsize=256)
def lexer_for(path: str) -> Any:
    """What reads files of this name, or None."""
    from pygments.lexers import find_lexer_class_for_filename

    found = find_lexer_class_for_filename(path.rpartition("/")[2][-100:])
    if found is None or found.name == "Text only":
        return None
    return found(stripnl=False, ensurenl=False)


def colour(path: str, lines: Sequence[str]) -> list[Pieces]:
    """Each line in coloured pieces that join to it again. Lines hold no line break."""
    lexer = lexer_for(path)
    plain: list[Pieces] = [((text, ""),) if text else () for text in lines]
    if lexer is None:
        return plain
    seen = [text[:LINE_UP_TO] for text in lines]
    rows: list[list[tuple[str, str]]] = [[]]
    for kind, value in lexer.get_tokens("\n".join(seen)):
        first, *others = value.split("\n")
        if first:
            rows[-1].append((first, _tone(kind)))
        rows += [[(other, _tone(kind))] if other else [] for other in others]
    if ["".join(text for text, _ in row) for row in rows] != seen:
        return plain  # a reader that rewrites what it reads
    for row, text in zip(rows, lines, strict=True):
        if len(text) > LINE_UP_TO:
            row.append((text[LINE_UP_TO:], ""))
    return [_joined(row) for row in rows]


def _joined(row: list[tuple[str, str]]) -> Pieces:
    """The row in as few pieces as it takes: each costs when it is drawn. Blanks have no colour."""
    out: list[tuple[str, str]] = []
    for text, tone in row:
        if out and (tone == out[-1][1] or text.isspace()):
            out[-1] = (out[-1][0] + text, out[-1][1])
        else:
            out.append((text, tone))
    return tuple(out)


@lru_cache(maxsize=1024)
def _tone(kind: tuple[str, ...]) -> str:
    name = ".".join(kind) + "."
    return next((tone for part, tone in _TONES if name.startswith(part + ".")), "")
