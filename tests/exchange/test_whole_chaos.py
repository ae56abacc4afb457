"""The engine as a process on a real Asterisk: killed, cut off, and Asterisk killed, in mid-call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcenter.floor.events import CallEnded
from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.day import Became, Cuts, Plan, day
from tests.exchange.line import Line
from tests.exchange.parties import Call
from tests.exchange.phones import Answers, Phones
from tests.exchange.process import Centre, stays_stuck
from tests.exchange.whole import (
    LINE,
    OBRIEN_CALLS,
    WANG_CALLS,
    card,
    console,
    sees,
    state,
    wrap_up,
)
from tests.product import PATIENCE, WANG

pytestmark = pytest.mark.exchange


@pytest_asyncio.fixture(loop_scope="session")
async def centre(
    centre_exchange: Exchange, centre_phones: Phones, tmp_path: Path
) -> AsyncIterator[Centre]:
    """An engine, ready for calls; its callers and phones are those of ``centre_phones``."""
    made = Centre(tmp_path, centre_exchange)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def ready(browser: Browser) -> None:
    reply = await browser.command("ready", "agent.state", d={"state": "ready"})
    assert reply["ok"], reply


async def come(phones: Phones, number: str) -> Call:
    return await asyncio.to_thread(phones.call, LINE, number)


async def calls(centre: Centre, count: int) -> list[dict[str, Any]]:
    """Wait until the engine knows so many live calls."""
    async with asyncio.timeout(PATIENCE):
        while len(found := await centre.calls()) != count:
            await asyncio.sleep(0.05)
    return found


async def bridged(exchange: Exchange, extension: str) -> None:
    """Wait until this phone talks, whoever arranged it."""

    def talks() -> bool:
        with exchange.tap() as tap:
            rows = tap.items("CoreShowChannels")
        return any(
            row["Channel"].startswith(f"PJSIP/{extension}-") and row["BridgeId"] for row in rows
        )

    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(talks):
            await asyncio.sleep(0.05)


async def test_killed_while_callers_wait(centre: Centre, centre_phones: Phones) -> None:
    """The exchange's own queue takes them and rings a member; a new engine counts who waits and
    who talks, and its agent wraps up."""
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        first = await come(centre_phones, WANG_CALLS)
        await sees(alice, lambda: state(alice) == "talking")
        second = await come(centre_phones, OBRIEN_CALLS)
        await calls(centre, 2)
    await centre.kill()
    await asyncio.to_thread(first.hang_up)
    await bridged(centre.exchange, "1001")  # with O'Brien: nobody asked the engine
    third = await come(centre_phones, WANG_CALLS)
    await centre.start()
    live = {row["number"]: row for row in await calls(centre, 2)}
    assert (live[OBRIEN_CALLS]["state"], live[OBRIEN_CALLS]["agents"]) == ("talking", ["1001"])
    assert live[WANG_CALLS]["waiting_since"] is not None
    queue = await centre.queue()
    assert (queue["waiting"], queue["talking"]) == (1, 1)
    async with console(centre.url, "1001") as alice:
        assert state(alice) == "talking"
        await asyncio.to_thread(second.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await wrap_up(alice, card(alice)["call"])
        await sees(alice, lambda: state(alice) == "talking")
        await asyncio.to_thread(third.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
    assert await calls(centre, 0) == []
    assert await stays_stuck(centre) == set()
    assert (await centre.metrics())["invariants_found"] == 0


async def test_killed_while_a_phone_rings(centre: Centre, centre_phones: Phones) -> None:
    """The caller keeps waiting or is in the exchange's queue, and reaches the agent either way."""
    phone = await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=None))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        call = await come(centre_phones, WANG_CALLS)
        await asyncio.to_thread(phone.wait_called)
    await centre.kill()
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    await centre.start()
    async with console(centre.url, "1001") as alice:
        if state(alice) == "missed":
            await ready(alice)
        await sees(alice, lambda: state(alice) == "talking")
        assert card(alice)["number"] == WANG_CALLS
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
    assert await stays_stuck(centre) == set()
    assert centre.live_reservations() <= 1, "that of the wrap-up"


async def test_killed_while_talking_and_while_wrapping_up(
    centre: Centre, centre_phones: Phones
) -> None:
    """The talk goes on with its card; wrap-up goes on with its deadline, its card and the draft,
    and what is noted afterwards is the call's."""
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        call = await come(centre_phones, WANG_CALLS)
        await sees(alice, lambda: state(alice) == "talking")
        talk = card(alice)["call"]
    await centre.kill()
    await centre.start()
    async with console(centre.url, "1001") as alice:
        await sees(alice, lambda: state(alice) == "talking" and talk in alice.cards)
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        assert alice.agent is not None
        deadline = alice.agent["deadline"]
        draft = {"call": talk, "rev": 0, "reason": "fees", "notes": "Half a"}
        reply = await alice.command("draft", "wrapup.draft", d=draft)
        assert reply["ok"], reply
    await centre.kill()
    await centre.start()
    async with console(centre.url, "1001") as alice:
        await sees(alice, lambda: state(alice) == "wrapup" and talk in alice.cards)
        assert alice.agent is not None
        assert alice.agent["deadline"] == deadline
        (kept,) = alice.snapshot["drafts"]
        assert (kept["call"], kept["notes"]) == (talk, "Half a")
        await sees(alice, lambda: alice.cards[talk]["identity"] != "pending")
        assert alice.cards[talk]["profile"]["person"] == WANG.id
        await wrap_up(alice, talk, "Half a sentence, finished.")
        await sees(alice, lambda: state(alice) == "ready")
    await centre.stop()
    ends = [event for event in centre.journal() if isinstance(event, CallEnded)]
    assert [(end.call, end.why) for end in ends] == [(talk, "completed")]


