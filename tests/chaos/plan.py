"""What a seed stands for: the centre, its people, and what goes wrong when. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from callcenter.floor.events import (
    Distribution,
    FloorOpened,
    HoursSettings,
    QueueSettings,
    ReasonRule,
    StepSettings,
)
from telephony.control_facts import MUTED_VARIABLE
from telephony.simulator import Member, Phone, QueueLine, Route, SimulatorSettings
from telephony.simulator.settings import Strategy
from tests.chaos.customers import Callbacks, callbacks
from tests.chaos.mind import REASONS, TIER

START = 1_800_000_000.0
"""When every run begins, seconds since the epoch."""

FaultKind: TypeAlias = Literal[
    "duplicate",  # packets come twice
    "reorder",  # packets of different channels change places
    "loss",  # packets are lost, unnoticed
    "cut",  # the AMI line is down for a while
    "exchange_dies",
    "engine_dies",
    "phones",  # phones of agents vanish, ring for ever, decline
]
FAULTS: tuple[FaultKind, ...] = (
    "duplicate", "reorder", "loss", "cut", "exchange_dies", "engine_dies", "phones",
)  # fmt: skip
LOSING: frozenset[FaultKind] = frozenset({"loss", "cut", "exchange_dies", "engine_dies"})
"""Those after which something was not told; the others must change no figure at all."""


STRATEGIES: tuple[Strategy, ...] = ("rrmemory", "leastrecent", "ringall", "fewestcalls")
SUPERVISOR = "PJSIP/2001"
SKILLS = ("english", "tech")
STEPS: tuple[tuple[StepSettings, ...], ...] = (
    (StepSettings(after=0.0, want="tech >= 3"), StepSettings(after=6.0, want="member or tech")),
    (
        StepSettings(after=0.0, want="member and english >= 2"),
        StepSettings(after=10.0, want="member"),
        StepSettings(after=25.0, want="any"),
    ),
)
OPENS = 8 * 60
"""Minute of its day (a Friday, UTC) at which every run begins."""


@dataclass(frozen=True, slots=True)
class Fault:
    """From `at` on for `seconds`."""

    kind: FaultKind
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One seed, spelled out. `engine`: queues that the engine distributes."""

    seed: int
    calls: int
    agents: int
    queues: tuple[str, ...]
    engine: frozenset[str]
    gap: float
    """Mean seconds between two calls."""
    talk: float
    patience: float
    faults: tuple[Fault, ...]
    delay: float
    """Longest time an order or a packet takes."""
    by_bytes: bool
    """Packets go through the bytes of the wire and its decoder."""
    settings: SimulatorSettings
    opened: FloorOpened
    skills: tuple[tuple[tuple[str, int], ...], ...]
    """Of each agent."""
    known_callers: int
    """So many numbers call, some of them again and again."""
    midnight: float | None
    """When a new day begins, if one does."""
    controls: float
    """Share of the talks in which the agent uses the console: hold, record, hang up."""
    callbacks: Callbacks | None
    """None: nobody is called back."""

    @property
    def moves(self) -> bool:
        """The engine may take a caller from one of its queues into another."""
        return any(one.overflow for one in self.opened.queues) or any(
            rule.queue for rule in self.opened.reason_rules
        )

    @property
    def losing(self) -> bool:
        return any(fault.kind in LOSING for fault in self.faults)

    @property
    def devices(self) -> tuple[str, ...]:
        return self.opened.devices


def plan(seed: int, calls: int = 110, *, engine: bool = True) -> Plan:
    """The plan of a seed. `engine` False: all queues are the exchange's own."""
    chance = random.Random(seed)
    agents = chance.randint(3, 14)
    queues = tuple(f"queue{n}" for n in range(1, chance.randint(1, 4) + 1))
    own = frozenset(queue for queue in queues if engine and chance.random() < 0.75)
    talk, patience = chance.uniform(8, 40), chance.uniform(10, 90)
    gap = (talk + 14) / agents * chance.uniform(0.7, 1.6)
    length = gap * calls
    skills = tuple(
        tuple((skill, chance.randint(0, 5)) for skill in SKILLS if chance.random() < 0.7)
        for _ in range(agents)
    )
    kinds = [kind for kind in FAULTS if chance.random() < 0.35]
    faults = sorted(
        (
            Fault(kind, START + chance.uniform(0.05, 0.9) * length, chance.uniform(0.2, 25.0))
            for kind in kinds
            for _ in range(chance.randint(1, 3))
        ),
        key=lambda fault: fault.at,
    )
    drawn = Plan(
        seed=seed,
        calls=calls,
        agents=agents,
        queues=queues,
        engine=own,
        gap=gap,
        talk=talk,
        patience=patience,
        faults=tuple(faults),
        delay=chance.choice((0.0, 0.02, 0.3)),
        by_bytes=chance.random() < 0.03,
        settings=_exchange(chance, seed, agents, queues, own),
        opened=_floor(chance, agents, queues, own),
        skills=skills,
        known_callers=chance.choice((20, 200)),
        midnight=START + chance.random() * length if chance.random() < 0.2 else None,
        controls=chance.choice((0.0, 0.3)),
        callbacks=callbacks(seed, START, length, calls, len(queues)),
    )
    return _calling_back(drawn)


