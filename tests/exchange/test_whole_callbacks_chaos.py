"""The engine is killed, or cut off from the exchange, while a customer's phone rings: nobody is
dialled twice for one attempt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.line import Line
from tests.exchange.phones import NEVER_ANSWERS, Answers, Phones
from tests.exchange.process import Centre, at_work, stays_stuck
from tests.exchange.visitors import book, promising, talk_together
from tests.exchange.whole import WANG_CALLS, card, console, sees, state, supervising, wrap_up
from tests.product import PATIENCE, until

pytestmark = pytest.mark.exchange

CALLS_BACK = """
[queues.service.callback]
offered = true
dial_seconds = 100
[queues.service.callback.retries]
unknown = {minutes = 0.05, times = 2}
abandoned = {minutes = 0.05, times = 2}
congestion = {minutes = 0.05, times = 2}
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


async def test_killed_at_odd_moments(centre: Centre, centre_phones: Phones) -> None:
    """Before and after the reservation, the dialling, the answer and the talk: each attempt is
    dialled once at most, and each callback comes to its end."""
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    customer = await asyncio.to_thread(centre_phones.trunk, Answers(ring=0.7, talk=2.0))
    made: list[str] = []
    with centre.exchange.tap() as tap:
        async with at_work(centre, ["1001"]):
            for n, after in enumerate((0.05, 0.3, 0.9, 1.6)):
                booked = await book(centre.url, f"+44740012345{n}")
                await asyncio.sleep(after)
                await centre.kill()
                await centre.start()
                row = await becomes(
                    centre, booked.ref, lambda one: one["state"] in ("done", "expired")
                )
                made += [one["call"] for one in await dialled(centre, booked.ref)]
                assert row["why"] in ("talked", "attempts_used"), row
        await no_channels(centre.exchange)
        await asyncio.to_thread(tap.items, "CoreShowChannels")
        legs = [one["Uniqueid"] for one in tap.events("Newchannel")]
    legs = [leg for leg in legs if leg.startswith("cb-")]
    assert len(set(legs)) == len(legs) == len(customer.calls)
    assert len(set(made)) == len(made)
    assert set(legs) <= set(made), "nothing was dialled that is not on disk"
    assert (await centre.metrics())["invariants_broken"] == 0


async def test_a_cut_line_while_the_customers_phone_rings(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> None:
    """The customer answers while nobody sees it, and is served by the exchange's own queue; it is
    the same attempt when the engine is back, and done when the talk is over."""
    async with (
        Line(centre_exchange.ports.ami) as line,
        promising(tmp_path, reactor, centre_exchange, centre_phones, ami=line.port) as whole,
    ):
        await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, NEVER_ANSWERS)
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            await asyncio.to_thread(customer.wait_called)
            line.cut()
            await until(lambda: whole.running.link.state.kind != "up", "the engine has noticed")
            await asyncio.to_thread(customer.next)
            await talk_together(whole.exchange, "1001")
            line.mend()
            await sees(alice, lambda: state(alice) == "talking" and bool(alice.cards))
            assert card(alice)["callback"]["id"] == booked.ref
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            row = await whole.running.store.callbacks.one(booked.ref)
            assert row is not None
            assert (row.state, row.why, row.attempts) == ("done", "talked", 1)
            await whole.at_rest(may_fail=("Dial", "StopRinging"))
        assert len(customer.calls) == 1


async def dialled(centre: Centre, ref: str) -> list[dict[str, Any]]:
    """The attempts that are on disk."""
    async with supervising(centre.url) as http:
        rows: list[dict[str, Any]] = (await http.get(f"/api/v1/callbacks/{ref}")).json()["attempts"]
    return rows


async def no_channels(exchange: Exchange) -> None:
    """Wait until the exchange has no call left."""
    text = ""
    async with asyncio.timeout(PATIENCE):
        while not text.startswith("0 active channels"):
            await asyncio.sleep(0.05)
            text = await asyncio.to_thread(exchange.cli, "core show channels count")
