"""A whole centre that calls back, for tests: engine, simulated exchange, people, real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from callcenter.app import Engine, engine
from callcenter.callback_ports import Attempt
from callcenter.floor.call import CallState
from callcenter.floor.callback import Callback, CallbackState
from callcenter.floor.card import Card
from callcenter.floor.events import AgentSignedIn, Event, OutcomeNoted, StateChosen
from callcenter.settings import (
    CallbackOptions,
    CallbacksSettings,
    ExchangeSettings,
    QueueOptions,
    SiteOptions,
)
from callcenter.settings.tree import RetryOptions
from telephony.simulator import Arrival, Outsider, Simulator, SimulatorSettings
from telephony.simulator.settings import PHONES, Reaction
from tests.product import PATIENCE, fill, settings_for

CUSTOMER = "+447400123456"
SERVICE = "+442079460100"
SPEED = 10.0
"""Simulated seconds in one of ours."""
AT_ONCE = {
    cause: RetryOptions(minutes=0.0, times=3)
    for cause in ("busy", "no_answer", "declined", "machine", "abandoned", "agent_gone", "unknown")
}
OPTIONS = CallbackOptions(
    offered=True,
    staff=("mon-sun 00:00-24:00 20",),
    handle_seconds=60.0,
    patience_seconds=120.0,
    retries=AT_ONCE,
)
QUICK = Outsider(ring=(1.0, 1.0), patience=(300.0, 300.0), talk=(5.0, 5.0))


async def eventually(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """As ``tests.product.until``, for what only the store knows."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await true():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never came that {what}") from None


@dataclass(slots=True)
class Centre:
    """One run of an engine on a simulated exchange that may outlive it."""

    running: Engine
    simulator: Simulator

    # --- agents -------------------------------------------------------------------------------

    async def wish(self, kind: Callable[..., Event], **fields: Any) -> None:
        dispatch = self.running.dispatch
        await dispatch.wish(kind(at=dispatch.now(), **fields))

    async def ready(self, agent: str) -> None:
        await self.wish(StateChosen, agent=agent, state="ready")

    async def work(self, *agents: str, ready: bool = True) -> None:
        """They sign in, unless a run before left them at work, and are ready unless told not to
        be."""
        for agent in agents:
            if agent in self.running.dispatch.view().agents:
                continue
            await self.wish(AgentSignedIn, agent=agent, name=agent, device=f"PJSIP/{agent}",
                            skills=())  # fmt: skip
            if ready:
                await self.ready(agent)

    def cards(self, agent: str) -> tuple[Card, ...]:
        return self.running.dispatch.view().cards[agent]

    async def shown(self, agent: str, what: str, true: Callable[[Card], bool]) -> Card:
        """The agent's card, once it is as told."""

        async def there() -> bool:
            return any(true(card) for card in self.cards(agent))

        await eventually(there, f"{agent} is shown {what}")
        return next(card for card in self.cards(agent) if true(card))

    async def previewed(self, agent: str) -> str:
        """The reservation of the callback that the agent may accept, snooze or refuse."""
        card = await self.shown(
            agent, "a preview", lambda one: one.offer is not None and one.offer.preview
        )
        assert card.offer is not None
        return card.offer.reservation

    async def notes(self, agent: str, call: str) -> None:
        await self.wish(
            OutcomeNoted, agent=agent, call=call, reason="fees", outcome="solved", notes=""
        )

    # --- customers ----------------------------------------------------------------------------

    @asynccontextmanager
    async def visitor(self) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody who looks at the website."""
        base = f"http://127.0.0.1:{self.running.port}"
        async with httpx.AsyncClient(base_url=base, headers={"accept": "application/json"}) as http:
            yield http

    async def book(self, **fields: Any) -> dict[str, Any]:
        """Through the form, as the widget does: open it, and send it."""
        async with self.visitor() as http:
            form: dict[str, Any] = {}

            async def offered() -> bool:
                form.update((await http.get("/c/main/form")).raise_for_status().json())
                return form["now"] is not None

            await eventually(offered, "a call is offered for now")
            chosen = form["reasons"][0]["code"]
            whole = {
                "token": form["token"], "number": CUSTOMER, "when": "now", "reason": chosen,
                **fields,
            }  # fmt: skip
            answer = await http.post("/c/main/callbacks", json=whole)
        assert answer.status_code == 201, answer.text
        booked: dict[str, Any] = answer.json()
        return booked

    async def calls(self, **fields: Any) -> str:
        """The customer calls, and stands in line; answers the call's id."""
        call = self.simulator.place(Arrival(**{"dialled": SERVICE, "number": CUSTOMER, **fields}))

        async def waits() -> bool:
            known = self.running.dispatch.floor.live_calls().get(call)
            return known is not None and known.state is CallState.QUEUED

        await eventually(waits, "the caller waits")
        return call

    # --- what became of it --------------------------------------------------------------------

    async def stored(self, ref: str) -> Callback:
        found = await self.running.store.callbacks.one(ref)
        assert found is not None
        return found

    async def becomes(self, ref: str, *states: CallbackState) -> Callback:
        async def so() -> bool:
            return (await self.stored(ref)).state in states

        try:
            await eventually(so, f"{ref} is {' or '.join(states)}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {await self.stored(ref)}") from None
        return await self.stored(ref)

    async def over(self, ref: str) -> Callback:
        return await self.becomes(ref, "done", "expired", "cancelled")

    async def attempts(self, ref: str) -> tuple[Attempt, ...]:
        """The diallings, once each has its end."""

        async def ended() -> bool:
            found = await self.running.store.callbacks.attempts(ref)
            return all(one.how is not None for one in found)

        await eventually(ended, f"every dialling of {ref} has an end")
        return await self.running.store.callbacks.attempts(ref)

    def dialled(self) -> list[str]:
        """How each call to the customer really ended, on the exchange."""
        return [
            outcome.end for outcome in self.simulator.truth() if outcome.arrival.dialled == CUSTOMER
        ]

    def rings(self) -> bool:
        """The customer's phone rings."""
        return any(
            channel.uniqueid.startswith("cb-") and channel.state == 5
            for channel in self.simulator.exchange.world.channels.values()
        )


