"""How many agents will be there to take calls of a queue. Pure.

Planned by the operator (``mon-fri 08:00-18:00 12``: twelve agents on the phone, breaks taken off),
or learned from who took calls of the queue at that time in the weeks before. For the next half
hour, whoever is really signed in counts for more than any plan.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median_low
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcenter.floor.hours import DAY, BadHours, parse_hours

STEP: Final = 1800.0
"""Seconds of an interval of what is learned. Longer than a call, so that whoever is at work nearly
always talks in it; shorter than a shift."""
LEARNED_WEEKS: Final = 6
WEEK: Final = 7 * 86400.0
SIGNED_IN_LASTS: Final = 1800.0
"""Seconds for which the agents signed in now say more than the plan."""
MOST: Final = 100_000
"""Agents; more is a slip of the pen."""
SPAN: Final = re.compile(r"(.*\S)\s+(\d+)", re.ASCII | re.DOTALL)


class BadStaff(ValueError):  # noqa: N818  # reads as the reason it is
    """Planned agents that cannot be understood, with what was expected."""


class Staff(Protocol):
    """Something that knows how many agents there will be."""

    def agents(self, at: float) -> int:
        """At that moment, seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """Agents by weekly spans of wall-clock time. Spans that overlap add up."""

    spans: tuple[tuple[int, int, int, int], ...]
    """(ISO weekday, first minute of the day, minute of the day it ends, agents)."""
    zone: ZoneInfo

    def agents(self, at: float) -> int:
        local = datetime.fromtimestamp(at, self.zone)
        day, minute = local.isoweekday(), local.hour * 60 + local.minute
        return sum(
            agents
            for weekday, opens, closes, agents in self.spans
            if (weekday == day and opens <= minute < (closes if closes > opens else DAY))
            # The part of a span over midnight that is in the next day.
            or (closes <= opens and weekday % 7 + 1 == day and minute < closes)
        )


def parse_staff(spans: Sequence[str], zone: str = "UTC") -> Planned:
    """``["mon-fri 08:00-18:00 12", "sat 09:00-13:00 4"]``; :class:`BadStaff` in words."""
    found: list[tuple[int, int, int, int]] = []
    for text in spans:
        cut = SPAN.fullmatch(text.strip())
        if cut is None:
            raise BadStaff(f"planned agents look like 'mon-fri 08:00-18:00 12', not {text!r}")
        hours, count = cut.groups()
        # Python refuses to read thousands of digits; that is no number of agents either.
        if len(count) > len(str(MOST)) or int(count) > MOST:
            raise BadStaff(f"{count[:20]} agents in {text[:80]!r} are more than {MOST:,}")
        try:
            weekly = parse_hours([hours], zone=zone).weekly
        except BadHours as error:
            raise BadStaff(f"planned agents look like 'mon-fri 08:00-18:00 12': {error}") from error
        found += [(*span, int(count)) for span in weekly]
    try:
        parse_hours((), zone=zone)
    except BadHours as error:
        raise BadStaff(str(error)) from error
    return Planned(tuple(found), ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Learned:
    """The median over the last weeks of how many took calls at that time of the week."""

    cells: dict[tuple[int, int], int]
    """(ISO weekday, interval of the day) to agents; absent: nobody ever was."""
    zone: ZoneInfo

    def agents(self, at: float) -> int:
        return self.cells.get(_cell(at, self.zone), 0)


def learn_staff(
    at_work: Sequence[tuple[float, int]], at: float, zone: str, holidays: Collection[str] = ()
) -> Learned | None:
    """From how many agents took calls by interval of ``STEP`` seconds (its beginning; absent:
    nobody did). Holidays are left out. ``None``: nobody ever did.

    The median, the lower one of two: one week in which everybody helped out is no plan."""
    where = ZoneInfo(zone)
    free = frozenset(map(date.fromisoformat, holidays))
    until = at - at % STEP
    seen = {
        when - when % STEP: agents
        for when, agents in at_work
        if agents > 0 and until - LEARNED_WEEKS * WEEK <= when < until
    }
    if not seen:
        return None
    counts: dict[tuple[int, int], list[int]] = defaultdict(list)
    # From the day on of which something is known, at most six weeks.
    first = min(seen)
    for n in range(int((until - first) / STEP)):
        when = first + n * STEP
        if datetime.fromtimestamp(when, where).date() not in free:
            counts[_cell(when, where)].append(seen.get(when, 0))
    cells = {cell: median_low(agents) for cell, agents in counts.items()}
    return Learned({cell: agents for cell, agents in cells.items() if agents}, where)


def _cell(at: float, zone: ZoneInfo) -> tuple[int, int]:
    local = datetime.fromtimestamp(at, zone)
    return local.isoweekday(), int((local.hour * 3600 + local.minute * 60) // STEP)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A plan, corrected by who is really signed in at ``at``: for the next half hour the plan only
    says who comes and who goes."""

    plan: Staff
    now: int
    at: float

    def agents(self, at: float) -> int:
        planned = self.plan.agents(at)
        if not self.at <= at < self.at + SIGNED_IN_LASTS:
            return planned
        return max(self.now + planned - self.plan.agents(self.at), 0)


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is no plan and nothing to learn from."""

    def agents(self, at: float) -> int:
        return 0


def least(staff: Staff, since: float, until: float) -> int:
    """The fewest agents there are at any quarter of an hour between two moments."""
    found, at = staff.agents(since), since - since % 900 + 900
    while at < until:
        found = min(found, staff.agents(at))
        at += 900
    return min(found, staff.agents(max(until - 1, since)))
