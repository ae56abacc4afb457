"""When the world changes before the model is trained again: what agents confirm now, against what
the model expected. Pure; changes only by what it is told.

Over the last calls (older ones fade: half after ``HALF`` calls) it keeps, for each reason and each
head, how often it was confirmed, O, how often the model expected it, E = sum of p, and how far O
strays from E by chance alone, V = sum of p(1 - p). ``beyond`` is how much further O strays than
``SURE`` standard deviations. Three guesses of what that means are weighed:

    nothing has changed     p
    causes became stronger  p * (E + beyond + PULL) / (E + PULL), by head and by leaf in it
                            (Saerens, Latinne and Decaestecker, "Adjusting the outputs of a
                            classifier to new a priori probabilities", 2002)
    there is a new cause    p plus beyond / number of calls, whatever else is known of the caller

each scaled to sum to 1, and mixed by how well it foretold the confirmed reasons (Herbster and
Warmuth, "Tracking the best expert", 1998, with fading instead of sharing). So a change is followed
within some dozens of calls, and in a steady world probabilities that were true stay true. Factors
are bounded.

What concerns only some (an outage for those with the product) is kept apart: calls under the same
conditions have a table of their own, and everybody's table sees what theirs left unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Features

Floats = NDArray[np.float64]

HALF: Final = 200.0
"""After so many confirmed calls one counts half."""
SURE: Final = 2.0
"""Standard deviations that are put down to chance."""
PULL: Final = 1.5
"""Calls that speak for "nothing has changed"."""
MOST: Final = 20.0
"""No factor is above it, none below 1 / MOST."""
FLOOR: Final = 1e-6
"""One call that was thought impossible must not decide everything."""
TRUST: Final = (0.8, 0.1, 0.1)
"""In the three guesses, before anything was confirmed."""
PATIENCE: Final = 60.0
"""After so many confirmed calls, how well a guess foretold one counts half."""
MOST_TABLES: Final = 32
"""Sets of conditions that are remembered at a time; the oldest one gives way."""


class Shift:
    """What is made of one model's probabilities."""

    def __init__(self, codes: Sequence[str], head_of: Mapping[str, str]) -> None:
        heads = sorted({head_of[code] for code in codes})
        self._codes = tuple(codes)
        self._place = {code: k for k, code in enumerate(codes)}
        self._head = np.array([heads.index(head_of[code]) for code in codes], dtype=np.intp)
        self._heads = len(heads)
        self._all = _Table(len(codes), self._head, self._heads)
        self._some: dict[tuple[str, ...], _Table] = {}

    def applied(self, distribution: Mapping[str, float], features: Features) -> dict[str, float]:
        """The distribution as it is now; sums to what it summed to."""
        given = np.array([distribution[code] for code in self._codes])
        moved = self._all.applied(self._of_some(given, features))
        return dict(zip(self._codes, moved.tolist(), strict=True))

    def learn(self, distribution: Mapping[str, float], features: Features, reason: str) -> None:
        """A call for which the model alone says ``distribution`` was for ``reason``.

        Reasons the model does not have are passed over.
        """
        place = self._place.get(reason)
        if place is None:
            return
        given = np.array([distribution[code] for code in self._codes])
        nearer = self._of_some(given, features)
        key = conditions_of(features)
        if key:
            table = self._some.pop(key, None)
            if table is None:
                table = _Table(len(self._codes), self._head, self._heads)
                if len(self._some) >= MOST_TABLES:
                    del self._some[next(iter(self._some))]
            self._some[key] = table  # the latest used stands last
            table.learn(given, place)
        self._all.learn(nearer, place)

    def trust(self) -> tuple[float, ...]:
        """Weights of the three guesses for everybody; they sum to 1."""
        return tuple(self._all.trust.tolist())

    def _of_some(self, given: Floats, features: Features) -> Floats:
        table = self._some.get(conditions_of(features)) if self._some else None
        return given if table is None else table.applied(given)


def conditions_of(features: Features) -> tuple[str, ...]:
    """What is going on that concerns this caller: kinds of conditions, with the product."""
    return tuple(
        name for name, _ in features if name.startswith("condition.") and not name.endswith("|over")
    )


class _Table:
    """Counts of heads and leaves, and the three guesses."""

    def __init__(self, codes: int, head: NDArray[np.intp], heads: int) -> None:
        self._head, self._heads = head, heads
        self._calls = 0.0
        self._seen, self._expected, self._spread = np.zeros((3, codes))
        self._head_seen, self._head_expected, self._head_spread = np.zeros((3, heads))
        self._factor, self._added = np.ones(codes), np.zeros(codes)
        self._score = np.zeros(len(TRUST))
        self.trust = np.array(TRUST)

    def applied(self, given: Floats) -> Floats:
        mixed: Floats = self.trust @ self._guesses(given)
        return mixed

    def learn(self, given: Floats, place: int) -> None:
        foretold = np.maximum(self._guesses(given)[:, place], FLOOR)
        self._score = self._score * 0.5 ** (1 / PATIENCE) + np.log(foretold)
        power = np.array(TRUST) * np.exp(self._score - self._score.max())
        self.trust = power / power.sum()
        fade = 0.5 ** (1 / HALF)
        self._calls = self._calls * fade + 1
        of_head = np.bincount(self._head, given, self._heads)
        for seen, expected, spread, p, k in (
            (self._seen, self._expected, self._spread, given, place),
            (self._head_seen, self._head_expected, self._head_spread, of_head, self._head[place]),
        ):
            seen *= fade
            expected *= fade
            spread *= fade
            seen[k] += 1.0
            expected += p
            spread += p * (1 - p)
        heads = _factors(self._head_seen, self._head_expected, self._head_spread)
        # Of a leaf, what its head does not explain already.
        by_head = heads[self._head]
        leaves = _factors(self._seen, self._expected * by_head, self._spread * by_head)
        self._factor = np.clip(by_head * leaves, 1 / MOST, MOST)
        beyond = _beyond(self._seen, self._expected, self._spread)
        self._added = np.maximum(beyond, 0.0) / (self._calls + PULL)

    def _guesses(self, given: Floats) -> Floats:
        stronger = given * self._factor
        fewer = given * np.minimum(self._factor, 1.0)
        more = fewer / fewer.sum() * max(0.0, 1.0 - self._added.sum()) + self._added
        total = given.sum()
        return np.stack([given, stronger / stronger.sum() * total, more / more.sum() * total])


def _beyond(seen: Floats, expected: Floats, spread: Floats) -> Floats:
    stray = seen - expected
    chance = SURE * np.sqrt(spread + 0.25)
    further: Floats = np.sign(stray) * np.maximum(0.0, np.abs(stray) - chance)
    return further


def _factors(seen: Floats, expected: Floats, spread: Floats) -> Floats:
    beyond = _beyond(seen, expected, spread)
    found: Floats = np.clip((expected + beyond + PULL) / (expected + PULL), 1 / MOST, MOST)
    return found
