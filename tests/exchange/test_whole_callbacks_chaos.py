"""The engine is killed while a customer's phone rings: nobody is dialled twice for one attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import NEVER_ANSWERS, Answers, Phones
from tests.exchange.process import Centre, stays_stuck
from tests.exchange.visitors import book, talk_together
from tests.exchange.whole import WANG_CALLS, card, console, sees, state, supervising, wrap_up
from tests.product import PATIENCE

pytestmark = pytest.mark.exchange

CALLS_BACK = """
[queues.service.callback]
offered = true
dial_seconds = 100
[queues.service.callback.retries]
unknown = {minutes = 0.05, times = 2}
[callbacks]
dial = "PJSIP/{number}@trunk"
least_fill_seconds = 0
[callbacks.sites.main]
queue = "service"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def centre(
    centre_exchange: Exchange, centre_phones: Phones, tmp_path: Path
) -> AsyncIterator[Centre]:
    """An engine that calls back; its callers and phones are those of ``centre_phones``."""
    made = Centre(tmp_path, centre_exchange, more=CALLS_BACK)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def ready(browser: Browser) -> None:
    if state(browser) not in ("ready", "reserved"):
        reply = await browser.command("ready", "agent.state", d={"state": "ready"})
        assert reply["ok"], reply


async def becomes(
    centre: Centre, ref: str, true: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Wait until it is so of the callback, as the supervisor sees it."""
    row: dict[str, Any] = {}
    try:
        async with asyncio.timeout(PATIENCE), supervising(centre.url) as http:
            while not row or not true(row):
                answer = await http.get(f"/api/v1/callbacks/{ref}")
                answer.raise_for_status()
                row = answer.json()["callback"]
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"it never came: {row}") from None
    return row


async def test_killed_while_the_customers_phone_rings(
    centre: Centre, centre_phones: Phones
) -> None:
    """The leg is still there: the new engine goes on with the same attempt."""
    agent = await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    customer = await asyncio.to_thread(centre_phones.trunk, NEVER_ANSWERS)
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        booked = await book(centre.url, WANG_CALLS)
        await asyncio.to_thread(customer.wait_called)
    await centre.kill()
    await centre.start()
    async with console(centre.url, "1001") as alice:
        row = await becomes(centre, booked.ref, lambda one: True)
        assert (row["state"], row["attempts"]) == ("dialling", 1)
        await ready(alice)
        await asyncio.to_thread(customer.next)
        await sees(alice, lambda: state(alice) == "talking")
        await talk_together(centre.exchange, "1001")
        assert card(alice)["callback"]["id"] == booked.ref
        await asyncio.to_thread(customer.next)
        await sees(alice, lambda: state(alice) == "wrapup")
        await wrap_up(alice, card(alice)["call"])
    row = await becomes(centre, booked.ref, lambda one: bool(one["state"] == "done"))
    assert (row["why"], row["attempts"], row["causes"]) == ("talked", 1, [])
    assert (len(customer.calls), len(agent.calls)) == (1, 1)
    assert await stays_stuck(centre) == set()
    assert (await centre.metrics())["invariants_broken"] == 0


async def test_killed_and_the_customer_hung_up_meanwhile(
    centre: Centre, centre_phones: Phones
) -> None:
    """The leg is gone: how that attempt ended nobody knows, and the next one is a new one."""
    agent = await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    first = await asyncio.to_thread(centre_phones.trunk, Answers(ring=None, talk=0.1))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        booked = await book(centre.url, WANG_CALLS)
        await asyncio.to_thread(first.wait_called)
    await centre.kill()
    await asyncio.to_thread(first.next)  # picks up, hears nobody and hangs up
    await no_channels(centre.exchange)
    await asyncio.to_thread(centre_phones.stop, first)
    second = await asyncio.to_thread(centre_phones.trunk, NEVER_ANSWERS)
    await centre.start()
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        await asyncio.to_thread(second.wait_called)
        row = await becomes(centre, booked.ref, lambda one: bool(one["attempts"] == 2))
        assert row["causes"] == ["unknown"]
        assert (len(first.calls), len(second.calls)) == (1, 1)
        await asyncio.to_thread(second.next)
        await sees(alice, lambda: state(alice) == "talking")
        await talk_together(centre.exchange, "1001")
        await asyncio.to_thread(second.next)
        await sees(alice, lambda: state(alice) == "wrapup")
        await wrap_up(alice, card(alice)["call"])
    row = await becomes(centre, booked.ref, lambda one: bool(one["state"] == "done"))
    assert (row["why"], row["causes"]) == ("talked", ["unknown"])
    assert len(agent.calls) == 1
    assert await stays_stuck(centre) == set()
    assert (await centre.metrics())["invariants_broken"] == 0


async def test_killed_while_the_two_talk(centre: Centre, centre_phones: Phones) -> None:
    """The talk goes on; its callback is done when it ends, and nobody is dialled again."""
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    customer = await asyncio.to_thread(centre_phones.trunk, Answers(ring=0.2))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        booked = await book(centre.url, WANG_CALLS)
        await sees(alice, lambda: state(alice) == "talking")
    await centre.kill()
    await centre.start()
    async with console(centre.url, "1001") as alice:
        await sees(alice, lambda: state(alice) == "talking" and bool(alice.cards))
        await talk_together(centre.exchange, "1001")
        await asyncio.to_thread(customer.next)
        await sees(alice, lambda: state(alice) == "wrapup")
        await wrap_up(alice, card(alice)["call"])
        row = await becomes(centre, booked.ref, lambda one: bool(one["state"] == "done"))
        assert (row["why"], row["attempts"]) == ("talked", 1)
        await sees(alice, lambda: state(alice) == "ready")
    assert len(customer.calls) == 1
    assert await stays_stuck(centre) == set()
    assert (await centre.metrics())["invariants_broken"] == 0


async def no_channels(exchange: Exchange) -> None:
    """Wait until the exchange has no call left."""
    text = ""
    async with asyncio.timeout(PATIENCE):
        while not text.startswith("0 active channels"):
            await asyncio.sleep(0.05)
            text = await asyncio.to_thread(exchange.cli, "core show channels count")
