"""Which numbers are called at all. Pure: what to do about a finding is for booking.

Everything is refused that is not allowed: a country that is not named, a kind that is not named.
Numbers that cost whoever calls them are refused whatever is configured, also where rules are only
tried out: those who make such requests earn by every call that is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callcenter.callback_ports import NEVER_CALLED, Denial
from callcenter.ports import PhoneNumber

from .plans import GuardRules

WORLDWIDE: Final = (
    ("+808", "international shared cost"),
    ("+870", "Inmarsat satellites"),
    ("+878", "universal personal telecommunications"),
    ("+881", "global mobile satellites"),
    ("+882", "international networks, satellites among them"),
    ("+883", "international networks, satellites among them"),
    ("+888", "disaster relief"),
    ("+979", "international premium rate"),
    ("+991", "trials"),
)
"""Country codes of no country, by their beginnings: satellites and international tariffs. Source:
ITU-T Recommendation E.164, list of assigned country codes (annex to the ITU Operational Bulletin
No. 1114, 15 December 2016), codes for global services, networks and groups of countries. +800,
international freephone, is of the kind ``toll_free``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that speaks against calling a number. ``hard``: also where rules are only tried
    out."""

    why: Denial
    detail: str
    hard: bool


def judged(number: PhoneNumber, rules: GuardRules) -> tuple[Finding, ...]:
    """What speaks against calling it; nothing: it may be called. ``number`` as it was read, of
    which the first reading is dialled."""
    if number.anonymous:
        return (Finding("number_withheld", "withheld or empty", True),)
    if not number.readings:
        return (Finding("number_bad", "cannot be read as a number", True),)
    dialled = number.readings[0]
    found: list[Finding] = []
    worldwide = next((what for code, what in WORLDWIDE if dialled.startswith(code)), None)
    if worldwide is not None:
        found.append(Finding("kind", worldwide, True))
    elif number.kind in NEVER_CALLED:
        found.append(Finding("kind", number.kind, True))
    if dialled in rules.own:
        found.append(Finding("prefix", "a number of the centre's own", True))
    if number.region is None or number.region not in rules.countries:
        found.append(Finding("country", number.region or "no country's", False))
    if number.kind not in rules.kinds and number.kind not in NEVER_CALLED:
        found.append(Finding("kind", number.kind, False))
    prefix = next((one for one in rules.blocked_prefixes if dialled.startswith(one)), None)
    if prefix is not None:
        found.append(Finding("prefix", prefix, False))
    return tuple(found)
