"""Settings for every test: Hypothesis finds the same examples each run, so a failure repeats."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.databases import DATABASES, address_of
from tests.postgresql import Cluster, missing, running

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


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """This process's own PostgreSQL. Where none can run the tests are skipped with the reason; with
    CALLCENTER_REQUIRE_POSTGRESQL=1 they fail instead, so that a build server cannot skip them
    unseen."""
    reason = missing()
    if reason is not None:
        if os.environ.get("CALLCENTER_REQUIRE_POSTGRESQL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with running() as cluster:
        yield cluster


@pytest.fixture
def postgresql(cluster: Cluster) -> Iterator[str]:
    """The address of a PostgreSQL database of the test's own, with the store's tables."""
    with cluster.database() as address:
        yield address


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """The test runs once in each kind of database."""
    return str(request.param)


@pytest.fixture
def address(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> str:
    """The address of a store of the test's own."""
    return address_of(request, database_kind, tmp_path)


@pytest.fixture
def empty_address(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path
) -> Iterator[str]:
    """The address of a database without any table, for a test that changes tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with request.getfixturevalue("cluster").empty() as address:
        yield address
