"""What a configuration allows single checks beyond the usual, in words that trust is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from core.errors import UsageError
from core.protocol import CheckSpec
from core.text import clean_line


def allow(
    checks: Sequence[CheckSpec],
    *,
    network: Sequence[str],
    caches: Sequence[str],
    repo: Path,
    source: str,
) -> tuple[CheckSpec, ...]:
    """The checks with the network and the caches that a configuration gives them.

    What each may do more is said beside where it was found, so whoever is asked to trust it
    reads it. Raises `UsageError` for a name that is no check, and for a cache elsewhere than
    below the home or where the repository is.
    """
    names = [check.name for check in checks]
    for name in network:
        if name not in names:
            raise UsageError(
                f"{source}: network names “{clean_line(name)}”, which is no check; the checks are"
                f" {', '.join(names) or 'none'}. Correct it and retry."
            )
    for cache in caches:
        _check_cache(cache, repo, source)
    out = []
    for check in checks:
        says = ["may use the network"] if check.name in network else []
        says += [f"keeps {clean_line(c)}" for c in caches]
        told = "; ".join(filter(None, (check.source, *says)))
        out.append(replace(check, network=check.name in network, caches=tuple(caches), source=told))
    return tuple(out)


def _check_cache(cache: str, repo: Path, source: str) -> None:
    parts = PurePosixPath(cache).parts
    target = Path.home().joinpath(*parts[1:])
    inside = parts[:1] == ("~",) and len(parts) > 1 and ".." not in parts and "\0" not in cache
    if not inside or target == repo or target in repo.parents or repo in target.parents:
        raise UsageError(
            f"{source}: caches names “{clean_line(cache)}”, and a cache is a folder below the home,"
            " such as “~/.cache/uv”, apart from the repository. Correct it and retry."
        )
