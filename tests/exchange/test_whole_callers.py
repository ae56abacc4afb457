"""The whole product on a real Asterisk: what callers call themselves, from SIP to the card."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.floor.events import CallArrived, CallEnded
from tests.exchange.whole import (
    OBRIEN_CALLS,
    SERVICE,
    STRANGER,
    WANG_CALLS,
    Whole,
    sees,
    state,
    whole_card,
)
from tests.product import OBRIEN, WANG

pytestmark = pytest.mark.exchange

FORGED = (
    # As text, so that a careless unescape makes lines of it; then marks that some take for ends.
    r"Bob\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n",
    "Bob\u2028Uniqueid: 1.1\u0085Channel: x\u202e",
    '<img src=x onerror=alert(1)> "B"\\',
    b"\xff\xfe Bob \x80",
)


async def test_names_of_people(whole: Whole) -> None:
    """Chinese characters and apostrophes arrive as they were sent."""
    await whole.phone("1001")
    async with whole.agent("1001") as alice:
        for number, name, person in (
            (WANG_CALLS, "王小明", WANG),
            (OBRIEN_CALLS, "Sheila O'Brien", OBRIEN),
        ):
            call = await whole.call(SERVICE, number, name)
            shown = await whole_card(alice)
            assert (shown["caller_name"], shown["number"]) == (name, number)
            assert shown["profile"]["name"] == person.name
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: not alice.cards)
        await whole.at_rest()


async def test_names_that_forge_headers_and_markup(whole: Whole) -> None:
    """A hostile name is text on one line: it makes no event, ends no call, hides nobody."""
    await whole.phone("1001")
    async with whole.agent("1001") as alice:
        for name in FORGED:
            call = await whole.call(SERVICE, WANG_CALLS, name)
            shown = await whole_card(alice)
            assert shown["profile"]["person"] == WANG.id
            assert "B" in shown["caller_name"]
            assert shown["caller_name"].isprintable()
            assert whole.calls() == [shown["call"]]
            if name == FORGED[0]:
                assert "Event: Hangup" in shown["caller_name"]
            if name == FORGED[2]:
                assert shown["caller_name"].startswith("<img src=x onerror=alert(1)>")
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: not alice.cards and state(alice) == "ready")
        await whole.at_rest()
        ended = [event.call for event in await whole.noted(CallEnded, len(FORGED))]
        arrived = [event.call for event in whole.events(CallArrived)]
        assert arrived == ended
        assert len(set(arrived)) == len(FORGED)


async def test_callers_nobody_knows(whole: Whole) -> None:
    """Who withholds the number is anonymous, who is in no list unknown: never somebody else."""
    await whole.phone("1001")
    async with whole.agent("1001") as alice:
        for number, name, identity, shown_number in (
            ("anonymous", "Anonymous", "anonymous", None),
            (STRANGER, "", "unknown", STRANGER),
        ):
            call = await whole.call(SERVICE, number, name)
            shown = await whole_card(alice)
            assert (shown["identity"], shown["profile"]) == (identity, None)
            assert (shown["number"], shown["caller_name"]) == (shown_number, None)
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: not alice.cards)
        await whole.at_rest()
