"""The queue of the surge: its hours, what its agents can take, and how many called before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.callback_ports import Caps
from callcenter.floor.hours import parse_hours

ZONE = "Europe/Zurich"
QUEUE = "service"
HOURS = parse_hours(["mon-fri 08:00-18:00"], (), ZONE)
TALK, WRAP_UP = 210.0, 30.0
HANDLE = TALK + WRAP_UP
PATIENCE = 180.0
THRESHOLD = 20.0
USUAL = 0.75
"""Of what the agents can take."""
SLOT = 900.0
NOTICE = 1800.0
LONGEST = 4 * 3600.0
RUSH = 12.0
"""So many times more visitors ask for a callback in the hour of the surge."""
ASKS_AFTER = 60.0
"""Seconds in line after which callers hear that they may be called back."""
CAPS = Caps(
    number_day=None, address_hour=None, prefix_hour=None, site_hour=None, spend_hour=None
)  # fmt: skip


def clock(hour: float, day: int = 2) -> float:
    """Of November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, tzinfo=ZoneInfo(ZONE)).timestamp() + hour * 3600


OPENS, CLOSES = clock(8), clock(18)
SURGE = clock(10), clock(11)


@dataclass(frozen=True, slots=True)
class World:
    """What is the same with and without the rule."""

    agents: int
    surge: float
    visits: float
    """Visitors who ask for a callback, an hour."""

    def calls(self, at: float) -> float:
        """A second."""
        share = self.surge if SURGE[0] <= at < SURGE[1] else USUAL
        return share * self.agents / HANDLE if OPENS <= at < CLOSES else 0.0

    def asking(self, at: float) -> float:
        """A second. Before the doors open people choose a time as well."""
        busy = RUSH if SURGE[0] <= at < SURGE[1] else 1.0
        return busy * self.visits / 3600


class Demand:
    """Eight seeded weeks without a surge, and the calls of today that have ended."""

    def __init__(self, world: World, seed: int) -> None:
        rng = random.Random(f"history {seed}")
        self.counts: Counter[float] = Counter()
        for days in range(1, 57):
            opens = OPENS - days * 86400 + (3600 if days > 8 else 0)  # clocks went back
            if datetime.fromtimestamp(opens, ZoneInfo(ZONE)).isoweekday() > 5:
                continue
            at = opens
            while (at := at + rng.expovariate(USUAL * world.agents / HANDLE)) < opens + 36000:
                self.counts[at - at % 900] += 1

    async def arrivals(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        assert step == 900
        return [(when, count) for when, count in self.counts.items() if since <= when < until]

    async def handled(
        self, queue: str, since: float, until: float
    ) -> tuple[int, float, float | None]:
        return 5000, HANDLE, PATIENCE

    async def at_work(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        raise AssertionError("the staff is planned")
