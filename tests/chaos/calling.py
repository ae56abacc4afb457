"""One engine's part in calling back: keeper, orders and switch, as they are, on the run's clock.

What they need is given as the node has it: the exchange by its actions, the rows in memory.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from asterisk.ami.action import Action

from callcenter.callback_ports import CallbackRefused, Caps, Source
from callcenter.callbacks.keeper import LEASE, LOOK, RENEW, CallbackKeeper
from callcenter.callbacks.orders import CallbackOrders
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import Callback
from callcenter.floor.card import Profile
from telephony.answers import ActionRefused, Answer, LinkLost
from telephony.switch import AmiSwitch
from telephony.wire import encode
from tests.chaos.rows import Rows
from tests.chaos.still import At, StillLoop
from tests.fakes import MemoryRecords

if TYPE_CHECKING:
    from tests.chaos.node import Node

DIAL: Final = "PJSIP/{number}@trunk"
NO_CAPS: Final = Caps(
    number_day=None, address_hour=None, prefix_hour=None, site_hour=None, spend_hour=None
)


class Line:
    """``telephony.switch.Line``: an action takes its time both ways, and the line may be cut before
    or after it was carried out."""

    def __init__(self, node: Node, delay: Callable[[], float]) -> None:
        self._node, self._delay = node, delay

    async def ask(self, action: Action) -> Answer:
        exchange = self._node.exchange
        if exchange is None:
            raise LinkLost("there is no line")
        await self._takes_time()
        if self._node.exchange is not exchange:
            raise LinkLost("cut before it was done")
        head, *items = self._node.act(encode(action, "1"))
        await self._takes_time()
        if self._node.exchange is not exchange:
            raise LinkLost("cut before the answer")
        if head.get("Response") != "Success":
            raise ActionRefused(action.name, head.get("Message") or "")
        return Answer(head, tuple(items))

    async def _takes_time(self) -> None:
        seconds = self._delay() / 2
        if seconds:
            await asyncio.sleep(seconds)

    def ask_snapshot(self, why: str) -> None:
        raise AssertionError("the node asks for snapshots")


class Desk:
    """``callcenter.callback_ports.Requests``: callers in line get one, unless they have one; now
    and then the answer comes too late for them."""

    def __init__(self, rows: Rows, chance: random.Random) -> None:
        self._rows, self._chance = rows, chance

    async def from_queue(
        self, order: o.RequestCallback, at: float
    ) -> e.CallbackBooked | e.CallbackDenied:
        if self._chance.random() < 0.3:
            await asyncio.sleep(self._chance.uniform(0.0, 7.0))
        row = Callback(
            id=f"KEY{len(self._rows.rows)}", version=1, state="requested", origin="queue",
            queue=order.queue, number=order.number, zone="UTC", made=at, place=order.place,
            opens=at, closes=at + self._chance.uniform(30.0, 300.0), due=at, name=order.name,
            person=order.person, language=order.language, reason=order.reason, words=order.words,
        )  # fmt: skip
        try:
            await self._rows.book(row, Source(), NO_CAPS)
        except CallbackRefused as refused:
            return e.CallbackDenied(at=self._rows.clock(), call=order.call, why=refused.why)
        return e.CallbackBooked(at=self._rows.clock(), call=order.call, id=row.id)


class Kept(MemoryRecords):
    """Reservations are in the books already, which take them as they are ordered."""

    async def keep_reservation(self, order: o.KeepReservation) -> None:
        return None


class Calling:
    """See the module. It dies with its engine."""

    def __init__(self, node: Node, rows: Rows, at: At, chance: random.Random) -> None:
        self.node, self.rows = node, rows
        self.failed: Counter[str] = Counter()
        self.taken_back: dict[str, float] = {}
        """Calls that the floor wanted no more, and since when."""
        self._at = at
        self.loop = StillLoop(at, node.now)
        self.switch = AmiSwitch(
            Line(node, node.delay), "callcenter", sees=node.tracker.control, dial=DIAL
        )
        self.keeper = CallbackKeeper(
            store=rows, node=node.floor.state.opened.node, post=self._post,
            held=lambda: node.floor.callbacks(), clock=node.now, poor_below={},
        )  # fmt: skip
        self.orders = CallbackOrders(
            store=rows, requests=Desk(rows, chance), records=Kept(), switch=self.switch,
            now=node.now, post=self._post, failed=lambda order: self.failed.update([order]),
            start=lambda order, work: self.loop.begin(self._carried(order, work)),
            over=lambda callback: rows.over.update([callback.id]),
        )  # fmt: skip
        self.stopped = False
        """Serving is switched off."""
        self._resumed = False
        self._renewed = node.now()
        self._unkept: set[str] = set()
        """Callbacks of which something could not be stored at once."""
        node.carry |= {
            o.KeepCallback: self.orders.keep,
            o.Dial: self.orders.dial,
            o.StopDialling: self._stop,
            o.RequestCallback: self.orders.request,
            o.TellCaller: self.orders.tell_caller,
        }
        self._at(node.now() + chance.uniform(0.0, LOOK), self._begin)

    def _post(self, event: e.Event) -> None:
        if not self.node.dead:
            self.node.take(event)

    async def _carried(self, order: o.Order, work: object) -> None:
        """As ``Dispatch._carried``: the floor hears of what failed."""
        try:
            await work  # type: ignore[misc]
        except Exception as error:  # as there: the floor decides
            name = type(order).__name__
            self.failed[name] += 1
            if isinstance(order, o.KeepCallback):
                self._unkept.add(order.id)
            self._post(
                e.OrderFailed(
                    at=self.node.now(), order=name, why=str(error),
                    call=getattr(order, "call", None), id=getattr(order, "id", None),
                )
            )  # fmt: skip

    def _stop(self, order: o.StopDialling) -> None:
        self.taken_back.setdefault(order.call, self.node.now())
        self.orders.stop_dialling(order)

    # --- the keeper's work ----------------------------------------------------------------------

    def _begin(self) -> None:
        if not self.node.dead:
            self.loop.begin(self._resume())
            self._at(self.node.now() + LOOK, self._look)

    async def _resume(self) -> None:
        for one in await self.rows.mine(self.node.floor.state.opened.node, LEASE):
            self._post(e.CallbackDue(at=self.node.now(), callback=one))
        self._resumed = True

    def _look(self) -> None:
        if self.node.dead:
            return
        now = self.node.now()
        if now - self._renewed >= RENEW and self.rows.held():
            self._renewed = now
            self.loop.begin(self.keeper._renew())
        if self.rows.due() or (self.stopped and self.rows.held()):
            self.loop.begin(self.keeper.look())
        self._at(now + LOOK, self._look)

    def called_in(self, found: e.CallerIdentified) -> None:
        """As ``callcenter.calling_back``: what the caller has open comes to the floor."""
        call = self.node.floor.live_calls().get(found.call)
        if call is not None and call.direction == "inbound":
            profile: Profile | None = found.profile
            person = profile.person if profile is not None else None
            self.loop.begin(self.keeper.called_in(call.number, person))

    def agrees(self) -> Iterator[str]:
        """Whether the rows say what the floor says, while nothing is being stored."""
        if self.loop.busy or not self._resumed:
            return
        held = self.node.floor.callbacks()
        for name, mine in held.items():
            row = self.rows.rows.get(name)
            if row is None or row.fence != mine.fence:
                yield f"{name} is held with fence {mine.fence}: {row}"
            elif name not in self._unkept and replace(row, tried=()) != replace(mine, tried=()):
                yield f"{name} is {mine} on the floor and stored as {row}"
        for row in self.rows.held():
            if row.id not in held and row.id not in self._unkept:
                yield f"{row.id} is {row.state} in the store and not on the floor"

    def die(self) -> None:
        self.loop.die()
