"""Reads Python tests (pytest and unittest) through their syntax tree."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from core.repo.suites import (
    EXACT,
    FAILS,
    LOOSE,
    NEAR,
    RETURNS,
    SKIPS,
    SWALLOWS,
    Block,
    Claim,
    Suite,
    suite,
)
from core.text import decode

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Named = _Function | ast.ClassDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NAMED = (*_FUNCTIONS, ast.ClassDef)
_BRANCHES = (ast.If, ast.Try, ast.ExceptHandler, ast.With)
_LARGEST = 500_000
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
_TABLES = {"parametrize": 1, "expand": 0}
_EXPECTED = re.compile(r"expect|want|golden", re.I)
_CAUGHT = re.compile(r"\b(AssertionError|Exception|BaseException|Failed)\b")
_LITERAL = (
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.operator,
    ast.unaryop, ast.expr_context,
)  # fmt: skip


def read(data: bytes, near: Sequence[range] = (range(1 << 30),)) -> Suite | None:
    """The tests of a file; None where it is not Python that this Python can read.

    What functions say is read of those only that have a line in one of the ranges.
    """
    if len(data) > _LARGEST or b"\r" in data.replace(b"\r\n", b""):
        return None  # lines would count otherwise than in the patch
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(data)
        return _Reader(module, data.split(b"\n"), near).suite()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    def __init__(self, module: ast.Module, lines: list[bytes], near: Sequence[range]) -> None:
        self._module, self._lines, self._near = module, lines, near
        self._tables = dict(_assigned(module.body))

    def suite(self) -> Suite:
        imported, used, bound = set[str](), set[str](), set[str]()
        compared = set[str]()
        for node in ast.walk(self._module):
            match node:
                case ast.Import() | ast.ImportFrom():
                    imported |= {(a.asname or a.name).partition(".")[0] for a in node.names}
                case ast.Name(id=name):
                    used.add(name)
                    if not isinstance(node.ctx, ast.Load):
                        bound.add(name)
                case ast.arg(arg=name):
                    bound.add(name)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    bound.add(node.name)
                case ast.Compare():
                    parts = (node.left, *node.comparators)
                    compared |= {part.id for part in parts if isinstance(part, ast.Name)}
                case ast.Call() if _ASSERTING.fullmatch(_called(node)):
                    compared |= {arg.id for arg in node.args if isinstance(arg, ast.Name)}
                case _:
                    pass
        blocks = self._blocks(self._module.body, "", True)
        top = self._block("", False, 1, _last(self._module.body), _others(self._module.body))
        found = suite([top, *blocks], used | bound, bound - imported)
        return replace(found, compared=found.compared | compared)

    def _blocks(self, body: Iterable[ast.AST], prefix: str, collected: bool) -> Iterator[Block]:
        for node in _named(body):
            name = prefix + node.name
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            last = node.end_lineno or node.lineno
            if isinstance(node, ast.ClassDef):
                yield self._block(name, False, first, last, _others(node.body), node)
                runs = node.name.startswith("Test") or bool(node.bases)
                yield from self._blocks(node.body, f"{name}.", collected and runs)
            else:
                runs = collected and node.name.startswith("test")
                if any(first < r.stop and r.start <= last for r in self._near):
                    yield self._block(name, runs, first, last, node.body, node)
                else:
                    yield Block(name, runs, first, last, body=self._text(node))

    def _block(
        self,
        name: str,
        runs: bool,
        first: int,
        last: int,
        body: Iterable[ast.stmt],
        owner: _Named | None = None,
    ) -> Block:
        body = list(body)
        nodes = [node for stmt in body for node in ast.walk(stmt)]
        skips = [s for d in (owner.decorator_list if owner else ()) for s in _mark(d)]
        skips += [s for node in nodes for s in _stop(node)]
        if runs:
            skips += [_plain(RETURNS, "return", node) for node in _returns(body)]
        elif not isinstance(owner, _FUNCTIONS):
            skips += [s for stmt in body for s in _told(stmt)]
        return Block(
            name, runs, first, last,
            claims=tuple(claim for node in nodes for claim in _claims(node)),
            cases=tuple(self._cases(owner)) if owner else (),
            values=tuple(_value(*pair) for pair in _assigned(body) if _tells(*pair)),
            skips=tuple(skips),
            body=self._text(owner) if isinstance(owner, _FUNCTIONS) else "",
        )  # fmt: skip

    def _text(self, node: _Function) -> str:
        lines = self._lines[node.body[0].lineno - 1 : node.end_lineno]
        return "\n".join(decode(line.strip()) for line in lines)

    def _cases(self, owner: _Named) -> Iterator[Claim]:
        for call in owner.decorator_list:
            if not isinstance(call, ast.Call):
                continue
            name = _called(call)
            if name == "example":
                yield _case(call)
            if name not in _TABLES or len(call.args) <= _TABLES[name]:
                continue
            table = call.args[_TABLES[name]]
            if isinstance(table, ast.Name):
                table = self._tables.get(table.id, table)
            if isinstance(table, ast.List | ast.Tuple | ast.Set):
                yield from map(_case, table.elts)
            else:
                yield _case(table)


def _named(body: Iterable[ast.AST]) -> Iterator[_Named]:
    """Functions and classes of a body, also below conditions."""
    for node in body:
        if isinstance(node, _NAMED):
            yield node
        elif isinstance(node, _BRANCHES):
            yield from _named(ast.iter_child_nodes(node))


def _others(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The rest of a body."""
    for node in body:
        if isinstance(node, _BRANCHES) and any(_named([node])):
            yield from _others(s for s in ast.iter_child_nodes(node) if isinstance(s, ast.stmt))
        elif not isinstance(node, _NAMED):
            yield node


