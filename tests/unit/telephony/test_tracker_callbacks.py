"""Customers who are called back, as snapshots show them, and wishes that make no sense."""

from __future__ import annotations

import pytest

from callcenter.floor.events import (
    AgentOffLine,
    CallAnswered,
    CallArrived,
    CallbackAsked,
    CallEnded,
    CallQueued,
    CustomerAnswered,
)
from telephony.legs import called_back
from telephony.packet import Packet
from telephony.tracker import Tracker
from tests.unit.telephony.exchange_words import START, TRUNK, dials, hangs_up, inbound, new, up
from tests.unit.telephony.test_tracker_calls import of
from tests.unit.telephony.test_tracker_snapshot import picture, shown
from tests.unit.telephony.test_waiting import after, says, waits

CALL, AGENT = "cb-a1-1", "cc-a1-2"
OUTSIDE = "Local/+447700900711@outside-00000001"


def behind_local(bridge: str = "") -> list[Packet]:
    """A customer behind a Local channel, whose oldest leg is the trunk's, and whose Linkedid is
    that of the agent who was on the line first."""
    return [
        shown("1.5", f"{TRUNK}1", linked=AGENT, BridgeId="b-outside", Context="from-trunk"),
        shown(f"{CALL}-2", f"{OUTSIDE};2", linked=AGENT, BridgeId="b-outside", Context="outside"),
        shown(CALL, f"{OUTSIDE};1", linked=AGENT, BridgeId=bridge, Context="cc-wait"),
    ]


@pytest.mark.parametrize(
    ("uid", "is_one"),
    [
        (CALL, True),
        (f"{CALL}-2", False),
        (AGENT, False),
        ("1.5", False),
        ("cb-1700000000.5", False),
    ],
)
def test_the_engine_knows_its_own_ids(uid: str, is_one: bool) -> None:
    """An exchange that is called "cb" makes Uniqueids of another form."""
    assert called_back(uid) is is_one


def test_a_talk_is_found_under_the_engines_id() -> None:
    """Whichever leg is older and whatever Linkedid they have."""
    tracker = Tracker()
    agent = shown(AGENT, "PJSIP/1001-0001", BridgeId="b1", Context="cc-callback-agent")
    events = tracker.snapshot(picture([agent, *behind_local("b1")]), START)
    (arrived,) = of(CallArrived, events)
    assert (arrived.call, arrived.direction, arrived.number) == (CALL, "outbound", "+447700900711")
    assert arrived.resumed
    (answered,) = of(CallAnswered, events)
    assert (answered.call, answered.device, answered.leg) == (CALL, "PJSIP/1001", AGENT)
    assert len(of(CustomerAnswered, events)) == 1


def test_who_waits_is_found_and_told_once() -> None:
    tracker = Tracker()
    events = tracker.snapshot(picture(behind_local()), START)
    events += tracker.snapshot(picture(behind_local()), START + 1)
    assert [one.call for one in of(CallArrived, events)] == [CALL]
    assert [one.call for one in of(CustomerAnswered, events)] == [CALL]
    assert [(one.call, one.leg) for one in of(CallQueued, events)] == [(CALL, CALL)]


def test_who_fell_back_into_a_queue_of_the_exchange_had_answered() -> None:
    """Told when they are found there, not when somebody takes them out of it."""
    tracker = Tracker()
    fallen = shown(
        CALL, f"{TRUNK}1", Context="cc-fallback", Application="Queue", ApplicationData="service"
    )
    assert len(of(CustomerAnswered, tracker.snapshot(picture([fallen]), START))) == 1
    assert not of(CustomerAnswered, tracker.snapshot(picture([fallen]), START + 1))


def test_a_phone_that_rings_does_not_show_whose_it_is() -> None:
    """The number on the leg is the one that the customer sees."""
    ringing = shown(CALL, f"{TRUNK}1", "5", Context="from-trunk", Exten="s")
    events = Tracker().snapshot(picture([ringing]), START)
    (arrived,) = of(CallArrived, events)
    assert (arrived.call, arrived.number) == (CALL, None)
    assert not of(CustomerAnswered, events)


def test_an_agent_found_waiting_goes_off_line() -> None:
    """When the next snapshot does not show them any more, too."""
    tracker = Tracker()
    alone = shown(AGENT, "PJSIP/1001-0001", Context="cc-callback-agent", Exten="s")
    assert not of(CallArrived, tracker.snapshot(picture([alone]), START))
    events = tracker.snapshot(picture([]), START + 1)
    assert [one.leg for one in of(AgentOffLine, events)] == [AGENT]
    assert tracker.is_empty


@pytest.mark.parametrize("number", ["+44", "1*2", "1" * 19, "<b>", "٤"])
def test_a_number_that_nobody_can_enter_is_not_told(number: str) -> None:
    tracker, events = after(
        inbound(),
        waits(),
        says("1.1", "Away", Why="key"),
        says("1.1", "Callback", Queue="service", Number=number),
    )
    assert not of(CallbackAsked, events)
    assert tracker.unexpected.total() == 1


def dialled_and_picked_up(*more: Packet) -> list[str]:
    """How the call to a customer who picked up ended."""
    _, events = after(
        new(CALL, f"{TRUNK}1"), dials(None, CALL), up(CALL), *more, hangs_up(CALL)
    )  # fmt: skip
    return [one.why for one in of(CallEnded, events)]


def test_who_picked_up_and_was_taken_back_did_not_fail_to_answer() -> None:
    """The exchange listened for a machine when the agent went away."""
    assert dialled_and_picked_up() == ["abandoned"]
    machine = says(CALL, "Answered", Queue="service", By="machine")
    assert dialled_and_picked_up(machine) == ["no_answer"]
