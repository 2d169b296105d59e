"""Takes the values of secret-looking variables out of texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

SHORTEST: Final = 8
"""Shorter values are left alone: they would hit ordinary words."""

_SECRET: Final = re.compile(r"(_KEY|KEY_ID|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)S?$")


def is_secret_name(name: str) -> bool:
    return _SECRET.search(name.upper()) is not None


class Redactor:
    """Replaces each secret value by `[redacted NAME]`, the longest first."""

    def __init__(self, env: Mapping[str, str]) -> None:
        names = {
            value.strip(): name
            for name, value in sorted(env.items(), reverse=True)
            if is_secret_name(name) and len(value.strip()) >= SHORTEST
        }
        self._names = names
        longest_first = sorted(names, key=lambda value: (-len(value), value))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if names else None

    def __call__(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: f"[redacted {self._names[found[0]]}]", text)
