"""The store in trouble: full disk, lock, bad rows among good ones, closing under load."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from callcenter.floor.events import ExchangeLost, TimePassed
from callcenter.journal import Journal
from callcenter.ports import SignIn
from callcenter.store import DiskFullError, Store, StoreError, open_store
from tests.contract.samples import draft, ended, noted, person, phone
from tests.contract.test_records import MEI


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{path}", busy=0.05)
    yield store
    store.close()


def limit_pages(store: Store, pages: int | None) -> None:
    """Have SQLite believe that the disk holds so many pages more, or no end of them."""
    most = f"{pages} + (SELECT page_count FROM pragma_page_count)"

    def work(connection: object) -> None:
        run = connection.exec_driver_sql  # type: ignore[attr-defined]
        count = 2**31 if pages is None else run(f"SELECT {most}").scalar()
        run(f"PRAGMA max_page_count={count}")

    store.writer.submit(work).result()


async def test_full_disk_is_said_and_passes(store: Store) -> None:
    """On a full disk a write fails in words, what was acknowledged stays, and space heals it."""
    await store.records.record_call(ended("before"))
    limit_pages(store, 0)
    with pytest.raises(DiskFullError, match=r"is full: free some space, no restart is needed"):
        await store.records.save_draft(draft("c1", 1, notes="x" * 20_000))
    with pytest.raises(DiskFullError):
        await store.alive()
    limit_pages(store, None)
    assert (await store.records.save_draft(draft("c1", 1, notes="x" * 20_000))).rev == 1
    await store.alive()
    assert [one.rev for one in await store.records.drafts("mei")] == [1]


async def test_full_disk_spares_what_fits(store: Store) -> None:
    """One note too large for the space left does not take small ones of its batch with it."""
    await store.records.save_draft(draft("small", 1))
    limit_pages(store, 0)
    results = await asyncio.gather(
        *(store.records.save_draft(draft("small", rev)) for rev in range(2, 6)),
        store.records.save_draft(draft("huge", 1, notes="x" * 100_000)),
        store.records.save_draft(draft("small", 6)),
        return_exceptions=True,
    )
    limit_pages(store, None)
    assert [type(one).__name__ for one in results] == ["Draft"] * 4 + ["DiskFullError", "Draft"]


async def test_lock_is_said_and_passes(store: Store, path: Path) -> None:
    """While another program holds the lock writes fail in words and reads go on."""
    with store.bulk() as bulk:
        bulk.people([person("p1", phone("+1"))])
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another program") as caught:
            await store.records.record_call(ended("c1"))
        assert caught.value.passing
        with pytest.raises(StoreError, match="is locked by another program"):
            await store.alive()
        assert len(await store.people.behind(["+1"])) == 1
        other.rollback()
    await store.records.record_call(ended("c1"))
    await store.alive()


async def test_bad_row_fails_alone(store: Store) -> None:
    """Of a batch with one row that cannot be stored, only that one fails; its neighbours stay."""
    bad = noted("bad", at=None)
    results = await asyncio.gather(
        *(store.records.record_outcome(noted(f"g{n}")) for n in range(20)),
        store.records.record_outcome(bad),
        *(store.records.record_outcome(noted(f"h{n}")) for n in range(20)),
        return_exceptions=True,
    )
    failed = [one for one in results if one is not None]
    assert [type(one) for one in failed] == [StoreError]
    assert "refused the data" in str(failed[0])
    assert results[20] is failed[0]
    assert await store.records.reasons_seen() == [("service", ("service", "late"), "fees", 40)]


async def test_closing_writes_what_is_queued(path: Path) -> None:
    """What was handed over before closing is stored; what comes after is refused."""
    store = open_store(f"sqlite:///{path}")
    tasks = [asyncio.ensure_future(store.records.record_outcome(noted(f"c{n}"))) for n in range(99)]
    await asyncio.sleep(0)
    store.close()
    await asyncio.gather(*tasks)
    with pytest.raises(StoreError, match="the store is closed"):
        await store.records.record_call(ended("late"))
    with pytest.raises(StoreError, match="the store is closed"):
        await store.people.person("p1")
    store = open_store(f"sqlite:///{path}")
    assert await store.records.reasons_seen() == [("service", ("service", "late"), "fees", 99)]
    store.close()


async def test_too_much_is_refused(store: Store, path: Path) -> None:
    """Work that piles up beyond the limit is refused at once instead of filling the memory."""
    store.writer._limit = 3
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        futures = [store.writer.submit(lambda c: None) for _ in range(10)]
        refused = [
            one for one in futures if one.done() and "wait for the disk" in str(one.exception())
        ]
        assert len(refused) >= 6
        other.rollback()


async def test_cancelled_write_is_carried_out(store: Store) -> None:
    """A write whose task is cancelled is not half done: it is done."""
    task = asyncio.ensure_future(store.records.record_outcome(noted("c1")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.records.record_call(ended("c2"))  # the writer keeps order
    assert len(await store.records.reasons_seen()) == 1


async def test_sign_in_sessions(store: Store) -> None:
    """A session is found until it expires, ends alone or with all of its agent's."""
    await store.accounts.put(MEI)
    for name in ("t1", "t2", "t3"):
        await store.sessions.begin(
            SignIn(token_hash=name, agent="mei", created=1.0, expires=10.0, seen=1.0)
        )
    assert await store.sessions.find("t1", now=10.0) is None
    await store.sessions.touch("t1", seen=9.0, expires=20.0)
    found = await store.sessions.find("t1", now=10.0)
    assert found == SignIn(token_hash="t1", agent="mei", created=1.0, expires=20.0, seen=9.0)
    await store.sessions.end("t2")
    assert await store.sessions.find("t2", now=2.0) is None
    assert await store.sessions.forget_expired(now=15.0) == 1
    assert await store.sessions.end_all("mei") == 1
    assert await store.sessions.find("t1", now=10.0) is None
    with pytest.raises(StoreError, match="refused the data"):
        await store.sessions.begin(
            SignIn(token_hash="x", agent="nobody", created=1.0, expires=10.0, seen=1.0)
        )


async def test_account_is_replaced(store: Store) -> None:
    """Putting an account again replaces it."""
    await store.accounts.put(MEI)
    await store.accounts.put(MEI)
    assert await store.accounts.everyone() == (MEI,)


async def test_journal_waits_out_a_full_disk(store: Store) -> None:
    """On a full disk whoever waits is told; the events are kept and written once there is space."""
    journal = Journal(store, limit=50)
    await journal.durable(journal.append(TimePassed(at=1.0)))
    limit_pages(store, 0)
    big = [journal.append(ExchangeLost(at=2.0, why="x" * 3000)) for _ in range(40)]
    with pytest.raises(DiskFullError):
        await journal.durable(big[-1])
    more = [journal.append(TimePassed(at=3.0)) for _ in range(20)]
    assert journal.pending <= 50
    with pytest.raises(StoreError, match="was lost: too much waited for the disk"):
        await journal.durable(more[-1])
    limit_pages(store, None)
    await journal.durable(big[-1])
    after = journal.append(TimePassed(at=4.0))
    await journal.durable(after)
    assert journal.lost == 10
    journal.close()
    with pytest.raises(StoreError, match="positions 52 to 61"):
        list(store.journal.read())
    found = [position for position, _ in store.journal.read(holes=True)]
    assert found == [*range(1, 52), after]
