"""Snapshots: what is gone ends, what is new is found in progress, what is the same is silent."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    MemberGone,
    MemberSeen,
    OfferEnded,
)
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.tracker import Tracker
from tests.unit.telephony.exchange_words import (
    START,
    TRUNK,
    asks_to_end,
    called,
    dialled,
    dials,
    enters,
    hangs_up,
    inbound,
    joins,
    leaves,
    new,
    packet,
    up,
)
from tests.unit.telephony.test_tracker_calls import (
    answered_phone,
    of,
    outbound,
    ringing_queue,
    told,
)

LATER = START + 60
LISTS = frozenset({"channels", "bridges", "queues", "members", "entries", "device_states"})


def shown(
    uid: str, channel: str, state: str = "6", linked: str | None = None, **headers: str
) -> Packet:
    given = {
        "Channel": channel,
        "ChannelState": state,
        "CallerIDNum": "+442079460123",
        "CallerIDName": "Ada",
        "Exten": "service",
        "Uniqueid": uid,
        "Linkedid": linked or uid,
        "Application": "",
        "ApplicationData": "",
        "BridgeId": "",
    }
    return packet("CoreShowChannel", **(given | headers))


def entry(uid: str, queue: str = "service") -> Packet:
    return packet("QueueEntry", Queue=queue, Position="2", Uniqueid=uid, CallerIDNum="unknown")


def listed(queue: str, location: str) -> Packet:
    return packet("QueueMember", Queue=queue, Name="Al", Location=location, Status="1", Paused="0")


def picture(channels: Iterable[Packet] = (), **lists: tuple[Packet, ...]) -> Snapshot:
    return Snapshot(channels=tuple(channels), **lists)


WAITING = shown("1.1", f"{TRUNK}1.1", Application="Queue", ApplicationData="service,,,,600")
RINGING = shown("1.2", "PJSIP/1001-0001", "5", "1.1", Application="AppQueue")
TALKING = [
    shown("1.1", f"{TRUNK}1.1", BridgeId="b1", Application="Queue", ApplicationData="service"),
    shown("1.2", "PJSIP/1001-0001", "6", "1.1", BridgeId="b1", Application="AppQueue"),
]


def test_a_waiting_and_ringing_call_is_found_in_progress() -> None:
    """Told as resumed, in the line, with the phone that rings; and it goes on from there."""
    tracker = Tracker()
    events = tracker.snapshot(picture([RINGING, WAITING], entries=(entry("1.1"),)), START)
    assert [type(event) for event in events] == [CallArrived, CallQueued, CallOffered]
    arrived, queued, offered = events
    assert (arrived.resumed, arrived.direction, arrived.dialled) == (True, "inbound", None)
    assert (queued.queue, queued.position) == ("service", 2)
    assert (offered.device, offered.queue) == ("PJSIP/1001", "service")
    events = told(
        [up("1.2"), dialled("1.1", "1.2", "ANSWER"), leaves("1.1"), enters("1.2"), enters("1.1")],
        tracker,
    )
    assert [type(event) for event in events] == [CallLeftQueue, CallAnswered]


def test_a_wait_counts_from_when_it_began() -> None:
    """The exchange says for how long; what comes next has the present time."""
    waits = packet("QueueEntry", Queue="service", Position="1", Uniqueid="1.1", Wait="45")
    arrived, queued, offered = Tracker().snapshot(
        picture([WAITING, RINGING], entries=(waits,)), START
    )
    assert (arrived.at, queued.at, offered.at) == (START - 45, START - 45, START)


def test_a_conversation_is_found_in_progress_with_its_queue() -> None:
    """The applications of the two legs say for which queue the agent talks."""
    events = Tracker().snapshot(picture(TALKING), START)
    assert [type(event) for event in events] == [CallArrived, CallAnswered]
    assert (events[1].device, events[1].queue) == ("PJSIP/1001", "service")


def test_an_outbound_and_an_internal_call_are_found_in_progress() -> None:
    """The first leg of a conversation is an own phone: the others say where it called."""
    out = [
        shown("1.1", "PJSIP/1001-0001", BridgeId="b1", Exten="02079460999"),
        shown("1.2", "PJSIP/trunk-0001", linked="1.1", BridgeId="b1"),
        shown("2.1", "PJSIP/1002-0002", BridgeId="b2", Exten="1003", CallerIDNum="1002"),
        shown("2.2", "PJSIP/1003-0003", linked="2.1", BridgeId="b2"),
        shown("3.1", "PJSIP/1004-0004", Exten="*97"),
    ]
    arrived = of(CallArrived, Tracker().snapshot(picture(out), START))
    assert [(e.direction, e.number, e.device) for e in arrived] == [
        ("outbound", "02079460999", "PJSIP/1001"),
        ("internal", "1002", "PJSIP/1002"),
    ]


def test_a_conversation_through_a_local_channel_is_found_in_progress() -> None:
    """The halves are paired by their names; the phone behind them is the agent."""
    legs = [
        shown("1.1", f"{TRUNK}1.1", BridgeId="b1"),
        shown("1.2", "Local/1007@x-0001;1", linked="1.1", BridgeId="b1"),
        shown("1.3", "Local/1007@x-0001;2", linked="1.1", BridgeId="b2"),
        shown("1.4", "PJSIP/1007-0001", linked="1.1", BridgeId="b2"),
    ]
    events = Tracker().snapshot(picture(legs), START)
    assert [type(event) for event in events] == [CallArrived, CallAnswered]
    assert events[1].device == "PJSIP/1007"


def test_the_same_once_more_is_silent() -> None:
    """A snapshot of what is known tells nothing, nor do its events that come after it."""
    tracker = Tracker()
    packets = [*ringing_queue(), packet("Newstate", Uniqueid="1.2", ChannelState="5")]
    told(packets, tracker)
    same = picture([WAITING, RINGING], entries=(entry("1.1"),))
    assert tracker.snapshot(same, LATER) == []
    assert tracker.snapshot(same, LATER) == []
    assert told(packets, tracker) == []


@pytest.mark.parametrize(("restarted", "why"), [(False, "lost"), (True, "exchange_restarted")])
def test_what_is_gone_ends(restarted: bool, why: str) -> None:
    """Offers and lines end as unknown, the call as lost or by the restart, once."""
    tracker = Tracker()
    told(ringing_queue(), tracker)
    events = tracker.snapshot(picture(restarted=restarted), LATER)
    assert [type(event) for event in events] == [CallLeftQueue, OfferEnded, CallEnded]
    assert (events[0].why, events[1].why, events[2].why) == ("unknown", "unknown", why)
    assert all(event.at == LATER for event in events)
    assert tracker.is_empty
    assert told([asks_to_end("1.1"), hangs_up("1.1"), hangs_up("1.2")], tracker) == []


def test_of_a_call_that_is_gone_nobody_left_before_the_others() -> None:
    """The agent's leg was the first, the customer's follows: one end, no DeviceLeft."""
    tracker = Tracker()
    told([*outbound(), up("1.2"), enters("1.1"), enters("1.2")], tracker)
    assert [type(event) for event in tracker.snapshot(picture(), LATER)] == [CallEnded]


def test_after_a_restart_equal_ids_are_other_calls() -> None:
    """All earlier calls are gone even before the new ones are looked at."""
    tracker = Tracker()
    told(answered_phone(), tracker)
    events = tracker.snapshot(picture([shown("9.1", f"{TRUNK}9.1")], restarted=True), LATER)
    assert [(type(event), event.call) for event in events] == [
        (CallEnded, "1.1"),
        (CallArrived, "9.1"),
    ]


def test_what_happened_meanwhile_is_told() -> None:
    """The line was left for a conversation, or for something nobody saw."""
    tracker = Tracker()
    told(ringing_queue(), tracker)
    events = tracker.snapshot(picture(TALKING), LATER)
    assert [type(event) for event in events] == [CallLeftQueue, CallAnswered]
    assert events[0].why == "answered"
    tracker = Tracker()
    told([inbound(), joins("1.1")], tracker)
    (left,) = tracker.snapshot(picture([shown("1.1", f"{TRUNK}1.1")]), LATER)
    assert left.why == "unknown"


def test_a_phone_that_rings_no_more_is_told() -> None:
    """Its leg is gone while the caller waits on."""
    tracker = Tracker()
    told(ringing_queue(), tracker)
    (ended,) = tracker.snapshot(picture([WAITING], entries=(entry("1.1"),)), LATER)
    assert (type(ended), ended.why) == (OfferEnded, "unknown")


def test_a_caller_whose_agents_leg_was_seen_first_is_put_together() -> None:
    """We came in the middle: the agent's leg by packet, the caller by snapshot, one call."""
    tracker = Tracker()
    told([new("1.2", "PJSIP/1001-0001", "1.1"), dials("1.1", "1.2")], tracker)
    events = tracker.snapshot(picture([WAITING, RINGING], entries=(entry("1.1"),)), LATER)
    assert [type(event) for event in events] == [CallArrived, CallQueued, CallOffered]
    assert {event.call for event in events} == {"1.1"}


