"""Whether a centre of thousands of queues counts exactly, and what an event of it costs.

    python -m benchmarks.many_queues [--queues 2000] [--waiting 200] [--calls 20000]

A seeded floor of which every other queue is the engine's own. So many calls wait at any moment,
each in some queue; they are answered, give up, are moved on, time out, and every tenth event is
told twice. A plain count beside it says what offered, answered, abandoned, left and waiting of
every queue must be, and is compared all the time; one difference ends the run with an error.
Asterisk's own queue counters drift under such load (asterisk/asterisk issue 1736). Times are
processor time of the one thread, the routing decision included.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.floor import Floor

AGENTS = 300
COMPARED_EVERY = 500
"""Events between two comparisons of all queues."""
WRAP_UP = 0.01


class Miscounted(Exception):  # noqa: N818  # reads as what happened
    """The floor's figures of a queue are not the plain count's."""


@dataclass(slots=True)
class Centre:
    """The floor, what is asked of it, and the plain count. `queues`: how many."""

    queues: int
    seed: int = 1
    floor: Floor = field(default_factory=Floor)
    now: float = 1_000_000.0
    plain: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    waiting: dict[str, str] = field(default_factory=dict)
    """Call to the queue in which it waits."""
    talking: list[str] = field(default_factory=list)
    taken: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Nanoseconds an event took, by its name."""
    rng: random.Random = field(init=False)
    events: int = 0
    calls: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        settings = tuple(
            e.QueueSettings(queue=name, distribution="engine" if self.engine(name) else "exchange")
            for name in map(self.name, range(self.queues))
        )
        self.say(e.FloorOpened(at=self.now, queues=settings, wrapup_seconds=WRAP_UP))
        self.say(e.ExchangeConnected(at=self.now, version="22", restarted=False))
        for n in range(AGENTS):
            device = f"PJSIP/{1000 + n}"
            self.say(e.AgentSignedIn(at=self.now, agent=f"agent{n}", name="", device=device))
            for queue in self.rng.sample(range(self.queues), min(20, self.queues)):
                name = self.name(queue)
                self.say(
                    e.MemberSeen(
                        at=self.now, queue=name, device=device, name="", paused=False, state="idle"
                    )
                )
        self.say(e.SnapshotCompared(at=self.now, drift=0, audit=False))
        for n in range(AGENTS):
            self.say(e.StateChosen(at=self.now, agent=f"agent{n}", state="ready"))

    @staticmethod
    def name(n: int) -> str:
        return f"queue{n}"

    @staticmethod
    def engine(queue: str) -> bool:
        return int(queue[5:]) % 2 == 0

    def say(self, event: e.Event) -> None:
        """Tell the floor, now and then twice, and do what it orders."""
        began = time.thread_time_ns()
        orders = self.floor.receive(event)
        self.taken[type(event).__name__].append(time.thread_time_ns() - began)
        self.events += 1
        if self.rng.random() < 0.1 and not isinstance(event, e.AgentSignedIn | e.FloorOpened):
            orders += self.floor.receive(event)
        for order in orders:
            if isinstance(order, o.Ring):
                self.answered(order.call, order.device, order.leg)

    # --- what happens to calls ------------------------------------------------------------------

    def arrives(self) -> None:
        self.calls += 1
        call = f"c{self.calls}"
        self.say(
            e.CallArrived(
                at=self.now, call=call, direction="inbound", number=None, name=None, dialled=None
            )
        )
        self.joins(call)

    def joins(self, call: str, after: str = "") -> None:
        """Enters some queue; may be given to an agent within the same event. Not the one before:
        the exchange's queue that stands in for the engine's is the same stay, counted once."""
        while (queue := self.name(self.rng.randrange(self.queues))) == after:
            pass
        self.plain[queue]["offered"] += 1
        self.waiting[call] = queue
        by: e.Distribution = "engine" if self.engine(queue) else "exchange"
        self.say(e.CallQueued(at=self.now, call=call, queue=queue, position=1, by=by, leg=call))

    def leaves(self, call: str, why: e.QueueExit) -> None:
        queue = self.waiting.pop(call)
        figure = why if why in ("answered", "abandoned") else "left"
        self.plain[queue][figure] += 1
        self.say(e.CallLeftQueue(at=self.now, call=call, queue=queue, why=why))

    def answered(self, call: str, device: str, leg: str) -> None:
        queue = self.waiting[call]
        self.say(e.CallOffered(at=self.now, call=call, device=device, leg=leg, queue=queue))
        self.leaves(call, "answered")
        self.say(e.CallAnswered(at=self.now, call=call, device=device, leg=leg, queue=queue))
        self.talking.append(call)

    def ends(self, call: str, why: e.CallEnd) -> None:
        self.say(e.CallEnded(at=self.now, call=call, why=why))

    def goes_on(self) -> None:
        """One caller's wait, or one talk, comes to its end."""
        dice, call = self.rng.random(), self.rng.choice(list(self.waiting))
        if dice < 0.5 and self.talking:
            self.ends(self.talking.pop(self.rng.randrange(len(self.talking))), "completed")
        elif dice < 0.7:
            self.leaves(call, "abandoned")
            self.ends(call, "abandoned")
        elif dice < 0.8:
            self.leaves(call, "timed_out")
            self.ends(call, "queue_left")
        elif dice < 0.9:
            before = self.waiting[call]
            self.leaves(call, "overflow")
            self.joins(call, before)
        elif not self.engine(self.waiting[call]):  # a phone the engine knows nothing of
            self.answered(call, f"PJSIP/9{call[1:]}", f"leg{call}")

    def passes(self, seconds: float) -> None:
        self.now += seconds
        deadline = self.floor.deadline()
        if deadline is not None and deadline <= self.now:
            self.say(e.TimePassed(at=self.now))

    # --- whether it is true -----------------------------------------------------------------------

    def compare(self) -> None:
        """Raises ``Miscounted`` at the first figure that differs."""
        lines = Counter(self.waiting.values())
        for queue, view in self.floor.queue_views().items():
            plain = self.plain[queue]
            for figure in ("offered", "answered", "abandoned", "left", "waiting"):
                real = lines[queue] if figure == "waiting" else plain[figure]
                told = getattr(view, figure)
                if told != real:
                    raise Miscounted(f"{queue}: {figure} is {told}, the plain count says {real}")


