"""Reservations between engines, and how long decisions are kept, on the real store."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest

from callcenter.floor.orders import RecordDecision
from callcenter.ports import ReservationTaken
from callcenter.store import Retention, open_store, retention
from tests.contract.samples import audited, decision, reservation, told

DAY = 86_400.0


async def test_two_engines_race_for_an_agent(address: str) -> None:
    """Of two engines that reserve the same agents at once, exactly one gets each."""
    engines = {node: open_store(address, busy=60.0) for node in ("one", "two")}
    agents = [f"agent{n}" for n in range(40)]

    async def reserve(node: str, agent: str) -> bool:
        wanted = reservation(f"{node}-{agent}", node=node, agent=agent)
        try:
            await engines[node].records.keep_reservation(wanted)
        except ReservationTaken:
            return False
        return True

    try:
        got = await asyncio.gather(*(reserve(node, agent) for agent in agents for node in engines))
        pairs = list(zip(got[::2], got[1::2], strict=True))
        assert {sum(pair) for pair in pairs} == {1}
        for agent, (first, _) in zip(agents, pairs, strict=True):
            (stored,) = await engines["one"].records.reservations(agent)
            assert stored.node == ("one" if first else "two")
    finally:
        for store in engines.values():
            store.close()


async def test_old_decisions_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions older than asked for are deleted as new ones come, a bounded number at a time."""
    monkeypatch.setattr(retention, "SWEEP_EVERY", 2)
    monkeypatch.setattr(retention, "SWEPT", 2)
    store = open_store(address, keep=Retention(decisions=10))
    try:

        async def record(at: float, call: str) -> int:
            order = RecordDecision(decision=decision(call, at=at))
            await store.records.record_decision(order)
            return len(await store.records.decisions("old"))

        for number in range(6):
            await record(float(number), "old")
        assert await record(10 * DAY, "at the edge") == 6
        counts = [await record(11 * DAY, f"new{number}") for number in range(6)]
        assert counts == [6, 4, 4, 2, 2, 0]
        assert len(await store.records.decisions("at the edge")) == 1
    finally:
        store.close()


async def test_old_rows_of_the_others_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits told, audit, reservations that are over: each by its own time; live ones stay."""
    monkeypatch.setattr(retention, "SWEEP_EVERY", 1)
    keep = Retention(told_waits=5, reservations=3, audit=7)
    store = open_store(address, keep=keep)
    records = store.records
    try:

        async def day(number: int) -> tuple[int, int, int]:
            at = number * DAY
            await records.record_promise(told(f"p{number}", told=at))
            await records.record_audit(audited(at))
            one = reservation(f"r{number}", made=at, agent="bo")
            await records.keep_reservation(one)
            await records.keep_reservation(reservation(f"r{number}", 2, made=at, agent="bo",
                                                       state="refused"))  # fmt: skip
            scores = await store.history.promises(0.0, 99 * DAY, UTC)
            return (
                sum(one.told for one in scores),
                len(await store.history.audit(0.0, 99 * DAY)),
                len(await store.history.reservations("bo")),
            )

        await records.keep_reservation(reservation("live", made=0.0))
        seen = [await day(number) for number in range(10)]
        assert seen[:4] == [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)]
        assert seen[-1] == (6, 8, 4)
        assert len(await store.history.reservations("mei")) == 1
    finally:
        store.close()
