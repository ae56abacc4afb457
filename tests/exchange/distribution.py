"""Link, tracker and switch on a real exchange, without a floor: what orders do, and what is told.

`events` are what the tracker tells of it. Nothing here decides anything; the test gives the orders.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from callcenter.floor.events import CallArrived, CallQueued, Event
from callcenter.floor.orders import KeepReservation, Ring
from telephony.endpoint import LinkSettings
from telephony.link import Link, LinkState
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.switch import AmiSwitch
from telephony.tracker import WANTED, Tracker
from tests.exchange.asterisk import Exchange

DEADLINE = 90.0
BEAT = 2.0

E = TypeVar("E", bound=Event)


class Distribution:
    """`clock` is asked once for each packet; `arrived` are the moments of the events."""

    def __init__(self, reactor: Any, exchange: Exchange, port: int, run: str) -> None:
        self.tracker = Tracker()
        self.events: list[Event] = []
        self.packets: list[tuple[Packet, float]] = []
        self.state = "connecting"
        self._legs = itertools.count(1)
        self._run = run
        self._news = asyncio.Event()
        self.link = Link(
            LinkSettings(
                host="127.0.0.1",
                port=port,
                user=exchange.user,
                secret=exchange.secret,
                backoff_first=0.05,
                backoff_most=0.2,
            ),
            reactor,
            clock=time.time,
            rng=random.Random(1),
            on_packet=self._packet,
            on_snapshot=self._snapshot,
            on_state=self._stated,
            wanted=WANTED,
        )
        self.switch = AmiSwitch(
            self.link,
            exchange.user,
            self.tracker.members.interfaces,
            self.tracker.waiting_channel,
        )

    def _packet(self, packet: Packet, at: float) -> None:
        self.packets.append((packet, at))
        self.switch.hear(packet)
        self.events += self.tracker.receive(packet, at)
        self._news.set()

    def _snapshot(self, snapshot: Snapshot, at: float) -> None:
        self.events += self.tracker.snapshot(snapshot, at)
        self._news.set()

    def _stated(self, state: LinkState) -> None:
        if self.state == "up" and state.kind != "up":
            self.switch.line_lost(state.message)
        self.state = state.kind
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition that something from the exchange makes true."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def told(self, kind: type[E], **fields: object) -> list[E]:
        """The events of a kind whose fields have these values."""
        return [
            event
            for event in self.events
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in fields.items())
        ]

    async def wait(self, kind: type[E], **fields: object) -> E:
        """The first event of a kind with these values."""
        await self.until(lambda: self.told(kind, **fields))
        return self.told(kind, **fields)[0]

    async def waiting(self, number: str) -> CallQueued:
        """The call of this number, once it waits in a line."""
        call = (await self.wait(CallArrived, number=number)).call
        return await self.wait(CallQueued, call=call)

    def ring(self, call: str, device: str, seconds: float = 20.0, **fields: Any) -> Ring:
        """An order to ring, with a leg of its own."""
        leg = f"cc-{self._run}-{next(self._legs)}"
        now = time.time()
        reservation = KeepReservation(
            id=leg,
            version=1,
            node="test",
            agent=device,
            call=call,
            queue="service",
            state="pending",
            made=now,
            deadline=now + seconds,
            changed=now,
        )
        order: dict[str, Any] = {"number": "+447700900120", "name": "Waiting Wendy"}
        order |= {"auto_answer": False, **fields}
        return Ring(
            reservation=reservation, call=call, device=device, leg=leg, seconds=seconds, **order
        )

    async def beating(self) -> None:
        """Show for ever that the engine lives."""
        while True:
            await self.switch.beat(time.time())
            await asyncio.sleep(BEAT)


@asynccontextmanager
async def distribution(
    reactor: Any,
    exchange: Exchange,
    *,
    port: int | None = None,
    lives: bool = True,
    kind: type[Distribution] | None = None,
) -> AsyncIterator[Distribution]:
    """Connected, and showing signs of life if it `lives`."""
    run = f"{time.time_ns():x}"
    centre = (kind or Distribution)(reactor, exchange, port or exchange.ports.ami, run)
    centre.link.start()
    beats = None
    try:
        await centre.until(lambda: centre.state == "up")
        if lives:
            beats = asyncio.create_task(centre.beating())
        yield centre
    finally:
        if beats is not None:
            beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beats
        await centre.link.stop()
