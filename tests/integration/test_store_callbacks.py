"""Callbacks on the real store: engines that race, kill -9, the database's clock, old rows."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Dialect, Double, Select, Update, and_, column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex

from callcenter.callback_ports import (
    CallbackOutside,
    CallbackRefused,
    CallbackTaken,
    Caps,
    SlotHold,
    Source,
)
from callcenter.floor.callback import OPEN, Callback
from callcenter.store import (
    Retention,
    Store,
    StoreError,
    callback_claims,
    callback_rows,
    callback_scores,
    deflections,
    open_store,
    retention,
)
from callcenter.store.callback_rows import callback_row
from callcenter.store.callback_tables import callbacks
from callcenter.store.database import DatabaseClock, epoch, whole
from callcenter.store.tables import metadata
from tests.contract.callback_samples import (
    NO_CAPS,
    WEB,
    booked,
    dialling,
    full,
    number,
    shown,
    stepped,
    wanted,
)
from tests.contract.samples import ended
from tests.databases import run_sql

DAY = 86_400.0
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
SQLITE: Dialect = sqlite.dialect()


@asynccontextmanager
async def engines(
    address: str, count: int = 2, clock: Callable[[], float] | None = None, **more: Any
) -> AsyncIterator[list[Store]]:
    """Stores of their own on one database, as engines have that know nothing of each other."""
    opened = [open_store(address, busy=60.0, callback_clock=clock, **more) for _ in range(count)]
    try:
        yield opened
    finally:
        for store in opened:
            store.close()


def now_on(n: int, **changes: Any) -> Callback:
    """Due by the real clock."""
    at = time.time()
    times = {"made": at, "opens": at - 60.0, "due": at - 60.0, "closes": at + 900.0}
    return wanted(n, **times, **changes)


async def test_no_callback_is_claimed_twice(address: str) -> None:
    """Four engines that claim 500 at once get each of them exactly once, and all of them."""
    async with engines(address, 4) as stores:
        await asyncio.gather(*(booked(stores[0].callbacks, now_on(n)) for n in range(500)))

        async def claim_all(store: Store, node: str) -> list[Callback]:
            got: list[Callback] = []
            while some := await store.callbacks.claim(node, limit=7):
                assert len(some) <= 7
                got += some
                await asyncio.sleep(0)
            return got

        claims = await asyncio.gather(*(claim_all(s, f"n{i}") for i, s in enumerate(stores)))
        times = Counter(one.id for got in claims for one in got)
        assert len(times) == 500
        assert set(times.values()) == {1}
        assert {one.fence for got in claims for one in got} == {1}
        for node, got in enumerate(claims):
            assert await stores[0].callbacks.renew(f"n{node}") == {one.id for one in got}


async def test_one_of_two_who_hold_it_dials(address: str) -> None:
    """Engines whose leases were over go on: of each callback one dials, at most once."""
    clock = [1_000_000.0]
    async with engines(address, 3, clock=lambda: clock[0]) as stores:
        rows = [wanted(n, opens=0.0, due=0.0, closes=2e6) for n in range(60)]
        await booked(stores[0].callbacks, *rows)
        held: list[tuple[Store, Callback]] = []
        for n, store in enumerate(stores):
            held += [(store, one) for one in await store.callbacks.claim(f"n{n}", 60, 30.0)]
            clock[0] += 31.0
        assert len(held) == 180
        random.Random(4).shuffle(held)

        async def dial(store: Store, one: Callback) -> bool:
            try:
                await store.callbacks.keep(dialling(one, f"{one.node}-{one.id}"), dialling=True)
            except CallbackTaken:
                return False
            return True

        dialled = await asyncio.gather(*(dial(store, one) for store, one in held))
        by = Counter(one.node for (_, one), done in zip(held, dialled, strict=True) if done)
        assert by == {"n2": 60}
        for row in rows:
            assert len(await stores[0].callbacks.attempts(row.id)) == 1


async def test_caps_and_slots_hold_between_engines(address: Path) -> None:
    """Of engines that book at once, together so many are accepted as one alone would."""
    async with engines(address, 3) as stores:
        limits = (
            (Caps(number_day=None, address_hour=5, prefix_hour=None, site_hour=None,
                  spend_hour=None), None, "address_cap", 5),
            (replace(NO_CAPS, site_hour=12), None, "site_cap", 7),
            (NO_CAPS, SlotHold(opens=50_000.0, capacity=4), "slot_taken", 4),
            (replace(NO_CAPS, spend_hour=20), None, "spend_cap", 4),
        )  # fmt: skip
        seen = 0
        for caps, slot, why, room in limits:

            async def book(n: int, caps: Caps = caps, slot: SlotHold | None = slot) -> str | None:
                opens = slot.opens if slot else 1_000.0 * n
                one = wanted(n, state="scheduled", opens=opens, due=opens, closes=opens + 9.0)
                try:
                    await stores[n % 3].callbacks.book(one, WEB, caps, slot)
                except CallbackRefused as refused:
                    return refused.why
                return None

            seen += 60
            answers = await asyncio.gather(*(book(n) for n in range(seen, seen + 60)))
            assert Counter(answers) == {None: room, why: 60 - room}
        refusals = await stores[0].callbacks.refused(0.0, time.time())
        assert Counter({why: count for _, why, _, count in refusals}) == {
            "address_cap": 55, "site_cap": 53, "slot_taken": 56, "spend_cap": 56,
        }  # fmt: skip
        assert {site for _, _, site, _ in refusals} == {"shop"}


async def test_one_person_one_callback(address: str) -> None:
    """Two engines that book for the same number, or the same person: one is accepted."""
    async with engines(address) as stores:

        async def book(store: Store, one: Callback) -> str:
            try:
                await store.callbacks.book(one, WEB, NO_CAPS)
            except CallbackRefused as refused:
                return refused.ref if refused.why == "open_one" else refused.why
            return one.id

        for n in range(25):
            two = [wanted(2 * n, person=f"p{n}"), wanted(2 * n + 1, person=f"p{n}")]
            if n % 2:
                two = [replace(one, person=None, number=number(1_000 + n)) for one in two]
            got = await asyncio.gather(*(book(s, o) for s, o in zip(stores, two, strict=True)))
            assert got[0] == got[1]
            assert got[0] in {one.id for one in two}


def test_the_database_itself_refuses_a_second(address: str) -> None:
    """Whatever a program does: no number and no person has two open rows."""
    store = open_store(address)

    def put(one: Callback) -> None:
        row = callback_row(one)
        store.writer.submit(lambda c: c.execute(callbacks.insert().values(row)).rowcount).result()

    try:
        for n, state in enumerate(sorted(OPEN)):
            put(wanted(n, state=state, person=f"p{n}"))
            for other in (wanted(50, person=f"p{n}"), wanted(50, number=number(n))):
                with pytest.raises(StoreError) as caught:
                    put(other)
                assert isinstance(caught.value.__cause__, IntegrityError)
        put(wanted(60, number=number(0), person="p0", state="done"))
        put(wanted(61, number=number(0), person="p0", state="done"))
    finally:
        store.close()


async def test_by_the_clock_of_the_database(address: str) -> None:
    """Without another clock it is the database's: the real time, to the second at least."""
    async with engines(address, 1) as (store,):
        found = await asyncio.wrap_future(
            store.writer.submit(DatabaseClock(store._database.dialect))
        )
        assert abs(found - time.time()) < 5.0
        at = time.time()
        await booked(
            store.callbacks, now_on(1), now_on(2, place=0.0),
            replace(now_on(3), due=at + 60.0), replace(now_on(5), closes=at - 1.0),
            replace(now_on(4), opens=at + 60.0, closes=at + 120.0),
        )  # fmt: skip
        claimed = await store.callbacks.claim("one")
        assert [one.id for one in claimed] == ["R002", "R001", "R004", "R005"]
        await store.callbacks.keep(dialling(claimed[0], "cb-2"), dialling=True)
        (attempt,) = await store.callbacks.attempts("R002")
        assert abs(attempt.at - time.time()) < 5.0
        for one in claimed[2:]:
            with pytest.raises(CallbackOutside):
                await store.callbacks.keep(dialling(one, f"cb-{one.id}"), dialling=True)
            assert await store.callbacks.attempts(one.id) == ()


