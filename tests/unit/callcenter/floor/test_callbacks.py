"""Callbacks by example: in line with their place, dialled for a reserved agent, how they end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcenter.floor import events as e
from callcenter.floor.callback import CallbackRules, LawRules, RetryRule
from callcenter.floor.card import Profile, Words
from callcenter.floor.errors import BadChoice, NotNow, UnknownCall
from callcenter.floor.orders import (
    Dial,
    Identify,
    KeepCallback,
    KeepReservation,
    Predict,
    RecordCall,
    RecordPromise,
    Ring,
    ShowCard,
    StopDialling,
    StopRinging,
)
from tests.unit.callcenter.floor.callback_line import ANNA, Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only

PREVIEW = CallbackRules(preview_seconds=20.0)
AGENT_FIRST = CallbackRules(first="agent")
MESSAGE = CallbackRules(machine="message")


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


def test_preview_accepted() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    orders = line.due()
    assert line.row().state == "reserved"
    assert not line.dials
    card = only(orders, ShowCard)[-1].card
    assert card.offer is not None
    assert (card.offer.preview, card.offer.deadline) == (True, line.at + 20.0)
    assert line.kept(orders) == ["pending"]
    line.pass_time(5)
    orders = line.say(
        e.ReservationAccepted(at=line.at, agent="mei", reservation=card.offer.reservation)
    )
    assert line.dial().reservation.state == "accepted"
    card = only(orders, ShowCard)[-1].card
    assert card.offer is not None
    assert card.offer.preview is False


def test_preview_that_nobody_acts_on_is_missed() -> None:
    """The agent missed it; the callback is in line again with its place."""
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    line.pass_time(21)
    assert line.states() == {"mei": "missed"}
    assert line.row().state == "due"
    assert not line.dials
    assert line.is_held()
    line.sign_in("tom", TOM)
    assert line.states()["tom"] == "reserved"


def test_preview_refused_goes_to_somebody_else() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    line.say(e.ReservationRefused(at=line.at, agent="mei", reservation=kept.id, reason="no"))
    assert line.states() == {"mei": "ready"}
    assert (line.row().state, line.row().place) == ("due", 1000.0)
    line.sign_in("tom", TOM)
    assert line.states() == {"mei": "ready", "tom": "reserved"}


def test_snoozed_it_keeps_its_place_plus_so_much() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    line.pass_time(4)
    line.say(e.CallbackSnoozed(at=line.at, agent="mei", reservation=kept.id, seconds=300.0))
    row = line.row()
    assert (row.state, row.due, row.place, row.by) == ("scheduled", 1304.0, 1300.0, "mei")
    assert line.is_free()
    assert line.states() == {"mei": "ready"}
    assert line.floor.agent_view("mei").missed_today == 0


def test_a_snooze_that_cannot_be_granted_changes_nothing() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)
    before, row = line.floor.cards(), line.row()

    def put_off(seconds: float) -> e.CallbackSnoozed:
        return e.CallbackSnoozed(at=line.at, agent="mei", reservation=kept.id, seconds=seconds)

    for seconds in (0.0, -5.0, float("nan"), 3600.0, 1e9):
        with pytest.raises(BadChoice):
            line.say(put_off(seconds))
    with pytest.raises(UnknownCall):
        line.say(e.CallbackSnoozed(at=line.at, agent="mei", reservation="cc-no", seconds=60.0))
    assert (line.floor.cards(), line.row()) == (before, row)
    line.say(e.ReservationAccepted(at=line.at, agent="mei", reservation=kept.id))
    with pytest.raises(NotNow):
        line.say(put_off(60.0))


def test_agent_first_the_whole_way() -> None:
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due()
    ring = line.ring()
    assert ring.alone
    assert not line.dials
    line.pass_time(3)
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    dial = line.dial()
    assert dial.agent_leg == ring.leg
    line.appears(dial.call)
    line.say(e.CustomerAnswered(at=line.at, call=dial.call, by="unknown"))
    line.talked(dial.call, MEI, ring.leg)
    assert (line.row().state, line.states()) == ("talking", {"mei": "talking"})
    line.end(dial.call)
    assert line.row().why == "talked"


def test_agent_first_who_does_not_answer_missed_it_and_nobody_is_dialled() -> None:
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due()
    line.failed(line.ring())
    assert line.states() == {"mei": "missed"}
    assert line.row().state == "due"
    assert not line.dials


def test_agent_first_who_hangs_up_ends_the_dialling() -> None:
    """Nobody answers to a line without an agent; again in a moment, and not the same agent."""
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due()
    ring = line.ring()
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    dial = line.dial()
    orders = line.say(e.AgentOffLine(at=line.at, leg=ring.leg))
    assert only(orders, StopDialling) == [StopDialling(call=dial.call)]
    row = line.row()
    assert (row.state, row.causes, row.due) == ("retry", ("agent_gone",), line.at + 5.0)
    assert line.states() == {"mei": "ready"}


def test_who_hung_up_is_not_asked_for_the_next_attempt_at_once() -> None:
    """Another agent is, though they have been ready for less long; then nobody, for a minute."""
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due()
    ring = line.ring()
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    line.say(e.AgentOffLine(at=line.at, leg=ring.leg))
    line.pass_time(10)
    line.due(replace(line.row(), state="due", fence=2))
    assert line.states() == {"mei": "ready"}
    line.sign_in("tom", TOM)
    assert line.states() == {"mei": "ready", "tom": "reserved"}
    ring = line.ring()
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    line.say(e.AgentOffLine(at=line.at, leg=ring.leg))
    line.pass_time(5)
    line.due(replace(line.row(), state="due", fence=3))
    line.pass_time(44)
    assert line.states() == {"mei": "ready", "tom": "ready"}
    line.pass_time(2)
    assert line.states() == {"mei": "reserved", "tom": "ready"}


def test_agent_first_whose_leg_is_gone_when_the_customer_comes() -> None:
    """The customer waits in line with their place and gets the next agent, by another leg."""
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due()
    ring = line.ring()
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    dial = line.dial()
    line.appears(dial.call)
    line.sign_in("tom", TOM)
    line.picks_up(dial.call)
    again = line.ring()
    assert again.call == dial.call
    assert again.leg != ring.leg
    assert not again.alone


def test_an_agent_who_is_lost_while_the_customer_rings() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    orders = line.say(e.AgentSignedOut(at=line.at, agent="mei", by="boss"))
    assert only(orders, StopDialling) == [StopDialling(call=dial.call)]
    assert (line.row().state, line.row().causes) == ("retry", ("agent_gone",))
    line.end(dial.call, "abandoned")
    assert line.row().causes == ("agent_gone",)


def test_an_agent_who_does_not_answer_the_customer_who_did() -> None:
    """The customer gets the next agent, like any caller; nobody is dialled again."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.picks_up(dial.call)
    line.failed(line.ring())
    assert line.states() == {"mei": "missed"}
    line.sign_in("tom", TOM)
    ring = line.ring()
    assert (ring.call, ring.device) == (dial.call, TOM)
    line.talk(ring)
    line.end(dial.call)
    assert (line.row().why, len(line.dials)) == ("talked", 1)


