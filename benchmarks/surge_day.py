"""One seeded day of the surge: callers, visitors, customers who are called, and agents."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.surge_world import (
    ASKS_AFTER,
    CAPS,
    CLOSES,
    HANDLE,
    HOURS,
    LONGEST,
    NOTICE,
    PATIENCE,
    QUEUE,
    RUSH,
    SLOT,
    TALK,
    THRESHOLD,
    WRAP_UP,
    ZONE,
    Demand,
    World,
    clock,
)
from callcenter.callback_ports import (
    CallbackOutside,
    CallbackRefused,
    CallbackTaken,
    SlotHold,
    Source,
)
from callcenter.callbacks.planner import Planner, QueuePlan
from callcenter.callbacks.slots import Window, grid
from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.callback import Callback, CallbackOrigin, CallbackRules, DialEnd
from callcenter.floor.floor import Floor
from callcenter.floor.hours import Hours
from tests.fake_callbacks import MemoryCallbacks


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
