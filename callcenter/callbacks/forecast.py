"""How many calls a queue will be offered, by quarter of an hour. Pure.

From up to eight weeks of what was offered: the weighted mean of the same quarter of the same
weekday, recent weeks counting more, smoothed over its neighbours, times a damped trend of the
weeks. Holidays are left out, and so is the part of a day before the first call ever seen. Clocks
count: 09:00 is what the clocks of the centre show, whatever the season.

Where there are less than ``ENOUGH_WEEKS`` of a quarter it falls back to the mean of that hour over
all days of its kind (working days or weekend) and says so; before the first call there is no
forecast at all. What the method is worth is measured, not assumed: the last week is forecast from
the weeks before it, and the error is told with every forecast.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import exp, log
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

STEP: Final = 900.0
"""Seconds of one interval."""
EPOCH: Final = date(1970, 1, 1).toordinal()
QUARTERS: Final = 96
"""Intervals of a day."""
WEEK: Final = 7 * 86400.0
WEEKS: Final = 8
RECENCY: Final = 0.85
"""Weight of a week against the one after it."""
ENOUGH_WEEKS: Final = 3
DAMPING: Final = 0.5
"""Of the trend that was seen, so much is believed."""
MOST_TREND: Final = log(1.3)
"""No trend changes the forecast by more than that."""

Basis: TypeAlias = Literal["week", "hour"]
"""Mean of the same quarter of the week; or, with few data, of that hour on such days."""
_Cell: TypeAlias = tuple[int, int]
"""(ISO weekday, quarter of the day)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls expected in one interval of ``STEP`` seconds, and what that rests on."""

    calls: float
    basis: Basis
    weeks: int
    """How many weeks had this quarter."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected calls by local time. Build it with :func:`forecast`."""

    zone: ZoneInfo
    cells: dict[_Cell, Rate]
    trend: float
    """Factor already in the rates: above 1 where calls grow."""
    weeks: float
    """Weeks of history it was built from."""
    error: float | None
    """WAPE on the last week: the sum of |forecast - real| over all quarters by the sum of real
    calls. 0.3: three in ten calls came in another quarter than forecast. ``None``: too little
    history, or no calls in that week, to measure it."""

    def rate(self, at: float) -> Rate:
        """For the interval that begins at ``at`` (seconds since the epoch)."""
        return self.cells[_cell(at, self.zone)]

    def calls(self, since: float, until: float) -> float:
        """Expected between two moments; intervals cut by them count in part."""
        total, start = 0.0, since - since % STEP
        while start < until:
            part = (min(until, start + STEP) - max(since, start)) / STEP
            total += part * self.rate(start).calls
            start += STEP
        return total


def forecast(
    history: Sequence[tuple[float, int]],
    at: float,
    zone: str,
    holidays: Collection[str] = (),
) -> Forecast | None:
    """From calls offered by interval (its beginning, a multiple of ``STEP``; intervals without any
    may be absent), as known at ``at``. ``None``: no call was ever seen."""
    where = ZoneInfo(zone)
    free = frozenset(map(date.fromisoformat, holidays))
    until = at - at % STEP
    counts: dict[float, int] = defaultdict(int)
    for when, calls in history:
        if until - WEEKS * WEEK <= when < until:
            counts[when - when % STEP] += calls
    since = min((when for when, calls in counts.items() if calls > 0), default=None)
    if since is None:
        return None
    seen = _seen(counts, since, until, where, free)
    cells, trend = _profile(seen, until)
    before = [one for one in seen if one.when < until - WEEK]
    error: float | None = None
    if before:
        error = _wape(
            _profile(before, until - WEEK)[0], (o for o in seen if o.when >= until - WEEK)
        )
    return Forecast(where, cells, trend, (until - since) / WEEK, error)


@dataclass(frozen=True, slots=True)
class _Seen:
    when: float
    cell: _Cell
    calls: int


def _seen(
    counts: dict[float, int], since: float, until: float, zone: ZoneInfo, free: frozenset[date]
) -> list[_Seen]:
    """Every interval from the first call on, those without calls as well; no holidays."""
    closed = {day.toordinal() for day in free}
    found: list[_Seen] = []
    begin = since
    while begin < until:
        end = min(begin + QUARTERS * STEP, until)
        # Where the clocks show the same offset at both ends of a day, they did so all the day.
        offset, later = _offset(begin, zone), _offset(end, zone)
        when = begin
        while when < end:
            if offset != later:
                offset = _offset(when, zone)
            days, seconds = divmod(int(when) + offset, 86400)
            if days + EPOCH not in closed:
                # 1 January 1970 was a Thursday.
                cell = ((days + 3) % 7 + 1, seconds // int(STEP))
                found.append(_Seen(when, cell, counts.get(when, 0)))
            when += STEP
        begin = end
    return found


def _offset(at: float, zone: ZoneInfo) -> int:
    """Of the clocks there, seconds."""
    ahead = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())


