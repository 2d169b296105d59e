"""Which files of a tree matter for a request, the most telling first. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from core.protocol import TestRecord

Read = Callable[[str], bytes | None]
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
    tests = _test_files(failing, paths)
    words = [word for text in (*reversed(notes), goal) for word in _words(text)]
    exact = [path for path in scope if path in set(paths)]
    globs = [_glob(pattern) for pattern in scope if pattern not in exact]
    tiers: list[Iterator[str]] = [
        _named(words, paths),
        iter(exact),
        (path for path in places if path not in tests),
        iter(tests),
        (path for test in tests for path in _imported(test, paths, read)),
        _by_stem(words, paths),
        (path for path in paths if any(glob.fullmatch(path) for glob in globs)),
    ]
    found = dict.fromkeys(path for tier in tiers for path in tier)
    asked = set(_named(words, paths)) | set(exact)
    others = (path for path in sorted(paths, key=_distance) if _ordinary(path))
    order = [path for path in found if path in asked or not is_secret(path)]
    return list(dict.fromkeys((*order, *others))), places


def is_secret(path: str) -> bool:
    """A file that looks as if it held keys; shown only where the person names it."""
    return _SECRET.search(path) is not None


def _words(text: str) -> list[str]:
    return [word.strip("./-") for word in _WORD.findall(text)]


def _named(words: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    """Files named by path, by the end of their path, or by their whole name."""
    wanted = [word.partition("::")[0] for word in words if "." in word or "/" in word]
    for word in wanted:
        for path in paths:
            if path == word or path.endswith("/" + word) or word.endswith("/" + path):
                yield path


def _by_stem(words: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    stems = {word.lower() for word in words if len(word) >= 4}
    for path in paths:
        if PurePosixPath(path).stem.lower() in stems:
            yield path


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


def _imported(path: str, paths: Sequence[str], read: Read) -> Iterator[str]:
    """Modules of the tree that a Python file imports, and what a test file is named after."""
    subject = PurePosixPath(path).stem.removeprefix("test_").removesuffix("_test")
    yield from (p for p in paths if p != path and PurePosixPath(p).stem == subject)
    if not path.endswith(".py"):
        return
    text = (read(path) or b"").decode("utf-8", errors="replace")
    for origin, names, modules in _IMPORT.findall(text):
        base = origin.strip(".").replace(".", "/")
        wanted = [base, *(f"{base}/{name.strip()}".strip("/") for name in names.split(","))]
        wanted += [
            module.split()[0].replace(".", "/") for module in modules.split(",") if module.split()
        ]
        for module in wanted:
            tails = (f"{module}.py", f"{module}/__init__.py")
            yield from (p for p in paths if module and (p in tails or p.endswith(
                tuple("/" + tail for tail in tails))))  # fmt: skip


def _ordinary(path: str) -> bool:
    name = PurePosixPath(path)
    hidden = any(part.startswith(".") for part in name.parts)
    locked = name.name.endswith((".lock", "-lock.json", ".min.js", ".min.css"))
    return name.suffix in _SOURCE and not hidden and not locked and not is_secret(path)


def _distance(path: str) -> tuple[int, int, str]:
    code = 0 if PurePosixPath(path).suffix not in (".md", ".rst", ".txt", ".json") else 1
    return code, path.count("/"), path


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