def play(queues: int, waiting: int, calls: int) -> Centre:
    """``calls`` calls through so many queues, ``waiting`` of them in line at any moment."""
    centre = Centre(queues)
    centre.taken.clear()
    compared = 0
    while centre.calls < calls:
        centre.passes(0.02)
        if len(centre.waiting) < waiting:
            centre.arrives()
        else:
            centre.goes_on()
        if centre.events - compared >= COMPARED_EVERY:
            compared = centre.events
            centre.compare()
    centre.compare()
    return centre


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queues", type=int, default=2000)
    parser.add_argument("--waiting", type=int, default=200)
    parser.add_argument("--calls", type=int, default=20_000)
    options = parser.parse_args()
    gc.collect()
    gc.freeze()
    centre = play(options.queues, options.waiting, options.calls)
    total: Counter[str] = Counter()
    for figures in centre.plain.values():
        total.update(figures)
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print(
        f"{options.queues:,} queues, {len(centre.waiting)} calls in them, {centre.calls:,} calls, "
        f"{centre.events:,} events: {dict(total)}, all exact"
    )
    print("| event | times | p50, us | p99, us |")
    print("| --- | --- | --- | --- |")
    for name, taken in sorted(centre.taken.items(), key=lambda one: -len(one[1])):
        taken.sort()
        p50, p99 = taken[len(taken) // 2] / 1e3, taken[int(len(taken) * 0.99)] / 1e3
        print(f"| {name} | {len(taken):,} | {p50:.0f} | {p99:.0f} |")


if __name__ == "__main__":
    main()
