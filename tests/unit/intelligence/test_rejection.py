"""The signs of doubt, and the line drawn through them."""

from __future__ import annotations

import numpy as np
import pytest

from intelligence.rejection import SIGNS, fit_rejector, signs


def test_signs_of_a_sure_and_of_an_unsure_text() -> None:
    shares = np.array([[0.9, 0.05, 0.05], [0.34, 0.33, 0.33]])
    found = signs(
        shares, [shares, shares], np.array([0.8, 0.1]), np.array([0.0, 0.9]), np.array([20.0, 5.0])
    )
    assert found.shape == (2, SIGNS)
    assert (found[0, :6] > found[1, :6]).all()
    assert found[0, 6] < found[1, 6]


def drawn(middle: float, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(count).normal(middle, 1.0, (count, SIGNS))


def test_tells_two_kinds_apart_and_leans_towards_ours() -> None:
    rejector = fit_rejector(drawn(1, 1000), drawn(-1, 40))
    turned_away = (rejector.ours(drawn(1, 500)) < 0.5).mean()
    let_in = (rejector.ours(drawn(-1, 300)) >= 0.5).mean()
    assert turned_away < 0.02
    assert let_in < 0.05


def test_a_sign_that_never_varies_is_no_sign() -> None:
    ours, outside = drawn(1, 50), drawn(-1, 50)
    ours[:, 3] = outside[:, 3] = 7.0
    assert np.isfinite(fit_rejector(ours, outside).ours(ours)).all()


def test_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit_rejector(drawn(1, 5), np.zeros((0, SIGNS)))
