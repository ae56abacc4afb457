"""An engine with callbacks to make is killed again and again, and then left to finish."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.kills.engine import MortalEngine, fill_with_callbacks, number_of
from tests.kills.exchange import AGENTS, Log, SeparateExchange, customers, separate_exchange
from tests.kills.promises import Report, due_now, judged, not_over, two_at_once

LIMIT = 5.0
"""Seconds from the start of the process to the first dialling."""
LONGEST = 30.0
"""Seconds that a first dialling is waited for."""
LOOKS = 0.1
"""Seconds between two looks at the exchange: more would take from the engine's time."""
BEFORE = 0.7
"""Seconds after a start at which nothing can have been dialled yet: who is free then is free."""
WINDOW_HOURS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    kills: int
    callbacks: int
    seed: int
    after: float = 2.0
    """Killed at a random moment within so many seconds of the first dialling."""
    early: float = 0.25
    """The share of kills at a random moment of the start instead."""
    finish: float = 600.0
    """Seconds within which the last engine has to be done."""


@dataclass(slots=True)
class Start:
    """One start of the engine. Seconds from the start of the process; ``None``: it was killed
    before that."""

    early: bool
    due: int
    """Callbacks that were due."""
    at: float
    """When, seconds since the epoch."""
    expected: bool = False
    """Something was due, and an agent was not needed by customers of the run before."""
    ready: float | None = None
    ordered: float | None = None
    """Until the first Originate of any kind: a customer dialled, or an agent rung for one."""
    dialled: float | None = None
    """Until the first customer was dialled."""
    killed: float | None = None
    left: int = 0
    """Callbacks that were open at its end."""
    load: float = 0.0
    """Of the machine."""
    cpu: float | None = None
    """Seconds of processor time that the engine had used when its first dialling was seen."""


@dataclass(slots=True)
class Became:
    plan: Plan
    starts: list[Start] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    seconds: float = 0.0
    in_time: bool = True
    """The last engine was done within ``finish``."""

    def waited(self) -> list[float]:
        """Seconds until the first dialling, of starts that had somebody to dial."""
        return sorted(
            LONGEST if one.dialled is None else one.dialled
            for one in self.starts
            if one.expected and not one.early
        )

    def ordered(self) -> list[float]:
        """Seconds until the first order to the exchange, of all starts not killed before."""
        return sorted(
            LONGEST if one.ordered is None else one.ordered
            for one in self.starts
            if one.due and not one.early
        )


async def play(plan: Plan, folder: Path, say: Callable[[str], None] = lambda line: None) -> Became:
    """In ``folder``, which is empty."""
    base = folder / "engine.db"
    outside = customers([number_of(turn) for turn in range(plan.callbacks)], plan.seed)
    await fill_with_callbacks(base, plan.callbacks, WINDOW_HOURS)
    became, began = Became(plan), time.monotonic()
    with separate_exchange(folder, base, outside, plan.seed) as exchange:
        engine = MortalEngine(folder, base, exchange.port)
        chance = random.Random(f"kills {plan.seed}")
        try:
            engine.start()
            await engine.ready()
            await engine.sign_in()
            # Of the first engine only the agents' signing in is of interest.
            engine.kill()
            for turn in range(plan.kills):
                start = await _one(plan, engine, exchange, base, chance)
                became.starts.append(start)
                became.report.reservations += two_at_once(base)
                say(f"{turn + 1:3} {start}")
            say("left to finish")
            became.in_time = await _finish(plan, engine, exchange, base)
        finally:
            engine.stop()
        log = exchange.log()
    for start in became.starts:
        _read(start, log)
    before, became.report = became.report, judged(base, outside, log)
    became.report.reservations += before.reservations
    became.seconds = time.monotonic() - began
    return became


async def _one(
    plan: Plan,
    engine: MortalEngine,
    exchange: SeparateExchange,
    base: Path,
    chance: random.Random,
) -> Start:
    """Start it, and kill it at some moment."""
    early = chance.random() < plan.early
    before = exchange.dialled()
    engine.start()
    start = Start(early, due_now(base, engine.began), engine.began, load=os.getloadavg()[0])
    until = start.at + (chance.uniform(0.0, LIMIT - 1.0) if early else LONGEST)
    rest, seen = chance.uniform(0.0, plan.after), early
    readiness = asyncio.create_task(engine.ready())  # beside: the port is open before it answers
    while time.time() < until and engine.alive:
        if not seen and exchange.dialled() > before:
            seen, until = True, time.time() + rest
            start.cpu = engine.cpu()
        await asyncio.sleep(max(0.0, min(LOOKS, until - time.time())))
    start.ready = readiness.result() if readiness.done() else None
    readiness.cancel()
    await asyncio.gather(readiness, return_exceptions=True)
    if not engine.alive:
        raise RuntimeError(f"the engine ended by itself\n{engine.log()}")
    engine.kill()
    start.killed = time.time() - start.at
    start.left = not_over(base)
    return start


def _read(start: Start, log: Log) -> None:
    """What the exchange knows of it."""
    end = start.at + (start.killed or 0.0) + 1.0  # what was sent before the kill
    dialled = [one.at - start.at for one in log.dialled if start.at <= one.at <= end]
    rung = [at - start.at for at in log.rung if start.at <= at <= end]
    start.dialled = min(dialled, default=None)
    start.ordered = min((*dialled, *rung), default=None)
    start.expected = start.due > 0 and log.live_at(start.at + BEFORE) < len(AGENTS)


async def _finish(plan: Plan, engine: MortalEngine, exchange: SeparateExchange, base: Path) -> bool:
    """Let the last one live until no callback is open and nobody is on the phone."""
    engine.start()
    await engine.ready()
    deadline = time.monotonic() + plan.finish
    while time.monotonic() < deadline:
        if not_over(base) == 0 and exchange.live() == 0:
            await asyncio.sleep(3.0)  # wrap-up, and what is still on its way to the disk
            return True
        await asyncio.sleep(0.2)
    return False
