"""The whole product: a call in the simulated exchange becomes a card in a browser, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcenter.app import AppError, engine
from callcenter.floor.events import CallArrived, CallEnded, OutcomeNoted
from callcenter.floor.floor import Floor
from callcenter.settings import ExchangeSettings
from telephony.simulator.arrivals import Arrival
from tests.console_kit import Browser
from tests.product import WANG, Product, product, settings_for, until

SERVICE = "+442079460100"
ALICE = "PJSIP/1001"


def wang_calls(**fields: Any) -> Arrival:
    return Arrival(
        **{"number": "02079460123", "name": "Wang", "dialled": SERVICE, "talk": 0.3} | fields
    )


def card(browser: Browser) -> dict[str, Any]:
    (only,) = browser.cards.values()
    return only


async def whole_card(browser: Browser) -> dict[str, Any]:
    await browser.until(
        lambda: (
            bool(browser.cards)
            and card(browser)["answers_state"] != "pending"
            and card(browser)["reasons_state"] != "pending"
        )
    )
    return card(browser)


async def test_the_card_is_there_before_the_phone_is_picked_up(
    tmp_path: Path, reactor: Any
) -> None:
    """Who calls, why, what to answer: shown while it rings; the next call shows what was noted."""
    async with product(tmp_path, reactor) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        whole.simulator.place(wang_calls())
        shown = await whole_card(alice)
        assert shown["state"] == "offered"
        assert shown["answered"] is None
        assert shown["profile"]["name"] == "王小明"
        assert shown["identity"] == "known"
        assert len(shown["profile"]["facts"]) >= 20
        assert shown["reasons"][0]["code"] == "fees"
        assert 0.5 < shown["reasons"][0]["probability"] <= 1
        assert {p["language"] for a in shown["answers"] for p in a["phrasings"]} == {
            "en",
            "zh-Hans",
            "zh-Hant",
        }
        assert whole.simulator.pick_up(ALICE)
        await alice.until(lambda: (alice.agent or {})["state"] == "talking")
        await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
        assert whole.paused(ALICE)
        reply = await alice.command(
            "w-1",
            "wrapup.finish",
            d={"call": shown["call"], "reason": "fees", "outcome": "solved", "notes": "Refunded."},
        )
        assert reply["ok"], reply
        await alice.until(lambda: not alice.cards and (alice.agent or {})["state"] == "ready")

        whole.simulator.place(wang_calls())
        again = await whole_card(alice)
        last = again["profile"]["contacts"][0]
        assert (last["reason"], last["outcome"], last["notes"]) == ("fees", "solved", "Refunded.")
        assert last["agent"] == "Alice Ng"


async def test_callers_nobody_knows(tmp_path: Path, reactor: Any) -> None:
    """Withheld and unknown numbers get an honest card, not somebody else's."""
    async with product(tmp_path, reactor) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        for number, identity in ((None, "anonymous"), ("02079460999", "unknown")):
            call = whole.simulator.place(wang_calls(number=number, name=None, patience=3.0))
            await alice.until(
                lambda call=call: alice.cards.get(call, {}).get("identity", "pending") != "pending"
            )
            assert alice.cards[call]["identity"] == identity
            assert alice.cards[call]["profile"] is None
            await alice.until(lambda: not alice.cards)
            await until(lambda: not whole.running.dispatch.floor.state.calls, "the caller left")


async def test_hostile_names_go_through_unharmed_and_harmless(tmp_path: Path, reactor: Any) -> None:
    """No header is forged, control characters are gone, markup is text."""
    hostile = 'Bob\u2028Uniqueid: 9.9\r\nEvent: Hangup\u202e<img onerror=x> "O\'Brien"'
    async with product(tmp_path, reactor) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        whole.simulator.place(wang_calls(name=hostile))
        shown = await whole_card(alice)
        assert shown["profile"]["person"] == WANG.id
        assert "<img onerror=x>" in shown["caller_name"]
        assert not any(c in shown["caller_name"] for c in "\r\n\u2028\u202e")


