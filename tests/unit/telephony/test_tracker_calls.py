"""Ordinary calls: inbound, outbound and internal, answered or not, direct or through a queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerChanged,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    CallResumed,
    DeviceLeft,
    Event,
    OfferEnded,
)
from telephony.calls import TRANSITIONS, CallEvent, CallState
from telephony.conversations import Conversations
from telephony.packet import Packet
from telephony.tracker import Tracker
from tests.unit.telephony.exchange_words import (
    START,
    asks_to_end,
    called,
    dialled,
    dials,
    enters,
    exits,
    hangs_up,
    inbound,
    joins,
    leaves,
    new,
    packet,
    up,
)

CALLER, AGENT, OTHER = "1.1", "1.2", "1.3"


def told(packets: Iterable[Packet], tracker: Tracker | None = None) -> list[Event]:
    tracker = tracker if tracker is not None else Tracker()
    events: list[Event] = []
    for count, one in enumerate(packets):
        events += tracker.receive(one, START + count / 100)
    return events


def of(kind: type[Any], events: Iterable[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def ringing_queue() -> list[Packet]:
    """A caller waits and 1001 rings."""
    return [
        inbound(),
        joins(CALLER),
        new(AGENT, "PJSIP/1001-0001", CALLER),
        called(CALLER, AGENT, "PJSIP/1001"),
        dials(CALLER, AGENT),
    ]


def ringing_phone() -> list[Packet]:
    """A caller rings 1001's direct line."""
    return [inbound(), new(AGENT, "PJSIP/1001-0001", CALLER), dials(CALLER, AGENT)]


def answered_phone() -> list[Packet]:
    return [
        *ringing_phone(),
        up(AGENT),
        dialled(CALLER, AGENT, "ANSWER"),
        enters(AGENT),
        enters(CALLER),
    ]


def outbound(exten: str = "02079460999") -> list[Packet]:
    """1001 dials over the trunk; it rings."""
    return [
        new(CALLER, "PJSIP/1001-0001", CallerIDNum="1001", Exten=exten),
        new(AGENT, "PJSIP/trunk-0002", CALLER),
        dials(CALLER, AGENT, f"{exten}@trunk"),
    ]


def test_an_inbound_call_is_told_at_its_first_packet_with_number_name_and_line() -> None:
    """CallArrived at Newchannel: the card starts before the dialplan does."""
    (arrived,) = told([inbound(number="+442079460123", name="Ada O'Hara")])
    assert arrived == CallArrived(
        at=START,
        call="1.1",
        direction="inbound",
        number="+442079460123",
        name="Ada O'Hara",
        dialled="+442079460100",
    )


@pytest.mark.parametrize("number", ["<unknown>", "unknown", "Anonymous", "", "anonymous"])
def test_a_withheld_number_is_none(number: str) -> None:
    """All of Asterisk's words for "no number" are no number."""
    (arrived,) = told([inbound(number=number, name=number)])
    assert (arrived.number, arrived.name) == (None, None)


def test_a_hostile_name_is_one_clean_short_line() -> None:
    """Controls, bidirectional marks and line separators go; 80 characters stay."""
    name = "\u202eEve\u2066\u2028Uniqueid: 9.9\x85\x07" + "x" * 500
    (arrived,) = told([inbound(name=name, number="+44" + "1" * 300)])
    assert arrived.name is not None
    assert arrived.name.startswith("Eve Uniqueid: 9.9")
    assert len(arrived.name) == 80
    assert arrived.number is not None
    assert len(arrived.number) == 40
    assert arrived.name.isprintable()


def test_names_are_composed_and_joiners_stay() -> None:
    """NFC; the joiners that Persian is spelled with are no control characters to be stripped."""
    (arrived,) = told([inbound(name="Jose\u0301 می\u200cخواهم")])
    assert arrived.name == "José می\u200cخواهم"


def test_the_caller_gets_another_name_on_the_way() -> None:
    """NewCallerid on the caller's leg; the same once more says nothing."""
    changed = packet("NewCallerid", Uniqueid=CALLER, CallerIDNum="123456", CallerIDName="Bob")
    events = told([inbound(), changed, changed])
    assert of(CallerChanged, events) == [
        CallerChanged(at=START + 0.01, call="1.1", number="123456", name="Bob")
    ]


