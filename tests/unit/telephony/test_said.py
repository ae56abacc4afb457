"""What a dialplan tells of words and menus: hostile text in, clean words or nothing out."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.card import Words
from callcenter.floor.events import CallerSaid
from telephony.said import LONGEST
from tests.unit.telephony.exchange_words import inbound
from tests.unit.telephony.test_tracker_calls import of
from tests.unit.telephony.test_waiting import after, says


def told(**headers: str) -> list[CallerSaid]:
    _, events = after(inbound(), says("1.1", "Said", **headers))
    return of(CallerSaid, events)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            {"Source": "ivr", "Words": "my%20card%20is%20gone", "WordsLanguage": "en"},
            Words(source="ivr", text="my card is gone", language="en"),
        ),
        (
            {"Source": "IVR", "Words": quote("我的卡丢了"), "WordsLanguage": "zh-Hans"},
            Words(source="ivr", text="我的卡丢了", language="zh-Hans"),
        ),
        ({"Source": "path", "Words": "2-1"}, Words(source="path", text="2-1")),
        (
            {"Source": "ivr", "Words": "a%0D%0AAction:%20Hangup%00b", "WordsLanguage": "e n"},
            Words(source="ivr", text="a Action: Hangupb"),
        ),
        ({"Source": "ivr", "Words": "%FFfees"}, Words(source="ivr", text="\ufffdfees")),
    ],
)
def test_words_are_told_clean(headers: dict[str, str], words: Words) -> None:
    (said,) = told(**headers)
    assert (said.call, said.words) == ("1.1", words)


@pytest.mark.parametrize(
    "headers",
    [
        {"Source": "note", "Words": "an%20agent%20says%20so"},
        {"Source": "ivr", "Words": "%00%01 "},
        {"Source": "ivr"},
        {"Words": "fees"},
        {"Source": "path", "Words": "two, then one"},
    ],
)
def test_what_is_no_word_of_a_caller_is_passed_over(headers: dict[str, str]) -> None:
    assert told(**headers) == []


@given(st.text(max_size=3 * LONGEST))
def test_any_text_is_cut_and_printable(text: str) -> None:
    for said in told(Source="ivr", Words=quote(text, errors="surrogatepass")):
        assert 0 < len(said.words.text) <= LONGEST
        assert all(char.isprintable() for char in said.words.text)
