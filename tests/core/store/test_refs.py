"""Every blob that any event can name is found, whatever field it stands in."""

from __future__ import annotations

import itertools
import re
import types
import typing
from typing import Any, get_args, get_origin

import msgspec
import pytest

from core import protocol as p
from core.journal.refs import blobs_of
from core.state import State

EVENTS = get_args(p.AnyEvent)


class Filler:
    """Makes values with every field filled, and a reference of its own in each `BlobRef`.

    It goes by how the fields are written in the source, not by what `blobs_of` reads.
    """

    def __init__(self) -> None:
        self._refs = itertools.count(1)

    def struct(self, cls: type[msgspec.Struct]) -> Any:
        written: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            written.update(vars(base).get("__annotations__", {}))
        hints = typing.get_type_hints(cls)
        return cls(
            **{
                name: self.ref(hints[name])
                if "BlobRef" in str(written[name])
                else self.value(hints[name])
                for name in cls.__struct_fields__
            }
        )

    def ref(self, hint: Any) -> Any:
        assert hint is str, "only plain fields hold references so far; teach this test the new one"
        return f"{next(self._refs):064x}"

    def value(self, hint: Any) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if origin in (typing.Union, types.UnionType):
            # Of several kinds, the one that can hold the most references.
            kinds = [a for a in args if a is not type(None)]
            return self.value(max(kinds, key=lambda k: len(refs_in(Filler().value(k)))))
        if origin is typing.Literal:
            return args[0]
        if origin is tuple:
            inner = args[:1] if args[-1] is Ellipsis else args
            return tuple(self.value(a) for a in inner)
        if origin is dict:
            return {self.value(args[0]): self.value(args[1])}
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint)
        return {str: "a text", int: 7, float: 1.5, bool: True, bytes: b"bytes"}[hint]


def refs_in(value: object) -> set[bytes]:
    return set(re.findall(rb'"([0-9a-f]{64})"', msgspec.json.encode(value)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.__name__)
def test_every_reference_in_every_kind_of_event_is_found(event) -> None:
    value = Filler().struct(event)
    assert {r.encode() for r in blobs_of(value)} == refs_in(value)


@pytest.mark.parametrize("action", get_args(p.AnyAction), ids=lambda a: a.__name__)
def test_and_in_every_action_that_an_event_starts(action) -> None:
    value = p.Started(Filler().struct(action))
    assert {r.encode() for r in blobs_of(value)} == refs_in(value)


def test_the_state_names_what_its_events_name() -> None:
    value = Filler().struct(State)
    assert {r.encode() for r in blobs_of(value)} == refs_in(value)


def test_the_events_that_hold_references_are_these() -> None:
    # Guards the test above: had the filler made none, it would have compared nothing.
    holding = {e.__name__ for e in EVENTS if refs_in(Filler().struct(e))}
    assert holding >= {
        "PlanProposed", "ProposalMade", "ChangeBuilt", "CheckFinished", "RedShown", "NeedsFound",
        "UndoPlanned", "GateOpened", "Started",
    }  # fmt: skip


def test_no_reference_is_none() -> None:
    assert blobs_of(p.ProposalMade("a", p.Reply("", "because"))) == frozenset()
