"""Linear heads: one vector of weights a reason. Trained by scikit-learn, served by numpy.

The home of scikit-learn's linear models for words. A head's scores are margins or log-odds: only
``calibration`` makes probabilities of them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 20
"""Examples a reason below which logistic regression beats a margin on words (measured: 10 a reason
75.5 % against 74.7 %, 5 a reason 65.2 % against 62.1 %; with all data it is the same and takes
eight times as long)."""
_MARGIN = 0.5
_WORDS = 10.0
_MEANING = 0.05
"""C of each, chosen by cross-validation on training data; see docs/words.md."""
_DEAD = 1e-4
"""A dimension that varies less says nothing, and may not be blown up to say something."""


@dataclass(frozen=True, slots=True)
class Head:
    """``weights`` of shape (d, k), ``bias`` (k,), float32; d features, k reasons."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(self, rows: Any) -> NDArray[np.float64]:
        """(n, d), dense or sparse, to (n, k)."""
        found: NDArray[np.float64] = np.asarray(rows @ self.weights, dtype=np.float64) + self.bias
        return found

    def score(self, columns: NDArray[np.intp], values: NDArray[np.float32]) -> NDArray[np.float64]:
        """One sparse row, (k,)."""
        return (values @ self.weights[columns] + self.bias).astype(np.float64)


def fit_words(
    rows: Any, labels: NDArray[np.intp], weights: NDArray[np.float64], reasons: int, seed: int
) -> Head:
    """On TF-IDF rows (sparse, (n, d)). Every one of ``reasons`` columns must occur in ``labels``;
    ``weights``: how much each example counts."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

    few = len(labels) < FEW * reasons
    fitted = (
        LogisticRegression(C=_WORDS, tol=1e-3, max_iter=200)
        if few
        else LinearSVC(C=_MARGIN, tol=0.1, random_state=seed)
    )
    return _fitted(fitted, rows, labels, weights)


def fit_meaning(
    vectors: NDArray[np.float32], labels: NDArray[np.intp], weights: NDArray[np.float64]
) -> Head:
    """On an encoder's vectors (n, d), each dimension brought to one scale first."""
    from sklearn.linear_model import LogisticRegression

    middle, spread = vectors.mean(axis=0), vectors.std(axis=0)
    spread[spread < _DEAD] = 1.0
    model = LogisticRegression(C=_MEANING, tol=1e-3, max_iter=200)
    head = _fitted(model, (vectors - middle) / spread, labels, weights)
    scaled = head.weights / spread[:, None]
    return Head(scaled, head.bias - middle @ scaled)


def _fitted(model: Any, rows: Any, labels: NDArray[np.intp], weights: NDArray[np.float64]) -> Head:
    with warnings.catch_warnings():
        # Stopped early is regularised a little more: no reason to tell anybody.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        model.fit(rows, labels, sample_weight=weights)
    coefficients: NDArray[np.floating[Any]] = np.asarray(model.coef_)
    bias: NDArray[np.floating[Any]] = np.asarray(model.intercept_)
    if len(bias) == 1:  # two reasons: one direction, for the second of them
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        bias = np.concatenate([-bias, bias]) / 2
    return Head(np.ascontiguousarray(coefficients.T, dtype=np.float32), bias.astype(np.float32))
