"""Callbacks that an earlier run or another engine had begun, and lines to the exchange that are
cut: no attempt is dialled twice, and nothing waits for ever."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.floor import events as e
from callcenter.floor.callback import Callback, CallbackRules
from callcenter.floor.orders import Dial, KeepCallback, Order, StopDialling
from callcenter.restart import left_open
from tests.unit.callcenter.floor.callback_line import ANNA, Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only

LEG = "cb-earlier-7"


class Restarted(Lines):
    """The exchange has not been asked yet."""

    def compared(self, *calls: str) -> list[Order]:
        if not hasattr(self, "ready"):
            self.ready = True
            return []
        return super().compared(*calls)


def under_way(state: str, **changes: Any) -> Callback:
    tried = (950.0,)
    return a_callback(
        version=3, state=state, call=LEG, attempts=1, tried=tried, dialled=950.0, fence=2,
        **changes,
    )  # fmt: skip


def resumed(line: Lines, waiting: bool) -> None:
    line.say(
        e.CallArrived(
            at=line.at, call=LEG, direction="outbound", number=ANNA, name=None, dialled=None,
            resumed=True,
        )
    )  # fmt: skip
    if waiting:
        line.say(
            e.CallQueued(at=line.at, call=LEG, queue="service", position=1, by="engine", leg=LEG)
        )


@pytest.mark.parametrize("callback_first", [True, False])
def test_a_customer_who_waits_in_line_gets_an_agent(callback_first: bool) -> None:
    line = Restarted()
    line.sign_in("mei", MEI)
    if callback_first:
        line.due(under_way("dialling"))
        resumed(line, waiting=True)
    else:
        resumed(line, waiting=True)
        line.due(under_way("dialling"))
    assert not line.dials
    line.compared(LEG)
    ring = line.ring()
    assert ring.call == LEG
    line.talk(ring)
    line.end(LEG)
    assert (line.row().state, line.row().why, line.dials) == ("done", "talked", [])
    assert line.floor.queue_views()["service"].offered == 0


def test_a_leg_that_still_rings_goes_on() -> None:
    line = Restarted()
    line.due(under_way("dialling"))
    resumed(line, waiting=False)
    line.compared(LEG)
    line.sign_in("mei", MEI)
    assert line.row().state == "dialling"
    line.picks_up(LEG)
    assert line.ring().call == LEG


def test_without_the_leg_the_attempt_ended_unknown() -> None:
    line = Restarted()
    line.sign_in("mei", MEI)
    assert line.due(under_way("dialling")) == []
    orders = line.compared()
    (kept,) = only(orders, KeepCallback)
    assert (kept.callback.state, kept.callback.causes) == ("retry", ("unknown",))
    assert kept.callback.due == line.at + 60.0
    assert not line.dials


def test_one_claimed_from_another_engine_later_is_settled_at_once() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due(under_way("dialling"))
    assert line.row().causes == ("unknown",)


def test_a_talk_that_is_over_was_had() -> None:
    line = Restarted()
    line.due(under_way("talking", reached=960.0))
    line.compared()
    assert (line.row().state, line.row().why, line.row().reached) == ("done", "talked", 960.0)


def test_a_talk_that_goes_on_ends_when_it_ends() -> None:
    line = Restarted()
    line.due(under_way("talking", reached=960.0))
    resumed(line, waiting=False)
    line.talked(LEG, MEI, "l")
    line.compared(LEG)
    assert line.is_held()
    line.end(LEG)
    assert line.row().why == "talked"


@pytest.mark.parametrize("state", ["due", "reserved"])
def test_one_that_nobody_was_dialled_for_is_in_line_again(state: str) -> None:
    line = Restarted()
    line.sign_in("mei", MEI)
    line.due(a_callback(state=state, version=3, place=400.0))
    assert (line.row().state, line.row().place) == ("due", 400.0)
    assert not line.dials
    line.compared()
    assert line.dials[-1].callback.id == "CB1"


def test_what_is_only_to_be_called_is_no_call_for_the_next_run() -> None:
    """A restart must not record calls as lost that were never made."""
    line = Lines()
    line.due()
    assert line.floor.live_calls() == {}
    line.sign_in("mei", MEI)
    dial = line.dial()
    assert left_open(line.floor, line.at, line.at, today=False) == []
    line.appears(dial.call)
    (left,) = left_open(line.floor, line.at, line.at, today=False)
    assert isinstance(left, e.CallRestored)
    assert left.call == dial.call


@pytest.mark.parametrize("there", [True, False])
def test_a_line_that_is_cut_while_the_customer_rings(there: bool) -> None:
    """Nothing is concluded before the exchange can be asked, and nobody stays reserved."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert line.states() == {"mei": "ready"}
    line.pass_time(120)
    assert line.row().state == "dialling"
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    if there:
        line.appears(dial.call)
        line.compared(dial.call)
        assert line.row().state == "dialling"
        assert len(line.dials) == 1, "dialled again, though the customer's phone rings"
        line.picks_up(dial.call)
        assert line.ring().call == dial.call
    else:
        orders = line.compared()
        assert only(orders, StopDialling) == [StopDialling(call=dial.call)]
        assert line.row().causes == ("unknown",)
        assert not only(orders, Dial)


def test_a_cut_line_while_an_agent_looks_at_the_card() -> None:
    line = Lines(CallbackRules(preview_seconds=20.0))
    line.sign_in("mei", MEI)
    line.due()
    line.say(e.ExchangeLost(at=line.at, why="cut"))
    assert (line.row().state, line.states()) == ("due", {"mei": "ready"})
    line.say(e.ExchangeConnected(at=line.at, version="22", restarted=False))
    line.compared()
    line.pass_time(61)  # until then it is kept from who was asked when the line was cut
    assert line.floor.agent_view("mei").reservation is not None


def test_told_twice_and_claimed_again() -> None:
    """The same claim again changes nothing; a newer one of what is under way renews the fence."""
    line = Lines()
    line.sign_in("mei", MEI)
    first = a_callback()
    line.due(first)
    dial = line.dial()
    assert line.say(e.CallbackDue(at=line.at, callback=first)) == []
    again = line.row()
    line.due(a_callback(version=9, state="dialling", call=dial.call, attempts=1, fence=5))
    assert len(line.dials) == 1
    line.dial_fails(dial.call, "busy")
    assert (line.row().fence, line.row().causes) == (5, ("busy",))
    assert again.fence == 1


def test_one_that_is_over_is_not_taken() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    assert line.say(e.CallbackDue(at=line.at, callback=a_callback(state="cancelled"))) == []
    assert line.floor.callbacks() == {}


def test_a_late_word_about_an_attempt_that_is_over() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.sign_in("tom", TOM)
    line.due()
    dial = line.dial()
    line.dial_fails(dial.call, "no_answer")
    row = line.row()
    for event in (
        e.DialFailed(at=line.at, call=dial.call, why="busy"),
        e.MessageLeft(at=line.at, call=dial.call),
        e.AgentOnLine(at=line.at, reservation=dial.reservation.id),
        e.AgentOffLine(at=line.at, leg=dial.reservation.id),
        e.CallEnded(at=line.at, call=dial.call, why="busy"),
    ):
        line.say(event)
    assert line.row() == row
    orders = line.say(e.CustomerAnswered(at=line.at, call=dial.call, by="human"))
    assert only(orders, StopDialling) == [StopDialling(call=dial.call)]
    assert not only(line.appears(f"{dial.call}-2"), StopDialling), "the far half of some leg"
