"""The whole product on a real Asterisk: ordinary calls, from the first ring to the outcome."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.floor.events import CallEnded, CallLeftQueue, OfferEnded
from tests.exchange.phones import BUSY, DECLINES, Answers
from tests.exchange.whole import (
    DESK,
    LINE_1001,
    OBRIEN_CALLS,
    SERVICE,
    SHORT,
    STRANGER,
    SUPPORT,
    WANG_CALLS,
    Whole,
    card,
    sees,
    state,
    whole_card,
    wrap_up,
)
from tests.product import WANG, until

pytestmark = pytest.mark.exchange


async def test_an_answered_call(whole: Whole) -> None:
    """The card is there while the phone rings, the queue rings nobody during wrap-up, and what was
    noted is on the person's next card."""
    phone = await whole.phone("1001")
    async with whole.agent("1001") as alice:
        call = await whole.call(SERVICE, WANG_CALLS, "Wang")
        shown = await whole_card(alice)
        assert (shown["state"], shown["answered"]) == ("offered", None)
        assert (shown["identity"], shown["profile"]["name"]) == ("known", WANG.name)
        assert shown["reasons"]
        assert shown["answers"]
        assert "Ringing" in await asyncio.to_thread(whole.exchange.cli, "core show channels")

        await asyncio.to_thread(phone.next)
        await sees(alice, lambda: state(alice) == "talking")
        assert whole.running.dispatch.view().queues["service"].answered == 1
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await whole.paused("PJSIP/1001", True)

        await wrap_up(alice, shown["call"], "Refunded.")
        await sees(alice, lambda: state(alice) == "ready")
        again = await whole.call(SERVICE, WANG_CALLS)
        second = await whole_card(alice)
        last = second["profile"]["contacts"][0]
        assert (last["reason"], last["outcome"], last["notes"]) == ("fees", "solved", "Refunded.")
        assert (last["agent"], last["queue"], last["ended"]) == ("Alice Ng", "service", "completed")
        await asyncio.to_thread(again.hang_up)
        await whole.at_rest()
        assert [ended.why for ended in await whole.noted(CallEnded, 2)] == [
            "completed",
            "abandoned",
        ]


async def test_callers_who_give_up(whole: Whole) -> None:
    """One while nobody is there and one while it rings: both counted, both on the next card."""
    async with whole.console("sue") as sue:
        first = await whole.call(SERVICE, WANG_CALLS)
        await sees(sue, lambda: sue.board["q:service"]["waiting"] == 1)
        await asyncio.to_thread(first.hang_up)
        await sees(sue, lambda: sue.board["q:service"]["abandoned"] == 1)
        assert sue.board["q:service"]["waiting"] == 0

        await whole.phone("1001")
        async with whole.agent("1001") as alice:
            second = await whole.call(SERVICE, WANG_CALLS)
            await whole_card(alice)
            await asyncio.to_thread(second.hang_up)
            await sees(alice, lambda: not alice.cards and state(alice) == "ready")
            await sees(sue, lambda: sue.board["q:service"]["abandoned"] == 2)
            await whole.paused("PJSIP/1001", False)

            third = await whole.call(SERVICE, WANG_CALLS)
            contacts = (await whole_card(alice))["profile"]["contacts"]
            assert [c["ended"] for c in contacts] == ["abandoned", "abandoned"]
            assert all(c["talk"] == 0 for c in contacts)
            await asyncio.to_thread(third.hang_up)
            await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.answered, view.abandoned, view.left) == (3, 0, 3, 0)


async def test_a_phone_that_is_busy_then_declines_then_answers(whole: Whole) -> None:
    """Why a phone was not answered is told apart; the call stays, and so does the agent."""
    await whole.phone("1001", BUSY)
    async with whole.agent("1001") as alice:
        call = await whole.call(SERVICE, OBRIEN_CALLS)
        await whole.noted(OfferEnded)
        await whole.phone("1001", DECLINES)
        await until(
            lambda: "refused" in [offer.why for offer in whole.events(OfferEnded)],
            "the phone declined",
        )
        await whole.phone("1001", Answers(ring=0.2))
        await sees(alice, lambda: state(alice) == "talking")
        whys = [offer.why for offer in whole.events(OfferEnded)]
        assert (whys[0], whys[-1], set(whys)) == ("busy", "refused", {"busy", "refused"})
        assert card(alice)["state"] == "talking"
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: state(alice) == "wrapup")
        await whole.at_rest()