def test_missing_lists_end_nothing() -> None:
    """An account without the class for queues or channels does not make calls vanish."""
    tracker = Tracker()
    told(ringing_queue(), tracker)
    told([packet("QueueMemberAdded", Queue="service", Interface="PJSIP/1001")], tracker)
    assert tracker.snapshot(Snapshot(missing=LISTS), LATER) == []
    assert len(tracker.calls) == 1


def test_members_that_are_not_listed_are_gone() -> None:
    """A reload took one out of a queue."""
    tracker = Tracker()
    members = (listed("service", "PJSIP/1001"), listed("sales", "PJSIP/1001"))
    events = tracker.snapshot(picture(members=members), START)
    assert [(type(event), event.queue) for event in events] == [
        (MemberSeen, "service"),
        (MemberSeen, "sales"),
    ]
    events = tracker.snapshot(picture(members=members[1:]), LATER)
    assert events == [MemberGone(at=LATER, queue="service", device="PJSIP/1001")]


def test_a_snapshot_ends_the_doubt() -> None:
    """Afterwards counting begins again."""
    tracker = Tracker()
    told([hangs_up(f"7.{count}") for count in range(8)], tracker)
    assert tracker.doubt
    tracker.snapshot(picture(), LATER)
    assert not tracker.doubt


