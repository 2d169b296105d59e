"""The evidence of a commit as lines of its message: written, and read back. Pure.

    Evidence:
    - ran pytest: 13 passed (pass) by: python -m pytest
    - fixes tests/test_cart.py::test_total
    - asks pytest to pass: tests/test_cart.py::test_total
    - tree 3b18e512…, made from commit 9a0bc2…
    - file 7f21c04d9a3e cart.py
    - digest 5d41402abc4b2a76

A line is one claim, begins with a word that says which, and reads back as what was written: a
name that could be taken for something else, or that hides something, is written as JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from core.protocol import CheckResult, CheckVerdict, Need, Polarity, Value

HEAD = "Evidence:"
MOST = 10
"""Names of one kind that are written out, …"""
MOST_FILES = 30
"""… files, and …"""
MOST_ASKED = 20
"""… needs; of the rest there is a count and a hash."""
LONGEST = 300
LONGEST_COMMAND = 2000
NOTHING = "none: no checks ran"
DIRTY = "the checked tree also held uncommitted content that is not in this commit"

Kind = Literal["fixes", "breaks", "loses", "leaves", "shows", "idle", "file", "asks"]
_SLOTS: dict[Kind, tuple[str, str]] = {
    "asks": ("asks ", ""),
    "fixes": ("fixes ", ""),
    "breaks": ("breaks ", ""),
    "loses": ("loses ", ""),
    "leaves": ("leaves ", ""),
    "shows": ("added ", " fails without the change"),
    "idle": ("added ", " passes without it too: no evidence"),
    "file": ("file ", ""),
}
"""What stands before and after a name of each kind."""
_MORE = re.compile(r"(\d+) more, sha256 ([0-9a-f]{16})")
_WORD = r'[A-Za-z0-9_.+-]+(?: \d+)*|"(?:[^"\\]|\\.)*"'
_VERDICTS = "|".join(get_args(CheckVerdict))
_COUNTS = r"\d+ [a-z]+(?:, \d+ [a-z]+)*"
_RAN = re.compile(
    rf"ran (?P<check>{_WORD}): (?:(?P<counts>{_COUNTS}) \((?P<told>{_VERDICTS})\)"
    rf"|(?P<bare>{_VERDICTS}))(?: by(?P<given> --check)?: (?P<argv>.+))?"
)
_ASKS = re.compile(rf"(?P<check>{_WORD}) to (?P<polarity>pass|fail)(?:: (?P<test>.+))?")
_TREE = re.compile(r"tree ([0-9a-f]{40,64}), made from commit ([0-9a-f]{40,64})")
_BEFORE = re.compile(r"(\d+) failed before too and were not asked about")
_DESPITE = re.compile(r"approved although not green: (.+)")
_DIGEST = re.compile(r"digest ([0-9a-f]{16})")


class Ran(Value, frozen=True):
    """One run of one check."""

    check: str
    verdict: CheckVerdict
    counts: str = ""
    """ "13 passed, 1 failed" or "3 findings"; "" where there is nothing to count."""
    command: str = ""
    """As `command_line` writes it; "" where it is not known."""
    given: bool = False
    """By the person with --check, instead of being found in the repository."""


class Names(Value, frozen=True):
    """Labels of one kind: some written out, of the rest their number and hash."""

    shown: tuple[str, ...] = ()
    more: int = 0
    digest: str = ""


class Statement(Value, frozen=True):
    """What a commit message says of its evidence."""

    tree: str = ""
    """The tree that the checks ran on; "" where it is not said."""
    base: str = ""
    """The commit that the change was made from."""
    dirty: bool = False
    """The tree held uncommitted content, which the commit does not."""
    ran: tuple[Ran, ...] = ()
    names: dict[Kind, Names] = {}
    before: int = 0
    """Failures that the base had and nobody asked about."""
    despite: str = ""
    """Why it is not green; "" where it is."""
    edited: bool = False
    """True when these are not the lines that were written, as far as their hash can tell."""
    unread: tuple[str, ...] = ()
    """Lines that no statement of ours holds."""

    def of(self, kind: Kind) -> Names:
        return self.names.get(kind, Names())

    @property
    def asks(self) -> tuple[Need, ...]:
        """The needs that are written out. Raises nothing: what is no need is no line either."""
        return tuple(need for text in self.of("asks").shown if (need := _need(text)))


def lines(said: Statement) -> list[str]:
    """The statement as lines: first what a person asks, last what makes it certain."""
    found = [_ran(ran) for ran in said.ran] or [NOTHING]
    found += _every(said, "fixes", "breaks", "loses", "leaves")
    found += [f"approved although not green: {said.despite}"] if said.despite else []
    if said.before:
        found.append(f"{said.before} failed before too and were not asked about")
    found += _every(said, "shows", "idle", "asks")
    found += [f"tree {said.tree}, made from commit {said.base}"] if said.tree else []
    found += [DIRTY] if said.dirty else []
    found += _every(said, "file")
    listed = [f"- {line}" for line in found]
    return [HEAD, *listed, f"- digest {_hash(listed)}"]


def read(message: str) -> Statement | None:
    """What a message says; None where it holds no statement. Understands what was edited, too."""
    found = _block(message)
    if found is None:
        return None
    listed = [line.rstrip() for line in message.split("\n")[found[0] + 1 : found[1]]]
    said, names, unread = Statement(), dict[Kind, list[str]](), list[str]()
    digest = ""
    for line in listed:
        text = line.removeprefix("- ")
        if match := _TREE.fullmatch(text):
            said = replace(said, tree=match[1], base=match[2])
        elif match := _RAN.fullmatch(text):
            said = replace(said, ran=(*said.ran, _ran_of(match)))
        elif match := _BEFORE.fullmatch(text):
            said = replace(said, before=int(match[1][:9]))
        elif match := _DESPITE.fullmatch(text):
            said = replace(said, despite=match[1])
        elif match := _DIGEST.fullmatch(text):
            digest = match[1]
        elif text == DIRTY:
            said = replace(said, dirty=True)
        elif (slot := _slot(text)) is not None:
            names.setdefault(slot[0], []).append(slot[1])
        elif text != NOTHING:
            unread.append(text)
    written = [line for line in listed if not _DIGEST.fullmatch(line.removeprefix("- "))]
    return replace(
        said,
        names={kind: _gathered(texts) for kind, texts in names.items()},
        edited=digest != _hash(written),
        unread=tuple(unread),
    )


def replaced(message: str, said: Statement) -> str:
    """The message with its statement replaced by another; unchanged where it holds none."""
    found = _block(message)
    if found is None:
        return message
    every = message.split("\n")
    return "\n".join([*every[: found[0]], *lines(said), *every[found[1] :]])


def names(labels: Iterable[str], most: int = MOST) -> Names:
    """Labels in their order, the first of them written out."""
    every = tuple(labels)
    rest = every[most:]
    return Names(every[:most], len(rest), _hash(rest) if rest else "")


def counted(result: CheckResult) -> str:
    """ "14 passed, 1 failed", "3 findings", or "" where there is nothing to count."""
    counts = ", ".join(f"{n} {outcome}" for outcome, n in sorted(result.counts.items()) if n)
    return counts or (f"{len(result.diagnostics)} findings" if result.diagnostics else "")


def told(counts: str, verdict: str) -> str:
    return f"{counts} ({verdict})" if counts else verdict


def label(name: str) -> str:
    """A name as it stands in a line: on one line, bounded, and no two alike."""
    if len(name) > LONGEST:
        cut = _json(name[:LONGEST])
        return f"{cut} and {len(name) - LONGEST} characters more, sha256 {_hash([name])}"
    return _json(name) if _MORE.fullmatch(name) else exact(name)


def file_label(path: str, blob: str | None) -> str:
    """A file by its new content: the beginning of its object id, "gone" (None) or "kept" ("")."""
    return f"{'gone' if blob is None else blob[:12] or 'kept'} {label(path)}"


def need_label(need: Need) -> str:
    test = f": {exact(need.test)}" if need.test else ""
    return f"{_word(need.check)} to {need.polarity}{test}"


def exact(text: str) -> str:
    """Itself where nothing about it can mislead, else JSON in ASCII."""
    plain = text.isprintable() and text == text.strip() and "  " not in text and text
    return text if plain and text[0] != '"' else _json(text)


def command_line(argv: tuple[str, ...]) -> str:
    """A command as one would type it, or its words as JSON, or (if it is long) its hash."""
    if not argv:
        return ""
    text = shlex.join(argv)
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        text = _json(list(argv))
    if len(text) > LONGEST_COMMAND:
        return f"{{{len(argv)} words, sha256 {_hash([_json(list(argv))])}}}"
    return text


def argv_of(command: str) -> tuple[str, ...]:
    """The words of a `command_line`; () where it does not hold them."""
    try:
        found = json.loads(command) if command.startswith("[") else shlex.split(command)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return ()
    argv = tuple(found)
    return argv if command_line(argv) == command else ()


def _block(message: str) -> tuple[int, int] | None:
    """First line of the last paragraph that is a statement, and the line after its end."""
    every = [line.rstrip() for line in message.split("\n")]
    for start in range(len(every) - 1, -1, -1):
        if every[start] == HEAD and (start == 0 or not every[start - 1]):
            end = start + 1
            while end < len(every) and every[end]:
                end += 1
            return start, end
    return None


def _ran(ran: Ran) -> str:
    by = f" by{' --check' if ran.given else ''}: {ran.command}" if ran.command else ""
    return f"ran {_word(ran.check)}: {told(ran.counts, ran.verdict)}{by}"


def _ran_of(match: re.Match[str]) -> Ran:
    verdict: CheckVerdict = msgspec.convert(match["told"] or match["bare"], CheckVerdict)
    return Ran(
        _inexact(match["check"]),
        verdict,
        match["counts"] or "",
        match["argv"] or "",
        bool(match["given"]),
    )


def _every(said: Statement, *kinds: Kind) -> list[str]:
    found = []
    for kind in kinds:
        before, after = _SLOTS[kind]
        some = said.of(kind)
        more = (f"{some.more} more, sha256 {some.digest}",) if some.more else ()
        found += [f"{before}{name}{after}" for name in (*some.shown, *more)]
    return found


def _slot(text: str) -> tuple[Kind, str] | None:
    for kind, (before, after) in _SLOTS.items():
        name = text[len(before) : len(text) - len(after)]
        if text.startswith(before) and text.endswith(after) and name:
            good = kind != "asks" or _need(name) or _MORE.fullmatch(name)
            return (kind, name) if good else None
    return None


def _gathered(texts: list[str]) -> Names:
    more = [match for text in texts if (match := _MORE.fullmatch(text))]
    shown = tuple(text for text in texts if not _MORE.fullmatch(text))
    return Names(shown, int(more[-1][1][:9]), more[-1][2]) if more else Names(shown)


def _need(text: str) -> Need | None:
    match = _ASKS.fullmatch(text)
    if match is None:
        return None
    polarity: Polarity = "fail" if match["polarity"] == "fail" else "pass"
    return Need(_inexact(match["check"]), _inexact(match["test"] or ""), polarity)


def _word(name: str) -> str:
    return name if re.fullmatch(_WORD, name) and name[0] != '"' else _json(name)


def _inexact(text: str) -> str:
    """What `exact` was given; the text itself where it is none of its."""
    if not text.startswith('"'):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, str) else text


def _json(value: object) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _hash(parts: Iterable[str]) -> str:
    text = "\n".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
