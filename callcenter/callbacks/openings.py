"""Which windows are offered to whom: those that can be promised, less those in which the law has no
moment for them. So nobody is shown a time that they are refused afterwards.

The number is mostly not known yet when times are shown: then the law is that of the country that
was chosen, by the clock that was chosen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from callcenter.floor.callback import Callback

from .forms import NowOffer
from .house import House, Opening
from .reading import Reading

AT_ONCE: Final = 50
"""Windows judged in one go, which takes a millisecond."""
REMEMBERED: Final = 50_000
"""Verdicts: a fortnight of windows for some hundred different customers."""


class Openings:
    def __init__(self, house: House, reading: Reading) -> None:
        self._house = house
        self._reading = reading
        self._verdicts: dict[tuple[str, str | None, str, str | None, float, float], bool] = {}
        """By queue, region, zones and window: before a window opens they stay."""

    def somebody(
        self, queue: str, at: float, *, zone: str = "", region: str = "", number: str = ""
    ) -> Callback:
        """Of whom no more is known than that; what is empty is the centre's. ``number``: as typed;
        one that cannot be read counts as none."""
        plain = Callback(
            id="",
            version=1,
            state="requested",
            origin="web",
            queue=queue,
            number="",
            region=self._reading.region(region),
            zone=self._reading.zone(zone, None),
            made=at,
            place=at,
            opens=at,
            closes=at,
            due=at,
        )
        dialled = self._reading.dialled(number, region) if number else None
        if dialled is None:
            return plain
        return replace(plain, region=dialled.region, **self._reading.zones(zone, dialled))

    async def now(self, who: Callback, at: float) -> NowOffer | None:
        """An honest promise for "call me now"; ``None``: there is none, or it would be unlawful."""
        estimate = self._house.estimate(who.queue, at)
        window = await self._house.promises.now(who.queue, at, estimate)
        if window is None:
            return None
        if not self._house.lawful(_within(who, window.opens, window.closes), at):
            return None
        return NowOffer(
            opens=window.opens,
            closes=window.closes,
            p50=estimate.p50 if estimate is not None else None,
            p90=estimate.p90 if estimate is not None else None,
        )

    async def slots(
        self, queue: str, at: float, until: float, who: Callback | None = None
    ) -> Sequence[Opening]:
        """With room, opening before ``until``, earliest first. ``None``: nobody in particular, and
        then the law is left out."""
        found = await self._house.promises.slots(queue, at, until)
        if who is None:
            return found
        lawful = []
        for place, one in enumerate(found):
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)  # calls are distributed on the same loop
            if self._lawful(who, one, at):
                lawful.append(one)
        return lawful

    def _lawful(self, who: Callback, one: Opening, at: float) -> bool:
        if who.id or one.opens < at:  # what was dialled counts, or the time that is gone
            return self._house.lawful(_within(who, one.opens, one.closes), at)
        key = (who.queue, who.region, who.zone, who.number_zone, one.opens, one.closes)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._house.lawful(_within(who, one.opens, one.closes), at)
            if len(self._verdicts) >= REMEMBERED:
                self._verdicts.clear()
            self._verdicts[key] = verdict
        return verdict


def _within(who: Callback, opens: float, closes: float) -> Callback:
    return replace(who, opens=opens, closes=closes, due=opens, place=opens)
