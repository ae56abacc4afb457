"""Call control of the whole product on a real Asterisk: asked by console, done by the exchange."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

from callcenter.app import engine
from callcenter.ports import Account
from callcenter.settings import ExchangeSettings, QueueOptions, SupervisionSettings
from callcenter.store import open_store
from tests.console_kit import Browser
from tests.exchange.asterisk import Exchange
from tests.exchange.parties import Call
from tests.exchange.phones import Answers, Phones
from tests.exchange.whole import LINE, WANG_CALLS, Whole, sees, state, supervising, wrap_up
from tests.product import HASH, PEOPLE, settings_for, until

pytestmark = pytest.mark.exchange

AT_ONCE = Answers(ring=0.1)
PAUSE_LIMIT = 2.0
BOSS = "1004"
"""A supervisor with a phone."""
STAFF: tuple[tuple[str, str, Literal["agent", "supervisor"], str | None], ...] = (
    ("1001", "Alice Ng", "agent", "PJSIP/1001"),
    ("1002", "Bob O'Hara", "agent", "PJSIP/1002"),
    (BOSS, "Dana Fox", "supervisor", f"PJSIP/{BOSS}"),
    ("sue", "Sue", "supervisor", None),
)


@dataclass(slots=True)
class Floor:
    """The product, and an agent who talks with a customer whom the engine gave them."""

    whole: Whole
    folder: Path
    people: AsyncExitStack
    ids: itertools.count[int]

    async def agent(self, user: str) -> Browser:
        """An agent who is ready, with a phone that answers."""
        await self.whole.phone(user, AT_ONCE)
        return await self.people.enter_async_context(self.whole.agent(user))

    async def talking(self) -> tuple[Browser, Call, str]:
        """1001, the customer and the id of their call."""
        alice = await self.agent("1001")
        call = await self.whole.call(LINE, WANG_CALLS, "Wang")
        await sees(alice, lambda: state(alice) == "talking")
        (shown,) = alice.cards
        return alice, call, shown

    async def ask(self, browser: Browser, call: str, do: str, **more: Any) -> dict[str, Any]:
        """Ask for something; the reply. What became of it is in ``browser.controls[id]``."""
        return await browser.command(
            f"c{next(self.ids)}", "call.control", d={"call": call, "do": do} | more
        )

    async def done(self, browser: Browser, call: str, do: str, **more: Any) -> None:
        """Ask for something that the exchange then confirms."""
        result = await self.result(browser, call, do, **more)
        assert result["ok"], result

    async def result(self, browser: Browser, call: str, do: str, **more: Any) -> dict[str, Any]:
        reply = await self.ask(browser, call, do, **more)
        assert reply["ok"], reply
        await sees(browser, lambda: reply["id"] in browser.controls)
        return browser.controls[reply["id"]]

    def stored(self, call: str) -> tuple[int, str] | None:
        """Transfers and the last agent of a call, as stored once it has ended."""
        with closing(sqlite3.connect(self.folder / "engine.db")) as store:
            row = store.execute(
                "select transfers, agent from interactions where call = ?", (call,)
            ).fetchone()
        return None if row is None else (row[0], row[1])


def party(browser: Browser, call: str, kind: str) -> dict[str, Any] | None:
    """Who takes part in the call, as this console shows it."""
    shown = browser.cards.get(call)
    parties = shown["parties"] if shown is not None else []
    return next((one for one in parties if one["kind"] == kind), None)


def is_shown(browser: Browser, call: str, kind: str, how: str) -> Callable[[], bool]:
    return lambda: (party(browser, call, kind) or {}).get("state") == how


@pytest_asyncio.fixture(loop_scope="session")
async def floor(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> AsyncIterator[Floor]:
    """The engine distributes ``service``; 1004 is a supervisor; a paused recording goes on soon."""
    port, user, secret = centre_exchange.ports.ami, centre_exchange.user, centre_exchange.secret
    settings = replace(
        settings_for(tmp_path, ExchangeSettings(port=port, user=user, secret=secret)),
        queues={"service": QueueOptions(distribution="engine")},
        supervision=SupervisionSettings(pause_limit=PAUSE_LIMIT),
    )
    await asyncio.to_thread(prepare, settings.store.url)
    async with engine(settings, reactor, seed=1) as running, AsyncExitStack() as people:
        await until(lambda: running.dispatch.floor.state.distributing, "it distributes")
        whole = Whole(running, centre_exchange, centre_phones)
        yield Floor(whole, tmp_path, people, itertools.count(1))


def prepare(url: str) -> None:
    """Two agents and two supervisors, of whom one has a phone."""
    accounts = [
        Account(
            agent=user, name=name, role=role, device=phone, password_hash=HASH, language="en",
            active=True,
        )
        for user, name, role, phone in STAFF
    ]  # fmt: skip
    store = open_store(url)
    try:
        with store.bulk() as bulk:
            bulk.people(PEOPLE)
            bulk.accounts(accounts)
    finally:
        store.close()


async def test_hold_then_transfer_to_a_colleague(floor: Floor) -> None:
    """Held and taken back as the card says; a target that does not exist changes nothing; the
    colleague gets the card with the same customer, and the transfer is stored."""
    alice, customer, call = await floor.talking()
    await floor.done(alice, call, "hold")
    await sees(alice, lambda: state(alice) == "held")
    await sees(alice, is_shown(alice, call, "caller", "held"))
    assert alice.cards[call]["state"] == "held"
    await floor.done(alice, call, "resume")
    await sees(alice, lambda: state(alice) == "talking")
    await sees(alice, is_shown(alice, call, "caller", "talking"))

    for do in ("blind_transfer", "consult"):
        result = await floor.result(alice, call, do, target="1999")
        assert not result["ok"]
        assert "1999 does not exist" in result["why"]
    assert state(alice) == "talking"
    assert alice.cards[call]["state"] == "talking"

    bob = await floor.agent("1002")
    reply = await floor.ask(bob, call, "hold")
    assert (reply["ok"], reply["error"]["code"]) == (False, "unknown_call")

    await floor.done(alice, call, "blind_transfer", target="1002")
    await sees(alice, lambda: state(alice) == "wrapup")
    await sees(bob, lambda: state(bob) == "talking")
    await sees(bob, lambda: bool(bob.cards))
    assert bob.cards[call]["number"] == WANG_CALLS
    await sees(bob, lambda: bob.cards[call]["transfers"] == 1)
    await wrap_up(alice, call)
    await asyncio.to_thread(customer.hang_up)
    await sees(bob, lambda: state(bob) == "wrapup")
    await wrap_up(bob, call)
    await floor.whole.at_rest(may_fail=("Control",))
    await until(lambda: floor.stored(call) is not None, "the call is stored")
    assert floor.stored(call) == (1, "1002")


async def test_consult_swap_and_complete(floor: Floor) -> None:
    """The colleague is asked while the customer waits, and has the customer in the end."""
    alice, customer, call = await floor.talking()
    bob = await floor.agent("1002")
    await floor.done(alice, call, "consult", target="1002")
    await sees(alice, is_shown(alice, call, "caller", "held"))
    await sees(alice, is_shown(alice, call, "consulted", "talking"))
    for how in ("talking", "held"):
        await floor.done(alice, call, "swap")
        await sees(alice, is_shown(alice, call, "caller", how))
    await floor.done(alice, call, "complete")
    await sees(alice, lambda: state(alice) == "wrapup")
    await sees(bob, lambda: call in bob.cards and state(bob) == "talking")
    assert bob.cards[call]["number"] == WANG_CALLS
    await wrap_up(alice, call)
    await asyncio.to_thread(customer.hang_up)
    await sees(bob, lambda: state(bob) == "wrapup")
    await wrap_up(bob, call)
    await floor.whole.at_rest()
    await until(lambda: floor.stored(call) is not None, "the call is stored")
    assert floor.stored(call) == (1, "1002")


async def test_recording_listening_and_taking_over(floor: Floor) -> None:
    """A paused recording goes on by itself; a supervisor says why they listen, the agent sees it,
    and is out when the supervisor takes over. All of that can be read in the audit."""
    alice, customer, call = await floor.talking()
    await floor.done(alice, call, "record")
    await sees(alice, lambda: alice.cards[call]["recording"] == "on")
    await floor.done(alice, call, "pause_recording")
    await sees(alice, lambda: alice.cards[call]["recording"] == "paused")
    assert alice.cards[call]["recording_resumes"] is not None
    await sees(alice, lambda: alice.cards[call]["recording"] == "on")

    await floor.whole.phone(BOSS, AT_ONCE)
    boss = await floor.people.enter_async_context(floor.whole.console(BOSS))
    reply = await floor.ask(boss, call, "listen")  # without a reason
    assert (reply["ok"], reply["error"]["code"]) == (False, "bad_field")
    reply = await floor.ask(alice, call, "listen", reason="curious")
    assert (reply["ok"], reply["error"]["code"]) == (False, "forbidden")
    await floor.done(boss, call, "listen", reason="training")
    await sees(alice, is_shown(alice, call, "supervisor", "listening"))
    await floor.done(boss, call, "take_over", reason="complaint")
    await sees(boss, lambda: call in boss.cards and state(boss) == "talking")
    await sees(alice, lambda: state(alice) == "wrapup")
    await wrap_up(alice, call)
    await asyncio.to_thread(customer.hang_up)
    await sees(boss, lambda: state(boss) == "wrapup")
    await wrap_up(boss, call)
    await floor.whole.at_rest()
    async with supervising(floor.whole.url) as http:
        rows = (await http.get("/api/v1/audit", params={"call": call})).json()["rows"]
    assert sorted((row["by"], row["what"], row["reason"], row["ok"]) for row in rows) == sorted(
        [
            ("1001", "record", "", True),
            ("1001", "pause_recording", "", True),
            ("engine", "resume_recording", "paused longer than allowed", True),
            (BOSS, "listen", "training", True),
            (BOSS, "take_over", "complaint", True),
        ]
    )
