"""Exchange and engine of the latency benchmark, each a process. They judge nothing themselves."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.known_numbers import agent, callers, number_of
from benchmarks.load import Load, in_this_process, told
from callcenter.app import engine
from callcenter.population.callers import DIALLED
from callcenter.reactor import twisted_reactor
from callcenter.settings import (
    CentreSettings,
    ExchangeSettings,
    HttpSettings,
    LogSettings,
    PredictionSettings,
    Settings,
    StoreSettings,
)
from telephony.simulator.arrivals import Arrival, Outcome
from telephony.simulator.settings import (
    USERS,
    Member,
    Phone,
    QueueLine,
    Route,
    SimulatorSettings,
)
from telephony.simulator.simulator import Simulator

# --- the exchange -----------------------------------------------------------------------------


class Callers:
    """Calls of people in the store who have a history, each once, at random moments."""

    def __init__(self, load: Load) -> None:
        self._chance = random.Random(load.seed)
        self._who = iter(self._chance.sample(callers(load.known), load.calls))
        self._load = load
        self._at = 0.0
        self.over = 0

    def next_call(self, now: float) -> tuple[float, Arrival] | None:
        person = next(self._who, None)
        if person is None:
            return None
        # From planned moment to planned moment: a late exchange does not thin the calls out.
        self._at = (self._at or now + 0.1) + self._chance.expovariate(self._load.rate)
        return self._at, Arrival(
            number="0" + number_of(person).removeprefix("+44"),
            dialled=self._chance.choice(tuple(DIALLED.values())),
            talk=self._chance.uniform(0.5, 1.5) * self._load.talk,
        )

    def on_call_over(self, outcome: Outcome) -> None:
        self.over += 1


class Stopwatch(Simulator):
    """A simulated exchange that notes when it hands the first bytes of a call to its sockets."""

    def __init__(self, settings: SimulatorSettings) -> None:
        super().__init__(settings)
        self.began: dict[str, float] = {}
        """When the ``Newchannel`` of the caller was written, by the call's Uniqueid."""
        self.offered: dict[str, float] = {}
        """When the first ``AgentCalled`` was written."""

    def call_now(self, driver: Callers) -> None:
        """From now on people call."""
        self._driver = driver
        self._catch_up()
        self._feed(self.exchange)
        self._schedule()

    def _send(self) -> None:
        batch = self.exchange.world.take()
        if not batch or self._port is None:
            return
        now = time.monotonic()
        for _, text in batch:
            if text.startswith("Event: Newchannel\r\n"):
                call = _header(text, "Uniqueid")
                if call == _header(text, "Linkedid"):
                    self.began.setdefault(call, now)
            elif text.startswith("Event: AgentCalled\r\n"):
                self.offered.setdefault(_header(text, "Uniqueid"), now)
        self._port.broadcast(batch)


def _header(text: str, name: str) -> str:
    start = text.index(f"\r\n{name}: ") + len(name) + 4
    return text[start : text.index("\r\n", start)]


def _exchange_settings(load: Load) -> SimulatorSettings:
    phones = [agent(index) for index in range(load.agents)]
    ring = (0.8 * load.ring, 1.2 * load.ring)
    names = tuple(DIALLED)
    return SimulatorSettings(
        phones=tuple(
            Phone(device=device, name=f"Agent {name}", ring=ring) for name, device in phones
        ),
        queues=tuple(
            QueueLine(
                name=queue,
                members=tuple(
                    Member(interface=device, name=f"Agent {name}")
                    for name, device in phones[place :: len(names)]
                ),
            )
            for place, queue in enumerate(names)
        ),
        routes={number: Route(kind="queue", target=queue) for queue, number in DIALLED.items()},
        seed=load.seed,
        answer_delay=0.0,  # the hardest case: a call is offered in the moment in which it comes
    )


async def _exchange(load: Load, pipe: Connection) -> None:
    async with twisted_reactor() as reactor:
        simulator = Stopwatch(_exchange_settings(load))
        pipe.send(await simulator.start(reactor))
        try:
            await told(pipe)  # the consoles are ready
            driver = Callers(load)
            simulator.call_now(driver)
            patience = time.monotonic() + 3 * load.calls / load.rate + 30
            while driver.over < load.calls and time.monotonic() < patience:
                await asyncio.sleep(0.1)
            pipe.send((simulator.began, simulator.offered, driver.over))
            await told(pipe)  # everything has been read
        finally:
            await simulator.stop()


# --- the engine -------------------------------------------------------------------------------


async def _engine(store: Path, port: int, pipe: Connection) -> None:
    user = USERS[0]
    settings = Settings(
        http=HttpSettings(port=0),
        store=StoreSettings(url=f"sqlite:///{store}"),
        exchange=ExchangeSettings(host="127.0.0.1", port=port, user=user.name, secret=user.secret),
        centre=CentreSettings(wrapup_seconds=0),
        prediction=PredictionSettings(
            models=str(store.parent / "models"), refit_calls=0, refit_hours=0.0
        ),
        log=LogSettings(format="json"),
    )
    async with twisted_reactor() as reactor, engine(settings, reactor, seed=1) as running:
        while running.link.state.kind != "up":
            await asyncio.sleep(0.01)
        pipe.send(running.port)
        await told(pipe)  # the consoles are ready
        pauses = _watch_collections()
        await told(pipe)
        pipe.send([(generation, seconds) for generation, seconds in pauses])
        await told(pipe)


def _watch_collections() -> list[tuple[int, float]]:
    """From now on: generation and length of every garbage collection."""
    pauses: list[tuple[int, float]] = []
    began = 0.0

    def watch(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.perf_counter()
        else:
            pauses.append((info["generation"], time.perf_counter() - began))

    gc.callbacks.append(watch)
    return pauses


def exchange_process(load: Load, pipe: Connection, output: Path) -> None:
    """Sends its port; told to begin; sends what it noted; told to end."""
    in_this_process(lambda: _exchange(load, pipe), output)


def engine_process(store: Path, port: int, pipe: Connection, output: Path) -> None:
    """Sends its port when the exchange is up; told to begin; told to report; sends the lengths of
    its garbage collections; told to end."""
    in_this_process(lambda: _engine(store, port, pipe), output)
