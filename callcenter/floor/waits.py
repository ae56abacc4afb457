"""How long the next caller will wait, from how fast the line has moved lately. Pure.

While somebody waits, calls leave the line by answer one gap after the other; whoever is k-th in
line waits for k such gaps. Their sum is taken as gamma distributed, with the mean and variance of
the gaps seen lately. With few gaps there is no estimate: a number that means nothing is worse than
none. This module tells nobody anything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, variance
from typing import Final

KEPT: Final = 50
"""Gaps remembered for a queue."""
RECENT: Final = 3600.0
"""Seconds after which a gap no longer says anything about now."""
ENOUGH: Final = 8
"""Gaps without which there is no estimate."""
Z90: Final = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Seconds until the answer: half of the callers wait less than ``p50``, nine in ten less than
    ``p90``; ``gaps`` it rests on."""

    p50: float
    p90: float
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well estimates did: of ``told``, how many waited at most p50 and at most p90."""

    told: int = 0
    below_p50: int = 0
    below_p90: int = 0
    error: float = 0.0
    """Sum of the distances between p50 and the wait, seconds."""

    def with_one(self, p50: float, p90: float, waited: float) -> Score:
        """The score with one more promise, whose wait is over."""
        return Score(
            told=self.told + 1,
            below_p50=self.below_p50 + (waited <= p50),
            below_p90=self.below_p90 + (waited <= p90),
            error=self.error + abs(waited - p50),
        )


@dataclass(slots=True)
class _Flow:
    """One queue: when its last call was answered, and the gaps before it."""

    last: float
    busy: bool
    """Others waited at that moment."""
    gaps: deque[tuple[float, float]]
    """(when, seconds)."""


class Waits:
    """The recent flow of each queue."""

    def __init__(self) -> None:
        self._flows: dict[str, _Flow] = {}

    def answered(self, queue: str, at: float, waited: float, queue_was_busy: bool) -> None:
        """A call of the queue was answered at ``at`` after ``waited`` seconds in it;
        ``queue_was_busy``: others waited beside it.

        Only a gap in which somebody waited all the time says how fast agents take calls; another
        one says how seldom calls come. This call itself waited through the gap when it waited at
        least so long; when it came later and was served first, others did if the line was busy at
        both ends.
        """
        flow = self._flows.get(queue)
        if flow is None:
            flow = self._flows[queue] = _Flow(at, queue_was_busy, deque(maxlen=KEPT))
            return
        gap = at - flow.last
        if gap >= 0 and (waited >= gap or (flow.busy and queue_was_busy)):
            flow.gaps.append((at, gap))
        flow.last, flow.busy = at, queue_was_busy

    def estimate(self, queue: str, position: int, ready: int, at: float) -> Estimate | None:
        """For the call at ``position`` (1 is the first), while ``ready`` agents may take it now.

        ``None``: too few gaps in the last hour to say. Ringing is not counted: with enough ready
        agents the wait is 0.
        """
        flow = self._flows.get(queue)
        gaps = [gap for when, gap in flow.gaps if at - when <= RECENT] if flow is not None else []
        turns = position - ready
        if turns <= 0:
            return Estimate(p50=0.0, p90=0.0, gaps=len(gaps))
        if len(gaps) < ENOUGH:
            return None
        each = fmean(gaps)
        # What k further gaps add up to, and that their mean is itself known from n gaps only.
        spread = turns * variance(gaps, each) * (1 + turns / len(gaps))
        return Estimate(
            p50=gamma_quantile(turns * each, spread, 0.0),
            p90=gamma_quantile(turns * each, spread, Z90),
            gaps=len(gaps),
        )


def gamma_quantile(mean: float, spread: float, z: float) -> float:
    """The quantile of a gamma distribution with this mean and variance, at the point that is ``z``
    in the standard normal distribution.

    E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931) 684-688: the
    cube root of a gamma variable is nearly normal. For a shape of 1 the median is 1 % above and
    the p90 1 % below the exact ones; larger shapes are nearer.
    """
    if mean <= 0 or spread <= 0:
        return max(mean, 0.0)
    shape = mean * mean / spread
    root = 1 - 1 / (9 * shape) + z / (3 * sqrt(shape))
    return mean * max(root, 0.0) ** 3
