"""Whether a form comes from a person: its token, how fast it was filled in, the work it needed.

`Entry` is one form on its way through. A token is used up when something is booked by it; before
that, what was done for it (work, a code) is written into another token in its place, so that one
piece of work leads to one booking and no refusal makes anybody work twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final

from callcenter.callback_ports import CallbackRefused, Denial

from . import tokens, work
from .codes import Codes, code_for
from .forms import Form
from .hooks import HookError
from .house import House
from .plans import BookingRules, SitePlan
from .pressure import HOUR, Pressure, Recent, block_of
from .tokens import Token, TokenRefused

PATIENT_SITE: Final = 2
"""Forms of one site that are taken in an hour after a wait instead of the work: so few, because
programs wait as patiently as people."""
PATIENT_BLOCK: Final = 1
CHALLENGES: Final = 60
"""Made for one address block in a minute."""


@dataclass(slots=True)
class Entry:
    """A form on its way through, and what its sender is given back when it is refused."""

    form: Form
    plan: SitePlan
    block: str
    language: str
    at: float
    token: Token | None = None
    """``None``: none that is good (where rules are only tried out)."""
    fresh: str = ""
    """A token in place of the form's."""
    challenge: work.Challenge | None = None
    wait: float = 0.0
    proven: bool = False
    """They have the phone in their hand."""
    person: str | None = None
    """Who is signed in at the site."""
    links: dict[str, str] = field(default_factory=dict)


