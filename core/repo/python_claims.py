"""What statements of Python tests (pytest and unittest) claim, through their syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from core.repo.suites import EXACT, FAILS, LOOSE, NEAR, RETURNS, SKIPS, SWALLOWS, Claim

_CHAIN = re.compile(r"(await )?(expect|assert_that|assertThat|ensure)\(")
_ASSERTING = re.compile(r"assert(?!_?[tT]hat$)\w*|fail|raises|warns|deprecated_call")
_RAISING = re.compile(r"raises|warns|assertRaises\w*|assertWarns\w*|deprecated_call")
_NEARLY = re.compile(r"approx|isclose|allclose|[aA]lmost|round\(", re.ASCII)
_SKIPPING = {
    "skip": SKIPS, "skipif": SKIPS, "skipIf": SKIPS, "skipUnless": SKIPS, "skipTest": SKIPS,
    "SkipTest": SKIPS, "importorskip": SKIPS, "xfail": FAILS, "expectedFailure": FAILS,
}  # fmt: skip
_RUNNER = re.compile(r"(pytest|unittest|self|cls|mark|\w*[tT]est\w*)\.")
_CONDITIONAL = ("skipif", "skipIf", "skipUnless", "importorskip")
_EXPECTED = re.compile(r"expect|want|golden", re.I)
_CAUGHT = re.compile(r"\b(AssertionError|Exception|BaseException|Failed)\b")
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LITERAL = (
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.operator,
    ast.unaryop, ast.expr_context,
)  # fmt: skip


def asserts(call: ast.Call) -> bool:
    """Whether a call is an assertion, by its name."""
    return _ASSERTING.fullmatch(called(call)) is not None


def claims(node: ast.AST) -> Iterator[Claim]:
    """The assertions of a node itself."""
    match node:
        case ast.Assert():
            for part in _conjuncts(node.test):
                text = f"assert {ast.unparse(part)}"
                yield _claim(text, node, part, *_compared(part))
        case ast.Expr(value=value) if _CHAIN.match(text := ast.unparse(value)):
            parts = [ast.unparse(arg) for call in ast.walk(value) if isinstance(call, ast.Call)
                     for arg in call.args]  # fmt: skip
            yield _claim(text, node, value, tuple(parts), EXACT)
        case ast.Call() if _ASSERTING.fullmatch(name := called(node)):
            args = [ast.unparse(arg) for arg in (*node.args, *(k.value for k in node.keywords))]
            yield _claim(ast.unparse(node), node, node, *_argued(name, node, args))
        case _:
            pass


def _conjuncts(test: ast.expr) -> Iterator[ast.expr]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _conjuncts(value)
    else:
        yield test


def _compared(test: ast.expr) -> tuple[tuple[str, ...], int]:
    """Sides and strength of what is asserted."""
    match test:
        case ast.Compare():
            parts = [test.left, *test.comparators]
            sides = tuple(ast.unparse(part) for part in parts)
            exact = all(isinstance(op, ast.Eq | ast.Is) for op in test.ops)
            nearly = any(_NEARLY.search(side) for side in sides)
            return sides, LOOSE if not exact else NEAR if nearly else EXACT
        case ast.BoolOp():
            return tuple(side for value in test.values for side in _compared(value)[0]), LOOSE
        case ast.UnaryOp(op=ast.Not()):
            return (ast.unparse(test.operand),), LOOSE
        case ast.Call():
            return (ast.unparse(test), *map(ast.unparse, test.args)), LOOSE
        case _:
            return (ast.unparse(test),), LOOSE


def _argued(name: str, call: ast.Call, args: list[str]) -> tuple[tuple[str, ...], int]:
    if _RAISING.fullmatch(name):
        return ("an exception", *args), EXACT
    if name.startswith("assert_") and isinstance(call.func, ast.Attribute) and "call" in name:
        return (ast.unparse(call.func.value), ", ".join(args)), EXACT if "with" in name else LOOSE
    if _NEARLY.search(name):
        return tuple(args[:2]), NEAR
    return tuple(args[:2]), EXACT if re.search(
        r"(?<!Not)(Equals?|_equal)$|^assertIs$", name
    ) else LOOSE


def _claim(
    text: str, where: ast.AST, form: ast.expr, sides: tuple[str, ...], strength: int
) -> Claim:
    names = tuple(node.id for node in ast.walk(form) if isinstance(node, ast.Name))
    shape = re.sub(r"Name\(id='\w+'", "Name(", ast.dump(form))
    return Claim(text, text, *_span(where), sides, strength, shape, names)


def case_of(node: ast.expr) -> Claim:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    if isinstance(node, ast.Call) and called(node) == "param":
        parts = node.args
    text = ast.unparse(node)
    return Claim(text, f"case {text}", *_span(node), tuple(map(ast.unparse, parts)))


def assigned(body: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Variables and what a body's own statements give them."""
    for stmt in body:
        match stmt:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case _:
                pass