def test_a_queue_call_is_queued_offered_answered_and_completed() -> None:
    """The whole course, with AgentCalled and DialBegin making one offer."""
    events = told(
        [
            *ringing_queue(),
            up(AGENT),
            dialled(CALLER, AGENT, "ANSWER"),
            leaves(CALLER),
            enters(AGENT),
            enters(CALLER),
            asks_to_end(CALLER),
            exits(CALLER),
            hangs_up(CALLER),
            hangs_up(AGENT),
        ]
    )
    assert [type(event) for event in events] == [
        CallArrived,
        CallQueued,
        CallOffered,
        CallLeftQueue,
        CallAnswered,
        CallEnded,
    ]
    offered, left, answered = events[2:5]
    assert (offered.device, offered.leg, offered.queue) == ("PJSIP/1001", AGENT, "service")
    assert left.why == "answered"
    assert (answered.device, answered.queue) == ("PJSIP/1001", "service")
    assert events[-1].why == "completed"
    assert events[-1].cause == 16


def test_the_queues_own_answer_of_the_caller_is_no_answer() -> None:
    """A caller who is Up and hears music has not been answered."""
    assert of(CallAnswered, told([inbound(), up(CALLER), joins(CALLER)])) == []


def test_the_phone_that_picks_up_is_answered_only_when_both_hear_each_other() -> None:
    """Up and ANSWER are not yet a conversation; the second BridgeEnter is."""
    packets = [*ringing_queue(), up(AGENT), dialled(CALLER, AGENT, "ANSWER"), enters(AGENT)]
    assert of(CallAnswered, told(packets)) == []
    assert len(of(CallAnswered, told([*packets, enters(CALLER)]))) == 1


def test_dial_begin_before_agent_called_is_still_one_offer_of_the_queue() -> None:
    """Whichever comes first makes the offer."""
    packets = ringing_queue()
    packets[-2:] = reversed(packets[-2:])
    (offered,) = of(CallOffered, told(packets))
    assert offered.queue == "service"


def test_ring_all_offers_each_phone_once_and_the_losers_stop_once() -> None:
    """1002 answers; CANCEL for 1001 comes twice and says "answered elsewhere" once."""
    events = told(
        [
            *ringing_queue(),
            new(OTHER, "PJSIP/1002-0002", CALLER),
            called(CALLER, OTHER, "PJSIP/1002"),
            dials(CALLER, OTHER),
            up(OTHER),
            dialled(CALLER, OTHER, "ANSWER"),
            dialled(CALLER, AGENT, "CANCEL"),
            dialled(CALLER, AGENT, "CANCEL"),
            leaves(CALLER),
            hangs_up(AGENT, "26"),
            enters(OTHER),
            enters(CALLER),
        ]
    )
    assert [event.device for event in of(CallOffered, events)] == ["PJSIP/1001", "PJSIP/1002"]
    (ended,) = of(OfferEnded, events)
    assert (ended.device, ended.why) == ("PJSIP/1001", "answered_elsewhere")
    (answered,) = of(CallAnswered, events)
    assert answered.device == "PJSIP/1002"


@pytest.mark.parametrize(
    ("status", "cause", "why"),
    [
        ("NOANSWER", None, "no_answer"),
        ("BUSY", None, "busy"),
        ("NOANSWER", "17", "busy"),
        ("CONGESTION", None, "congestion"),
        ("CHANUNAVAIL", None, "congestion"),
        ("NOANSWER", "21", "refused"),
        ("CHANUNAVAIL", "21", "refused"),
        ("CANCEL", None, "cancelled"),
        ("ABORT", None, "unknown"),
        ("", None, "unknown"),
    ],
)
def test_how_ringing_ends(status: str, cause: str | None, why: str) -> None:
    """DIALSTATUS with the cause of the phone's own leg: only that tells a refusal."""
    refusal = [] if cause is None else [asks_to_end(AGENT, cause)]
    events = told([*ringing_queue(), *refusal, dialled(CALLER, AGENT, status)])
    assert [event.why for event in of(OfferEnded, events)] == [why]


