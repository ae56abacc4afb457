"""Delay laws: when the calls of a cause come, counted from its beginning.

Each has a density over the age of the cause in calls a second for one expected call, and can draw
times from it. Pure; chance is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

DAY = 86400.0
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Fading:
    """Exponential: most at once, half as much after each ``half`` seconds."""

    half: float
    longest: float = field(init=False)
    _mean: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "longest", 8 * self.half)
        object.__setattr__(self, "_mean", self.half / math.log(2))

    def density(self, age: float) -> float:
        return math.exp(-age / self._mean) / self._mean

    def most(self, first: float, last: float) -> float:
        """The highest density at ages from ``first`` to ``last``."""
        return self.density(max(0.0, first))

    def delay(self, rng: Random) -> float:
        return rng.expovariate(1 / self._mean)

    def draw(self, rng: Random, count: float, first: float, last: float) -> Iterator[float]:
        """Ages of the calls in [``first``, ``last``) when ``count`` are expected in all."""
        for _ in range(poisson(rng, count)):
            if first <= (age := self.delay(rng)) < last:
                yield age


@dataclass(frozen=True, slots=True)
class Delayed:
    """Log-normal: half of the calls come within ``median`` seconds, ``sigma`` is of the log."""

    median: float
    sigma: float
    longest: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "longest", self.median * math.exp(2.8 * self.sigma))

    def density(self, age: float) -> float:
        if age <= 0:
            return 0.0
        z = math.log(age / self.median) / self.sigma
        return math.exp(-0.5 * z * z) / (age * self.sigma * math.sqrt(2 * math.pi))

    def most(self, first: float, last: float) -> float:
        mode = self.median * math.exp(-self.sigma * self.sigma)
        return self.density(min(max(mode, first), last))

    def delay(self, rng: Random) -> float:
        return rng.lognormvariate(math.log(self.median), self.sigma)

    def draw(self, rng: Random, count: float, first: float, last: float) -> Iterator[float]:
        for _ in range(poisson(rng, count)):
            if first <= (age := self.delay(rng)) < last:
                yield age


@dataclass(frozen=True, slots=True)
class Steady:
    """``count`` calls in every ``span`` seconds, for ever."""

    span: float
    longest: float = math.inf

    def density(self, age: float) -> float:
        return 1 / self.span

    def most(self, first: float, last: float) -> float:
        return 1 / self.span

    def draw(self, rng: Random, count: float, first: float, last: float) -> Iterator[float]:
        for _ in range(poisson(rng, count * (last - first) / self.span)):
            yield rng.uniform(first, last)


@dataclass(frozen=True, slots=True)
class Weekly:
    """``count`` calls a week, all in the first ``window`` seconds of each week of its life."""

    window: float
    longest: float = math.inf

    def density(self, age: float) -> float:
        return 1 / self.window if age % WEEK < self.window else 0.0

    def most(self, first: float, last: float) -> float:
        return 1 / self.window

    def draw(self, rng: Random, count: float, first: float, last: float) -> Iterator[float]:
        week = first // WEEK * WEEK
        while week < last:
            for _ in range(poisson(rng, count)):
                age = week + rng.random() * self.window
                if first <= age < last:
                    yield age
            week += WEEK


Law: TypeAlias = Fading | Delayed | Steady | Weekly


def poisson(rng: Random, mean: float) -> int:
    """A Poisson number by counting unit intervals (fast for the small means here)."""
    limit = math.exp(-min(mean, 500.0))
    count, left = 0, rng.random()
    while left > limit:
        count += 1
        left *= rng.random()
    return count
