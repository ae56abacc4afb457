"""Answers which times a queue can promise, from its history, its staff and what is promised.

Forecasts are kept for ``FRESH`` seconds; what is promised is asked of the store every time. Time is
an argument everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final, Literal
from zoneinfo import ZoneInfo

from callcenter.callback_ports import Callbacks, Demand, SlotHold
from callcenter.floor.events import HoursSettings
from callcenter.floor.hours import Hours
from callcenter.floor.waits import Estimate

from . import forecast as forecasting
from . import staffing
from .slots import Terms, Window, grid, midnight, offered

FRESH: Final = 300.0
"""Seconds for which what was learned is used again."""
HANDLE_WEEKS: Final = 4
UNKNOWN_HANDLE: Final = 300.0
"""Seconds of a call where none was ever measured and none is set."""
UNKNOWN_LOAD: Final = 0.5
"""Of the agents' time that callers take, as long as no call was ever seen."""
LATEST_GRACE: Final = 600.0
"""A slot that was shown may be taken for so long after the notice for it has begun, but no more
than half the notice: people need time to fill in a form."""
MARGIN: Final = 1.5
"""A window for now is longer by that factor than the wait that is expected: p90 would be kept nine
times in ten."""
ROUND: Final = 300.0
"""Windows for now end on such a step."""
LEFTOVER: Final = 2 * 86400.0
"""Callbacks whose window opened so long ago may still be open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    """What the planner must know of a queue."""

    hours: HoursSettings = HoursSettings()  # noqa: RUF009  # frozen
    threshold: float = 20.0
    service_level: float = 0.8
    """Slots are offered while so many callers are still answered within ``threshold`` seconds."""
    notice: float = 1800.0
    """The earliest slot is so many seconds ahead."""
    days_ahead: int = 14
    slot_minutes: int = 15
    staff: tuple[str, ...] = ()
    """Agents planned (``staffing.parse_staff``); none: learned."""
    handle_seconds: float = 0.0
    """Mean talk and wrap-up; 0: as measured."""
    patience_seconds: float = 0.0
    """Mean patience; 0: as measured."""
    dial_seconds: float = 15.0
    """For which an agent is held, in the mean, until a customer answers or does not."""
    most_waiting: int = 200
    """No more open callbacks than this."""
    longest_wait: float = 4 * 3600.0
    """A window for now is at most so many seconds long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the slots of a queue rest on, for whoever wonders about them."""

    at: float
    basis: Literal["week", "hour", "none"]
    """Of the current quarter; ``none``: no call was ever seen, and callers are taken to need half
    of the agents' time."""
    weeks: float
    error: float | None
    """WAPE of the forecast on the last week; ``None``: not to be measured yet."""
    trend: float
    today: float
    """How much more is going on in this hour than forecast: 1.5 for half as much again."""
    staff: Literal["planned", "learned", "none"]
    handle: float
    handle_from: Literal["set", "measured", "assumed"]
    patience: float | None
    """``None``: endless, as far as one can know."""


@dataclass(slots=True)
class _Known:
    """What was learned of a queue at ``at``."""

    at: float
    outlook: Outlook
    forecast: forecasting.Forecast | None
    staff: staffing.Staff
    terms: Terms
    windows: list[Window]
    """From the current one to the last day ahead."""
    fits: dict[float, int] = field(default_factory=dict)
    """By opening of the window."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is so right now."""

    agents: int
    waiting: int
    at: float


