"""Examples checked before anything learns from them, and split so that some can judge."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from intelligence.memory import Example
from intelligence.training import TrainingError

FOLDS = 10
"""So that heads that judge were trained on nearly as much as those that will be used: with few
examples a reason a fifth less makes them clearly worse, and what is fitted on them too modest."""
_ALL_BELOW, _SOME_BELOW = 1_000, 6_000
"""Fewer examples are held out in all folds, in four of them, else in one: enough of them to judge
by, without training for minutes."""
_MOST_WEIGHT = 1e3


def checked(
    examples: Sequence[Example],
) -> tuple[list[str], NDArray[np.intp], NDArray[np.float64]]:
    """The reasons in alphabetical order, each example's column, and its weight. Raises
    ``TrainingError`` in words for a person."""
    if not examples:
        raise TrainingError("there are no texts with a confirmed reason yet: nothing to learn from")
    for at, one in enumerate(examples):
        if not one.reason.strip():
            raise TrainingError(f"example {at} has no reason")
        if not (math.isfinite(one.weight) and 0 < one.weight <= _MOST_WEIGHT):
            raise TrainingError(
                f"example {at}: weight {one.weight} is not above 0 and at most {_MOST_WEIGHT:g}"
            )
    if not any(one.text.strip() for one in examples):
        raise TrainingError("all texts are empty: nothing to learn from")
    reasons = sorted({one.reason for one in examples})
    if len(reasons) < 2:
        raise TrainingError(
            f'all {len(examples)} texts have one reason, "{reasons[0]}": there is nothing to tell '
            "apart; texts of a second reason are needed"
        )
    columns = {reason: at for at, reason in enumerate(reasons)}
    labels = np.array([columns[one.reason] for one in examples], dtype=np.intp)
    weights = np.array([one.weight for one in examples])
    return reasons, labels, weights / weights.mean()


def folds_of(labels: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """Which fold each example is held out in, stratified; -1, never, where it is the only one of
    its reason: a model must have heard of it."""
    chance = np.random.default_rng(seed)
    folds = np.full(len(labels), -1, dtype=np.intp)
    for label in range(int(labels.max()) + 1):
        places = np.flatnonzero(labels == label)
        if len(places) > 1:
            start = chance.integers(FOLDS)
            folds[chance.permutation(places)] = (np.arange(len(places)) + start) % FOLDS
    return folds


def folds_worth(examples: int) -> int:
    """How many folds are worth their time."""
    return FOLDS if examples < _ALL_BELOW else 4 if examples < _SOME_BELOW else 1
