"""The temperature with the least log loss, and what it does to scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from intelligence.calibration import (
    COLDEST,
    HOTTEST,
    fit_shares,
    fit_temperature,
    pooled,
    softened,
)


def drawn(temperature: float, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Scores, and labels drawn from exactly what those scores mean at ``temperature``."""
    chance = np.random.default_rng(seed)
    scores = chance.normal(size=(4_000, 5)) * 3
    ladder = softened(scores, temperature).cumsum(axis=1)
    labels = (chance.random((len(scores), 1)) > ladder).sum(axis=1).clip(max=4)
    return scores, labels.astype(np.intp)


def log_loss(scores: NDArray[np.float64], labels: NDArray[np.intp], temperature: float) -> float:
    return float(-np.log(softened(scores, temperature)[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_finds_the_temperature_labels_were_drawn_at(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.1)


def test_no_other_temperature_has_less_log_loss() -> None:
    scores, labels = drawn(1.7)
    best = fit_temperature(scores, labels)
    least = log_loss(scores, labels, best)
    for other in (best * 0.5, best * 0.95, best * 1.05, best * 2):
        assert least < log_loss(scores, labels, other)


def test_stays_within_bounds() -> None:
    scores = np.array([[5.0, 0.0], [0.0, 5.0]])
    always, never = np.array([0, 1], dtype=np.intp), np.array([1, 0], dtype=np.intp)
    assert fit_temperature(scores, always) == pytest.approx(COLDEST, rel=0.01)
    assert fit_temperature(scores, never) == pytest.approx(HOTTEST, rel=0.01)


def test_an_impossible_reason_is_allowed() -> None:
    scores = np.array([[-0.7, -0.7, -np.inf], [-0.1, -2.3, -np.inf]])
    temperature = fit_temperature(scores, np.array([0, 1], dtype=np.intp))
    assert np.isfinite(temperature)
    assert softened(scores, temperature)[:, 2].max() < 0.4


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        (np.zeros((0, 3)), np.zeros(0, dtype=np.intp)),
        (np.zeros(3), np.zeros(3, dtype=np.intp)),
        (np.zeros((2, 3)), np.zeros(3, dtype=np.intp)),
        (np.array([[np.nan, 0.0]]), np.zeros(1, dtype=np.intp)),
        (np.array([[np.inf, 0.0]]), np.zeros(1, dtype=np.intp)),
    ],
)
def test_refuses_what_cannot_be_fitted(
    scores: NDArray[np.float64], labels: NDArray[np.intp]
) -> None:
    with pytest.raises(ValueError, match="score"):
        fit_temperature(scores, labels)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6),
    st.floats(COLDEST, HOTTEST),
)
def test_softened_is_a_distribution_in_the_same_order(row: list[float], temperature: float) -> None:
    shares = softened(np.array([row]), temperature)[0]
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0
    assert shares[int(np.argmax(row))] == shares.max()


def pool(worth: tuple[float, float]) -> tuple[list[NDArray[np.float64]], NDArray[np.intp]]:
    """Two sources, and labels drawn from what their pool with these shares means."""
    chance = np.random.default_rng(5)
    scores = [chance.normal(size=(4_000, 4)) * 2 for _ in worth]
    ladder = pooled(scores, np.array(worth)).cumsum(axis=1)
    labels = (chance.random((4_000, 1)) > ladder).sum(axis=1).clip(max=3)
    return scores, labels.astype(np.intp)


@pytest.mark.parametrize("worth", [(1.0, 0.5), (0.3, 2.0), (1.2, 0.0)])
def test_finds_the_shares_labels_were_drawn_with(worth: tuple[float, float]) -> None:
    scores, labels = pool(worth)
    found = fit_shares(scores, labels, np.ones(2), np.zeros(2))
    assert found == pytest.approx(worth, abs=0.12)


def test_shares_stay_above_their_least_and_near_their_start_while_there_are_few() -> None:
    scores, labels = pool((-1.0, 1.0))
    assert fit_shares(scores, labels, np.ones(2), np.zeros(2))[0] == 0
    few = fit_shares([one[:3] for one in scores], labels[:3], np.ones(2), np.zeros(2), pull=100.0)
    assert few == pytest.approx(np.ones(2), abs=0.15)
