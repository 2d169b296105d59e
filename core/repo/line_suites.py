"""Reads tests of any language line by line, by what assertions and marks look like in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.repo.languages import Language, language_of
from core.repo.suites import EXACT, LOOSE, NEAR, Block, Claim, Suite, suite

_LONGEST = 1_000
"""Characters of a line that are looked at."""
_JOINED = 20
"""Lines over which one assertion may go."""
_VALUE = re.compile(
    r"(?:(?:const|let|var|val|final|string|int|String|auto)\s+)*(?:mut\s+)?"
    r"(?P<name>want\w*|expected\w*|golden\w*)(?:\s*:[^=]+)?\s*(?::=|=|:)\s*(?P<value>[^=].*)"
)
_CALL = re.compile(r"\b(expect|\w*assert\w*!?|(?:[Aa]ssert|require|is)\.\w+)\s*\(")
_MATCHER = re.compile(r"\)((?:\.\w+)+)\(")
_EXACTLY = re.compile(
    r"\.to(Be|Equal|StrictEqual|eq)$|[eE]quals?$|_eq!?$|[aA]re_?[eE]qual$|strictEqual$"
)
_NEARLY = re.compile(r"CloseTo|InDelta|InEpsilon|[nN]ear|approx|relative_eq")
_FAILING = re.compile(r"\b[tb]\.(?:Errorf?|Fatalf?|Fail|FailNow)\(.*")


def read(path: str, text: str) -> Suite:
    """The tests of a file, as well as its lines tell them."""
    language = language_of(path)
    return suite(_blocks(language, text.split("\n"))) if language else Suite()


@dataclass
class _Open:
    """A block whose end has not been seen."""

    name: str
    runs: bool
    first: int
    claims: list[Claim] = field(default_factory=list)
    cases: list[Claim] = field(default_factory=list)
    values: list[Claim] = field(default_factory=list)
    skips: list[Claim] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def closed(self, last: int) -> Block:
        return Block(
            self.name, self.runs, self.first, max(self.first, last), tuple(self.claims),
            tuple(self.cases), tuple(self.values), tuple(self.skips), "\n".join(self.body),
        )  # fmt: skip


def _blocks(language: Language, lines: list[str]) -> Iterator[Block]:
    here, marked = _Open("", False, 1), None
    joined, silent = 0, False
    for n, line in enumerate(lines, 1):
        stripped = line.strip()[:_LONGEST]
        silent = silent or ("/*" in language.comment and stripped.startswith("/*"))
        if silent:
            silent = "*/" not in stripped
            continue
        if not stripped or stripped.startswith(language.comment):
            continue
        found = language.block.search(stripped)
        if found and any(found.groups()):
            name = next(group for group in found.groups() if group)
            start = marked or _Open("", False, n)
            yield here.closed(start.first - 1)
            here, marked = replace(start, name=name), None
            here.runs |= language.test.search(stripped) is not None
        elif language.mark.search(stripped):
            marked = marked or _Open("", False, n)
            marked.runs |= language.test.search(stripped) is not None
        into = marked or here
        if not found:
            into.body.append(stripped)
        if n > joined:
            joined = _keep(language, into, lines, n, stripped)
    if marked:  # it marks nothing that is known
        here.claims += marked.claims
        here.skips += marked.skips
    yield here.closed(len(lines))


def _keep(language: Language, into: _Open, lines: list[str], n: int, line: str) -> int:
    """Puts down what a line says; the last line that it goes on to."""
    for pattern, says in language.skips:
        if pattern.search(line):
            into.skips.append(Claim(says, says, n, n))
    if language.case.search(line):
        text = line.rstrip(",")
        into.cases.append(Claim(text, f"case {text}", n, n, tuple(text.strip("[]{}()").split(","))))
    elif found := language.claim.search(line):
        last, text = _whole(lines, n, line[found.start() :])
        sides, strength = _sides(text)
        into.claims.append(Claim(text, _FAILING.sub("t.Error(", text), n, last, sides, strength))
        return last
    elif value := _VALUE.match(line):
        into.values.append(Claim(line, line.rstrip(",;"), n, n, (value["name"],)))
    return n


def _whole(lines: list[str], n: int, text: str) -> tuple[int, str]:
    """An assertion that begins in line `n`, on to where its brackets are closed."""
    whole = text
    for last, follows in enumerate((*lines[n : n + _JOINED], ""), n):
        more = follows.strip()[:_LONGEST]
        if whole.count("(") <= whole.count(")") and not more.startswith("."):
            return last, whole.rstrip(";")
        whole += more if more.startswith(".") else f" {more}"
    return n, text.rstrip(";")


def _sides(text: str) -> tuple[tuple[str, ...], int]:
    """What an assertion compares, and how strictly."""
    if text.startswith(("if ", "} else if ")) and text.endswith("{"):
        left, equal, right = text[:-1].rpartition(";")[2].replace("!=", "==").partition("==")
        return ((left.removeprefix("if ").strip(), right.strip()), EXACT) if equal else ((), LOOSE)
    found = _CALL.search(text)
    if found is None:
        return (), LOOSE
    sides, end = _arguments(text, found.end())
    how = found[1]
    if matcher := _MATCHER.match(text, end):
        sides += _arguments(text, matcher.end())[0]
        how = matcher[1]
    strength = NEAR if _NEARLY.search(how) else EXACT if _EXACTLY.search(how) else LOOSE
    return tuple(side for side in sides if side), LOOSE if ".not." in how else strength


def _arguments(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """Arguments that begin there, cut at their outer commas, and where their bracket closes."""
    parts, depth = [""], 0
    for end in range(at, len(text)):
        char = text[end]
        if char == ")" and not depth:
            return tuple(part.strip() for part in parts), end
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return tuple(part.strip() for part in parts), len(text)
