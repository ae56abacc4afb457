"""Probabilities that mean what they say, fitted on held-out calls.

One model: temperature scaling (Guo et al., On Calibration of Modern Neural Networks, 2017), scores
divided by one number before the softmax. It changes how sure a model is, never which reason comes
first. Several models: a log-linear pool (Genest and Zidek, Combining Probability Distributions,
1986), the sum of their scores, each times its share, before the softmax.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLDEST, HOTTEST = 1e-3, 1e3
"""A temperature stays between these. Scores that never err would be cooled for ever, and scores
that say nothing heated for ever."""
_FLOOR = -700.0
"""Below this a score is as good as impossible; minus infinity has no slope."""
_STEPS = 50


def fit_temperature(scores: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """The temperature with the least log loss.

    ``scores``: n rows of k log-probabilities or margins, from calls the model was not trained on.
    ``labels``: n columns, the right ones. Raises ``ValueError`` when there are none, when shapes do
    not match, or when a score is not a number.

    Log loss is convex in the reciprocal of the temperature, so its slope changes sign once: found
    by halving on a logarithmic scale.
    """
    clean = _checked(scores)
    if labels.shape != clean.shape[:1]:
        raise ValueError(f"{len(clean)} rows of scores, labels of shape {labels.shape}")
    right = clean[np.arange(len(clean)), labels]
    cold, hot = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(_STEPS):
        middle = (cold + hot) / 2
        expected = (softened(clean, float(np.exp(middle))) * clean).sum(axis=1)
        if (expected - right).mean() > 0:  # it promises more than labels keep: too cold
            cold = middle
        else:
            hot = middle
    return float(np.exp((cold + hot) / 2))


def softened(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """softmax(scores / temperature) over the last axis."""
    scaled = np.maximum(scores, _FLOOR) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def pooled(
    scores: Sequence[NDArray[np.float64]], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """softmax of the sum of ``scores[i] * shares[i]`` over the last axis."""
    total = sum(
        (share * np.maximum(one, _FLOOR) for one, share in zip(scores, shares, strict=True)),
        start=np.zeros_like(scores[0]),
    )
    return softened(total, 1.0)


def fit_shares(
    scores: Sequence[NDArray[np.float64]],
    labels: NDArray[np.intp],
    start: NDArray[np.float64],
    least: NDArray[np.float64],
    pull: float = 1.0,
) -> NDArray[np.float64]:
    """The shares of a pool of models with the least log loss.

    ``scores``: m arrays of n rows of k, from calls no model was trained on; ``labels``: n columns.
    ``start``: m shares to fall back on: ``pull`` times half the squared distance from them is added
    to the summed loss, so that a few calls cannot say much. No share gets below ``least``.
    Raises ``ValueError`` as ``fit_temperature`` does. The loss is convex: Newton's steps, halved
    until they help, within the bounds.
    """
    clean = np.stack([_checked(one) for one in scores])
    if labels.shape != clean.shape[1:2]:
        raise ValueError(f"{clean.shape[1]} rows of scores, labels of shape {labels.shape}")
    # A row's scores may be moved together: the likeliest at 0 keeps the numbers small.
    clean -= clean.max(axis=2, keepdims=True)
    rows = np.arange(clean.shape[1])
    right = clean[:, rows, labels]

    def loss(shares: NDArray[np.float64]) -> float:
        total = np.tensordot(shares, clean, 1)
        top = total.max(axis=1, keepdims=True)
        logs = np.log(np.exp(total - top).sum(axis=1)) + top[:, 0] - total[rows, labels]
        return float(logs.sum() + pull / 2 * ((shares - start) ** 2).sum())

    shares = np.maximum(start, least)
    now = loss(shares)
    for _ in range(_STEPS):
        likely = softened(np.tensordot(shares, clean, 1), 1.0)
        means = (likely * clean).sum(axis=2)
        slope = (means - right).sum(axis=1) + pull * (shares - start)
        bend = np.einsum("nk,ink,jnk->ij", likely, clean, clean) - means @ means.T
        bend += (pull + 1e-9) * np.eye(len(shares))
        free = (shares > least) | (slope < 0)
        if not free.any() or np.abs(slope[free]).max() < 1e-6 * len(labels):
            break
        step = np.zeros_like(shares)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        for halving in range(30):
            tried = np.maximum(shares - step / 2**halving, least)
            if (then := loss(tried)) < now:
                break
        else:
            break
        shares, now = tried, then
    return shares


def _checked(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.ndim != 2 or not scores.size:
        raise ValueError(f"a temperature needs rows of scores, not shape {scores.shape}")
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError("a score is not a finite number")
    clean: NDArray[np.float64] = np.maximum(scores.astype(np.float64), _FLOOR)
    return clean
