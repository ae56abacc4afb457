"""One event through the floor, over a day made by the simulated exchange and the real tracker.

    python -m benchmarks.floor_events [--calls 12000]

The simulated exchange runs on simulated time; its bytes go through the wire decoder and the call
tracker; a full floor takes the events while agents sign in, choose breaks and note outcomes, and
the mind's answers come back. What the floor received is the recorded day; then ``Floor.receive``
alone is timed over it, several times. Promise: 10 microseconds on average.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import statistics
import time
from collections import Counter, defaultdict

from callcenter.floor import events as e
from callcenter.floor import orders as o
from callcenter.floor.card import Answer, Candidate, Evidence, Fact, Phrasing, Profile, Reason
from callcenter.floor.floor import Floor
from telephony.packet import Packet
from telephony.simulator.arrivals import Arrival
from telephony.simulator.exchange import Exchange
from telephony.simulator.settings import Member, Phone, QueueLine, Route, SimulatorSettings
from telephony.tracker import WANTED, Tracker
from telephony.wire import Decoder

AGENTS = 60
QUEUES = ("service", "sales", "support")
PROMISE = 10.0

PROFILE = Profile(
    person="p1", name="王小明", language="zh-Hans", tier="gold",
    facts=tuple(Fact(key=f"fact{n}", group="who", kind="count", value=n) for n in range(28)),
    contacts=(),
)  # fmt: skip
CANDIDATES = (
    Candidate(
        person="p1", name="王小明", probability=0.97, evidence=(Evidence(code="number_exact"),)
    ),
)
REASONS = tuple(Reason(code=code, probability=0.3) for code in ("fees", "balance", "pin"))
ANSWERS = tuple(
    Answer(
        id=f"a{n}", reason="fees", source="handbook",
        phrasings=tuple(Phrasing(language=x, title="t", body="b" * 200) for x in ("en", "zh")),
    )
    for n in range(4)
)  # fmt: skip


def centre() -> SimulatorSettings:
    phones = tuple(
        Phone(device=f"PJSIP/{2000 + n}", name=f"Agent {n}", ring=(1.0, 4.0)) for n in range(AGENTS)
    )
    queues = tuple(
        QueueLine(
            name=name,
            members=tuple(
                Member(interface=phone.device, name=phone.name)
                for n, phone in enumerate(phones)
                if n % len(QUEUES) in (place, (place + 1) % len(QUEUES))
            ),
        )
        for place, name in enumerate(QUEUES)
    )
    routes = {
        f"+4480{place}": Route(kind="queue", target=name) for place, name in enumerate(QUEUES)
    }
    return SimulatorSettings(queues=queues, phones=phones, routes=routes, truth_kept=10)


class Day:
    """Feeds a floor and keeps what it was fed."""

    def __init__(self) -> None:
        self.floor = Floor()
        self.events: list[e.Event] = []
        self.chance = random.Random(1)
        self.notes: list[tuple[float, str, str]] = []

    def feed(self, event: e.Event) -> None:
        self.events.append(event)
        for order in self.floor.receive(event):
            self.answer(order, event.at)

    def answer(self, order: o.Order, at: float) -> None:
        match order:
            case o.Identify():
                self.feed(
                    e.CallerIdentified(
                        at=at, call=order.call, identity="known", candidates=CANDIDATES,
                        profile=PROFILE, context=("who=known", "matter=none"), ask=order.ask,
                    )
                )  # fmt: skip
            case o.Predict():
                self.feed(
                    e.ReasonsPredicted(
                        at=at, call=order.call, reasons=REASONS, model="m", ask=order.ask
                    )
                )
            case o.FindAnswers():
                self.feed(e.AnswersFound(at=at, call=order.call, answers=ANSWERS, ask=order.ask))
            case o.ShowAgent() if order.view.state == "wrapup" and order.view.call:
                self.notes.append(
                    (at + self.chance.uniform(5, 40), order.view.agent, order.view.call)
                )

    def until(self, now: float) -> None:
        """Outcomes that were due are noted, wrap-ups that ran out end."""
        self.notes.sort()
        while self.notes and self.notes[0][0] <= now:
            at, agent, call = self.notes.pop(0)
            deadline = self.floor.deadline()
            if deadline is not None and deadline <= at:
                self.feed(e.TimePassed(at=at))
            if call in self.floor.state.agents[agent].cards:
                self.feed(
                    e.OutcomeNoted(
                        at=at, agent=agent, call=call, reason="fees", outcome="solved", notes="ok"
                    )
                )


def record(calls: int) -> tuple[list[e.Event], list[Packet]]:
    settings = centre()
    exchange = Exchange(settings, 1_000_000.0)
    decoder, tracker, day = Decoder(wanted=WANTED), Tracker(), Day()
    packets: list[Packet] = []
    day.feed(
        e.FloorOpened(
            at=exchange.world.now, wrapup_seconds=120.0, control_members=False,
            queues=tuple(e.QueueSettings(queue=name) for name in QUEUES),
        )
    )  # fmt: skip
    day.feed(e.ExchangeConnected(at=exchange.world.now, version="22", restarted=False))
    for line in settings.queues:
        for member in line.members:
            day.feed(
                e.MemberSeen(
                    at=exchange.world.now, queue=line.name, device=member.interface,
                    name=member.name, paused=False, state="idle",
                )
            )  # fmt: skip
    for phone in settings.phones:
        agent, at = phone.name, exchange.world.now
        day.feed(e.AgentSignedIn(at=at, agent=agent, name=agent, device=phone.device))
        day.feed(e.StateChosen(at=at, agent=agent, state="ready"))
    chance = random.Random(2)
    for number in range(calls):
        now = exchange.world.now + chance.expovariate(1 / 4.0)
        exchange.world.advance(now)
        exchange.place(
            Arrival(
                number=f"+4477{number:08d}",
                dialled=f"+4480{chance.randrange(len(QUEUES))}",
                patience=chance.expovariate(1 / 90.0),
                talk=chance.lognormvariate(5.0, 0.6),
                ender=chance.choice(("caller", "called")),
            )
        )
        for message in exchange.world.take():
            for packet in decoder.feed(message.text.encode()):
                packets.append(packet)
                for event in tracker.receive(packet, now):
                    day.feed(event)
        day.until(now)
    return day.events, packets


def replay(events: list[e.Event]) -> float:
    floor = Floor()
    receive = floor.receive
    began = time.process_time()
    for event in events:
        receive(event)
    return time.process_time() - began


def by_kind(events: list[e.Event]) -> None:
    spent: defaultdict[str, float] = defaultdict(float)
    floor, count = Floor(), Counter[str]()
    for event in events:
        began = time.perf_counter()
        floor.receive(event)
        name = type(event).__name__
        spent[name] += time.perf_counter() - began
        count[name] += 1
    print("\n| event | how many | µs each |\n| --- | --- | --- |")
    for name in sorted(spent, key=lambda one: -spent[one]):
        print(f"| {name} | {count[name]:,} | {spent[name] / count[name] * 1e6:.1f} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--calls", type=int, default=12_000)
    arguments.add_argument("--runs", type=int, default=7)
    chosen = arguments.parse_args()
    events, packets = record(chosen.calls)
    runs = [replay(events) / len(events) * 1e6 for _ in range(chosen.runs)]
    tracker = Tracker()
    gc.collect()
    began = time.process_time()
    for packet in packets:
        tracker.receive(packet, 1.0)
    per_packet = (time.process_time() - began) / len(packets) * 1e6
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()},", end=""
    )
    print(f" load {os.getloadavg()[0]:.1f}")
    print(f"{len(events):,} events of {chosen.calls:,} calls, {AGENTS} agents; CPU time")
    best, median = min(runs), statistics.median(runs)
    kept = "kept" if median <= PROMISE else "MISSED"
    print(
        f"floor: best {best:.2f}, median {median:.2f} µs an event: promise of {PROMISE:.0f} {kept}"
    )
    print(f"tracker: {per_packet:.2f} µs a packet of {len(packets):,} it wants")
    by_kind(events)


if __name__ == "__main__":
    main()
