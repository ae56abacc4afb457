"""One seed from its first call to the last, and what was wrong in it."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from callcenter import restart
from callcenter.floor import events as e
from callcenter.floor.agent import BUSY
from telephony.simulator import Arrival, Exchange, ExchangeFullError, Outcome
from telephony.simulator.settings import Reaction
from telephony.wire import Decoder
from tests.chaos.books import Books
from tests.chaos.calling import Calling
from tests.chaos.customers import Customers
from tests.chaos.desk import Desk
from tests.chaos.faults import Faults
from tests.chaos.mind import Mind
from tests.chaos.node import HEARD, Node
from tests.chaos.outside import Watched
from tests.chaos.plan import START, Fault, FaultKind, Plan
from tests.chaos.rows import Dialled, Rows
from tests.chaos.truth import Telling, Window, compared
from tests.chaos.watch import told_differently

BEAT, AUDIT, SETTLES = 2.0, 60.0, 30.0
"""Seconds: between two signs of life, between two snapshots, and after the last call until nothing
may be going on any more (wrap-up and ringing that nobody answers included)."""
TROUBLE: tuple[Reaction, ...] = ("waits", "declines", "busy", "fails", "absent")
"""What phones may do instead of being answered."""
LOOKS = 2.0
"""Seconds between two looks whether somebody waits for an agent who is free."""
STRIKES = 0.25
"""Of the diallings: after so many something breaks, as long as the seed has strikes."""
STRIKING: tuple[FaultKind, ...] = ("engine_dies", "engine_dies", "cut", "loss", "exchange_dies")
TOLD = "UserEvent: CallcenterTold"
MOST = 7200.0
"""Seconds after which a run is stuck."""


@dataclass(slots=True)
class Report:
    """`problems`: what was wrong, in words. `cpu`: seconds."""

    seed: int
    calls: int = 0
    events: int = 0
    lost: int = 0
    restarts: int = 0
    drift: int = 0
    offered: int = 0
    restored: int = 0
    """Wrap-ups that outlived an engine."""
    promises: int = 0
    controls: Counter[tuple[str, bool]] = field(default_factory=Counter)
    callbacks: Counter[str] = field(default_factory=Counter)
    """By state at the end, with why where it is over; ``dialled``, ``changed``."""
    cpu: float = 0.0
    problems: list[str] = field(default_factory=list)


class Run:
    """One seed. The clock is a heap of what is to happen."""

    def __init__(self, plan: Plan, *, every: int = 1) -> None:
        self.plan = plan
        self.now = START
        self.report = Report(plan.seed)
        self._every = every
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._chance = random.Random(plan.seed + 1)
        self._starts = 0
        self.dialled: list[Dialled] = []
        """All legs that the exchanges of this run made to numbers outside."""
        self._presses = random.Random(plan.seed + 3)
        self._strikes = plan.callbacks.strikes if plan.callbacks is not None else 0
        self.rows: Rows | None = None
        self.customers: Customers | None = None
        if plan.callbacks is not None:
            back = plan.callbacks
            self.rows = Rows(lambda: self.now, random.Random(plan.seed + 5), back.delay, back.law)
            self.customers = Customers(
                back, self.rows, plan.queues, plan.known_callers, self.at, lambda: self.now
            )
        self.exchange: Exchange = self._boot()
        self.faults = Faults(random.Random(plan.seed + 2))
        self._decoder = Decoder(wanted=HEARD)
        self.desk = Desk(plan, self.at, lambda: self.now, self._chance)
        self.outcomes: list[Outcome] = []
        self.windows: list[Window] = []
        self._untold: float | None = None
        """Since when something may not have been told; None: nothing."""
        self.counted: dict[str, Counter[str]] = defaultdict(Counter)
        self.mind = Mind()
        self.books = Books(self.mind.remember)
        self.tellings: list[Telling] = []
        self._placed = 0
        self.node = self._start_engine(0.0)
        self._call_back()
        self._died = self.now

    # --- time -----------------------------------------------------------------------------------

    def at(self, when: float, do: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._due, (max(when, self.now), self._count, do))

    def play(self) -> Report:
        """To the end."""
        began = time.process_time()
        plan = self.plan
        self.node.connect(self.exchange)
        self.at(self.now + self._chance.expovariate(1 / plan.gap), self._call)
        self.at(self.now + BEAT, self._beat)
        self.at(self.now + AUDIT, self._audit)
        self.at(self.now + LOOKS, self._look_around)
        if plan.midnight is not None:
            self.at(plan.midnight, self._new_day)
        for fault in plan.faults:
            self.at(fault.at, partial(self._begin, fault))
        while not self._over():
            self._step()
        self.desk.over = True
        self._until(self.now + SETTLES)
        self._finish()
        self.report.cpu = time.process_time() - began
        return self.report

    def _over(self) -> bool:
        if self.now > START + MOST:
            self.report.problems.append("calls go on for ever")
            return True
        busy = self._placed < self.plan.calls or self.exchange.world.channels
        if self.customers is None or self.rows is None:
            return not busy and not self._troubled()
        if self._placed == self.plan.calls and not self.customers.closed:
            self.customers.close()
        return not busy and not self._troubled() and not self.rows.held()

    def _troubled(self) -> bool:
        return self._untold is not None or self.node.exchange is None or self.node.dead

    def _step(self, limit: float = float("inf")) -> None:
        """To the next moment at which anything happens."""
        world = self.exchange.world
        times = [limit]
        if self._due:
            times.append(self._due[0][0])
        due = (world.deadline(), None if self.node.dead else self.node.floor.deadline())
        times += [deadline for deadline in due if deadline is not None]
        self.now = max(self.now, min(times))
        world.advance(self.now)
        self._deliver()
        while self._due and self._due[0][0] <= self.now:
            _, _, do = heapq.heappop(self._due)
            do()
            self._deliver()
        if not self.node.dead:
            deadline = self.node.floor.deadline()
            if deadline is not None and deadline <= self.now:
                self.node.tick()
                self._deliver()

    def _until(self, when: float) -> None:
        while self.now < when:
            self._step(when)

    def _deliver(self) -> None:
        """What the exchange has said goes to the engine."""
        # What the engine does about it makes the exchange speak again.
        while messages := self.exchange.world.take():
            for message in messages:
                if TOLD in message.text:
                    self._heard_how_long(message.text)
            node = self.node
            if node.dead or node.exchange is not self.exchange:
                continue
            lost = self.faults.lost
            arriving = self.faults.through(messages)
            if self.plan.by_bytes:
                text = "".join(message.text for message in arriving)
                for packet in self._decoder.feed(text.encode("utf-8", "surrogateescape")):
                    node.hear_packet(packet)
            else:
                for message in arriving:
                    node.hear(message)
            if self.faults.lost != lost and self._untold is None:
                self._untold = self.now

    def _heard_how_long(self, text: str) -> None:
        """A caller was told how many wait before them, and perhaps how long it will take."""
        fields = dict(line.partition(": ")[::2] for line in text.split("\r\n"))
        if p90 := fields["P90"]:
            self.tellings.append(Telling(fields["Uniqueid"], self.now, float(p90)))

    # --- calls ----------------------------------------------------------------------------------

    def _call(self) -> None:
        chance, plan = self._chance, self.plan
        self._placed += 1
        dice = chance.random()
        number = f"+4479{chance.randrange(plan.known_callers):08}"
        dialled, device = chance.choice(list(plan.settings.routes)), None
        if dice < 0.9:
            dialled = f"+44{chance.choice((20, 20, 21))}{chance.randrange(len(plan.queues))}"
        elif dice < 0.95:
            device = chance.choice(plan.devices)
            dialled = number if chance.random() < 0.5 else chance.choice(plan.devices)[6:]
        keys: tuple[tuple[float, str], ...] = ()
        if chance.random() < 0.1:
            keys = ((chance.uniform(1, 30), "1"),)
        if plan.callbacks is not None and self._presses.random() < plan.callbacks.presses:
            pressed = self._presses.uniform(1, 30)
            keys = ((pressed, "1"), (pressed + self._presses.uniform(1, 8), "1"))
        arrival = Arrival(
            number=None if chance.random() < 0.1 else number,
            dialled=dialled,
            device=device,
            keys=keys,
            patience=chance.expovariate(1 / plan.patience),
            talk=chance.expovariate(1 / plan.talk),
            ender="caller" if chance.random() < 0.6 else "called",
        )
        with suppress(ValueError, ExchangeFullError):  # that phone is in use, or calls itself
            self.exchange.place(arrival)
        if self._placed < plan.calls:
            self.at(self.now + chance.expovariate(1 / plan.gap), self._call)

    # --- the engine -----------------------------------------------------------------------------

    def _start_engine(self, within: float) -> Node:
        self._starts += 1
        opened = replace(self.plan.opened, at=self.now, run=str(self._starts))
        delay = self.plan.delay
        node = Node(
            opened, self.at, lambda: self.now,
            lambda: self._chance.uniform(0, delay) if delay else 0.0, self.mind, self.books,
        )  # fmt: skip
        node.every = self._every
        self.desk.open(node, within)
        return node

    def _call_back(self) -> None:
        """The engine that runs now calls back."""
        if self.rows is not None and self.customers is not None:
            chance = random.Random(self.plan.seed + 6 + self._starts)
            calling = self.node.calling = Calling(self.node, self.rows, self.at, chance)
            calling.stopped = self.customers.closed
            self.customers.calling = calling

    def _count_all(self) -> None:
        """Take the counters of a day that is over, or of the last engine."""
        for queue, figures in self.node.figures().items():
            self.counted[queue].update(figures)

    def _look_around(self) -> None:
        if not self.node.dead:
            self.node.look_around()
        self.at(self.now + LOOKS, self._look_around)

    def _new_day(self) -> None:
        """Counters begin again; a call that waits was offered yesterday."""
        if not self.node.dead:
            self._count_all()
            self.node.take(e.DayBegan(at=self.now))

    def _beat(self) -> None:
        if not self.node.dead and self.node.exchange is self.exchange:
            self.exchange.globals["CC_BEAT"] = f"{self.now:.1f}"
        self.at(self.now + BEAT, self._beat)

    def _audit(self) -> None:
        if not self.node.dead and self.node.exchange is self.exchange:
            self._snapshot(audit=True)
        self.at(self.now + AUDIT, self._audit)

    def _snapshot(self, *, audit: bool) -> None:
        """Afterwards everything is told, unless packets go on being lost."""
        self._deliver()
        quiet = self._untold is None and not self.faults.losing
        drift = self.node.drift
        self.node.snapshot(audit=audit)
        if quiet and self.node.drift != drift:
            self.report.problems.append(f"at {self.now:.3f}: drift though nothing was lost")
        self._told()
        self.node.check()

    def _told(self) -> None:
        if self._untold is not None and not self.faults.losing:
            self.windows.append(Window(self._untold, self.now))
            self._untold = None

    # --- faults ---------------------------------------------------------------------------------

    def _begin(self, fault: Fault) -> None:
        if self.desk.over:
            return  # all calls are over: what is left must settle undisturbed
        if self._troubled() and fault.kind not in ("duplicate", "reorder", "phones"):
            return  # one such trouble at a time
        end = self.now + fault.seconds
        if fault.kind == "duplicate":
            self.faults.twice = True
            self.at(end, lambda: setattr(self.faults, "twice", False))
        elif fault.kind == "reorder":
            self.faults.swapping = True
            self.at(end, lambda: setattr(self.faults, "swapping", False))
        elif fault.kind == "phones":
            self._phones(end)
        elif fault.kind == "loss":
            self.faults.losing = True
            self._untold = self.now
            self.at(end, self._loss_ends)
        elif fault.kind == "cut":
            self._untold = self.now
            self.node.disconnect()
            self.at(end, self._line_back)
        elif fault.kind == "exchange_dies":
            self._untold = self.now
            self.node.disconnect()
            self._exchange_dies()
            self.at(self.now + min(fault.seconds, 5.0), self._line_back)
        else:
            self._untold = self.now
            self._engine_dies()
            self.at(end, self._engine_back)
        self.report.restarts += fault.kind in ("cut", "exchange_dies", "engine_dies")

    def _phones(self, end: float) -> None:
        for device in self.plan.devices:
            if self._chance.random() < 0.4:
                self.exchange.set_reaction(device, self._chance.choice(TROUBLE))
                self.at(end, partial(self._phone_back, device))

    def _phone_back(self, device: str) -> None:
        self.exchange.set_reaction(device, "answers")

    def _loss_ends(self) -> None:
        self.faults.losing = False
        self._snapshot(audit=False)

    def _line_back(self) -> None:
        self.exchange.world.take()
        self.node.connect(self.exchange)
        self._told()
        self.node.check()

    def _boot(self) -> Exchange:
        exchange = Watched(self.plan.settings, self.now, self._dials)
        exchange.people.on_over = lambda outcome: self.outcomes.append(outcome)
        return exchange

    def _dials(self, leg: Dialled, another: bool) -> None:
        self.dialled.append(leg)
        if another:
            self.report.problems.append(f"{leg.number} is dialled twice at {leg.at:.3f}")
        calling = self.node.calling
        since = calling.taken_back.get(leg.call, leg.at) if calling is not None else leg.at
        if leg.at - since > self.plan.delay:
            self.report.problems.append(f"{leg.call} is dialled after it was taken back")
        if self._strikes and self._presses.random() < STRIKES:
            self._strikes -= 1
            begins = self.now + self._presses.uniform(0.0, 12.0)
            lasts = self._presses.uniform(0.2, 12.0)
            fault = Fault(self._presses.choice(STRIKING), begins, lasts)
            self.at(fault.at, partial(self._begin, fault))

    def _exchange_dies(self) -> None:
        self.exchange.people.drop_all()
        self.now = float(int(self.now) + 1)  # it tells its start in whole seconds
        self.exchange = self._boot()

    def _engine_dies(self) -> None:
        self._harvest()
        self.node.dead = True
        if self.customers is not None and self.node.calling is not None:
            self.node.calling.die()
            self.customers.calling = None
        self._died = self.now
        self.books.engine_died()

    def _engine_back(self) -> None:
        """Who was at work is at work again, calls and counters go on: as by the journal of the
        engine that died."""
        events = [event for event, orders in self.node.journal if orders is not None]
        opened = events[0]
        assert isinstance(opened, e.FloorOpened)
        chosen = [event for event in events if isinstance(event, restart.KINDS)]
        before, _ = restart.played(opened, chosen, events)
        today = self.plan.midnight is None or not self._died < self.plan.midnight <= self.now
        if not today:
            self._count_all()
        wishes = [*restart.at_work(chosen, self.now), *restart.wrap_ups(before, self.now)]
        self.node = self._start_engine(4.0)
        for fact in restart.left_open(before, self._died, self.now, today):
            self.node.take(fact)
        for wish in wishes:
            done = self.node.take(wish)
            if isinstance(wish, e.AgentSignedIn | e.WrapUpRestored) and not done:
                self.report.problems.append(f"refused after a restart: {wish}")
            self.report.restored += isinstance(wish, e.WrapUpRestored)
        self._call_back()
        self._line_back()

    # --- the end --------------------------------------------------------------------------------

    def _harvest(self) -> None:
        """Take the figures of an engine that ends."""
        node, report = self.node, self.report
        report.events += node.events
        report.drift += node.drift
        report.problems += node.problems
        again = told_differently(node.journal, written=self.plan.by_bytes)
        if again is not None:
            report.problems.append(again)

    def _finish(self) -> None:
        self._snapshot(audit=True)
        node, report = self.node, self.report
        if node.live_calls():
            report.problems.append(f"calls without end: {node.live_calls()}")
        if node.floor.state.reservations:
            report.problems.append(f"reservations left: {list(node.floor.state.reservations)}")
        stuck = [agent.id for agent in node.floor.state.agents.values() if agent.state in BUSY]
        if stuck:
            report.problems.append(f"agents stuck: {stuck}")
        if not node.tracker.is_empty:
            report.problems.append("the tracker remembers legs that are gone")
        self._count_all()
        self._harvest()
        report.lost = self.faults.lost
        report.calls = len(self.outcomes)
        report.offered = sum(figures["offered"] for figures in self.counted.values())
        report.promises = sum(figures["promises"] for figures in self.counted.values())
        report.controls = self.books.controls
        one_line = self.plan.engine if self.plan.moves else frozenset()
        report.problems += compared(
            self.outcomes, self.counted, self.windows, self.tellings, one_line
        )
        report.problems += self.books.close(self.outcomes, self.windows)
        self._close_rows()

    def _close_rows(self) -> None:
        rows, report = self.rows, self.report
        if rows is None or self.node.calling is None:
            return
        held = self.node.floor.callbacks()
        if held:
            report.problems.append(f"callbacks held: {held}")
        self.node.calling.die()
        report.problems += rows.close(self.dialled, 2 * self.plan.delay)
        report.callbacks.update(one.why or one.state for one in rows.rows.values())
        report.callbacks["dialled"] = len(self.dialled)
        report.callbacks["changed"] = rows.changed


def play(plan: Plan, *, every: int = 1) -> Report:
    """Play one seed. `every`: invariants are checked after each so-many-th event."""
    return Run(plan, every=every).play()
