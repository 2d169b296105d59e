"""Loops that never add to what they are there to collect."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from core.propose.repair.source import Draft, Function, Source
from core.propose.repair.templates.hints import Hints

_MOST = 5


def accumulate(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`found.append(item)` or `count += 1` where a loop changes its empty start nowhere."""
    if not isinstance(node, (ast.For, ast.While)):
        return
    function = source.function(node)
    if function is None:
        return
    changed = _changed(function)
    stored = _stored(node)
    for name, start in _starts(function):
        if name in changed:
            continue
        for line in _lines(name, start, stored):
            yield from _placed(node, line, source)


def _starts(function: Function) -> Iterator[tuple[str, str]]:
    """Local names that begin empty: with the text of what they begin with."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, text = node.targets[0], ast.unparse(node.value)
            if isinstance(target, ast.Name) and text in ("[]", "list()", "set()", "0", "{}"):
                yield target.id, text


def _changed(function: Function) -> set[str]:
    """Names that are changed in place, or assigned more than once."""
    changed: set[str] = set()
    assigned: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                changed.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                changed.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                changed.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                if name in assigned:
                    changed.add(name)
                assigned.add(name)
            case _:
                pass
    return changed


def _stored(loop: ast.For | ast.While) -> list[str]:
    """Names that the loop gives values to, or looks at."""
    names = [
        child.id
        for child in ast.walk(loop)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    ]
    names += [child.id for child in ast.walk(loop) if isinstance(child, ast.Name)]
    return list(dict.fromkeys(names))[:_MOST]


def _lines(name: str, start: str, values: list[str]) -> Iterator[str]:
    if start == "0":
        yield f"{name} += 1"
    for value in values:
        if value != name:
            if start in ("[]", "list()"):
                yield f"{name}.append({value})"
            elif start == "set()":
                yield f"{name}.add({value})"
            elif start == "0":
                yield f"{name} += {value}"


def _placed(loop: ast.For | ast.While, line: str, source: Source) -> Iterator[Draft]:
    says = f"adds `{line}` to the loop"
    idle = [child for child in ast.walk(loop) if isinstance(child, ast.Pass)]
    for child in idle:
        yield Draft(*source.span(child), line, says, 0.6)
    last = loop.body[-1]
    indent, end = source.indent(last), source.span(last)[1]
    if not indent.strip():
        yield Draft(end, end, f"{source.newline}{indent}{line}", says, 0.4)
    first = loop.body[0]
    indent, start = source.indent(first), source.span(first)[0]
    if not indent.strip():
        yield Draft(start, start, f"{line}{source.newline}{indent}", says, 0.3)
