"""Wrong operators: comparisons, arithmetic, boolean logic."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from core.propose.repair.source import Draft, Source
from core.propose.repair.templates.hints import Hints

_COMPARE: dict[type[ast.cmpop], tuple[str, tuple[tuple[str, float], ...]]] = {
    ast.Lt: ("<", (("<=", 1.0), (">", 0.55), (">=", 0.45), ("==", 0.2), ("!=", 0.2))),
    ast.LtE: ("<=", (("<", 1.0), (">=", 0.55), (">", 0.45), ("==", 0.2))),
    ast.Gt: (">", ((">=", 1.0), ("<", 0.55), ("<=", 0.45), ("==", 0.2), ("!=", 0.2))),
    ast.GtE: (">=", ((">", 1.0), ("<=", 0.55), ("<", 0.45), ("==", 0.2))),
    ast.Eq: ("==", (("!=", 0.9), ("<=", 0.35), (">=", 0.35), ("<", 0.15), (">", 0.15))),
    ast.NotEq: ("!=", (("==", 0.9), ("<", 0.3), (">", 0.3), ("is not", 0.1))),
    ast.Is: ("is", (("is not", 0.9), ("==", 0.7))),
    ast.IsNot: ("is not", (("is", 0.9), ("!=", 0.7))),
    ast.In: ("in", (("not in", 0.9), ("==", 0.15))),
    ast.NotIn: ("not in", (("in", 0.9), ("!=", 0.15))),
}  # fmt: skip

_ARITHMETIC: dict[type[ast.operator], tuple[str, tuple[tuple[str, float], ...]]] = {
    ast.Add: ("+", (("-", 0.9), ("*", 0.35), ("|", 0.1))),
    ast.Sub: ("-", (("+", 0.9), ("*", 0.2), ("//", 0.15), ("/", 0.15), ("%", 0.15))),
    ast.Mult: ("*", (("/", 0.5), ("//", 0.5), ("+", 0.5), ("**", 0.35), ("-", 0.2))),
    ast.Div: ("/", (("//", 0.9), ("*", 0.8), ("%", 0.4), ("-", 0.2))),
    ast.FloorDiv: ("//", (("/", 0.9), ("%", 0.8), ("*", 0.6), ("-", 0.2))),
    ast.Mod: ("%", (("//", 0.8), ("/", 0.5), ("*", 0.4), ("-", 0.2), ("+", 0.2))),
    ast.Pow: ("**", (("*", 0.8),)),
    ast.BitAnd: ("&", (("|", 0.9), ("-", 0.4), ("^", 0.4))),
    ast.BitOr: ("|", (("&", 0.9), ("^", 0.4), ("-", 0.3))),
    ast.BitXor: ("^", (("|", 0.5), ("&", 0.5), ("**", 0.5))),
    ast.LShift: ("<<", ((">>", 0.9),)),
    ast.RShift: (">>", (("<<", 0.9),)),
}
_UNORDERED = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)


def compare(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`<` for `<=`, `==` for `!=`, `is` for `==`."""
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for index, operator in enumerate(node.ops):
        written, others = _COMPARE[type(operator)]
        place = between(source, sides[index], sides[index + 1], written)
        if place is None:
            continue
        for other, weight in others:
            yield Draft(*place, other, f"compares with `{other}` instead of `{written}`", weight)


def arithmetic(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """Another operator, one operand alone, or the operands the other way round."""
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Mod) and isinstance(node.left, (ast.Constant, ast.JoinedStr)):
        return
    if type(node.op) not in _ARITHMETIC:
        return
    written, others = _ARITHMETIC[type(node.op)]
    place = between(source, node.left, node.right, written)
    if place is not None:
        for other, weight in others:
            yield Draft(*place, other, f"uses `{other}` instead of `{written}`", weight)
    start, end = source.span(node)
    left, right = source.text(node.left), source.text(node.right)
    yield Draft(start, end, enclosed(node.left, left), f"drops `{written} {right}`", 0.4)
    yield Draft(start, end, enclosed(node.right, right), f"drops `{left} {written}`", 0.25)
    if not isinstance(node.op, _UNORDERED):
        swapped = f"({enclosed(node.right, right)} {written} {enclosed(node.left, left)})"
        yield Draft(start, end, swapped, f"swaps the sides of `{written}`", 0.45)