def tells(name: str, value: ast.expr) -> bool:
    """Whether a variable holds a value as it was written down."""
    plain = all(isinstance(node, _LITERAL) for node in ast.walk(value))
    return plain or _EXPECTED.search(name) is not None


def value_of(name: str, value: ast.expr) -> Claim:
    text = f"{name} = {ast.unparse(value)}"
    return Claim(text, text, *_span(value), (name,))


def _skip(node: ast.AST) -> Iterator[Claim]:
    """What a mark (or a call) takes from the test that has it."""
    name = called(node)
    func = node.func if isinstance(node, ast.Call) else node
    if isinstance(func, ast.Attribute) and not _RUNNER.match(ast.unparse(func)):
        return
    if says := _SKIPPING.get(name):
        yield _plain(says, ast.unparse(node) if name in _CONDITIONAL else name, node)


def mark(node: ast.expr) -> Iterator[Claim]:
    """The same of a decorator, which may be a mark with a name of its own."""
    if isinstance(node, ast.Name) and (kind := re.search("skip|xfail", node.id)):
        yield _plain(_SKIPPING[kind.group()], node.id, node)
    else:
        yield from _skip(node)


def stops(node: ast.AST) -> Iterator[Claim]:
    """What a node inside a test takes from it."""
    match node:
        case ast.Expr(value=ast.Call() as call):
            yield from _skip(call)
        case ast.Assign(value=ast.Call() as call) if called(call) == "importorskip":
            yield from _skip(call)
        case ast.Raise(exc=ast.expr() as raised):
            yield from _skip(raised)
        case ast.ExceptHandler():
            caught = ast.unparse(node.type) if node.type else "Exception"
            quiet = all(isinstance(s, ast.Pass | ast.Return | ast.Expr | ast.Assign)
                        for s in node.body)  # fmt: skip
            fails = any(_ASSERTING.fullmatch(called(n)) for s in node.body for n in ast.walk(s))
            if quiet and not fails and _CAUGHT.search(caught):
                yield _plain(SWALLOWS, "except", node)
        case ast.withitem(context_expr=ast.Call() as call) if called(call) == "suppress":
            if _CAUGHT.search(ast.unparse(call)):
                yield _plain(SWALLOWS, "suppress", call)
        case _:
            pass


def told(node: ast.AST) -> Iterator[Claim]:
    """What a file or a class says of all its tests."""
    match node:
        case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
            for part in ast.walk(value):
                if isinstance(part, ast.Attribute):
                    yield from _skip(part)
        case ast.Assign(targets=[ast.Name(id="__test__")], value=ast.Constant(value=False)):
            yield _plain(SKIPS, "__test__", node)
        case _:
            pass


def returns(body: Iterable[ast.AST]) -> Iterator[Claim]:
    """Where a function returns, but for functions inside of it."""
    for node in body:
        if isinstance(node, ast.Return):
            yield _plain(RETURNS, "return", node)
        elif not isinstance(node, _INNER):
            yield from returns(ast.iter_child_nodes(node))


def called(node: ast.AST) -> str:
    """The last name of what is called, or of a mark without a call."""
    func = node.func if isinstance(node, ast.Call) else node
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _plain(says: str, key: str, node: ast.AST) -> Claim:
    return Claim(says, key, *_span(node))


def _span(node: ast.AST) -> tuple[int, int]:
    first: int = getattr(node, "lineno", 1)
    last: int | None = getattr(node, "end_lineno", None)
    return first, last or first