def test_whoever_hangs_up_before_the_agent_is_tried_again() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.picks_up(dial.call)
    line.pass_time(2)
    line.end(dial.call, "abandoned")
    row = line.row()
    assert (row.state, row.causes, row.due) == ("retry", ("abandoned",), line.at + 300.0)
    assert line.states() == {"mei": "ready"}
    assert line.floor.queue_views()["service"].abandoned == 0


@pytest.mark.parametrize("first", ["exchange", "order"])
def test_busy_told_twice_in_any_order_is_one_attempt(first: str) -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.pass_time(1)
    if first == "exchange":
        line.end(dial.call, "busy")
        line.dial_fails(dial.call, "busy")
    else:
        line.dial_fails(dial.call, "busy")
        line.end(dial.call, "busy")
    row = line.row()
    assert (row.state, row.causes, row.due) == ("retry", ("busy",), line.at + 300.0)
    assert line.states() == {"mei": "ready"}
    assert dial.call not in line.floor.state.calls
    assert not line.floor.unexpected


@pytest.mark.parametrize("why", ["declined", "congestion", None])
def test_whether_the_customer_or_the_provider_refused_is_known_to_whoever_dialled(
    why: str | None,
) -> None:
    """The exchange calls both a rejected call; without better news it was the customer."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.say(e.CallEnded(at=line.at, call=dial.call, why="refused", cause=21))
    assert line.states() == {"mei": "ready"}
    if why is None:
        line.pass_time(3)
    else:
        line.dial_fails(dial.call, why)
    assert line.row().causes == (why or "declined",)
    assert not line.floor.unexpected


def test_what_the_exchange_says_less_well_waits_for_whoever_dialled() -> None:
    """A leg that merely ended may have been a machine's; without better news it was given up."""
    line = Lines(CallbackRules(machine="hang_up"))
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.end(dial.call, "completed")
    assert line.states() == {"mei": "ready"}
    assert line.row().state == "dialling"
    line.dial_fails(dial.call, "machine")
    assert line.row().causes == ("machine",)
    line.due(a_callback("CB2", line.at))
    dial = line.dial()
    line.appears(dial.call)
    line.end(dial.call, "completed")
    line.pass_time(3)
    assert line.row("CB2").causes == ("abandoned",)


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    line.dial_fails(line.dial().call, "invalid")
    assert (line.row().state, line.row().why) == ("expired", "number_invalid")


