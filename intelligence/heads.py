"""Linear heads: one vector of weights a reason. Trained by scikit-learn, served by numpy.

The home of scikit-learn's linear models for words. A head's scores are margins or log-odds: only
``calibration`` makes probabilities of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Loss = Literal["margin", "odds"]
_FEW = 20
"""Examples a reason below which logistic regression adds to a margin on words."""
_MOST_ALIKE = 2_500
"""More examples than this are too many to compare each with each in every fold."""
_MARGIN = 0.5
_ODDS = 10.0
_MEANING = 0.03
"""C of each. How they were chosen: see docs/words.md."""
_ALIKE = 1e-4
_TOLERANCE = 1e-3
"""Of the slope: steps stop a little early, which regularises a little more."""
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


def losses_worth(examples: int, reasons: int) -> tuple[Loss, ...]:
    """The losses to train words with. With few examples each may be better, both together are
    better still, and held-out examples tell how much of each. With many the margin alone is as
    good, and far faster."""
    few = examples < min(_FEW * reasons, _MOST_ALIKE)
    return ("odds", "margin") if few else ("margin",)


def fit_words(
    rows: Any, labels: NDArray[np.intp], weights: NDArray[np.float64], loss: Loss, seed: int
) -> Head:
    """On TF-IDF rows (sparse, (n, d)): LinearSVC for a margin, logistic regression for odds.
    Every reason must occur in ``labels``; ``weights``: how much each example counts."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

    if loss == "margin":
        model = LinearSVC(C=_MARGIN, tol=0.1, random_state=seed)
        return _fitted(model, rows, labels, weights)
    model = LogisticRegression(C=_ODDS, tol=_TOLERANCE, max_iter=200)
    examples, features = rows.shape
    if features <= examples:
        return _fitted(model, rows, labels, weights)
    # The weights are sums of examples, so as many figures as there are examples say all: rows L of
    # L L' = X X' give the same model, without a weight for each of ten times as many pieces.
    alike = (rows @ rows.T).toarray().astype(np.float64)
    alike[np.diag_indices(examples)] += _ALIKE  # repeats would leave nothing to divide by
    lower = np.linalg.cholesky(alike)
    head = _fitted(model, lower.astype(np.float32), labels, weights)
    sums = np.linalg.solve(lower.T, head.weights)
    return Head(np.asarray(rows.T @ sums.astype(np.float32), dtype=np.float32), head.bias)


def fit_meaning(
    vectors: NDArray[np.float32], labels: NDArray[np.intp], weights: NDArray[np.float64]
) -> Head:
    """On an encoder's vectors (n, d), each dimension brought to one scale first."""
    from sklearn.linear_model import LogisticRegression

    middle, spread = vectors.mean(axis=0), vectors.std(axis=0)
    spread[spread < _DEAD] = 1.0
    model = LogisticRegression(C=_MEANING, tol=_TOLERANCE, max_iter=200)
    head = _fitted(model, (vectors - middle) / spread, labels, weights)
    scaled = head.weights / spread[:, None]
    return Head(scaled, head.bias - middle @ scaled)


def blended(heads: Sequence[Head], shares: NDArray[np.float64]) -> Head:
    """The head whose scores are the sums of these heads' scores times their shares."""
    weights = np.zeros_like(heads[0].weights)
    for head, share in zip(heads, shares, strict=True):
        weights += head.weights * np.float32(share)
    bias = shares @ np.stack([head.bias for head in heads])
    return Head(weights, bias.astype(np.float32))


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
