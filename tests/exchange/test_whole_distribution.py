"""The whole product where the engine chooses the agent, on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from callcenter.floor.events import CallEnded, CallLeftQueue, CallQueued, EstimateTold
from callcenter.settings import QueueOptions, StepOptions
from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Answers, Phones
from tests.exchange.whole import (
    LINE,
    OBRIEN_CALLS,
    STRANGER,
    WANG_CALLS,
    Whole,
    card,
    sees,
    state,
    supervising,
    whole_card,
    whole_product,
    wrap_up,
)
from tests.product import OBRIEN, WANG, until

pytestmark = pytest.mark.exchange

Distributing: TypeAlias = Callable[..., AbstractAsyncContextManager[Whole]]


@pytest.fixture
def distributing(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> Distributing:
    """Runs the product; ``service`` is distributed by the engine, with these options."""

    @asynccontextmanager
    async def run(**options: Any) -> AsyncIterator[Whole]:
        queues = {"service": QueueOptions(**{"distribution": "engine"} | options)}
        queues["overflowing"] = QueueOptions(distribution="engine")
        made = whole_product(tmp_path, reactor, centre_exchange, centre_phones, queues=queues)
        async with made as product:
            await until(lambda: product.running.dispatch.floor.state.distributing, "it distributes")
            yield product

    return run


async def ready(browser: Browser) -> None:
    """Ready, and perhaps reserved at once: somebody waits."""
    reply = await browser.command("again", "agent.state", d={"state": "ready"})
    assert reply["ok"], reply


async def test_from_the_line_to_the_next_caller(distributing: Distributing) -> None:
    """The card comes before the phone rings, the caller hears music until the answer, wrap-up
    keeps the next caller waiting and its end gives them out at once."""
    async with distributing() as whole:
        phone = await whole.phone("1001")
        with whole.exchange.tap() as tap:
            async with whole.agent("1001") as alice:
                call = await whole.call(LINE, WANG_CALLS, "Wang")
                await sees(alice, lambda: bool(alice.cards))
                first = card(alice)
                assert (first["state"], first["offered"]) == ("queued", None)
                assert first["offer"] is not None
                assert state(alice) in ("reserved", "ready")
                shown = await whole_card(alice)
                assert shown["profile"]["name"] == WANG.name
                await asyncio.to_thread(phone.wait_called)
                await sees(alice, lambda: state(alice) == "reserved")
                caller = tap.wait_event("MusicOnHoldStart")["Channel"]
                leg = tap.wait_event("Newstate", ChannelStateDesc="Ringing")["Uniqueid"]
                assert leg.startswith("cc-")
                assert not tap.events("MusicOnHoldStop")

                await asyncio.to_thread(phone.next)
                await sees(alice, lambda: state(alice) == "talking")
                assert tap.wait_event("MusicOnHoldStop")["Channel"] == caller
                assert tap.wait_event("BridgeEnter", Uniqueid=leg)
                assert alice.agent is not None
                second = await whole.call(LINE, OBRIEN_CALLS)
                queue = whole.running.dispatch.view().queues
                await until(lambda: queue["service"].waiting == 1, "O'Brien waits")
                await asyncio.to_thread(call.hang_up)
                await sees(alice, lambda: state(alice) == "wrapup")
                assert len(phone.calls) == 1
                await wrap_up(alice, shown["call"])
                await sees(alice, lambda: state(alice) == "reserved")
                assert (await whole_card(alice))["profile"]["person"] == OBRIEN.id
                await asyncio.to_thread(phone.wait_called, 2)
                await asyncio.to_thread(phone.next)
                await sees(alice, lambda: state(alice) == "talking")
                await asyncio.to_thread(phone.next)  # she hangs up
                assert await asyncio.to_thread(second.wait) == 0
                await sees(alice, lambda: state(alice) == "wrapup")
                await wrap_up(alice, card(alice)["call"])
                await sees(alice, lambda: state(alice) == "ready")
                await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.answered, view.abandoned, view.left) == (2, 2, 0, 0)
        assert not whole.running.dispatch.floor.state.reservations
        assert {end.why for end in await whole.noted(CallEnded, 2)} == {"completed"}


async def test_no_answer_keeps_the_place(distributing: Distributing) -> None:
    """The agent is missed until they say otherwise; the first caller goes to the next agent, and
    the second one to whoever comes back."""
    async with distributing(ring_seconds=2.0) as whole:
        await asyncio.gather(whole.phone("1001"), whole.phone("1002", Answers(ring=0.2)))
        async with whole.agent("1001") as alice:
            first = await whole.call(LINE, WANG_CALLS)
            await sees(alice, lambda: state(alice) == "reserved")
            wang = card(alice)["call"]
            second = await whole.call(LINE, OBRIEN_CALLS)
            await sees(alice, lambda: state(alice) == "missed")
            assert alice.agent is not None
            assert (alice.agent["reason"], alice.cards) == ("no_answer", {})
            await whole.paused("PJSIP/1001", True)
            await whole.phone("1001", Answers(ring=0.2))
            async with whole.console("1002") as bob:
                await ready(bob)
                await sees(bob, lambda: state(bob) == "talking")
                assert card(bob)["call"] == wang
                await ready(alice)
                await sees(alice, lambda: state(alice) == "talking")
                assert (await whole_card(alice))["profile"]["person"] == OBRIEN.id
                await asyncio.to_thread(first.hang_up)
                await asyncio.to_thread(second.hang_up)
                await sees(bob, lambda: state(bob) == "wrapup")
                await sees(alice, lambda: state(alice) == "wrapup")
                await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.answered, view.abandoned) == (2, 2, 0)


async def test_a_refusal_on_screen(distributing: Distributing) -> None:
    """The phone stops, the agent stays ready, and somebody else is asked."""
    async with distributing() as whole:
        await asyncio.gather(whole.phone("1001"), whole.phone("1002", Answers(ring=0.2)))
        async with whole.agent("1001") as alice:
            call = await whole.call(LINE, WANG_CALLS)
            await sees(alice, lambda: bool(alice.cards) and state(alice) == "reserved")
            offer = card(alice)["offer"]["reservation"]
            async with whole.agent("1002") as bob:
                d = {"reservation": offer, "reason": "I know this person."}
                reply = await alice.command("no", "offer.refuse", d=d)
                assert reply["ok"], reply
                await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
                await sees(bob, lambda: state(bob) == "talking")
                await asyncio.to_thread(call.hang_up)
                await sees(bob, lambda: state(bob) == "wrapup")
                await whole.at_rest()
        async with supervising(whole.url) as http:
            answer = await http.get(f"/api/v1/calls/{card(bob)['call']}/decisions")
        agents = [one["agent"] for one in answer.json()["decisions"] if one["agent"]]
        assert agents == ["1001", "1002"]


async def test_a_caller_gives_up_while_the_phone_rings(distributing: Distributing) -> None:
    """Card and ringing end, the agent is ready at once, and the caller is counted once."""
    async with distributing() as whole:
        phone = await whole.phone("1001")
        async with whole.agent("1001") as alice:
            call = await whole.call(LINE, WANG_CALLS)
            await asyncio.to_thread(phone.wait_called)
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: bool(alice.cards))
            await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
            await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.answered, view.abandoned, view.left) == (1, 0, 1, 0)
        assert [end.why for end in await whole.noted(CallEnded)] == ["abandoned"]


async def test_announcements_until_somebody_is_ready(distributing: Distributing) -> None:
    """The caller is told the place; afterwards an agent who becomes ready is rung."""
    async with distributing(announce_seconds=5.0) as whole:
        await whole.phone("1001", Answers(ring=0.2))
        call = await whole.call(LINE, WANG_CALLS)
        (told, *_) = await whole.noted(EstimateTold)
        assert (told.queue, told.position, told.p50) == ("service", 1, None)
        async with whole.console("1001") as alice:
            await ready(alice)
            await sees(alice, lambda: state(alice) == "talking")
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await whole.at_rest()


def holidays() -> tuple[str, ...]:
    """Today, wherever it is today."""
    now = datetime.now(UTC)
    return tuple((now + timedelta(days=days)).date().isoformat() for days in (-1, 0, 1))


@pytest.mark.parametrize(
    ("why", "options"),
    [
        ("closed", {"holidays": holidays()}),
        ("empty", {"when_empty": "leave"}),
        ("timed_out", {"max_wait": 1.0}),
    ],
    ids=["closed", "empty", "max_wait"],
)
async def test_a_caller_whom_nobody_can_serve(
    distributing: Distributing, why: str, options: dict[str, Any]
) -> None:
    """The exchange tells the caller so and ends the call; it is counted as left, not abandoned."""
    async with distributing(**options) as whole:
        call = await whole.call(LINE, WANG_CALLS)
        assert await asyncio.to_thread(call.wait) == 0
        await whole.at_rest()
        assert [left.why for left in await whole.noted(CallLeftQueue)] == [why]
        assert [end.why for end in await whole.noted(CallEnded)] == ["queue_left"]
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.abandoned, view.left) == (1, 0, 1)


async def test_the_engine_s_line_of_a_queue_that_the_exchange_distributes(
    distributing: Distributing,
) -> None:
    """No music for ever, though the engine lives: the exchange's own queue takes the caller."""
    async with distributing(distribution="exchange") as whole:
        await whole.phone("1001", Answers(ring=0.2))
        async with whole.agent("1001") as alice:
            call = await whole.call(LINE, WANG_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            assert [one.by for one in await whole.noted(CallQueued, 2)] == ["engine", "exchange"]
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.answered, view.left) == (1, 1, 0)


