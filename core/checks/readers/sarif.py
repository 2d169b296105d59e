"""Reads SARIF 2.1, the format that static analysers have in common."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from core.checks.readers.plain import severity
from core.checks.readers.report import Gathering, Report, document, table, tables, text, whole


def read(data: bytes, root: str = "") -> Report | None:
    """Results that are suppressed, or that say what is fine, are left out."""
    found = document(data, _fits)
    if found is None:
        return None
    into = Gathering(root)
    for run in tables(found["runs"]):
        bases = table(run.get("originalUriBaseIds"))
        for result in tables(run.get("results")):
            kind = result.get("kind", "fail")
            if kind in ("pass", "notApplicable", "informational") or result.get("suppressions"):
                continue
            _finding(into, result, bases)
    return into.done()


def _finding(into: Gathering, result: dict[str, Any], bases: dict[str, Any]) -> None:
    place = table(next(tables(result.get("locations")), {}).get("physicalLocation"))
    region = table(place.get("region"))
    message = table(result.get("message"))
    rule = text(result.get("ruleId")) or text(table(result.get("rule")).get("id"))
    into.finding(
        _path(table(place.get("artifactLocation")), bases),
        whole(region.get("startLine")),
        text(message.get("text")) or text(message.get("markdown")) or rule,
        code=rule,
        column=whole(region.get("startColumn")),
        severity=severity(result.get("level", "warning")),
    )


def _path(location: dict[str, Any], bases: dict[str, Any]) -> str:
    uri = text(location.get("uri"))[:4000]
    base = text(table(bases.get(text(location.get("uriBaseId")))).get("uri"))[:4000]
    if base and not uri.startswith(("/", "file:")):
        uri = base.rstrip("/") + "/" + uri
    if uri.startswith("file:"):
        uri = "/" + uri.removeprefix("file:").removeprefix("//localhost").lstrip("/")
    return unquote(uri)


def _fits(found: Any) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("runs"), list):
        return False
    return "sarif" in str(found.get("$schema", ""))[:1000].lower() or "version" in found
