"""Customers with a callback who call us, and what they are told in line."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.card import Profile
from callcenter.floor.orders import RecordPromise, ShowCard
from tests.unit.callcenter.floor.callback_line import ANNA, Lines
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only


def identified(line: Lines, call: str, person: str) -> None:
    profile = Profile(person=person, name="Anna", language="en", tier=None, facts=(), contacts=())
    ask = line.floor.state.calls[call].asked
    line.say(e.CallerIdentified(at=line.at, call=call, identity="known", profile=profile, ask=ask))


@pytest.mark.parametrize("by", ["number", "person"])
def test_a_customer_who_calls_in_is_served_and_not_called(by: str) -> None:
    line = Lines()
    line.due(person="p1")
    line.arrive("c1", number=ANNA if by == "number" else "+15550100")
    if by == "number":
        ask = line.floor.state.calls["c1"].asked
        line.say(e.CallerIdentified(at=line.at, call="c1", identity="unknown", ask=ask))
    else:
        identified(line, "c1", "p1")
    assert line.floor.queue_views()["service"].callbacks == 0
    orders = line.sign_in("mei", MEI)
    ring = line.ring()
    assert ring.call == "c1"
    card = only(orders, ShowCard)[-1].card
    assert card.callback is not None
    assert (card.callback.open, card.callback.attempt) == (True, 0)
    line.sign_in("tom", TOM)
    assert not line.dials
    line.talk(ring)
    assert (line.row().state, line.row().why) == ("done", "called_in")


def test_what_a_customer_we_called_is_told_counts_in_no_figure_of_the_queue() -> None:
    """They wait in line because their agent went away; how well it was estimated is stored."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.picks_up(dial.call)
    ring = line.ring()
    line.say(
        e.EstimateTold(
            at=line.at, call=dial.call, queue="service", position=1, p50=10.0, p90=20.0
        )
    )  # fmt: skip
    line.rings(ring)
    orders = line.answer(ring)
    (promise,) = only(orders, RecordPromise)
    assert promise.answered
    view = line.floor.queue_views()["service"]
    assert (view.promises, view.promises_kept, view.offered, view.answered) == (0, 0, 0, 0)


def test_who_talks_when_their_own_call_is_answered_was_reached() -> None:
    """Somebody else of their household calls from the same number; both talk."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.arrive("c1", number=ANNA)
    ask = line.floor.state.calls["c1"].asked
    line.say(e.CallerIdentified(at=line.at, call="c1", identity="unknown", ask=ask))
    line.picks_up(dial.call)
    line.talk(line.ring())
    line.sign_in("tom", TOM)
    ring = line.ring()
    assert ring.call == "c1"
    line.talk(ring)
    assert line.row().state == "talking"
    line.end(dial.call)
    assert (line.row().state, line.row().why) == ("done", "talked")


def test_a_customer_who_calls_in_and_gives_up_keeps_the_callback_and_its_place() -> None:
    line = Lines()
    line.due()
    line.arrive("c1", number=ANNA)
    ask = line.floor.state.calls["c1"].asked
    line.say(e.CallerIdentified(at=line.at, call="c1", identity="unknown", ask=ask))
    line.pass_time(30)
    line.end("c1", "abandoned")
    assert (line.row().state, line.row().place) == ("due", 1000.0)
    line.sign_in("mei", MEI)
    assert line.dial().callback.id == "CB1"


def test_who_books_in_the_queue_is_not_dialled_while_they_hear_the_thanks() -> None:
    line = Lines()
    line.arrive("c1", number=ANNA)
    line.sign_in("mei", MEI, ready=False)
    line.due(origin="queue")
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    assert not line.dials
    line.failed(line.ring(), "declined")
    line.end("c1", "abandoned")
    line.pass_time(61)
    assert line.dials[-1].callback.id == "CB1"
