"""Whether a model that is only tried should become the one in use. Pure.

A challenger answers live calls silently, and so does the one in use beside it, both from the same
facts (``Lesson.challengers``). Both are measured on the reason the agents confirmed, call by call,
and both as an agent would see them (``measures.as_shown``), so that a list that was cut is not
compared with one that was not.

The caller hands in only lessons since both were there as they are: since the challenger was made,
and since the last change of who is in use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callcenter.ports import Lesson

from .measures import (
    Judged,
    Ranked,
    as_shown,
    by_group,
    chance_ece,
    ece,
    judge,
    losses,
    lower_bound,
    top_k,
)
from .rules import NAME as RULES

ENOUGH: Final = 1000
"""Confirmed calls that both have spoken about."""
PLENTY: Final = 5 * ENOUGH
CONFIDENCE: Final = 0.95
MOST_ECE: Final = 0.03
GROUPS: Final = ("tier", "language", "queue")
GROUP_ENOUGH: Final = 100
"""Smaller groups are not looked at: chance alone moves them by more than is allowed."""
GROUP_LOSS: Final = 0.02
"""Of top-1, as a share: two points."""
WINDOW: Final = 100
"""Confirmed calls in a row among which one reason may not be nearly all."""
WINDOW_SHARE: Final = 0.8
WINDOW_TIMES: Final = 2.0
"""... if that is more than so many times its usual share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition: what was found, and what is allowed."""

    name: str
    """``calls``, ``labels``, ``log_loss``, ``groups``, ``ece``, ``p99``."""
    ok: bool
    value: float | None
    """``None``: there is nothing to measure."""
    limit: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What speaks for and against a challenger."""

    challenger: str
    champion: str | None
    """``None``: the rules."""
    n: int
    """Confirmed calls that both have spoken about."""
    criteria: tuple[Criterion, ...]
    better: float | None = None
    """By how many nats its log loss is less on average."""

    @property
    def promote(self) -> bool:
        return all(one.ok for one in self.criteria)

    @property
    def hopeless(self) -> bool:
        """It should give way to another: calls enough, and no better on average; or calls in
        plenty, and refused all the same. ECE needs two or three times ``ENOUGH`` calls to come
        below its limit by truth alone, so a refusal at ``ENOUGH`` is no reason."""
        if self.promote or self.n < ENOUGH:
            return False
        return self.n >= PLENTY or self.better is None or self.better <= 0

    def in_words(self) -> str:
        """One line for the log and the audit."""
        return "; ".join(
            f"{one.name} {'ok' if one.ok else 'NOT'}"
            f" ({'no data' if one.value is None else f'{one.value:.4g}'}, limit {one.limit:g}"
            f"{', ' + one.detail if one.detail else ''})"
            for one in self.criteria
        )


def verdict(
    lessons: Sequence[Lesson],
    challenger: str,
    champion: str | None,
    *,
    classes: int,
    sure: float,
    p99: float | None,
    budget: float,
    usual: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Verdict:
    """Judge on these lessons (oldest first).

    ``classes``: how many reasons there are; ``sure``: below it nothing is shown; ``p99``: seconds
    the challenger takes, ``budget`` those allowed; ``usual``: shares of reasons before, if known.
    """
    rows = [
        (lesson, said, own)
        for lesson in lessons
        if (said := scored_by(challenger, lesson)) is not None
        and (own := said_by(champion or RULES, lesson)) is not None
    ]
    both = [lesson for lesson, _, _ in rows]
    labels = [lesson.reason for lesson in both]
    new = judge([as_shown(said, sure) for _, said, _ in rows], labels, classes)
    old = judge([as_shown(own, sure) for _, _, own in rows], labels, classes)
    better = losses(old) - losses(new)
    return Verdict(
        better=float(better.mean()) if len(better) else None,
        challenger=challenger,
        champion=champion,
        n=len(rows),
        criteria=(
            Criterion(name="calls", ok=len(rows) >= ENOUGH, value=len(rows), limit=ENOUGH),
            labels_criterion(ordinary(both), usual),
            _log_loss(better, seed),
            _groups(new, old, both),
            _most("ece", ece(new), MOST_ECE, _by_chance(new, seed)),
            _most("p99", p99, budget, "seconds"),
        ),
    )


def scored_by(challenger: str, lesson: Lesson) -> Ranked | None:
    """What a model said of a call silently; ``None`` when it was not asked."""
    for one in lesson.challengers:
        if one.model == challenger:
            return one.reasons
    return None


def said_by(champion: str, lesson: Lesson) -> Ranked | None:
    """What the one in use said of a call: beside the challengers, or else what was shown, if it was
    its; ``None`` when another was in use then."""
    found = scored_by(champion, lesson)
    return lesson.shown if found is None and lesson.model == champion else found


def ordinary(lessons: Sequence[Lesson]) -> list[str]:
    """The confirmed reasons of calls while nothing concerned everybody: during an outage a hundred
    calls in a row are about one thing, and rightly so."""
    return [
        lesson.reason
        for lesson in lessons
        if not any(name.startswith("condition.outage|") for name, _ in lesson.features)
    ]


def labels_criterion(labels: Sequence[str], usual: Mapping[str, float] | None = None) -> Criterion:
    """Whether confirmed reasons (oldest first) look like people confirmed them.

    A stream in which one reason is suddenly nearly all (a wrong default in a wrap-up form, a script
    that confirms) rewards whatever model learned the same mistake. ``usual``: shares to compare
    with; without them any reason that is nearly all is one too many.
    """
    worst, named = 0.0, ""
    for begin in range(0, len(labels) - WINDOW + 1, WINDOW // 2):
        reason, n = Counter(labels[begin : begin + WINDOW]).most_common(1)[0]
        share = n / WINDOW
        if share > WINDOW_TIMES * (usual or {}).get(reason, 0.0) and share > worst:
            worst, named = share, reason
    return Criterion(
        name="labels",
        ok=worst <= WINDOW_SHARE,
        value=worst,
        limit=WINDOW_SHARE,
        detail=f"{named!r} in {WINDOW} confirmed calls in a row" if worst > WINDOW_SHARE else "",
    )


def _by_chance(new: Judged, seed: int) -> str:
    chance = chance_ece(new, np.random.default_rng(seed))
    return "" if chance is None else f"chance alone makes {chance:.3f}"


def _log_loss(better: NDArray[np.float64], seed: int) -> Criterion:
    bound = lower_bound(better, np.random.default_rng(seed), CONFIDENCE)
    return Criterion(
        name="log_loss",
        ok=bound is not None and bound > 0,
        value=bound,
        limit=0.0,
        detail=f"{better.mean():+.4f} nats on average" if len(better) else "",
    )


def _groups(new: Judged, old: Judged, lessons: Sequence[Lesson]) -> Criterion:
    worst, named = 0.0, ""
    for group in GROUPS:
        values = [getattr(lesson, group) for lesson in lessons]
        before = by_group(old, values)
        for value, judged in by_group(new, values).items():
            if len(judged) < GROUP_ENOUGH:
                continue
            lost = (top_k(before[value], 1) or 0.0) - (top_k(judged, 1) or 0.0)
            if lost > worst:
                worst, named = lost, f"{group} {value}, {len(judged)} calls"
    return Criterion(
        name="groups", ok=worst <= GROUP_LOSS, value=worst, limit=GROUP_LOSS, detail=named
    )


def _most(name: str, value: float | None, limit: float, detail: str = "") -> Criterion:
    return Criterion(
        name=name, ok=value is not None and value <= limit, value=value, limit=limit, detail=detail
    )
