"""Finds the checks of a JavaScript or TypeScript repository: its scripts, then its tools."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from core.checks.candidates import Candidate, Files, candidate, table

_ESLINT = (
    *(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts")),
    *(f".eslintrc{end}" for end in ("", ".js", ".cjs", ".yaml", ".yml", ".json")),
)
_RUNNERS = {
    "vitest": tuple(f"vitest.config.{end}" for end in ("ts", "mts", "js", "mjs", "cjs")),
    "jest": tuple(f"jest.config.{end}" for end in ("js", "ts", "mjs", "cjs", "json")),
}
_LOCKS = {
    "package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
}  # fmt: skip
CONFIGURATION = (
    "package.json", ".npmrc", ".yarnrc.yml", "tsconfig.json", *_LOCKS, *_ESLINT,
    *_RUNNERS["vitest"], *_RUNNERS["jest"],
)  # fmt: skip

_TEST = ("test",)
_LINT = ("lint",)
_TYPES = ("typecheck", "type-check", "check-types", "check:types", "types", "tsc")
_SHELL = re.compile(r"[;&|<>`$()\n]")
_READERS = frozenset({"jest", "vitest", "eslint", "tsc", "mocha"})
_REWRITES = re.compile(r"(?:^|\s)(?:--fix|--write|--update|-u)(?:[\s=]|$)")
_WATCHES = re.compile(r"(?:^|\s)(?:--watch(?:All)?(?:[\s]|=true|$)|watch(?:\s|$))")
_NONE = "no test specified"


def find(files: Files) -> Iterator[Candidate]:
    if not files.has("package.json"):
        return
    package = files.json("package.json")
    manager = _manager(files, package)
    missing = _missing(files, package, manager)
    scripts = {k: v for k, v in table(package, "scripts").items() if isinstance(v, str)}
    names = {kind: _first(scripts, kind) for kind in (_TEST, _LINT, _TYPES)}
    for name in filter(None, names.values()):
        yield _script(scripts, name, manager, missing or _refused(scripts, name))
    if not names[_TEST] or _NONE in scripts[names[_TEST]]:
        yield from _runner(files, package, missing)
    config = files.first(*_ESLINT)
    if not config and "eslintConfig" in package:
        config = "package.json eslintConfig"
    if config:
        eslint = ("node_modules/.bin/eslint", ".")
        yield _tool(files, "eslint", eslint, config, missing, names[_LINT])
    if files.has("tsconfig.json"):
        tsc = ("node_modules/.bin/tsc", "--noEmit", "-p", ".")
        yield _tool(files, "tsc", tsc, "tsconfig.json", missing, names[_TYPES])


def _manager(files: Files, package: dict[str, object]) -> str:
    """By the lock file, then by what the package says; npm where nothing does."""
    for lock, manager in _LOCKS.items():
        if files.has(lock):
            return manager
    said = str(package.get("packageManager", "")).partition("@")[0]
    return said if said in ("npm", "pnpm", "yarn") else "npm"


def _missing(files: Files, package: dict[str, object], manager: str) -> str:
    """Why nothing of this package could run here; "" where it could."""
    for program in ("node", manager):
        if not files.installed(program):
            return f"{program} is not installed"
    needs = any(table(package, kind) for kind in ("dependencies", "devDependencies"))
    if needs and not files.installed("node_modules"):
        return f"node_modules is not there; {manager} install makes it"
    return ""


def _first(scripts: dict[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if name in scripts), "")


def _script(scripts: dict[str, str], name: str, manager: str, why_not: str) -> Candidate:
    silent = ("--silent",) if manager == "npm" else ()
    parts = [(f"pre{name}", "after "), (name, ""), (f"post{name}", "then ")]
    told = [f'{word}"{part}": {scripts[part]}' for part, word in parts if part in scripts]
    return candidate(
        f"{manager} {name}",
        (manager, "run", *silent, name),
        reader=_reader(scripts[name]),
        source=f"package.json {', '.join(told)}",
        why_not=why_not,
    )


def _refused(scripts: dict[str, str], name: str) -> str:
    script = scripts[name]
    if _NONE in script:
        return "the script is only a placeholder"
    if _REWRITES.search(script):
        return "the script rewrites files"
    if _WATCHES.search(script):
        return "the script watches, and would not end"
    return ""


def _reader(script: str) -> str:
    """Of a script that is one command of a tool that we know; words can be added to no other."""
    if _SHELL.search(script):
        return "plain"
    try:
        words = shlex.split(script)
    except ValueError:
        return "plain"
    while words and (words[0] == "cross-env" or re.match(r"\w+=", words[0])):
        words.pop(0)
    tool = words[0].rpartition("/")[2] if words else ""
    return tool if tool in _READERS else "plain"


def _runner(files: Files, package: dict[str, object], missing: str) -> Iterator[Candidate]:
    """A test runner that is configured without a script for it."""
    for name, configs in _RUNNERS.items():
        config = files.first(*configs)
        if not config and name == "jest" and "jest" in package:
            config = "package.json jest"
        if config:
            argv = (f"node_modules/.bin/{name}", *(("run",) if name == "vitest" else ()))
            yield _tool(files, name, argv, config, missing, "")
            return


def _tool(
    files: Files, name: str, argv: tuple[str, ...], config: str, missing: str, script: str
) -> Candidate:
    why = missing or ("" if files.installed(argv[0]) else f"{name} is not installed")
    if script:
        why = f'the script "{script}" is for that'
    return candidate(name, argv, reader=name, source=config, why_not=why)
