"""The codec: exact round trips, canonical bytes, and errors that name the place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.codec import (
    CodecError,
    decode_event,
    decode_order,
    encode,
    encode_text,
    from_plain,
    to_plain,
)
from callcenter.floor.card import AgentView, Card, Fact, QueueView
from callcenter.floor.events import (
    EVENTS,
    CallArrived,
    CallEnded,
    DayBegan,
    ReasonsPredicted,
    TimePassed,
)
from callcenter.floor.orders import ORDERS
from callcenter.ports import Draft

# JSON has no NaN and no infinity; everything else a float can be must survive.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
ENDED = CallEnded(at=12.5, call="c1", why="completed", cause=16)


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
@settings(max_examples=25)  # of each of a hundred classes
@given(data=st.data())
def test_every_event_round_trips(cls: type, data: st.DataObject) -> None:
    """Whatever an event holds, reading what was written gives an equal event."""
    event = data.draw(st.from_type(cls))
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize("cls", ORDERS, ids=lambda cls: cls.__name__)
@settings(max_examples=25)  # of each of a hundred classes
@given(data=st.data())
def test_every_order_round_trips(cls: type, data: st.DataObject) -> None:
    """Whatever an order holds, cards included, reading what was written gives an equal order."""
    order = data.draw(st.from_type(cls))
    assert decode_order(encode(order)) == order


@pytest.mark.parametrize("cls", [Card, AgentView, QueueView, Draft], ids=lambda cls: cls.__name__)
@settings(max_examples=25)  # of each of a hundred classes
@given(data=st.data())
def test_screen_data_is_plain_json(cls: type, data: st.DataObject) -> None:
    """What screens get holds only JSON types, and survives JSON itself."""
    thing = data.draw(st.from_type(cls))
    plain = to_plain(thing)
    assert json.loads(json.dumps(plain)) == plain
    assert "type" not in plain
    assert from_plain(cls, plain) == thing


def test_output_is_canonical() -> None:
    """Equal events give equal bytes: declaration order, no blanks, floats as floats."""
    assert encode(ENDED) == (
        b'{"type":"CallEnded","at":12.5,"call":"c1","why":"completed","cause":16}'
    )
    assert (
        encode(TimePassed(at=7)) == encode(TimePassed(at=7.0)) == b'{"type":"TimePassed","at":7.0}'
    )
    assert encode(TimePassed(at=-0.0)) == encode(TimePassed(at=0.0))


def test_broken_unicode_survives() -> None:
    """A lone surrogate, as a wrong decoder leaves it in a caller name, is written and read."""
    event = CallArrived(
        at=1.0, call="c", direction="inbound", number=None, name="\udc80 王小明\x00", dialled=None
    )
    assert decode_event(encode(event)) == event


def test_fact_values_keep_their_type() -> None:
    """A fact's value comes back as the very type it was: true is not 1 and 1 is not 1.0."""
    for value in ("1", 1, 1.0, True):
        fact = Fact(key="k", group="who", kind="text", value=value)
        assert type(from_plain(Fact, to_plain(fact)).value) is type(value)


def test_unknown_fields_are_ignored_and_absent_ones_defaulted() -> None:
    """A journal of another version is read as far as it is understood."""
    text = '{"type":"CallEnded","at":1,"call":"c","why":"busy","shoe_size":44}'
    assert decode_event(text) == CallEnded(at=1.0, call="c", why="busy")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type":"CallExploded","at":1}', "unknown type of event: 'CallExploded'"),
        ('{"at":1}', "unknown type of event: None"),
        ('{"type":["CallEnded"]}', "unknown type of event"),
        ('{"type":"ShowCard"}', "unknown type of event: 'ShowCard'"),
        ("[1]", "an event is a JSON object, this is a list"),
        ("{", "this event is not JSON"),
        ("[" * 100_000, "this event is not JSON"),
        ('{"type":"CallEnded","at":1,"why":"busy"}', "CallEnded.call is missing"),
        ('{"type":"CallEnded","at":1,"call":3,"why":"busy"}', "CallEnded.call: expected str"),
        ('{"type":"CallEnded","at":true,"call":"c","why":"busy"}', "CallEnded.at: expected a num"),
        ('{"type":"CallEnded","at":1,"call":"c","why":"tired"}', "CallEnded.why: 'tired' is not"),
        ('{"type":"CallEnded","at":1,"call":"c","why":["busy"]}', "CallEnded.why: ['busy'] is not"),
        ('{"type":"CallEnded","at":1,"call":"c","why":"busy","cause":1.5}', "CallEnded.cause: exp"),
        ('{"type":"FloorOpened","at":1,"reasons":"x"}', "FloorOpened.reasons: expected a list"),
        ('{"type":"FloorOpened","at":1,"queues":[7]}', "QueueSettings: expected an object, got a"),
        (
            '{"type":"SkillsChanged","at":1,"agent":"a","skills":[["x"]],"by":"s"}',
            "SkillsChanged.skills: expected a list of 2",
        ),
        ('{"type":"TimePassed","at":1' + "0" * 400 + "}", "TimePassed.at: the number is too large"),
    ],
)
def test_wrong_data_is_named(text: str, words: str) -> None:
    """An error says which class and field is wrong and what was found there."""
    with pytest.raises(CodecError) as caught:
        decode_event(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 10**400, "soon"])
def test_what_json_cannot_hold_is_refused(at: Any) -> None:
    """NaN, infinity and wrong types are refused when written, naming the event."""
    with pytest.raises(CodecError, match="TimePassed cannot be written"):
        encode(TimePassed(at=at))


def test_a_type_without_json_form_is_refused() -> None:
    """A class with a field the codec has no form for fails at its first use, naming the field."""

    @dataclass(frozen=True, slots=True)
    class Odd:
        thing: set[str]

    with pytest.raises(TypeError, match=r"thing: the codec has no JSON form"):
        to_plain(Odd(thing=set()))
    with pytest.raises(TypeError, match="is not a dataclass"):
        to_plain("text")


def test_text_and_bytes_agree() -> None:
    """The text form is the bytes form, ASCII only."""
    event = ReasonsPredicted(at=1.0, call="王", reasons=(), model="m")
    assert encode_text(event).encode("ascii") == encode(event)
    assert decode_event(encode_text(event)) == event


def test_one_field_classes_are_written() -> None:
    """A class with a single field is no special case to the reader."""
    assert decode_event(encode(DayBegan(at=1.0))) == DayBegan(at=1.0)
    assert to_plain(TimePassed(at=3.0)) == {"at": 3.0}
