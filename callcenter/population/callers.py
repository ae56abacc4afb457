"""Who rings, with which number, for what: one call drawn as the made-up customers make them.

Both the played past weeks and living simulated callers come from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from callcenter.floor.card import Words

from .causes import Cause, rates
from .lives import Life
from .names import Name, family_name, full_name, network_name
from .numbers import NumberPool, network_form
from .times import busy, tilts
from .world import Reasons

DIALLED = {
    "service": "+442079460100",
    "sales": "+442079460101",
    "support": "+442079460102",
}
"""The bank's own numbers, one for each queue (those of ``config/asterisk/extensions.conf``)."""

UNKNOWN = 0.07
"""Share of calls by people who are not customers, from numbers nobody knows."""
BORROWED = 0.03
"""Share of calls from a customer's number by somebody else."""
WITHHELD = 0.05
ASTRAY = 0.1
"""Share of callers in another queue than the usual one for their reason."""
MEAN_PATIENCE = 240.0
_PERIOD = 1800.0
"""Seconds for which one bound of everybody's rate holds."""
_KEPT = 50
"""Periods whose bounds are remembered: a day and a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCall:
    """A call about to be made. What the engine may see is ``number``, ``name``, ``dialled`` and, as
    they come, ``words``."""

    person: str | None
    """The customer who really calls; ``None``: nobody the bank knows."""
    number: str | None
    """As the exchange reports it: national or international, or ``None`` when withheld."""
    name: str | None
    queue: str
    dialled: str
    reason: str
    """Why they really call."""
    truth: Mapping[str, float]
    """The true probability of each reason for this person at this moment, before any word."""
    patience: float
    """Seconds they wait before they give up."""
    words: tuple[Words, ...] = ()
    """Said to the menu or written with the callback they asked for."""


def draw_call(
    rng: Random, life: Life, at: float, truth: Mapping[str, float], reason: str, reasons: Reasons
) -> NextCall:
    """A call by this customer for ``reason``, drawn from ``truth``."""
    phones = [point for point in life.base.points if point.kind == "phone"]
    weights = [{"mobile": 6.0, "home": 2.5, "work": 1.0}[p.label or "home"] for p in phones]
    phone = rng.choices(phones, weights)[0].value
    if rng.random() < BORROWED:
        language = life.base.language or "en"
        guest = full_name(rng, language, family_name(rng, language))
        return _by_nobody(rng, guest, network_form(rng, phone), at, reasons)
    shown = None if rng.random() < WITHHELD else network_form(rng, phone)
    return _call(rng, life.base.id, life.name, shown, truth, reason, reasons)


def draw_stranger(rng: Random, at: float, reasons: Reasons) -> NextCall:
    """A call by somebody who is no customer."""
    name = full_name(rng, "en", family_name(rng, "en"))
    number = NumberPool(rng).mobile(rng.choice(("GB", "US", "DE")))
    shown = None if rng.random() < WITHHELD else network_form(rng, number)
    return _by_nobody(rng, name, shown, at, reasons)


def shared_out(found: Mapping[str, float]) -> dict[str, float]:
    """Rates as probabilities."""
    total = sum(found.values())
    return {code: rate / total for code, rate in found.items()}


class Crowd:
    """Draws customers in proportion to how often they call at a moment after the past weeks.

    For each half hour it bounds everybody's rate once (a tenth of a second for 5,000 people), draws
    in proportion to the bounds and keeps a person with probability rate to bound: exact at every
    moment, some ten microseconds a draw.
    """

    def __init__(self, lives: Sequence[Life], since: float, reasons: Reasons) -> None:
        self._reasons = reasons
        self._alive: list[tuple[Life, list[Cause]]] = [
            (life, [cause for cause in life.causes if cause.end > since]) for life in lives
        ]
        self._periods: dict[float, tuple[list[float], list[float]]] = {}

    def next_call(self, rng: Random, at: float) -> NextCall:
        """Raises ``ValueError`` when there is nobody who ever calls."""
        bounds, ends = self._bounds(at // _PERIOD)
        while True:
            index = rng.choices(range(len(ends)), cum_weights=ends)[0]
            life = self._alive[index][0]
            found = rates(life, at, self._reasons.catalogue)
            if rng.random() * bounds[index] < sum(found.values()):
                truth = shared_out(found)
                reason = rng.choices(list(truth), list(truth.values()))[0]
                return draw_call(rng, life, at, truth, reason, self._reasons)

    def _bounds(self, period: float) -> tuple[list[float], list[float]]:
        """Bounds of everybody's rate in this period, and their sums so far."""
        found = self._periods.get(period)
        if found is None:
            first, last = period * _PERIOD, (period + 1) * _PERIOD
            # Hours, days and parts of the day begin with a period: these are of all of it.
            bent = max(1.0, *tilts(first).values())
            bounds = [
                sum(cause.most(first, last) for cause in causes) * busy(life.hours, first) * bent
                for life, causes in self._alive
            ]
            found = bounds, list(accumulate(bounds))
            if not bounds or found[1][-1] <= 0:
                raise ValueError("nobody has anything to call about")
            if len(self._periods) >= _KEPT:
                self._periods.clear()
            self._periods[period] = found
        return found


def _by_nobody(
    rng: Random, name: Name, number: str | None, at: float, reasons: Reasons
) -> NextCall:
    truth = reasons.strangers(at)
    reason = rng.choices(list(truth), list(truth.values()))[0]
    return _call(rng, None, name, number, truth, reason, reasons)


def _call(
    rng: Random,
    person: str | None,
    name: Name,
    number: str | None,
    truth: Mapping[str, float],
    reason: str,
    reasons: Reasons,
) -> NextCall:
    queue = reasons.catalogue.queue_of(reason)
    if rng.random() < ASTRAY or queue not in DIALLED:
        queue = rng.choice([other for other in DIALLED if other != queue])
    return NextCall(
        person=person,
        number=number,
        name=None if number is None else network_name(rng, name),
        queue=queue,
        dialled=DIALLED[queue],
        reason=reason,
        truth=truth,
        patience=20.0 + rng.expovariate(1 / MEAN_PATIENCE),
    )
