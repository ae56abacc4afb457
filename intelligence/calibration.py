"""Probabilities that mean what they say: one scalar, the temperature, fitted on held-out calls.

Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, 2017): scores divided by
one number before the softmax. It changes how sure a model is, never which reason comes first.
"""

from __future__ import annotations

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


def _checked(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.ndim != 2 or not scores.size:
        raise ValueError(f"a temperature needs rows of scores, not shape {scores.shape}")
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError("a score is not a finite number")
    clean: NDArray[np.float64] = np.maximum(scores.astype(np.float64), _FLOOR)
    return clean
