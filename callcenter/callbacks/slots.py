"""Which windows can be promised, and how many callbacks each has room for. Pure.

A window is two instants. It lies within the opening hours, begins on the grid of ``slot`` seconds
that starts where the queue opens (or at midnight), and has room for the largest number of callbacks
with which, by Erlang A, the inbound calls that are forecast still meet the service level and the
callbacks themselves can begin before it closes. What was promised for a window and does not fit is
carried into the next, as the line will carry it.

Because windows are steps of real time between real moments, an hour that the clocks skip has none,
and one that comes twice has them twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import floor, inf
from typing import Final
from zoneinfo import ZoneInfo

from callcenter.floor.hours import Hours

from .erlang import line, most_calls

FEW: Final = 6
"""Agents of a small centre."""
MOST_BUSY: Final = 0.85
"""Share of the agents' time, callbacks included, up to which a small centre promises one."""
LATE: Final = 0.02
"""At most so many of the callbacks of a window may find no agent before it closes."""
DAY: Final = 86400.0
GAP: Final = 1800.0
"""When a queue is closed for longer than that, nothing is carried over."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time that can be promised: from ``opens`` to ``closes``, seconds since the epoch. At most
    ``capacity`` callbacks may begin in it, ``taken`` are promised already."""

    opens: float
    closes: float
    capacity: int
    taken: int

    @property
    def room(self) -> int:
        return max(self.capacity - self.taken, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the line of a queue is to do with callbacks in it."""

    handle: float
    """Mean talk and wrap-up, seconds."""
    patience: float | None
    """Mean patience of callers, seconds; ``None``: endless."""
    threshold: float
    service_level: float
    dial: float
    """Seconds for which an agent is held, in the mean, until a customer answers or not."""

    def room(self, agents: int, inbound: float, seconds: float) -> int:
        """Callbacks that fit into ``seconds`` beside ``inbound`` calls, which come in that time.

        An agent is held ``dial`` longer by a callback than by a call, so it counts as more than
        one call. Whoever is last has to be dialled before the window is over.
        """
        most = most_calls(
            agents,
            self.handle,
            self.patience,
            self.threshold,
            self.service_level,
            max(seconds - self.dial, 0.0),
            LATE,
        )
        spare = (most * seconds - inbound) * self.handle / (self.handle + self.dial)
        # Bisection ends a ten-thousandth short; 12 that are 11.9999 are 12.
        return max(floor(spare * 1.0002), int(self._one_fits(agents, inbound, seconds)))

    def _one_fits(self, agents: int, inbound: float, seconds: float) -> bool:
        """So few agents reach no service level unless they idle most of the time. There one
        callback is promised as long as they are not busy all the time, and its window is kept."""
        busy = (inbound * self.handle + self.handle + self.dial) / seconds
        if not 0 < agents <= FEW or busy > MOST_BUSY * agents:
            return False
        limit = max(seconds - self.dial, 0.0)
        rate = (inbound + 1.0) / seconds
        return line(agents, rate, self.handle, self.threshold, self.patience, limit).late <= LATE


def grid(hours: Hours, zone: str, slot: float, since: float, until: float) -> Iterator[Window]:
    """All windows that close after ``since`` and open before ``until``, in order, with no room.

    They restart at each midnight of ``zone``: what is left of a day that ``slot`` does not divide
    is no window.
    """
    where = ZoneInfo(zone)
    day = datetime.fromtimestamp(since, where).date()
    for opens, closes in _open(hours, midnight(day, where), until):
        while opens < closes:
            day = datetime.fromtimestamp(opens, where).date()
            ends = min(closes, midnight(day + timedelta(days=1), where))
            if ends <= opens:  # midnight comes twice, and this is the second time
                ends = closes
            # Counted, not added up: no rounding grows over a day.
            for n in range(int((ends - opens) // slot)):
                start = opens + n * slot
                if start + slot > since and start < until:
                    yield Window(start, start + slot, 0, 0)
            opens = ends


def _open(hours: Hours, since: float, until: float) -> Iterator[tuple[float, float]]:
    """The spans from ``since`` on in which it is open, that begin before ``until``. The last one
    is cut off within the day after, so that its last window is whole."""
    at, is_open = since, hours.open_at(since)
    while at < until:
        change = hours.next_change(at)
        if is_open:
            yield at, min(until + DAY, inf if change is None else change)
        at, is_open = inf if change is None else change, not is_open


def midnight(day: date, zone: ZoneInfo) -> float:
    """When the day begins there; where the clocks skip midnight, the moment they jump."""
    return datetime.combine(day, time(), zone).timestamp()


def offered(
    windows: Sequence[Window], promised: Mapping[float, int], fits: Callable[[Window], int]
) -> list[Window]:
    """The windows with their room. They are in order, and the first is the current one.

    ``promised``: open callbacks by when their window opens, whenever that is; those of before the
    first window are still to be done. ``fits``: how many callbacks a window has room for in all.
    ``capacity`` is then what fits beside all that was promised otherwise; ``taken`` what was
    promised for exactly this window.
    """
    opening = [window.opens for window in windows]
    load = [0] * len(windows)
    for opens, count in promised.items():
        # One that opens before the first window, or between two, is for the next that comes.
        place = max(bisect_right(opening, opens) - 1, 0)
        if place < len(windows) and opens >= windows[place].closes:
            place += 1
        if place < len(windows):
            load[place] += count
    found: list[Window] = []
    carried = 0
    for n, window in enumerate(windows):
        if n and window.opens - windows[n - 1].closes > GAP:
            carried = 0
        most = fits(window)
        taken = promised.get(window.opens, 0)
        others = load[n] - taken + carried
        found.append(Window(window.opens, window.closes, max(most - others, 0), taken))
        carried = max(carried + load[n] - most, 0)
    return found
