"""Calls of many legs: Local channels in every order, optimisation, merges, bridges, late words."""

from __future__ import annotations

import itertools

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallOffered,
    CallsMerged,
    DeviceChanged,
    MemberGone,
    MemberSeen,
    OfferEnded,
)
from telephony.legs import age
from telephony.packet import Packet
from telephony.parties import Devices
from telephony.tracker import WANTED, Tracker
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
from tests.unit.telephony.test_tracker_calls import answered_phone, of, told

CALLER, ONE, TWO, PHONE = "1.1", "1.2", "1.3", "1.4"
INTERFACE = "Local/1007@agent-legs/n"
ONE_NAME, TWO_NAME = "Local/1007@agent-legs-00000001;1", "Local/1007@agent-legs-00000001;2"


def member(interface: str, behind: str, **headers: str) -> Packet:
    given = {
        "Queue": "service",
        "MemberName": "Gao Min",
        "Interface": interface,
        "StateInterface": behind,
        "Status": "1",
        "Paused": "0",
    }
    return packet("QueueMemberStatus", **(given | headers))


def local_halves() -> list[Packet]:
    return [
        new(ONE, ONE_NAME, CALLER, Exten="1007"),
        new(TWO, TWO_NAME, CALLER, Exten="1007", ChannelState="4"),
    ]


LOCAL_BRIDGE = packet("LocalBridge", LocalOneUniqueid=ONE, LocalTwoUniqueid=TWO)
MEMBER_RINGS = [called(CALLER, ONE, INTERFACE), dials(CALLER, ONE)]
PHONE_RINGS = [new(PHONE, "PJSIP/1007-0001", CALLER), dials(TWO, PHONE, "1007")]


def local_queue_call() -> list[Packet]:
    return [inbound(), joins(CALLER), *local_halves(), LOCAL_BRIDGE, *MEMBER_RINGS, *PHONE_RINGS]


def local_answered() -> list[Packet]:
    """Two bridges: phone with ;2, caller with ;1."""
    return [
        *local_queue_call(),
        up(PHONE),
        dialled(TWO, PHONE, "ANSWER"),
        up(TWO),
        up(ONE),
        dialled(CALLER, ONE, "ANSWER"),
        leaves(CALLER),
        enters(ONE, "b1"),
        enters(PHONE, "b2"),
        enters(TWO, "b2"),
        enters(CALLER, "b1"),
    ]


def test_the_phone_behind_a_local_member_is_offered_and_answers() -> None:
    """The device is the real phone, the queue that of the member, and there is one offer."""
    events = told(local_answered())
    (offered,) = of(CallOffered, events)
    (answered,) = of(CallAnswered, events)
    assert (offered.device, offered.queue) == ("PJSIP/1007", "service")
    assert (answered.device, answered.leg, answered.queue) == ("PJSIP/1007", PHONE, "service")


def test_local_bridge_may_come_before_or_after_the_dial() -> None:
    """Every place of LocalBridge between its channels and the phone gives the same events."""
    base = [*local_halves(), *MEMBER_RINGS, *PHONE_RINGS]
    seen = set()
    for place in range(2, len(base) + 1):
        packets = [inbound(), joins(CALLER), *base[:place], LOCAL_BRIDGE, *base[place:]]
        seen.add(tuple((type(e), getattr(e, "device", None)) for e in told(packets)))
    assert len(seen) == 1
    assert len(seen.pop()) == 3


def test_a_phone_known_from_the_state_interface_is_offered_before_it_rings() -> None:
    """The member list says whose phone it is: the offer comes at AgentCalled, once."""
    packets = [member(INTERFACE, "PJSIP/1007"), *local_answered()]
    before = [member(INTERFACE, "PJSIP/1007"), *local_queue_call()[:6]]
    (offered,) = of(CallOffered, told(before))
    assert (offered.device, offered.leg) == ("PJSIP/1007", ONE)
    events = told(packets)
    assert len(of(CallOffered, events)) == 1
    assert [event.device for event in of(CallAnswered, events)] == ["PJSIP/1007"]
    assert of(OfferEnded, events) == []


