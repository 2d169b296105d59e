"""Which blobs a value of the protocol names, read off its types: no field can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec
from msgspec import inspect

from core.protocol import BlobRef


def blobs_of(value: msgspec.Struct) -> frozenset[BlobRef]:
    """Every blob that an event (or any other value of the protocol) names, at any depth."""
    return frozenset(_walk(value, direct=False))


def _walk(value: object, *, direct: bool) -> Iterator[BlobRef]:
    """`direct`: texts found here, outside of any struct, are references."""
    if isinstance(value, str):
        if direct and value:
            yield value
    elif isinstance(value, msgspec.Struct):
        for name, holds in _fields(type(value)):
            yield from _walk(getattr(value, name), direct=holds)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _walk(pair, direct=direct)
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from _walk(one, direct=direct)


@cache
def _fields(struct: type) -> tuple[tuple[str, bool], ...]:
    """The fields that can lead to a reference; True where they hold one themselves."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    kept = []
    for field in info.fields:
        kinds = list(_parts(field.type))
        holds = any(isinstance(k, inspect.Metadata) and _is_ref(k) for k in kinds)
        inner = (k.cls for k in kinds if isinstance(k, inspect.StructType))
        if holds or any(_fields(cls) for cls in inner):
            kept.append((field.name, holds))
    return tuple(kept)


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """A type and all that it is made of, down to structs, which are not entered."""
    yield kind
    if isinstance(kind, inspect.StructType):
        return
    for name in kind.__struct_fields__:
        for part in _types_in(getattr(kind, name)):
            yield from _parts(part)


def _types_in(held: object) -> tuple[inspect.Type, ...]:
    if isinstance(held, inspect.Type):
        return (held,)
    return tuple(x for x in held if isinstance(x, inspect.Type)) if isinstance(held, tuple) else ()


def _is_ref(kind: inspect.Metadata) -> bool:
    return bool(kind.extra and kind.extra.get("blob"))
