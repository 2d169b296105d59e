"""Wrong constants, and expressions that are off by one."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from core.propose.repair.source import Draft, Source
from core.propose.repair.templates.hints import Hints
from core.propose.repair.templates.operators import enclosed

_MOST = 6


def number(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """Another number: one more, one less, its negative, one of the file or of the failure."""
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return
    value = node.value
    assert isinstance(value, (int, float))
    choices: dict[int | float, float] = {value + 1: 0.7, value - 1: 0.7}
    for other, weight in ((0, 0.4), (1, 0.4), (-value, 0.3), (value * 10, 0.25), (2, 0.2)):
        choices.setdefault(other, weight)
    if value % 10 == 0:
        choices.setdefault(value // 10 if isinstance(value, int) else value / 10, 0.25)
    if isinstance(value, float):
        for other in (value * 100, value / 10, value / 100, value + 0.5, value - 0.5):
            choices.setdefault(other, 0.2)
    elif value > 2:
        for other in (value * 2, value // 2):
            choices.setdefault(other, 0.15)
    for other in _numbers(source):
        choices.setdefault(other, 0.22)
    for other in hints.ints:
        choices.setdefault(other, 0.12)
    text = source.text(node)
    for other, weight in choices.items():
        if other != value:
            new = f"({other!r})" if other < 0 and _binds(source.parents.get(node)) else repr(other)
            yield Draft(*source.span(node), new, f"`{other!r}` instead of `{text}`", weight)


def _binds(above: ast.AST | None) -> bool:
    return isinstance(above, (ast.BinOp, ast.UnaryOp, ast.Attribute))


def _numbers(source: Source) -> list[int | float]:
    found = {
        node.value: None
        for node in ast.walk(source.module)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }
    return [value for value in found if isinstance(value, (int, float))][:12]


def singleton(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`True` for `False`; something for `None`."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        new = repr(not node.value)
        yield Draft(*source.span(node), new, f"`{new}` instead of `{node.value!r}`", 0.9)
    elif node.value is None and not isinstance(source.parents.get(node), ast.Compare):
        for new in ("0", '""', "[]", "False", "True"):
            yield Draft(*source.span(node), new, f"`{new}` instead of `None`", 0.2)


def text(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """Another string: one of the file or of the failure (the more alike, the likelier)."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    value = node.value
    if len(value) > 200 or "\n" in source.text(node):
        return
    choices: dict[str, float] = {}
    for other in [*_strings(source), *hints.strings]:
        if other != value:
            alike = difflib.SequenceMatcher(None, value, other).ratio() if value else 0.0
            choices[other] = 0.15 + 0.45 * alike
    best = sorted(choices.items(), key=lambda item: -item[1])[:_MOST]
    for other in (value.lower(), value.upper(), value.strip(), "", " ", ", ", "\n"):
        if other != value and other not in choices:
            best.append((other, 0.12))
    for other, weight in best:
        new = _quoted(other, source.text(node))
        yield Draft(*source.span(node), new, f"{new} instead of {source.text(node)}", weight)


def _strings(source: Source) -> list[str]:
    found = {
        node.value: None
        for node in source.editable()
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and len(node.value) <= 60
        and not isinstance(source.parents.get(node), (ast.JoinedStr, ast.Expr))
    }
    return list(found)


def _quoted(value: str, like: str) -> str:
    plain = repr(value)
    if '"' in like[:2] and '"' not in value and "'" not in plain[1:-1]:
        return f'"{plain[1:-1]}"'
    return plain


def off_by_one(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """One more or one less in an index, a bound of a slice or of a range, a side, a result."""
    places: list[tuple[ast.expr, float]] = []
    match node:
        case ast.Slice(lower=lower, upper=upper):
            places = [(bound, 0.5) for bound in (lower, upper) if bound is not None]
        case ast.Subscript(slice=index) if not isinstance(index, (ast.Slice, ast.Tuple)):
            places = [(index, 0.4)]
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            places = [(argument, 0.55) for argument in arguments]
        case ast.Compare(left=left, comparators=others, ops=[*operators]) if all(
            isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq)) for op in operators
        ):
            places = [(side, 0.3) for side in (left, *others)]
        case ast.Return(value=ast.expr() as value):
            places = [(value, 0.25)]
        case ast.Assign(value=value):
            places = [(value, 0.22)]
        case ast.Call(args=arguments):
            places = [(argument, 0.12) for argument in arguments]
        case _:
            return
    for place, weight in places:
        if isinstance(place, (ast.Constant, ast.JoinedStr, ast.Starred, ast.Tuple, ast.List,
                              ast.Dict, ast.Lambda, ast.BoolOp, ast.Compare)):  # fmt: skip
            continue
        written = source.text(place)
        inner = written if isinstance(place, ast.BinOp) else enclosed(place, written)
        if isinstance(place, ast.BinOp) and not isinstance(
            place.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
        ):
            inner = f"({written})"
        for sign in "+-":
            new = f"{inner} {sign} 1"
            yield Draft(*source.span(place), new, f"`{new}` instead of `{written}`", weight)


def slice_bounds(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A bound that a slice or a range lacks or should not have."""
    match node:
        case ast.Slice(lower=None, upper=ast.expr() as upper, step=None):
            written = source.text(upper)
            yield Draft(*source.span(upper), "", f"drops the bound `{written}`", 0.2)
        case ast.Slice(lower=ast.expr() as lower, upper=None, step=None):
            written = source.text(lower)
            yield Draft(*source.span(lower), "", f"drops the bound `{written}`", 0.2)
            yield Draft(*source.span(lower), f":{written}", f"up to `{written}`, not from it", 0.3)
        case ast.Call(func=ast.Name(id="range"), args=[only]):
            written = source.text(only)
            yield Draft(*source.span(only), f"1, {written}", "starts the range at 1", 0.35)
            new = f"1, {enclosed(only, written)} + 1"
            yield Draft(*source.span(only), new, "counts from 1 to the end, included", 0.3)
        case ast.Call(func=ast.Name(id="range"), args=[first, last]):
            start, end = source.span(first)[0], source.span(last)[1]
            yield Draft(start, end, source.text(last), "starts the range at 0", 0.25)
        case _:
            return
