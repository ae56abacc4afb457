"""The demonstration: the engine, a simulated exchange, made-up customers who call, and colleagues.

Everything is the real product but the exchange and the people. The colleagues sign in, answer,
wrap up with the true reason (mostly) and take breaks, so that the supervisor's page lives and the
prediction learns while one watches.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import inf
from random import Random
from typing import Any, Final

from rich.console import Console

from telephony.numbers import read_number
from telephony.simulator.arrivals import Arrival, Outcome
from telephony.simulator.settings import PHONES, SimulatorSettings
from telephony.simulator.simulator import Simulator

from .app import Engine, engine
from .demo_people import SKILLS, SUPERVISOR, YOU, Customers, customers
from .demo_visitors import KEY, OUTSIDE, SITES, Visitors, callback_of, callbacks_of
from .floor.errors import FloorError
from .floor.events import (
    AgentSignedIn,
    CallbackSnoozed,
    OutcomeNoted,
    ReservationAccepted,
    StateChosen,
)
from .population import Population
from .ports import Condition, PersonRow
from .reactor import twisted_reactor
from .settings import QueueOptions, Settings, StepOptions
from .store import StoreError

__all__ = ["Callers", "Colleagues", "DemoSettings", "run_demo"]

log: Final = logging.getLogger(__name__)

WRONG_REASON: Final = 0.05
"""Share of wrap-ups in which a colleague notes another reason than the true one."""
TAKES_BREAK: Final = 0.06
SNOOZES: Final = 0.1
"""Share of the previews that a colleague puts off for a minute."""
ASKS_AFTER: Final = (45.0, 240.0)
"""Told a wait of so many seconds, callers ask by the key to be called back; half of them never."""
WANTS_KEPT: Final = 20_000
"""So many numbers are remembered with what their owners want."""

MENU: Final = frozenset({"ivr", "path"})
"""Where words come from that the exchange hears; the others come over the website."""
LINES: Final = ("service", "sales", "support")
"""The queues whose agents the engine chooses."""


def options_of(queue: str) -> QueueOptions:
    """First the experts, after a while whoever knows a little, and then anybody."""
    return QueueOptions(
        distribution="engine",
        steps=(
            StepOptions(after=0.0, want=f"{queue} >= 3"),
            StepOptions(after=15.0, want=queue),
            StepOptions(after=45.0, want="any"),
        ),
        ring_seconds=20.0,
        sticky_seconds=8.0,
        announce_seconds=20.0,
        callback=callback_of(queue),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    seed: int = 1
    people: int = 5000
    calls_per_hour: float = 400.0
    visits_per_hour: float = 24.0
    """Of the website, by people who want to be called back."""
    speed: float = 1.0


class Callers:
    """Drives the simulated exchange with calls of the made-up customers."""

    def __init__(self, population: Population, settings: DemoSettings, region: str = "GB") -> None:
        """``region``: of the centre, in which numbers are read."""
        self._population = population
        self._region = region
        self._every = 3600.0 / settings.calls_per_hour
        self._chance = Random(settings.seed + 1)  # noqa: S311  # a simulation, no secret
        self.over: asyncio.Queue[Outcome] = asyncio.Queue()
        self.soon: asyncio.Queue[PersonRow] = asyncio.Queue()
        """Customers about to call, as the house's systems know them at that moment."""
        self.wants: dict[str, str] = {}
        """Why somebody wants to talk to us, by their number; for whoever calls them back."""

    def know(self, number: str, reason: str) -> None:
        """Whoever has this number wants this."""
        self.wants.pop(number, None)
        self.wants[number] = reason
        if len(self.wants) > WANTS_KEPT:
            del self.wants[next(iter(self.wants))]

    def next_call(self, now: float) -> tuple[float, Arrival] | None:
        at = now + self._chance.expovariate(1.0 / self._every)
        call = self._population.next_call(self._chance, at)
        if call.person is not None:
            self.soon.put_nowait(self._population.row(call.person, at))
        long_wait = inf
        if call.number is not None:
            if self._chance.random() < 0.5:
                long_wait = self._chance.uniform(*ASKS_AFTER)
            for reading in read_number(call.number, self._region).readings[:1]:
                self.know(reading, call.reason)
        return at, Arrival(
            number=call.number,
            name=call.name,
            dialled=call.dialled,
            patience=call.patience,
            talk=self._chance.lognormvariate(3.6, 0.5),
            said=tuple(words for words in call.words if words.source in MENU),
            long_wait=long_wait,
            reason=call.reason,
            person=call.person,
        )

    def on_call_over(self, outcome: Outcome) -> None:
        self.over.put_nowait(outcome)