STEPS_UNTIL_KILLED = """
import asyncio, sys, time
from dataclasses import replace
from callcenter.callback_ports import Source
from callcenter.store import open_store
from tests.contract.callback_samples import NO_CAPS, dialling, stepped
from tests.integration.test_store_callbacks import now_on

def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()

async def main(address, run):
    store = open_store(address)
    callbacks = store.callbacks
    say("open")
    held = [*await callbacks.mine("main")]
    n = run * 10_000
    while True:
        for _ in range(5):
            n += 1
            await callbacks.book(now_on(n, number=f"+44{n:09}"), Source(), NO_CAPS)
            say("booked", f"R{n:03}")
        held += await callbacks.claim("main", limit=4)
        for one in held:
            if one.state == "due":
                one = dialling(one, f"cb-{run}-{one.id}-{one.attempts}")
                await callbacks.keep(one, dialling=True)
                say("dialled", one.call)
            over = stepped(one, state="done", why="talked", ended=time.time())
            await callbacks.keep(over)
            say("done", one.id)
        held = []

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_killed_at_any_moment(address: str) -> None:
    """Over kill -9 at random moments no acknowledged booking, attempt or end is lost; the next run
    goes on where the last was, and none is dialled twice for one attempt."""
    chance = random.Random(6)
    said: dict[str, set[str]] = {"booked": set(), "dialled": set(), "done": set()}
    for run in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", STEPS_UNTIL_KILLED, address, str(run)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        lines = process.stdout.read().split("\n")[:-1]  # the last may be cut in the middle
        process.stdout.close()
        process.wait()
        for line in lines:
            what, which = line.split()
            assert which not in said[what]
            said[what].add(which)
        state = dict(run_sql(address, "SELECT id, state FROM callbacks"))
        calls = {row[0] for row in run_sql(address, "SELECT call FROM callback_attempts")}
        if address.startswith("sqlite"):
            assert run_sql(address, "PRAGMA integrity_check") == [("ok",)]
        assert said["booked"] <= set(state)
        assert said["dialled"] <= calls
        assert {state[which] for which in said["done"]} <= {"done"}
    assert min(len(which) for which in said.values()) > 5


async def test_the_secret_is_one(address: str, empty_address: str) -> None:
    """Engines that ask at once, and later runs, sign with the same bytes; another store has its
    own."""
    async with engines(address, 4) as stores:
        asked = await asyncio.gather(*(store.callbacks.secret() for store in stores * 3))
        assert len(set(asked)) == 1
    async with engines(address, 1) as (again,):
        assert await again.callbacks.secret() == asked[0]
    async with engines(empty_address, 1) as (other,):
        assert await other.callbacks.secret() != asked[0]


async def test_a_token_is_used_by_one(address: str) -> None:
    """Of engines that are given the same form at once, one may use it."""
    async with engines(address, 3) as stores:
        until = time.time() + 60.0
        for n in range(20):
            used = await asyncio.gather(*(s.callbacks.use_token(f"t{n}", until) for s in stores))
            assert sum(used) == 1


async def test_everything_is_there_again(address: str) -> None:
    """After a restart all is as it was left, to the last field."""
    async with engines(address, 1) as (store,):
        await booked(store.callbacks, replace(full(1), due=0.0), wanted(2))
        (held,) = await store.callbacks.claim("one", limit=1)
        await store.callbacks.change(replace(wanted(2), agent="bo"), 1)
    async with engines(address, 1) as (store,):
        assert await store.callbacks.one("R001") == held
        assert await store.callbacks.one("R002") == replace(
            wanted(2), agent="bo", version=2, fence=1
        )
        (again,) = await store.callbacks.mine("one")
        assert again == replace(held, version=held.version + 1, fence=held.fence + 1)


async def test_old_rows_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callbacks that are over and attempts by their days, requests after two, refusals, dry runs,
    used tokens and visitors by theirs; what is open stays, however old."""
    monkeypatch.setattr(retention, "SWEEP_EVERY", 1)
    clock = [0.0]
    keep = Retention(callbacks=5, dry_runs=3)
    async with engines(address, 1, clock=lambda: clock[0], keep=keep) as (store,):
        await booked(store.callbacks, wanted(900, made=0.0))
        for day in range(10):
            clock[0] = at = day * DAY
            window = {"opens": at, "due": at, "closes": at + 60.0}
            await booked(store.callbacks, wanted(day, place=0.0, **window))
            (held,) = await store.callbacks.claim("one", limit=1)
            step = dialling(held, f"cb-{day}")
            await store.callbacks.keep(step, dialling=True)
            await store.callbacks.keep(stepped(step, state="done", why="talked", ended=at))
            with pytest.raises(CallbackRefused):
                await store.callbacks.book(wanted(901, number=number(900)), Source(), NO_CAPS)
            await store.callbacks.note_dry_run(at, None, "kind", "")
            assert await store.callbacks.use_token(f"t{day}", at + 60.0)
            await store.callbacks.deflected(shown(f"d{day}", at=at))
        over = await store.callbacks.listed(["done"])
        assert [one.id for one in over] == [f"R{n:03}" for n in range(9, 3, -1)]
        assert [one.id for one in await store.callbacks.listed(OPEN)] == ["R900"]
        refused = await store.callbacks.refused(0.0, 99 * DAY)
        assert refused == tuple((n * DAY, "open_one", None, 1) for n in range(4, 10))
        assert len(await store.callbacks.dry_runs()) == 4
        assert (await store.callbacks.deflection(0.0, 99 * DAY, 99 * DAY)).shown == 6

    def count(table: str) -> int:
        return int(run_sql(address, f"SELECT count(*) FROM {table}")[0][0])

    assert count("callback_attempts") == 6
    assert count("callback_requests") == 3
    assert count("callback_tokens") == 1