def test_a_local_member_that_leads_to_a_mobile_is_known_by_its_interface() -> None:
    """Over the trunk there is no own phone; the member itself is the device."""
    packets = local_queue_call()
    packets[-2] = new(PHONE, "PJSIP/trunk-0009", CALLER)
    (offered,) = of(CallOffered, told(packets))
    assert (offered.device, offered.queue) == (INTERFACE, "service")


@pytest.mark.parametrize("ends", [ONE, PHONE])
def test_an_offer_over_a_local_channel_ends_once(ends: str) -> None:
    """Whether the queue's dial or the inner one ends first, and however often."""
    by = {ONE: CALLER, PHONE: TWO}[ends]
    events = told(
        [
            *local_queue_call(),
            dialled(by, ends, "NOANSWER"),
            dialled(TWO, PHONE, "CANCEL"),
            dialled(CALLER, ONE, "NOANSWER"),
            hangs_up(PHONE),
            hangs_up(ONE),
            hangs_up(TWO),
        ]
    )
    assert [(e.device, e.why) for e in of(OfferEnded, events)] == [("PJSIP/1007", "no_answer")]
    assert of(CallEnded, events) == []


def test_talk_goes_on_through_optimisation() -> None:
    """The phone moves over, the Local halves hang up: nobody leaves, nobody is answered again."""
    tracker = Tracker()
    events = told(
        [
            *local_answered(),
            packet("LocalOptimizationBegin", LocalOneUniqueid=ONE, LocalTwoUniqueid=TWO),
            exits(PHONE, "b2"),
            enters(PHONE, "b1"),
            exits(ONE, "b1"),
            exits(TWO, "b2"),
            packet("LocalOptimizationEnd", LocalOneUniqueid=ONE, LocalTwoUniqueid=TWO),
            hangs_up(ONE),
            hangs_up(TWO),
        ],
        tracker,
    )
    assert len(of(CallAnswered, events)) == 1
    assert isinstance(events[-1], CallAnswered)
    events = told([asks_to_end(CALLER), hangs_up(CALLER), hangs_up(PHONE)], tracker)
    assert [event.why for event in of(CallEnded, events)] == ["completed"]
    assert tracker.is_empty


def test_two_contacts_of_one_phone_are_one_offer() -> None:
    """PJSIP_DIAL_CONTACTS rings desk phone and browser of one agent: it ends with the last."""
    packets = [
        inbound(),
        new(ONE, "PJSIP/1001-0001", CALLER),
        new(TWO, "PJSIP/1001-0002", CALLER),
        dials(CALLER, ONE),
        dials(CALLER, TWO),
        dialled(CALLER, ONE, "BUSY"),
    ]
    events = told(packets)
    assert len(of(CallOffered, events)) == 1
    assert of(OfferEnded, events) == []
    assert len(of(OfferEnded, told([*packets, dialled(CALLER, TWO, "BUSY")]))) == 1


def test_two_calls_that_meet_in_a_bridge_are_one_from_then_on() -> None:
    """The older id stays; the end comes once, for all legs."""
    tracker = Tracker()
    told(answered_phone(), tracker)
    consult = [
        new("2.1", "PJSIP/1001-0005", CallerIDNum="1001", Exten="1002"),
        new("2.2", "PJSIP/1002-0006", "2.1"),
        dials("2.1", "2.2", "1002"),
        up("2.2"),
        enters("2.2", "b2"),
        enters("2.1", "b2"),
    ]
    assert {event.call for event in of(CallAnswered, told(consult, tracker))} == {"2.1"}
    events = told([exits("2.2", "b2"), enters("2.2", "b1")], tracker)
    assert events == [CallsMerged(at=events[0].at, call="1.1", absorbed="2.1")]
    events = told([hangs_up("1.2"), hangs_up("2.1"), hangs_up("2.2"), hangs_up("1.1")], tracker)
    assert [event.call for event in of(CallEnded, events)] == ["1.1"]
    assert tracker.is_empty


