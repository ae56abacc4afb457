"""A scripted day of a centre: callers come one after the other, agents answer, something breaks.

What became of each caller is read from the exchange over a connection of its own, which nobody
cuts: whom they talked to and how they left.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.exchange.ami import ManagerTap
from tests.exchange.asterisk import Exchange
from tests.exchange.line import Line
from tests.exchange.phones import NEVER, Answers, Phones
from tests.exchange.process import Centre, at_work, stays_stuck
from tests.exchange.whole import LINE
from tests.product import PATIENCE

EXTENSIONS = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``every``: seconds between two callers; every ``impatient``-th hangs up by themselves."""

    calls: int
    agents: int
    every: float
    ring: float = 0.3
    talk: float = 2.0
    impatient: int = 10
    patience: float = 1.0


@dataclass(slots=True)
class Became:
    """What became of the day."""

    calls: int
    talked: int = 0
    """Callers who were in a bridge with an agent."""
    hung_up: int = 0
    """Callers who left by themselves without having talked."""
    sent_away: Counter[str] = field(default_factory=Counter)
    """Why callers left the engine's line without an agent, ``fallback`` among them."""
    lost: list[str] = field(default_factory=list)
    """Callers who neither talked nor left by themselves: there must be none."""
    recorded: int = 0
    twice: list[str] = field(default_factory=list)
    """Callers with more than one record."""
    recorded_talks: int = 0
    queue: dict[str, int] = field(default_factory=dict)
    """Counters of the engine's queue at the end."""
    stuck: set[str] = field(default_factory=set)
    """Agents whose state the exchange contradicts, at the end."""
    states: Counter[str] = field(default_factory=Counter)
    """Agents by state at the end."""
    invariants: float = 0.0
    live_reservations: int = 0
    seconds: float = 0.0


def number_of(turn: int) -> str:
    return f"+4477009{turn:05}"


async def play(
    plan: Plan,
    centre: Centre,
    phones: Phones,
    trouble: Callable[[], Coroutine[Any, Any, None]],
) -> Became:
    """Play it; ``trouble`` happens beside it and ends before the day does."""
    exchange = centre.exchange
    users = EXTENSIONS[: plan.agents]
    began = time.monotonic()
    with exchange.tap() as tap:
        _members(tap, users)
        for user in users:
            await asyncio.to_thread(phones.phone, user, Answers(ring=plan.ring, talk=plan.talk))
        async with at_work(centre, users):
            breaking = asyncio.create_task(trouble())
            callers = []
            for turn in range(plan.calls):
                leaves = turn % plan.impatient == plan.impatient - 1
                talk = plan.patience if leaves else NEVER
                callers.append(
                    await asyncio.to_thread(
                        phones.call, LINE, number_of(turn), f"Caller {turn}", talk=talk
                    )
                )
                await asyncio.sleep(plan.every)
            await breaking
            for caller in callers:
                assert await asyncio.to_thread(caller.wait) == 0, caller.trace()
            await _quiet(centre)
            became = _truth(tap, plan.calls)
            became.stuck = await stays_stuck(centre)
            became.states = Counter(row["state"] for row in (await centre.agents()).values())
            became.invariants = (await centre.metrics())["invariants_found"]
            queue = await centre.queue()
            became.queue = {
                key: queue[key] for key in ("offered", "answered", "abandoned", "left", "waiting")
            }
        _read(became, centre)
    became.seconds = time.monotonic() - began
    return became


def _members(tap: ManagerTap, users: tuple[str, ...]) -> None:
    """All of them are members of the exchange's queue that stands in for the engine's."""
    for user in users[3:]:
        interface = f"PJSIP/{user}"
        tap.ask("QueueAdd", Queue="service", Interface=interface, StateInterface=interface)


async def _quiet(centre: Centre) -> None:
    """Wait until no call is left and every agent is done."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        states = {row["state"] for row in (await centre.agents()).values()}
        if not await centre.calls() and states == {"ready"}:
            return
        await asyncio.sleep(0.1)


def _truth(tap: ManagerTap, calls: int) -> Became:
    became = Became(calls=calls)
    mine = {number_of(turn) for turn in range(calls)}
    callers = {
        message["Uniqueid"]: message["CallerIDNum"]
        for message in tap.events("Newchannel")
        if message.get("CallerIDNum") in mine and message["Channel"].startswith("PJSIP/trunk")
    }
    talked = {callers.get(message["Uniqueid"]) for message in tap.events("BridgeEnter")}
    for message in tap.events("UserEvent"):
        if message.get("UserEvent") == "CallcenterAway":
            became.sent_away[message["Why"]] += 1
    # Only the other end asks for it: what the dialplan or a manager ends has no such event.
    own = {callers.get(message["Uniqueid"]) for message in tap.events("HangupRequest")}
    for turn in range(calls):
        number = number_of(turn)
        if number in talked:
            became.talked += 1
        elif number in own:
            became.hung_up += 1
        else:
            became.lost.append(number)
    return became


def _read(became: Became, centre: Centre) -> None:
    records = centre.records()
    times = Counter(row["number"] for row in records)
    became.recorded = len(times)
    became.twice = sorted(number for number, count in times.items() if count > 1)
    became.recorded_talks = sum(row["answered"] is not None for row in records)
    became.live_reservations = centre.live_reservations()


async def day(
    plan: Plan,
    folder: Path,
    exchange: Exchange,
    trouble: Callable[[Centre], Coroutine[Any, Any, None]],
    *,
    ami: int | None = None,
) -> Became:
    """A whole day with an engine and phones of its own; ``ami`` as for ``Centre``."""
    folder.mkdir(parents=True, exist_ok=True)
    centre = Centre(folder, exchange, ami=ami)
    with Phones(exchange.ports, folder / "phones", exchange.cli) as phones:
        try:
            await centre.start()
            return await play(plan, centre, phones, lambda: trouble(centre))
        finally:
            await centre.stop()
            exchange.cli("channel request hangup all")
            for extension in phones.signed_in:
                phones.sign_out(extension)


class Cuts:
    """Cuts the line to AMI at random points of the day and mends it a moment later."""

    def __init__(self, line: Line, seed: int, count: int, seconds: float) -> None:
        rng = random.Random(seed)
        self._line = line
        self._points = sorted(rng.uniform(0.0, seconds) for _ in range(count))
        self._lengths = [rng.uniform(0.0, 0.5) for _ in range(count)]

    async def __call__(self, centre: Centre) -> None:
        began = time.monotonic()
        for point, length in zip(self._points, self._lengths, strict=True):
            await asyncio.sleep(max(0.0, began + point - time.monotonic()))
            self._line.cut()
            await asyncio.sleep(length)
            self._line.mend()
        await centre.ready()
