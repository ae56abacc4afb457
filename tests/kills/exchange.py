"""The exchange beside an engine that is killed: a process of its own that writes everything down.

It outlives every engine. Each Originate that reaches it is written down with the answer to whether
its attempt is on the engine's disk at that moment, and each leg to a customer with its beginning
and end. It judges nothing; ``tests.kills.promises`` does.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from callcenter.reactor import twisted_reactor
from telephony.packet import Packet
from telephony.simulator import actions
from telephony.simulator.arrivals import Arrival, Outcome
from telephony.simulator.exchange import Exchange
from telephony.simulator.outside import Outside, Outsider, OutsideReaction
from telephony.simulator.settings import USERS, Member, Phone, QueueLine, SimulatorSettings
from telephony.simulator.simulator import Simulator

REACTIONS: tuple[tuple[OutsideReaction, float], ...] = (
    ("answers", 0.6), ("busy", 0.15), ("waits", 0.15), ("declines", 0.05), ("invalid", 0.05),
)  # fmt: skip
"""What customers do, and how often in proportion."""
AGENTS = tuple(str(1001 + turn) for turn in range(8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """An Originate to somebody outside, as it reached the exchange."""

    at: float
    call: str
    number: str
    stored: bool
    """Its attempt was on the engine's disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A customer's leg that is over. Times are seconds since the epoch."""

    call: str
    number: str
    began: float
    ended: float
    end: str
    talk: float


@dataclass(frozen=True, slots=True)
class Log:
    """What the exchange wrote down, in order."""

    dialled: tuple[Dialled, ...]
    legs: tuple[Leg, ...]
    rung: tuple[float, ...]
    """When an agent's phone was to be rung."""

    def live_at(self, at: float) -> int:
        """Customers' legs that were there; only once all are over."""
        return sum(one.began <= at < one.ended for one in self.legs)


def customers(numbers: Sequence[str], seed: int) -> dict[str, OutsideReaction]:
    """What each of them does."""
    chance = random.Random(f"customers {seed}")
    kinds, shares = zip(*REACTIONS, strict=True)
    return {number: chance.choices(kinds, shares)[0] for number in numbers}


class SeparateExchange:
    """The process, and how it is asked. ``port``: where its AMI listens."""

    def __init__(self, pipe: Connection, log: Path) -> None:
        self._pipe = pipe
        self._log = log
        self.port = int(self._said())

    def dialled(self) -> int:
        """How many Originates to customers have reached it."""
        return int(self._asked("dialled"))

    def live(self) -> int:
        """Customers' legs that are there now."""
        return int(self._asked("live"))

    def log(self) -> Log:
        """All that was written down until now."""
        self._asked("dialled")  # whatever was written before it answers is in the file
        rows = [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]
        return Log(
            tuple(Dialled(**row["dialled"]) for row in rows if "dialled" in row),
            tuple(Leg(**row["leg"]) for row in rows if "leg" in row),
            tuple(row["rung"] for row in rows if "rung" in row),
        )

    def _asked(self, question: str) -> Any:
        self._pipe.send(question)
        return self._said()

    def _said(self) -> Any:
        if not self._pipe.poll(30):
            raise TimeoutError("the exchange does not answer")
        return self._pipe.recv()


@contextmanager
def separate_exchange(
    folder: Path, base: Path, outside: Mapping[str, OutsideReaction], seed: int
) -> Iterator[SeparateExchange]:
    """For the length of the block. ``base``: the engine's database, looked into at each dialling.
    The reactions of numbers outside are ``outside``."""
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    log = folder / "exchange.jsonl"
    process = spawn.Process(target=_process, args=(far, log, base, dict(outside), seed))
    process.start()
    far.close()
    try:
        yield SeparateExchange(near, log)
    finally:
        near.close()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()


# --- in that process ------------------------------------------------------------------------------


def _process(
    pipe: Connection, log: Path, base: Path, outside: dict[str, OutsideReaction], seed: int
) -> None:
    asyncio.run(_serve(pipe, log, base, outside, seed))


async def _serve(
    pipe: Connection, log: Path, base: Path, outside: dict[str, OutsideReaction], seed: int
) -> None:
    with log.open("a", encoding="utf-8", buffering=1) as file:
        pen = _Pen(file, base)
        actions.ACTIONS["originate"] = (  # type: ignore[index]  # this process is the exchange
            *actions.ACTIONS["originate"][:1], pen.originate, *actions.ACTIONS["originate"][2:],
        )  # fmt: skip
        async with twisted_reactor() as reactor:
            simulator = Simulator(_settings(outside, seed), pen)
            pipe.send(await simulator.start(reactor))
            try:
                while True:
                    question = await asyncio.to_thread(pipe.recv)
                    callers = simulator.exchange.people.callers
                    pipe.send(pen.count if question == "dialled" else len(callers))
            except EOFError:  # whoever started it is done
                await simulator.stop()


class _Pen:
    """Writes down what happens. Is the simulator's driver, too: nobody calls by themselves."""

    def __init__(self, file: Any, base: Path) -> None:
        self._file = file
        self._base = base
        self._act = actions.originate_call
        self.count = 0

    def next_call(self, now: float) -> tuple[float, Arrival] | None:
        return None

    def on_call_over(self, outcome: Outcome) -> None:
        self._write(
            leg={
                "call": outcome.call, "number": outcome.arrival.dialled, "began": outcome.at,
                "ended": outcome.ended, "end": outcome.end, "talk": outcome.talk,
            }
        )  # fmt: skip

    def originate(self, exchange: Exchange, packet: Packet) -> str:
        device, call = packet.get("Channel", ""), packet.get("ChannelId", "")
        number, _, trunk = device.removeprefix("PJSIP/").partition("@")
        if trunk:
            self.count += 1
            stored = self._stored(call, number)
            self._write(
                dialled={"at": time.time(), "call": call, "number": number, "stored": stored}
            )
        else:
            self._write(rung=time.time())
        return self._act(exchange, packet)

    def _stored(self, call: str, number: str) -> bool:
        asked = "SELECT count(*) FROM callback_attempts WHERE call = ? AND number_dialled = ?"
        with closing(sqlite3.connect(f"file:{self._base}?mode=ro", uri=True)) as base:
            return bool(base.execute(asked, (call, number)).fetchone()[0])

    def _write(self, **row: Any) -> None:
        self._file.write(json.dumps(row) + "\n")


def _settings(outside: Mapping[str, OutsideReaction], seed: int) -> SimulatorSettings:
    phones = tuple(
        Phone(device=f"PJSIP/{number}", name=f"Agent {number}", ring=(0.1, 0.4))
        for number in AGENTS
    )
    members = tuple(Member(interface=phone.device, name=phone.name) for phone in phones)
    return SimulatorSettings(
        phones=phones,
        queues=(QueueLine(name="service", members=members),),
        routes={},
        users=USERS,
        seed=seed,
        engine_queues=frozenset({"service"}),
        outside=Outside(
            known={
                number: Outsider(
                    reaction=reaction, ring=(0.2, 1.5), patience=(3.0, 9.0), talk=(1.0, 3.0)
                )
                for number, reaction in outside.items()
            }
        ),
    )
