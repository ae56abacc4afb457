"""Carries out what the floor orders about callbacks: on disk first, then on the exchange."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal

from callcenter.callback_ports import CallbackOutside, Callbacks, CallbackTaken, Requests
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import OPEN, Callback, DialEnd, DialFault
from callcenter.ports import DialError, Records, ReservationTaken, Switch, SwitchError

log: Final = logging.getLogger(__name__)


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
        self._storing: dict[str, asyncio.Task[None]] = {}
        """By callback: the storing of its last version, while it is under way."""

    def keep(self, order: o.KeepCallback) -> None:
        """Versions of one callback are stored in the order in which they were made: a later one
        that came first would keep the earlier from being stored."""
        callback = order.callback
        before = self._storing.get(callback.id)

        async def keep() -> None:
            await _done(before)
            try:
                await self._store.keep(callback)
            except CallbackTaken as taken:
                self._lost(callback.id, str(taken))
                return
            if callback.state not in OPEN:
                self._over(callback)
            if callback.call is not None and (how := _attempt_was(callback)) is not None:
                await self._store.attempt_ended(callback.call, self._now(), how)

        task = self._start(order, keep())
        self._storing[callback.id] = task
        task.add_done_callback(lambda done: self._stored(callback.id, done))

    def dial(self, order: o.Dial) -> None:
        self._start(order, self._dial(order, self._storing.get(order.callback.id)))

    def stop_dialling(self, order: o.StopDialling) -> None:
        self._start(order, self._switch.stop_dialling(order))

    def request(self, order: o.RequestCallback) -> None:
        async def ask() -> None:
            self._post(await self._requests.from_queue(order, self._now()))

        self._start(order, ask())

    def tell_caller(self, order: o.TellCaller) -> None:
        self._start(order, self._switch.tell_caller(order))

    async def _dial(self, order: o.Dial, before: asyncio.Task[None] | None) -> None:
        """Reservation, callback and attempt are on disk before the customer is dialled. That they
        answered is told by the exchange itself."""
        callback = order.callback
        await _done(before)
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
            await self._on_the_exchange(order)

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

    def _stored(self, id: str, done: asyncio.Task[None]) -> None:
        if self._storing.get(id) is done:
            del self._storing[id]


def _attempt_was(callback: Callback) -> DialEnd | Literal["talked"] | None:
    """How the last attempt ended, once it has."""
    if callback.attempts and len(callback.causes) >= callback.attempts:
        return callback.causes[-1]
    if callback.state == "done" and callback.reached is not None:
        return "talked"
    return None


async def _done(task: asyncio.Task[None] | None) -> None:
    """Returns when it is done, however."""
    if task is not None:
        await asyncio.wait([task])
