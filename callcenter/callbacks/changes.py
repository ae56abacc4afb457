"""What a customer does with the link of a confirmation: see, move, cancel.

A change goes to the row, whoever holds it; who holds it finds out that it is theirs no more. One
that is being dialled or talked to is left alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from callcenter.callback_ports import CallbackRefused, Denial, SlotHold
from callcenter.floor.callback import OPEN, Callback

from . import links
from .forms import FormRefused, LinkRefused, TooLate
from .hooks import HookKind
from .house import House, told
from .plans import BookingRules
from .references import as_reference
from .texts import message, public

TRIES: Final = 4
"""Times that a change is tried on a row that changes meanwhile."""
BUSY: Final = frozenset({"dialling", "talking"})


class Changes:
    def __init__(
        self,
        house: House,
        rules: BookingRules,
        key: Callable[[str], Awaitable[bytes]],
    ) -> None:
        self._house = house
        self._rules = rules
        self._key = key

    async def links(self, callback: Callback) -> tuple[str, Mapping[str, str]]:
        """The key of a callback, and its links."""
        until = callback.closes + self._rules.link_days * 86_400.0
        key = links.make(await self._key("link"), callback.id, until)
        return key, links.links(self._rules.public_url, callback.id, key)

    async def status(self, ref: str, key: str, at: float) -> Callback:
        """Raises ``LinkRefused``; of a callback that is not there the same as of a wrong key."""
        name = as_reference(ref) or ""
        links.check(await self._key("link"), name, key, at)
        found = await self._house.store.one(name)
        if found is None:
            raise LinkRefused("wrong")
        return found

    async def move(self, ref: str, key: str, opens: float, at: float) -> Callback:
        """To a slot that is on offer. Raises ``LinkRefused``, ``TooLate``, ``FormRefused``
        (``slot_unknown``, ``slot_taken``, ``closed``)."""
        row = await self.status(ref, key, at)
        for _ in range(TRIES):
            _changeable(row)
            if row.opens == opens:
                return row
            new, slot = await self._moved(row, opens, at)
            try:
                stored = await self._house.store.change(new, row.version, slot)
            except CallbackRefused as error:
                raise self._refused(row, error.why) from error
            if stored:
                return await self._done(new, "moved")
            row = await self.status(ref, key, at)
        raise TooLate("now", row)

    async def _moved(self, row: Callback, opens: float, at: float) -> tuple[Callback, SlotHold]:
        window = await self._house.promises.window(row.queue, opens, at)
        if window is None:
            raise self._refused(row, "slot_unknown")
        later = opens - row.opens
        new = replace(
            row,
            state="scheduled",
            opens=opens,
            closes=window.closes,
            due=opens,
            place=opens,
            agent_until=None if row.agent_until is None else row.agent_until + later,
            by=None,
        )
        if not self._house.lawful(new, at):
            raise self._refused(row, "closed")
        return new, SlotHold(opens=opens, capacity=window.capacity)

    def _refused(self, row: Callback, why: Denial) -> CallbackRefused:
        said = message(why, row.language or "")
        return FormRefused(why, "when", code=public(why), message=said)

    async def cancel(self, ref: str, key: str, at: float) -> Callback:
        """Raises ``LinkRefused``, ``TooLate``. One that is cancelled already stays so."""
        row = await self.status(ref, key, at)
        for _ in range(TRIES):
            if row.state == "cancelled":
                return row
            _changeable(row)
            new = replace(row, state="cancelled", ended=at, why="by_customer", by=None)
            if await self._house.store.change(new, row.version):
                return await self._done(new, "cancelled")
            row = await self.status(ref, key, at)
        raise TooLate("now", row)

    async def _done(self, new: Callback, kind: HookKind) -> Callback:
        self._house.changed(new.id)
        stored = await self._house.store.one(new.id) or new
        _, found = await self.links(stored)
        self._house.tell(kind, {**told(stored), "links": dict(found)})
        return stored


def _changeable(row: Callback) -> None:
    if row.state not in OPEN:
        raise TooLate("ended", row)
    if row.state in BUSY:
        raise TooLate("now", row)
