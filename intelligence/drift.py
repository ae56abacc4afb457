"""Whether calls are still like those the model knew: the population stability index. Pure.

PSI = sum over classes of (now - then) * ln(now / then), of shares. The usual reading (Siddiqi,
Credit Risk Scorecards, 2006): below 0.1 nothing has changed, above 0.25 much has. By chance alone
it is about (classes - 1) * (1/n + 1/m), so nothing is said below ``ENOUGH`` calls.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from callcenter.ports import Lesson

ENOUGH: Final = 200
"""Calls on either side, at least."""
ALARM: Final = 0.25
_HALF: Final = 0.5
"""Added to every count, so that a class nobody is in does not make the index endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far calls have moved from the reference."""

    heads: float | None
    """Of the heads of what was predicted; ``None``: too few calls."""
    features: tuple[tuple[str, float], ...]
    """Groups of features with the index of whether they are there, the most moved first."""

    @property
    def most(self) -> float | None:
        """The largest of all."""
        values = [value for _, value in self.features[:1]]
        if self.heads is not None:
            values.append(self.heads)
        return max(values, default=None)

    @property
    def alarm(self) -> bool:
        return self.most is not None and self.most > ALARM


def psi(then: Mapping[str, int], now: Mapping[str, int]) -> float:
    """The index of two counts over the same classes; classes missing in one count as none."""
    classes = {*then, *now}
    before = sum(then.values()) + _HALF * len(classes)
    after = sum(now.values()) + _HALF * len(classes)
    total = 0.0
    for one in classes:
        p = (then.get(one, 0) + _HALF) / before
        q = (now.get(one, 0) + _HALF) / after
        total += (q - p) * math.log(q / p)
    return total


def drift(then: Sequence[Lesson], now: Sequence[Lesson], heads: Mapping[str, str]) -> Drift:
    """Of calls ``now`` against those ``then``. ``heads``: reason to its head."""
    if min(len(then), len(now)) < ENOUGH:
        return Drift(heads=None, features=())
    before, after = _groups(then), _groups(now)
    moved = [
        (group, psi(_presence(before, group, len(then)), _presence(after, group, len(now))))
        for group in {*before, *after}
    ]
    said_then, said_now = _heads(then, heads), _heads(now, heads)
    enough = min(said_then.total(), said_now.total()) >= ENOUGH
    return Drift(
        heads=psi(said_then, said_now) if enough else None,
        features=tuple(sorted(moved, key=lambda one: (-one[1], one[0]))),
    )


def _heads(lessons: Sequence[Lesson], heads: Mapping[str, str]) -> Counter[str]:
    """Of the likeliest reason, where anything was predicted; ``-`` where nothing was said."""
    return Counter(
        heads.get(lesson.shown[0][0], lesson.shown[0][0]) if lesson.shown else "-"
        for lesson in lessons
        if lesson.model is not None
    )


def _groups(lessons: Sequence[Lesson]) -> Counter[str]:
    """In how many calls each group of features is there."""
    found: Counter[str] = Counter()
    for lesson in lessons:
        found.update({name.partition("|")[0] for name, _ in lesson.features})
    return found


def _presence(counts: Mapping[str, int], group: str, n: int) -> dict[str, int]:
    there = counts.get(group, 0)
    return {"there": there, "not": n - there}
