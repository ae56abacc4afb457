"""The whole product when Asterisk, the line to it, or the engine itself breaks in mid-call.

Whatever happened meanwhile, afterwards engine and exchange agree and the next call works.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcenter.floor.events import CallEnded, ExchangeLost
from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.line import Line
from tests.exchange.parties import Call, Phone
from tests.exchange.phones import Answers, Phones
from tests.exchange.whole import (
    OBRIEN_CALLS,
    SALES,
    SERVICE,
    WANG_CALLS,
    Whole,
    sees,
    state,
    whole_card,
    whole_product,
    wrap_up,
)
from tests.product import OBRIEN, WANG, until

pytestmark = pytest.mark.exchange

REPEATED = ("SetPaused",)
"""Refused by an exchange whose queues are still loading, and told again when it has booted."""


@pytest_asyncio.fixture(loop_scope="session")
async def line(centre_exchange: Exchange) -> AsyncIterator[Line]:
    """A way from the engine to the exchange that can break."""
    async with Line(centre_exchange.ports.ami) as between:
        yield between


@pytest_asyncio.fixture(loop_scope="session")
async def broken(
    line: Line, centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> AsyncIterator[Whole]:
    """The product with `line` between engine and exchange."""
    made = whole_product(tmp_path, reactor, centre_exchange, centre_phones, port=line.port)
    async with made as product:
        yield product


async def talking(product: Whole, alice: Browser, phone: Phone) -> tuple[Call, str]:
    """Wang talks with Alice, whom no queue rings now: his call as sipp and the floor know it."""
    call = await product.call(SERVICE, WANG_CALLS)
    shown = await whole_card(alice)
    await asyncio.to_thread(phone.next)
    await sees(alice, lambda: state(alice) == "talking")
    await product.paused("PJSIP/1001", True)
    return call, shown["call"]


async def next_call_works(product: Whole, alice: Browser) -> None:
    """O'Brien calls, talks and hangs up, and nobody is left behind."""
    failed = product.running.dispatch.failed.copy()
    before = len(product.events(CallEnded))
    call = await product.call(SERVICE, OBRIEN_CALLS)
    shown = await whole_card(alice)
    assert shown["profile"]["person"] == OBRIEN.id
    await sees(alice, lambda: state(alice) == "talking")
    await asyncio.to_thread(call.hang_up)
    await sees(alice, lambda: state(alice) == "wrapup")
    await product.at_rest(may_fail=REPEATED)
    assert product.running.dispatch.failed == failed
    assert (await product.noted(CallEnded, before + 1))[-1].why == "completed"


@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "killed"])
async def test_asterisk_restarts_in_mid_talk(
    own_exchange: Exchange, own_phones: Phones, reactor: Any, tmp_path: Path, crash: bool
) -> None:
    """Its calls are over, the agent wraps up, and the new exchange is told who is paused."""
    async with whole_product(tmp_path, reactor, own_exchange, own_phones) as product:
        phone = await product.phone("1001")
        async with product.agent("1001") as alice:
            _, talk = await talking(product, alice, phone)
            await product.call(SALES, OBRIEN_CALLS)  # waits, nobody is there
            await until(lambda: len(product.calls()) == 2, "the second caller came")
            await asyncio.to_thread(own_exchange.restart, crash=crash)
            await sees(alice, lambda: alice.exchange["state"] == "up")
            await sees(alice, lambda: state(alice) == "wrapup")
            await product.at_rest(may_fail=REPEATED)
            await product.paused("PJSIP/1001", True)
            ends = {event.call: event.why for event in await product.noted(CallEnded, 2)}
            assert len(ends) == 2
            if crash:
                assert set(ends.values()) == {"exchange_restarted"}
            else:  # it ends its calls properly before it stops
                assert ends[talk] == "completed"

            await wrap_up(alice, talk, "The line broke.")
            await product.paused("PJSIP/1001", False)
            await product.phone("1001", Answers(ring=0.2))
            await next_call_works(product, alice)