async def test_a_step_widens_and_the_dry_run_says_so(distributing: Distributing) -> None:
    """First only whoever knows cards may take it; the dry run says that nobody does; then members
    may, and the decision that was kept says by which step."""
    steps = (StepOptions(after=0.0, want="cards >= 3"), StepOptions(after=4.0, want="member"))
    async with distributing(steps=steps) as whole:
        phone = await whole.phone("1001")
        async with whole.agent("1001") as alice, supervising(whole.url) as http:
            call = await whole.call(LINE, STRANGER)
            await until(lambda: len(whole.running.dispatch.view().calls) == 1, "the call came")
            (live,) = (await http.get("/api/v1/calls")).json()["calls"]
            dry = (await http.get(f"/api/v1/calls/{live['call']}/routing")).json()
            assert (dry["agent"], dry["step"], dry["want"]) == (None, 0, "cards >= 3")
            assert dry["eligible"] == 0
            assert not alice.cards
            await sees(alice, lambda: bool(alice.cards))
            await asyncio.to_thread(phone.wait_called)
            kept = (await http.get(f"/api/v1/calls/{live['call']}/decisions")).json()["decisions"]
            assert [(one["trigger"], one["agent"], one["step"]) for one in kept] == [
                ("arrival", None, 0),
                ("step", "1001", 1),
            ]
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: state(alice) == "ready")
            await whole.at_rest()
            gone = await http.get(f"/api/v1/calls/{live['call']}/routing")
            assert (gone.status_code, gone.json()["code"]) == (404, "unknown_call")