def test_two_calls_that_merge_bring_their_lines_offers_and_later_legs() -> None:
    """Each waits and rings; as one, the older line counts, no phone rings twice, and a leg that
    names the absorbed call belongs to the other."""
    tracker = Tracker()
    both = [
        inbound("1.1"),
        joins("1.1", "service"),
        new("1.2", "PJSIP/1001-0001", "1.1"),
        called("1.1", "1.2", "PJSIP/1001", "service"),
        inbound("2.1"),
        joins("2.1", "sales"),
        new("2.2", "PJSIP/1001-0002", "2.1"),
        called("2.1", "2.2", "PJSIP/1001", "sales"),
        new("2.3", "PJSIP/1002-0003", "2.1"),
        called("2.1", "2.3", "PJSIP/1002", "sales"),
    ]
    told(both, tracker)
    meet = packet("LocalBridge", LocalOneUniqueid="1.1", LocalTwoUniqueid="2.1")
    events = told([meet], tracker)
    assert [type(event) for event in events] == [CallLeftQueue, OfferEnded, CallsMerged]
    assert (events[0].call, events[1].device) == ("2.1", "PJSIP/1001")
    told([new("2.4", "PJSIP/1003-0004", "2.1")], tracker)
    assert "2.4" in tracker.calls["1.1"].legs
    events = told([dialled("2.1", "2.3", "BUSY"), up("1.2"), leaves("1.1")], tracker)
    assert [(type(event), event.call) for event in events] == [
        (OfferEnded, "1.1"),
        (CallLeftQueue, "1.1"),
    ]


def test_a_line_that_is_being_left_survives_a_merge() -> None:
    """The absorbed call had left its line, why was not known yet: it is said of the other."""
    status = packet("VarSet", Uniqueid="2.1", Variable="QUEUESTATUS", Value="TIMEOUT")
    meet = packet("LocalBridge", LocalOneUniqueid="1.1", LocalTwoUniqueid="2.1")
    events = told([inbound("1.1"), inbound("2.1"), joins("2.1"), leaves("2.1"), meet, status])
    assert [(event.call, event.why) for event in of(CallLeftQueue, events)] == [
        ("1.1", "timed_out")
    ]


def test_a_phone_with_two_legs_in_a_conversation_is_answered_once_and_leaves_once() -> None:
    """An attended transfer brings both legs of one phone together."""
    tracker = Tracker()
    second = [new("2.1", "PJSIP/1001-0005", Exten="1002"), enters("2.1", "b1")]
    (answered,) = of(CallAnswered, told([*answered_phone(), *second], tracker))
    assert answered.leg == "1.2"
    assert told([hangs_up("1.2")], tracker) == []
    (left,) = told([hangs_up("2.1")], tracker)
    assert left.device == "PJSIP/1001"


def test_leaving_an_earlier_bridge_late_is_not_leaving_the_present_one() -> None:
    """BridgeLeave after the BridgeEnter of the next: still in conversation there."""
    events = told(
        [
            inbound(),
            enters(CALLER, "b0"),
            enters(CALLER, "b1"),
            exits(CALLER, "b0"),
            new("1.2", "PJSIP/1001-0001", CALLER),
            enters("1.2", "b1"),
        ]
    )
    assert len(of(CallAnswered, events)) == 1


def test_ringing_behind_a_local_half_ends_with_it() -> None:
    """Without any DialEnd."""
    events = told([*local_queue_call(), hangs_up(ONE, "26")])
    assert [event.why for event in of(OfferEnded, events)] == ["answered_elsewhere"]


def test_a_legs_linkedid_may_be_one_that_nobody_has_seen_or_that_changed() -> None:
    """Bridging gives legs an older Linkedid without an event; the call keeps its id."""
    tracker = Tracker()
    told(answered_phone(), tracker)
    late = packet("BridgeLeave", Uniqueid="1.2", BridgeUniqueid="b1", Linkedid="0.7")
    assert told([late], tracker) == []
    assert set(tracker.calls) == {"1.1"}


def test_parked_calls_are_next_to_strangers_and_hear_nobody() -> None:
    """A holding bridge joins no calls and answers none."""
    events = told(
        [
            inbound("1.1"),
            inbound("2.1"),
            enters("1.1", "park", "holding_bridge"),
            enters("2.1", "park", "holding_bridge"),
        ]
    )
    assert [type(event) for event in events] == [CallArrived, CallArrived]