def augmented(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`+=` for `-=` or `=`, and `=` for `+=`."""
    if isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        written, others = _ARITHMETIC[type(node.op)]
        place = between(source, node.target, node.value, f"{written}=")
        if place is None:
            return
        for other, weight in others:
            yield Draft(*place, f"{other}=", f"uses `{other}=` instead of `{written}=`", weight)
        yield Draft(*place, "=", f"assigns instead of `{written}=`", 0.35)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        place = between(source, node.targets[0], node.value, "=")
        if place is not None and isinstance(
            node.targets[0], (ast.Name, ast.Attribute, ast.Subscript)
        ):
            yield Draft(*place, "+=", "adds to it instead of assigning", 0.3)
            yield Draft(*place, "-=", "takes from it instead of assigning", 0.1)


def boolean(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`and` for `or`; one part of it left out; one part negated."""
    if not isinstance(node, ast.BoolOp):
        return
    written, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    texts = [enclosed(part, source.text(part), boolean=True) for part in node.values]
    start, end = source.span(node)
    for index in range(len(texts) - 1):
        place = between(source, node.values[index], node.values[index + 1], written)
        if place is not None:
            yield Draft(*place, other, f"uses `{other}` instead of `{written}`", 0.9)
    for index, text in enumerate(texts):
        rest = f" {written} ".join(texts[:index] + texts[index + 1 :])
        yield Draft(start, end, f"({rest})" if len(texts) > 2 else rest,
                    f"drops the condition `{text}`", 0.4)  # fmt: skip
        if not isinstance(node.values[index], (ast.Compare, ast.UnaryOp)):
            yield Draft(*source.span(node.values[index]), f"not {text}", f"negates `{text}`", 0.4)


def unary(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A `not` or a sign that should not be there."""
    if isinstance(node, ast.UnaryOp):
        sign = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
        inner = enclosed(node.operand, source.text(node.operand), boolean=True)
        yield Draft(*source.span(node), inner, f"drops `{sign}`", 0.8)


def negation(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A condition that should be its opposite, or should always or never hold."""
    tests: list[ast.expr] = []
    if isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        tests = [node.test]
    elif isinstance(node, ast.comprehension):
        tests = node.ifs
    for test in tests:
        place, text = source.span(test), source.text(test)
        if not isinstance(test, ast.UnaryOp) and not (
            isinstance(test, ast.Compare) and len(test.ops) == 1
        ):
            yield Draft(*place, f"not ({text})", f"negates `{text}`", 0.6)
        if not isinstance(node, ast.While):
            yield Draft(*place, "True", f"drops the condition `{text}`", 0.2)
            yield Draft(*place, "False", f"never takes the branch `{text}`", 0.15)


def missing_sign(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A minus or a `not` that is missing, where a value is returned, compared or put in a key."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        return
    above = source.parents.get(node)
    text = source.text(node)
    if isinstance(above, (ast.Tuple, ast.Lambda)) and not isinstance(
        getattr(node, "ctx", None), ast.Store
    ):
        yield Draft(*source.span(node), f"-{text}", f"negates `{text}`", 0.35)
    elif isinstance(above, ast.Return):
        yield Draft(*source.span(node), f"-{text}", f"negates `{text}`", 0.15)
        yield Draft(*source.span(node), f"not {text}", f"negates `{text}`", 0.2)


def between(
    source: Source, left: ast.expr, right: ast.expr, written: str
) -> tuple[int, int] | None:
    """Where the operator between two operands is written, or None where that is not clear."""
    start, end = source.span(left)[1], source.span(right)[0]
    region = source.data[start:end].decode()
    if "#" in region:
        return None
    words = re.escape(written).replace(r"\ ", r"\s+")
    pattern = rf"\b{words}\b" if written[0].isalpha() else words
    found = re.search(pattern, region)
    if found is None:
        return None
    before = len(region[: found.start()].encode())
    return start + before, start + before + len(found[0].encode())


_ATOMS = (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict,
          ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.JoinedStr)  # fmt: skip


def enclosed(node: ast.expr, text: str, *, boolean: bool = False) -> str:
    """The text in parentheses where it could bind otherwise in another place."""
    if isinstance(node, _ATOMS) or (boolean and isinstance(node, (ast.Compare, ast.UnaryOp))):
        return text if "\n" not in text or isinstance(node, _ATOMS) else f"({text})"
    return f"({text})"
