"""What a tool needs beside its own file: programs on PATH, folders to see, variables.

A toolchain lies in the person's home, which a sandbox does not show; what it downloads is shown
read-only, and what it builds goes to a folder of ours.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.checks.interpreter import on_path, program_prefix
from core.checks.runner import Desk, Runner
from core.checks.tools import Program

_SYSTEM = (Path("/usr"), Path("/bin"))
_NODE = frozenset({"npm", "npx", "pnpm", "pnpx", "yarn", "corepack"})


@dataclass(frozen=True)
class Chain:
    folders: tuple[Path, ...] = ()
    """To be visible, read-only."""
    bins: tuple[Path, ...] = ()
    """To be on PATH."""
    env: Mapping[str, str] = field(default_factory=dict)


def needed(
    name: str,
    program: Program,
    desk: Desk,
    runner: Runner,
    outer: Mapping[str, str] | None = None,
) -> Chain:
    """What `program`, asked for as `name`, needs. Looks at the disk; runs nothing."""
    env = os.environ if outer is None else outer
    tool, home = os.path.basename(name), Path(env.get("HOME") or Path.home())
    if tool in ("cargo", "rustc"):
        return _cargo(program, desk, runner, env, home)
    if tool == "go":
        return _go(program, desk, env, home)
    if tool in _NODE or "node_modules" in program.path.parts:
        return _node(program, runner, env)
    return Chain()


def _node(program: Program, runner: Runner, env: Mapping[str, str]) -> Chain:
    """Its scripts start with `#!/usr/bin/env node`; without a terminal it is not to watch."""
    node = next(on_path("node", runner.place.repo, env), None)
    folders = () if node is None else tuple(program_prefix(Path(os.path.realpath(node))))
    bins = [] if node is None else [node.parent, Path(os.path.realpath(node)).parent]
    if runner.place.repo not in program.path.parents:
        bins.append(program.path.parent)
    return Chain(folders, _outside_system(bins), {"CI": "true", "npm_config_update_notifier": "no"})


def _cargo(
    program: Program, desk: Desk, runner: Runner, env: Mapping[str, str], home: Path
) -> Chain:
    """Builds are kept for each tree's folder: cargo trusts the times of its files, which say
    nothing across two folders."""
    cargo = Path(env.get("CARGO_HOME") or home / ".cargo")
    rustup = Path(env.get("RUSTUP_HOME") or home / ".rustup")
    place = hashlib.sha256(str(runner.place.work).encode()).hexdigest()[:16]
    variables = {"CARGO_TARGET_DIR": str(desk.cache / "cargo" / place), "CARGO_HOME": str(cargo)}
    if rustup.is_dir():
        variables["RUSTUP_HOME"] = str(rustup)
    if runner.sandbox.sandboxed:
        variables["CARGO_NET_OFFLINE"] = "true"
    parts = [cargo / name for name in ("bin", "registry", "git")]
    folders = tuple(p for p in (*parts, rustup) if p.is_dir())
    return Chain(folders, _outside_system([program.path.parent]), variables)


def _go(program: Program, desk: Desk, env: Mapping[str, str], home: Path) -> Chain:
    path = Path((env.get("GOPATH") or str(home / "go")).split(os.pathsep)[0])
    modules = Path(env.get("GOMODCACHE") or path / "pkg" / "mod")
    real = Path(os.path.realpath(program.path))
    variables = {
        "GOCACHE": str(desk.cache / "go-build"),
        "GOMODCACHE": str(modules),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
    }
    folders = [p for p in (modules,) if p.is_dir()]
    return Chain((*folders, *program_prefix(real)), (), variables)


def _outside_system(bins: list[Path]) -> tuple[Path, ...]:
    kept = (b for b in bins if not any(s in b.parents for s in _SYSTEM))
    return tuple(dict.fromkeys(kept))