async def test_a_store_of_before(empty_address: str) -> None:
    """A store of schema 0004 with calls in it takes callbacks, and shows who came back."""
    async with engines(empty_address, 1) as (store,):
        await store.records.record_call(ended("c1", number=number(1), arrived=5.0))
    newer = [one for one in metadata.tables if one.startswith("callback")]
    run_sql(
        empty_address,
        *(f"DROP TABLE {name}" for name in [*newer, "deflections", "secrets"]),
        "DROP INDEX ix_interactions_number_arrived",
        "UPDATE alembic_version SET version_num = '0004'",
    )
    async with engines(empty_address, 1) as (store,):
        await booked(store.callbacks, now_on(1))
        assert len(await store.callbacks.claim("one")) == 1
        await store.callbacks.deflected(shown("d", at=4.0, solved=True, number=number(1)))
        score = await store.callbacks.deflection(0.0, 9.0, 9.0)
        assert (score.known, score.back_24) == (1, 1)


def _plan(connection: Connection, query: Select[Any] | Update) -> str:
    said = query.compile(connection, compile_kwargs={"literal_binds": True})
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all()
    return " ".join(str(row[3]) for row in rows)


async def test_what_is_asked_often_uses_indexes(tmp_path: Path) -> None:
    """What is due, the open one, what is promised and who came back read no whole table."""
    due = and_(callback_rows.is_waiting, callbacks.c.due <= 1.0)
    left = and_(callback_rows.is_held, callbacks.c.lease <= 1.0)
    queries = [
        callback_claims._first(or_(due, left)).limit(20),
        callback_claims._first(and_(callback_rows.is_held, callbacks.c.node == "one")),
        callback_scores._promises(0.0, 9.0, 5.0, None),
        deflections._query(0.0, 9.0, 5.0),
    ]
    async with engines(f"sqlite:///{tmp_path / 'store.db'}", 1) as (store,):
        for query in queries:

            def plan(connection: Connection, query: Any = query) -> str:
                return _plan(connection, query)

            found = await asyncio.wrap_future(store.writer.submit(plan))
            assert "INDEX" in found
            assert "SCAN" not in found


