"""What decides what a check's command comes to: trusting the command is trusting these too."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence

from core.checks import discover_node
from core.checks.candidates import Read
from core.protocol import CheckSpec

_SCRIPTS = frozenset({"npm", "pnpm", "yarn", "npx", "bun"})
_FILES: dict[str, Sequence[str]] = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "tox": ("tox.ini", "tox.toml", "setup.cfg", "pyproject.toml"),
    "nox": ("noxfile.py",),
    "pre-commit": (".pre-commit-config.yaml",),
    "cargo": (
        "Cargo.toml", "build.rs", ".cargo/config.toml", ".cargo/config", "rust-toolchain",
        "rust-toolchain.toml",
    ),
    "go": ("go.mod", "go.work"),
    "pyright": ("pyrightconfig.json",),
}  # fmt: skip
"""Program → files that say what it runs. pytest, ruff and mypy run what is named to them."""
_NODE_FILES = tuple(n for n in discover_node.CONFIGURATION if "lock" not in n and "json" not in n)


def deciding(checks: Iterable[CheckSpec], read: Read) -> bytes:
    """The content of what decides, in one order; b"" where nothing but the commands does."""
    names: dict[str, None] = {}
    scripts = False
    for check in checks:
        program = os.path.basename(check.argv[0])
        if program in _SCRIPTS or check.argv[0].startswith("node_modules/"):
            scripts = True
            names |= dict.fromkeys(_NODE_FILES)
        names |= dict.fromkeys(_FILES.get(program, ()))
    parts = {name: _hash(data) for name in names if (data := read(name)) is not None}
    if scripts and (package := read("package.json")) is not None:
        parts["package.json"] = _hash(_without_versions(package))
    return json.dumps(parts, sort_keys=True).encode() if parts else b""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _without_versions(package: bytes) -> bytes:
    """All of `package.json` but what a release or another dependency changes."""
    try:
        found = json.loads(package.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return package
    if not isinstance(found, dict):
        return package
    for key in ("version", "description", "keywords", "author", "contributors", "homepage"):
        found.pop(key, None)
    for key in [k for k in found if "ependencies" in k]:
        del found[key]
    return json.dumps(found, sort_keys=True).encode("utf-8", "surrogatepass")
