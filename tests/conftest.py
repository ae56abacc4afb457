"""Settings for every test: Hypothesis finds the same examples each run, so a failure repeats."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reactor() -> AsyncIterator[Any]:
    """Twisted's reactor on the session's loop: a process has only one of each."""
    from callcenter.reactor import twisted_reactor

    async with twisted_reactor() as running:
        yield running
