"""When people call: hours of the day, days of the week and the month, UTC.

``busy`` is against an average hour and concerns every reason alike, so it does not bear on why
somebody calls; ``tilts`` do: some heads have their hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeAlias

DAY = 86400.0
HOUR = 3600.0

Hours: TypeAlias = Literal["office", "evening", "any"]
"""Habits of a person."""

_OFFICE = (1, 1, 1, 1, 1, 2, 8, 30, 75, 100, 105, 95, 80, 85, 90, 85, 75, 65, 50, 35, 20, 10, 4, 2)
_EVENING = (1, 1, 1, 1, 1, 2, 6, 15, 20, 20, 20, 20, 40, 25, 20, 20, 30, 80, 130, 130, 100, 60, 15,
            4)  # fmt: skip
_ANY = (4, 3, 2, 2, 2, 4, 12, 35, 60, 75, 80, 75, 75, 75, 75, 72, 70, 70, 65, 55, 45, 30, 16, 8)
_WEEKDAY = (1.3, 1.1, 1.0, 1.0, 1.05, 0.6, 0.4)
"""Monday to Sunday, against an average day."""
_MONTH_BEGINS = 1.2
"""The first three days, when salaries come and rents and bills are booked."""


def _week(hours: Sequence[int]) -> tuple[float, ...]:
    mean = sum(hours) / 24
    days = sum(_WEEKDAY) / 7
    return tuple(hour / mean * day / days for day in _WEEKDAY for hour in hours)


_BUSY: Mapping[Hours, tuple[float, ...]] = {
    "office": _week(_OFFICE), "evening": _week(_EVENING), "any": _week(_ANY),
}  # fmt: skip
BUSIEST = max(max(week) for week in _BUSY.values()) * _MONTH_BEGINS

# from 6, 12, 18 and 0 o'clock
_TILT: Mapping[str, tuple[float, float, float, float]] = {
    "online": (0.85, 0.9, 1.35, 1.2),
    "cards": (0.95, 1.0, 1.15, 1.3),
    "fraud": (0.9, 1.0, 1.2, 1.5),
    "loans": (1.1, 1.0, 0.7, 0.3),
    "mortgage": (1.1, 1.0, 0.7, 0.3),
    "service": (1.1, 1.0, 0.8, 0.5),
}
_PARTS = tuple({head: parts[(part - 1) % 4] for head, parts in _TILT.items()} for part in range(4))
MOST_TILT = max(max(parts) for parts in _TILT.values())


def busy(hours: Hours, at: float) -> float:
    """How much is called by people of these habits at ``at``; 1 is the average of a week."""
    # The epoch was a Thursday, 72 hours after a Monday began.
    pace = _BUSY[hours][(int(at // HOUR) + 72) % 168]
    return pace * _MONTH_BEGINS if _day_of_month(int(at // DAY)) <= 3 else pace


def tilts(at: float) -> Mapping[str, float]:
    """How much more or less heads are called about at this hour; 1 for those not in it."""
    return _PARTS[int(at % DAY // (6 * HOUR))]


@lru_cache(1024)
def _day_of_month(day: int) -> int:
    return datetime.fromtimestamp(day * DAY, UTC).day