def test_ringing_ends_with_the_leg_even_without_a_dial_end() -> None:
    """A lost DialEnd does not leave a phone ringing for ever."""
    events = told([*ringing_queue(), hangs_up(AGENT, "19")])
    assert [event.why for event in of(OfferEnded, events)] == ["no_answer"]


def test_a_dial_begin_that_comes_again_does_not_offer_again() -> None:
    """Doubled or late: this leg has rung."""
    again = dials(CALLER, AGENT)
    events = told([*ringing_queue(), again, dialled(CALLER, AGENT, "NOANSWER"), again])
    assert len(of(CallOffered, events)) == 1


def test_no_answer_then_another_agent() -> None:
    """The call stays in the line between two offers."""
    events = told(
        [
            *ringing_queue(),
            dialled(CALLER, AGENT, "NOANSWER"),
            hangs_up(AGENT, "0"),
            new(OTHER, "PJSIP/1002-0002", CALLER),
            called(CALLER, OTHER, "PJSIP/1002"),
        ]
    )
    assert [type(event) for event in events[2:]] == [CallOffered, OfferEnded, CallOffered]
    assert of(CallLeftQueue, events) == []


def abandon(uid: str = CALLER) -> Packet:
    return packet("QueueCallerAbandon", Uniqueid=uid, Queue="service")


def variable(name: str, value: str, uid: str = CALLER) -> Packet:
    return packet("VarSet", Uniqueid=uid, Variable=name, Value=value)


def next_step(uid: str = CALLER) -> Packet:
    return packet("Newexten", Uniqueid=uid, Application="Playback")


@pytest.mark.parametrize(
    ("packets", "why", "end"),
    [
        # gave up
        ([asks_to_end(CALLER), abandon(), leaves(CALLER)], "abandoned", "abandoned"),
        ([abandon(), leaves(CALLER), asks_to_end(CALLER)], "abandoned", "abandoned"),
        # time-out, which sends QueueCallerAbandon too
        ([abandon(), leaves(CALLER), variable("QUEUESTATUS", "TIMEOUT")], "timed_out",
         "queue_left"),
        ([abandon(), leaves(CALLER), next_step()], "timed_out", "queue_left"),
        ([abandon(), leaves(CALLER)], "timed_out", "queue_left"),
        # nobody there
        ([abandon(), leaves(CALLER), variable("QUEUESTATUS", "LEAVEEMPTY")], "empty",
         "queue_left"),
        # a key: no QueueCallerAbandon
        ([leaves(CALLER), next_step()], "key", "queue_left"),
        # QueueWithdrawCaller
        ([abandon(), leaves(CALLER), variable("QUEUESTATUS", "WITHDRAW")], "unknown",
         "no_answer"),
        # no goodbye from the queue at all
        ([asks_to_end(CALLER)], "abandoned", "abandoned"),
        ([], "abandoned", "abandoned"),
    ],
)  # fmt: skip
def test_why_a_call_left_the_queue(packets: list[Packet], why: str, end: str) -> None:
    """QueueCallerAbandon does not say it: what follows does."""
    events = told([inbound(), joins(CALLER), *packets, hangs_up(CALLER, "16")])
    assert [event.why for event in of(CallLeftQueue, events)] == [why]
    assert [event.why for event in of(CallEnded, events)] == [end]


def test_silence_about_queuestatus_means_abandoned_where_variables_can_be_read() -> None:
    """Channel drivers that hang up without a HangupRequest."""
    events = told(
        [
            inbound(),
            variable("X", "1"),
            joins(CALLER),
            abandon(),
            leaves(CALLER),
            hangs_up(CALLER),
        ]
    )
    assert [event.why for event in of(CallLeftQueue, events)] == ["abandoned"]


def test_giving_up_while_a_phone_rings_cancels_the_offer() -> None:
    """Abandoned, not missed by the agent."""
    events = told(
        [
            *ringing_queue(),
            asks_to_end(CALLER),
            dialled(CALLER, AGENT, "CANCEL"),
            dialled(CALLER, AGENT, "CANCEL"),
            abandon(),
            hangs_up(AGENT, "0"),
            leaves(CALLER),
            hangs_up(CALLER, "0"),
        ]
    )
    assert [event.why for event in of(OfferEnded, events)] == ["cancelled"]
    assert [event.why for event in of(CallLeftQueue, events)] == ["abandoned"]
    assert [event.why for event in of(CallEnded, events)] == ["abandoned"]


