"""Which files of a tree matter for a request, the most telling first. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from posixpath import splitext
from typing import Final

from core.protocol import TestRecord

Read = Callable[[str], bytes | None]
Index = dict[str, list[str]]
Places = dict[str, set[int]]
"""Path → lines that something pointed at, from 1; an empty set where only the file was named."""

_WORD: Final = re.compile(r"[\w./\-]+")
_IMPORT: Final = re.compile(
    r"^\s*(?:from\s+([.\w]+)\s+import\s+([\w, ]+)|import\s+([\w., ]+))", re.MULTILINE
)
_PYTHON_FRAME: Final = re.compile(r'File "([^"\n]+)", line (\d+)')
_PLAIN_FRAME: Final = re.compile(r"([\w./\-]+\.\w+):(\d+)")
_SECRET: Final = re.compile(
    r"(^|/)(\.env(\..*)?|.*\.(pem|key|p12|pfx|keystore)|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc)$"
)
_MOST_TESTS: Final = 8
"""Failing tests' files whose imports are followed."""
_SOURCE: Final = frozenset(
    ".py .pyi .js .jsx .ts .tsx .go .rs .java .kt .c .h .cc .cpp .hpp .rb .php .cs .swift .sh"
    " .toml .cfg .ini .md .rst .txt .sql .html .css .yaml .yml .json".split()
)


def ranked(
    goal: str,
    notes: Sequence[str],
    scope: Sequence[str],
    failing: Sequence[TestRecord],
    paths: Sequence[str],
    read: Read,
) -> tuple[list[str], Places]:
    """Paths in the order in which they matter, each once, and the lines pointed at."""
    places = _failure_places(failing, paths)
    tests = _test_files(failing, paths)[:_MOST_TESTS]
    words = [word for text in (*reversed(notes), goal) for word in _words(text)]
    index = _index(paths)
    known = set(paths)
    exact = [path for path in scope if path in known]
    globs = [_glob(pattern) for pattern in scope if pattern not in exact]
    tiers: list[Iterator[str]] = [
        _named(words, index),
        iter(exact),
        (path for path in places if path not in tests),
        iter(tests),
        (path for test in tests for path in _imported(test, index, read)),
        _by_stem(words, index),
        (path for path in paths if any(glob.fullmatch(path) for glob in globs)),
    ]
    found = dict.fromkeys(path for tier in tiers for path in tier)
    asked = set(_named(words, index)) | set(exact)
    others = sorted((path for path in paths if _ordinary(path)), key=_distance)
    order = [path for path in found if path in asked or not is_secret(path)]
    return list(dict.fromkeys((*order, *others))), places


def is_secret(path: str) -> bool:
    """A file that looks as if it held keys; shown only where the person names it."""
    return _SECRET.search(path) is not None


def _words(text: str) -> list[str]:
    return [word.strip("./-") for word in _WORD.findall(text)]


def _index(paths: Sequence[str]) -> Index:
    """Files by the name that a text would call them: without their end, packages by folder."""
    index: Index = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0] or name
        if stem == "__init__":
            stem = folder.rpartition("/")[2]
        index.setdefault(stem.lower(), []).append(path)
    return index


def _called(name: str, index: Index) -> list[str]:
    return index.get(name.lower(), [])


def _named(words: Sequence[str], index: Index) -> Iterator[str]:
    """Files named by their whole name, or by a path that ends as theirs does."""
    for word in words:
        if "." in word or "/" in word:
            for path in _called(_stem(word), index):
                if path == word or path.endswith("/" + word) or word.endswith("/" + path):
                    yield path


def _by_stem(words: Sequence[str], index: Index) -> Iterator[str]:
    for word in words:
        if len(word) >= 4:
            yield from _called(word, index)


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _failure_places(failing: Sequence[TestRecord], paths: Sequence[str]) -> Places:
    known = set(paths)
    places: Places = {}
    for test in failing:
        frames = [(test.path, test.line)]
        for pattern in (_PYTHON_FRAME, _PLAIN_FRAME):
            frames += [(path, int(line)) for path, line in pattern.findall(test.message)]
        for written, line in frames:
            if path := _inside(written, known):
                places.setdefault(path, set()).update({line} if line > 0 else ())
    return places


def _inside(written: str, known: set[str]) -> str:
    """The path in the tree that a path in an output means; "" where none does."""
    parts = written.split("/")
    tails = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((tail for tail in tails if tail in known), "")


def _test_files(failing: Sequence[TestRecord], paths: Sequence[str]) -> list[str]:
    known = set(paths)
    files = (test.id.partition("::")[0] for test in failing)
    return list(dict.fromkeys(path for file in files if (path := _inside(file, known))))


def _imported(path: str, index: Index, read: Read) -> Iterator[str]:
    """Modules of the tree that a Python file imports, and what a test file is named after."""
    subject = _stem(path).removeprefix("test_").removesuffix("_test")
    yield from (p for p in _called(subject, index) if p != path)
    if not path.endswith(".py"):
        return
    text = (read(path) or b"").decode("utf-8", errors="replace")
    for module in dict.fromkeys(module for module in _modules(text) if module):
        tails = (f"/{module}.py", f"/{module}/__init__.py")
        for found in _called(module.rpartition("/")[2], index):
            if f"/{found}".endswith(tails):
                yield found


def _modules(text: str) -> Iterator[str]:
    """Every module that a Python text may import, as a path without its end."""
    for origin, names, modules in _IMPORT.findall(text):
        base = origin.strip(".").replace(".", "/")
        yield base
        yield from (f"{base}/{name.strip()}".strip("/") for name in names.split(","))
        yield from (m.split()[0].replace(".", "/") for m in modules.split(",") if m.split())


def _ordinary(path: str) -> bool:
    hidden = path.startswith(".") or "/." in path
    locked = path.endswith((".lock", "-lock.json", ".min.js", ".min.css"))
    return splitext(path)[1] in _SOURCE and not hidden and not locked and not is_secret(path)


def _distance(path: str) -> tuple[bool, int, str]:
    return path.endswith((".md", ".rst", ".txt", ".json")), path.count("/"), path


def _glob(pattern: str) -> re.Pattern[str]:
    """A scope pattern: `**` crosses folders, `*` and `?` do not; a folder means all in it."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at]))
            at += 1
    return re.compile(out.rstrip("/") + "(?:/.*)?")
