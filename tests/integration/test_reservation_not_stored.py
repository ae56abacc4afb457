"""A store that fails: no phone rings for what is not on disk."""

from __future__ import annotations

import asyncio
from typing import Any

from callcenter.floor import events as e
from callcenter.floor.orders import KeepReservation, Ring
from tests.integration.test_dispatch import Bench


class Unstored(Bench):
    """A dispatch whose store keeps no reservation."""

    def __init__(self) -> None:
        super().__init__()
        self.rung: list[Ring] = []
        records: Any = self.records
        outside: Any = self.outside
        records.keep_reservation = self._refuse
        outside.ring = self._ring
        outside.stop_ringing = self._nothing

    async def _refuse(self, order: KeepReservation) -> None:
        raise OSError("disk full")

    async def _ring(self, order: Ring) -> None:
        self.rung.append(order)

    async def _nothing(self, order: object) -> None: ...


async def test_no_phone_rings_and_the_agent_is_not_to_blame() -> None:
    """The agent is ready again at once, and the failure is counted."""
    bench = Unstored()
    await a_call_for_mei(bench)
    async with asyncio.timeout(30):
        while not bench.dispatch.failed["Ring"]:
            await asyncio.sleep(0)
            bench.dispatch.post(e.TimePassed(at=3.1))
    await bench.dispatch.settle(5.0)
    assert bench.rung == []
    assert bench.dispatch.floor.agent_view("mei").state == "ready"


class Slow(Unstored):
    """A store that takes its time with a reservation."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.storing: list[KeepReservation] = []

    async def _refuse(self, order: KeepReservation) -> None:
        self.storing.append(order)
        await self.gate.wait()


async def test_a_caller_who_is_gone_before_it_is_stored_has_nobody_rung() -> None:
    """What was taken back while it was being stored is not carried out afterwards."""
    bench = Slow()
    await a_call_for_mei(bench)
    async with asyncio.timeout(30):
        while not bench.storing:
            await asyncio.sleep(0)
            bench.dispatch.post(e.TimePassed(at=3.1))
    bench.dispatch.post(e.CallEnded(at=3.2, call="c1", why="abandoned"))
    bench.gate.set()
    await bench.dispatch.settle(5.0)
    assert bench.rung == []
    assert bench.dispatch.floor.agent_view("mei").state == "ready"


async def a_call_for_mei(bench: Bench) -> None:
    """It waits in a queue of the engine, and she is ready."""
    post = bench.dispatch.post
    queue = e.QueueSettings(queue="q", distribution="engine")
    post(e.FloorOpened(at=0.0, queues=(queue,)))
    post(e.ExchangeConnected(at=0.0, version="22", restarted=False))
    post(e.SnapshotCompared(at=0.0, drift=0, audit=False))
    post(e.MemberSeen(at=0.0, queue="q", device="PJSIP/1001", name="", paused=True, state="idle"))
    await bench.dispatch.wish(e.AgentSignedIn(at=1.0, agent="mei", name="Mei", device="PJSIP/1001"))
    await bench.dispatch.wish(e.StateChosen(at=2.0, agent="mei", state="ready"))
    post(e.CallArrived(at=3.0, call="c1", direction="inbound", number="+44", name=None, dialled=""))
    post(e.CallQueued(at=3.0, call="c1", queue="q", position=1, by="engine", leg="c1"))
