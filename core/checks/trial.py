"""Trials: tests run on any folder, quickly and often, for a search that lets the tests judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.context import Context
from core.protocol import TestRecord

Coverage = Mapping[str, Mapping[str, frozenset[int]]]
"""Test id → path (relative to the repository) → lines that the test executed."""

Overlay = Mapping[str, bytes]
"""Path (relative to the repository) → the content that a candidate gives that file."""


@dataclass(frozen=True)
class TrialResult:
    tests: tuple[TestRecord, ...] = ()
    coverage: Coverage | None = None
    """None unless asked for. Lines run at import or collection stand under the id ""."""
    seconds: float = 0.0
    says: str = ""
    """Why there is no full result (time-out, could not start, nothing collected); else ""."""

    @property
    def failing(self) -> tuple[str, ...]:
        return tuple(t.id for t in self.tests if t.outcome in ("failed", "error"))

    @property
    def passed(self) -> bool:
        """Every test that was asked for ran to its end, and none failed."""
        return bool(self.tests) and not self.says and not self.failing


class Trial(Protocol):
    def run(
        self,
        folder: Path,
        tests: Sequence[str] = (),
        *,
        coverage: bool = False,
        stop_first: bool = False,
        timeout: float = 60.0,
        context: Context | None = None,
    ) -> TrialResult:
        """Run the selected test ids (all when empty) on the tree in `folder`.

        `folder` is shown to the tests at the repository's own path. `timeout` is in seconds and
        for the whole run. Raises `ActionCancelled` when `context` is cancelled, and
        `ActionFailed` where tests cannot be run at all.
        """

    def opened(
        self, folder: Path, context: Context | None = None
    ) -> AbstractContextManager[Series]:
        """Many runs on `folder` from one start of the interpreter; nothing else uses it then.

        `context` cancels any of them.
        """


class Series(Protocol):
    def run_many(
        self,
        overlays: Sequence[Overlay],
        tests: Sequence[str] = (),
        *,
        stop_first: bool = True,
        timeout: float = 20.0,
        until: Callable[[int, TrialResult], bool] | None = None,
    ) -> tuple[TrialResult, ...]:
        """Run the tests once for each overlay.

        One overlay at a time is written into the folder, a forked child imports and runs, and the
        files are put back. `timeout` is in seconds for each overlay. `until(index, result)` is
        asked as results arrive; when it says True the rest is not run, so the answer may be
        shorter than `overlays`. The folder is as it was when this returns or raises.

        Raises `ActionCancelled`, and `ActionFailed` where tests cannot be run at all.
        """
