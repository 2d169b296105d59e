"""A Python file as bytes with its syntax tree, and small edits to its bytes.

Positions are byte offsets into the file, so what an edit leaves alone stays as it is: comments,
formatting, line endings, byte order mark.
"""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = {"utf-8", "utf8", "utf_8", "utf-8-sig", "ascii", "us-ascii"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False)
class Source:
    """One file that the search may edit."""

    path: str
    data: bytes
    module: ast.Module
    starts: tuple[int, ...]
    """Byte offset of each line's start."""
    parents: dict[ast.AST, ast.AST] = field(repr=False)

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Byte offsets of a node's first byte and of the byte after its last."""
        end_line = node.end_lineno or node.lineno
        end_column = node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def text(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode()

    def line_of(self, offset: int) -> int:
        """The line (from 1) that holds the byte at this offset."""
        low, high = 0, len(self.starts)
        while low < high:
            middle = (low + high) // 2
            if self.starts[middle] <= offset:
                low = middle + 1
            else:
                high = middle
        return low

    def indent(self, stmt: ast.stmt) -> str:
        return self.data[self.starts[stmt.lineno - 1] :][: stmt.col_offset].decode()

    @property
    def newline(self) -> str:
        return "\r\n" if b"\r\n" in self.data else "\n"

    def up(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, the nearest first."""
        while (above := self.parents.get(node)) is not None:
            yield above
            node = above

    def function(self, node: ast.AST) -> Function | None:
        return next((above for above in self.up(node) if isinstance(above, FUNCTIONS)), None)

    def owner(self, node: ast.AST) -> ast.ClassDef | None:
        return next((above for above in self.up(node) if isinstance(above, ast.ClassDef)), None)

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that holds a node, or the node itself."""
        if isinstance(node, ast.stmt):
            return node
        return next((above for above in self.up(node) if isinstance(above, ast.stmt)), None)

    def editable(self) -> Iterator[ast.AST]:
        """Nodes that templates may look at, in order of the tree.

        Left out: docstrings, annotations, and the inside of f-strings (its positions are wrong
        before Python 3.12).
        """
        stack: list[ast.AST] = [self.module]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, ast.JoinedStr):
                continue
            stack.extend(reversed(list(_children(node))))


def read(path: str, data: bytes) -> Source | None:
    """The file's source, or None where it cannot be searched: no UTF-8, or no valid Python."""
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    if not _is_utf8(data):
        return None
    try:
        module = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts, at = [], 0
    for line in data.splitlines(keepends=True) or [b""]:
        starts.append(at)
        at += len(line)
    # Columns count from behind a byte order mark.
    starts[0] = mark
    parents = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    return Source(path, data, module, tuple(starts), parents)


def _is_utf8(data: bytes) -> bool:
    for line in data.split(b"\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie and cookie[1].decode().lower() not in _UTF8:
            return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    # A form feed or a lone carriage return makes line numbers a matter of opinion.
    return b"\f" not in data and b"\r" not in data.replace(b"\r\n", b"")


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "type_params"):
            continue
        if isinstance(value, ast.AST):
            yield value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.AST) and not (
                    name == "body" and index == 0 and _is_docstring(node, item)
                ):
                    yield item


def _is_docstring(node: ast.AST, first: ast.AST) -> bool:
    return (
        isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


@dataclass(frozen=True)
class Draft:
    """One replacement of bytes, before it is known how suspicious its line is."""

    start: int
    end: int
    new: str
    says: str
    """What it does, in words."""
    weight: float
    """How likely, among repairs at this place, from 0 to 1."""