def _profile(seen: Iterable[_Seen], until: float) -> tuple[dict[_Cell, Rate], float]:
    """Rates of the week after ``until``, and the trend that is in them."""
    sums: dict[_Cell, list[float]] = defaultdict(lambda: [0.0, 0.0])
    weeks: dict[_Cell, int] = defaultdict(int)
    hours: dict[tuple[bool, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    by_week: dict[int, dict[_Cell, int]] = defaultdict(dict)
    for one in seen:
        ago = int((until - one.when - 1) // WEEK)
        weight = RECENCY**ago
        cell = sums[one.cell]
        cell[0] += weight * one.calls
        cell[1] += weight
        weeks[one.cell] += 1
        hour = hours[_hour(one.cell)]
        hour[0] += weight * one.calls
        hour[1] += weight
        by_week[ago][one.cell] = one.calls
    mean = {cell: total / weight for cell, (total, weight) in sums.items()}
    trend = _trend(by_week, mean)
    every = sum(total for total, _ in hours.values()) / sum(weight for _, weight in hours.values())
    rates: dict[_Cell, Rate] = {}
    for day in range(1, 8):
        for quarter in range(QUARTERS):
            here = (day, quarter)
            if weeks[here] >= ENOUGH_WEEKS:
                rates[here] = Rate(trend * _smooth(mean, here), "week", weeks[here])
                continue
            total, weight = hours.get(_hour(here), (0.0, 0.0))
            # Not one such hour was seen: that of the other kind of day, and then the mean of all.
            if not weight:
                total, weight = hours.get((not _hour(here)[0], quarter // 4), (every, 1.0))
            rates[here] = Rate(total / weight, "hour", weeks[here])
    return rates, trend


def _smooth(mean: dict[_Cell, float], here: _Cell) -> float:
    """Half itself, a quarter each neighbour. Not across the edge of a busy time: where a neighbour
    had no call in all the weeks, it is taken to be closed, and does not count."""
    day, quarter = here
    own = mean[here]
    around = [mean.get((day, quarter - 1), 0.0), mean.get((day, quarter + 1), 0.0)]
    if own == 0:
        return 0.0
    return 0.5 * own + 0.25 * sum(near or own for near in around)


def _trend(by_week: dict[int, dict[_Cell, int]], mean: dict[_Cell, float]) -> float:
    """Slope of the logarithm of the weeks' calls, each against what the profile expects of the
    quarters it has, weighted by recency; damped, and carried from the weighted middle of the weeks
    to the week to come. 1 with fewer than four weeks."""
    points = []
    for ago, cells in by_week.items():
        expected, calls = sum(mean[cell] for cell in cells), sum(cells.values())
        # A week of which less than half is left (holidays, the beginning) says little.
        if calls > 0 and expected > 0 and len(cells) >= 7 * QUARTERS / 2:
            points.append((-float(ago), log(calls / expected), RECENCY**ago))
    if len(points) < 4:
        return 1.0
    total = sum(weight for _, _, weight in points)
    middle = sum(weight * x for x, _, weight in points) / total
    level = sum(weight * y for _, y, weight in points) / total
    spread = sum(weight * (x - middle) ** 2 for x, _, weight in points)
    slope = sum(weight * (x - middle) * (y - level) for x, y, weight in points) / spread
    growth = DAMPING * slope * (1 - middle)
    return exp(max(-MOST_TREND, min(MOST_TREND, growth)))


def _wape(rates: dict[_Cell, Rate], real: Iterable[_Seen]) -> float | None:
    missed = calls = 0.0
    for one in real:
        missed += abs(rates[one.cell].calls - one.calls)
        calls += one.calls
    return missed / calls if calls else None


def _hour(cell: _Cell) -> tuple[bool, int]:
    """(weekend, hour of the day)."""
    return cell[0] >= 6, cell[1] // 4


def _cell(at: float, zone: ZoneInfo) -> _Cell:
    local = datetime.fromtimestamp(at, zone)
    return local.isoweekday(), local.hour * 4 + local.minute // 15


def today_factor(
    real: Sequence[tuple[float, int]], expected: Forecast, since: float, until: float
) -> float:
    """How much more is going on today than forecast: 1.5 for half as much again.

    Calls of the last ``until - since`` seconds against the forecast, both plus ``PRIOR`` calls, so
    that a few calls more or less than a few expected say nothing (the mean of a gamma prior)."""
    calls = sum(count for when, count in real if since <= when < until)
    return (calls + PRIOR) / (expected.calls(since, until) + PRIOR)


PRIOR: Final = 10.0
LASTS: Final = 3600.0
"""Half of what today has more is gone so many seconds later."""
FULL: Final = 1800.0
"""For so long it is believed in full."""


def fading(factor: float, ahead: float) -> float:
    """What is left of today's factor ``ahead`` seconds from now."""
    left: float = 0.5 ** (max(ahead - FULL, 0.0) / LASTS)
    return 1 + (factor - 1) * left
