"""Claims callbacks whose time has come and hands them to the floor; keeps what the floor holds.

Several engines may do this on one database. It decides nothing about a callback: the floor does.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from callcenter.callback_ports import Callbacks, Switches
from callcenter.floor.callback import WAITING, Callback
from callcenter.floor.events import CallbackDue, CallbackLost, Event

from .record import LAST, kept_lately, stop_offers

log: Final = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between two looks at what is due."""
BATCH: Final = 20
BREATH: Final = 0.1
"""Seconds between two batches. Who a customer is and why they want to be called is looked up for
each of a batch; hundreds at once, as after a restart, would keep the first from being dialled."""
BATCHES: Final = 10
"""In one look at most: leases are renewed between looks."""
LEASE: Final = 30.0
RENEW: Final = 10.0
"""Seconds between two renewals: two may fail before a lease is over."""
UNDER_WAY: Final = frozenset({"dialling", "talking"})
JUDGE: Final = 60.0
"""Seconds between two looks at how well promises are kept."""


class CallbackKeeper:
    """``held`` tells the callbacks that the floor has; ``poor_below`` the queues that
    call back, each with the share of kept promises below which it offers no more."""

    def __init__(
        self,
        *,
        store: Callbacks,
        node: str,
        post: Callable[[Event], None],
        held: Callable[[], Mapping[str, Callback]],
        clock: Callable[[], float],
        poor_below: Mapping[str, float],
        look: float = LOOK,
    ) -> None:
        self._store = store
        self._node = node
        self._post = post
        self._held = held
        self._clock = clock
        self._poor_below = poor_below
        self._look = look
        self._woken = asyncio.Event()
        self._switches: dict[str, Switches] = {}
        self._inherited: deque[Callback] = deque()
        """Held since before this run, and not yet on the floor."""
        self.trouble: str | None = None
        """Why nothing can be claimed, for ``/readyz``."""
        self.claimed = 0
        self.first_looked = asyncio.Event()
        """What was due at the start is on the floor, or cannot be claimed yet."""

    # --- what others ask --------------------------------------------------------------------

    def switches(self, queue: str) -> Switches:
        """As of the last look."""
        return self._switches.get(queue, Switches(queue=queue))

    def wake(self) -> None:
        """Something may be due now."""
        self._woken.set()

    def changed(self, id: str) -> None:
        """It was changed from outside: what the floor has of it is out of date."""
        if id in self._held():
            self._post(CallbackLost(at=self._clock(), id=id, why="changed"))
        self.wake()

    async def called_in(self, number: str | None, person: str | None) -> None:
        """A customer calls: the callback they have open, if no floor holds it, comes to this one,
        which attaches it to their call."""
        if number is None and person is None:
            return
        found = await self._store.open_of(number or "", person)
        if found is None or found.state not in WAITING:
            return
        taken = await self._store.take(found.id, self._node, LEASE)
        if taken is not None:
            self._post(CallbackDue(at=self._clock(), callback=taken))

    # --- the work ----------------------------------------------------------------------------

    async def keep(self) -> None:
        """Runs until cancelled. A store in trouble is told in ``trouble`` and tried again."""
        resumed, renewed, judged = False, self._clock(), 0.0
        while True:
            self._woken.clear()
            try:
                if not resumed:
                    self._resume(await self._store.mine(self._node, LEASE))
                    resumed = True
                if self._clock() - renewed >= RENEW or self._clock() < renewed:
                    renewed = self._clock()
                    await self._renew()
                await self.look()
                if self._clock() - judged >= JUDGE or self._clock() < judged:
                    judged = self._clock()
                    await self._judge()
                self.trouble = None
            except Exception as error:  # noqa: BLE001  # whatever a store raises: told, tried again
                if self.trouble is None:
                    log.warning("callbacks_not_claimed", extra={"error": repr(error)})
                self.trouble = f"callbacks cannot be claimed: {error}"
            self.first_looked.set()
            try:
                async with asyncio.timeout(self._look):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Claim what is due now, and give back what must not be served."""
        self._switches = {one.queue: one for one in await self._store.switches()}
        stopped = {queue for queue, one in self._switches.items() if not one.serve}
        if stopped:
            await self._give_back(stopped)
        for _ in range(BATCHES):
            inherited = min(BATCH, len(self._inherited))
            batch: Collection[Callback] = [self._inherited.popleft() for _ in range(inherited)]
            if not batch:
                batch = await self._store.claim(self._node, BATCH, LEASE, stopped)
                self.claimed += len(batch)
            for callback in batch:
                self._post(CallbackDue(at=self._clock(), callback=callback))
            if len(batch) < BATCH and not inherited:
                return
            await asyncio.sleep(BREATH)
        self.wake()

    def _resume(self, before: Collection[Callback]) -> None:
        """Those with somebody on the phone come first, the others by their place."""
        ordered = sorted(before, key=lambda one: (one.state not in UNDER_WAY, one.place))
        self._inherited.extend(ordered)

    async def _renew(self) -> None:
        before = frozenset(self._held())
        ours = await self._store.renew(self._node, LEASE)
        for one in before & frozenset(self._held()) - ours:
            callback = await self._store.one(one)
            if callback is None or callback.node != self._node:
                self._post(CallbackLost(at=self._clock(), id=one, why="the lease is another's"))

    async def _give_back(self, queues: Collection[str]) -> None:
        """Serving was switched off: who is in line here waits in the store."""
        in_line = [one for one in self._held().values() if one.state == "due"]
        for known in in_line:
            if known.queue not in queues:
                continue
            callback = await self._store.one(known.id)
            if callback is None or callback.state != "due":
                continue
            waits = replace(callback, state="scheduled", version=callback.version + 1, node=None)
            if await self._store.change(waits, callback.version):
                self._post(
                    CallbackLost(at=self._clock(), id=known.id, why="serving is switched off")
                )

    async def _judge(self) -> None:
        """Offers stop by themselves where promises are kept too seldom, and begin again."""
        for queue, poor_below in self._poor_below.items():
            over = await self._store.listed(("done", "expired"), queue, 5 * LAST)
            now, kept = self.switches(queue), kept_lately(over, self._clock())
            stop = stop_offers(kept, now.auto_stopped is not None, poor_below)
            if stop == (now.auto_stopped is not None):
                continue
            changed = replace(now, auto_stopped=self._clock() if stop else None)
            await self._store.set_switches(changed)
            self._switches[queue] = changed
            log.warning(
                "callback_offers_stopped" if stop else "callback_offers_again",
                extra={"queue": queue},
            )