def test_parked_calls_and_inner_channels_in_a_snapshot() -> None:
    """Those in a holding bridge hear nobody; announcers are nobody."""
    bridge = packet("BridgeListItem", BridgeUniqueid="park", BridgeTechnology="holding_bridge")
    legs = [
        shown("1.1", f"{TRUNK}1.1", BridgeId="park"),
        shown("2.1", f"{TRUNK}2.1", BridgeId="park"),
        shown("3.1", "Announcer/ARI-0001;2", BridgeId="park"),
    ]
    events = Tracker().snapshot(picture(legs, bridges=(bridge,)), START)
    assert [event.call for event in of(CallArrived, events)] == ["1.1", "2.1"]
    assert len(events) == 2


def test_nonsense_in_a_snapshot_harms_nobody() -> None:
    """Items without ids, entries of unknown channels, members of no queue."""
    tracker = Tracker()
    events = tracker.snapshot(
        Snapshot(
            channels=(packet("CoreShowChannel"), packet("CoreShowChannel", Uniqueid="1.1")),
            entries=(packet("QueueEntry"), entry("7.7")),
            members=(packet("QueueMember"),),
            device_states=(packet("DeviceStateChange"),),
        ),
        START,
    )
    assert events == []
    assert tracker.is_empty


def test_a_snapshot_between_agent_called_and_dial_begin_offers_once() -> None:
    """The picture shows the phone ringing; the packets that follow say the same."""
    tracker = Tracker()
    told([inbound(), joins("1.1"), new("1.2", "PJSIP/1001-0001", "1.1")], tracker)
    events = tracker.snapshot(picture([WAITING, RINGING], entries=(entry("1.1"),)), LATER)
    events += told([called("1.1", "1.2", "PJSIP/1001"), dials("1.1", "1.2")], tracker)
    assert len(of(CallOffered, events)) == 1