async def test_asterisk_restarting_in_mid_call_leaves_nobody_stuck(
    tmp_path: Path, reactor: Any
) -> None:
    """Its calls end, the agent wraps up, and the next call comes through."""
    async with product(tmp_path, reactor) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        whole.simulator.place(wang_calls(talk=600.0))
        first = await whole_card(alice)
        whole.simulator.pick_up(ALICE)
        await alice.until(lambda: (alice.agent or {})["state"] == "talking")
        whole.simulator.restart()
        await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
        await alice.until(lambda: alice.exchange["state"] == "up")
        await alice.command(
            "w-1",
            "wrapup.finish",
            d={"call": first["call"], "reason": "fees", "outcome": "solved", "notes": ""},
        )
        await alice.until(lambda: (alice.agent or {})["state"] == "ready")
        await until(lambda: not whole.paused(ALICE), "the member is unpaused on the new exchange")
        whole.simulator.place(wang_calls())
        assert (await whole_card(alice))["call"] != first["call"]
        ended = [
            event for _, event in whole.running.store.journal.read() if isinstance(event, CallEnded)
        ]
        assert [event.why for event in ended] == ["exchange_restarted"]


async def test_a_cut_line_is_made_up_for(tmp_path: Path, reactor: Any) -> None:
    """The call goes on through one cut; what ended during another is found out afterwards."""
    async with product(tmp_path, reactor) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        whole.simulator.place(wang_calls(talk=600.0))
        await whole_card(alice)
        whole.simulator.pick_up(ALICE)
        await alice.until(lambda: (alice.agent or {})["state"] == "talking")
        whole.simulator.cut()
        await alice.until(lambda: alice.exchange["state"] != "up")
        await alice.until(lambda: alice.exchange["state"] == "up")
        assert (alice.agent or {})["state"] == "talking"
        whole.simulator.cut()
        whole.simulator.hang_up(ALICE)
        await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
        assert whole.running.dispatch.floor.state.calls[card(alice)["call"]].ended is not None


async def test_an_engine_that_restarts_takes_up_the_call(tmp_path: Path, reactor: Any) -> None:
    """Memory is thrown away; the exchange and the store know enough."""
    async with product(tmp_path, reactor) as whole:
        async with whole.browser("1001") as alice:
            await whole.ready(alice)
            whole.simulator.place(wang_calls(talk=600.0))
            first = await whole_card(alice)
            whole.simulator.pick_up(ALICE)
            await alice.until(lambda: (alice.agent or {})["state"] == "talking")
        settings = whole.running.settings
        async with engine(settings, reactor, seed=2) as second:
            other = Product(second, whole.simulator)
            await until(lambda: second.link.state.kind == "up", "the exchange is up")
            async with other.browser("1001") as alice:
                await alice.until(lambda: bool(alice.cards))
                shown = await whole_card(alice)
                assert (shown["call"], shown["state"]) == (first["call"], "talking")
                assert shown["profile"]["person"] == WANG.id
                assert (alice.agent or {})["state"] == "talking"
                whole.simulator.hang_up(ALICE)
                await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
                await alice.command(
                    "w-1",
                    "wrapup.finish",
                    d={"call": first["call"], "reason": "fees", "outcome": "solved", "notes": ""},
                )
                await alice.until(lambda: (alice.agent or {})["state"] == "ready")


def calls_of_a_day() -> Iterator[tuple[float, Arrival]]:
    """Sixty calls: some short of patience, some to another queue, some to a phone directly."""
    dialled = (SERVICE, "+442079460101", "+442079460102", "+442079461004")
    for number in range(60):
        yield (
            number * 2.0,
            Arrival(
                number=f"0207946{number:04d}",
                dialled=dialled[number % 4],
                patience=4.0 if number % 7 == 0 else 60.0,
                talk=5.0 + number % 5,
                ender="called" if number % 3 else "caller",
            ),
        )


async def test_a_day_of_calls_agrees_with_what_really_happened(
    tmp_path: Path, reactor: Any, address: str
) -> None:
    """Counters, records and journal tell the simulator's truth; nobody is stuck afterwards."""
    async with (
        product(
            tmp_path, reactor, speed=20.0, waits=False, wrapup_seconds=0.05, store=address
        ) as whole,
        whole.browser("sue") as sue,
    ):
        dispatch = whole.running.dispatch
        async with asyncio.TaskGroup() as group:
            for user in ("1001", "1002", "1003", "1004", "1005", "1006"):
                group.create_task(_signs_in(whole, user))
        started = asyncio.get_running_loop().time()
        for at, arrival in calls_of_a_day():
            await asyncio.sleep(max(0.0, started + at / 20.0 - asyncio.get_running_loop().time()))
            whole.simulator.place(arrival)
        await until(lambda: len(whole.simulator.truth()) == 60, "every call is over")
        await until(lambda: not dispatch.floor.state.calls, "the floor is empty")
        await until(
            lambda: all(v.state == "ready" for v in dispatch.view().agents.values()),
            "every agent is ready again",
        )
        truth = whole.simulator.truth()
        for queue in ("service", "sales", "support"):
            view = dispatch.view().queues[queue]
            of_queue = [outcome for outcome in truth if outcome.queue == queue]
            assert view.offered == len(of_queue)
            assert view.answered == sum(o.end == "completed" for o in of_queue)
            assert view.abandoned == sum(o.end == "abandoned" for o in of_queue)
            assert (view.waiting, view.talking, view.wrapup) == (0, 0, 0)
        await dispatch.settle(10)
        await whole.running.journal.durable(whole.running.journal.last)
        events = [event for _, event in whole.running.store.journal.read()]
        ends = {event.call: event.why for event in events if isinstance(event, CallEnded)}
        assert ends == {outcome.call: outcome.end for outcome in truth}
        assert sum(isinstance(event, CallArrived) for event in events) == 60
        again = Floor()
        for event in events:
            again.receive(event)
        assert again.queue_views() == dispatch.view().queues
        assert again.agent_views() == dispatch.view().agents
        assert not dispatch.failed
        assert not dispatch.poisoned
        assert not dispatch.floor.unexpected
        async with whole.browser("sue") as sue:
            assert sue.board["q:service"]["answered"] == again.queue_views()["service"].answered