def test_the_one_open_in_both_databases() -> None:
    """The indexes that guarantee it cover the open states alone."""
    states = ", ".join(f"'{state}'" for state in sorted(OPEN))
    unique = [one for one in metadata.tables["callbacks"].indexes if one.unique]
    assert {tuple(one.columns.keys()) for one in unique} == {("number",), ("person",)}
    for index in unique:
        for dialect in (POSTGRESQL, SQLITE):
            said = str(CreateIndex(index).compile(dialect=dialect))
            assert said.endswith(f"WHERE state IN ({states})")


def test_what_each_database_is_asked() -> None:
    """The clock and the whole part of a number are said in each one's own words; rows that another
    engine is taking are passed over where that is known."""
    now = [str(select(epoch(dialect)).compile(dialect=dialect)) for dialect in (SQLITE, POSTGRESQL)]
    assert "julianday('now')" in now[0]
    assert "clock_timestamp()" in now[1]
    assert "DOUBLE PRECISION" in now[1]
    number = column("n", Double)
    cut = [str(whole(dialect, number).compile(dialect=dialect)) for dialect in (SQLITE, POSTGRESQL)]
    assert cut == ["CAST(n AS INTEGER)", "CAST(floor(n) AS INTEGER)"]
    first = callback_claims._first(callbacks.c.due <= 1.0)
    assert str(first.compile(dialect=POSTGRESQL)).endswith("FOR UPDATE SKIP LOCKED")
    assert "FOR UPDATE" not in str(first.compile(dialect=SQLITE))
