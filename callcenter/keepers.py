"""What watches the engine from inside: its lasting tasks, the floor's invariants, the store.

Each says in ``trouble`` what is wrong, in words for ``/readyz``. They mend nothing: what waits for
an agent is helped by the exchange's own queues once the engine's sign of life stays away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from .dispatch import Dispatch
from .floor.invariants import broken
from .store import Store, StoreError

log: Final = logging.getLogger(__name__)

STORE_LOOKED_AT_EVERY: Final = 5.0
"""Seconds between two looks at whether the store reads and writes, for /readyz."""

INVARIANTS_LOOKED_AT_EVERY: Final = 2.0
"""Seconds between two looks at whether all that must be true of the floor is."""

BROKEN_FOR_GOOD: Final = 30.0
"""Seconds after which an invariant that stays broken is not believed to heal: the exchange's own
queues are then the better choice for whoever waits."""


class StoreHealth:
    """Looks at the store now and then, so that /readyz need not wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.trouble: str | None = None

    async def watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(STORE_LOOKED_AT_EVERY):
                    await self._store.alive()
                self.trouble = None
            except StoreError as error:
                self.trouble = str(error)
            except TimeoutError:
                self.trouble = f"no answer within {STORE_LOOKED_AT_EVERY:.0f} s"
            await asyncio.sleep(STORE_LOOKED_AT_EVERY)


class Invariants:
    """Looks at whether what must be true of the floor is true. What stays broken is a defect."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self.broken: list[str] = []
        self.found = 0
        """How often any was found broken."""
        self.trouble: str | None = None
        self.stuck = False
        """One has been broken for longer than ``BROKEN_FOR_GOOD``."""
        self._since: dict[str, float] = {}

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(INVARIANTS_LOOKED_AT_EVERY)
            self.look()

    def look(self) -> None:
        """Note what is broken now, and for how long it has been."""
        now, before = self._dispatch.now(), self._since
        self.broken = broken(self._dispatch.floor.state, now)
        self._since = {one: before.get(one, now) for one in self.broken}
        stays = [one for one in self.broken if one in before]
        self.trouble = "; ".join(stays[:3]) or None
        self.stuck = any(now - since > BROKEN_FOR_GOOD for since in self._since.values())
        for one in self._since.keys() - before.keys():
            self.found += 1
            log.error("invariant_broken", extra={"which": one})


class Keepers:
    """Tasks that run as long as the engine. One that dies is a defect, and /readyz says so."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble = f"{task.get_name()} ended: {error!r}"
            log.critical("keeper_died", extra={"keeper": task.get_name()}, exc_info=error)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