async def _signs_in(whole: Product, user: str) -> None:
    async with whole.browser(user) as browser:
        await whole.ready(browser)


async def test_ready_says_what_is_missing(tmp_path: Path, reactor: Any) -> None:
    """With an exchange nobody answers at, /readyz is 503 and names it; /healthz is well."""
    closed = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    settings = settings_for(
        tmp_path, ExchangeSettings(host="127.0.0.1", port=port, user="u", secret="s")
    )
    async with engine(settings, reactor) as running, httpx.AsyncClient() as http:
        await until(lambda: running.link.state.kind == "down", "the refusal is seen")
        base = f"http://127.0.0.1:{running.port}"
        ready = await http.get(f"{base}/readyz")
        assert ready.status_code == 503
        assert "nothing listens at" in ready.json()["parts"]["exchange"]["why"]
        assert ready.json()["parts"]["store"] == {"ready": True, "why": None}
        assert ready.json()["parts"]["engine"] == {"ready": True, "why": None}
        assert (await http.get(f"{base}/healthz")).status_code == 200
        metrics = (await http.get(f"{base}/metrics")).text
        assert "callcenter_exchange_up 0.0" in metrics


async def test_a_wrong_secret_is_told_in_words(tmp_path: Path, reactor: Any) -> None:
    """The operator reads what to change; the banner of every console has it too."""
    async with product(tmp_path, reactor) as whole:
        exchange = whole.running.settings.exchange
        wrong = settings_for(
            tmp_path / "other",
            ExchangeSettings(host=exchange.host, port=exchange.port, user="callcenter", secret="x"),
        )
        (tmp_path / "other").mkdir()
        async with engine(wrong, reactor) as running:
            await until(lambda: running.link.state.kind == "refused", "the refusal is seen")
            assert "callcenter" in running.link.state.message
            assert "manager.conf" in running.link.state.message


async def test_a_port_in_use_is_told_in_words(tmp_path: Path, reactor: Any) -> None:
    """One line, no traceback, and everything opened before is closed again."""
    async with product(tmp_path, reactor) as whole:
        taken = settings_for(tmp_path, ExchangeSettings(secret="s"))
        taken = type(taken)(
            http=type(taken.http)(port=whole.running.port),
            store=type(taken.store)(url=f"sqlite:///{tmp_path / 'second.db'}"),
            exchange=taken.exchange,
        )
        with pytest.raises(AppError, match="Choose another with --port"):
            async with engine(taken, reactor):
                raise AssertionError("it started")


async def test_outcomes_acknowledged_are_in_the_journal(
    tmp_path: Path, reactor: Any, address: str
) -> None:
    """When the browser has its reply, the outcome is on disk, whatever happens next."""
    async with product(tmp_path, reactor, store=address) as whole, whole.browser("1001") as alice:
        await whole.ready(alice)
        whole.simulator.place(wang_calls())
        shown = await whole_card(alice)
        whole.simulator.pick_up(ALICE)
        await alice.until(lambda: (alice.agent or {})["state"] == "wrapup")
        reply = await alice.command(
            "w-1",
            "wrapup.finish",
            d={"call": shown["call"], "reason": "fees", "outcome": "solved", "notes": "done"},
        )
        assert reply["ok"]
        kept = [e for _, e in whole.running.store.journal.read() if isinstance(e, OutcomeNoted)]
        assert [event.notes for event in kept] == ["done"]
