"""The demonstration's visitors of the website: made-up customers who ask to be called back.

They go the way of everybody: they open the form, take the time to fill it in, and book with the
running engine. How they take the call then is told to the simulated exchange.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from telephony.simulator.outside import Outside, Outsider, OutsideReaction

from .callback_ports import CallbackRefused
from .callbacks.booking import Booking
from .callbacks.forms import Booked, Form, Offer
from .population import NextCall, Population
from .settings import CallbackOptions, CallbacksSettings, SiteOptions
from .settings.tree import RetryOptions
from .store import StoreError

__all__ = ["OUTSIDE", "SITES", "Visitors", "callback_of", "callbacks_of"]

log: Final = logging.getLogger(__name__)

SITES: Final[Mapping[str, SiteOptions]] = {
    "main": SiteOptions(queue="service", name="Example Bank"),
    "sales": SiteOptions(queue="sales", name="Example Bank, new accounts"),
    "support": SiteOptions(queue="support", name="Example Bank, help with the app"),
}
"""A page for each queue; visitors choose it by what they want."""
KEY: Final = "1"
"""What callers in line press to be called back."""
PREVIEW: Final = 20.0
AGENT_FIRST: Final = "service"
"""The queue whose agents see the card first, and are on the line before the customer."""
SLOT: Final = 300.0
NOTICE: Final = 600.0
NOW: Final = 0.65
"""Share of the visitors who want to be called at once, when that is offered."""
CHOOSES: Final = 0.7
"""Share of those who choose a reason from the list."""
AHEAD: Final = 3000.0
"""Seconds from the earliest slot to the latest that anybody chooses."""
_RETRIES: Final = {
    "busy": RetryOptions(minutes=1.0, times=3),
    "no_answer": RetryOptions(minutes=3.0, times=2),
    "congestion": RetryOptions(minutes=1.0, times=3),
    "declined": RetryOptions(minutes=5.0, times=1),
    "machine": RetryOptions(minutes=5.0, times=2),
}


def _takes(reaction: OutsideReaction, rings: float = 0.0) -> Outsider:
    """``rings``: seconds at most before they take it."""
    return Outsider(
        reaction=reaction, ring=(rings / 4, rings), patience=(30.0, 150.0), talk=(20.0, 75.0)
    )


OUTSIDE: Final = Outside(
    shares=(
        (_takes("answers", 12.0), 68.0),
        (_takes("waits"), 12.0),
        (_takes("machine", 16.0), 9.0),
        (_takes("busy"), 7.0),
        (_takes("declines", 8.0), 2.0),
        (_takes("fails"), 1.0),
        (_takes("invalid"), 1.0),
    )
)
"""How they take the call."""


def callback_of(queue: str) -> CallbackOptions:
    """How a queue of the demonstration calls back. The staff is planned for every hour, so that
    there are times to choose from whenever one looks."""
    agent_first = queue == AGENT_FIRST
    return CallbackOptions(
        offered=True,
        first="agent" if agent_first else "customer",
        preview_seconds=PREVIEW if agent_first else 0.0,
        dial_seconds=25.0,
        machine="message",
        retries=dict(_RETRIES),
        notice_minutes=NOTICE / 60.0,
        slot_minutes=round(SLOT / 60.0),
        staff=("mon-sun 00:00-24:00 8",),
        handle_seconds=60.0,
        patience_seconds=180.0,
    )


def callbacks_of(chosen: CallbacksSettings, public_url: str) -> CallbacksSettings:
    """What was chosen, and where nothing was what visitors from everywhere need, whose numbers for
    fiction are much alike."""
    return replace(
        chosen,
        dial="PJSIP/{number}@trunk",
        public_url=chosen.public_url or public_url,
        countries=chosen.countries or ("GB", "DE", "US", "CA", "CN", "HK", "TW"),
        per_prefix_hour=max(chosen.per_prefix_hour, 500),
        spend_hour=max(chosen.spend_hour, 1000),
    )


class Visitors:
    """``per_hour``: how many book; ``known``: is told what each wants, by their number."""

    def __init__(
        self,
        booking: Booking,
        population: Population,
        clock: Callable[[], float],
        heads: Mapping[str, str],
        known: Callable[[str, str], None],
        *,
        per_hour: float,
        least_fill: float,
        seed: int,
    ) -> None:
        self._booking = booking
        self._population = population
        self._now = clock
        self._heads = heads
        self._known = known
        self._every = 3600.0 / per_hour
        self._least_fill = least_fill
        self._chance = Random(seed)  # noqa: S311  # a simulation, no secret
        self.booked = 0

    async def come(self) -> None:
        """One after the other. Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._chance.expovariate(1.0 / self._every))
                call = self._population.next_call(self._chance, self._now())
                if call.number is not None:  # who withholds it wants no call
                    group.create_task(self._visit(call))

    async def _visit(self, call: NextCall) -> None:
        try:
            booked = await self.book(call)
        except CallbackRefused as refused:
            log.info("visitor_refused", extra={"why": refused.why})
        except StoreError as error:
            log.warning("visitor_not_stored", extra={"why": str(error)})
        else:
            if booked is not None:
                self.booked += 1
                self._known(booked.callback.number, call.reason)

    async def book(self, call: NextCall) -> Booked | None:
        """Open the form, fill it in, send it. None when nothing suits them.

        Raises ``CallbackRefused`` or ``StoreError``.
        """
        chance = self._chance
        site = next((name for name, one in SITES.items() if one.queue == call.queue), "main")
        words = call.words[0] if call.words else None
        language = (words.language if words is not None else None) or "en"
        address = f"198.{chance.choice((18, 19))}.{chance.randrange(256)}.{chance.randrange(256)}"
        offer = await self._booking.offer(site, self._now(), "", language, address)
        if not offer.on or offer.work is not None:
            return None
        when = self._chosen(offer)
        head = self._heads.get(call.reason, "")
        chosen = head if head in dict(offer.reasons) and chance.random() < CHOOSES else ""
        await asyncio.sleep(self._least_fill + chance.uniform(0.5, 6.0))
        form = Form(
            site=site,
            address=address,
            token=offer.token,
            number=call.number or "",
            name=call.name or "",
            language=language,
            zone=offer.zone,
            when=when,
            reason=chosen,
            words=words.text if words is not None else "",
            consent=bool(offer.consent),
        )
        return await self._booking.book(form, self._now())

    def _chosen(self, offer: Offer) -> float | None:
        """When they want to be called: now, or a time within the hour."""
        if offer.now is not None and self._chance.random() < NOW:
            return None
        earliest = self._now() + NOTICE + 60.0
        return SLOT * math.ceil((earliest + self._chance.random() * AHEAD) / SLOT)