def test_leaving_by_time_out_and_hanging_up_later_is_not_abandoned() -> None:
    """The caller hears the closing message and hangs up: the queue was left, by time-out."""
    events = told(
        [
            inbound(),
            joins(CALLER),
            abandon(),
            leaves(CALLER),
            variable("QUEUESTATUS", "TIMEOUT"),
            asks_to_end(CALLER),
            hangs_up(CALLER),
        ]
    )
    assert [event.why for event in of(CallEnded, events)] == ["queue_left"]


def test_a_busy_member_does_not_make_the_call_busy() -> None:
    """What a queue's members answer is not how the caller's call ends."""
    events = told(
        [
            *ringing_queue(),
            dialled(CALLER, AGENT, "BUSY"),
            hangs_up(AGENT, "17"),
            abandon(),
            leaves(CALLER),
            variable("QUEUESTATUS", "WITHDRAW"),
            hangs_up(CALLER),
        ]
    )
    assert [event.why for event in of(CallEnded, events)] == ["no_answer"]


def test_from_one_queue_into_the_next() -> None:
    """Each line is entered and left once, and the end counts from the last."""
    events = told(
        [
            inbound(),
            joins(CALLER, "service"),
            abandon(),
            leaves(CALLER, "service"),
            joins(CALLER, "overflow"),
            asks_to_end(CALLER),
            abandon(),
            leaves(CALLER, "overflow"),
            hangs_up(CALLER),
        ]
    )
    assert [(e.queue, e.why) for e in of(CallLeftQueue, events)] == [
        ("service", "timed_out"),
        ("overflow", "abandoned"),
    ]
    assert [event.why for event in of(CallEnded, events)] == ["abandoned"]


@pytest.mark.parametrize(
    ("status", "cause", "end"),
    [
        ("BUSY", "17", "busy"),
        ("CONGESTION", "34", "congestion"),
        ("NOANSWER", "19", "no_answer"),
        ("CHANUNAVAIL", "3", "failed"),
    ],
)
def test_how_a_direct_call_ends_unanswered(status: str, cause: str, end: str) -> None:
    """The result of Dial() is the result of the call, even if the caller hangs up on the tone."""
    events = told(
        [
            *ringing_phone(),
            dialled(CALLER, AGENT, status),
            hangs_up(AGENT, cause),
            asks_to_end(CALLER),
            hangs_up(CALLER),
        ]
    )
    assert [event.why for event in of(CallEnded, events)] == [end]


def test_the_caller_hangs_up_while_one_of_two_phones_is_busy() -> None:
    """The other still rang, so the caller gave up."""
    events = told(
        [
            *ringing_phone(),
            new(OTHER, "PJSIP/1002-0002", CALLER),
            dials(CALLER, OTHER),
            dialled(CALLER, AGENT, "BUSY"),
            asks_to_end(CALLER, "127"),
            dialled(CALLER, OTHER, "CANCEL"),
            hangs_up(AGENT, "17"),
            hangs_up(OTHER),
            hangs_up(CALLER, "127"),
        ]
    )
    assert [event.why for event in of(CallEnded, events)] == ["abandoned"]


@pytest.mark.parametrize(
    ("cause", "end"), [("34", "congestion"), ("17", "busy"), ("1", "failed"), ("16", "no_answer")]
)
def test_a_call_that_reached_nobody_ends_by_its_own_cause(cause: str, end: str) -> None:
    """No phone was even rung (none signed in): the caller's cause is all there is."""
    assert of(CallEnded, told([inbound(), hangs_up(CALLER, cause)]))[0].why == end


def test_an_outbound_call_has_the_dialled_number_and_the_agents_device() -> None:
    """Told when the trunk is dialled; the trunk is no device to be offered anything."""
    events = told([*outbound(), up(AGENT), enters(CALLER), enters(AGENT)])
    arrived, answered = events
    assert arrived.direction == "outbound"
    assert (arrived.number, arrived.device) == ("02079460999", "PJSIP/1001")
    assert (answered.device, answered.leg, answered.queue) == ("PJSIP/1001", CALLER, None)


