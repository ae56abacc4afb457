"""Whether promised callbacks are kept when far more people call than there are agents for.

    python -m benchmarks.callback_surge [--seeds 1 2 3 4 5] [--agents 12] [--surge 1.5]

A seeded day of one queue, 08:00 to 18:00, on the real floor with simulated time, the real planner
and an in-memory store that is true to the real one. Callers come at random, three quarters of what
the agents can take; from 10:00 to 11:00 ``surge`` times what they can take. They give up; or, after
a minute in line, some ask to be called back. Visitors of the website ask to be called now or choose
a time, twelve times as many in that hour. Some customers who are called do not answer, are busy,
decline, or have no such number; agents refuse or miss what they are offered.

The same seeds are played with the rule (only what the staff can keep is promised: slots, a window
for now as long as the line makes it, or nothing today) and without it (whoever asks is promised the
next quarter of an hour, or any slot of the day they like). Promise: with the rule at least 95 % of
the windows promised on the website are kept (first dialled within them), and nobody is called
outside the opening hours or their window, with or without it.

Promises to callers in line are counted apart: they are not told a time, and any time within the
longest wait keeps them.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import itertools
import os
import platform
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from callcenter.callback_ports import (
    CallbackOutside,
    CallbackRefused,
    CallbackTaken,
    Caps,
    SlotHold,
    Source,
)
from callcenter.callbacks.planner import Planner, QueuePlan
from callcenter.callbacks.slots import Window, grid
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import Callback, CallbackOrigin, CallbackRules, DialEnd
from callcenter.floor.floor import Floor
from callcenter.floor.hours import Hours, parse_hours
from tests.fake_callbacks import MemoryCallbacks

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
PROMISE = 0.95
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


@dataclass(slots=True)
class Seen:
    """What came of a day."""

    offered: int = 0
    in_time: int = 0
    given_up: int = 0
    moved: int = 0
    """Callers who left the line for a callback."""
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dialled: int = 0
    outside: int = 0
    """Dialled outside the hours or the window: must be 0."""
    not_dialled: Counter[str] = field(default_factory=Counter)
    """Orders to dial that the store did not allow."""


class Day:
    """One seeded day. ``rule``: only what the planner allows is promised."""

    def __init__(self, world: World, seed: int, rule: bool) -> None:
        self.world, self.rule = world, rule
        self.customers = random.Random(f"customers {seed}")
        self.answers = random.Random(f"answers {seed}")
        self.now = clock(7)
        self.seen = Seen()
        self.store = MemoryCallbacks(clock=lambda: self.now)
        self.demand = Demand(world, seed)
        plan = QueuePlan(
            hours=HOURS, threshold=THRESHOLD, notice=NOTICE, days_ahead=2,
            staff=(f"mon-fri 08:00-18:00 {world.agents}",), longest_wait=LONGEST,
        )  # fmt: skip
        self.planner = Planner(self.store, self.demand, {QUEUE: plan}, ZONE)
        self.hours = Hours(HOURS)
        self.floor = Floor()
        self.heap: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self.count = itertools.count()
        self.waiting: dict[str, float] = {}
        """Call in line to when it entered."""
        self.legs: set[str] = set()
        """Phones of agents that ring."""
        self.previewed: set[str] = set()
        self.talks: dict[str, float] = {}
        """How long it will be talked, by call."""
        self.came: dict[str, float] = {}
        """The quarter of an hour in which a caller came: the store counts calls once they end."""

    # --- time -----------------------------------------------------------------------------------

    def later(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self.heap, (self.now + seconds, next(self.count), do))

    async def play(self) -> Seen:
        await self.begins()
        self.later(0, self.next_caller)
        self.later(0, self.next_visitor)
        self.later(0, self.looks)
        while self.heap:
            until, _, do = heapq.heappop(self.heap)
            while (due := self.floor.deadline()) is not None and due <= until:
                self.now = max(self.now, due)
                await self.say(e.TimePassed(at=self.now))
            self.now = until
            await do()
        return self.seen

    async def begins(self) -> None:
        settings = e.QueueSettings(
            queue=QUEUE, threshold=THRESHOLD, distribution="engine", hours=HOURS,
            callback=CallbackRules(preview_seconds=15.0),
        )  # fmt: skip
        await self.say(
            e.FloorOpened(at=self.now, queues=(settings,), wrapup_seconds=WRAP_UP, run="r")
        )
        await self.say(e.ExchangeConnected(at=self.now, version="22", restarted=False))
        for n in range(self.world.agents):
            await self.say(
                e.MemberSeen(
                    at=self.now, queue=QUEUE, device=f"PJSIP/{n}", name="", paused=False,
                    state="idle",
                )
            )  # fmt: skip
        await self.say(e.SnapshotCompared(at=self.now, drift=0, audit=False))
        for n in range(self.world.agents):
            await self.say(
                e.AgentSignedIn(at=self.now, agent=f"a{n}", name="", device=f"PJSIP/{n}")
            )
            await self.say(e.StateChosen(at=self.now, agent=f"a{n}", state="ready"))

    async def looks(self) -> None:
        """Once a second: what is due; now and then, who missed something is ready again."""
        if self.now < CLOSES + 1800:
            self.later(1, self.looks)
        for callback in await self.store.claim("main", lease=60.0):
            await self.say(e.CallbackDue(at=self.now, callback=callback))
        if int(self.now) % 10 == 0:
            await self.store.renew("main", 60.0)
            self.planner.told(QUEUE, self.world.agents, len(self.waiting), self.now)
            for agent, view in self.floor.agent_views().items():
                if view.state == "missed":
                    await self.say(e.StateChosen(at=self.now, agent=agent, state="ready"))

    # --- callers --------------------------------------------------------------------------------

    async def next_caller(self) -> None:
        await self.soon(self.world.calls, 2 * self.world.agents / HANDLE, self.calls)

    async def next_visitor(self) -> None:
        await self.soon(self.world.asking, RUSH * self.world.visits / 3600, self.visits)

    async def soon(
        self, rate: Callable[[float], float], most: float, do: Callable[[], Awaitable[None]]
    ) -> None:
        """The next of a Poisson process with that rate (thinning), and the one after it."""
        at = self.now
        while at < CLOSES:
            at += self.customers.expovariate(most)
            if self.customers.random() * most < rate(at):
                break
        if at < CLOSES:

            async def again() -> None:
                await do()
                await self.soon(rate, most, do)

            self.later(at - self.now, again)

    async def calls(self) -> None:
        call = f"in-{next(self.count)}"
        patience = self.customers.expovariate(1 / PATIENCE)
        talk, asks = self.customers.expovariate(1 / TALK), self.customers.random() < 0.5
        number = f"+4179{self.customers.randrange(10**7):07}"
        self.seen.offered += 1
        arrived = self.came[call] = self.now - self.now % 900
        self.talks[call] = talk

        async def gives_up() -> None:
            if self.waiting.pop(call, None) is None:
                return
            self.seen.given_up += 1
            self.demand.counts[arrived] += 1
            await self.left(call, "abandoned")
            await self.say(e.CallEnded(at=self.now, call=call, why="abandoned"))

        async def wants_callback() -> None:
            if call in self.waiting and await self.granted(call, number):
                self.demand.counts[arrived] += 1

        await self.say(
            e.CallArrived(
                at=self.now, call=call, direction="inbound", number=number, name=None, dialled=None
            )
        )
        await self.enters(call)
        self.later(patience, gives_up)
        if asks:
            self.later(ASKS_AFTER, wants_callback)

    async def enters(self, call: str) -> None:
        self.waiting[call] = self.now
        await self.say(
            e.CallQueued(at=self.now, call=call, queue=QUEUE, position=1, by="engine", leg=call)
        )

    async def left(self, call: str, why: e.QueueExit) -> None:
        await self.say(e.CallLeftQueue(at=self.now, call=call, queue=QUEUE, why=why))

    async def granted(self, call: str, number: str) -> bool:
        """A caller in line asks; who is not granted one goes on waiting with their place."""
        self.seen.asked["line"] += 1
        if self.rule and await self.window_now(in_line=True) is None:
            self.seen.refused["line"] += 1
            return False
        entered = self.waiting.pop(call)
        await self.left(call, "key")
        await self.say(e.CallEnded(at=self.now, call=call, why="queue_left"))
        self.seen.moved += 1
        await self.book("queue", number, self.now, self.now + LONGEST, entered)
        return True

    # --- promises -------------------------------------------------------------------------------

    async def window_now(self, in_line: bool = False) -> Window | None:
        estimate = self.floor.state.queues[QUEUE].estimate
        return await self.planner.now(QUEUE, self.now, estimate, in_line)

    async def visits(self) -> None:
        """Two in three want to be called now; if that cannot be promised, every other takes the
        first slot there is. The others choose among the next twelve."""
        wants_now = self.customers.random() < 2 / 3
        pick, patient = self.customers.randrange(12), self.customers.random() < 0.5
        number = f"+4178{self.customers.randrange(10**7):07}"
        is_open = self.hours.open_at(self.now)
        if wants_now and not is_open:
            wants_now = False
        kind = "now" if wants_now else "slot"
        self.seen.asked[kind] += 1
        if wants_now:
            window = (
                await self.window_now()
                if self.rule
                else Window(self.now, min(self.now + SLOT, CLOSES), 1, 0)
            )
            if window is not None:
                await self.book("web", number, window.opens, window.closes, self.now)
                return
            pick = 0
            if not patient:
                self.seen.refused[kind] += 1
                return
        windows = await self.slots()
        if not windows:
            self.seen.refused[kind] += 1
            return
        window = windows[min(pick, len(windows) - 1)]
        slot = await self.planner.hold(QUEUE, window.opens, self.now) if self.rule else None
        assert slot is not None or not self.rule
        await self.book("web", number, window.opens, window.closes, window.opens, slot)

    async def slots(self) -> Sequence[Window]:
        """Of today, so that the day shows what became of them."""
        if self.rule:
            return await self.planner.slots(QUEUE, self.now, CLOSES)
        found = grid(self.hours, ZONE, SLOT, self.now, CLOSES)
        return [window for window in found if window.opens >= self.now + NOTICE]

    async def book(
        self, origin: CallbackOrigin, number: str, opens: float, closes: float, place: float,
        slot: SlotHold | None = None,
    ) -> None:  # fmt: skip
        new = Callback(
            id=f"CB{next(self.count)}", version=1,
            state="scheduled" if opens > self.now else "requested",
            origin=origin, queue=QUEUE, number=number, zone=ZONE,
            made=self.now, place=place, opens=opens, closes=closes, due=opens,
        )  # fmt: skip
        try:
            await self.store.book(new, Source(), CAPS, slot)
        except CallbackRefused as refused:
            self.seen.refused[refused.why] += 1

    # --- what the floor orders ------------------------------------------------------------------

    async def say(self, event: e.Event) -> None:
        for order in self.floor.receive(event):
            if isinstance(order, o.KeepCallback):
                try:
                    await self.store.keep(order.callback)
                except CallbackTaken as taken:
                    await self.say(
                        e.CallbackLost(at=self.now, id=order.callback.id, why=str(taken))
                    )
            elif isinstance(order, o.Dial):
                await self.dial(order)
            elif isinstance(order, o.Ring):
                await self.ring(order)
            elif isinstance(order, o.StopRinging):
                self.legs.discard(order.leg)
            elif isinstance(order, o.ShowCard):
                self.preview(order)

    def preview(self, order: o.ShowCard) -> None:
        """An agent sees a callback before anybody is dialled: accepts, refuses, or misses it."""
        offer = order.card.offer
        if offer is None or not offer.preview or offer.reservation in self.previewed:
            return
        self.previewed.add(offer.reservation)
        dice, agent, reservation = self.answers.random(), order.agent, offer.reservation

        async def decides() -> None:
            if self.floor.agent_view(agent).reservation != reservation:
                return
            if dice < 0.06:
                await self.say(
                    e.ReservationRefused(
                        at=self.now, agent=agent, reservation=reservation, reason="no"
                    )
                )
            else:
                await self.say(
                    e.ReservationAccepted(at=self.now, agent=agent, reservation=reservation)
                )

        if dice < 0.97:
            self.later(self.answers.uniform(2, 8), decides)

    async def dial(self, order: o.Dial) -> None:
        callback, call = order.callback, order.call
        try:
            await self.store.keep(callback, dialling=True)
        except (CallbackOutside, CallbackTaken) as error:
            why: Literal["outside", "lost"] = (
                "outside" if isinstance(error, CallbackOutside) else "lost"
            )
            self.seen.not_dialled[why] += 1
            self.later(0, lambda: self.say(e.DialFailed(at=self.now, call=call, why=why)))
            return
        self.seen.dialled += 1
        in_window = callback.opens <= self.now < callback.closes
        self.seen.outside += not (in_window and self.hours.open_at(self.now))
        dice = self.answers.random()
        ends: tuple[tuple[float, DialEnd, float], ...] = (
            (0.18, "no_answer", order.seconds), (0.23, "busy", 3.0), (0.25, "declined", 6.0),
            (0.26, "invalid", 2.0), (0.27, "congestion", 1.0),
        )  # fmt: skip
        failed = next((end for end in ends if dice < end[0]), None)
        if failed is not None:
            _, how, seconds = failed
            self.later(seconds, lambda: self.say(e.DialFailed(at=self.now, call=call, why=how)))
            return
        self.talks[call] = self.answers.expovariate(1 / TALK)

        async def picks_up() -> None:
            await self.say(
                e.CallArrived(
                    at=self.now, call=call, direction="outbound", number=callback.number,
                    name=None, dialled=None,
                )
            )  # fmt: skip
            await self.say(e.CustomerAnswered(at=self.now, call=call, by="unknown"))
            await self.enters(call)

        self.later(self.answers.uniform(4, 16), picks_up)

    async def ring(self, order: o.Ring) -> None:
        """Most agents answer at once; some refuse, some are not there."""
        call, leg, dice = order.call, order.leg, self.answers.random()
        self.legs.add(leg)
        entered = self.waiting.get(call)

        async def happens() -> None:
            if leg not in self.legs:
                return
            self.legs.discard(leg)
            if call not in self.waiting or self.waiting[call] != entered or dice < 0.04:
                why: e.ReservationEnd = "declined" if dice < 0.02 else "no_answer"
                await self.say(e.RingFailed(at=self.now, reservation=order.reservation.id, why=why))
                return
            waited = self.now - self.waiting.pop(call)
            if call.startswith("in-"):
                self.seen.in_time += waited <= THRESHOLD
            await self.left(call, "answered")
            await self.say(
                e.CallAnswered(at=self.now, call=call, device=order.device, leg=leg, queue=QUEUE)
            )
            self.later(self.talks.pop(call), ends)

        async def ends() -> None:
            if call.startswith("in-"):
                self.demand.counts[self.came[call]] += 1
            await self.say(e.CallEnded(at=self.now, call=call, why="completed"))

        await self.say(
            e.CallOffered(at=self.now, call=call, device=order.device, leg=leg, queue=QUEUE)
        )
        self.later(order.seconds if 0.02 <= dice < 0.04 else self.answers.uniform(1, 4), happens)


@dataclass(slots=True)
class Sum:
    """Of all days with, or without, the rule."""

    seen: list[Seen] = field(default_factory=list)
    promised: Counter[str] = field(default_factory=Counter)
    """By kind: ``now``, ``slot`` and ``line``."""
    kept: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """From the opening of the window to the first dialling, of those from the website."""
    late: list[float] = field(default_factory=list)

    def add(self, day: Day) -> None:
        self.seen.append(day.seen)
        for one in day.store.rows.values():
            kind = "line" if one.origin == "queue" else "slot" if one.opens > one.made else "now"
            self.promised[kind] += 1
            self.reached[kind] += one.reached is not None
            if one.dialled is None:
                continue
            self.kept[kind] += one.opens <= one.dialled < one.closes
            if one.dialled >= one.closes:
                self.late.append(one.dialled - one.closes)
            if kind != "line":
                self.waits.append(one.dialled - one.opens)

    def of(self, figure: str) -> int:
        return sum(getattr(seen, figure) for seen in self.seen)

    def share_kept(self) -> float:
        promised = self.promised["now"] + self.promised["slot"]
        return (self.kept["now"] + self.kept["slot"]) / promised if promised else 1.0


def p90(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.9)] if values else 0.0


def rows(sums: Sequence[Sum]) -> list[tuple[str, list[str]]]:
    """Figures by name, one for each of ``sums``."""
    found: list[tuple[str, list[str]]] = []

    def row(name: str, figure: Callable[[Sum], str]) -> None:
        found.append((name, [figure(one) for one in sums]))

    def asked(one: Sum, kind: str) -> int:
        return sum(seen.asked[kind] for seen in one.seen)

    def share(one: Sum, kind: str) -> str:
        most = one.promised[kind]
        return f"{one.kept[kind]:,} of {most:,} ({one.kept[kind] / max(most, 1):.1%})"

    row("website: asked", lambda one: f"{asked(one, 'now') + asked(one, 'slot'):,}")
    row("website: promised", lambda one: f"{one.promised['now'] + one.promised['slot']:,}")
    row(
        "website: nothing promised for the day",
        lambda one: f"{refused(one, 'now') + refused(one, 'slot'):,}",
    )
    row("**promised windows kept**", lambda one: f"**{one.share_kept():.1%}**")
    row("of windows for now", lambda one: share(one, "now"))
    row("of slots chosen", lambda one: share(one, "slot"))
    row("line: asked", lambda one: f"{asked(one, 'line'):,}")
    row("line: not granted", lambda one: f"{refused(one, 'line'):,}")
    row("line: called back the same day", lambda one: share(one, "line"))
    row(
        "talked to, of all promised",
        lambda one: f"{sum(one.reached.values()) / max(sum(one.promised.values()), 1):.1%}",
    )
    row("first dialling after the opening, p90", lambda one: f"{p90(one.waits):.0f} s")
    row("dialled late", lambda one: f"{len(one.late)}, p90 {p90(one.late):.0f} s")
    row("diallings", lambda one: f"{one.of('dialled'):,}")
    row("outside hours or window", lambda one: f"{one.of('outside')}")
    row("callers", lambda one: f"{one.of('offered'):,}")
    row(
        f"answered within {THRESHOLD:.0f} s",
        lambda one: f"{one.of('in_time') / (one.of('offered') - one.of('moved')):.1%}",
    )
    row("gave up", lambda one: f"{one.of('given_up') / one.of('offered'):.1%}")
    return found


def refused(one: Sum, kind: str) -> int:
    return sum(seen.refused[kind] for seen in one.seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--surge", type=float, default=1.5)
    parser.add_argument("--visits", type=float, default=20.0, help="an hour, outside the surge")
    options = parser.parse_args()
    world = World(options.agents, options.surge, options.visits)
    sums = {True: Sum(), False: Sum()}
    for seed in options.seeds:
        for rule, total in sums.items():
            day = Day(world, seed, rule)
            asyncio.run(day.play())
            total.add(day)
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print(
        f"{len(options.seeds)} days (seeds {', '.join(map(str, options.seeds))}), "
        f"{options.agents} agents, {options.surge:g} times what they can take for an hour"
    )
    print("| | with the rule | without it |")
    print("| --- | --- | --- |")
    for name, figures in rows([sums[True], sums[False]]):
        print(f"| {name} | {' | '.join(figures)} |")
    kept = sums[True].share_kept()
    outside = sums[True].of("outside") + sums[False].of("outside")
    print(
        f"{'met' if kept >= PROMISE and outside == 0 else 'NOT MET'}: {PROMISE:.0%} kept, 0 outside"
    )


if __name__ == "__main__":
    main()
