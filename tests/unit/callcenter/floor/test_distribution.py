"""The engine's line by example: who is rung, and what becomes of caller and agent."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.errors import NotNow, UnknownCall
from callcenter.floor.orders import KeepReservation, RecordDecision, Ring, ShowCard, StopRinging
from tests.unit.callcenter.floor.engine_line import MEI, TOM, Line, only


def test_a_call_goes_to_the_ready_agent_and_their_screen() -> None:
    """Arrival: reserved, rung, shown, in one step; the reservation is pending."""
    line = Line()
    line.sign_in("mei", MEI)
    orders = line.arrive("c1", number="+442079460123")
    ring = line.ring()
    assert (ring.call, ring.device, ring.number) == ("c1", MEI, "+442079460123")
    assert ring.reservation.state == "pending"
    assert ring.reservation.version == 1
    assert line.states() == {"mei": "reserved"}
    assert only(orders, ShowCard)[-1].card.offer is not None
    (record,) = only(orders, RecordDecision)
    assert (record.decision.agent, record.decision.rule) == ("mei", "longest_idle")


def test_an_answer_accepts_and_the_talk_wraps_up_and_completes() -> None:
    """pending, accepted, wrapping, completed, each stored with a higher version."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.rings(ring)
    line.pass_time(3)
    orders = line.answer(ring)
    line.pass_time(100)
    orders += line.end("c1")
    assert line.states() == {"mei": "wrapup"}
    orders += line.pass_time(60)
    assert line.states() == {"mei": "ready"}
    kept = only(orders, KeepReservation)
    assert [(one.state, one.version) for one in kept] == [
        ("accepted", 2), ("wrapping", 3), ("completed", 4),
    ]  # fmt: skip
    queue = line.floor.queue_views()["service"]
    assert (queue.offered, queue.answered, queue.wait_total) == (1, 1, 3.0)


def test_a_reservation_that_could_not_be_stored_is_nobodys_fault() -> None:
    """Nothing rang: the agent stays ready, and the call is tried with somebody else."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.say(
        e.RingFailed(
            at=line.at, reservation=line.ring().reservation.id, why="not_stored", detail="disk full"
        )
    )
    assert line.states() == {"mei": "ready"}
    assert line.floor.agent_view("mei").missed_today == 0
    orders = line.sign_in("tom", TOM)
    assert [one.device for one in only(orders, Ring)] == [TOM]


def test_no_answer_makes_the_agent_missed_and_the_call_keeps_its_place() -> None:
    """It goes to the next agent, before a call that came later."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.pass_time(5)
    line.arrive("c2")
    line.pass_time(10)
    line.failed(ring)
    assert line.states() == {"mei": "missed"}
    assert line.agent("mei").missed_today == 1
    line.sign_in("tom", TOM)
    assert line.ring().call == "c1"


def test_one_click_brings_a_missed_agent_back() -> None:
    """And the call they missed is not given to them again at once."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring())
    line.say(e.StateChosen(at=line.at, agent="mei", state="ready"))
    assert line.states() == {"mei": "ready"}
    assert only(line.orders, Ring) == []
    line.pass_time(61)
    assert line.states() == {"mei": "reserved"}, "after retry_seconds it may be"


def test_capacity_that_frees_takes_the_longest_waiting_call() -> None:
    """Nobody was ready when they came; the end of wrap-up gives out the first of them."""
    line = Line()
    line.arrive("c1")
    line.pass_time(5)
    line.arrive("c2")
    line.pass_time(5)
    line.sign_in("mei", MEI)
    assert line.ring().call == "c1"


def test_refused_with_a_reason() -> None:
    """The reservation is refused, the phone stops, the agent stays ready, another agent gets it."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(1)
    line.sign_in("tom", TOM)
    line.arrive("c1")
    ring = line.ring()
    line.say(
        e.ReservationRefused(
            at=line.at, agent="mei", reservation=ring.reservation.id, reason="wrong queue"
        )
    )
    (kept,) = only(line.orders, KeepReservation)
    assert (kept.state, kept.detail) == ("refused", "wrong queue")
    assert only(line.orders, StopRinging)[0].leg == ring.leg
    assert line.ring().device == TOM
    assert line.states() == {"mei": "ready", "tom": "reserved"}


