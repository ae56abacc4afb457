"""Cards as text: the same data as written whole, whatever was written before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent_console.texts import Texts
from callcenter.codec import to_plain
from callcenter.floor.card import (
    Answer,
    CallbackOnCard,
    Card,
    Cause,
    Fact,
    Offer,
    Party,
    Pending,
    Phrasing,
    Profile,
    Reason,
    Words,
)

CARD = Card(
    call="1.1", rev=1, direction="inbound", state="offered", queue="service", number="+4420",
    caller_name="王\ud800", dialled=None, arrived=1.0, offered=2.0, answered=None, ended=None,
    identity="pending", candidates=(), profile=None, reasons_state="pending", reasons=(),
    answers_state="pending", answers=(), noted=False,
)  # fmt: skip
PHRASINGS = (Phrasing(language="en", title="Fees", body='Say "sorry".'),)


def profile(name: str) -> Profile:
    fact = Fact(key="tier", group="who", kind="code", value="gold")
    return Profile(person="p", name=name, language="en", tier="gold", facts=(fact,), contacts=())


def answer(id: str) -> Answer:
    return Answer(id=id, reason="fees", source="handbook", phrasings=PHRASINGS)


def refined() -> list[Card]:
    """The cards of one call as it goes on."""
    known = replace(CARD, rev=2, identity="known", profile=profile("王小明"))
    cause = Cause(group="words", code="words", kind="text", value="\u202efees\0")
    whole = replace(
        known,
        rev=3,
        reasons=(Reason(code="fees", probability=0.5, why=(cause,)),),
        answers=(answer("a"), replace(answer("b"), score=0.25, automatic=True)),
        model="trees-7",
        words=(Words(source="ivr", text="</script>", language="en"),),
        marks=(("a", "used"), ("", "missing")),
    )
    promised = CallbackOnCard(
        id="7KQ4-M2PX", origin="web", made=1.0, opens=2.0, closes=3.0, zone="Asia/Taipei",
        attempt=2, last_cause="busy", reason=None, first="customer", stage="calling",
    )  # fmt: skip
    party = Party(leg="2.1", kind="agent", agent="amy", number="1001", name="王", state="talking")
    return [
        CARD,
        known,
        replace(whole, offer=Offer(reservation="r", deadline=9.0, auto_answer=False)),
        replace(
            whole,
            offer=Offer(reservation="r", deadline=9.0, auto_answer=False, preview=True),
            callback=promised,
        ),
        replace(
            whole,
            rev=4,
            state="talking",
            answered=3.0,
            parties=(party,),
            pending=(Pending(id="1", do="hold", deadline=9.5),),
        ),
    ]


def test_a_card_says_what_its_fields_say() -> None:
    """Text and plain data agree for every stage of a call, hostile names included."""
    texts = Texts(to_plain)
    for card in refined():
        assert json.loads(texts.card(card)) == to_plain(card)


def test_what_stays_the_same_is_written_once() -> None:
    """The person and the answers are turned into text when they first appear and not again."""
    written: list[str] = []

    def plain(thing: object) -> dict[str, Any]:
        written.append(type(thing).__name__)
        return to_plain(thing)

    texts = Texts(plain)
    for card in refined():
        texts.card(card)
    lasting = sorted(set(written) - {"CallbackOnCard", "Offer", "Party", "Pending"})
    assert lasting == ["Phrasing", "Profile", "Reason", "Words"]
    assert len(written) == 9


def test_another_person_is_another_text() -> None:
    """Equal identity is never mistaken: objects that are gone leave nothing to be found by."""
    texts = Texts(to_plain, most=2)
    for number in range(200):
        card = replace(CARD, profile=profile(f"name {number}"), answers=(answer(str(number)),))
        assert json.loads(texts.card(card)) == to_plain(card)


def test_what_is_no_json_raises() -> None:
    """A number that JSON has not is refused, as it is elsewhere; the next card is fine."""
    texts = Texts(to_plain)
    bad = Fact(key="lifetime_value", group="who", kind="money", value=float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        texts.card(replace(CARD, profile=replace(profile("x"), facts=(bad,))))
    assert json.loads(texts.card(CARD)) == to_plain(CARD)
