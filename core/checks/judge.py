"""The judge: what a change's evidence says, compared with its base's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from core.protocol import CheckResult, Need, Records, Verdict

Evidence: TypeAlias = Mapping[str, tuple[CheckResult, Records]]
"""Check name → its result with everything that it reported."""


def judge(
    needs: tuple[Need, ...],
    base: Evidence,
    now: Evidence,
    previous: Verdict | None = None,
) -> Verdict:
    """Whether the needs hold and nothing that held on the base fails now.

    `previous` is the verdict of the step's try before; better and worse compare with it where
    it is given, else with the base.
    """
    raise NotImplementedError