def test_a_refused_offer_does_not_reset_the_idle_time() -> None:
    """Longest idle counts from the end of wrap-up, not from an offer that came to nothing."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(10)
    line.sign_in("tom", TOM)
    line.arrive("c1")
    line.pass_time(5)
    line.end("c1", "abandoned")
    line.pass_time(5)
    line.arrive("c2")
    assert line.ring().device == MEI


def test_the_caller_gives_up_while_the_phone_rings() -> None:
    """Rescinded: the phone stops, the agent is ready at once, nothing is counted against them."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.rings(ring)
    line.end("c1", "abandoned")
    assert line.kept() == ["rescinded"]
    assert only(line.orders, StopRinging)[0].leg == ring.leg
    view = line.agent("mei")
    assert (view.state, view.missed_today, view.reservation) == ("ready", 0, None)


def test_a_busy_phone_is_not_rung_again_and_again() -> None:
    """Somebody talks on it whom we do not see: the agent is asked to look."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring(), "busy")
    view = line.agent("mei")
    assert (view.state, view.reason) == ("missed", "busy")


def test_the_policy_may_leave_them_ready() -> None:
    """``missed_policy`` ready: only this call is kept from them."""
    line = Line(missed_policy="ready")
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.failed(line.ring())
    assert line.states() == {"mei": "ready"}
    line.arrive("c2")
    assert line.ring().call == "c2"


def test_two_agents_who_talked_to_each_other_both_go_on_wrapping_up() -> None:
    """After a restart the call is on both screens; it is forgotten when both are done."""
    line = Line()
    for agent, device in (("mei", MEI), ("tom", TOM)):
        line.sign_in(agent, device)
        line.say(
            e.WrapUpRestored(
                at=line.at, agent=agent, call="c1", since=line.at - 5.0, deadline=line.at + 5.0,
                direction="internal", number="1001", name=None, dialled="1002", queue=None,
                arrived=line.at - 60.0, answered=line.at - 50.0, ended=line.at - 5.0,
            )
        )  # fmt: skip
    assert line.states() == {"mei": "wrapup", "tom": "wrapup"}
    assert line.floor.state.calls["c1"].screens == {"mei", "tom"}
    line.pass_time(6.0)
    assert line.states() == {"mei": "ready", "tom": "ready"}
    assert line.floor.state.calls == {}


def test_a_break_chosen_while_the_phone_rings_comes_after_it() -> None:
    """Missed or rescinded, they go on the break that they chose."""
    for why in ("no_answer", "caller_gone"):
        line = Line()
        line.sign_in("mei", MEI)
        line.arrive("c1")
        ring = line.ring()
        line.say(e.StateChosen(at=line.at, agent="mei", state="break", reason="lunch"))
        line.failed(ring, why)  # type: ignore[arg-type]
        view = line.agent("mei")
        assert (view.state, view.reason) == ("break", "lunch")


def test_nobody_signs_out_from_under_a_call_but_a_supervisor_may() -> None:
    """The call goes to somebody else then."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    with pytest.raises(NotNow):
        line.say(e.AgentSignedOut(at=line.at, agent="mei"))
    line.say(e.AgentSignedOut(at=line.at, agent="mei", by="boss"))
    assert line.kept() == ["rescinded"]
    line.sign_in("tom", TOM)
    assert line.ring().call == "c1"


def test_wrap_up_can_be_extended() -> None:
    """On the server, by so many seconds from the present deadline."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    line.answer(line.ring())
    line.end("c1")
    line.say(e.WrapUpExtended(at=line.at, agent="mei", seconds=30))
    line.pass_time(89)
    assert line.states() == {"mei": "wrapup"}
    line.pass_time(2)
    assert line.states() == {"mei": "ready"}


def test_an_offer_that_is_over_cannot_be_refused() -> None:
    """A late click changes nothing."""
    line = Line()
    line.sign_in("mei", MEI)
    line.arrive("c1")
    ring = line.ring()
    line.answer(ring)
    with pytest.raises(UnknownCall):
        line.say(
            e.ReservationRefused(
                at=line.at, agent="mei", reservation=ring.reservation.id, reason="late"
            )
        )


def test_occupancy_counts_calls_and_wrap_up() -> None:
    """From the reservation to the end of wrap-up, of the time not away."""
    line = Line()
    line.sign_in("mei", MEI)
    line.pass_time(300)
    line.arrive("c1")
    line.answer(line.ring())
    line.pass_time(240)
    line.end("c1")
    line.pass_time(60)
    occupancy = line.agent("mei").occupancy
    assert occupancy is not None
    assert 0.5 < occupancy < 0.55
