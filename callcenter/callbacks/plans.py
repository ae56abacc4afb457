"""What booking is told of the centre: its sites, its queues and its rules. Plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from callcenter.callback_ports import Caps
from callcenter.floor.callback import Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """A website that offers callbacks."""

    queue: str
    name: str = ""
    """Of the centre, as customers know it."""
    languages: tuple[str, ...] = ("en", "zh-Hans", "zh-Hant")
    reasons: tuple[str, ...] = ()
    """Codes that may be chosen, in this order."""
    answers: bool = True
    contact: str = ""
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTerms:
    """How a queue calls back, as far as a promise is concerned."""

    offered: bool = True
    longest_wait: float = 4 * 3600.0
    """Seconds that a callback for now is kept in line."""


AGENT_ALONE: Final = 1800.0
"""Seconds for which a callback is kept for one agent at most."""


def anybody_from(opens: float, closes: float) -> float:
    """From when on anybody may serve a callback that is kept for one agent: so that at least half
    of its window is left for them. Seconds since the epoch."""
    return opens + min((closes - opens) / 2, AGENT_ALONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """Which numbers are called."""

    countries: frozenset[str]
    """ISO 3166-1; all others are refused."""
    kinds: frozenset[str] = frozenset({"mobile", "fixed", "fixed_or_mobile"})
    blocked_prefixes: tuple[str, ...] = ()
    """E.164 beginnings, such as ``+4470``."""
    own: frozenset[str] = frozenset()
    """The centre's own numbers, E.164."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRules:
    """Rules against abuse, and what holds for all sites."""

    region: str
    """Of the centre, ISO 3166-1: how numbers without a country code are read."""
    zone: str
    """Of the centre, IANA."""
    guard: GuardRules
    caps: Caps = field(default_factory=Caps)
    least_fill: float = 2.0
    """Seconds; nobody fills in the form faster."""
    pressure: int = 30
    """Posts to a site within a minute from which on browsers have to work."""
    confirm: Literal["none", "code"] = "none"
    person_secret: bytes = b""
    """Signs who is signed in at the site; empty: nobody is believed."""
    dry_run: bool = False
    link_days: float = 30.0
    public_url: str = ""


Label = Callable[[str, str], str]
"""The label of a reason, by code and language."""
Lawful = Callable[[Callback, float], bool]
"""Whether, from this moment on (seconds since the epoch), there is one in the window of a callback
at which it may be called (``callcenter.floor.calling_times.next_moment``)."""
Sites = Mapping[str, SitePlan]
Queues = Mapping[str, QueueTerms]
