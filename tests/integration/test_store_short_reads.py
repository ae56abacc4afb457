"""Look-ups on the loop's own thread while that is quick, on the store's thread when it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from callcenter.store import StoreError
from callcenter.store.database import Database
from callcenter.store.reader import Reader
from callcenter.store.short_reader import REST, SLOW, ShortReader


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'store.db'}", busy=0.05)


@pytest.fixture
def reader(database: Database) -> Iterator[Reader]:
    reader = Reader(database, "behind")
    yield reader
    reader.close()


def where(clock: Clock, seconds: float = 0.0) -> Callable[[Connection], str]:
    """A query that takes so long and says which thread it ran on."""

    def query(connection: Connection) -> str:
        assert connection.execute(text("SELECT 1")).scalar() == 1
        clock.now += seconds
        return threading.current_thread().name

    return query


async def test_quick_look_ups_stay_on_the_loops_thread(database: Database, reader: Reader) -> None:
    """Nothing is handed over while look-ups are quick."""
    clock = Clock()
    short = ShortReader(database, reader, clock)
    here = threading.current_thread().name
    assert [await short.read(where(clock, SLOW / 2)) for _ in range(3)] == [here] * 3
    short.close()


async def test_after_a_slow_one_the_thread_is_asked_for_a_while(
    database: Database, reader: Reader
) -> None:
    """The loop waits for one slow look-up; those after it go to the thread until the rest ends."""
    clock = Clock()
    short = ShortReader(database, reader, clock)
    here = threading.current_thread().name
    assert await short.read(where(clock, SLOW * 2)) == here
    assert await short.read(where(clock)) == "store-behind_0"
    clock.now += REST
    assert await short.read(where(clock)) == here
    short.close()


async def test_what_fails_at_once_is_tried_on_the_thread(
    database: Database, reader: Reader
) -> None:
    """A connection that broke costs nobody their answer; what fails there too is said in words."""
    clock = Clock()
    short = ShortReader(database, reader, clock)
    here = threading.current_thread()

    def breaks_here(connection: Connection) -> str:
        if threading.current_thread() is here:
            raise OSError("gone")
        return "answer"

    assert await short.read(breaks_here) == "answer"
    clock.now += REST
    with pytest.raises(StoreError, match="no such table"):
        await short.read(lambda connection: connection.execute(text("SELECT 1 FROM nowhere")))
    clock.now += REST
    assert await short.read(where(clock)) == here.name
    short.close()


async def test_a_closed_one_opens_nothing(database: Database, reader: Reader) -> None:
    """After closing, the answer of the closed store is given."""
    short = ShortReader(database, reader, Clock())
    short.close()
    reader.close()
    with pytest.raises(StoreError, match="closed"):
        await short.read(lambda connection: None)