def test_the_last_attempt_leaves_a_message_and_then_a_person_looks_at_it() -> None:
    rules = CallbackRules(
        machine="message", max_attempts=2,
        retries=(RetryRule(cause="machine", after=60.0, times=5),),
    )  # fmt: skip
    line = Lines(rules)
    line.sign_in("mei", MEI)
    line.due()
    assert line.dial().machine == "hang_up"
    line.dial_fails(line.dial().call, "machine")
    row = line.row()
    line.pass_time(60)
    line.due(a_callback(version=row.version, attempts=1, causes=row.causes, fence=2))
    dial = line.dial()
    assert dial.machine == "message"
    line.appears(dial.call)
    line.dial_fails(dial.call, "machine")
    assert line.states() == {"mei": "ready"}, "nobody listens to a machine"
    line.say(e.MessageLeft(at=line.at, call=dial.call))
    row = line.row()
    assert (row.state, row.why, row.message_left) == ("expired", "attempts_used", True)
    line.end(dial.call)


def test_a_machine_frees_the_agent_while_it_is_told_our_message() -> None:
    line = Lines(CallbackRules(machine="message", max_attempts=1))
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    orders = line.say(e.CustomerAnswered(at=line.at, call=dial.call, by="machine"))
    assert line.states() == {"mei": "ready"}
    assert not only(orders, StopDialling)
    line.say(e.MessageLeft(at=line.at, call=dial.call))
    line.end(dial.call)
    assert (line.row().why, line.row().message_left) == ("attempts_used", True)


def test_an_exchange_that_never_says_how_it_went_leaves_nobody_reserved() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    orders = line.pass_time(60)
    assert only(orders, StopDialling) == [StopDialling(call=dial.call)]
    assert line.states() == {"mei": "ready"}
    assert (line.row().state, line.row().causes) == ("retry", ("unknown",))
    orders = line.appears(dial.call)
    assert only(orders, StopDialling), "a leg that comes after all is not wanted any more"


def test_who_answered_and_is_nowhere_frees_the_agent() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    line.appears(dial.call)
    line.say(e.CustomerAnswered(at=line.at, call=dial.call, by="unknown"))
    line.pass_time(30)
    assert line.states() == {"mei": "ready"}
    line.say(e.CallQueued(at=line.at, call=dial.call, queue="service", position=1, by="engine"))
    assert line.ring().call == dial.call


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


