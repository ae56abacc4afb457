"""Callbacks by example: in line with their place, within hours and law, dialled for an agent."""

from __future__ import annotations

from callcenter.floor import events as e
from callcenter.floor.callback import LawRules
from callcenter.floor.card import Words
from callcenter.floor.orders import Dial, Identify, Predict, RecordCall, Ring, ShowCard
from tests.unit.callcenter.floor.callback_line import ANNA, Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only


def test_customer_first_the_whole_way() -> None:
    """Reserved, dialled, answered, rung, talked, done; each step a version, stored in order."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    assert [one.state for one in (line.rows["CB1"],)] == ["dialling"]
    dial = line.dial()
    assert (dial.number, dial.agent_leg, dial.seconds) == (ANNA, None, 30.0)
    assert dial.call.startswith("cb-r-")
    assert (dial.callback.attempts, dial.callback.call) == (1, dial.call)
    assert line.states() == {"mei": "reserved"}
    assert not only(line.orders, Ring), "the agent's phone rings before the customer answered"
    line.appears(dial.call)
    line.pass_time(8)
    line.picks_up(dial.call)
    ring = line.ring()
    assert (ring.call, ring.device, ring.alone) == (dial.call, MEI, False)
    line.talk(ring)
    assert line.row().state == "talking"
    assert line.row().reached == line.at
    line.pass_time(60)
    orders = line.end(dial.call)
    assert (line.row().state, line.row().why, line.row().ended) == ("done", "talked", line.at)
    assert not line.is_held()
    assert line.states() == {"mei": "wrapup"}
    (record,) = only(orders, RecordCall)
    assert (record.direction, record.agent) == ("outbound", "mei")


def test_the_card_says_that_it_is_a_callback_and_the_request_reaches_the_prediction() -> None:
    line = Lines()
    line.due(words="my card is gone", reason="cards.lost", language="en", name="Anna")
    (asked,) = only(line.orders, Identify)
    assert (asked.number, asked.name, asked.chosen) == (ANNA, "Anna", False)
    orders = line.say(
        e.CallerIdentified(at=line.at, call=asked.call, identity="unknown", ask=asked.ask)
    )
    (predict,) = only(orders, Predict)
    assert predict.words == (
        Words(source="callback", text="my card is gone", language="en"),
        Words(source="path", text="cards.lost"),
    )
    orders = line.sign_in("mei", MEI)
    card = only(orders, ShowCard)[-1].card
    assert card.callback is not None
    assert (card.callback.id, card.callback.attempt, card.callback.open) == ("CB1", 1, False)
    assert (card.callback.first, card.callback.reason) == ("customer", "cards.lost")
    assert card.offer is not None
    assert card.offer.preview is False


def test_whoever_was_known_when_they_asked_is_who_is_called() -> None:
    """It is told apart from an agent's choice: nobody confirmed anything."""
    line = Lines()
    line.due(origin="queue", person="p1")
    (asked,) = only(line.orders, Identify)
    assert (asked.person, asked.chosen, asked.asked_back) == ("p1", True, True)


def test_callbacks_are_a_medium_of_their_own() -> None:
    """In the line and shown there, and in none of the counters of calls."""
    line = Lines()
    line.due()
    view = line.floor.queue_views()["service"]
    assert (view.callbacks, view.waiting, view.offered, view.longest_since) == (1, 0, 0, None)
    line.sign_in("mei", MEI)
    dial = line.dial()
    assert line.floor.queue_views()["service"].callbacks == 1
    line.picks_up(dial.call)
    line.talk(line.ring())
    line.end(dial.call)
    view = line.floor.queue_views()["service"]
    assert (view.callbacks, view.offered, view.answered, view.left) == (0, 0, 0, 0)
    assert view.wait_total == 0.0


def test_a_callback_keeps_its_place_among_callers() -> None:
    """Between who came before it and who came after."""
    line = Lines()
    line.arrive("before", number="1")
    line.pass_time(10)
    line.arrive("after", number="2")
    line.due(a_callback(at=line.at, place=1005.0))
    line.sign_in("mei", MEI)
    assert line.ring().call == "before"
    line.sign_in("tom", TOM)
    assert line.dial().callback.id == "CB1"


def test_the_window_closes_while_it_is_in_line() -> None:
    line = Lines()
    line.due()
    line.pass_time(3599)
    assert line.is_held()
    line.pass_time(2)
    assert (line.row().state, line.row().why) == ("expired", "window_over")
    assert not line.floor.state.calls
    line.sign_in("mei", MEI)
    assert not line.dials


def test_who_may_not_be_called_yet_is_scheduled_for_when_they_may() -> None:
    """The law's hours on the customer's own clock: 1970-01-01 was a Thursday."""
    law = (LawRules(region="GB", weekly=((4, 9 * 60, 20 * 60),)),)
    line = Lines(law=law)
    line.sign_in("mei", MEI)
    line.due(region="GB", closes=80000.0)
    row = line.row()
    assert (row.state, row.due) == ("scheduled", 9 * 3600.0)
    line.due(a_callback("CB2", region="GB", closes=9 * 3600.0))
    assert (line.row("CB2").state, line.row("CB2").why) == ("expired", "law")
    line.due(a_callback("CB3", region="FR"))
    assert line.row("CB3").state == "dialling", "a region without rules"


def test_one_whose_hours_end_while_it_waits_is_put_back() -> None:
    law = (LawRules(region="*", weekly=((4, 0, 30), (4, 120, 180))),)
    line = Lines(law=law)
    line.due(closes=50000.0)
    assert line.row().state == "due"
    line.pass_time(1000)
    line.sign_in("mei", MEI)
    assert (line.row().state, line.row().due) == ("scheduled", 7200.0)
    assert line.states() == {"mei": "ready"}


def test_the_queue_closes_and_callbacks_leave_its_line() -> None:
    hours = e.HoursSettings(weekly=((4, 0, 30), (5, 60, 120)))
    line = Lines(hours=hours)
    line.due(closes=200000.0)
    assert line.is_held()
    line.pass_time(2000)
    assert (line.row().state, line.row().due) == ("scheduled", 86400.0 + 3600.0)


def test_an_agents_own_callback_waits_for_them_and_then_goes_to_others() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.sign_in("tom", TOM)
    line.arrive("c1")
    ring = line.ring()
    owner = ring.reservation.agent
    line.talk(ring)
    line.due(agent=owner, agent_until=line.at + 60.0)
    assert not line.dials
    orders = line.pass_time(61)
    assert [dial.reservation.agent for dial in only(orders, Dial)] == [
        {"mei": "tom", "tom": "mei"}[owner]
    ]


def test_what_one_callback_dialled_counts_for_another_to_the_same_number() -> None:
    """Attempts in 24 hours are those to a number, for whatever callback."""
    line = Lines(law=(LawRules(region="*", weekly=(), attempts=1),))
    line.due()
    line.due(a_callback("CB2", closes=line.at + 200000.0))
    line.sign_in("mei", MEI)
    line.dial_fails(line.dial().call, "no_answer")
    row = line.row("CB2")
    assert (row.state, row.due) == ("scheduled", 1000.0 + 86400.0)
    assert len(line.dials) == 1
