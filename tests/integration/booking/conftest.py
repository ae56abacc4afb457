"""A booking on the twin and on the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.store import open_store
from tests.booking_kit import Clock, Kit, Make
from tests.fakes import MemoryCallbacks, MemoryDemand, MemoryRecords


@pytest.fixture(params=["memory", "sqlite"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    clock = Clock()
    if request.param == "memory":
        records = MemoryRecords()
        store, demand = MemoryCallbacks(clock, records), MemoryDemand(records)
        yield lambda **what: Kit(store, demand, clock, **what)
        return
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", callback_clock=clock)
    yield lambda **what: Kit(opened.callbacks, opened.demand, clock, **what)
    opened.close()
