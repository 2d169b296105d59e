"""Wrong names: another variable, another attribute, another function of the same kind."""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Iterator

from core.propose.repair.source import Draft, Source
from core.propose.repair.templates.hints import Hints, module_constants, names_in_scope

_MOST = 8

_PAIRS = (
    ("min", "max"), ("any", "all"), ("sum", "len"), ("sum", "max"), ("floor", "ceil"),
    ("round", "int"), ("int", "float"), ("list", "tuple"), ("set", "list"), ("list", "sorted"),
    ("append", "extend"), ("append", "insert"), ("lower", "upper"), ("title", "capitalize"),
    ("startswith", "endswith"), ("lstrip", "rstrip"), ("strip", "rstrip"), ("strip", "lstrip"),
    ("find", "rfind"), ("find", "index"), ("split", "rsplit"), ("partition", "rpartition"),
    ("split", "splitlines"), ("add", "discard"), ("remove", "discard"), ("keys", "values"),
    ("keys", "items"), ("values", "items"), ("union", "intersection"),
    ("intersection", "difference"), ("union", "difference"), ("issubset", "issuperset"),
    ("ljust", "rjust"), ("ljust", "center"), ("rjust", "center"), ("bisect_left", "bisect_right"),
    ("bisect", "bisect_left"), ("insort_left", "insort_right"), ("pop", "popleft"),
    ("append", "appendleft"), ("heappush", "heappop"), ("copy", "deepcopy"), ("match", "search"),
    ("match", "fullmatch"), ("search", "fullmatch"), ("search", "findall"), ("sub", "subn"),
    ("setdefault", "get"), ("get", "pop"), ("isdigit", "isalpha"), ("isdigit", "isalnum"),
    ("isupper", "islower"), ("weekday", "isoweekday"), ("update", "difference_update"),
    ("removeprefix", "removesuffix"), ("islice", "chain"), ("sin", "cos"), ("hours", "minutes"),
    ("minutes", "seconds"), ("days", "seconds"), ("days", "weeks"), ("join", "union"),
)  # fmt: skip
_COUSINS: dict[str, tuple[str, ...]] = {}
for _one, _two in _PAIRS:
    _COUSINS[_one] = (*_COUSINS.get(_one, ()), _two)
    _COUSINS[_two] = (*_COUSINS.get(_two, ()), _one)
_BUILTINS = frozenset(dir(builtins))


def variable(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """Another name in scope; the attribute of that name; for a function, one of its cousins."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    above = source.parents.get(node)
    if isinstance(above, ast.Call) and above.func is node:
        yield from _function(node, source, hints)
        return
    choices = {name: 0.3 + 0.25 * alike(node.id, name) for name in names_in_scope(node, source)}
    if node.id.isupper() or node.id in choices:
        for name in module_constants(source):
            choices.setdefault(
                name, (0.3 if node.id.isupper() else 0.08) + 0.2 * alike(node.id, name)
            )
    choices.pop(node.id, None)
    for name, weight in _best(choices):
        yield Draft(*source.span(node), name, f"`{name}` instead of `{node.id}`", weight)
    owner = source.owner(node)
    if (
        owner is not None
        and node.id in _family(owner, hints)
        and not isinstance(above, ast.Attribute)
    ):
        yield Draft(*source.span(node), f"self.{node.id}", f"`self.{node.id}` for `{node.id}`", 0.5)


def _function(node: ast.Name, source: Source, hints: Hints) -> Iterator[Draft]:
    for name in _COUSINS.get(node.id, ()):
        if name in _BUILTINS or name in source.data.decode():
            yield Draft(*source.span(node), name, f"`{name}` instead of `{node.id}`", 0.7)
    mine = hints.parameters(node.id)
    if mine is None:
        return
    for child in source.module.body:
        if isinstance(child, ast.FunctionDef) and child.name != node.id:
            same = len(hints.parameters(child.name) or ()) == len(mine)
            weight = (0.3 if same else 0.1) + 0.2 * alike(node.id, child.name)
            yield Draft(
                *source.span(node), child.name, f"calls `{child.name}`, not `{node.id}`", weight
            )


def attribute(node: ast.AST, source: Source, hints: Hints) -> Iterator[Draft]:
    """A sibling attribute or method; the variable of that name; the object without it."""
    if not isinstance(node, ast.Attribute):
        return
    end = source.span(node)[1]
    place = (end - len(node.attr.encode()), end)
    if source.data[place[0] : place[1]].decode(errors="replace") != node.attr:
        return
    above = source.parents.get(node)
    called = isinstance(above, ast.Call) and above.func is node
    choices: dict[str, float] = dict.fromkeys(_COUSINS.get(node.attr, ()), 0.6)
    for family in hints.families:
        if node.attr in family:
            for name in family:
                is_method = name in hints.functions
                kind = 0.35 if is_method == (node.attr in hints.functions) else 0.12
                choices.setdefault(name, kind + 0.2 * alike(node.attr, name))
    written = source.text(node.value)
    for other in source.editable():
        if isinstance(other, ast.Attribute) and source.text(other.value) == written:
            choices.setdefault(other.attr, 0.2)
    choices.pop(node.attr, None)
    for name, weight in _best(choices):
        yield Draft(*place, name, f"`.{name}` instead of `.{node.attr}`", weight)
    if isinstance(node.ctx, ast.Load) and not called:
        if node.attr in names_in_scope(node, source):
            yield Draft(
                *source.span(node), node.attr, f"`{node.attr}`, not `{written}.{node.attr}`", 0.4
            )
        for name in names_in_scope(node, source)[:_MOST]:
            if isinstance(node.value, ast.Name) and name != node.value.id:
                yield Draft(*source.span(node.value), name,
                            f"`{name}.{node.attr}`, not `{written}.{node.attr}`", 0.25)  # fmt: skip


def _family(owner: ast.ClassDef, hints: Hints) -> frozenset[str]:
    names = {child.name for child in owner.body if isinstance(child, ast.FunctionDef)}
    return next((f for f in hints.families if names and names - {"__init__"} <= f), frozenset())


def _best(choices: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(choices.items(), key=lambda item: (-item[1], item[0]))[:_MOST]


def alike(one: str, two: str) -> float:
    return difflib.SequenceMatcher(None, one, two).ratio()
