"""Wrong arguments, calls that are missing or too many, and things in the wrong order."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from core.propose.repair.source import Draft, Source
from core.propose.repair.templates.hints import Hints, names_in_scope
from core.propose.repair.templates.operators import enclosed


def arguments(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """Two arguments the other way round; one left out; one that is passed on nowhere."""
    if not isinstance(node, ast.Call):
        return
    yield from _swapped(node.args, source, "arguments", 0.55)
    parts: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    for index, part in enumerate(parts):
        if len(parts) == 1:
            place = source.span(part)
        elif index:
            place = (source.span(parts[index - 1])[1], source.span(part)[1])
        else:
            place = (source.span(part)[0], source.span(parts[1])[0])
        if place[0] < place[1]:
            yield Draft(*place, "", f"drops the argument `{source.text(part)}`", 0.18)
    yield from _passed_on(node, source, hints)


def _passed_on(node: ast.Call, source: Source, hints: Hints) -> Iterator[Draft]:
    name: str = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    parameters = hints.parameters(name)
    if parameters is None or any(isinstance(arg, ast.Starred) for arg in node.args):
        return
    given = {keyword.arg for keyword in node.keywords} | set(parameters[: len(node.args)])
    end = source.span(node)[1] - 1
    if None in given or source.data[end : end + 1] != b")":
        return
    lead = ", " if node.args or node.keywords else ""
    before = source.data[:end].rstrip()
    if before.endswith(b","):
        lead = " "
    for parameter in parameters:
        if parameter not in given and parameter in names_in_scope(node, source):
            new = f"{lead}{parameter}={parameter}"
            yield Draft(end, end, new, f"passes `{parameter}` on to `{name}`", 0.45)


def ordering(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """Sorting the other way round; a sort that is missing or has too much."""
    if not isinstance(node, ast.Call):
        return
    name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
    if name in ("sorted", "sort") and all(k.arg != "reverse" for k in node.keywords):
        end = source.span(node)[1] - 1
        lead = ", " if node.args or node.keywords else ""
        if not source.data[:end].rstrip().endswith(b","):
            yield Draft(end, end, f"{lead}reverse=True", "sorts the other way round", 0.4)


def needless(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A call whose argument, or whose object, should have been taken as it is."""
    if not isinstance(node, ast.Call):
        return
    written = source.text(node.func)
    if node.args and not isinstance(node.args[0], (ast.Starred, ast.GeneratorExp)):
        inner = enclosed(node.args[0], source.text(node.args[0]))
        weight = 0.25 if len(node.args) == 1 else 0.12
        yield Draft(*source.span(node), inner, f"drops the call of `{written}`", weight)
    if len(node.args) == 2 and not isinstance(node.args[1], ast.Starred):
        inner = enclosed(node.args[1], source.text(node.args[1]))
        yield Draft(*source.span(node), inner, f"drops the call of `{written}`", 0.12)
    if isinstance(node.func, ast.Attribute):
        inner = source.text(node.func.value)
        yield Draft(*source.span(node), inner, f"drops the call of `.{node.func.attr}`", 0.2)


_WRAPS = (("int", 0.08), ("str", 0.08), ("abs", 0.1), ("list", 0.12), ("sorted", 0.12),
          ("round", 0.1), ("float", 0.05), ("set", 0.06), ("bool", 0.08))  # fmt: skip
_METHODS = (("strip()", 0.1), ("lower()", 0.1), ("copy()", 0.1), ("upper()", 0.04))


def missing_call(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A conversion, a sort, a copy or a clean-up that is missing; a method that is not called."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.BinOp, ast.Subscript)):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    above = source.parents.get(node)
    value = isinstance(above, (ast.Return, ast.Assign, ast.AugAssign))
    looped = isinstance(above, (ast.For, ast.comprehension)) and above.iter is node
    if not (value or looped or isinstance(above, (ast.Compare, ast.BinOp))):
        return
    written = source.text(node)
    place = source.span(node)
    if isinstance(node, ast.Attribute):
        yield Draft(*place, f"{written}()", f"calls `{written}`", 0.15)
    if looped:
        for new, weight in (("sorted", 0.3), ("list", 0.2), ("reversed", 0.2)):
            yield Draft(*place, f"{new}({written})", f"puts `{new}` around `{written}`", weight)
        return
    factor = 1.0 if value else 0.6
    for new, weight in _WRAPS:
        says = f"puts `{new}` around `{written}`"
        yield Draft(*place, f"{new}({written})", says, weight * factor)
    if not isinstance(node, ast.BinOp):
        for new, weight in _METHODS:
            says = f"adds `.{new}` to `{written}`"
            yield Draft(*place, f"{written}.{new}", says, weight * factor)
    elif isinstance(above, (ast.Return, ast.Assign)):
        yield Draft(*place, f"max(0, {written})", f"never below 0: `{written}`", 0.12)


def elements(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """Two elements the other way round; one left out."""
    if isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load):
        yield from _swapped(node.elts, source, "elements", 0.4)
        if len(node.elts) > 2:
            for index in range(1, len(node.elts)):
                place = source.span(node.elts[index - 1])[1], source.span(node.elts[index])[1]
                what = source.text(node.elts[index])
                yield Draft(*place, "", f"drops the element `{what}`", 0.15)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
        yield from _swapped(node.elts, source, "names", 0.35)
    elif isinstance(node, ast.IfExp):
        yield from _swapped([node.body, node.orelse], source, "branches", 0.5)
        for kept in (node.body, node.orelse):
            text = enclosed(kept, source.text(kept))
            yield Draft(*source.span(node), text, f"always takes `{text}`", 0.2)


def subscript(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """`d.get(k)` for `d[k]` where a key was missing."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and "KeyError" in hints.message
        and not isinstance(node.slice, (ast.Slice, ast.Tuple))
    ):
        base, key = source.text(node.value), source.text(node.slice)
        for default in ("", ", 0", ', ""', ", []", ", False"):
            new = f"{base}.get({key}{default})"
            yield Draft(*source.span(node), new, f"`{new}` where the key may be missing", 0.4)


def _swapped(nodes: list[ast.expr], source: Source, what: str, weight: float) -> Iterator[Draft]:
    for one, two in itertools.pairwise(nodes):
        if isinstance(one, ast.Starred) or isinstance(two, ast.Starred):
            continue
        start, middle = source.span(one)
        next_start, end = source.span(two)
        between = source.data[middle:next_start].decode()
        first, second = source.text(one), source.text(two)
        new = f"{second}{between}{first}"
        yield Draft(start, end, new, f"swaps the {what} `{first}` and `{second}`", weight)
