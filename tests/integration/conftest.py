"""One loop and one reactor for all integration tests: a process has only one of each."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from callcenter.reactor import twisted_reactor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reactor() -> AsyncIterator[Any]:
    """Twisted's reactor on the session's loop."""
    async with twisted_reactor() as running:
        yield running
