"""Booking: the one way to a callback, from a website, the line, an agent or a case.

Each request is checked for what holds for its kind, and then given to the store, which checks what
only a count over all engines can say, and stores it: when that returns, it is promised. Knows no
HTTP, no SQL and no exchange.
"""

from __future__ import annotations

import hmac
import logging
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from callcenter.callback_ports import CallbackRefused, Caps, Source
from callcenter.floor.callback import OPEN, Callback
from callcenter.floor.events import CallbackBooked, CallbackDenied
from callcenter.floor.orders import RequestCallback

from .admission import Admission
from .changes import Changes
from .deflection import Deflections
from .forms import (
    Booked,
    Form,
    Offer,
    Read,
    Shown,
    StaffRequest,
    UnknownSite,
)
from .house import House, Opening, told
from .openings import Openings
from .plans import BookingRules, QueueTerms, SitePlan, anybody_from
from .promising import Promising
from .reading import Dialled, Reading
from .references import reference
from .texts import language_of, number_hint
from .typed import NotText, line, words
from .web_forms import WebForms, as_form
from .zones import is_zone

log: Final = logging.getLogger(__name__)


class Booking:
    """Also the port ``callcenter.callback_ports.Requests``."""

    def __init__(
        self,
        house: House,
        rules: BookingRules,
        sites: Mapping[str, SitePlan],
        queues: Mapping[str, QueueTerms],
    ) -> None:
        """Raises ``ValueError`` when a code is to be sent and there is no hook to send it."""
        if rules.confirm == "code" and house.hook is None:
            raise ValueError("confirm = 'code' needs a hook that sends the code")
        self._house = house
        self._rules = rules
        self._sites = sites
        self._queues = queues
        self._reading = Reading(house, rules)
        self._admission = Admission(house, rules)
        self._openings = Openings(house, self._reading)
        self._promising = Promising(house, rules, queues)
        self._changes = Changes(house, rules, self._admission.key)
        self._deflections = (
            Deflections(house.store, house.answers, rules.zone, house.token_bytes)
            if house.answers is not None
            else None
        )
        self._web = WebForms(
            house,
            rules,
            self._reading,
            self._promising,
            self._admission,
            self._changes,
            self._deflections,
        )

    # --- what a form shows -------------------------------------------------------------------

    async def offer(
        self, site: str, at: float, zone: str = "", language: str = "", address: str = ""
    ) -> Offer:
        """Raises ``UnknownSite``. ``address``: of whoever looks at the form."""
        plan = self._site(site)
        spoken = language_of(language, plan.languages)
        why = await self._promising.closed(plan.queue, shown=True)
        token = await self._admission.token(site, at)
        who = self._openings.somebody(plan.queue, at, zone=zone)
        return Offer(
            site=site,
            name=plan.name,
            language=spoken,
            zone=zone if is_zone(zone) else self._rules.zone,
            on=why is None,
            why=why,
            token=token,
            now=await self._openings.now(who, at) if why is None else None,
            reasons=tuple((one, self._house.label(one, spoken)) for one in plan.reasons),
            consent=plan.consent,
            contact=plan.contact,
            answers=plan.answers and self._deflections is not None,
            code=self._rules.confirm == "code",
            work=await self._admission.challenge(site, address, token, at),
            number_hint=number_hint(spoken),
            region=self._rules.region,
            regions=tuple(sorted(self._rules.guard.countries)),
        )

    async def number(self, site: str, raw: str, region: str = "", language: str = "") -> Read:
        """A number as it is understood. Raises ``FormRefused``, ``UnknownSite``. The list of who
        does not want to be called is not asked: it would tell strangers who is on it."""
        plan = self._site(site)
        try:
            found = await self._reading.number(raw, region, self._house.clock(), site, note=False)
        except CallbackRefused as error:
            raise as_form(error, language_of(language, plan.languages)) from error
        return self._reading.shown(found)

    async def book(self, form: Form, at: float) -> Booked:
        """A form was sent. Raises ``FormRefused``, ``UnknownSite``."""
        return await self._web.book(form, self._site(form.site), at)

    async def slots(
        self,
        queue: str,
        at: float,
        until: float,
        *,
        zone: str | None = None,
        region: str = "",
        number: str = "",
    ) -> Sequence[Opening]:
        """Windows of a queue with room that open before ``until``, earliest first. With a ``zone``
        (empty: not known), those that are lawful for somebody there, in ``region``, with
        ``number`` (as typed), as far as that is told."""
        if queue not in self._queues:
            return ()
        who = None
        if zone is not None:
            who = self._openings.somebody(queue, at, zone=zone, region=region, number=number)
        return await self._openings.slots(queue, at, until, who)

    async def slots_for(self, callback: Callback, at: float, until: float) -> Sequence[Opening]:
        """Where this callback can be moved to."""
        if callback.queue not in self._queues:
            return ()
        return await self._openings.slots(callback.queue, at, until, callback)

    # --- from the line, from staff -----------------------------------------------------------

    async def from_queue(
        self, order: RequestCallback, at: float
    ) -> CallbackBooked | CallbackDenied:
        """A caller in line. They keep their place; who is believed is their number, no form.
        Whatever they entered, and whatever the store does, is answered, not raised."""
        try:
            await self._admission.key("link")  # what needs the store, before it is stored
            new = await self._asked(order, at)
            new = await self._promising.store(
                new, Source(), self._rules.caps, None, self._house.chance
            )
        except CallbackRefused as error:
            self._house.count(error.why)
            return CallbackDenied(at=at, call=order.call, why=error.why)
        except self._house.store_errors as error:
            self._house.count("store")
            log.warning("callback_not_stored", extra={"call": order.call, "error": str(error)})
            return CallbackDenied(at=at, call=order.call, why="store")
        await self._promised(new)
        return CallbackBooked(at=at, call=order.call, id=new.id)

    async def _asked(self, order: RequestCallback, at: float) -> Callback:
        why = await self._promising.closed(order.queue)
        if why is not None:
            raise CallbackRefused(why)
        raw = order.number.strip("#* ") if order.entered else order.number
        dialled = await self._reading.number(raw, "", at, None)
        reason = order.reason if order.reason in self._house.reasons else None
        new = self._outline(order.queue, dialled, at, order.name, order.language, order.words)
        new = replace(
            new,
            origin="queue",
            place=min(order.place, at),
            closes=at + self._promising.terms(order.queue).longest_wait,
            person=order.person or await self._house.who(dialled.readings),
            reason=reason,
        )
        estimate = self._house.estimate(order.queue, at)
        if await self._house.promises.now(order.queue, at, estimate, in_line=True) is None:
            raise CallbackRefused("closed", "when")
        self._promising.lawful(new, at)
        return new

    async def by_staff(self, request: StaffRequest, at: float) -> Callback:
        """For an agent or a case. Raises ``CallbackRefused``; ``ref`` names the open one."""
        try:
            return await self._by_staff(request, at)
        except CallbackRefused as error:
            if error.why == "open_one":  # the same request, both on their way at once
                again = await self.asked_before(request.by, request.key, request.number)
                if again is not None:
                    return again
            self._house.count(error.why)
            raise

    async def asked_before(self, by: str, key: str, number: str) -> Callback | None:
        """What was booked for this request of theirs, if it still stands; ``number`` as typed."""
        if not key:
            return None
        row = await self._house.store.one(reference(await self._chance(by, key)))
        if row is None or row.state not in OPEN or row.number != self._reading.known(number):
            return None
        self._house.count("again")
        return row

    async def _chance(self, by: str, key: str) -> random.Random:
        """What the reference is drawn by: the same request gives the same one."""
        if not key:
            return self._house.chance
        secret = await self._admission.key("staff reference")
        seed = hmac.digest(secret, f"{by}\0{key}".encode(), "sha256")
        return random.Random(seed)  # noqa: S311  # a name, not a secret

    async def _by_staff(self, request: StaffRequest, at: float) -> Callback:
        why = await self._promising.closed(request.queue)
        if why is not None:
            raise CallbackRefused(why, "queue", "this queue takes no callbacks")
        await self._admission.key("link")
        terms = self._promising.terms(request.queue)
        dialled = await self._reading.number(request.number, "", at, None)
        new = self._outline(
            request.queue, dialled, at, request.name, request.language, request.words
        )
        opens = max(request.opens, at)
        closes = opens + terms.longest_wait if request.closes is None else request.closes
        if closes <= opens:
            raise CallbackRefused("slot_unknown", "when", "its window is over before it opens")
        new = replace(
            new,
            origin=request.origin,
            state="scheduled" if opens > at else "requested",
            place=opens,
            opens=opens,
            closes=closes,
            due=opens,
            **self._reading.zones(request.zone, dialled),
            person=request.person or await self._house.who(dialled.readings),
            reason=self._promising.reason(request.reason),
            case=request.case,
            agent=request.agent,
            agent_until=None if request.agent is None else anybody_from(opens, closes),
            by=request.by,
        )
        self._promising.lawful(new, at)
        caps = Caps(
            number_day=None,
            address_hour=None,
            prefix_hour=None,
            site_hour=None,
            spend_hour=self._rules.caps.spend_hour,
        )
        chance = await self._chance(request.by, request.key)
        new = await self._promising.store(new, Source(), caps, request.slot, chance)
        await self._promised(new)
        return new

    async def _promised(self, new: Callback) -> None:
        """It is stored: the keeper and the house hear of it."""
        self._house.booked()
        self._house.count("booked")
        _, links = await self._changes.links(new)
        self._house.tell("booked", {**told(new), "links": dict(links)})

    def _outline(
        self,
        queue: str,
        dialled: Dialled,
        at: float,
        name: str | None,
        language: str | None,
        text: str,
    ) -> Callback:
        return Callback(
            id="",
            version=1,
            state="requested",
            origin="queue",
            queue=queue,
            number=dialled.e164,
            region=dialled.region,
            zone=self._reading.zone("", dialled),
            made=at,
            place=at,
            opens=at,
            closes=at,
            due=at,
            name=_tidy(name or "") or None,
            language=language or None,
            words=_tidy(text, lines=True),
        )

    # --- afterwards ---------------------------------------------------------------------------

    async def status(self, ref: str, key: str, at: float | None = None) -> Callback:
        """Raises ``LinkRefused``."""
        return await self._changes.status(ref, key, self._house.clock() if at is None else at)

    async def move(self, ref: str, key: str, opens: float, at: float) -> Callback:
        """Raises ``LinkRefused``, ``TooLate``, ``FormRefused``."""
        return await self._changes.move(ref, key, opens, at)

    async def cancel(self, ref: str, key: str, at: float) -> Callback:
        """Raises ``LinkRefused``, ``TooLate``."""
        return await self._changes.cancel(ref, key, at)

    async def links(self, callback: Callback) -> Mapping[str, str]:
        """Where this callback is seen, moved and cancelled: for its customer, nobody else."""
        return (await self._changes.links(callback))[1]

    # --- answers ------------------------------------------------------------------------------

    async def answers(self, site: str, words: str, reason: str, language: str, at: float) -> Shown:
        """Likely answers for somebody who is about to ask for a callback; empty where a site shows
        none. Raises ``UnknownSite``."""
        plan = self._site(site)
        if self._deflections is None or not plan.answers:
            return Shown()
        key = await self._admission.key("deflection")
        spoken = language_of(language, plan.languages)
        return await self._deflections.answers(key, site, words, reason, spoken, at)

    async def answered(
        self,
        deflection: str,
        opened: Collection[str],
        solved: bool | None,
        number: str | None,
        at: float | None = None,
    ) -> bool:
        """Note what became of answers; ``False``: they were not shown here. ``number`` as typed,
        if they told it: one that cannot be read is left out."""
        if self._deflections is None:
            return False
        known = self._reading.known(number or "")
        return await self._deflections.answered(
            await self._admission.key("deflection"),
            deflection,
            self._house.clock() if at is None else at,
            opened=opened,
            solved=solved,
            number=known,
        )

    def _site(self, site: str) -> SitePlan:
        plan = self._sites.get(site)
        if plan is None:
            raise UnknownSite(site)
        return plan


def _tidy(text: str, *, lines: bool = False) -> str:
    """Text that came with a call: what is none is left out."""
    try:
        return words(text) if lines else line(text)
    except NotText:
        return ""