def test_announcers_and_recorders_are_nobody() -> None:
    """The exchange's inner channels make no call, no conversation and no doubt."""
    tracker = Tracker()
    told(
        [
            inbound(),
            enters(CALLER),
            new("1.9", "Announcer/ARI-0001;2", ChannelState="6"),
            packet("BridgeEnter", Channel="Announcer/ARI-0001;2", Uniqueid="1.9",
                   BridgeUniqueid="b1"),
            packet("Hangup", Channel="Announcer/ARI-0001;2", Uniqueid="1.9", Cause="16"),
        ],
        tracker,
    )  # fmt: skip
    assert set(tracker.calls) == {"1.1"}
    assert tracker.unexpected.total() == 0


@pytest.mark.parametrize(
    "late",
    [
        inbound(),
        joins(CALLER),
        enters(CALLER),
        up(CALLER),
        dials(CALLER, "1.2"),
        hangs_up(CALLER),
        packet("NewConnectedLine", Uniqueid=CALLER),
        packet("NewCallerid", Uniqueid=CALLER, CallerIDNum="1", CallerIDName="X"),
    ],
    ids=lambda late: late.name,
)
def test_late_words_resurrect_nothing(late: Packet) -> None:
    """After Hangup whatever else comes about that leg is ignored, and is no reason to doubt."""
    tracker = Tracker()
    told([*answered_phone(), hangs_up(CALLER), hangs_up("1.2")], tracker)
    assert told([late], tracker) == []
    assert tracker.is_empty
    assert tracker.unexpected.total() == 0


def test_a_straggler_of_an_ended_call_does_not_reuse_its_id() -> None:
    """A channel made for a call that is over belongs to no call of that id."""
    tracker = Tracker()
    told([inbound(), hangs_up(CALLER)], tracker)
    told([new("1.5", "PJSIP/1001-0001", CALLER)], tracker)
    assert "1.1" not in tracker.calls


def test_starting_in_the_middle_tells_nothing_wrong_and_asks_for_a_snapshot() -> None:
    """Of a call whose beginning was missed nothing is told; the odd packets are counted."""
    tracker = Tracker()
    assert told(answered_phone()[2:] * 2, tracker) == []
    assert tracker.unexpected["BridgeEnter"] == 4
    assert tracker.doubt
    assert tracker.is_empty


def test_a_new_agent_leg_of_an_unseen_caller_is_offered_nothing() -> None:
    """Its caller began before we listened: who it is would be a guess."""
    tracker = Tracker()
    packets = [
        new("1.2", "PJSIP/1001-0001", "1.1"),
        called("1.1", "1.2", "PJSIP/1001"),
        dials("1.1", "1.2"),
        up("1.2"),
        enters("1.2"),
        enters("1.1"),
    ]
    assert told(packets, tracker) == []
    assert told([hangs_up("1.2")], tracker) == []
    assert tracker.is_empty


def test_uniqueids_sort_by_time_and_count() -> None:
    """As numbers, not as text or floats: 10.10 is after 10.9; chosen ids come last."""
    ids = ["9.1", "10.9", "10.10", "pbx1-11.2", "engine-1"]
    for shuffled in itertools.permutations(ids):
        assert sorted(shuffled, key=age) == ids
    assert age("1" * 5000 + ".1")[0] == 1


def test_patterns_say_what_is_a_trunk_and_what_a_phone() -> None:
    """Trunks win; without a pattern an extension is a phone and anything else a trunk."""
    devices = Devices(devices=["SIP/anna*", "PJSIP/9*"], trunks=["PJSIP/99?"])
    assert devices.own("PJSIP/1001")
    assert devices.own("SIP/anna-desk")
    assert devices.own("PJSIP/901234567")
    assert not devices.own("PJSIP/991")
    assert not devices.own("PJSIP/provider")
    assert not devices.own("PJSIP/1234567")
    assert not devices.own("DAHDI/i1/1001")


