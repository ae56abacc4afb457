"""The last steps of every booking: does the queue take any, is it lawful, is it stored."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from callcenter.callback_ports import CallbackRefused, Caps, Denial, SlotHold, Source
from callcenter.floor.callback import Callback

from .house import House
from .plans import BookingRules, QueueTerms
from .references import reference

DRAWS: Final = 5
"""References drawn for one callback: the second is needed once in 1e11 / (callbacks) times."""
CAP_NAMES: Final[Mapping[str, str]] = {
    "number_cap": "number_day",
    "prefix_cap": "prefix_hour",
    "address_cap": "address_hour",
    "site_cap": "site_hour",
    "spend_cap": "spend_hour",
}


class Promising:
    def __init__(self, house: House, rules: BookingRules, queues: Mapping[str, QueueTerms]) -> None:
        self._house = house
        self._rules = rules
        self._queues = queues

    async def store(
        self,
        new: Callback,
        source: Source,
        caps: Caps,
        slot: SlotHold | None,
        chance: random.Random,
        agreed: str = "",
    ) -> Callback:
        """Stored, with a reference that no other has, and with the text that was ``agreed`` to.
        Where rules are only tried out, a cap that would have refused it is written down and left
        out."""
        draws = 0
        new = replace(new, id=reference(chance))
        while True:
            try:
                await self._house.store.book(new, source, caps, slot, agreed)
            except CallbackRefused as error:
                if error.why == "store" and draws < DRAWS:
                    if await self._house.store.one(new.id) is None:
                        raise  # not because of its reference
                    draws += 1
                    new = replace(new, id=reference(chance))
                elif error.why in CAP_NAMES and self._rules.dry_run:
                    await self._house.store.note_dry_run(new.made, new.site, error.why, "")
                    caps = _without(caps, error.why)
                else:
                    raise
            else:
                return new

    async def closed(self, queue: str, *, shown: bool = False) -> Denial | None:
        """Why a queue takes no callbacks; ``shown``: or offers none."""
        if not self.terms(queue).offered:
            return "off"
        for one in await self._house.store.switches():
            if one.queue == queue:
                open_ = one.accept and (not shown or (one.show and one.auto_stopped is None))
                return None if open_ else "off"
        return None

    def reason(self, code: str, offered: Collection[str] = ()) -> str | None:
        """Raises ``CallbackRefused`` for one that there is not."""
        if not code:
            return None
        if code not in (offered or self._house.reasons):
            raise CallbackRefused("text", "reason", "no such reason")
        return code

    def lawful(self, new: Callback, at: float) -> None:
        """Raises ``CallbackRefused``."""
        if not self._house.lawful(new, at):
            raise CallbackRefused("closed", "when", "the law has no moment in it")

    def terms(self, queue: str) -> QueueTerms:
        return self._queues.get(queue) or QueueTerms(offered=False)


def _without(caps: Caps, why: str) -> Caps:
    free: dict[str, None] = {CAP_NAMES[why]: None}
    return replace(caps, **free)