async def test_ring_all(whole: Whole) -> None:
    """Both agents see the card; who picks up keeps it, the other's closes and she is ready."""
    winner, loser = await asyncio.gather(whole.phone("1005"), whole.phone("1006"))
    async with whole.agent("1005") as emil, whole.agent("1006") as farah:
        call = await whole.call(SUPPORT, WANG_CALLS)
        cards = await whole_card(emil), await whole_card(farah)
        assert cards[0]["call"] == cards[1]["call"]
        assert cards[0]["profile"] == cards[1]["profile"]
        await asyncio.to_thread(loser.wait_called)
        await asyncio.to_thread(winner.next)
        await sees(emil, lambda: state(emil) == "talking")
        await sees(farah, lambda: not farah.cards and state(farah) == "ready")
        await whole.paused("PJSIP/1006", False)
        await asyncio.to_thread(call.hang_up)
        await sees(emil, lambda: state(emil) == "wrapup")
        await whole.at_rest()
        assert [offer.why for offer in await whole.noted(OfferEnded)] == ["answered_elsewhere"]


async def test_a_call_to_an_agents_own_line(whole: Whole) -> None:
    """No queue, no pause that could hold it back: the agent on break has the card all the same."""
    phone = await whole.phone("1001")
    async with whole.console("1001") as alice:
        await whole.paused("PJSIP/1001", True)
        call = await whole.call(LINE_1001, WANG_CALLS)
        shown = await whole_card(alice)
        assert (shown["queue"], shown["state"], shown["dialled"]) == (None, "offered", LINE_1001)
        assert shown["profile"]["person"] == WANG.id
        await asyncio.to_thread(phone.next)
        await sees(alice, lambda: state(alice) == "talking")
        await asyncio.to_thread(phone.next)  # she hangs up
        await sees(alice, lambda: state(alice) == "wrapup")
        assert await asyncio.to_thread(call.wait) == 0
        await whole.at_rest()
        assert [ended.why for ended in await whole.noted(CallEnded)] == ["completed"]


async def test_a_queue_that_times_out_is_no_caller_who_gave_up(whole: Whole) -> None:
    """The phone still rings when the queue's time is up: left, not abandoned."""
    await whole.phone("1001")
    async with whole.agent("1001") as alice:
        call = await whole.call(SHORT, WANG_CALLS)
        await whole_card(alice)
        await sees(alice, lambda: not alice.cards and state(alice) == "ready")
        await asyncio.to_thread(call.hang_up)  # while the exchange plays its farewell
        await whole.at_rest()
        view = whole.running.dispatch.view().queues["service"]
        assert (view.offered, view.abandoned, view.left) == (1, 0, 1)
        assert [left.why for left in await whole.noted(CallLeftQueue)] == ["timed_out"]
        assert [ended.why for ended in await whole.noted(CallEnded)] == ["queue_left"]


async def test_a_member_behind_the_dialplan(whole: Whole) -> None:
    """A Local channel is known by the phone behind it: card, talk, wrap-up, and its own pause."""
    member = "Local/1007@agent-legs/n"
    phone = await whole.phone("1007")
    async with whole.agent("1007") as gao:
        call = await whole.call(DESK, STRANGER)
        shown = await whole_card(gao)
        assert (shown["queue"], shown["identity"], shown["state"]) == ("desk", "unknown", "offered")
        await asyncio.to_thread(phone.next)
        await sees(gao, lambda: state(gao) == "talking")
        await asyncio.to_thread(call.hang_up)
        await sees(gao, lambda: state(gao) == "wrapup")
        await whole.paused(member, True)
        await wrap_up(gao, shown["call"])
        await whole.paused(member, False)
        await whole.at_rest()
