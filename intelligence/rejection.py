"""Is this text about any of our reasons at all? A logistic regression on a few signs of doubt.

Signs: how likely the first reason is, by how much it leads, how near the three nearest remembered
examples are, how sure each head is by itself, whether they agree, how much of the text is unknown,
and how long it is. Fitted on held-out texts of ours against texts that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNS = 8
_OUTSIDE_SHARE = 0.12
"""How much all outside texts together count, against 1 for all of ours: where the line at 0.5
falls. Fewer of ours are turned away the smaller it is: here fewer than 2 of 100 (docs/words.md)."""
_ROUNDS = 50
_PULL = 1.0


def signs(
    shares: NDArray[np.float64],
    heads: Sequence[NDArray[np.float64]],
    familiar: NDArray[np.float64],
    unknown: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n, SIGNS). ``shares`` (n, k): the distributions; ``heads``: each head's own, (n, k), one or
    two of them; ``familiar``: mean cosines; ``unknown``: shares of unknown pieces; ``lengths``:
    characters."""
    ordered = -np.sort(-shares, axis=1)[:, :2]
    first, second = ordered[:, 0], ordered[:, -1]
    sure = np.clip(first, 1e-6, 1 - 1e-6)
    one, other = heads[0], heads[-1]
    return np.column_stack(
        [
            np.log(sure / (1 - sure)),
            first - second,
            familiar,
            one.max(axis=1),
            other.max(axis=1),
            (one * other).sum(axis=1),
            unknown,
            np.log1p(lengths),
        ]
    )


@dataclass(frozen=True, slots=True)
class Rejector:
    """``weights`` (SIGNS,) and ``bias``, on raw signs."""

    weights: NDArray[np.float64]
    bias: float

    def ours(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability that each text (n, SIGNS) is about one of our reasons."""
        odds = np.clip(found @ self.weights + self.bias, -50, 50)
        sure: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
        return sure


def fit_rejector(ours: NDArray[np.float64], outside: NDArray[np.float64]) -> Rejector:
    """From the signs of held-out texts of ours (n, SIGNS) and of outside ones (m, SIGNS), one of
    each at least (``ValueError``). Regularised logistic regression by Newton's method."""
    if not len(ours) or not len(outside):
        raise ValueError("a rejector needs texts of both kinds")
    signs_ = np.concatenate([ours, outside])
    middle, spread = ours.mean(axis=0), signs_.std(axis=0)
    spread[spread < 1e-9] = 1.0
    rows = np.column_stack([(signs_ - middle) / spread, np.ones(len(signs_))])
    kinds = np.concatenate([np.ones(len(ours)), np.zeros(len(outside))])
    counts = np.where(kinds > 0, 1.0, _OUTSIDE_SHARE * len(ours) / len(outside))
    weights = np.zeros(SIGNS + 1)
    pull = np.full(SIGNS + 1, _PULL)
    pull[-1] = 1e-6
    for _ in range(_ROUNDS):
        sure = 1 / (1 + np.exp(-np.clip(rows @ weights, -50, 50)))
        slope = rows.T @ (counts * (sure - kinds)) + pull * weights
        bend = (rows * (counts * sure * (1 - sure))[:, None]).T @ rows + np.diag(pull)
        step = np.linalg.solve(bend, slope)
        longest = np.abs(step).max()
        weights -= step * min(1.0, 3.0 / longest) if longest > 0 else step
        if longest < 1e-8:
            break
    raw = weights[:-1] / spread
    return Rejector(raw, float(weights[-1] - raw @ middle))
