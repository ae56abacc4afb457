"""Linear heads: the short way to odds is the long way, and a blend is one head."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from intelligence import heads
from intelligence.heads import Head, blended, fit_meaning, fit_words, losses_worth

CHANCE = np.random.default_rng(5)
LABELS = np.arange(30, dtype=np.intp) % 3
WIDE = csr_matrix((CHANCE.random((30, 90)) * (CHANCE.random((30, 90)) < 0.2)).astype(np.float32))
EVEN = np.ones(30)


def test_odds_of_few_texts_are_those_of_plain_logistic_regression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    monkeypatch.setattr(heads, "_TOLERANCE", 1e-6)
    weights = np.linspace(0.5, 1.5, 30)
    head = fit_words(WIDE, LABELS, weights, "odds", 1)
    plain = LogisticRegression(C=heads._ODDS, tol=1e-6, max_iter=200)
    plain.fit(WIDE.toarray(), LABELS, sample_weight=weights)
    assert head.scores(WIDE) == pytest.approx(plain.decision_function(WIDE.toarray()), abs=0.05)


@pytest.mark.parametrize("loss", ["odds", "margin"])
def test_repeats_are_no_trouble(loss: heads.Loss) -> None:
    rows = csr_matrix(np.repeat(np.eye(2, 40, dtype=np.float32), 5, axis=0))
    labels = np.repeat(np.arange(2, dtype=np.intp), 5)
    head = fit_words(rows, labels, np.ones(10), loss, 1)
    assert list(head.scores(rows).argmax(axis=1)) == list(labels)
    columns, values = np.array([1], dtype=np.intp), np.ones(1, dtype=np.float32)
    assert head.score(columns, values) == pytest.approx(head.scores(rows)[-1])


def test_a_blend_scores_as_its_parts_together() -> None:
    one, other = (fit_words(WIDE, LABELS, EVEN, loss, 1) for loss in losses_worth(30, 3))
    whole = blended([one, other], np.array([0.25, 0.75]))
    expected = 0.25 * one.scores(WIDE) + 0.75 * other.scores(WIDE)
    assert whole.scores(WIDE) == pytest.approx(expected, abs=1e-4)


def test_many_texts_need_the_margin_only() -> None:
    assert losses_worth(1_000, 3) == losses_worth(3_000, 500) == ("margin",)


def test_a_dimension_that_says_nothing_stays_silent() -> None:
    vectors = CHANCE.normal(size=(30, 4)).astype(np.float32)
    vectors[:, 0] += LABELS
    vectors[:, 3] = 0.5 + 1e-6 * CHANCE.normal(size=30)
    head: Head = fit_meaning(vectors, LABELS, EVEN)
    moved = vectors + np.array([0, 0, 0, 0.1], dtype=np.float32)
    assert head.scores(moved) == pytest.approx(head.scores(vectors), abs=0.01)
