"""Settings for every test: Hypothesis finds the same examples each run, so a failure repeats."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ORDER = ("unit", "contract", "integration", "browser", "exchange")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first."""

    def rank(item: pytest.Item) -> int:
        parts = item.path.parts
        return next((i for i, name in enumerate(ORDER) if name in parts), 0)

    items.sort(key=rank)