class Admission:
    def __init__(self, house: House, rules: BookingRules) -> None:
        self._house = house
        self._rules = rules
        self._pressure = Pressure(rules.pressure)
        self._patient_sites = Recent(HOUR, PATIENT_SITE, 1_000)
        self._patient_blocks = Recent(HOUR, PATIENT_BLOCK)
        self._challenges = Recent(60.0, CHALLENGES)
        self._codes = Codes(house.store)
        self._secret: bytes | None = None

    async def key(self, purpose: str) -> bytes:
        """Drawn from the store's secret, which is read once."""
        if self._secret is None:
            self._secret = await self._house.store.secret()
        return tokens.purpose(self._secret, purpose)

    # --- before a form is filled in ---------------------------------------------------------

    async def token(self, site: str, at: float) -> str:
        nonce = self._house.token_bytes(tokens.NONCE)
        return tokens.make(await self.key("form"), site, at, nonce)

    async def challenge(
        self, site: str, address: str, token: str, at: float
    ) -> work.Challenge | None:
        """The work that a form with this token needs at the moment; ``None``: none."""
        block = block_of(address)
        level = self._pressure.level(site, block, at)
        if level <= 1.0 or not self._challenges.take(block, at):
            return None
        return await self._made(token, level, at)

    async def _made(self, token: str, level: float, at: float) -> work.Challenge:
        nonce = self._house.token_bytes(8)
        key = await self.key("work")
        return await asyncio.to_thread(work.make, key, token, nonce, at, work.counters(level))

    # --- a form comes in ---------------------------------------------------------------------

    async def enter(self, entry: Entry) -> None:
        """Count it, look for signs of a program. Raises ``CallbackRefused``: ``form``, ``work``."""
        form, at = entry.form, entry.at
        level = self._pressure.level(form.site, entry.block, at)
        self._pressure.note(form.site, entry.block, at)
        if form.website.strip():
            await self.refuse(entry, "form", "website", "a field that people do not see")
        await self._read(entry)
        done = entry.token is not None and (entry.token.worked or entry.token.coded)
        if level > 1.0 and not done:  # codes are few as it is
            await self._ask_work(entry, level)

    async def refuse(self, entry: Entry, why: Denial, at_field: str, detail: str) -> None:
        """Raises ``CallbackRefused``; where rules are only tried out it is written down instead."""
        if not self._rules.dry_run:
            raise CallbackRefused(why, at_field, detail)
        await self._house.store.note_dry_run(entry.at, entry.form.site, why, detail)

    async def _read(self, entry: Entry) -> None:
        form = entry.form
        key = await self.key("form")
        try:
            entry.token = tokens.read(key, form.token, form.site, entry.at, self._rules.least_fill)
        except TokenRefused as error:
            if error.why != "early":
                entry.fresh = await self.token(form.site, entry.at)
            await self.refuse(entry, "form", "", f"token: {error.why}")

    async def _ask_work(self, entry: Entry, level: float) -> None:
        given, token = entry.form.work, entry.form.token
        verdict: work.Verdict | None = None
        if given is not None:
            verdict = work.check(await self.key("work"), token, given, entry.at)
        if verdict == "solved" or (verdict == "waited" and self._waited(entry)):
            await self.exchange(entry, worked=True)
            return
        if verdict == "early":
            entry.wait = work.PATIENCE
            await self.refuse(entry, "work", "", "sent before the time to wait was over")
            return
        if verdict == "wrong" and entry.token is not None:
            await self._house.store.use_token(entry.token.id, entry.token.until)
        if self._challenges.take(entry.block, entry.at):
            entry.fresh = await self._again(entry)
            entry.challenge = await self._made(entry.fresh, level, entry.at)
            entry.wait = work.PATIENCE if self._patience(entry) else 0.0
        await self.refuse(entry, "work", "", f"work: {verdict or 'none'}")

    def _patience(self, entry: Entry) -> bool:
        return self._patient_sites.free(entry.form.site, entry.at) and self._patient_blocks.free(
            entry.block, entry.at
        )

    def _waited(self, entry: Entry) -> bool:
        if not self._patience(entry):
            return False
        self._patient_sites.note(entry.form.site, entry.at)
        self._patient_blocks.note(entry.block, entry.at)
        return True

    # --- tokens on the way -------------------------------------------------------------------

    async def _again(
        self,
        entry: Entry,
        *,
        worked: bool = False,
        coded: bytes = b"",
        proven: bool = False,
    ) -> str:
        """Another token for the same form, with what was done for it so far."""
        old = entry.token
        return tokens.make(
            await self.key("form"),
            entry.form.site,
            entry.at,
            self._house.token_bytes(tokens.NONCE),
            again=True,
            worked=worked or (old is not None and old.worked),
            coded=coded or (old.coded if old is not None else b""),
            proven=proven or (old is not None and old.proven and not coded),
        )

    async def exchange(
        self, entry: Entry, *, worked: bool = False, coded: bytes = b"", proven: bool = False
    ) -> None:
        """Use up the token and go on with another that says what was done. Raises
        ``CallbackRefused`` (``form``) when it was used already."""
        fresh = await self._again(entry, worked=worked, coded=coded, proven=proven)
        await self.use(entry)
        entry.fresh = fresh
        entry.token = tokens.read(await self.key("form"), fresh, entry.form.site, entry.at, 0.0)

    async def use(self, entry: Entry) -> None:
        """Use up the token. Raises ``CallbackRefused`` (``form``) when it was used already."""
        if entry.token is None or await self._house.store.use_token(
            entry.token.id, entry.token.until
        ):
            return
        entry.fresh = await self.token(entry.form.site, entry.at)
        await self.refuse(entry, "form", "", "token: used")

    async def give_back(self, entry: Entry) -> None:
        """Its token is used, and nothing was booked by it: another in its place."""
        entry.fresh = await self._again(entry)

    # --- codes -------------------------------------------------------------------------------

    async def prove(self, entry: Entry, number: str) -> None:
        """Have the code entered that was sent to the number; send one first. Raises
        ``CallbackRefused`` (``code``, ``code_wrong``, ``number_cap``, ``store``)."""
        key, token = await self.key("code"), entry.token
        marked = tokens.mark(key, number)
        if token is not None and token.coded == marked:
            if token.proven:
                entry.proven = True
                return
            if not entry.form.code.strip():
                raise CallbackRefused("code", "code", "a code was sent")
            verdict = await self._codes.check(key, token, number, entry.form.code, entry.at)
            if verdict == "right":
                await self.exchange(entry, coded=marked, proven=True)
                entry.proven = True
                return
            if verdict == "wrong":
                raise CallbackRefused("code_wrong", "code")
        await self._send(entry, number, key, marked)

    async def _send(self, entry: Entry, number: str, key: bytes, marked: bytes) -> None:
        hook, form = self._house.hook, entry.form
        assert hook is not None  # the constructor of Booking sees to it
        if not await self._codes.may_send(key, form.site, entry.block, number, entry.at):
            raise CallbackRefused("number_cap", "number", "too many codes")
        await self.exchange(entry, coded=marked)
        assert entry.token is not None
        body = {
            "number": number,
            "code": code_for(key, entry.token.id, number),
            "until": entry.token.until,
            "site": form.site,
            "name": entry.plan.name,
            "language": entry.language,
        }
        try:
            await hook.tell("code", body)
        except HookError as error:
            entry.token = replace(entry.token, coded=b"", proven=False)
            await self.give_back(entry)  # nothing was sent: the next form asks for it again
            raise CallbackRefused("store", "code", str(error)) from error
        raise CallbackRefused("code", "code", "a code was sent")
