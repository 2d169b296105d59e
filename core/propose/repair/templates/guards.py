"""Missing guards: a value that can be None, empty, zero or missing, as the failures show."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from core.propose.repair.source import FUNCTIONS, Draft, Source
from core.propose.repair.templates.hints import Hints, names_in_scope

_EMPTY = ("ZeroDivisionError", "IndexError", "StopIteration", "empty", "KeyError")


def guard(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """`if x is None: return …` or `if not x: return …` before a statement."""
    none = "NoneType" in hints.message
    empty = any(word in hints.message for word in _EMPTY)
    if not (none or empty) or not isinstance(node, ast.stmt):
        return
    function = source.function(node)
    if function is None or isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return
    indent = source.indent(node)
    if indent.strip() or source.data[source.span(node)[0] - len(indent) :][:4] == b"elif":
        return
    place = source.span(node)[0]
    read = {
        child.id
        for child in ast.walk(_head(node))
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)
    }
    names = [name for name in names_in_scope(node, source) if name in read]
    names += sorted(_attributes(node, source))
    looped = any(isinstance(above, (ast.For, ast.While)) for above in source.up(node))
    ways = [
        *(f"return {value}" for value in _results(function, source)),
        "continue" if looped else "",
    ]
    for name in names[:5]:
        for condition, wanted in ((f"{name} is None", none), (f"not {name}", empty)):
            for way in ways:
                if wanted and way:
                    new = (
                        f"if {condition}:{source.newline}{indent}    {way}{source.newline}{indent}"
                    )
                    says = f"guards against `{condition}`: `{way}`"
                    yield Draft(place, place, new, says, 0.4)


def _head(node: ast.stmt) -> ast.AST:
    """What a statement reads before its body runs."""
    match node:
        case ast.If(test=test) | ast.While(test=test):
            return test
        case ast.For(iter=iterated):
            return iterated
        case ast.With() | ast.Try():
            return ast.Pass()
        case _:
            return node


def _attributes(node: ast.stmt, source: Source) -> set[str]:
    return {
        source.text(child)
        for child in ast.walk(_head(node))
        if isinstance(child, ast.Attribute)
        and isinstance(child.ctx, ast.Load)
        and isinstance(child.value, ast.Name)
        and not isinstance(source.parents.get(child), ast.Call)
    }


def _results(function: ast.AST, source: Source) -> list[str]:
    """What the function returns elsewhere, where that is a plain constant; else the usual ones."""
    found = [
        source.text(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        and isinstance(node.value, (ast.Constant, ast.List, ast.Dict))
    ]
    return list(dict.fromkeys([*found, "None", "0", "[]", '""', "False"]))[:6]


def fallback(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """`(x or …)` where x was None."""
    if "NoneType" not in hints.message or not isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
        return
    above = source.parents.get(node)
    if isinstance(node, (ast.Name, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        return
    if isinstance(above, ast.Call) and above.func is node:
        return
    written = source.text(node)
    for value in ("0", '""', "[]", "{}", "()"):
        new = f"({written} or {value})"
        yield Draft(*source.span(node), new, f"`{value}` where `{written}` is None", 0.25)
