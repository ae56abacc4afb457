"""Drift and calibration of an installation: which lessons are looked at, and when it is an alarm.

The measures are ``intelligence.drift`` and ``intelligence.measures``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from intelligence.drift import drift
from intelligence.measures import chance_ece, ece, judge

from .ports import Lesson, Lessons

DAY: Final = 86_400.0
NOW_DAYS: Final = 7.0
REFERENCE_DAYS: Final = 28.0
SLOT: Final = DAY / 4
"""Lessons are taken from every slot, so that a busy centre is looked at as fast as a small one."""
OF_A_SLOT: Final = 100
LATEST: Final = 500
"""Confirmed calls that calibration is watched on."""
LEAST: Final = 200
BACK: Final = (DAY / 24, DAY / 4, DAY, 7 * DAY, 30 * DAY)
"""How far back the latest confirmed calls are looked for, seconds."""
UNTRUE: Final = 0.03
"""ECE above what chance makes of so few calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was found when it was last looked at; ``None``: too few calls to say."""

    at: float | None = None
    drift: float | None = None
    """The largest population stability index."""
    drifted: str = ""
    """What moved most: a group of features, or ``heads``."""
    drift_alarm: bool = False
    ece: float | None = None
    """Of the latest confirmed calls."""
    calibration_alarm: bool = False


def watched(lessons: Lessons, heads: Mapping[str, str], now: float) -> Watched:
    """Look. Reads lessons: off the loop."""
    recent = _spread(lessons, now - NOW_DAYS * DAY, now)
    before = _spread(lessons, now - (NOW_DAYS + REFERENCE_DAYS) * DAY, now - NOW_DAYS * DAY)
    moved = drift(before, recent, heads)
    by = moved.features[0] if moved.features else ("", 0.0)
    latest = latest_predicted(lessons, now)
    error, chance = None, 0.0
    if len(latest) >= LEAST:
        judged = judge(
            [one.shown for one in latest], [one.reason for one in latest], max(2, len(heads))
        )
        error = ece(judged)
        chance = chance_ece(judged, np.random.default_rng(0)) or 0.0
    return Watched(
        at=now,
        drift=moved.most,
        drifted=by[0] if moved.heads is None or by[1] >= moved.heads else "heads",
        drift_alarm=moved.alarm,
        ece=error,
        calibration_alarm=error is not None and error > chance + UNTRUE,
    )


def latest_predicted(lessons: Lessons, now: float) -> list[Lesson]:
    """The latest ``LATEST`` lessons of which something was shown."""
    for back in BACK:
        # Counted first: reading is what costs.
        if lessons.confirmed_since(now - back) >= LATEST or back == BACK[-1]:
            found = [one for one in lessons.lessons(now - back, now + 1.0) if one.shown]
            if len(found) >= LATEST or back == BACK[-1]:
                return found[-LATEST:]
    return []


def _spread(lessons: Lessons, since: float, until: float) -> list[Lesson]:
    found: list[Lesson] = []
    begin = since
    while begin < until:
        end = min(until, begin + SLOT)
        found += islice(lessons.lessons(begin, end), OF_A_SLOT)
        begin = end
    return found