async def test_a_call_goes_on_while_the_line_is_cut(line: Line, broken: Whole) -> None:
    """What is as it was stays as it is: no end, no second card, no wrap-up."""
    phone = await broken.phone("1001")
    async with broken.agent("1001") as alice:
        call, talk = await talking(broken, alice, phone)
        line.cut()
        await sees(alice, lambda: alice.exchange["state"] != "up")
        line.mend()
        await sees(alice, lambda: alice.exchange["state"] == "up")
        assert (state(alice), list(alice.cards)) == ("talking", [talk])
        assert alice.cards[talk]["profile"]["person"] == WANG.id
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await broken.at_rest()
        assert [ended.why for ended in await broken.noted(CallEnded)] == ["completed"]


async def test_what_happened_while_the_line_was_cut(line: Line, broken: Whole) -> None:
    """One call ended, one caller gave up, one came and waits: all is found out afterwards."""
    phone = await broken.phone("1001")
    async with broken.agent("1001") as alice, broken.console("sue") as sue:
        call, talk = await talking(broken, alice, phone)
        waiting = await broken.call(SALES, OBRIEN_CALLS)
        await sees(sue, lambda: sue.board.get("q:sales", {}).get("waiting") == 1)
        line.cut()
        await sees(alice, lambda: alice.exchange["state"] != "up")
        await asyncio.to_thread(call.hang_up)
        await asyncio.to_thread(waiting.hang_up)
        await asyncio.to_thread(waiting.wait)
        later = await broken.call(SERVICE, OBRIEN_CALLS)
        await asyncio.to_thread(_waits, broken, OBRIEN_CALLS)
        line.mend()
        await sees(alice, lambda: state(alice) == "wrapup")
        await sees(sue, lambda: sue.board["q:sales"]["waiting"] == 0)
        await sees(sue, lambda: sue.board["q:service"]["waiting"] == 1)
        ends = {event.call: event.why for event in await broken.noted(CallEnded, 2)}
        assert set(ends.values()) == {"lost"}
        assert talk in ends
        await sees(alice, lambda: alice.exchange["state"] == "up")

        await wrap_up(alice, talk)
        shown = await whole_card(alice)
        assert shown["profile"]["person"] == OBRIEN.id
        await asyncio.to_thread(phone.next)
        await sees(alice, lambda: state(alice) == "talking")
        await asyncio.to_thread(later.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await broken.at_rest()


def _waits(product: Whole, number: str) -> None:
    """Wait until the exchange has this caller in a line."""
    with product.exchange.tap() as tap:
        while not any(item.get("CallerIDNum") == number for item in tap.items("QueueStatus")):
            time.sleep(0.02)


async def test_a_line_that_is_silent_and_not_closed(line: Line, broken: Whole) -> None:
    """Nobody says that it is gone; the engine notices, connects anew and learns what it missed."""
    phone = await broken.phone("1001")
    async with broken.agent("1001") as alice:
        call, talk = await talking(broken, alice, phone)
        line.stall()
        await asyncio.to_thread(call.hang_up)
        assert await asyncio.to_thread(call.wait) == 0
        assert state(alice) == "talking"
        await sees(alice, lambda: state(alice) == "wrapup")
        (lost,) = await broken.noted(ExchangeLost)
        assert "silent" in lost.why
        assert [ended.why for ended in await broken.noted(CallEnded)] == ["lost"]
        await broken.paused("PJSIP/1001", True)
        await wrap_up(alice, talk)
        await broken.paused("PJSIP/1001", False)
        await broken.phone("1001", Answers(ring=0.2))
        await next_call_works(broken, alice)


async def test_the_engine_restarts_in_mid_talk(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> None:
    """Its memory is gone; the exchange and the store know enough to go on with the call."""
    async with whole_product(tmp_path, reactor, centre_exchange, centre_phones) as first:
        phone = await first.phone("1001")
        async with first.agent("1001") as alice:
            call, talk = await talking(first, alice, phone)
    async with (
        whole_product(tmp_path, reactor, centre_exchange, centre_phones) as second,
        second.console("1001") as alice,
    ):
        shown = await whole_card(alice)
        assert (shown["call"], shown["state"], state(alice)) == (talk, "talking", "talking")
        assert shown["profile"]["person"] == WANG.id
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await wrap_up(alice, talk)
        await sees(alice, lambda: state(alice) == "ready")
        await second.at_rest()
        assert [ended.why for ended in await second.noted(CallEnded)] == ["completed"]
