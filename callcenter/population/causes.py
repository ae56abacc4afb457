"""Why the made-up customers call. This is the truth that predictions are held against.

A cause began at ``start`` and brings ``calls`` calls by its delay law, until ``end`` or until the
person was helped (then a tenth as many), for its own shares of reasons. Causes add up: at any
moment the person calls at the sum of their rates, and the reason is drawn in proportion. The hour
bends heads a little, and everything by how busy hours are (``times``).
``docs/prediction.md`` describes them; ``kinds`` has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .catalogue import Catalogue, Shares
from .laws import DAY, WEEK, Law
from .lives import Life
from .times import BUSIEST, MOST_TILT, busy, tilts

__all__ = ["DAY", "WEEK", "Cause", "rates"]

HELPED = 0.1
"""What is left of the rate of a cause about which the person was helped."""


@dataclass(slots=True)
class Cause:
    """One thing that makes one person call. Only ``closed`` changes."""

    kind: str
    start: float
    end: float
    calls: float
    """Expected, by the law alone."""
    law: Law
    shares: Shares
    closed: float = math.inf
    """When the person was helped about it."""

    def rate(self, at: float) -> float:
        """Calls a second at ``at`` before hours and heads have their say."""
        if not self.start <= at < self.end:
            return 0.0
        rate = self.calls * self.law.density(at - self.start)
        return rate * HELPED if self.closed <= at else rate

    def most(self, first: float, last: float) -> float:
        """No ``rate`` from ``first`` to ``last`` is higher."""
        if self.start > last or self.end <= first:
            return 0.0
        rate = self.calls * self.law.most(first - self.start, last - self.start)
        return rate * HELPED if self.closed <= first else rate

    def times(self, rng: Random, first: float, until: float) -> Iterator[float]:
        """Moments in [``first``, ``until``) at which a call may begin: as many as at the busiest
        hour, so that most are to be thinned out by ``busy`` and ``tilts``."""
        first, until = max(first, self.start), min(until, self.end)
        if first < until:
            most = self.calls * BUSIEST * MOST_TILT
            for age in self.law.draw(rng, most, first - self.start, until - self.start):
                yield self.start + age

    def about(self, reason: str) -> bool:
        """The reason is much of what it is about."""
        return any(code == reason and share >= 0.25 for code, share in self.shares)


def begin(
    kind: str, start: float, calls: float, law: Law, shares: Shares, end: float = math.inf
) -> Cause:
    return Cause(kind, start, min(end, start + law.longest), calls, law, shares)


def rates(life: Life, at: float, catalogue: Catalogue) -> dict[str, float]:
    """Calls a second for each reason by this person at ``at``."""
    found: dict[str, float] = {}
    for cause in life.causes:
        if cause.start <= at < cause.end and (rate := cause.rate(at)) > 0:
            for code, share in cause.shares:
                found[code] = found.get(code, 0.0) + rate * share
    pace = busy(life.hours, at)
    heads = catalogue.head_of
    bent = tilts(at)
    return {code: rate * pace * bent.get(heads[code], 1.0) for code, rate in found.items()}