@pytest.mark.parametrize(
    ("string", "number"),
    [
        ("02079460999@trunk", "02079460999"),
        ("trunk/02079460999", "02079460999"),
        ("trunk/sip:+442079460999@sip.example.net", "+442079460999"),
        ("", "902079460999"),
    ],
)
def test_the_number_sent_to_the_trunk_counts_not_the_outside_line(string: str, number: str) -> None:
    """9 was dialled for an outside line; the dial string has the number itself."""
    packets = outbound("902079460999")
    packets[-1] = dials(CALLER, AGENT, string)
    assert told(packets)[0].number == number


@pytest.mark.parametrize(
    ("packets", "end"),
    [
        ([dialled(CALLER, AGENT, "BUSY"), hangs_up(AGENT, "17"), hangs_up(CALLER, "17")], "busy"),
        ([asks_to_end(AGENT, "21"), dialled(CALLER, AGENT, "NOANSWER"), hangs_up(AGENT, "21"),
          hangs_up(CALLER, "21")], "refused"),
        ([asks_to_end(CALLER, "127"), dialled(CALLER, AGENT, "CANCEL"), hangs_up(AGENT),
          hangs_up(CALLER, "127")], "abandoned"),
    ],
)  # fmt: skip
def test_how_an_outbound_call_ends_unanswered(packets: list[Packet], end: str) -> None:
    """Busy, refused, or given up by the agent."""
    assert [event.why for event in of(CallEnded, told([*outbound(), *packets]))] == [end]


def test_what_an_agent_dials_is_no_call_until_somebody_is_rung() -> None:
    """Voicemail, a feature code or a wrong number tells the floor nothing."""
    tracker = Tracker()
    packets = [new(CALLER, "PJSIP/1001-0001", Exten="*97"), up(CALLER), hangs_up(CALLER)]
    assert told(packets, tracker) == []
    assert tracker.is_empty


def test_an_agents_own_caller_id_does_not_change_the_customer() -> None:
    """On an outbound call the agent's leg gets the centre's number; the customer stays."""
    changed = packet("NewCallerid", Uniqueid=CALLER, CallerIDNum="+442079460100", CallerIDName="")
    assert of(CallerChanged, told([*outbound(), changed])) == []


def test_an_internal_call_has_two_own_devices() -> None:
    """The called phone is offered the call; both are in conversation."""
    events = told(
        [
            new(CALLER, "PJSIP/1001-0001", CallerIDNum="1001", CallerIDName="Al", Exten="1002"),
            new(AGENT, "PJSIP/1002-0002", CALLER),
            dials(CALLER, AGENT, "1002"),
            up(AGENT),
            enters(AGENT),
            enters(CALLER),
        ]
    )
    arrived, offered, *answered = events
    assert (arrived.direction, arrived.number, arrived.name) == ("internal", "1001", "Al")
    assert (arrived.dialled, arrived.device) == ("1002", "PJSIP/1001")
    assert offered.device == "PJSIP/1002"
    assert [event.device for event in answered] == ["PJSIP/1001", "PJSIP/1002"]


def test_hold_and_unhold_by_the_agents_phone() -> None:
    """Twice the same says nothing new; a customer's hold is not ours to show."""
    hold, unhold = packet("Hold", Uniqueid=AGENT), packet("Unhold", Uniqueid=AGENT)
    theirs = packet("Hold", Uniqueid=CALLER)
    events = told([*answered_phone(), theirs, hold, hold, unhold, unhold])
    assert [type(event) for event in events[3:]] == [CallHeld, CallResumed]
    assert events[-1].device == "PJSIP/1001"


def test_the_agent_leaves_and_the_call_goes_on() -> None:
    """The caller stays for a survey: the agent is done at once, the call ends later, completed."""
    events = told([*answered_phone(), exits(AGENT), hangs_up(AGENT), exits(CALLER)])
    (left,) = of(DeviceLeft, events)
    assert (left.device, left.leg) == ("PJSIP/1001", AGENT)
    assert of(CallEnded, events) == []