def test_a_dial_that_was_not_stored_is_none() -> None:
    """Back in line after a moment; the id of the attempt is not used again."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    first = line.dial()
    line.dial_fails(first.call, "not_stored")
    assert (line.row().state, line.row().attempts) == ("due", 0)
    assert line.states() == {"mei": "ready"}
    assert len(line.dials) == 1
    line.pass_time(6)
    second = line.dials[-1]
    assert second.call != first.call
    assert second.callback.attempts == 1
    assert second.callback.tried == (line.at - 1.0,)


def test_a_dial_that_another_engine_won_is_dropped() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    dial = line.dial()
    orders = line.dial_fails(dial.call, "lost")
    assert not only(orders, KeepCallback)
    assert line.floor.callbacks() == {}
    assert line.states() == {"mei": "ready"}
    line.say(e.CallbackLost(at=line.at, id="CB1", why="claimed"))


def test_outside_by_the_stores_clock() -> None:
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    line.dial_fails(line.dial().call, "outside")
    row = line.row()
    assert (row.state, row.due, row.attempts) == ("scheduled", line.at + 30.0, 0)
    line.due(a_callback("CB2", closes=line.at + 20.0))
    line.dial_fails(line.dial().call, "outside")
    assert (line.row("CB2").state, line.row("CB2").why) == ("expired", "window_over")


@pytest.mark.parametrize("stage", ["line", "preview", "dialling", "waiting", "talking"])
def test_a_callback_that_is_lost_is_dropped_without_a_word(stage: str) -> None:
    line = Lines(PREVIEW if stage == "preview" else None)
    if stage != "line":
        line.sign_in("mei", MEI)
    line.due()
    call = line.dials[-1].call if line.dials else ""
    if stage in ("waiting", "talking"):
        line.appears(call)
        line.picks_up(call)
    if stage == "talking":
        line.talk(line.ring())
    orders = line.say(e.CallbackLost(at=line.at, id="CB1", why="cancelled"))
    assert not only(orders, KeepCallback)
    assert line.floor.callbacks() == {}
    stopped = [StopDialling(call=call)] if stage in ("dialling", "waiting") else []
    assert only(orders, StopDialling) == stopped
    if stage == "talking":
        assert line.states() == {"mei": "talking"}
        line.end(call)
        assert line.states() == {"mei": "wrapup"}
    elif stage in ("preview", "dialling"):
        assert line.states() == {"mei": "ready"}


def test_a_version_that_cannot_be_stored_is_not_acted_on() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    line.say(e.OrderFailed(at=line.at, order="KeepCallback", why="disk full", id="CB1"))
    assert line.states() == {"mei": "ready"}
    line.pass_time(6)
    assert line.states() == {"mei": "reserved"}


def test_what_happened_is_stored_in_the_end() -> None:
    """The last version of one that is over is stored again until that works."""
    line = Lines()
    line.sign_in("mei", MEI)
    line.due()
    line.dial_fails(line.dial().call, "invalid")
    line.say(e.OrderFailed(at=line.at, order="KeepCallback", why="disk full", id="CB1"))
    orders = line.pass_time(6)
    (again,) = only(orders, KeepCallback)
    assert (again.callback.state, again.callback.why) == ("expired", "number_invalid")


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


def test_ringing_a_lost_reservations_phone_is_stopped() -> None:
    """Agent first: the window closes while the agent's phone rings."""
    line = Lines(AGENT_FIRST)
    line.sign_in("mei", MEI)
    line.due(closes=line.at + 5.0)
    ring = line.ring()
    orders = line.pass_time(6)
    assert StopRinging(reservation=ring.reservation.id, leg=ring.leg) in orders
    assert (line.row().state, line.states()) == ("expired", {"mei": "ready"})
    line.say(e.AgentOnLine(at=line.at, reservation=ring.reservation.id))
    assert not line.dials


def test_the_card_says_how_far_the_customers_side_is() -> None:
    line = Lines(PREVIEW)
    line.sign_in("mei", MEI)
    line.due()
    (kept,) = only(line.orders, KeepReservation)

    def stage() -> str:
        (card,) = line.floor.cards_of("mei")
        assert card.callback is not None
        return card.callback.stage

    assert stage() == "none"
    line.say(e.ReservationAccepted(at=line.at, agent="mei", reservation=kept.id))
    assert stage() == "calling"
    line.appears(line.dial().call)
    orders = line.say(e.CustomerAnswered(at=line.at, call=line.dials[0].call, by="human"))
    assert only(orders, ShowCard)
    assert stage() == "answered"


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
