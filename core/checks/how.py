"""How a check is run, beyond what its command says."""

from __future__ import annotations

from dataclasses import dataclass

from core.checks.output import MAX_WHOLE
from core.checks.warm import Warm


@dataclass(frozen=True)
class How:
    """How checks are run, beyond what their commands say. Outcomes are the same but for `stop`."""

    warm: Warm | None = None
    """Where a pytest may wait that was started already; None always starts one."""
    first: tuple[str, ...] = ()
    """Ids of tests to begin with."""
    stop: bool = False
    """Stop at the first failure; the evidence is partial then."""
    limit: int = MAX_WHOLE
    """Bytes of any check's output that are kept on disk, before its end."""

    @property
    def extra(self) -> tuple[str, ...]:
        return ("-x",) if self.stop else ()


def ways(how: How) -> tuple[tuple[str, ...], ...]:
    """What the evidence of a run like this can say of how it was run, as hashes tell it apart.

    Warm evidence is told apart from cold, so that who asks for cold runs is never given the
    other kind.
    """
    cold = how.extra
    return ((*cold, "warm"), cold) if how.warm is not None else (cold,)