def _calling_back(drawn: Plan) -> Plan:
    """The same with what callbacks need of the exchange and the floor."""
    back = drawn.callbacks
    if back is None:
        return drawn
    lines = zip(drawn.opened.queues, back.rules, strict=True)
    return replace(
        drawn,
        settings=replace(
            drawn.settings, outside=back.outside, callback_key=back.key if drawn.engine else ""
        ),
        opened=replace(
            drawn.opened,
            queues=tuple(replace(line, callback=rules) for line, rules in lines),
            law=back.law,
        ),
    )


def _exchange(
    chance: random.Random, seed: int, agents: int, queues: tuple[str, ...], own: frozenset[str]
) -> SimulatorSettings:
    phones = tuple(
        Phone(device=f"PJSIP/{1001 + n}", name=f"Agent {n}", ring=(0.3, 6.0)) for n in range(agents)
    )
    lines = []
    for queue in queues:
        there = [phone for phone in phones if chance.random() < 0.7] or [phones[0]]
        members = tuple(Member(interface=one.device, name=one.name) for one in there)
        strategy = chance.choice(STRATEGIES)
        timeout = chance.uniform(5, 15)
        retry = chance.uniform(1, 5)
        lines.append(
            QueueLine(name=queue, members=members, strategy=strategy, timeout=timeout, retry=retry)
        )
    routes = {f"+4420{n}": Route(kind="queue", target=queue) for n, queue in enumerate(queues)}
    for n, queue in enumerate(queues):
        routes[f"+4421{n}"] = Route(kind="queue", target=queue, patience=chance.uniform(15, 90))
    routes |= {f"+443{phone.number}": Route(kind="agent", target=phone.number) for phone in phones}
    return SimulatorSettings(
        queues=tuple(lines),
        phones=(*phones, Phone(device=SUPERVISOR, name="Boss", ring=(0.3, 2.0))),
        routes=routes,
        seed=seed,
        engine_queues=own,
        hold_share=chance.choice((0.0, 0.1)),
        transfer_share=chance.choice((0.0, 0.0, 0.08)),
        timestamps=False,
        # The tracker reads no others, and printing them takes a third of the time.
        variables=frozenset({"CHANNEL_TO_JOIN", "QUEUESTATUS", MUTED_VARIABLE}),
    )


def _floor(
    chance: random.Random, agents: int, queues: tuple[str, ...], own: frozenset[str]
) -> FloorOpened:
    lines = []
    engine = [queue for queue in queues if queue in own]
    clever = chance.random() < 0.6
    for queue in queues:
        by: Distribution = "engine" if queue in own else "exchange"
        # Only to an earlier queue: settings that lead in a circle are refused when they are read.
        before = engine[: engine.index(queue)] if queue in own else []
        overflow = chance.choice((None, *before)) if clever else None
        closed: Literal["leave", "overflow"] = "overflow" if overflow else "leave"
        lines.append(
            QueueSettings(
                queue=queue,
                distribution=by,
                ring_seconds=chance.uniform(4, 15),
                max_wait=chance.choice((None, None, chance.uniform(20, 90))),
                when_empty=chance.choice(("wait", "leave", "overflow" if overflow else "leave")),
                when_closed=closed,
                overflow=overflow,
                hours=_hours(chance) if clever and chance.random() < 0.15 else HoursSettings(),
                steps=chance.choice(STEPS) if clever and chance.random() < 0.4 else (),
                sticky_seconds=chance.choice((0.0, 8.0)) if clever else 0.0,
                auto_answer=chance.random() < 0.2,
                credit=chance.choice((0.0, 30.0)),
                announce_seconds=chance.choice((0.0, 20.0)),
            )
        )
    return FloorOpened(
        at=START,
        wrapup_seconds=chance.choice((2.0, 10.0)),
        queues=tuple(lines),
        devices=tuple(f"PJSIP/{1001 + n}" for n in range(agents)),
        missed_policy=chance.choice(("missed", "ready")),
        retry_seconds=chance.uniform(5, 40),
        skills=SKILLS,
        tiers=((TIER, 45.0),) if clever else (),
        reason_rules=_rules(chance, engine) if clever and chance.random() < 0.5 else (),
        pause_limit=8.0,
    )


def _hours(chance: random.Random) -> HoursSettings:
    """Open, closed for some minutes, and open again."""
    closes = OPENS + chance.randint(1, 6)
    return HoursSettings(weekly=((5, 0, closes), (5, closes + chance.randint(1, 4), 24 * 60)))


def _rules(chance: random.Random, engine: list[str]) -> tuple[ReasonRule, ...]:
    """One reason has a queue of its own or counts more, another wants somebody with a skill."""
    queue = chance.choice((None, *engine))
    return (
        ReasonRule(reason=REASONS[0], above=0.5, queue=queue, credit=30.0),
        ReasonRule(reason=REASONS[1], above=0.7, want="tech >= 2", want_seconds=12.0),
    )
