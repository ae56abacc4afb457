"""The writer's thread: what shares a commit, and how those who wait are told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from callcenter.store import StoreError
from callcenter.store.database import Database
from callcenter.store.writer import Writer

LONG = 3600.0
"""Seconds that no test waits."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(Database(f"sqlite:///{path}", busy=30.0))
    writer.submit(lambda c: c.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))).result()
    yield writer
    writer.close()


def put(number: int) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})
        return number

    return work


async def test_what_may_wait_goes_with_the_next_commit(writer: Writer) -> None:
    patient = asyncio.ensure_future(writer.write(put(1), LONG))
    await asyncio.sleep(0)
    assert await writer.write(put(2)) == 2
    assert await asyncio.wait_for(patient, 60) == 1


async def test_hurry_ends_the_waiting(writer: Writer) -> None:
    patient = asyncio.ensure_future(writer.write(put(1), LONG))
    await asyncio.sleep(0)
    writer.hurry()
    assert await asyncio.wait_for(patient, 60) == 1


async def test_each_of_a_batch_hears_of_its_own(writer: Writer, path: Path) -> None:
    """Also where one of them is refused: the others are stored all the same."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")  # until all are queued
        writes = [asyncio.ensure_future(writer.write(put(n))) for n in (1, 2, 2, 3)]
        await asyncio.sleep(0)
        other.rollback()
    found = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(one) for one in found] == [int, int, StoreError, int]
    rows = writer.submit(lambda c: c.execute(text("SELECT n FROM t ORDER BY n")).scalars().all())
    assert rows.result() == [1, 2, 3]


async def test_a_closed_store_refuses(writer: Writer) -> None:
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        await writer.write(put(1))


def test_a_loop_that_ended_meanwhile_harms_nobody(writer: Writer, path: Path) -> None:
    async def ask() -> None:
        asyncio.ensure_future(writer.write(put(1)))  # noqa: RUF006  # nobody will hear of it
        await asyncio.sleep(0)

    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(ask())
        other.rollback()
    assert writer.submit(put(2)).result(60) == 2
    rows = writer.submit(lambda c: c.execute(text("SELECT n FROM t ORDER BY n")).scalars().all())
    assert rows.result(60) == [1, 2]