def _last(body: Sequence[ast.stmt]) -> int:
    return max((stmt.end_lineno or stmt.lineno for stmt in body), default=1)


def _claims(node: ast.AST) -> Iterator[Claim]:
    match node:
        case ast.Assert():
            for part in _conjuncts(node.test):
                text = f"assert {ast.unparse(part)}"
                yield _claim(text, node, part, *_compared(part))
        case ast.Expr(value=value) if _CHAIN.match(text := ast.unparse(value)):
            parts = [ast.unparse(arg) for call in ast.walk(value) if isinstance(call, ast.Call)
                     for arg in call.args]  # fmt: skip
            yield _claim(text, node, value, tuple(parts), EXACT)
        case ast.Call() if _ASSERTING.fullmatch(name := _called(node)):
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


def _case(node: ast.expr) -> Claim:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    if isinstance(node, ast.Call) and _called(node) == "param":
        parts = node.args
    text = ast.unparse(node)
    return Claim(text, f"case {text}", *_span(node), tuple(map(ast.unparse, parts)))


def _assigned(body: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    for stmt in body:
        match stmt:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case _:
                pass


def _tells(name: str, value: ast.expr) -> bool:
    """Whether a variable holds a value as it was written down."""
    plain = all(isinstance(node, _LITERAL) for node in ast.walk(value))
    return plain or _EXPECTED.search(name) is not None


def _value(name: str, value: ast.expr) -> Claim:
    text = f"{name} = {ast.unparse(value)}"
    return Claim(text, text, *_span(value), (name,))


def _skip(node: ast.AST) -> Iterator[Claim]:
    """What a mark (or a call) takes from the test that has it."""
    name = _called(node)
    func = node.func if isinstance(node, ast.Call) else node
    if isinstance(func, ast.Attribute) and not _RUNNER.match(ast.unparse(func)):
        return
    if says := _SKIPPING.get(name):
        yield _plain(says, ast.unparse(node) if name in _CONDITIONAL else name, node)


def _mark(node: ast.expr) -> Iterator[Claim]:
    """The same of a decorator, which may be a mark with a name of its own."""
    if isinstance(node, ast.Name) and (kind := re.search("skip|xfail", node.id)):
        yield _plain(_SKIPPING[kind.group()], node.id, node)
    else:
        yield from _skip(node)


def _stop(node: ast.AST) -> Iterator[Claim]:
    match node:
        case ast.Expr(value=ast.Call() as call):
            yield from _skip(call)
        case ast.Assign(value=ast.Call() as call) if _called(call) == "importorskip":
            yield from _skip(call)
        case ast.Raise(exc=ast.expr() as raised):
            yield from _skip(raised)
        case ast.ExceptHandler():
            caught = ast.unparse(node.type) if node.type else "Exception"
            quiet = all(isinstance(s, ast.Pass | ast.Return | ast.Expr | ast.Assign)
                        for s in node.body)  # fmt: skip
            fails = any(_ASSERTING.fullmatch(_called(n)) for s in node.body for n in ast.walk(s))
            if quiet and not fails and _CAUGHT.search(caught):
                yield _plain(SWALLOWS, "except", node)
        case ast.withitem(context_expr=ast.Call() as call) if _called(call) == "suppress":
            if _CAUGHT.search(ast.unparse(call)):
                yield _plain(SWALLOWS, "suppress", call)
        case _:
            pass


def _told(node: ast.AST) -> Iterator[Claim]:
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


def _returns(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, (*_NAMED, ast.Lambda)):
            yield from _returns(ast.iter_child_nodes(node))


def _called(node: ast.AST) -> str:
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
