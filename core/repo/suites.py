"""What a file of tests says, in whatever language: blocks, and what each of them claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.text import clean_line, shorten

EXACT, NEAR, LOOSE = 3, 2, 1
"""How much an assertion pins down: a value, about a value, something about it."""

SKIPS = "skips {}"
FAILS = "expects {} to fail"
ONLY = "runs nothing but {}"
RETURNS = "returns early from {}"
SWALLOWS = "swallows what {} finds"


@dataclass(frozen=True)
class Claim:
    """An assertion, a case, an expected value, or what keeps a test from running or failing."""

    text: str
    """As shown; of what keeps a test from running, one of the sentences above."""
    key: str
    """What it is recognised by, wherever it stands."""
    first: int
    """Line, from 1."""
    last: int
    sides: tuple[str, ...] = ()
    """What is compared with each other; a case's values; the name of an expected value."""
    strength: int = LOOSE
    shape: str = ""
    """Its form without the names in it, and those names; empty where they cannot be told."""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """A test; or another function, a class, or (named "") the file that holds them."""

    name: str
    runs: bool
    """Whether it is a test."""
    first: int
    last: int
    claims: tuple[Claim, ...] = ()
    cases: tuple[Claim, ...] = ()
    values: tuple[Claim, ...] = ()
    """Values that claims compare with, by name."""
    skips: tuple[Claim, ...] = ()
    body: str = ""
    """Its lines, without their indentation."""


@dataclass(frozen=True)
class Suite:
    blocks: dict[str, Block] = field(default_factory=dict)
    """By a name that is unique in the file."""
    names: frozenset[str] = frozenset()
    """Every name that the file uses."""
    bound: frozenset[str] = frozenset()
    """Those that it gives itself, rather than by importing."""
    compared: frozenset[str] = frozenset()
    """What is a side of some assertion."""


def suite(blocks: Iterable[Block], names: Iterable[str] = (), bound: Iterable[str] = ()) -> Suite:
    """A suite of these blocks; of several with one name, the later get a number."""
    found: dict[str, Block] = {}
    seen = Counter[str]()
    for block in blocks:
        seen[block.name] += 1
        n = seen[block.name]
        found[block.name if n == 1 else f"{block.name} ({n})"] = block
    sides = (side for b in found.values() for claim in b.claims for side in claim.sides)
    return Suite(found, frozenset(names), frozenset(bound), frozenset(sides))


def quoted(text: str) -> str:
    """A claim's text as it is shown."""
    return shorten(clean_line(text), 100)
