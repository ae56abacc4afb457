"""Numbers as somebody typed them: read, judged, and placed in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

from callcenter.callback_ports import CallbackRefused
from callcenter.ports import PhoneNumber

from .forms import Read
from .guard import judged
from .house import House
from .plans import BookingRules
from .zones import number_zone, zone_of

MOST: Final = 128
"""Characters; ``telephony.numbers`` reads no longer ones."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number that may be called."""

    e164: str
    readings: tuple[str, ...]
    region: str | None


class Zones(TypedDict):
    """Fields of a ``Callback``."""

    zone: str
    number_zone: str | None


class Reading:
    def __init__(self, house: House, rules: BookingRules) -> None:
        self._house = house
        self._rules = rules

    async def number(
        self, raw: str, region: str, at: float, site: str | None, *, note: bool = True
    ) -> Dialled:
        """Raises ``CallbackRefused`` for field ``number``. Where rules are only tried out, those
        that may be broken then are noted (``note``) and broken."""
        found = self._understood(raw, region)
        for finding in judged(found, self._rules.guard):
            if finding.hard or not self._rules.dry_run:
                raise CallbackRefused(finding.why, "number", finding.detail)
            if note:
                await self._house.store.note_dry_run(at, site, finding.why, finding.detail)
        return Dialled(found.readings[0], found.readings, found.region)

    def known(self, raw: str) -> str | None:
        """The number, E.164, whether it may be called or not; ``None``: it is none."""
        return next(iter(self._understood(raw, "").readings), None)

    def dialled(self, raw: str, region: str) -> Dialled | None:
        """As it is understood, whether it may be called or not; ``None``: it is no number."""
        found = self._understood(raw, region)
        if not found.readings:
            return None
        return Dialled(found.readings[0], found.readings, found.region)

    def region(self, given: str) -> str:
        """The country that was chosen, ISO 3166-1; the centre's where that is none."""
        code = given.strip().upper()
        right = len(code) == 2 and code.isascii() and code.isalpha()
        return code if right else self._rules.region

    def _understood(self, raw: str, region: str) -> PhoneNumber:
        """Half characters are no number, and no home of numbers is made to read them."""
        if len(raw) > MOST or any("\ud800" <= one <= "\udfff" for one in raw):
            return PhoneNumber("", (), "unknown", None, False)
        return self._house.read(raw, self.region(region))

    def shown(self, dialled: Dialled) -> Read:
        return Read(
            e164=dialled.e164,
            shown=self._house.shown(dialled.e164),
            region=dialled.region,
            zone=number_zone(dialled.e164, self._house.zones, self._rules.zone),
        )

    def zone(self, given: str, dialled: Dialled | None) -> str:
        """The customer's."""
        number = dialled.e164 if dialled is not None else None
        return zone_of(given, number, self._house.zones, self._rules.zone)

    def zones(self, given: str, dialled: Dialled) -> Zones:
        """The customer's, and the number's where that is another one."""
        zone = self.zone(given, dialled)
        elsewhere = zone not in self._house.zones(dialled.e164)
        return Zones(
            zone=zone,
            number_zone=number_zone(dialled.e164, self._house.zones, self._rules.zone)
            if elsewhere
            else None,
        )
