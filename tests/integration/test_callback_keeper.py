"""The keeper: what is due comes to the floor once, and stays there only while it is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from callcenter.callback_ports import Caps, Source, Switches
from callcenter.callbacks.keeper import BATCH, CallbackKeeper
from callcenter.floor.callback import Callback
from callcenter.floor.events import CallbackDue, CallbackLost, Event
from tests.fake_callbacks import MemoryCallbacks

NOW = 1_800_000_000.0


def callback(number: int, **changes: Any) -> Callback:
    return replace(
        Callback(
            id=f"R{number}", version=1, state="requested", origin="web", queue="service",
            number=f"+4420794{number:05}", zone="Europe/London", made=NOW, place=NOW + number,
            opens=NOW, closes=NOW + 900, due=NOW,
        ),
        **changes,
    )  # fmt: skip


class Engine:
    """A node with a floor that only remembers what it holds."""

    def __init__(self, store: MemoryCallbacks, node: str = "main") -> None:
        self.store = store
        self.due: dict[str, Callback] = {}
        self.lost: list[CallbackLost] = []
        self.given = 0
        self.keeper = CallbackKeeper(
            store=store, node=node, post=self.post, held=self.held,
            clock=lambda: store.clock(), poor_below={"service": 0.8}, look=0.01,
        )  # fmt: skip

    def post(self, event: Event) -> None:
        if isinstance(event, CallbackDue):
            self.given += 1
            self.due[event.callback.id] = event.callback
        elif isinstance(event, CallbackLost):
            self.lost.append(event)
            self.due.pop(event.id, None)

    def held(self) -> Mapping[str, Callback]:
        return self.due


async def booked(store: MemoryCallbacks, *callbacks: Callback) -> None:
    for one in callbacks:
        await store.book(one, Source(), Caps(prefix_hour=None, spend_hour=None))


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


async def test_all_that_is_due_comes_once() -> None:
    """More than a batch, each exactly once; what is not due yet stays where it is."""
    clock = Clock()
    store = MemoryCallbacks(clock)
    later = callback(999, state="scheduled", opens=NOW + 600, due=NOW + 600)
    await booked(store, *(callback(n) for n in range(2 * BATCH + 3)), later)
    engine = Engine(store)
    await engine.keeper.look()
    await engine.keeper.look()
    assert (engine.given, len(engine.due)) == (2 * BATCH + 3, 2 * BATCH + 3)
    clock.time += 600
    await engine.keeper.look()
    assert "R999" in engine.due


async def test_a_change_from_outside_reaches_the_floor() -> None:
    """Cancelled while it is in line: the floor drops it, and nobody claims it again."""
    store = MemoryCallbacks(Clock())
    await booked(store, callback(1))
    engine = Engine(store)
    await engine.keeper.look()
    held = engine.due["R1"]
    assert await store.change(replace(held, state="cancelled"), held.version)
    engine.keeper.changed("R1")
    engine.keeper.changed("unknown")
    await engine.keeper.look()
    assert ([event.id for event in engine.lost], engine.due) == (["R1"], {})


async def test_serving_can_be_switched_off() -> None:
    """Whoever is in line goes back to waiting, and comes again when serving goes on."""
    store = MemoryCallbacks(Clock())
    await booked(store, callback(1), callback(2, queue="sales"))
    engine = Engine(store)
    await engine.keeper.look()
    await store.set_switches(Switches(queue="service", serve=False))
    await engine.keeper.look()
    assert set(engine.due) == {"R2"}
    assert store.rows["R1"].state == "scheduled"
    assert engine.keeper.switches("service").serve is False
    await store.set_switches(Switches(queue="service"))
    await engine.keeper.look()
    assert set(engine.due) == {"R1", "R2"}


async def test_a_restarted_engine_has_its_own_back_and_another_takes_over() -> None:
    """The same node at once, whatever its lease; another node when the lease is over."""
    clock = Clock()
    store = MemoryCallbacks(clock)
    await booked(store, callback(1))
    first = Engine(store)
    await first.keeper.look()
    again = Engine(store)
    task = asyncio.create_task(again.keeper.keep())
    async with asyncio.timeout(5):
        while "R1" not in again.due:
            await asyncio.sleep(0.01)
    task.cancel()
    other = Engine(store, "other")
    await other.keeper.look()
    assert other.due == {}
    clock.time += 31
    await other.keeper.look()
    assert set(other.due) == {"R1"}


async def test_what_another_engine_took_is_dropped() -> None:
    """A lease that could not be renewed in time: the other engine serves it, and only that one."""
    clock = Clock()
    store = MemoryCallbacks(clock)
    await booked(store, callback(1), callback(2))
    slow, other = Engine(store), Engine(store, "other")
    await slow.keeper.look()
    clock.time += 31
    await other.keeper.look()
    assert set(other.due) == {"R1", "R2"}
    clock.time += 11
    task = asyncio.create_task(slow.keeper.keep())
    async with asyncio.timeout(5):
        while slow.due:
            clock.time += 0.5
            await other.store.renew("other")
            await asyncio.sleep(0.01)
    task.cancel()
    assert {event.id for event in slow.lost} == {"R1", "R2"}
    assert set(other.due) == {"R1", "R2"}


async def test_a_customer_who_calls_first() -> None:
    """Their callback, not due yet and held by nobody, comes to the engine that has their call."""
    store = MemoryCallbacks(Clock())
    later = callback(1, state="scheduled", opens=NOW + 600, due=NOW + 600, person="p1")
    await booked(store, later)
    engine = Engine(store)
    await engine.keeper.called_in(None, None)
    await engine.keeper.called_in("+442079400002", "p2")
    assert engine.due == {}
    await engine.keeper.called_in("+442079400002", "p1")
    assert set(engine.due) == {"R1"}
    await engine.keeper.called_in(later.number, None)
    assert engine.given == 1


async def test_offers_stop_by_themselves() -> None:
    """Too many broken promises; and again when they are kept."""
    clock = Clock()
    store = MemoryCallbacks(clock)
    for n in range(12):
        ended: dict[str, Any] = {"state": "expired", "why": "window_over", "ended": NOW + n}
        store.rows[f"R{n}"] = callback(n, **ended)
    engine = Engine(store)
    task = asyncio.create_task(engine.keeper.keep())

    async def until(stopped: bool) -> None:
        async with asyncio.timeout(5):
            while (engine.keeper.switches("service").auto_stopped is not None) is not stopped:
                clock.time += 5
                await asyncio.sleep(0.01)

    await until(True)
    for n in range(12, 40):
        store.rows[f"R{n}"] = callback(
            n, state="done", dialled=NOW + 1, why="talked", ended=clock.time + n
        )
    await until(False)
    task.cancel()


async def test_a_store_in_trouble_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is claimed, /readyz can say why, and it goes on by itself."""
    store = MemoryCallbacks(Clock())
    await booked(store, callback(1))
    engine = Engine(store)
    claim, broken = store.claim, True

    async def fails(*args: Any, **named: Any) -> tuple[Callback, ...]:
        if broken:
            raise OSError("disk full")
        return await claim(*args, **named)

    monkeypatch.setattr(store, "claim", fails)
    task = asyncio.create_task(engine.keeper.keep())
    async with asyncio.timeout(5):
        while engine.keeper.trouble is None:
            await asyncio.sleep(0.01)
        assert "disk full" in engine.keeper.trouble
        broken = False
        while "R1" not in engine.due:
            await asyncio.sleep(0.01)
    assert engine.keeper.trouble is None
    task.cancel()


async def test_after_a_restart_those_on_the_phone_come_first_and_the_others_by_and_by() -> None:
    """Hundreds at once would keep the first from being dialled."""
    clock = Clock()
    store = MemoryCallbacks(clock)
    await booked(store, *(callback(n) for n in range(2 * BATCH)))
    before = Engine(store)
    await before.keeper.look()
    for under_way in ("R7", "R30"):
        held = before.due[under_way]
        dialling = replace(held, version=held.version + 1, state="dialling", call=f"cb-{under_way}")
        await store.keep(dialling, dialling=True)
    again = Engine(store)
    working = asyncio.create_task(again.keeper.keep())
    while not again.due:
        await asyncio.sleep(0)
    assert list(again.due)[:3] == ["R7", "R30", "R0"]
    assert again.given == BATCH
    while again.given < 2 * BATCH:
        await asyncio.sleep(0.01)
    working.cancel()
    assert set(again.due) == set(before.due)
    assert again.keeper.trouble is None
