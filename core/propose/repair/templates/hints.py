"""What templates may draw on besides the node: words of the failures, and the project's names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.propose.repair.source import FUNCTIONS, Function, Source

_INT = re.compile(r"(?<![\w.])-?\d{1,9}(?![\w.])")
_STRING = re.compile(r"'([^'\\\n]{0,40})'|\"([^\"\\\n]{0,40})\"")
_EXCEPTION = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning|Exit|Iteration))\b")
_MOST = 8


@dataclass(frozen=True)
class Hints:
    message: str = ""
    """The failing tests' messages, joined."""
    ints: tuple[int, ...] = ()
    strings: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    functions: dict[str, Function | None] = field(default_factory=dict)
    """Functions and methods of the searched files by name; None where a name has several."""
    families: tuple[frozenset[str], ...] = ()
    """For each class, the names of its attributes and methods."""

    def parameters(self, name: str) -> tuple[str, ...] | None:
        """Parameter names, without self and cls, of the one function of that name."""
        function = self.functions.get(name)
        if function is None:
            return None
        given = function.args
        names = [arg.arg for arg in [*given.posonlyargs, *given.args, *given.kwonlyargs]]
        return tuple(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def gather(messages: Iterable[str], sources: Sequence[Source]) -> Hints:
    message = "\n".join(messages)
    functions: dict[str, Function | None] = {}
    families: list[frozenset[str]] = []
    for source in sources:
        for node in ast.walk(source.module):
            if isinstance(node, FUNCTIONS):
                functions[node.name] = None if node.name in functions else node
            elif isinstance(node, ast.ClassDef):
                families.append(frozenset(_members(node)))
    return Hints(
        message,
        tuple(dict.fromkeys(int(found) for found in _INT.findall(message)))[:_MOST],
        tuple(dict.fromkeys(one or two for one, two in _STRING.findall(message)))[:_MOST],
        tuple(dict.fromkeys(_EXCEPTION.findall(message)))[:_MOST],
        functions,
        tuple(families),
    )


def _members(node: ast.ClassDef) -> Iterator[str]:
    for child in ast.walk(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not name.startswith("__"):
                    yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


def names_in_scope(node: ast.AST, source: Source) -> list[str]:
    """Parameters and local names of the functions around a node, the innermost first."""
    names: dict[str, None] = {}
    for above in source.up(node):
        if isinstance(above, (*FUNCTIONS, ast.Lambda)):
            given = above.args
            for arg in [*given.posonlyargs, *given.args, *given.kwonlyargs]:
                names[arg.arg] = None
            for child in ast.walk(above):
                if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                    names[child.id] = None
    return [name for name in names if name not in ("self", "cls", "_")]


def module_constants(source: Source) -> list[str]:
    """Names of the module's top-level assignments."""
    return [
        target.id
        for node in source.module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
