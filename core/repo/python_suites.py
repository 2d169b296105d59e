"""Reads Python tests (pytest and unittest) through their syntax tree."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from core.repo.python_claims import (
    asserts,
    assigned,
    called,
    case_of,
    claims,
    mark,
    returns,
    stops,
    tells,
    told,
    value_of,
)
from core.repo.suites import Block, Claim, Suite, suite
from core.text import decode

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Named = _Function | ast.ClassDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NAMED = (*_FUNCTIONS, ast.ClassDef)
_BRANCHES = (ast.If, ast.Try, ast.ExceptHandler, ast.With)
_LARGEST = 500_000
_TABLES = {"parametrize": 1, "expand": 0}
"""Decorators that hold cases, and which of their arguments does."""


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
        self._tables = dict(assigned(module.body))

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
                case ast.Call() if asserts(node):
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
        skips = [s for d in (owner.decorator_list if owner else ()) for s in mark(d)]
        skips += [s for node in nodes for s in stops(node)]
        if runs:
            skips += returns(body)
        elif not isinstance(owner, _FUNCTIONS):
            skips += [s for stmt in body for s in told(stmt)]
        return Block(
            name, runs, first, last,
            claims=tuple(claim for node in nodes for claim in claims(node)),
            cases=tuple(self._cases(owner)) if owner else (),
            values=tuple(value_of(*pair) for pair in assigned(body) if tells(*pair)),
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
            name = called(call)
            if name == "example":
                yield case_of(call)
            if name not in _TABLES or len(call.args) <= _TABLES[name]:
                continue
            table = call.args[_TABLES[name]]
            if isinstance(table, ast.Name):
                table = self._tables.get(table.id, table)
            if isinstance(table, ast.List | ast.Tuple | ast.Set):
                yield from map(case_of, table.elts)
            else:
                yield case_of(table)


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