def test_a_queue_member_is_an_own_phone_whatever_its_name() -> None:
    """PJSIP/anna calls out: known from the queue, so the call is outbound."""
    calls_out = [
        new("2.1", "PJSIP/anna-0001", Exten="02079460999"),
        new("2.2", "PJSIP/trunk-0001", "2.1"),
        dials("2.1", "2.2", "02079460999@trunk"),
    ]
    events = told([member("PJSIP/anna", "PJSIP/anna"), *calls_out])
    assert [event.direction for event in of(CallArrived, events)] == ["outbound"]


def test_members_are_told_when_new_or_changed_and_when_gone() -> None:
    """The same once more says nothing; a pause and a state do; removal says gone."""
    tracker = Tracker()
    idle, paused = member("PJSIP/1", "PJSIP/1"), member("PJSIP/1", "PJSIP/1", Paused="1")
    busy = member("PJSIP/1", "PJSIP/1", Status="2")
    gone = packet("QueueMemberRemoved", Queue="service", Interface="PJSIP/1")
    events = told([idle, idle, paused, busy, gone, gone], tracker)
    assert events[:3] == [
        MemberSeen(at=START + offset, queue="service", device="PJSIP/1", name="Gao Min",
                   paused=is_paused, state=state)
        for offset, is_paused, state in ((0.0, False, "idle"), (0.02, True, "idle"),
                                         (0.03, False, "in_use"))
    ]  # fmt: skip
    assert events[3:] == [MemberGone(at=START + 0.04, queue="service", device="PJSIP/1")]


def test_a_local_member_is_its_phone_and_is_paused_by_its_interface() -> None:
    """Queue, calls and agents speak of the phone; QueuePause needs the interface."""
    tracker = Tracker()
    (seen,) = told([member(INTERFACE, "PJSIP/1007")], tracker)
    assert seen.device == "PJSIP/1007"
    assert tracker.members.interfaces("PJSIP/1007") == (INTERFACE,)
    moved = [member(INTERFACE, "PJSIP/berta"), member(INTERFACE, "PJSIP/carla")]
    assert [type(event) for event in told(moved, tracker)] == [MemberGone, MemberSeen] * 2
    assert tracker.members.owns("PJSIP/carla")
    assert not tracker.members.owns("PJSIP/berta")
    anna = member("PJSIP/anna", "PJSIP/anna")
    gone = packet("QueueMemberRemoved", Queue="service", Interface="PJSIP/anna")
    told([anna, gone], tracker)
    assert not tracker.members.owns("PJSIP/anna")
    hint = member("Local/1@x/n", "hint:1@ext-local")
    (seen,) = told([hint], tracker)
    assert seen.device == "Local/1@x/n"


def test_device_states_are_told_for_own_phones_when_they_change() -> None:
    """Trunks, queues and hints are not devices of agents."""
    states = [
        packet("DeviceStateChange", Device=device, State=state)
        for device, state in (
            ("PJSIP/1001", "NOT_INUSE"),
            ("PJSIP/1001", "NOT_INUSE"),
            ("PJSIP/1001", "RINGINUSE"),
            ("PJSIP/trunk", "INUSE"),
            ("Queue:service", "RINGING"),
            ("Local/1001@x", "INUSE"),
            ("PJSIP/1001", "SOMETHING_NEW"),
        )
    ]
    assert [(e.device, e.state) for e in of(DeviceChanged, told(states))] == [
        ("PJSIP/1001", "idle"),
        ("PJSIP/1001", "in_use"),
    ]


def test_time_is_that_of_arrival_and_never_runs_backwards() -> None:
    """The exchange's own stamp is by another clock; our clock set back tells the latest again."""
    tracker = Tracker()
    stamped = Packet(inbound("1.1").raw + b"\r\nTimestamp: 5.0")
    (first,) = tracker.receive(stamped, START)
    (second,) = tracker.receive(inbound("1.2"), START - 10)
    assert (first.at, second.at) == (START, START)


def test_the_wanted_names_are_those_that_make_a_difference() -> None:
    """A packet of any other name is out after one look."""
    assert {"Newchannel", "Hangup", "BridgeEnter", "AgentCalled", "VarSet"} <= WANTED
    assert not {"RTCPSent", "MusicOnHoldStart", "NewConnectedLine", "Cdr"} & WANTED
    assert Tracker().receive(packet("RTCPSent", Uniqueid="1.1"), START) == []
