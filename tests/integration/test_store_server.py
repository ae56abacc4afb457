"""The store while its PostgreSQL is in trouble: connections that are cut, a server that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from callcenter.store import DiskFullError, Store, StoreError, open_store
from tests.contract.samples import ended, noted, person, phone
from tests.databases import run_sql

pytestmark = pytest.mark.postgresql


@pytest.fixture
def store(postgresql: str) -> Iterator[Store]:
    store = open_store(postgresql)
    with store.bulk() as bulk:
        bulk.people([person("p1", phone("+1"))])
    yield store
    store.close()


def cut(address: str) -> None:
    """All connections to the database but this one, as a restart of the server does."""
    run_sql(
        address,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def test_cut_connections_are_said_and_made_again(store: Store, postgresql: str) -> None:
    """What was on its way fails in words that say that it passes; the next is done, and nothing
    that was acknowledged is lost."""
    await store.records.record_outcome(noted("before"))
    assert await store.people.person("p1") is not None
    cut(postgresql)
    for failing in (store.records.record_outcome(noted("lost")), store.people.person("p1")):
        with pytest.raises(StoreError, match="was lost") as caught:
            await failing
        assert caught.value.passing
    await store.records.record_outcome(noted("after"))
    assert await store.people.person("p1") is not None
    await store.alive()
    assert run_sql(postgresql, "SELECT call FROM outcomes ORDER BY at, call") == [
        ("after",),
        ("before",),
    ]


async def test_a_batch_does_not_try_one_by_one_what_cannot_be(
    store: Store, postgresql: str
) -> None:
    """While no connection can be made writes fail together, as passing trouble that ``alive``
    tells; when one can be, all goes on without a restart."""
    name = postgresql.split("@/")[1].split("?")[0]
    admin = postgresql.replace(f"@/{name}?", "@/postgres?")
    run_sql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    try:
        run_sql(
            admin,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{name}'",
        )
        await asyncio.gather(store.records.record_call(ended("c0")), return_exceptions=True)
        results = await asyncio.gather(
            *(store.records.record_call(ended(f"c{n}")) for n in range(1, 20)),
            return_exceptions=True,
        )
        assert all(isinstance(one, StoreError) and one.passing for one in results)
        with pytest.raises(StoreError) as caught:
            await store.alive()
        assert caught.value.passing
    finally:
        run_sql(admin, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await store.records.record_call(ended("c1"))
    await store.alive()


@pytest.mark.parametrize(
    ("condition", "words", "kind"),
    [
        ("disk_full", r"is full: free some space, no restart is needed", DiskFullError),
        ("out_of_memory", r"is in trouble: out_of_memory", StoreError),
        ("io_error", r"is in trouble: io_error", StoreError),
    ],
)
async def test_trouble_of_the_server_passes(
    store: Store, condition: str, words: str, kind: type[StoreError]
) -> None:
    """Nothing is wrong with the data: the whole store is in trouble until it is over."""

    def fails(connection: Connection) -> None:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE {condition}; END $$")

    with pytest.raises(StoreError, match=words) as caught:
        await asyncio.wrap_future(store.writer.submit(fails))
    assert caught.value.passing
    assert type(caught.value) is kind
    assert store.writer.trouble is caught.value
    await store.records.record_outcome(noted("after"))
    await store.alive()


async def test_what_is_wrong_is_told_without_personal_data(store: Store, postgresql: str) -> None:
    """PostgreSQL repeats the row it refuses: a log must not have it."""
    with pytest.raises(StoreError, match="refused the data") as caught:
        await store.records.record_outcome(noted("bad", at=None, notes="her secret"))
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError) as caught:
        await store.records.record_outcome(noted("bad", notes="a\0b"))
    assert not caught.value.passing
    await store.records.record_outcome(noted("good"))
