"""What holds for every test: a slow or busy machine is no finding."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The first drawing in a fresh clone builds tables of Unicode, which takes seconds.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
