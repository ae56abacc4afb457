"""Callers in line who ask to be called back."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Profile, Reason, Words
from callcenter.floor.orders import Order, RecordCall, RequestCallback, TellCaller
from tests.unit.callcenter.floor.callback_line import ANNA, Lines
from tests.unit.callcenter.floor.engine_line import MEI, only


def asks(line: Lines, call: str = "c1", number: str | None = None) -> list[Order]:
    line.say(e.CallLeftQueue(at=line.at, call=call, queue="service", why="key"))
    return line.say(
        e.CallbackAsked(at=line.at, call=call, queue="service", number=number, leg=call)
    )


def test_a_request_carries_the_place_and_what_is_known() -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    call = line.floor.state.calls["c1"]
    words = Words(source="ivr", text="my card is gone")
    line.say(e.CallerSaid(at=line.at, call="c1", words=words))
    profile = Profile(
        person="p1", name="Anna Bell", language="zh-Hant", tier=None, facts=(), contacts=()
    )
    line.say(
        e.CallerIdentified(at=line.at, call="c1", identity="known", profile=profile, ask=call.asked)
    )
    line.say(
        e.ReasonsPredicted(
            at=line.at, call="c1", reasons=(Reason(code="cards.lost", probability=0.8),),
            model="m", ask=call.predict_ask,
        )
    )  # fmt: skip
    line.pass_time(40)
    (request,) = only(asks(line), RequestCallback)
    assert request == RequestCallback(
        call="c1", queue="service", number=ANNA, entered=False, place=1000.0, name="Anna Bell",
        person="p1", language="zh-Hant", reason="cards.lost", words="my card is gone",
    )  # fmt: skip


def test_an_entered_number_is_said_to_be_entered() -> None:
    line = Lines()
    line.arrive("c1", number=None)
    (request,) = only(asks(line, number="02079460999"), RequestCallback)
    assert (request.number, request.entered, request.reason) == ("02079460999", True, None)


def test_a_withheld_number_is_denied_at_once() -> None:
    line = Lines()
    line.arrive("c1", number=None)
    orders = asks(line)
    assert not only(orders, RequestCallback)
    (told,) = only(orders, TellCaller)
    assert (told.granted, told.why) == (False, "number_withheld")


def test_granted_the_call_is_left_and_not_abandoned() -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    asks(line)
    orders = line.say(e.CallbackBooked(at=line.at, call="c1", id="CB1"))
    assert only(orders, TellCaller) == [
        TellCaller(call="c1", leg="c1", queue="service", granted=True)
    ]
    (record,) = only(line.end("c1", "abandoned"), RecordCall)
    assert record.why == "queue_left"
    view = line.floor.queue_views()["service"]
    assert (view.left, view.abandoned, view.offered) == (1, 0, 1)


@pytest.mark.parametrize("how", ["denied", "failed"])
def test_denied_the_caller_goes_back_to_their_old_place(how: str) -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    line.pass_time(30)
    line.arrive("c2", number="2")
    asks(line)
    if how == "denied":
        orders = line.say(e.CallbackDenied(at=line.at, call="c1", why="open_one"))
    else:
        orders = line.say(e.OrderFailed(at=line.at, order="RequestCallback", why="disk", call="c1"))
    (told,) = only(orders, TellCaller)
    assert (told.granted, told.why) == (False, "open_one" if how == "denied" else "store")
    line.pass_time(3)
    line.say(
        e.CallQueued(at=line.at, call="c1", queue="service", position=2, by="engine", leg="c1")
    )
    line.sign_in("mei", MEI)
    assert line.ring().call == "c1"
    (record,) = only(line.end("c1", "abandoned"), RecordCall)
    assert record.why == "abandoned"


def test_an_answer_that_comes_after_the_caller_went_back_disturbs_nobody() -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    asks(line)
    line.pass_time(6)
    line.say(
        e.CallQueued(at=line.at, call="c1", queue="service", position=1, by="engine", leg="c1")
    )
    assert not only(line.say(e.CallbackBooked(at=line.at, call="c1", id="CB1")), TellCaller)
    assert not only(line.say(e.CallbackDenied(at=line.at, call="c1", why="off")), TellCaller)


def test_who_asks_without_having_left_the_line_has_left_it() -> None:
    """The word of their leaving was lost."""
    line = Lines()
    line.arrive("c1", number=ANNA)
    line.say(e.CallbackAsked(at=line.at, call="c1", queue="service", number=None, leg="c1"))
    assert line.floor.queue_views()["service"].waiting == 0
    line.sign_in("mei", MEI)
    assert line.states() == {"mei": "ready"}


def test_who_hung_up_is_told_nothing() -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    asks(line)
    line.end("c1", "abandoned")
    assert not line.say(e.CallbackBooked(at=line.at, call="c1", id="CB1"))
    assert not line.say(e.CallbackDenied(at=line.at, call="c1", why="off"))
