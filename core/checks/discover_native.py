"""Finds the checks of Rust and Go repositories, and the targets of make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.checks.candidates import Candidate, Files, candidate, table
from core.protocol import CheckSpec

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order in which make looks
CONFIGURATION = ("Cargo.toml", "clippy.toml", ".clippy.toml", "go.mod", *_MAKEFILES)
_TESTERS = frozenset({
    "pytest", "unittest", "cargo test", "go test", "jest", "vitest", "mocha",
})  # fmt: skip
_LINTERS = frozenset({"ruff", "mypy", "pyright", "eslint", "tsc", "cargo", "go"})
_TARGET = r"^{name}[ \t]*:(?![:=])"


def find(files: Files) -> Iterator[Candidate]:
    if files.has("Cargo.toml"):
        yield from _cargo(files)
    if files.has("go.mod"):
        why = "" if files.installed("go") else "go is not installed"
        vet, test = ("go", "vet", "./..."), ("go", "test", "-json", "./...")
        yield candidate("go vet", vet, reader="go", source="go.mod", why_not=why)
        yield candidate("go test", test, reader="go test", source="go.mod", why_not=why)


def _cargo(files: Files) -> Iterator[Candidate]:
    missing = "" if files.installed("cargo") else "cargo is not installed"
    test = ("cargo", "test", "--no-fail-fast")
    yield candidate("cargo test", test, reader="cargo test", source="Cargo.toml", why_not=missing)
    cargo = files.toml("Cargo.toml")
    config = files.first("clippy.toml", ".clippy.toml")
    for where in (cargo, table(cargo, "workspace")):
        if not config and table(table(where, "lints"), "clippy"):
            config = "Cargo.toml [lints.clippy]"
    why = "" if config else "there are no settings for clippy"
    if config and not missing and not files.installed("cargo-clippy"):
        missing = "clippy is not installed"
    yield candidate(
        "cargo clippy",
        ("cargo", "clippy", "--all-targets"),
        reader="cargo",
        source=config or "Cargo.toml",
        why_not=missing or why,
    )


def make(files: Files, taken: Sequence[CheckSpec]) -> Iterator[Candidate]:
    """Targets of make, for what no check among those `taken` does."""
    name = files.first(*_MAKEFILES)
    text = files.text(name) if name else ""
    tested = next((c.name for c in taken if c.reader in _TESTERS or c.name.endswith(" test")), "")
    linted = next((c.name for c in taken if c.reader in _LINTERS or c.name.endswith(" lint")), "")
    for target in ("test", "check", "lint"):
        if not re.search(_TARGET.format(name=target), text, re.MULTILINE):
            continue
        other = linted if target == "lint" else tested
        why = f"{other} is run already" if other else ""
        if not why and not files.installed("make"):
            why = "make is not installed"
        yield candidate(f"make {target}", ("make", target), source=name, why_not=why)
        if not why and target != "lint":
            tested = f"make {target}"
