"""Wrong or missing statements: returns, jumps, exceptions, statements too many."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from core.propose.repair.source import FUNCTIONS, Draft, Source
from core.propose.repair.templates.hints import Hints, names_in_scope

_MOST = 6


def jump(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """`break` for `continue`."""
    if isinstance(node, ast.Break):
        yield Draft(*source.span(node), "continue", "`continue` instead of `break`", 0.6)
    elif isinstance(node, ast.Continue):
        yield Draft(*source.span(node), "break", "`break` instead of `continue`", 0.6)
    elif isinstance(node, ast.Pass):
        for new in ("continue", "break", "return"):
            yield Draft(*source.span(node), new, f"`{new}` instead of `pass`", 0.2)


def too_much(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A statement that should not be there."""
    likely = isinstance(node, (ast.Expr, ast.AugAssign, ast.Break, ast.Continue, ast.Raise))
    if likely or isinstance(node, (ast.Assign, ast.Return, ast.Delete)):
        assert isinstance(node, ast.stmt)
        written = source.text(node).splitlines()[0]
        weight = 0.3 if likely else 0.12
        yield Draft(*source.span(node), "pass", f"drops the statement `{written}`", weight)
    elif isinstance(node, ast.If) and not node.orelse and len(node.body) == 1:
        last = node.body[0]
        if isinstance(last, (ast.Return, ast.Continue, ast.Break, ast.Raise)):
            what = source.text(node).splitlines()[0]
            yield Draft(*source.span(node), "pass", f"drops the statement `{what}`", 0.2)


def returned(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A `return` that is missing, or that returns the wrong thing."""
    if isinstance(node, FUNCTIONS):
        yield from _missing_return(node, source)
        return
    if not isinstance(node, ast.Return):
        return
    if node.value is None:
        for name in names_in_scope(node, source)[:_MOST]:
            yield Draft(*source.span(node), f"return {name}", f"returns `{name}`", 0.4)
        return
    place, written = source.span(node.value), source.text(node.value)
    for new in ("None", "True", "False", "[]", "0", '""'):
        if new != written:
            yield Draft(*place, new, f"returns `{new}` instead of `{written}`", 0.12)
    if not isinstance(node.value, ast.Name):
        for name in names_in_scope(node, source)[:_MOST]:
            yield Draft(*place, name, f"returns `{name}` instead of `{written}`", 0.15)


def idle(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """An expression whose value nobody takes should perhaps be returned."""
    if not isinstance(node, ast.Expr) or source.function(node) is None:
        return
    if isinstance(node.value, (ast.Constant, ast.Await, ast.Yield, ast.YieldFrom)):
        return
    start = source.span(node)[0]
    # A call may be there for its effect; anything else has none.
    weight = 0.3 if isinstance(node.value, ast.Call) else 0.9
    yield Draft(start, start, "return ", f"returns `{source.text(node)}`", weight)


def _missing_return(
    node: ast.FunctionDef | ast.AsyncFunctionDef, source: Source
) -> Iterator[Draft]:
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
        return
    last = node.body[-1]
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Constant):
        start = source.span(last)[0]
        yield Draft(start, start, "return ", f"returns `{source.text(last)}`", 0.6)
    if isinstance(last, (ast.Return, ast.Raise)):
        return
    end, indent = source.span(last)[1], source.indent(last)
    if indent.strip():
        return
    known = [
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    ]
    for name in [*dict.fromkeys(known), *(arg.arg for arg in node.args.args)][:_MOST]:
        yield Draft(end, end, f"{source.newline}{indent}return {name}", f"returns `{name}`", 0.4)


def exceptions(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """Another exception to catch or to raise: one that the failures or the file name."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        place, written = source.span(node.type), source.text(node.type)
        for name in hints.exceptions:
            if name not in written:
                both = f"({written.strip('()')}, {name})"
                yield Draft(*place, both, f"catches `{name}` too", 0.45)
                yield Draft(*place, name, f"catches `{name}` instead of `{written}`", 0.3)
    elif isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if not isinstance(raised, ast.Name):
            return
        for name in dict.fromkeys([*hints.exceptions, *_exceptions_of(source)]):
            if name != raised.id:
                yield Draft(*source.span(raised), name, f"raises `{name}`, not `{raised.id}`", 0.35)


def _exceptions_of(source: Source) -> list[str]:
    names = ["ValueError", "TypeError", "KeyError", "IndexError"]
    for node in ast.walk(source.module):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            names.append(source.text(node.exc.func))
        elif isinstance(node, ast.ImportFrom):
            names += [
                alias.asname or alias.name for alias in node.names if alias.name[:1].isupper()
            ]
    return list(dict.fromkeys(name for name in names if name.isidentifier()))[:8]


def default(node: ast.AST, source: Source, _: Hints) -> Iterator[Draft]:
    """A default that is made once and shared by all calls."""
    if not isinstance(node, FUNCTIONS) or len(node.body) == 0:
        return
    given = [*node.args.posonlyargs, *node.args.args]
    pairs = list(zip(reversed(given), reversed(node.args.defaults), strict=False))
    pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d]
    for arg, value in pairs:
        if not isinstance(value, (ast.List, ast.Dict, ast.Set, ast.Call)):
            continue
        first = next((s for s in node.body if not _is_text(s)), None)
        if first is None or first.lineno == node.lineno or source.indent(first).strip():
            continue
        start, end = source.span(value)[0], source.span(first)[0]
        after = source.span(value)[1]
        indent, newline = source.indent(first), source.newline
        guard = (
            f"if {arg.arg} is None:{newline}"
            f"{indent}    {arg.arg} = {source.text(value)}{newline}{indent}"
        )
        new = "None" + source.data[after:end].decode() + guard
        yield Draft(start, end, new, f"makes a new default for `{arg.arg}` at each call", 0.6)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
