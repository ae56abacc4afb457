"""The whole product on loopback for tests: the real engine, a simulated exchange, a browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from callcenter.app import Engine, engine
from callcenter.auth import Passwords
from callcenter.floor.orders import RecordOutcome
from callcenter.ports import Account, CaseRow, ContactPoint, PersonRow
from callcenter.settings import (
    CentreSettings,
    ExchangeSettings,
    HttpSettings,
    IntakeSettings,
    PredictionSettings,
    Settings,
    StoreSettings,
)
from callcenter.store import open_store
from intelligence.mind import Moment, recognise
from telephony.numbers import read_number
from telephony.simulator.settings import PHONES, Reaction, SimulatorSettings
from telephony.simulator.simulator import Simulator
from tests.console_kit import Browser

PASSWORD = "correct horse battery"
HASH = Passwords(passes=1, memory_kib=1024).hash(PASSWORD)
PATIENCE = 150.0
"""Seconds a condition may take on a loaded machine."""


def person(id: str, name: str, *phones: str, **fields: Any) -> PersonRow:
    """A customer with these numbers and nothing else unless said so."""
    row = PersonRow(
        id=id, name=name, language="en", tier="gold", since=1.6e9, birth="1980-02-03",
        city="London", segment="private", products=("current_account",), lifetime_value=120_000,
        currency="GBP", payment_days=11.0, preferred_channel="phone", preferred_time="morning",
        note="Prefers short answers.", consent_marketing=True, consent_recording=True,
        matched=None, sharers=1,
        points=tuple(ContactPoint(kind="phone", value=phone, label="mobile") for phone in phones),
        orders=(), bills=(), cases=(), promises=(), contacts=(),
    )  # fmt: skip
    return replace(row, **fields)


WANG = person(
    "p-wang", "王小明", "+442079460123", language="zh-Hans",
    cases=(
        CaseRow(
            id="c-1", opened=1.79e9, closed=None, reason="fees", title="Fee disputed", state="open"
        ),
    ),
)  # fmt: skip
OBRIEN = person("p-obrien", "Sheila O'Brien", "+442079460124")
PEOPLE = (WANG, OBRIEN)


def wang_called_before() -> list[RecordOutcome]:
    """Enough noted outcomes, of people in the same situation, to know why he probably calls."""
    row = replace(WANG, matched="+442079460123")
    number = read_number("02079460123", "GB")
    moment = Moment(
        at=time.time(), dialled=None, conditions=(), settled=frozenset({"solved"}), zone=UTC
    )
    context = recognise(number, "Wang", (row,), moment).context
    return [
        RecordOutcome(
            at=1.7e9 + i, call=f"before-{i}", agent="1002", person=None, reason="fees",
            outcome="solved", notes="", queue="service", context=context,
        )
        for i in range(60)
    ]  # fmt: skip


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait for a condition; ``what`` is the failure's message."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it never came that {what}") from None


def fill(url: str, people: Iterable[PersonRow] = PEOPLE) -> None:
    """A store with customers, an agent for every phone, and a supervisor."""
    store = open_store(url)
    try:
        with store.bulk() as bulk:
            bulk.people(people)
            bulk.outcomes(wang_called_before())
            bulk.accounts(
                [
                    Account(
                        agent=phone.device.removeprefix("PJSIP/"), name=phone.name, role="agent",
                        device=phone.device, password_hash=HASH, language="en", active=True,
                    )
                    for phone in PHONES
                ]
                + [
                    Account(
                        agent="sue", name="Sue", role="supervisor", device=None,
                        password_hash=HASH, language="en", active=True,
                    )
                ]
            )  # fmt: skip
    finally:
        store.close()


@dataclass(slots=True)
class Product:
    running: Engine
    simulator: Simulator

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.running.port}"

    @asynccontextmanager
    async def http(self, user: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """What a page of ours asks; with ``user``, signed in."""
        async with httpx.AsyncClient(base_url=self.url, headers={"origin": self.url}) as http:
            if user is not None:
                credentials = {"user": user, "password": PASSWORD}
                (await http.post("/api/v1/session", json=credentials)).raise_for_status()
            yield http

    @asynccontextmanager
    async def browser(self, user: str) -> AsyncIterator[Browser]:
        """Sign in as a browser does: password, cookie, ticket, socket."""
        async with self.http(user) as http:
            ticket = (await http.post("/api/v1/ws-tickets", json={})).json()["ticket"]
        address = f"ws://127.0.0.1:{self.running.port}/ws"
        async with connect(
            address,
            subprotocols=["cc.v1"],
            origin=self.url,
            compression=None,  # type: ignore[list-item,arg-type]
        ) as socket:
            browser = Browser(socket)
            await browser.hello(ticket)
            browser.welcomed(await browser.read("welcome"))
            yield browser

    async def ready(self, browser: Browser) -> None:
        await browser.command("ready-1", "agent.state", d={"state": "ready"})
        await browser.until(lambda: (browser.agent or {}).get("state") == "ready")
        device = (browser.agent or {})["device"]
        await until(lambda: not self.paused(device), f"{device} is unpaused")

    def paused(self, device: str) -> bool:
        """What the exchange thinks of a member."""
        return any(
            member.paused for _, member in self.simulator.exchange.memberships.get(device, ())
        )


def settings_for(
    folder: Path,
    exchange: ExchangeSettings,
    prediction: Mapping[str, Any] | None = None,
    token: str = "",
    **centre: Any,
) -> Settings:
    """``prediction``: settings of it besides those that a test needs; ``token``: of the intake."""
    chosen: dict[str, Any] = {
        "models": str(folder / "models"), "refit_calls": 0, "refit_hours": 0.0,
    }  # fmt: skip
    return Settings(
        http=HttpSettings(port=0),
        store=StoreSettings(url=f"sqlite:///{folder / 'engine.db'}"),
        prediction=PredictionSettings(**(chosen | dict(prediction or {}))),
        intake=IntakeSettings(token=token),
        exchange=exchange,
        centre=CentreSettings(**centre),
    )


@asynccontextmanager
async def product(
    folder: Path,
    reactor: Any,
    *,
    people: Iterable[PersonRow] = PEOPLE,
    speed: float = 1.0,
    waits: bool = True,
    phones: SimulatorSettings | None = None,
    prediction: Mapping[str, Any] | None = None,
    token: str = "",
    store: str | None = None,
    **centre: Any,
) -> AsyncIterator[Product]:
    """Everything, running. ``store``: the address of a new database, instead of a file in
    ``folder`` that may be there. ``waits``: one phone, 1001, that rings until somebody picks it up;
    otherwise all answer by themselves. ``prediction`` and ``token`` as for ``settings_for``."""

    def reaction(device: str) -> Reaction:
        if not waits:
            return "answers"
        return "waits" if device == "PJSIP/1001" else "absent"

    simulator = Simulator(
        phones
        or SimulatorSettings(
            phones=tuple(
                replace(phone, reaction=reaction(phone.device), ring=(0.2, 0.6)) for phone in PHONES
            ),
            speed=speed,
            timestamps=speed == 1.0,
        )
    )
    port = await simulator.start(reactor)
    user = simulator.settings.users[0]
    settings = settings_for(
        folder,
        ExchangeSettings(host="127.0.0.1", port=port, user=user.name, secret=user.secret),
        prediction,
        token,
        **centre,
    )
    if store is not None:
        settings = replace(settings, store=StoreSettings(url=store))
    if store is not None or not (folder / "engine.db").exists():
        await asyncio.to_thread(fill, settings.store.url, people)
    try:
        async with engine(settings, reactor, seed=1) as running:
            await until(lambda: running.link.state.kind == "up", "the exchange is up")
            yield Product(running, simulator)
    finally:
        await simulator.stop()
