"""What a report is made of, before it is HTML or Markdown. Texts are data: nothing is markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from core.protocol import DiffLine


@dataclass(frozen=True)
class Mono:
    """A path, a test's id, a commit: shown in one width."""

    text: str


Inline: TypeAlias = tuple[str | Mono, ...]


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Para:
    text: Inline


@dataclass(frozen=True)
class Items:
    items: tuple[Inline, ...]


@dataclass(frozen=True)
class Quote:
    """Words of a person or a model, as they wrote them: lines stay lines."""

    by: str
    text: str


@dataclass(frozen=True)
class Patch:
    """One file of a change."""

    path: str
    says: str
    """ "+3 −1", "binary"."""
    hunks: tuple[tuple[str, tuple[DiffLine, ...]], ...]
    """Header and lines."""
    folded: bool


Block: TypeAlias = Heading | Para | Items | Quote | Patch
