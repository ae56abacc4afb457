"""When a queue is open: weekly spans in a time zone, and holidays. Pure.

A span that closes before it opens goes on into the next day (22:00 to 06:00). On a holiday a queue
is closed from midnight to midnight, whatever span reaches into it. Spans are wall-clock times: on
the day the clocks change, 08:00 is when the clocks there show 08:00, and a time the clocks skip
counts as the moment they jump.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .events import HoursSettings

DAY: Final = 24 * 60
"""Minutes."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD: Final = 400
"""Days searched for the next change: a year of holidays and more."""
REMEMBERED: Final = 500
"""Days whose spans are kept, for each of the hours."""
SPAN: Final = re.compile(
    r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})",
    re.IGNORECASE | re.ASCII,
)


class BadHours(ValueError):  # noqa: N818  # reads as the reason it is
    """Opening hours that cannot be understood, with what was expected."""


class Hours:
    """The opening hours that ``settings`` describe; :class:`BadHours` when they describe none."""

    def __init__(self, settings: HoursSettings) -> None:
        self._zone = _zone(settings.zone)
        self._holidays = frozenset(_holiday(text) for text in settings.holidays)
        self._always = not settings.weekly and not self._holidays
        self._spans: dict[int, list[tuple[int, int]]] = {day: [] for day in range(1, 8)}
        for day, opens, closes in settings.weekly:
            if day not in self._spans or not (0 <= opens < DAY and 0 <= closes <= DAY):
                raise BadHours(f"no weekly span: {(day, opens, closes)!r}")
            if opens < closes:
                self._spans[day].append((opens, closes))
            else:
                self._spans[day].append((opens, DAY))
                self._spans[day % 7 + 1].append((0, closes))
        if not settings.weekly:
            self._spans = {day: [(0, DAY)] for day in range(1, 8)}
        self._known: dict[date, list[tuple[float, float]]] = {}
        """Days that were asked for, worked out: a day is asked for over and over."""

    def open_at(self, at: float) -> bool:
        """Whether it is open at ``at`` (seconds since the epoch)."""
        if self._always:
            return True
        today = datetime.fromtimestamp(at, self._zone).date()
        return any(opens <= at < closes for opens, closes in self._moments(today))

    def next_change(self, at: float) -> float | None:
        """The next moment after ``at`` at which it opens or closes; ``None``: none is in sight."""
        if self._always:
            return None
        now = self.open_at(at)
        first = datetime.fromtimestamp(at, self._zone).date()
        for ahead in range(LOOK_AHEAD):
            for span in self._moments(first + timedelta(days=ahead)):
                for moment in span:
                    # Spans may touch or overlap: only where the answer differs is a change.
                    if moment > at and self.open_at(moment) != now:
                        return moment
        return None

    def _moments(self, day: date) -> list[tuple[float, float]]:
        """The spans of a day in seconds since the epoch, in order."""
        known = self._known.get(day)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[day] = self._worked_out(day)
        return known

    def _worked_out(self, day: date) -> list[tuple[float, float]]:
        if day in self._holidays:
            return []
        return sorted(
            (self._moment(day, opens), self._moment(day, closes))
            for opens, closes in self._spans[day.isoweekday()]
        )

    def _moment(self, day: date, minute: int) -> float:
        day += timedelta(days=minute // DAY)
        hour, minute = divmod(minute % DAY, 60)
        wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone)
        moment = wall.timestamp()
        if datetime.fromtimestamp(moment, self._zone).replace(tzinfo=None) == wall.replace(
            tzinfo=None
        ):
            return moment
        # The clocks skip this time. By PEP 495 fold=0 reads it with the offset before the jump and
        # fold=1 with the one after it; the jump is where one becomes the other.
        before, after = moment, wall.replace(fold=1).timestamp()
        low, high = min(before, after), max(before, after)
        offset = datetime.fromtimestamp(low, self._zone).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if datetime.fromtimestamp(middle, self._zone).utcoffset() == offset:
                low = middle
            else:
                high = middle
        return high


def parse_hours(
    spans: Sequence[str], holidays: Sequence[str] = (), zone: str = "UTC"
) -> HoursSettings:
    """``["mon-fri 08:00-18:00", "sat 09:00-13:00"]`` as settings; :class:`BadHours` in words."""
    weekly: list[tuple[int, int, int]] = []
    for text in spans:
        found = SPAN.fullmatch(text.strip())
        if found is None:
            raise BadHours(f"opening hours look like 'mon-fri 08:00-18:00', not {text!r}")
        first, last, *clock = found.groups()
        opens, closes = _minute(text, clock[0], clock[1]), _minute(text, clock[2], clock[3])
        if opens in (closes, DAY):
            raise BadHours(f"{text!r} is no span of time; a whole day is 00:00-24:00")
        day, end = _day(text, first), _day(text, last or first)
        while True:
            weekly.append((day, opens, closes))
            if day == end:
                break
            day = day % 7 + 1
    for text in holidays:
        _holiday(text)
    _zone(zone)
    return HoursSettings(
        zone=zone, weekly=tuple(sorted(set(weekly))), holidays=tuple(sorted(set(holidays)))
    )


def _day(text: str, name: str) -> int:
    if name.lower() not in DAYS:
        raise BadHours(f"{name!r} in {text!r} is none of {', '.join(DAYS)}")
    return DAYS.index(name.lower()) + 1


def _minute(text: str, hour: str, minute: str) -> int:
    at = int(hour) * 60 + int(minute)
    if int(minute) > 59 or at > DAY:
        raise BadHours(f"{hour}:{minute} in {text!r} is no time of day (00:00 to 24:00)")
    return at


def _holiday(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadHours(f"a holiday is a date such as 2027-12-25, not {text!r}") from error
    if day.isoformat() != text:
        raise BadHours(f"a holiday is a date such as 2027-12-25, not {text!r}")
    return day


def _zone(name: str) -> ZoneInfo:
    try:
        zone = ZoneInfo(name)
        datetime.fromtimestamp(0, UTC).astimezone(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadHours(f"no time zone is called {name!r}; one is Europe/Zurich") from error
    return zone
