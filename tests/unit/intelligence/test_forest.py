"""Flattened trees say exactly what scikit-learn's own say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]

from intelligence.forest import flattened, restored


@pytest.mark.parametrize("classes", [2, 5])
def test_margins_are_those_of_the_library(classes: int) -> None:
    """With missing values, for many rows and for one, before and after storing."""
    rng = np.random.default_rng(classes)
    x = rng.normal(size=(500, 7))
    x[rng.random(x.shape) < 0.3] = np.nan
    y = rng.integers(classes, size=500)
    y[np.nan_to_num(x[:, 0]) > 0.5] = 0
    model = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=9, random_state=0).fit(x, y)
    forest = flattened(model, classes)
    own = model.decision_function(x)
    if classes == 2:
        own = np.stack([np.zeros(len(own)), own], axis=1)
    assert np.allclose(forest.margins(x), own, rtol=0, atol=1e-12)
    assert np.allclose(forest.margins(x[:1]), own[:1], rtol=0, atol=1e-12)
    again = restored(forest.arrays(), 7, classes)
    assert (again.margins(x) == forest.margins(x)).all()
    assert forest.margins(x[:0]).shape == (0, classes)
