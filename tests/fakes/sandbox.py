"""Marks for tests that need a real sandbox."""

from __future__ import annotations

import os

import pytest

from core.sandbox.probe import probe

REQUIRED = os.environ.get("LOOPWRIGHT_REQUIRE_SANDBOX") == "1"


needs_sandbox = pytest.mark.skipif(
    probe().kind != "bubblewrap" and not REQUIRED, reason=probe().says
)
"""Skips where bubblewrap is missing; where it is required, the test runs and fails."""
