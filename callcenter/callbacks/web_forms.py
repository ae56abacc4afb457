"""A form that was sent from a website: everything that is checked before it is a promise."""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import random
from dataclasses import replace
from typing import Final

from callcenter.callback_ports import CallbackRefused, SlotHold, Source
from callcenter.floor.callback import OPEN, Callback
from callcenter.ports import Happening

from .admission import Admission, Entry
from .changes import Changes
from .deflection import Deflections
from .forms import Booked, Form, FormRefused
from .house import House, told
from .plans import BookingRules, SitePlan
from .pressure import block_of
from .promising import Promising
from .reading import Reading
from .references import reference
from .texts import language_of, message, public
from .tokens import read_person
from .typed import NotText, line, words

log: Final = logging.getLogger(__name__)


class WebForms:
    def __init__(
        self,
        house: House,
        rules: BookingRules,
        reading: Reading,
        promising: Promising,
        admission: Admission,
        changes: Changes,
        deflections: Deflections | None,
    ) -> None:
        self._house = house
        self._rules = rules
        self._reading = reading
        self._promising = promising
        self._admission = admission
        self._changes = changes
        self._deflections = deflections

    async def book(self, form: Form, plan: SitePlan, at: float) -> Booked:
        """Raises ``FormRefused``. The same form sent twice (an answer was lost on
        the way) is answered twice and booked once."""
        entry = Entry(
            form=form,
            plan=plan,
            block=block_of(form.address),
            language=language_of(form.language, plan.languages),
            at=at,
        )
        try:
            return await self._book(entry)
        except CallbackRefused as error:
            self._house.count(error.why)
            raise as_form(error, entry.language, entry) from error
        except self._house.store_errors as error:
            self._house.count("store")
            log.warning("callback_not_stored", extra={"error": str(error)})
            raise as_form(CallbackRefused("store"), entry.language, entry) from error

    async def _book(self, entry: Entry) -> Booked:
        form, at, queue = entry.form, entry.at, entry.plan.queue
        why = await self._promising.closed(queue)
        if why is not None:
            raise CallbackRefused(why)
        await self._admission.enter(entry)
        new = self._typed(entry)
        dialled = await self._reading.number(form.number, form.region, at, form.site)
        entry.person = read_person(self._rules.person_secret, form.customer, at)
        new = replace(
            new,
            number=dialled.e164,
            region=dialled.region,
            **self._reading.zones(form.zone, dialled),
            person=entry.person or await self._house.who(dialled.readings),
        )
        again = await self._sent_before(entry, new)
        if again is not None:
            self._house.count("again")
            return again
        new, slot = await self._window(new, form.when, at)
        if self._rules.confirm == "code" and entry.person is None:
            await self._admission.prove(entry, new.number)
        return await self._finish(entry, new, slot)

    def _typed(self, entry: Entry) -> Callback:
        """The callback as far as text goes. Raises ``CallbackRefused`` (``text``)."""
        form, at = entry.form, entry.at
        return Callback(
            id="",
            version=1,
            state="requested",
            origin="web",
            queue=entry.plan.queue,
            number="",
            zone=self._rules.zone,
            made=at,
            place=at,
            opens=at,
            closes=at,
            due=at,
            name=_said(form.name, "name") or None,
            language=entry.language,
            reason=self._promising.reason(form.reason, entry.plan.reasons),
            words=_said(form.words, "words", lines=True),
            site=form.site,
            consent=consented(entry.plan.consent, entry.language) if form.consent else "",
        )

    async def _window(
        self, new: Callback, when: float | None, at: float
    ) -> tuple[Callback, SlotHold | None]:
        """Now, or a slot. Raises ``CallbackRefused`` for field ``when``."""
        slot = None
        if when is None:
            estimate = self._house.estimate(new.queue, at)
            window = await self._house.promises.now(new.queue, at, estimate)
            if window is None:
                raise CallbackRefused("closed", "when")
            opens, closes = window.opens, window.closes
            new = replace(new, opens=opens, closes=closes, due=opens)
        else:
            if not math.isfinite(when) or abs(when - at) > 400 * 86_400.0:
                raise CallbackRefused("slot_unknown", "when")
            chosen = await self._house.promises.window(new.queue, when, at)
            if chosen is None:
                raise CallbackRefused("slot_unknown", "when")
            opens, closes = chosen.opens, chosen.closes
            slot = SlotHold(opens=opens, capacity=chosen.capacity)
            new = replace(
                new, state="scheduled", opens=opens, closes=closes, due=opens, place=opens
            )
        self._promising.lawful(new, at)
        return new, slot

    async def _finish(self, entry: Entry, new: Callback, slot: SlotHold | None) -> Booked:
        chance = await self._chance(entry)
        await self._admission.use(entry)
        source = Source(site=entry.form.site, address=entry.block)
        try:
            agreed = entry.plan.consent if new.consent else ""
            new = await self._promising.store(new, source, self._rules.caps, slot, chance, agreed)
        except CallbackRefused as error:
            await self._admission.give_back(entry)
            await self._known(entry, new, error)
            raise
        except self._house.store_errors:
            await self._admission.give_back(entry)
            raise
        return await self._promised(entry, new)

    async def _chance(self, entry: Entry) -> random.Random:
        """What the reference of a form is drawn by: the same form gives the same one."""
        if entry.token is None:
            return self._house.chance
        key = await self._admission.key("reference")
        seed = hmac.digest(key, entry.token.id.encode(), "sha256")
        return random.Random(seed)  # noqa: S311  # a name, not a secret

    async def _sent_before(self, entry: Entry, new: Callback) -> Booked | None:
        """What was booked by this very form, if it still stands."""
        if entry.token is None:
            return None
        ref = reference(await self._chance(entry))
        row = await self._house.store.one(ref)
        if row is None or row.state not in OPEN or row.number != new.number:
            return None
        return await self.booked(row)

    async def _known(self, entry: Entry, new: Callback, error: CallbackRefused) -> None:
        """Who proved who they are is shown their open callback; nobody is shown another's."""
        ref, error.ref = error.ref, ""
        if error.why != "open_one" or not (entry.proven or entry.person):
            return
        row = await self._house.store.one(ref) if ref else None
        if row is None:
            return
        if (entry.person is not None and row.person == entry.person) or (
            entry.proven and row.number == new.number
        ):
            error.ref = row.id
            entry.links = dict((await self._changes.links(row))[1])

    async def _promised(self, entry: Entry, new: Callback) -> Booked:
        """It is stored. What fails from here on is no reason to tell anybody that it is not."""
        self._house.booked()
        self._house.count("booked")
        booked = await self.booked(new)
        body = {**told(new), "links": dict(booked.links), "shown": booked.shown}
        self._house.tell("booked", {**body, "consent": _consent(entry, new)})
        try:
            if new.person is not None and (entry.person is not None or entry.proven):
                await self._happened(new.person, new)
            if self._deflections is not None and entry.form.deflection:
                await self._deflections.answered(
                    await self._admission.key("deflection"),
                    entry.form.deflection,
                    entry.at,
                    booked=new.id,
                    number=new.number,
                    person=new.person,
                )
        except self._house.store_errors as error:
            log.warning("callback_not_told", extra={"callback": new.id, "error": str(error)})
        return booked

    async def _happened(self, person: str, new: Callback) -> None:
        """Tell the mind that somebody whom we know for certain asked to be called."""
        if self._house.surroundings is None:
            return
        kind = Happening(
            id=f"callback-{new.id}", at=new.made, kind="callback_asked", topic=new.reason
        )
        await self._house.surroundings.happened(person, (kind,))

    async def booked(self, row: Callback) -> Booked:
        key, links = await self._changes.links(row)
        return Booked(callback=row, key=key, links=links, shown=self._house.shown(row.number))


def consented(text: str, language: str) -> str:
    """To what they agreed, as it is stored; empty where no text was shown. Which text it was is
    found by its SHA-256: the same words in another order are another text."""
    if not text:
        return ""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {language}"


def _consent(entry: Entry, new: Callback) -> dict[str, object] | None:
    text = entry.plan.consent
    return {"text": text, "given": entry.form.consent, "stored": new.consent} if text else None


def as_form(error: CallbackRefused, language: str, entry: Entry | None = None) -> FormRefused:
    why = error.why
    return FormRefused(
        why,
        error.field,
        error.detail,
        error.ref if entry is not None and entry.links else "",
        code=public(why),
        message=message(why, language),
        token=entry.fresh if entry is not None else "",
        challenge=entry.challenge if entry is not None else None,
        wait=entry.wait if entry is not None else 0.0,
        links=entry.links if entry is not None else None,
    )


def _said(text: str, name: str, *, lines: bool = False) -> str:
    try:
        return words(text) if lines else line(text)
    except NotText as error:
        raise CallbackRefused("text", name, str(error)) from error
