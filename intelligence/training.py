"""Lessons made ready for fitting: checked, in order of time, with weights. Pure.

What cannot be learned from is left out and counted; what makes learning impossible raises
``TrainingError`` in words that a person can act on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcenter.ports import Lesson

FEWEST = 200
"""Fewer lessons than this: the rules know as much."""
HALF_LIFE = 90 * 86400.0
"""A lesson so much older than the latest counts half."""
HELD = 0.15
"""Share of the lessons, the latest, on which probabilities are calibrated."""
MOST_FEATURES = 1000
"""Of one lesson; more is no lesson of ours."""


class TrainingError(ValueError):
    """There is nothing to learn from these lessons; the message says what is missing."""


class ModelUnreadable(ValueError):  # noqa: N818  # reads as the reason it is
    """A stored model that this program does not read; the message says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Lessons to fit from, oldest first."""

    lessons: tuple[Lesson, ...]
    codes: tuple[str, ...]
    """All reasons that can be said, in alphabetical order: those of the pack."""
    heads: tuple[str, ...]
    head_of: NDArray[np.intp]
    """Per code, the place of its head."""
    prior: NDArray[np.float64]
    """Per code, its share before anything was seen; all above 0, sum to 1."""
    labels: NDArray[np.intp]
    """Per lesson, the place of its reason in ``codes``."""
    weights: NDArray[np.float64]
    """Per lesson; the latest has 1."""
    unknown: int
    """Lessons left out because the pack does not have their reason (any more)."""
    empty: int
    """Lessons left out because nothing was known that may be used."""

    @property
    def held(self) -> int:
        """Place of the first lesson kept back for calibration."""
        return len(self.lessons) - max(1, int(len(self.lessons) * HELD))


def prepared(
    lessons: Sequence[Lesson], heads: Mapping[str, str], prior: Mapping[str, float]
) -> Prepared:
    """Check and order the lessons.

    ``heads``: every reason of the pack to its head; ``prior``: its share (missing ones get half of
    the smallest). A lesson whose reason the pack does not have is left out: an agent could not be
    shown it. Raises ``TrainingError``.
    """
    if not heads:
        raise TrainingError("the pack has no reasons, so there is nothing to predict")
    codes = tuple(sorted(heads))
    names = tuple(sorted(set(heads.values())))
    place = {code: k for k, code in enumerate(codes)}
    kept, unknown, empty = [], 0, 0
    for lesson in sorted(lessons, key=lambda one: (one.at, one.call)):
        _check(lesson)
        if lesson.reason not in place:
            unknown += 1
        elif not lesson.features:
            empty += 1
        else:
            kept.append(lesson)
    if len(kept) < FEWEST:
        raise TrainingError(
            f"{len(kept)} of {len(lessons)} confirmed calls can be learned from "
            f"({unknown} have a reason that the pack does not have, {empty} have no features); "
            f"at least {FEWEST} are needed"
        )
    labels = np.array([place[lesson.reason] for lesson in kept], dtype=np.intp)
    head_of = np.array([names.index(heads[code]) for code in codes], dtype=np.intp)
    split = len(kept) - max(1, int(len(kept) * HELD))
    if len(set(head_of[labels[:split]].tolist())) < 2:
        only = Counter(lesson.reason for lesson in kept).most_common(1)[0][0]
        raise TrainingError(
            f"all calls to learn from are about the same kind of reason ({only} above all): "
            "there is nothing to tell apart"
        )
    ages = kept[-1].at - np.array([lesson.at for lesson in kept])
    return Prepared(
        lessons=tuple(kept), codes=codes, heads=names, head_of=head_of,
        prior=_prior(codes, prior), labels=labels, weights=0.5 ** (ages / HALF_LIFE),
        unknown=unknown, empty=empty,
    )  # fmt: skip


def _check(lesson: Lesson) -> None:
    if not math.isfinite(lesson.at):
        raise TrainingError(f"call {lesson.call}: its time is {lesson.at}, not a number")
    if len(lesson.features) > MOST_FEATURES:
        raise TrainingError(f"call {lesson.call}: {len(lesson.features)} features are too many")
    for name, value in lesson.features:
        if not math.isfinite(value) or abs(value) > 1e6:
            raise TrainingError(f"call {lesson.call}: feature {name} is {value}, not a number")


def _prior(codes: Sequence[str], given: Mapping[str, float]) -> NDArray[np.float64]:
    shares = np.array([given.get(code, 0.0) for code in codes])
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise TrainingError("a prior share is negative or not a number")
    if not shares.any():
        shares = np.ones(len(codes))
    shares = np.where(shares > 0, shares, np.median(shares[shares > 0]) / 2)
    total: NDArray[np.float64] = shares / shares.sum()
    return total
