"""How an attempt ends, and what becomes of agent and callback then."""

from __future__ import annotations

import pytest

from callcenter.floor import events as e
from callcenter.floor.callback import CallbackRules, RetryRule
from callcenter.floor.orders import StopDialling
from tests.unit.callcenter.floor.callback_line import Lines, a_callback
from tests.unit.callcenter.floor.engine_line import MEI, TOM, only


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
