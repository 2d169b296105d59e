"""What discovery looks at, and what it comes to: checks that a repository may have."""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Callable, Iterable
from typing import Any

from core.protocol import CheckSpec, Value
from core.text import clean_line, shorten

Read = Callable[[str], bytes | None]
"""The bytes of a file of the tree by its path; None when there is none."""
Installed = Callable[[str], bool]
"""Whether a program can be started here, or a path ("node_modules/.bin/tsc") is there."""


class Candidate(Value, frozen=True):
    """A check that was thought of."""

    check: CheckSpec
    why_not: str = ""
    """Why it is not taken; "" where it is."""


class Files:
    """A tree's files: their names, and what configuration they hold, read once each.

    Unreadable configuration counts as none: its own tool says what is wrong with it.
    """

    def __init__(self, paths: Iterable[str], read: Read, installed: Installed) -> None:
        self.names = tuple(sorted(paths))
        self.installed = installed
        self.read = read
        self.pyproject = self.toml("pyproject.toml")
        self.tools: dict[str, Any] = table(self.pyproject, "tool")

    def has(self, name: str) -> bool:
        return self.read(name) is not None

    def first(self, *names: str) -> str:
        """The first of these files that is there; "" for none."""
        return next((name for name in names if self.has(name)), "")

    def text(self, name: str) -> str:
        return (self.read(name) or b"").decode("utf-8", "replace")

    def toml(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads((self.read(name) or b"").decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
            return {}

    def json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.read(name) or b"").decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def sections(self, name: str) -> dict[str, dict[str, str]]:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(self.text(name))
        except configparser.Error:
            return {}
        return {s: {k: v or "" for k, v in parser.items(s)} for s in parser.sections()}


def table(value: object, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def candidate(
    name: str, argv: Iterable[str], *, source: str, reader: str = "plain", why_not: str = ""
) -> Candidate:
    check = CheckSpec(
        name=name, argv=tuple(argv), reader=reader, source=shorten(clean_line(source), 400)
    )
    return Candidate(check, why_not)