class Colleagues:
    """Agents who sign in and wrap up by themselves, through the same wishes a browser makes."""

    def __init__(self, running: Engine, callers: Callers, settings: DemoSettings) -> None:
        self._dispatch = running.dispatch
        self._pack = running.pack
        self._over = callers.over
        self._wants = callers.wants
        self._speed = settings.speed
        self._chance = Random(settings.seed + 2)  # noqa: S311
        self._agents = {
            phone.device: (phone.name.split()[0].lower(), phone.name)
            for phone in PHONES
            if phone.device != YOU
        }

    async def work(self) -> None:
        """Sign everybody in, then wrap up call after call. Runs until cancelled."""
        for device, (agent, name) in self._agents.items():
            await self._wish(
                AgentSignedIn(
                    at=self._dispatch.now(), agent=agent, name=name, device=device,
                    skills=SKILLS[device],
                )
            )  # fmt: skip
            await self._ready(agent)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_at_previews(group))
            while True:
                outcome = await self._over.get()
                if outcome.device in self._agents and outcome.talk > 0:
                    group.create_task(self._wrap_up(self._agents[outcome.device][0], outcome))

    async def _wrap_up(self, agent: str, outcome: Outcome) -> None:
        await asyncio.sleep(self._chance.uniform(4.0, 18.0) / self._speed)
        reason = outcome.arrival.reason or self._wants.get(outcome.arrival.number or "")
        if reason is None or self._chance.random() < WRONG_REASON:
            reason = self._chance.choice(self._pack.reason_codes)
        ended = self._chance.choices(
            [choice.code for choice in self._pack.outcomes],
            [6.0 if choice.settled else 0.7 for choice in self._pack.outcomes],
        )[0]
        on_break = self._chance.random() < TAKES_BREAK
        if on_break:
            pause = self._chance.choice(self._pack.breaks).code
            await self._wish(
                StateChosen(at=self._dispatch.now(), agent=agent, state="break", reason=pause)
            )
        await self._wish(
            OutcomeNoted(
                at=self._dispatch.now(),
                agent=agent,
                call=outcome.call,
                reason=reason,
                outcome=ended,
                notes="",
            )
        )
        if on_break:
            await asyncio.sleep(self._chance.uniform(30.0, 150.0) / self._speed)
            await self._ready(agent)

    async def _look_at_previews(self, group: asyncio.TaskGroup) -> None:
        """Who is shown whom to call back next takes a few seconds to read, and accepts."""
        read: set[str] = set()
        while True:
            cards, shown = self._dispatch.view().cards, set()
            for agent, _ in self._agents.values():
                for card in cards.get(agent, ()):
                    if card.offer is None or not card.offer.preview:
                        continue
                    shown.add(card.offer.reservation)
                    if card.offer.reservation not in read:
                        group.create_task(self._preview(agent, card.offer.reservation))
            read = shown
            await asyncio.sleep(0.5)

    async def _preview(self, agent: str, reservation: str) -> None:
        await asyncio.sleep(self._chance.uniform(2.0, 8.0) / self._speed)
        at = self._dispatch.now()
        if self._chance.random() < SNOOZES:
            await self._wish(
                CallbackSnoozed(at=at, agent=agent, reservation=reservation, seconds=60.0)
            )
        else:
            await self._wish(ReservationAccepted(at=at, agent=agent, reservation=reservation))

    async def _ready(self, agent: str) -> None:
        await self._wish(StateChosen(at=self._dispatch.now(), agent=agent, state="ready"))

    async def _wish(self, event: Any) -> None:
        try:
            await self._dispatch.wish(event)
        except (FloorError, StoreError) as error:
            # As with people: the wrap-up was over before they were, and they go on.
            log.info("colleague_refused", extra={"agent": event.agent, "why": str(error)})