def nobody_lost(became: Became) -> None:
    assert became.lost == []
    assert became.stuck == set()
    assert set(became.states) == {"ready"}
    assert became.invariants == 0
    assert became.twice == []
    assert became.live_reservations == 0


async def test_a_talk_that_ends_while_no_engine_runs_is_wrapped_up(
    centre: Centre, centre_phones: Phones
) -> None:
    """The agent comes back to its card and can note what it was about."""
    await asyncio.to_thread(centre_phones.phone, "1001", Answers(ring=0.2))
    async with console(centre.url, "1001") as alice:
        await ready(alice)
        call = await come(centre_phones, WANG_CALLS)
        await sees(alice, lambda: state(alice) == "talking")
        talk = card(alice)["call"]
    await centre.kill()
    await asyncio.to_thread(call.hang_up)
    await centre.start()
    async with console(centre.url, "1001") as alice:
        await sees(alice, lambda: state(alice) == "wrapup" and talk in alice.cards)
        await sees(alice, lambda: alice.cards[talk]["identity"] != "pending")
        assert alice.cards[talk]["profile"]["person"] == WANG.id
        await wrap_up(alice, talk, "Noted all the same.")
        await sees(alice, lambda: state(alice) == "ready")


async def test_a_day_with_a_kill(centre_exchange: Exchange, tmp_path: Path) -> None:
    """Every caller reaches an agent or leaves by themselves; nobody is stuck."""

    async def kill(centre: Centre) -> None:
        await asyncio.sleep(3.0)
        await centre.kill()
        await centre.start()

    plan = Plan(calls=12, agents=3, every=0.5, talk=1.0, impatient=6)
    became = await day(plan, tmp_path / "day", centre_exchange, kill)
    nobody_lost(became)
    assert became.talked + became.hung_up == 12


async def test_a_day_with_five_cuts(centre_exchange: Exchange, tmp_path: Path) -> None:
    """Counters, records and agents are what the exchange says they are, as if nothing had been."""
    plan = Plan(calls=12, agents=3, every=0.5, talk=2.0, impatient=13)
    async with Line(centre_exchange.ports.ami) as line:
        cuts = Cuts(line, 7, 5, 8.0)
        became = await day(plan, tmp_path / "day", centre_exchange, cuts, ami=line.port)
    nobody_lost(became)
    assert became.talked == became.recorded == became.recorded_talks == 12
    assert became.queue == {"offered": 12, "answered": 12, "abandoned": 0, "left": 0, "waiting": 0}


async def test_asterisk_killed_with_calls_in_it(
    own_exchange: Exchange, own_phones: Phones, tmp_path: Path
) -> None:
    """Its calls are over, whoever talked wraps up, whoever was rung is free, and the next caller
    reaches an agent."""
    centre = Centre(tmp_path, own_exchange)
    await centre.start()
    try:
        await asyncio.to_thread(own_phones.phone, "1001", Answers(ring=0.2))
        rung = await asyncio.to_thread(own_phones.phone, "1002", Answers(ring=None))
        async with console(centre.url, "1001") as alice, console(centre.url, "1002") as bob:
            await ready(alice)
            await come(own_phones, WANG_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            talk = card(alice)["call"]
            await ready(bob)
            await come(own_phones, OBRIEN_CALLS)
            await asyncio.to_thread(rung.wait_called)
            await asyncio.to_thread(own_exchange.restart, crash=True)
            await sees(alice, lambda: state(alice) == "wrapup")
            await sees(bob, lambda: state(bob) in ("ready", "unreachable") and not bob.cards)
            assert await calls(centre, 0) == []
            await asyncio.to_thread(own_phones.phone, "1001", Answers(ring=0.2))
            await wrap_up(alice, talk)
            await come(own_phones, WANG_CALLS)
            await sees(alice, lambda: state(alice) == "talking" and talk not in alice.cards)
        assert await stays_stuck(centre) == set()
        assert (await centre.metrics())["invariants_broken"] == 0
    finally:
        await centre.stop()
    ends = [event.why for event in centre.journal() if isinstance(event, CallEnded)]
    assert sorted(ends)[:2] == ["exchange_restarted", "exchange_restarted"]