class Planner:
    """``zone``: IANA name of the centre's. Raises ``BadStaff`` and ``BadHours`` for plans that
    cannot be understood; every question may raise ``StoreError``, and KeyError for an unknown
    queue."""

    def __init__(
        self, store: Callbacks, demand: Demand, queues: Mapping[str, QueuePlan], zone: str
    ) -> None:
        self._store = store
        self._demand = demand
        self._queues = dict(queues)
        self._zone = zone
        self._hours = {queue: Hours(plan.hours) for queue, plan in self._queues.items()}
        self._planned = {
            queue: staffing.parse_staff(plan.staff, zone)
            for queue, plan in self._queues.items()
            if plan.staff
        }
        self._known: dict[str, _Known] = {}
        self._told: dict[str, _Told] = {}
        self._learning = {queue: asyncio.Lock() for queue in self._queues}

    def told(self, queue: str, agents: int, waiting: int, at: float) -> None:
        """So many agents are signed in for the queue at ``at``, and so many callers wait in it:
        for the next half hour that says more than any plan."""
        self._told[queue] = _Told(agents, waiting, at)
        known = self._known.get(queue)
        if known is not None:
            soon = at + staffing.SIGNED_IN_LASTS
            known.fits = {opens: most for opens, most in known.fits.items() if opens >= soon}

    async def slots(self, queue: str, at: float, until: float) -> tuple[Window, ...]:
        """The windows with room that open within the notice and ``until``, as of ``at``."""
        plan = self._queues[queue]
        known = await self._learned(queue, at)
        promised = await self._promised(queue, at)
        if sum(promised.values()) >= plan.most_waiting:
            return ()
        return tuple(
            window
            for window in offered(self._ahead(known, at), promised, self._fits(queue, known, at))
            if window.room and at + plan.notice <= window.opens < until
        )

    async def window(self, queue: str, opens: float, at: float) -> Window | None:
        """The window that opens just then, with or without room; ``None``: never offered, or too
        late. A little of the notice is let go, so that whoever reads slowly gets what was shown."""
        plan = self._queues[queue]
        if opens < at + plan.notice - min(LATEST_GRACE, plan.notice / 2) or opens <= at:
            return None
        known = await self._learned(queue, at)
        ahead = self._ahead(known, at)
        if all(window.opens != opens for window in ahead):
            return None
        promised = await self._promised(queue, at)
        found = offered(ahead, promised, self._fits(queue, known, at))
        if sum(promised.values()) >= plan.most_waiting:
            found = [Window(one.opens, one.closes, 0, one.taken) for one in found]
        return next(window for window in found if window.opens == opens)

    async def hold(self, queue: str, opens: float, at: float) -> SlotHold | None:
        """What the store checks when it books; ``None``: never offered, or too late."""
        window = await self.window(queue, opens, at)
        return None if window is None else SlotHold(opens=opens, capacity=window.capacity)

    async def now(
        self, queue: str, at: float, estimate: Estimate | None, in_line: bool = False
    ) -> Window | None:
        """An honest window for "call me now"; ``None``: closed, too long, or it would break what
        is promised already.

        Places are kept, so who comes later does not matter: the wait is that behind those who are
        in line now, by the estimate, and behind the callbacks promised before, as fast as the
        agents can take them all. ``in_line``: they wait in the queue already, and keep their place
        there; so they take nothing from anybody, and only too long a wait speaks against it.
        """
        plan, hours = self._queues[queue], self._hours[queue]
        if not hours.open_at(at):
            return None
        known = await self._learned(queue, at)
        promised = await self._promised(queue, at)
        if sum(promised.values()) >= plan.most_waiting:
            return None
        agents = self._staff(queue, known).agents(at)
        if agents <= 0:
            return None
        before = sum(count for opens, count in promised.items() if opens <= at)
        told = self._told.get(queue)
        if told is not None and 0 <= at - told.at < forecasting.STEP:
            before += told.waiting
        # Whoever is k-th behind busy agents waits for k of them to end (and to have dialled).
        wait = before * (known.terms.handle + known.terms.dial) / agents
        wait = MARGIN * max(wait, estimate.p90 if estimate is not None else 0.0)
        slot = plan.slot_minutes * 60.0
        if wait > plan.longest_wait:
            return None
        soon = any(at < opens < at + wait for opens in promised)
        if soon and wait > slot - plan.dial_seconds and not in_line:
            # They would find this one, and all before it, still in line.
            return None
        closes = at + ceil(max(wait, slot) / ROUND) * ROUND
        closing = hours.next_change(at)
        if closing is not None and closing < closes:
            if closing - at < max(wait, slot / 3):
                return None
            closes = closing
        return Window(at, closes, 1, 0)

    async def staff(self, queue: str, at: float, until: float) -> int:
        """The fewest agents there are for the queue at any time between the two moments."""
        known = await self._learned(queue, at)
        return staffing.least(self._staff(queue, known), at, until)

    async def outlook(self, queue: str, at: float) -> Outlook:
        """What the answers of now rest on."""
        return (await self._learned(queue, at)).outlook

    # --- what is learned ------------------------------------------------------------------------

    async def _learned(self, queue: str, at: float) -> _Known:
        async with self._learning[queue]:
            known = self._known.get(queue)
            # A clock that was set back makes it learn again as well.
            if known is None or not 0 <= at - known.at < FRESH:
                known = self._known[queue] = await self._learn(queue, at)
            return known

    async def _learn(self, queue: str, at: float) -> _Known:
        plan, step, week = self._queues[queue], forecasting.STEP, forecasting.WEEK
        history = await self._demand.arrivals(
            queue, at - at % step - forecasting.WEEKS * week, at, step
        )
        handled = await self._demand.handled(queue, at - HANDLE_WEEKS * week, at)
        at_work: Sequence[tuple[float, int]] = ()
        if not plan.staff:
            since = at - at % staffing.STEP - staffing.LEARNED_WEEKS * week
            at_work = await self._demand.at_work(queue, since, at, staffing.STEP)
        # Tens of milliseconds of reckoning: not where calls are distributed.
        return await asyncio.to_thread(self._reckon, queue, at, history, handled, at_work)

    def _reckon(
        self,
        queue: str,
        at: float,
        history: Sequence[tuple[float, int]],
        handled: tuple[int, float, float | None],
        at_work: Sequence[tuple[float, int]],
    ) -> _Known:
        """Pure; runs in a thread of its own and shares nothing that changes."""
        plan, step = self._queues[queue], forecasting.STEP
        calls, handle, patience = handled
        found = forecasting.forecast(history, at, self._zone, plan.hours.holidays)
        today = 1.0
        if found is not None:
            today = forecasting.today_factor(history, found, at - at % step - 2 * step, at)
        staff: staffing.Staff | None = self._planned.get(queue)
        staff_from: Literal["planned", "learned", "none"] = "planned"
        if staff is None:
            staff = staffing.learn_staff(at_work, at, self._zone, plan.hours.holidays)
            staff_from = "learned" if staff is not None else "none"
        handle_from: Literal["set", "measured", "assumed"] = "measured"
        if plan.handle_seconds > 0:
            handle, handle_from = plan.handle_seconds, "set"
        elif calls == 0 or handle <= 0:
            handle, handle_from = UNKNOWN_HANDLE, "assumed"
        patience = plan.patience_seconds or patience
        outlook = Outlook(
            at=at,
            basis="none" if found is None else found.rate(at).basis,
            weeks=0.0 if found is None else found.weeks,
            error=None if found is None else found.error,
            trend=1.0 if found is None else found.trend,
            today=today,
            staff=staff_from,
            handle=handle,
            handle_from=handle_from,
            patience=patience,
        )
        terms = Terms(
            handle=handle,
            patience=patience,
            threshold=plan.threshold,
            service_level=plan.service_level,
            dial=plan.dial_seconds,
        )
        where = ZoneInfo(self._zone)
        last = datetime.fromtimestamp(at, where).date() + timedelta(days=plan.days_ahead + 1)
        windows = grid(
            self._hours[queue], self._zone, plan.slot_minutes * 60.0, at, midnight(last, where)
        )
        known = _Known(at, outlook, found, staff or staffing.Nobody(), terms, list(windows))
        # What the plan says of later windows; for the next ones, who is signed in is asked.
        fits = _Fits(known, known.staff, None, at)
        for window in known.windows:
            if window.opens >= at + staffing.SIGNED_IN_LASTS:
                fits(window)
        return known

    def _staff(self, queue: str, known: _Known) -> staffing.Staff:
        told = self._told.get(queue)
        return known.staff if told is None else staffing.SignedIn(known.staff, told.agents, told.at)

    @staticmethod
    def _ahead(known: _Known, at: float) -> list[Window]:
        """From the current window on; those of the last minutes have closed since."""
        return [window for window in known.windows if window.closes > at]

    def _fits(self, queue: str, known: _Known, at: float) -> _Fits:
        return _Fits(known, self._staff(queue, known), self._told.get(queue), at)

    async def _promised(self, queue: str, at: float) -> dict[float, int]:
        until = at + (self._queues[queue].days_ahead + 2) * 86400.0
        return await self._store.promised(queue, at - LEFTOVER, until)


@dataclass(frozen=True, slots=True)
class _Fits:
    """How many callbacks a window has room for in all."""

    known: _Known
    staff: staffing.Staff
    told: _Told | None
    at: float

    def __call__(self, window: Window) -> int:
        most = self.known.fits.get(window.opens)
        if most is None:
            most = self.known.fits[window.opens] = self._count(window)
        return most

    def _count(self, window: Window) -> int:
        known, seconds = self.known, window.closes - window.opens
        agents = staffing.least(self.staff, max(window.opens, self.at), window.closes)
        if known.forecast is None:
            inbound = UNKNOWN_LOAD * agents * seconds / known.terms.handle
        else:
            left = forecasting.fading(known.outlook.today, max(window.opens - known.at, 0.0))
            inbound = left * known.forecast.calls(window.opens, window.closes)
        if self.told is not None and window.opens <= self.told.at < window.closes:
            inbound += self.told.waiting
        return known.terms.room(agents, inbound, seconds)
