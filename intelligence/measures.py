"""How good predictions were, in numbers. Pure: numpy, and a generator where chance is needed.

A prediction is a list of reasons with their probabilities, likeliest first; it may be cut short (an
agent is shown three at most), and empty when nothing was said. What the list leaves of 1 is spread
evenly over the reasons that are not in it, so that a cut list and a whole one are measured alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ranked: TypeAlias = Sequence[tuple[str, float]]
"""Reasons with their probabilities, likeliest first."""

BINS: Final = 15
"""Of the top probability, equally wide (Guo et al. 2017, section 2)."""
LEAST: Final = 1e-6
"""What was called less likely than one in a million counts as that: one impossible call among
thousands costs 13.8 nats, not the whole measure."""
ROUNDS: Final = 2000
"""Resamples of a bootstrap."""
_PIECE: Final = 2_000_000
"""Numbers drawn at once."""


@dataclass(frozen=True, slots=True)
class Judged:
    """n predictions against what it was: arrays of length n."""

    given: NDArray[np.float64]
    """The probability given to the reason it was, at least ``LEAST``."""
    top: NDArray[np.float64]
    """The highest probability said; 0 where nothing was said."""
    rank: NDArray[np.intp]
    """The place of the reason it was, 0 for the first; -1 where it was not in the list."""
    squares: NDArray[np.float64]
    """Brier's score of each call, 0 to 2."""

    def __len__(self) -> int:
        return len(self.given)

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Judged:
        """Some of them."""
        return Judged(self.given[which], self.top[which], self.rank[which], self.squares[which])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Predictions whose top probability was about the same."""

    p: float
    """Mean of the top probability."""
    share: float
    """Share of them in which the first reason was the one."""
    n: int


def judge(said: Sequence[Ranked], labels: Sequence[str], classes: int) -> Judged:
    """Compare what was said of n calls with what it was.

    ``classes``: how many reasons there are. Raises ``ValueError`` when the two are not of the same
    length, or there are fewer than two reasons.
    """
    if len(said) != len(labels):
        raise ValueError(f"{len(said)} predictions, {len(labels)} labels")
    if classes < 2:
        raise ValueError("with one reason there is nothing to predict")
    n = len(said)
    given, top, squares = np.empty(n), np.zeros(n), np.empty(n)
    rank = np.full(n, -1, dtype=np.intp)
    for i, (ranked, label) in enumerate(zip(said, labels, strict=True)):
        others = max(1, classes - len(ranked))
        rest = max(0.0, 1.0 - sum(p for _, p in ranked))
        each = rest / others
        own, whole = each, rest * each
        for place, (code, p) in enumerate(ranked):
            whole += p * p
            if code == label and rank[i] < 0:
                rank[i], own = place, p
        given[i] = own
        squares[i] = whole - 2.0 * own + 1.0
        if ranked:
            top[i] = ranked[0][1]
    return Judged(np.clip(given, LEAST, 1.0), top, rank, squares)


def top_k(judged: Judged, k: int) -> float | None:
    """Share of calls whose reason was among the first ``k``; ``None`` without calls."""
    return _mean((judged.rank >= 0) & (judged.rank < k))


def coverage(judged: Judged, threshold: float) -> float | None:
    """Share of calls of which something was said, with at least ``threshold`` for the first."""
    return _mean((judged.top >= threshold) & (judged.top > 0))


def losses(judged: Judged) -> NDArray[np.float64]:
    """Log loss of each call, nats."""
    return -np.log(judged.given)


def log_loss(judged: Judged) -> float | None:
    """Mean of ``losses``."""
    return _mean(losses(judged))


def brier(judged: Judged) -> float | None:
    """Multi-class Brier score (Brier 1950): mean squared distance to what it was, 0 to 2."""
    return _mean(judged.squares)


def reliability(judged: Judged, bins: int = BINS) -> tuple[Bin, ...]:
    """How often the first reason was the one, by the probability it had; empty bins are left out.

    Calls of which nothing was said are not in it: nothing was promised about them.
    """
    top, right = _said(judged)
    place = np.minimum((top * bins).astype(np.intp), bins - 1)
    found = []
    for which in np.unique(place):
        inside = place == which
        found.append(
            Bin(p=float(top[inside].mean()), share=float(right[inside].mean()), n=int(inside.sum()))
        )
    return tuple(found)


def ece(judged: Judged, bins: int = BINS) -> float | None:
    """Expected calibration error (Naeini et al. 2015): the mean distance of ``reliability`` from
    the diagonal, weighed by how many there are. ``None`` when nothing was ever said."""
    found = reliability(judged, bins)
    n = sum(one.n for one in found)
    return sum(one.n * abs(one.p - one.share) for one in found) / n if n else None


def chance_ece(judged: Judged, rng: np.random.Generator, rounds: int = 100) -> float | None:
    """The ``ece`` these calls would have on average were every probability true: with few calls in
    a bin it is far from 0, so that a small sample says little against a model."""
    top, _ = _said(judged)
    if not len(top):
        return None
    place = np.minimum((top * BINS).astype(np.intp), BINS - 1)
    total = 0.0
    for _ in range(rounds):
        off = top - (rng.random(len(top)) < top)
        total += float(np.abs(np.bincount(place, off, BINS)).sum()) / len(top)
    return total / rounds


def by_group(judged: Judged, values: Sequence[Hashable | None]) -> Mapping[Hashable, Judged]:
    """Apart for every value of something (tier, language, queue); calls without one are left out.

    ``values``: one for each call.
    """
    places: dict[Hashable, list[int]] = {}
    for i, value in enumerate(values):
        if value is not None:
            places.setdefault(value, []).append(i)
    return {value: judged.only(np.asarray(which)) for value, which in places.items()}


def lower_bound(
    differences: NDArray[np.float64],
    rng: np.random.Generator,
    confidence: float = 0.95,
    rounds: int = ROUNDS,
) -> float | None:
    """What the mean of paired differences is at least, with this one-sided confidence.

    The percentile bootstrap (Efron 1979): the mean of as many differences drawn with putting back,
    ``rounds`` times; the answer is their (1 - confidence) quantile. ``None`` without differences.
    """
    n = len(differences)
    if not n:
        return None
    means = np.empty(rounds)
    step = max(1, _PIECE // n)
    for begin in range(0, rounds, step):
        end = min(rounds, begin + step)
        means[begin:end] = differences[rng.integers(0, n, (end - begin, n))].mean(axis=1)
    return float(np.quantile(means, 1.0 - confidence))


def ranked(
    distribution: Mapping[str, float], most: int | None = None
) -> tuple[tuple[str, float], ...]:
    """A distribution as a list, likeliest first; equals by code. ``most``: no more than these."""
    return tuple(sorted(distribution.items(), key=lambda one: (-one[1], one[0]))[:most])


def as_shown(
    said: Ranked, sure: float, most: int = 3, worth: float = 0.03
) -> tuple[tuple[str, float], ...]:
    """What an agent would be shown of it: nothing when the first has less than ``sure``; no more
    than ``most``, none below ``worth``."""
    if not said or said[0][1] < sure:
        return ()
    return tuple((code, p) for code, p in said[:most] if p >= worth)


def _said(judged: Judged) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    something = judged.top > 0
    return judged.top[something], judged.rank[something] == 0


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None