def test_no_device_left_when_everybody_is_on_the_way_out() -> None:
    """The agent's leg goes last but one with the caller's already ending: just the end."""
    end = packet("SoftHangupRequest", Uniqueid=CALLER, Cause="16")
    events = told([*answered_phone(), end, hangs_up(AGENT), hangs_up(CALLER)])
    assert [type(event) for event in events[3:]] == [CallEnded]


def test_the_engine_rings_an_agent_for_a_waiting_caller() -> None:
    """An originated leg that carries the waiting channel's name is an offer of that call."""
    packets = [
        inbound(),
        new("engine-1", "PJSIP/1001-0009", ChannelState="0"),
        variable("CHANNEL_TO_JOIN", "PJSIP/trunk-00000001.1", "engine-1"),
        dials(None, "engine-1", "1001"),
    ]
    events = told(packets)
    assert [(type(event), event.call) for event in events] == [
        (CallArrived, "1.1"),
        (CallOffered, "1.1"),
    ]
    events = told([*packets, up("engine-1"), enters("engine-1"), enters(CALLER)])
    assert (events[-1].device, events[-1].call) == ("PJSIP/1001", "1.1")


def test_an_invited_agent_who_does_not_answer_does_not_end_the_callers_wait() -> None:
    """The caller gives up later: abandoned, though the last phone was busy."""
    events = told(
        [
            inbound(),
            new("engine-1", "PJSIP/1001-0009", ChannelState="0"),
            variable("CHANNEL_TO_JOIN", "PJSIP/trunk-00000001.1", "engine-1"),
            dials(None, "engine-1", "1001"),
            packet("DialEnd", DestUniqueid="engine-1", DialStatus="BUSY"),
            hangs_up("engine-1", "17"),
            asks_to_end(CALLER),
            hangs_up(CALLER),
        ]
    )
    assert [event.why for event in of(OfferEnded, events)] == ["busy"]
    assert [event.why for event in of(CallEnded, events)] == ["abandoned"]


def test_an_engine_that_is_not_told_rings_nobody_for_nobody() -> None:
    """An originated leg without a caller is no call until it meets one."""
    packets = [
        inbound(),
        new("engine-1", "PJSIP/1001-0009", ChannelState="0"),
        dials(None, "engine-1", "1001"),
        up("engine-1"),
    ]
    assert [type(event) for event in told(packets)] == [CallArrived]
    (answered,) = of(CallAnswered, told([*packets, enters(CALLER), enters("engine-1")]))
    assert (answered.call, answered.device) == ("1.1", "PJSIP/1001")


def test_click_to_dial_is_an_outbound_call_of_the_agent() -> None:
    """The agent's phone is rung first, then the number."""
    events = told(
        [
            new("e.1", "PJSIP/1001-0001", ChannelState="0", Exten="02079460999"),
            dials(None, "e.1", "1001"),
            up("e.1"),
            new("e.2", "PJSIP/trunk-0002", "e.1"),
            dials("e.1", "e.2", "02079460999@trunk"),
        ]
    )
    (arrived,) = events
    assert (arrived.direction, arrived.number) == ("outbound", "02079460999")
    assert arrived.device == "PJSIP/1001"


def test_the_table_refuses_what_makes_no_sense_and_counts_it() -> None:
    """Nothing is told of a hidden call; a waiting one is not answered before it left the line."""
    book = Conversations(lambda device: True)
    call = book.call_for("1.1", "1.1")
    ended = CallEnded(at=START, call="1.1", why="lost")
    book.tell(call, ended)
    assert not book.unexpected
    call.state = CallState.WAITING
    book.tell(call, CallAnswered(at=START, call="1.1", device="D", leg="1.2", queue=None))
    book.tell(call, ended)
    assert book.out == []
    assert dict(book.unexpected) == {"CallAnswered while waiting": 1, "CallEnded while waiting": 1}


def test_every_state_but_the_last_leads_on_and_every_event_has_its_place() -> None:
    """The table is whole: all events of a call appear, and nothing follows the end."""
    assert set(TRANSITIONS) == set(CallState)
    assert TRANSITIONS[CallState.ENDED] == {}
    assert {kind for row in TRANSITIONS.values() for kind in row} == set(get_args(CallEvent))