async def tell(running: Engine, population: Population, soon: asyncio.Queue[PersonRow]) -> None:
    """What happened to people since the start, and what they looked at, told by the house's other
    systems before they call. Runs until cancelled."""
    told: set[Condition] = set()
    while True:
        row = await soon.get()
        try:
            await running.surroundings.happened(row.id, row.happenings)
            await running.surroundings.viewed(row.id, row.pages)
            for condition in population.conditions_at(running.dispatch.now()):
                if condition not in told:
                    await running.surroundings.set_condition(condition)
                    told.add(condition)
        except StoreError as error:
            log.warning("not_told", extra={"person": row.id, "why": str(error)})


def with_lines(settings: Settings) -> Settings:
    """The operator's settings with what they leave to the demonstration."""
    queues = {**{queue: options_of(queue) for queue in LINES}, **settings.queues}
    callbacks = settings.callbacks
    if not callbacks.dial:
        http = settings.http
        ours = {name: one for name, one in SITES.items() if queues[one.queue].callback.offered}
        callbacks = callbacks_of(callbacks, f"http://{http.host}:{http.port}" if http.port else "")
        callbacks = replace(callbacks, sites={**ours, **callbacks.sites})
    return replace(settings, queues=queues, callbacks=callbacks)


async def run_demo(
    settings: Settings, demo: DemoSettings, out: Console, reactor: Any = None
) -> None:
    """Run until cancelled. ``reactor``: Twisted's, where it runs already. Raises what ``engine``
    raises."""
    settings = with_lines(settings)
    made = await customers(settings, demo.seed, demo.people, out)
    callers = Callers(made.population, demo, settings.centre.region)
    simulator = Simulator(
        SimulatorSettings(
            phones=(
                *(
                    replace(phone, reaction="waits" if phone.device == YOU else "answers")
                    for phone in PHONES
                ),
                SUPERVISOR,
            ),
            seed=demo.seed,
            speed=demo.speed,
            engine_queues=frozenset(
                name for name, one in settings.queues.items() if one.distribution == "engine"
            ),
            # Simulated time runs away from ours; then arrival is the better clock.
            timestamps=demo.speed == 1.0,
            beat_limit=5.0 * max(1.0, demo.speed),  # the engine's clock is ours
            callback_key=KEY,
            outside=OUTSIDE,
            hands_talk=240.0,
            hold_share=0.04,
            transfer_share=0.03,
        ),
        callers,
    )
    async with nullcontext(reactor) if reactor is not None else twisted_reactor() as twisted:
        port = await simulator.start(twisted)
        try:
            user = simulator.settings.users[0]
            joined = replace(
                settings,
                exchange=replace(
                    settings.exchange, host="127.0.0.1", port=port, user=user.name,
                    secret=user.secret, tls=False,
                ),
            )  # fmt: skip
            async with engine(joined, twisted, demo_phone=simulator, learning_looks=5.0) as running:
                _greet(out, joined, running.port, made)
                async with asyncio.TaskGroup() as group:
                    group.create_task(tell(running, made.population, callers.soon))
                    group.create_task(Colleagues(running, callers, demo).work())
                    group.create_task(
                        Visitors(
                            running.booking,
                            made.population,
                            running.dispatch.now,
                            running.pack.head_of,
                            callers.know,
                            per_hour=demo.visits_per_hour * demo.speed,
                            least_fill=settings.callbacks.least_fill_seconds,
                            seed=demo.seed + 3,
                        ).come()
                    )
        finally:
            await simulator.stop()


def _greet(out: Console, settings: Settings, port: int, made: Customers) -> None:
    who = f"{'the same ' if made.again else ''}{len(made.population.lives)} customers are calling"
    password = made.password
    out.print(
        f"""
[bold]The engine is running with a simulated exchange; {who}.[/bold]

  console      http://{settings.http.host}:{port}/
  agent        user [bold]alice[/bold]   password [bold]{password}[/bold]   (click Ready, then wait for your phone to ring)
  supervisor   user [bold]sam[/bold]     password [bold]{password}[/bold]   (queues and agents live; listen in, whisper, barge)
  website      http://{settings.http.host}:{port}/c/main/try   (ask to be called back, as a customer would)
  health       http://{settings.http.host}:{port}/readyz   and /metrics

Ctrl-C stops it; the next start goes on with the same people and what was noted about them.
""",  # noqa: E501
        soft_wrap=True,
    )
