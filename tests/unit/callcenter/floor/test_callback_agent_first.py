"""Callbacks for which the agent is rung first, and the customer when they answered."""

from __future__ import annotations

from dataclasses import replace

from callcenter.floor import events as e
from callcenter.floor.callback import CallbackRules
from callcenter.floor.orders import StopDialling, StopRinging
from tests.unit.callcenter.floor.callback_line import Lines
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only

AGENT_FIRST = CallbackRules(first="agent")


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
