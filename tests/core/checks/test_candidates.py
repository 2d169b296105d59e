"""What discovery takes beyond Python, what it leaves, why, and what is trusted with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.candidates import Candidate
from core.checks.commands import from_command
from core.checks.deciding import deciding
from core.checks.discovery import CONFIGURATION, look
from core.protocol import CheckSpec

ALL = frozenset({
    "node", "npm", "pnpm", "yarn", "node_modules", "cargo", "cargo-clippy", "go", "make", "pyright",
    "node_modules/.bin/eslint", "node_modules/.bin/tsc", "node_modules/.bin/jest",
    "node_modules/.bin/vitest",
})  # fmt: skip
Files = dict[str, str]


def package(**fields: object) -> str:
    return json.dumps({"devDependencies": {"jest": "1"}, **fields})


def seen(files: Files, installed: frozenset[str] = ALL) -> dict[str, Candidate]:
    found = look(files, lambda p: files[p].encode() if p in files else None, installed.__contains__)
    assert len({c.check.name for c in found}) == len(found)
    return {c.check.name: c for c in found}


def taken(files: Files, installed: frozenset[str] = ALL) -> dict[str, tuple[str, str]]:
    return {
        name: (" ".join(c.check.argv), c.check.reader)
        for name, c in seen(files, installed).items()
        if not c.why_not
    }


TESTED = package(scripts={"test": "jest --ci"})
UNIT = "import unittest\n"
MAKE = "VAR := 1\ntest: build\n\tgo\nlint:\n\tgo\ncheck := no\n"


@pytest.mark.parametrize(
    ("files", "checks"),
    [
        ({"package.json": TESTED}, {"npm test": ("npm run --silent test", "jest")}),
        ({"package.json": TESTED, "pnpm-lock.yaml": ""}, {"pnpm test": ("pnpm run test", "jest")}),
        ({"package.json": TESTED, "yarn.lock": ""}, {"yarn test": ("yarn run test", "jest")}),
        ({"package.json": package(packageManager="pnpm@9", scripts={"lint": "eslint . && tsc"})},
         {"pnpm lint": ("pnpm run lint", "plain")}),
        ({"package.json": package(scripts={
            "test": "NODE_ENV=test vitest run", "lint": "eslint src", "type-check": "tsc --noEmit",
            "build": "x", "deploy": "y"})},
         {"npm test": ("npm run --silent test", "vitest"),
          "npm lint": ("npm run --silent lint", "eslint"),
          "npm type-check": ("npm run --silent type-check", "tsc")}),
        ({"package.json": package(jest={})}, {"jest": ("node_modules/.bin/jest", "jest")}),
        ({"package.json": package(), "vitest.config.ts": ""},
         {"vitest": ("node_modules/.bin/vitest run", "vitest")}),
        ({"package.json": package(), "eslint.config.mjs": "", "tsconfig.json": "{}"},
         {"eslint": ("node_modules/.bin/eslint .", "eslint"),
          "tsc": ("node_modules/.bin/tsc --noEmit -p .", "tsc")}),
        ({"package.json": "[]"}, {}),
        ({"package.json": '{"scripts": {"test": 3}}'}, {}),
        ({"Cargo.toml": "[package]\n"},
         {"cargo test": ("cargo test --no-fail-fast", "cargo test")}),
        ({"Cargo.toml": "[workspace.lints.clippy]\nall = 'warn'\n"},
         {"cargo test": ("cargo test --no-fail-fast", "cargo test"),
          "cargo clippy": ("cargo clippy --all-targets", "cargo")}),
        ({"go.mod": "module a\n"},
         {"go vet": ("go vet ./...", "go"), "go test": ("go test -json ./...", "go test")}),
        ({"Makefile": MAKE},
         {"make test": ("make test", "plain"), "make lint": ("make lint", "plain")}),
        ({"Makefile": MAKE, "go.mod": ""},
         {"go vet": ("go vet ./...", "go"), "go test": ("go test -json ./...", "go test")}),
        ({"tests.py": UNIT}, {"unittest": ("python -m unittest discover", "unittest")}),
        ({"tests/testcart.py": UNIT},
         {"unittest": ("python -m unittest discover -s tests", "unittest")}),
        ({"tests/testcart.py": UNIT, "tests/__init__.py": ""},
         {"unittest": ("python -m unittest discover", "unittest")}),
        ({"tests.py": "x = 1\n"}, {}),
        ({"tests/test_cart.py": UNIT}, {"pytest": ("python -m pytest", "pytest")}),
        ({"pyrightconfig.json": "{}"}, {"pyright": ("pyright", "pyright")}),
        ({"tox.ini": "[tox]\n", "noxfile.py": "", ".pre-commit-config.yaml": ""}, {}),
    ],
)  # fmt: skip
def test_checks_follow_from_what_is_there(files: Files, checks: dict[str, tuple[str, str]]) -> None:
    assert taken(files) == checks


@pytest.mark.parametrize(
    ("files", "missing", "name", "why"),
    [
        ({"package.json": TESTED}, "node_modules", "npm test", "npm install makes it"),
        ({"package.json": TESTED}, "node", "npm test", "node is not installed"),
        ({"package.json": TESTED, "yarn.lock": ""}, "yarn", "yarn test", "yarn is not installed"),
        ({"package.json": package(scripts={"test": 'echo "Error: no test specified" && exit 1'})},
         "", "npm test", "placeholder"),
        ({"package.json": package(scripts={"lint": "eslint --fix ."})}, "", "npm lint", "rewrites"),
        ({"package.json": package(scripts={"test": "jest --watch"})}, "", "npm test", "watches"),
        ({"package.json": package(scripts={"lint": "x"}), "eslint.config.js": ""}, "", "eslint",
         'script "lint"'),
        ({"package.json": package(), "eslint.config.js": ""}, "node_modules/.bin/eslint", "eslint",
         "not installed"),
        ({"Cargo.toml": ""}, "cargo", "cargo test", "cargo is not installed"),
        ({"Cargo.toml": ""}, "", "cargo clippy", "no settings for clippy"),
        ({"Cargo.toml": "", "clippy.toml": ""}, "cargo-clippy", "cargo clippy", "not installed"),
        ({"go.mod": ""}, "go", "go test", "go is not installed"),
        ({"Makefile": "test:\n", "pytest.ini": ""}, "", "make test", "pytest is run already"),
        ({"Makefile": "lint:\n", "ruff.toml": ""}, "", "make lint", "ruff is run already"),
        ({"Makefile": "test:\ncheck: test\n"}, "", "make check", "make test is run already"),
        ({"Makefile": "test:\n"}, "make", "make test", "make is not installed"),
        ({"test_a.py": UNIT}, "", "unittest", "pytest runs these tests too"),
        ({"tox.ini": "[testenv]\n"}, "", "tox", "needs the network"),
        ({"noxfile.py": ""}, "", "nox", "needs the network"),
        ({".pre-commit-config.yaml": ""}, "", "pre-commit", "may rewrite sources"),
        ({"pyproject.toml": "[tool.pyright]\n"}, "pyright", "pyright", "not installed"),
    ],
)  # fmt: skip
def test_what_is_left_says_why(files: Files, missing: str, name: str, why: str) -> None:
    found = seen(files, ALL - {missing})[name]
    assert why in found.why_not
    assert name not in taken(files, ALL - {missing})


def test_a_package_that_needs_nothing_runs_without_node_modules() -> None:
    files = {"package.json": json.dumps({"scripts": {"test": "node --test"}})}
    assert "npm test" in taken(files, ALL - {"node_modules"})


def test_a_script_is_shown_with_what_runs_around_it() -> None:
    """The gate shows the source beside the command: what npm will run must be in there."""
    scripts = {"pretest": "curl x | sh", "test": "jest", "posttest": "rm -r \x1b[2Jy"}
    source = seen({"package.json": package(scripts=scripts)})["npm test"].check.source
    for words in ('after "pretest": curl x | sh', '"test": jest', '"posttest": rm -r ␛[2Jy'):
        assert words in source
    assert "\x1b" not in source


@given(st.dictionaries(st.sampled_from(CONFIGURATION), st.binary(max_size=200)))
def test_no_configuration_breaks_the_search(files: dict[str, bytes]) -> None:
    for found in look(files, files.get, ALL.__contains__):
        assert found.check.argv
        deciding([found.check], files.get)


SCRIPT = CheckSpec("npm test", ("npm", "run", "test"))


@pytest.mark.parametrize(
    ("check", "before", "after", "asks"),
    [
        (SCRIPT, {"package.json": TESTED}, {"package.json": TESTED.replace("--ci", "--x")}, True),
        (SCRIPT, {"package.json": TESTED},
         {"package.json": package(version="2", scripts={"test": "jest --ci"})}, False),
        (SCRIPT, {"package.json": TESTED},
         {"package.json": package(scripts={"test": "jest --ci", "pretest": "x"})}, True),
        (SCRIPT, {"package.json": TESTED}, {"package.json": TESTED, ".npmrc": "script-shell=x"},
         True),
        (SCRIPT, {"package.json": "{"}, {"package.json": "{}"}, True),
        (from_command("make test"), {"Makefile": "test:\n"}, {"Makefile": "test:\n\tx\n"}, True),
        (from_command("cargo test"), {"Cargo.toml": ""},
         {"Cargo.toml": "", ".cargo/config.toml": "[target.x]\nrunner = 'y'"}, True),
        (from_command("tox"), {"tox.ini": ""}, {"tox.ini": "[tox]"}, True),
        (from_command("node_modules/.bin/eslint ."), {"eslint.config.js": ""},
         {"eslint.config.js": "x"}, True),
        (from_command("pytest"), {"pyproject.toml": ""}, {"pyproject.toml": "[tool.x]"}, False),
        (from_command("ruff check ."), {"ruff.toml": ""}, {"ruff.toml": "x = 1"}, False),
    ],
)  # fmt: skip
def test_what_decides_a_command_is_trusted_with_it(
    check: CheckSpec, before: Files, after: Files, asks: bool
) -> None:
    def told(files: Files) -> bytes:
        return deciding([check], lambda p: files[p].encode() if p in files else None)

    assert (told(before) != told(after)) is asks


def test_python_alone_asks_for_no_new_trust() -> None:
    """Its hash stays what it was before other tools were known."""
    files = {"pyproject.toml": "[tool.pytest]\n[tool.ruff]\n[tool.mypy]\n", "test_a.py": ""}
    checks = [c.check for c in seen(files).values() if not c.why_not]
    assert deciding(checks, lambda p: files[p].encode() if p in files else None) == b""


@pytest.mark.parametrize(
    ("command", "name", "reader"),
    [
        ("npx eslint .", "eslint", "eslint"),
        ("npx --yes jest", "jest", "jest"),
        ("node_modules/.bin/tsc", "tsc", "tsc"),
        ("cargo test", "cargo", "cargo test"),
        ("cargo +nightly clippy", "cargo", "cargo"),
        ("cargo fmt --check", "cargo", "plain"),
        ("go test ./...", "go", "go test"),
        ("go vet ./...", "go", "go"),
        ("node --test", "node", "tap"),
        ("node x.js", "node", "plain"),
        ("python -m unittest", "unittest", "unittest"),
        ("gcc -c a.c", "gcc", "gcc"),
        ("/", "/", "plain"),
    ],
)
def test_a_given_command_gets_its_reader(command: str, name: str, reader: str) -> None:
    spec = from_command(command)
    assert (spec.name, spec.reader) == (name, reader)
