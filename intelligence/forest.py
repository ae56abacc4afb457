"""Fitted trees as plain arrays: walked all at once for a few rows, stored without any object.

scikit-learn's own ``predict`` is made for many rows and costs milliseconds for one; and a stored
object of scikit-learn would have to be revived. Here only numbers are kept, and what is read from
a file is checked before it is walked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .training import ModelUnreadable

DEEPEST: Final = 64
MOST_NODES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Forest:
    """Nodes of all trees one after the other; a leaf's children are itself.

    ``kind`` is the class whose margin a tree adds to, ``baseline`` the margins without any tree.
    """

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    roots: NDArray[np.intp]
    kind: NDArray[np.intp]
    baseline: NDArray[np.float64]
    depth: int

    def margins(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Raw scores: rows (n by features, NaN for absent) to n by classes."""
        n, trees = len(rows), len(self.roots)
        out = np.repeat(self.baseline[None, :], n, axis=0)
        if not trees or not n:
            return out
        flat = np.ascontiguousarray(rows).ravel()
        offset = np.repeat(np.arange(n) * rows.shape[1], trees)
        node = np.tile(self.roots, n)
        for _ in range(self.depth):
            seen = flat[offset + self.feature[node]]
            down = np.where(np.isnan(seen), self.missing_left[node], seen <= self.threshold[node])
            node = np.where(down, self.left[node], self.right[node])
        adds = self.value[node].reshape(n, trees)
        for i in range(n):
            out[i] += np.bincount(self.kind, adds[i], len(self.baseline))
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As stored."""
        return {
            "feature": self.feature, "threshold": self.threshold, "left": self.left,
            "right": self.right, "missing_left": self.missing_left, "value": self.value,
            "roots": self.roots, "kind": self.kind, "baseline": self.baseline,
            "depth": np.array(self.depth),
        }  # fmt: skip


def stump(classes: int) -> Forest:
    """No tree at all: says that all classes are as likely."""
    none, places = np.zeros(0), np.zeros(0, dtype=np.intp)
    return Forest(
        feature=places, threshold=none, left=places, right=places,
        missing_left=np.zeros(0, dtype=np.bool_), value=none, roots=places, kind=places,
        baseline=np.zeros(classes), depth=1,
    )  # fmt: skip


def flattened(model: Any, classes: int) -> Forest:
    """The trees of a fitted ``HistGradientBoostingClassifier`` without categorical features.

    ``classes``: of the margins; scikit-learn keeps one margin for two classes, that of the second.
    """
    parts: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "missing", "value")
    }
    roots, kinds, start, depth = [], [], 0, 1
    two = len(model._predictors[0]) == 1 if model._predictors else classes == 2
    for iteration in model._predictors:
        for k, tree in enumerate(iteration):
            nodes = tree.nodes
            own = np.arange(len(nodes))
            leaf = nodes["is_leaf"].astype(bool)
            parts["feature"].append(np.where(leaf, 0, nodes["feature_idx"]))
            parts["threshold"].append(np.where(leaf, np.inf, nodes["num_threshold"]))
            parts["left"].append(start + np.where(leaf, own, nodes["left"]))
            parts["right"].append(start + np.where(leaf, own, nodes["right"]))
            parts["missing"].append(nodes["missing_go_to_left"].astype(bool))
            parts["value"].append(np.where(leaf, nodes["value"], 0.0))
            roots.append(start)
            kinds.append(1 if two else k)
            start += len(nodes)
            depth = max(depth, int(nodes["depth"].max()))
    baseline = np.zeros(classes)
    baseline[1 if two else 0 :] = np.ravel(model._baseline_prediction)

    def all_of(name: str, kind: type) -> NDArray[Any]:
        return np.concatenate(parts[name] or [np.zeros(0)]).astype(kind)

    return Forest(
        feature=all_of("feature", np.intp), threshold=all_of("threshold", np.float64),
        left=all_of("left", np.intp), right=all_of("right", np.intp),
        missing_left=all_of("missing", np.bool_), value=all_of("value", np.float64),
        roots=np.array(roots, dtype=np.intp), kind=np.array(kinds, dtype=np.intp),
        baseline=baseline, depth=depth,
    )  # fmt: skip


def restored(arrays: Mapping[str, NDArray[Any]], features: int, classes: int) -> Forest:
    """From stored arrays. Raises ``ModelUnreadable`` when they are not a forest of this size."""
    try:
        found = Forest(
            feature=_places(arrays["feature"]),
            threshold=_numbers(arrays["threshold"]),
            left=_places(arrays["left"]),
            right=_places(arrays["right"]),
            missing_left=arrays["missing_left"].astype(np.bool_, casting="same_kind"),
            value=_numbers(arrays["value"]),
            roots=_places(arrays["roots"]),
            kind=_places(arrays["kind"]),
            baseline=_numbers(arrays["baseline"]),
            depth=int(arrays["depth"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnreadable(f"the stored trees are incomplete: {error}") from error
    nodes = len(found.value)
    columns = (found.feature, found.threshold, found.left, found.right, found.missing_left)
    sound = (
        nodes <= MOST_NODES
        and all(one.shape == (nodes,) for one in columns)
        and 1 <= found.depth <= DEEPEST
        and found.baseline.shape == (classes,)
        and found.roots.shape == found.kind.shape
        and _within(found.feature, features)
        and all(_within(one, nodes) for one in (found.left, found.right, found.roots))
        and _within(found.kind, classes)
        and bool(np.isfinite(found.value).all() and np.isfinite(found.baseline).all())
        and not bool(np.isnan(found.threshold).any())
    )
    if not sound:
        raise ModelUnreadable("the stored trees point outside themselves or are not numbers")
    return found


def _within(places: NDArray[np.intp], size: int) -> bool:
    return places.ndim == 1 and bool(((places >= 0) & (places < size)).all())


def _places(stored: NDArray[Any]) -> NDArray[np.intp]:
    return stored.astype(np.intp, casting="same_kind")


def _numbers(stored: NDArray[Any]) -> NDArray[np.float64]:
    return stored.astype(np.float64, casting="same_kind")
