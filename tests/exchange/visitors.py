"""Customers who ask to be called back: on the website, by its HTTP, and from the line by keys."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from callcenter.floor.callback import Callback, CallbackState, DialEnd
from callcenter.settings import CallbackOptions, CallbacksSettings, QueueOptions, SiteOptions
from callcenter.settings.tree import RetryOptions
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Phones
from tests.exchange.whole import SERVICE, Whole, supervising, whole_product
from tests.product import PATIENCE, until

DIAL = "PJSIP/{number}@trunk"
SOON = RetryOptions(minutes=0.05, times=2)
CAUSES: tuple[DialEnd, ...] = (
    "busy", "no_answer", "congestion", "declined", "machine", "abandoned", "agent_gone", "unknown",
)  # fmt: skip


@asynccontextmanager
async def promising(
    folder: Path,
    reactor: Any,
    exchange: Exchange,
    phones: Phones,
    *,
    ami: int | None = None,
    **options: Any,
) -> AsyncIterator[Whole]:
    """The product with a website ``main``, whose callbacks go to ``service``. ``ami``: a way to the
    exchange other than the straight one. ``options``: of how that queue calls back, besides: soon
    again after whatever went wrong."""
    chosen: dict[str, Any] = {
        "offered": True, "caller_id": SERVICE, "retries": dict.fromkeys(CAUSES, SOON),
    }  # fmt: skip
    queue = QueueOptions(
        distribution="engine", ring_seconds=60.0, callback=CallbackOptions(**chosen | options)
    )
    port = _free_port()
    callbacks = CallbacksSettings(
        dial=DIAL,
        public_url=f"http://127.0.0.1:{port}",
        least_fill_seconds=0.0,
        sites={"main": SiteOptions(queue="service", name="Example Bank")},
    )
    async with whole_product(
        folder, reactor, exchange, phones, port=ami,
        queues={"service": queue}, callbacks=callbacks, http=port,
    ) as product:  # fmt: skip
        await until(lambda: product.running.dispatch.floor.state.distributing, "it distributes")
        yield product


@dataclass(frozen=True, slots=True)
class Booked:
    """What the website says of a callback."""

    ref: str
    links: dict[str, str]

    async def status(self) -> dict[str, Any]:
        """The page behind the confirmation's link, as a program reads it."""
        async with httpx.AsyncClient() as http:
            answer = await http.get(self.links["status"], headers={"Accept": "application/json"})
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found

    async def cancel(self) -> httpx.Response:
        async with httpx.AsyncClient() as http:
            return await http.post(self.links["cancel"], headers={"Accept": "application/json"})


async def form(url: str, site: str = "main") -> dict[str, Any]:
    """The form, once it promises a call as soon as possible: the engine learns every ten seconds
    who is there to make it."""
    async with httpx.AsyncClient(base_url=url) as http, asyncio.timeout(PATIENCE):
        while True:
            answer = await http.get(f"/c/{site}/form?lang=en&zone=Europe/London")
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            if found["now"] is not None:
                return found
            await asyncio.sleep(0.2)


async def book(url: str, number: str, words: str = "About my fees", **fields: Any) -> Booked:
    """Ask to be called as soon as possible, as the widget does."""
    token = (await form(url))["token"]
    sent = {
        "token": token, "number": number, "language": "en", "zone": "Europe/London",
        "when": "now", "words": words,
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=url) as http:
        answer = await http.post("/c/main/callbacks", json=sent | fields)
    assert answer.status_code == 201, answer.text
    return Booked(answer.json()["ref"], answer.json()["links"])


async def becomes(
    whole: Whole,
    ref: str,
    states: Collection[CallbackState],
    true: Callable[[Callback], bool] = lambda one: True,
) -> Callback:
    """Wait until the callback is in one of these states, as the database has it."""
    row: Callback | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            while (row := await whole.running.store.callbacks.one(ref)) is None or not (
                row.state in states and true(row)
            ):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never became one of {states}: {row}") from None
    return row


async def the_only(whole: Whole, states: Collection[CallbackState]) -> Callback:
    """Wait for a callback in one of these states; there must be one."""
    found: tuple[Callback, ...] = ()
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := await whole.running.store.callbacks.listed(states, None, 10)):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"there never was one in {states}") from None
    (only,) = found
    return only


async def attempts(whole: Whole, ref: str) -> list[tuple[str | None, str]]:
    """How each dialling ended, and the number that was dialled."""
    rows = await whole.running.store.callbacks.attempts(ref)
    return [(one.how, one.number_dialled) for one in rows]


async def scores(whole: Whole) -> tuple[int, int, int]:
    """Promised, kept and reached, as the supervisor is shown it for today."""
    async with supervising(whole.url) as http:
        answer = await http.get("/api/v1/callbacks/scores?days=1")
    answer.raise_for_status()
    (row,) = answer.json()["scores"]
    return row["promised"], row["kept"], row["reached"]


async def talk_together(exchange: Exchange, extension: str) -> None:
    """Wait until the exchange says that this phone and the customer's hear each other."""

    def bridged() -> bool:
        with exchange.tap() as tap:
            rows = tap.items("CoreShowChannels")
        bridges: dict[str, set[str]] = {}
        for row in rows:  # other callers are on the trunk as well
            bridges.setdefault(row["Channel"].rpartition("-")[0], set()).add(row["BridgeId"])
        mine = bridges.get(f"PJSIP/{extension}", set()) - {""}
        return bool(mine & bridges.get("PJSIP/trunk", set()))

    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(bridged):
            await asyncio.sleep(0.05)


async def led_to(whole: Whole, number: str, context: str) -> None:
    """Wait until this caller is in that context of the dialplan."""

    def contexts() -> list[str]:
        with whole.exchange.tap() as tap:
            rows = tap.items("CoreShowChannels")
        return [row["Context"] for row in rows if row["CallerIDNum"] == number]

    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(contexts) != [context]:
            await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
