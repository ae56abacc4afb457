"""The whole product on a real Asterisk: what a menu of the operator's heard reaches the card."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from callcenter.floor.card import Words
from callcenter.floor.events import CallArrived, CallEnded, CallerSaid
from tests.exchange.asterisk import Exchange
from tests.exchange.whole import OBRIEN_CALLS, Whole, sees, state, whole_card

pytestmark = pytest.mark.exchange

MENU = "+442079460109"
HEARD = '我的卡丢了, 100% sure; "gone"\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n<b>really</b>'
RECOGNISED = f"${{URIDECODE({quote(HEARD, safe='')})}}"
"""Stands for ``SPEECH_TEXT(0)``: the raw text, as a recogniser gives it."""
# As the comment in callcenter.conf has it.
SAID = f"CallcenterSaid,Source: ivr,Words: ${{URIENCODE({RECOGNISED})}},WordsLanguage: zh-Hans"
DIALPLAN = f"""
[from-trunk](+)
exten => {MENU},1,Answer()
 same => n,UserEvent(CallcenterSaid,Source: path,Words: 2-1)
 same => n,UserEvent({SAID})
 same => n,UserEvent(CallcenterSaid,Source: nobody,Words: passed%20over)
 same => n,Goto(queue,service,1)
"""


@pytest.fixture
def menu(centre_exchange: Exchange) -> Iterator[None]:
    """An operator's own menu beside the shipped dialplan, for the test."""
    file = centre_exchange.folder / "etc" / "extensions.conf"
    shipped = file.read_text("utf-8")
    file.write_text(shipped + DIALPLAN, "utf-8")
    centre_exchange.cli("dialplan reload")
    try:
        yield
    finally:
        file.write_text(shipped, "utf-8")
        centre_exchange.cli("dialplan reload")


async def test_what_a_menu_heard_is_on_the_card(menu: None, whole: Whole) -> None:
    """Words and keys, in the order they came and before any ring; hostile text is text."""
    await whole.phone("1001")
    async with whole.agent("1001") as alice:
        call = await whole.call(MENU, OBRIEN_CALLS, "Sheila O'Brien")
        shown = await whole_card(alice)
        said = '我的卡丢了, 100% sure; "gone" Event: Hangup Uniqueid: 1.1 <b>really</b>'
        assert [(one["source"], one["text"], one["language"]) for one in shown["words"]] == [
            ("path", "2-1", None),
            ("ivr", said, "zh-Hans"),
        ]
        assert whole.calls() == [shown["call"]]
        await asyncio.to_thread(call.hang_up)
        await sees(alice, lambda: not alice.cards and state(alice) == "ready")
        await whole.at_rest()
        heard = whole.events(CallerSaid)
        assert [(event.call, event.words) for event in heard] == [
            (shown["call"], Words(source="path", text="2-1")),
            (shown["call"], Words(source="ivr", text=said, language="zh-Hans")),
        ]
        assert len(whole.events(CallArrived)) == len(await whole.noted(CallEnded)) == 1
