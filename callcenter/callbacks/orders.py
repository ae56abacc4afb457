"""Carries out what the floor orders about callbacks: on disk first, then on the exchange."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from callcenter.callback_ports import CallbackOutside, Callbacks, CallbackTaken, Requests
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import OPEN, Callback, DialFault
from callcenter.ports import DialError, Records, ReservationTaken, Switch, SwitchError

log: Final = logging.getLogger(__name__)

Result = TypeVar("Result")


class CallbackOrders:
    """``post`` takes what came of an order; ``start`` runs work that may wait, and tells the floor
    when it fails; ``failed`` counts an order that did; ``over`` learns of each callback that is
    stored as over."""

    def __init__(
        self,
        *,
        store: Callbacks,
        requests: Requests,
        records: Records,
        switch: Switch,
        now: Callable[[], float],
        post: Callable[[e.Event], None],
        start: Callable[[o.Order, Coroutine[Any, Any, None]], asyncio.Task[None]],
        failed: Callable[[str], None],
        over: Callable[[Callback], None],
    ) -> None:
        self._store = store
        self._requests = requests
        self._records = records
        self._switch = switch
        self._now = now
        self._post = post
        self._start = start
        self._failed = failed
        self._over = over
        self._storing: dict[str, asyncio.Event] = {}
        """By callback: the storing of its last version, while it is under way; set when done."""
        self._to_dial: dict[str, bool] = {}
        """Calls that are ordered, and of which the exchange has not been told yet; whether they
        were taken back meanwhile."""

    def keep(self, order: o.KeepCallback) -> None:
        """Versions of one callback are stored in the order in which they were made: a later one
        that came first would keep the earlier from being stored."""
        callback = order.callback

        async def keep() -> None:
            try:
                await self._store.keep(callback)
            except CallbackTaken as taken:
                self._lost(callback.id, str(taken))
                return
            if callback.state not in OPEN:
                self._over(callback)

        self._start(order, self._in_turn(callback.id, keep)())

    def dial(self, order: o.Dial) -> None:
        self._to_dial[order.call] = False
        stored = self._in_turn(order.callback.id, lambda: self._dialling_stored(order))

        async def dial() -> None:
            try:
                mine = await stored()
            finally:
                taken_back = self._to_dial.pop(order.call)
            if mine and not taken_back:
                await self._on_the_exchange(order)

        self._start(order, dial())

    def stop_dialling(self, order: o.StopDialling) -> None:
        """Also before the exchange was told: it never is then, and nobody's phone rings for an
        agent who is gone."""
        if order.call in self._to_dial:
            self._to_dial[order.call] = True
        else:
            self._start(order, self._switch.stop_dialling(order))

    def request(self, order: o.RequestCallback) -> None:
        async def ask() -> None:
            self._post(await self._requests.from_queue(order, self._now()))

        self._start(order, ask())

    def tell_caller(self, order: o.TellCaller) -> None:
        self._start(order, self._switch.tell_caller(order))

    def _in_turn(
        self, id: str, work: Callable[[], Coroutine[Any, Any, Result]]
    ) -> Callable[[], Coroutine[Any, Any, Result]]:
        """The same, after what this callback has to be stored before; its turn is taken now."""
        before, stored = self._storing.get(id), asyncio.Event()
        self._storing[id] = stored

        async def turn() -> Result:
            if before is not None:
                await before.wait()
            try:
                return await work()
            finally:
                stored.set()
                if self._storing.get(id) is stored:
                    del self._storing[id]

        return turn

    async def _dialling_stored(self, order: o.Dial) -> bool:
        """Reservation, callback and attempt are on disk before the customer is dialled. That they
        answered is told by the exchange itself."""
        callback = order.callback
        try:
            await self._records.keep_reservation(order.reservation)
            await self._store.keep(callback, dialling=True)
        except CallbackTaken as taken:
            self._not_dialled(order, "lost", str(taken))
            self._lost(callback.id, str(taken))
        except CallbackOutside as outside:
            self._not_dialled(order, "outside", str(outside))
        except ReservationTaken as taken:
            self._not_dialled(order, "not_stored", str(taken))
        except Exception as error:  # noqa: BLE001  # whatever a store raises: not on disk, not dialled
            self._failed("Dial")
            log.warning("callback_not_stored", extra={"call": order.call, "error": repr(error)})
            self._not_dialled(order, "not_stored", str(error))
        else:
            return True
        return False

    async def _on_the_exchange(self, order: o.Dial) -> None:
        try:
            await self._switch.dial(order)
        except DialError as failed:
            self._not_dialled(order, failed.why, failed.detail)
        except SwitchError as trouble:
            self._failed("Dial")
            log.warning("not_dialled", extra={"call": order.call, "why": str(trouble)})
            if not trouble.unknown:  # else a snapshot says what became of it
                self._not_dialled(order, "congestion", str(trouble))

    def _not_dialled(self, order: o.Dial, why: DialFault, detail: str) -> None:
        self._post(e.DialFailed(at=self._now(), call=order.call, why=why, detail=detail))

    def _lost(self, id: str, why: str) -> None:
        log.info("callback_lost", extra={"callback": id, "why": why})
        self._post(e.CallbackLost(at=self._now(), id=id, why=why))