@asynccontextmanager
async def exchange(
    reactor: Any, customer: Outsider = QUICK, phones: dict[str, Reaction] | None = None
) -> AsyncIterator[tuple[Simulator, ExchangeSettings]]:
    """A simulated exchange that offers the key 1. ``phones``: reactions by extension; the others
    answer after half a second."""
    simulator = Simulator(
        SimulatorSettings(
            phones=tuple(
                replace(
                    phone,
                    reaction=(phones or {}).get(phone.number, "answers"),
                    ring=(0.5, 0.5),
                )
                for phone in PHONES
            ),
            speed=SPEED,
            timestamps=False,  # simulated time runs away from ours
            engine_queues=frozenset({"service"}),
            beat_limit=5.0 * SPEED,
            callback_key="1",
        )
    )
    port = await simulator.start(reactor)
    simulator.set_outsider(CUSTOMER, customer)
    user = simulator.settings.users[0]
    try:
        yield (
            simulator,
            ExchangeSettings(host="127.0.0.1", port=port, user=user.name, secret=user.secret),
        )
    finally:
        await simulator.stop()


@asynccontextmanager
async def run(
    folder: Path,
    reactor: Any,
    on: tuple[Simulator, ExchangeSettings],
    agents: Iterable[str] = ("1001",),
    ready: bool = True,
    **callback: Any,
) -> AsyncIterator[Centre]:
    """An engine of this folder. ``callback``: of the queue's options, besides ``OPTIONS``."""
    simulator, reached = on
    settings = replace(
        settings_for(folder, reached),
        queues={
            "service": QueueOptions(
                distribution="engine", callback=replace(OPTIONS, **callback), ring_seconds=20.0
            )
        },
        callbacks=CallbacksSettings(
            dial="PJSIP/{number}@trunk",
            countries=("GB",),
            least_fill_seconds=0.0,
            per_number_day=50,
            per_address_hour=50,
            sites={"main": SiteOptions(queue="service", name="Example Bank")},
        ),
    )
    if not (folder / "engine.db").exists():
        await asyncio.to_thread(fill, settings.store.url)
    async with engine(settings, reactor, seed=1) as running:
        centre = Centre(running, simulator)

        async def up() -> bool:
            return running.link.state.kind == "up"

        await eventually(up, "the exchange is up")
        await centre.work(*agents, ready=ready)
        yield centre


@asynccontextmanager
async def centre(
    folder: Path,
    reactor: Any,
    customer: Outsider = QUICK,
    agents: Iterable[str] = ("1001",),
    phones: dict[str, Reaction] | None = None,
    ready: bool = True,
    **callback: Any,
) -> AsyncIterator[Centre]:
    """Everything at once."""
    async with (
        exchange(reactor, customer, phones) as on,
        run(folder, reactor, on, agents, ready, **callback) as running,
    ):
        yield running
