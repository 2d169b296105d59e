"""Puts one seeded bug into Python source. Independent of the repair search on purpose.

It rewrites the syntax tree and unparses only the statement that changed, so that the rest of
the file stays as it is.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Rewrite = Callable[[ast.AST, random.Random], ast.AST | None]
"""Changes a node in place, or gives another one for it; None where it does not fit."""


@dataclass(frozen=True)
class Bug:
    path: str
    line: int
    says: str
    content: bytes
    """The whole file with the bug."""


def bugs(files: Mapping[str, bytes], seed: int) -> Iterator[Bug]:
    """An endless stream of single bugs, drawn evenly over the kinds of mistakes."""
    dice = random.Random(seed)
    sites: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(files):
        for index, node in enumerate(_nodes(ast.parse(files[path]))):
            for kind, rewrite in KINDS.items():
                if rewrite(copy.deepcopy(node), random.Random(0)) is not None:
                    sites.setdefault(kind, []).append((path, index))
    while sites:
        kind = dice.choice(sorted(sites))
        path, index = dice.choice(sites[kind])
        bug = _make(path, files[path], index, kind, dice)
        if bug is not None:
            yield bug


def _make(path: str, data: bytes, index: int, kind: str, dice: random.Random) -> Bug | None:
    module = ast.parse(data)
    node = list(_nodes(module))[index]
    statement = _statement(module, node)
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return None
    new = KINDS[kind](node, dice)
    if new is None:
        return None
    _replace(module, node, new)
    target = new if node is statement else statement
    ast.fix_missing_locations(module)
    lines = data.decode().split("\n")
    before = lines[first - 1]
    indent = before[: len(before) - len(before.lstrip())]
    written = [indent + line for line in ast.unparse(target).split("\n")]
    if before.lstrip().startswith("elif"):
        written[0] = written[0].replace("if", "elif", 1)
    body = getattr(statement, "body", None)
    if body:
        # Only the header changed: keep the body as it was written.
        head = written[: 1 + next(i for i, line in enumerate(written) if line.endswith(":"))]
        written, last = head, body[0].lineno - 1
    lines[first - 1 : last] = written
    content = "\n".join(lines).encode()
    try:
        changed = ast.dump(ast.parse(content)) != ast.dump(ast.parse(data))
    except SyntaxError:
        return None
    if not changed:
        return None
    return Bug(path, first, f"{kind}: {before.strip()!r} → {written[0].strip()!r}", content)


def _nodes(module: ast.Module) -> Iterator[ast.AST]:
    """Nodes inside functions, f-strings left out."""
    inside: list[ast.AST] = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)]
    seen: set[int] = set()
    for function in inside:
        stack: list[ast.AST] = list(getattr(function, "body", []))
        while stack:
            node = stack.pop(0)
            if isinstance(node, ast.JoinedStr) or id(node) in seen:
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            seen.add(id(node))
            yield node
            stack[:0] = list(ast.iter_child_nodes(node))


def _statement(module: ast.Module, wanted: ast.AST) -> ast.stmt:
    best: ast.stmt | None = None
    for node in ast.walk(module):
        if isinstance(node, ast.stmt) and any(child is wanted for child in ast.walk(node)):
            best = node  # breadth first: the last one is the innermost
    assert best is not None
    return best


def _replace(module: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for node in ast.walk(module):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
            elif isinstance(value, list):
                setattr(node, name, [new if item is old else item for item in value])


def _comparison(node: ast.AST, dice: random.Random) -> ast.AST | None:
    near: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
        ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt],
        ast.GtE: [ast.Gt, ast.LtE], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq],
        ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
    }  # fmt: skip
    if not isinstance(node, ast.Compare):
        return None
    index = dice.randrange(len(node.ops))
    node.ops[index] = dice.choice(near[type(node.ops[index])])()
    return node


def _arithmetic(node: ast.AST, dice: random.Random) -> ast.AST | None:
    others: dict[type[ast.operator], list[type[ast.operator]]] = {
        ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.FloorDiv, ast.Add],
        ast.FloorDiv: [ast.Mod, ast.Mult], ast.Mod: [ast.FloorDiv], ast.Div: [ast.Mult],
    }  # fmt: skip
    if not isinstance(node, ast.BinOp | ast.AugAssign) or type(node.op) not in others:
        return None
    node.op = dice.choice(others[type(node.op)])()
    return node


def _number(node: ast.AST, dice: random.Random) -> ast.AST | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        node.value = node.value + dice.choice([-1, 1])
        return node
    return None


def _logic(node: ast.AST, dice: random.Random) -> ast.AST | None:
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return None


def _order(node: ast.AST, dice: random.Random) -> ast.AST | None:
    if isinstance(node, ast.Call) and len(node.args) >= 2:
        node.args[0], node.args[1] = node.args[1], node.args[0]
        return node
    if isinstance(node, ast.Tuple) and len(node.elts) >= 2 and isinstance(node.ctx, ast.Load):
        at = dice.randrange(len(node.elts) - 1)
        node.elts[at], node.elts[at + 1] = node.elts[at + 1], node.elts[at]
        return node
    return None


def _name(node: ast.AST, dice: random.Random) -> ast.AST | None:
    swaps = {"min": "max", "max": "min", "any": "all", "all": "any", "start": "end",
             "end": "start", "hours": "minutes", "minutes": "hours", "year": "month",
             "month": "year", "base": "evening", "within": "when"}  # fmt: skip
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in swaps:
        node.id = swaps[node.id]
        return node
    if isinstance(node, ast.Attribute) and node.attr in swaps:
        node.attr = swaps[node.attr]
        return node
    return None


def _statement_gone(node: ast.AST, dice: random.Random) -> ast.AST | None:
    return ast.Pass() if isinstance(node, ast.AugAssign | ast.Expr | ast.Continue) else None


def _result(node: ast.AST, dice: random.Random) -> ast.AST | None:
    if isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            return None
        return ast.Expr(node.value)
    return None


KINDS: dict[str, Rewrite] = {
    "comparison": _comparison,
    "arithmetic": _arithmetic,
    "number": _number,
    "logic": _logic,
    "order": _order,
    "name": _name,
    "statement gone": _statement_gone,
    "result dropped": _result,
}
