"""Which features the trees look at, as columns: one row of numbers for one call. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from callcenter.floor.card import Features

from .features import group_of, is_time

FEWEST = 25
"""A feature present in fewer lessons makes no column; the rates know the rare ones."""
MOST = 70
NAMING = ("past.", "case.", "page.")
"""Groups, one for each reason or page: their meaning comes through the rates."""
OWN = ("last|was.", "before|was.", "last|open.")


class Space:
    """Columns by name. Absent is NaN where the value is a time or an hour, 0 otherwise."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._column = {name: k for k, name in enumerate(self.names)}
        self._absent = np.array([_absent(name) for name in self.names], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.names)

    def row(self, features: Features) -> NDArray[np.float64]:
        """Values by column; features without a column are passed over."""
        values = self._absent.copy()
        column = self._column
        for name, value in features:
            k = column.get(name)
            if k is not None:
                values[k] = value
        return values

    def matrix(self, rows: Iterable[Features]) -> NDArray[np.float64]:
        """Rows one under the other."""
        return np.array([self.row(one) for one in rows]).reshape(-1, len(self.names))


def fit_space(rows: Sequence[Features]) -> Space:
    """The most frequent features of these calls, at most ``MOST``."""
    seen = Counter(name for row in rows for name, _ in row)
    usable = [
        name for name, times in seen.items()
        if times >= FEWEST and not name.startswith(OWN) and not name.startswith(NAMING)
    ]  # fmt: skip
    chosen = sorted(usable, key=lambda name: (-seen[name], name))[:MOST]
    return Space(sorted(chosen))


def _absent(name: str) -> float:
    missing = is_time(name) or group_of(name) in ("hour", "weekday", "tenure")
    return float("nan") if missing else 0.0
