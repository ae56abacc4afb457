"""Calls that change hands, in the shapes that no recording has: odd orders, several in a bridge,
transfers that fail, whose customer it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerChanged,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallParked,
    CallQueued,
    CallResumed,
    CallsMerged,
    CallTransferred,
    CallUnparked,
    DeviceLeft,
    Event,
    OfferEnded,
    PartyJoined,
    PartyLeft,
)
from telephony.packet import Packet
from telephony.snapshot import Snapshot
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
from tests.unit.telephony.test_tracker_calls import answered_phone, of, outbound, told

CALLER, AGENT = "1.1", "1.2"
LINE, OTHER = "1.7", "1.8"


def without(events: Iterable[Event], *kinds: type[Any]) -> list[Event]:
    return [event for event in events if not isinstance(event, kinds)]


def names(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def blind(by: str = AGENT, whom: str | None = CALLER, **headers: str) -> Packet:
    given = {"Result": "Success", "TransfererUniqueid": by, "Extension": "1002"}
    if whom is not None:
        given["TransfereeUniqueid"] = whom
    return packet("BlindTransfer", **(given | headers))


def attended(first: str = AGENT, second: str = LINE, **headers: str) -> Packet:
    given = {
        "Result": "Success",
        "OrigTransfererUniqueid": first,
        "SecondTransfererUniqueid": second,
        "DestType": "Bridge",
    }
    return packet("AttendedTransfer", **(given | headers))


def parked(uid: str = CALLER, place: str = "701", **headers: str) -> Packet:
    given = {"ParkeeUniqueid": uid, "ParkingSpace": place, "ParkerDialString": "PJSIP/1001"}
    return packet("ParkedCall", **(given | headers))


def asks(line: str = LINE, other: str = OTHER, bridge: str = "b7") -> list[Packet]:
    """1001 calls 1002 on another line, and they talk."""
    return [
        new(line, "PJSIP/1001-0007", CallerIDNum="1001", Exten="1002"),
        new(other, "PJSIP/1002-0008", line),
        dials(line, other, "1002"),
        up(other),
        dialled(line, other, "ANSWER"),
        enters(other, bridge),
        enters(line, bridge),
    ]


def test_talk_ends_when_the_call_is_handed_on_and_not_with_the_leg() -> None:
    """The transferring phone's leg lives on for minutes; its talk does not."""
    events = told([*answered_phone(), blind()])
    assert events[-2:] == [
        CallTransferred(at=events[-1].at, call=CALLER, kind="blind", by="PJSIP/1001", to="1002"),
        DeviceLeft(at=events[-1].at, call=CALLER, device="PJSIP/1001", leg=AGENT),
    ]
    tracker = Tracker()
    told([*answered_phone(), blind(), exits(CALLER), exits(AGENT)], tracker)
    assert told([hangs_up(AGENT)], tracker) == []


def test_a_phone_that_handed_the_call_on_is_not_in_it_when_the_next_one_answers() -> None:
    """BlindTransfer comes before the legs leave the bridge, which the next may enter."""
    events = told(
        [
            *answered_phone(),
            blind(),
            new("1.3", "PJSIP/1002-0003", CALLER),
            dials(CALLER, "1.3"),
            up("1.3"),
            enters("1.3"),
        ]
    )
    assert [event.device for event in of(CallAnswered, events)] == ["PJSIP/1001", "PJSIP/1002"]
    assert len(of(DeviceLeft, events)) == 1


@pytest.mark.parametrize("result", ["Fail", "Invalid", "Not Permitted", ""])
def test_a_transfer_that_failed_changes_nothing(result: str) -> None:
    """Neither a blind nor an attended one."""
    tracker = Tracker()
    told([*answered_phone(), *asks()], tracker)
    assert told([blind(Result=result), attended(Result=result)], tracker) == []
    assert told([attended(DestType="Fail")], tracker) == []


def test_several_are_handed_on_at_once() -> None:
    """Then the packet names no transferee; the one who leaves is known."""
    events = told([*answered_phone(), blind(whom=None, Extension="8801")])
    assert names(events[-2:]) == ["CallTransferred", "DeviceLeft"]
    assert of(CallTransferred, events)[0].to == "8801"


def test_a_transfer_by_somebody_outside_names_no_device() -> None:
    """The far end of a call we made may send us on as well."""
    events = told([*outbound(), up(AGENT), enters(AGENT), enters(CALLER), blind(whom=CALLER)])
    (transferred,) = of(CallTransferred, events)
    assert (transferred.by, transferred.to) == (None, "1002")
    assert of(DeviceLeft, events) == []


def test_who_called_out_and_hands_the_customer_on_leaves_a_call_of_that_customer() -> None:
    """The customer's number stays; that the next phone does not answer is not a cancellation."""
    events = told(
        [
            *outbound("02079460999"),
            up(AGENT),
            enters(AGENT),
            enters(CALLER),
            blind(by=CALLER, whom=AGENT),
            exits(AGENT),
            hangs_up(CALLER),
            new("1.3", "PJSIP/1002-0003", CALLER),
            dials(AGENT, "1.3"),
            dialled(AGENT, "1.3", "NOANSWER"),
            hangs_up("1.3"),
            asks_to_end(AGENT),
            hangs_up(AGENT),
        ]
    )
    assert [event.number for event in of(CallArrived, events)] == ["02079460999"]
    assert [event.why for event in of(OfferEnded, events)] == ["no_answer"]
    assert of(CallerChanged, events) == []
    assert [event.why for event in of(CallEnded, events)] == ["completed"]


@pytest.mark.parametrize("older", [True, False])
def test_the_customers_call_stays_whichever_is_older(older: bool) -> None:
    """Of a customer's call and a question to a colleague, the id, number and name of the former
    stay, even when the agents were talking first."""
    line, other = ("1.7", "1.8") if older else ("0.7", "0.8")
    first, second = [*answered_phone()], asks(line, other)
    packets = first + second if older else second + first
    events = told(
        [
            *packets,
            exits(other, "b7"),
            exits(AGENT),
            enters(other),
            attended(second=line, TransfereeUniqueid=CALLER, TransferTargetUniqueid=other),
        ]
    )
    (merged,) = of(CallsMerged, events)
    assert (merged.call, merged.absorbed) == (CALLER, line)
    (transferred,) = of(CallTransferred, events)
    assert (transferred.call, transferred.by, transferred.to) == (
        CALLER,
        "PJSIP/1001",
        "PJSIP/1002",
    )
    assert [event.device for event in of(DeviceLeft, events)] == ["PJSIP/1001"]
    assert of(CallerChanged, events) == []


def test_a_transfer_is_told_before_or_after_the_bridges() -> None:
    """AttendedTransfer may come before the legs move: the calls are one from then on."""
    transfer = attended(TransfereeUniqueid=CALLER, TransferTargetUniqueid=OTHER)
    moves = [exits(OTHER, "b7"), exits(AGENT), enters(OTHER), exits(LINE, "b7")]
    before = told([*answered_phone(), *asks(), transfer, *moves])
    after = told([*answered_phone(), *asks(), *moves, transfer])
    assert names(before) == names(after)
    assert names(before)[-3:] == ["CallsMerged", "CallTransferred", "DeviceLeft"]


def test_bridges_that_are_linked_are_one_conversation() -> None:
    """DestType Link: a Local channel joins the two bridges; both sides hear each other."""
    one, two = "Local/x@attended-0001;1", "Local/x@attended-0001;2"
    events = told(
        [
            *answered_phone(),
            *asks(),
            new("1.9", one, CALLER),
            new("1.10", two, LINE),
            packet("LocalBridge", LocalOneUniqueid="1.9", LocalTwoUniqueid="1.10"),
            enters("1.9"),
            enters("1.10", "b7"),
            exits(AGENT),
            exits(LINE, "b7"),
            attended(DestType="Link"),
            hangs_up(AGENT),
            hangs_up(LINE),
        ]
    )
    assert len(of(CallsMerged, events)) == 1
    assert [event.device for event in of(DeviceLeft, events)] == ["PJSIP/1001"]
    assert of(CallTransferred, events)[0].to == "PJSIP/1002"


def test_all_three_talk() -> None:
    """Threeway: nobody handed anything on, and nobody waits any more."""
    events = told(
        [
            *answered_phone(),
            packet("Hold", Uniqueid=AGENT),
            *asks(),
            exits(OTHER, "b7"),
            enters(OTHER),
            attended(DestType="Threeway", ThreewayUniqueid=AGENT),
        ]
    )
    assert of(CallTransferred, events) == []
    assert of(DeviceLeft, events) == []
    assert len(of(CallHeld, events)) == len(of(CallResumed, events)) == 1


def test_the_caller_takes_the_agents_place_in_a_line() -> None:
    """Handed over while the agent waited in another queue: from then on the caller waits there,
    and giving up there is the caller's."""
    tracker = Tracker()
    line = new(LINE, "PJSIP/1001-0007", CallerIDNum="1001", Exten="sales")
    told([*answered_phone(), line, joins(LINE, "sales")], tracker)
    events = told(
        [
            attended(TransfereeUniqueid=CALLER, DestType="App", DestApp="Queue"),
            hangs_up(AGENT),
            hangs_up(LINE),
        ],
        tracker,
    )
    assert names(events) == ["CallsMerged", "CallTransferred", "DeviceLeft"]
    assert events[1].to == "sales"  # type: ignore[union-attr]
    events = told([asks_to_end(CALLER), leaves(CALLER, "sales"), hangs_up(CALLER)], tracker)
    assert [event.why for event in of(CallLeftQueue, events)] == ["abandoned"]
    assert tracker.is_empty


def test_a_number_set_on_the_way_to_the_next_one_is_not_the_customers() -> None:
    """A caller who is transferred, or whom a line sends on, goes through the dialplan again, which
    may set the centre's own number for the trunk. Before anybody was sought it is news, and so is a
    number where there was none."""
    ours = packet("NewCallerid", Uniqueid=CALLER, CallerIDNum="+442079460100", CallerIDName="Us")
    assert of(CallerChanged, told([*answered_phone(), blind(), ours])) == []
    assert of(CallerChanged, told([inbound(), joins(CALLER), leaves(CALLER), ours])) == []
    withheld = inbound(number="anonymous", name="")
    for packets in ([inbound(), ours], [withheld, joins(CALLER), ours]):
        (changed,) = of(CallerChanged, told(packets))
        assert (changed.number, changed.name) == ("+442079460100", "Us")


def test_a_leg_that_carries_the_customers_number_is_still_the_agents() -> None:
    """An originated leg shows the customer's number on the phone; the customer keeps theirs."""
    name = f"PJSIP/trunk-0000000{CALLER}"
    invites = packet("VarSet", Uniqueid="cc-1", Variable="CHANNEL_TO_JOIN", Value=name)
    leg = new("cc-1", "PJSIP/1001-0002", "cc-1", CallerIDNum="1001", ChannelState="0")
    customer = packet("NewCallerid", Uniqueid="cc-1", CallerIDNum="999", CallerIDName="Not Ada")
    events = told(
        [inbound(), joins(CALLER), leg, invites, customer, dials(None, "cc-1"), up("cc-1"),
         enters("cc-1"), enters(CALLER)]
    )  # fmt: skip
    (arrived,) = of(CallArrived, events)
    assert (arrived.number, arrived.name) == ("+442079460123", "Ada")
    assert of(CallerChanged, events) == []
    assert [event.device for event in of(CallAnswered, events)] == ["PJSIP/1001"]


def test_linkedids_that_change_in_silence_split_nothing() -> None:
    """After the transfer the leg is shown under another Linkedid; later legs come under both."""
    events = told(
        [
            *answered_phone(),
            *asks(),
            attended(TransfereeUniqueid=CALLER, TransferTargetUniqueid=OTHER),
            enters(OTHER),
            new("1.20", "PJSIP/1003-0020", CALLER),
            dials(OTHER, "1.20"),
            new("1.21", "PJSIP/1004-0021", LINE),
            dials(OTHER, "1.21"),
        ]
    )
    assert {event.call for event in events[-2:]} == {CALLER}
    assert names(events[-2:]) == ["CallOffered", "CallOffered"]


def test_who_picks_up_talks_and_the_others_stop_ringing() -> None:
    """Two members ring; a third phone takes the call from one of them."""
    picker = new("1.5", "PJSIP/1003-0005", CallerIDNum="1003", Exten="*8")
    events = told(
        [
            inbound(),
            joins(CALLER),
            new("1.2", "PJSIP/1001-0002", CALLER),
            called(CALLER, "1.2", "PJSIP/1001"),
            new("1.3", "PJSIP/1002-0003", CALLER),
            called(CALLER, "1.3", "PJSIP/1002"),
            picker,
            packet("Pickup", Uniqueid="1.5", TargetUniqueid="1.2"),
            dialled(CALLER, "1.5", "ANSWER"),
            dialled(CALLER, "1.3", "CANCEL"),
            hangs_up("1.2", "26"),
            hangs_up("1.3", "26"),
            leaves(CALLER),
            enters("1.5"),
            enters(CALLER),
        ]
    )
    (transferred,) = of(CallTransferred, events)
    assert (transferred.kind, transferred.by, transferred.to) == (
        "pickup",
        "PJSIP/1001",
        "PJSIP/1003",
    )
    assert {(event.device, event.why) for event in of(OfferEnded, events)} == {
        ("PJSIP/1001", "answered_elsewhere"),
        ("PJSIP/1002", "answered_elsewhere"),
    }
    (answered,) = of(CallAnswered, events)
    assert (answered.device, answered.queue) == ("PJSIP/1003", "service")


def test_a_consulted_phone_that_rings_in_vain_was_not_answered_elsewhere() -> None:
    """Others talk in the call, but they did before it rang."""
    events = told(
        [
            *answered_phone(),
            new("1.3", "PJSIP/1002-0003", CALLER),
            dials(AGENT, "1.3"),
            dialled(AGENT, "1.3", "CANCEL"),
        ]
    )
    assert [event.why for event in of(OfferEnded, events)] == ["cancelled"]


def test_somebody_outside_joins_and_leaves() -> None:
    """A number dialled for a caller takes part; the caller is still the customer."""
    tracker = Tracker()
    events = told(
        [
            *answered_phone(),
            new("1.4", "PJSIP/trunk-0004", CALLER),
            dials(AGENT, "1.4", "07700900299@trunk"),
            enters("1.4"),
            exits(AGENT),
            hangs_up(AGENT),
            hangs_up("1.4"),
        ],
        tracker,
    )
    (joined,) = of(PartyJoined, events)
    assert (joined.leg, joined.number) == ("1.4", "07700900299")
    assert names(events)[-2:] == ["DeviceLeft", "PartyLeft"]
    assert of(PartyLeft, events)[0].leg == "1.4"
    assert [event.why for event in of(CallEnded, told([hangs_up(CALLER)], tracker))] == [
        "completed"
    ]


def test_the_called_customer_is_no_further_party() -> None:
    """Of an outbound call the first one reached is the customer; the next one is not."""
    events = told(
        [
            *outbound(),
            up(AGENT),
            enters(AGENT),
            enters(CALLER),
            new("1.4", "PJSIP/trunk-0004", CALLER),
            dials(CALLER, "1.4", "07700900299@trunk"),
            enters("1.4"),
        ]
    )
    assert [event.leg for event in of(PartyJoined, events)] == ["1.4"]


def test_who_called_out_leaves_a_talk_of_three() -> None:
    """The customer is not gone with the agent who called: that a colleague who is rung later does
    not answer is not a cancellation."""
    events = told(
        [
            *outbound(),
            up(AGENT),
            enters(AGENT),
            enters(CALLER),
            new("1.3", "PJSIP/1002-0003", CALLER),
            dials(CALLER, "1.3"),
            up("1.3"),
            enters("1.3"),
            asks_to_end(CALLER),
            hangs_up(CALLER),
            new("1.4", "PJSIP/1003-0004", CALLER),
            dials("1.3", "1.4"),
            hangs_up("1.4", "19"),
        ]
    )
    assert [event.device for event in of(DeviceLeft, events)] == ["PJSIP/1001"]
    assert [event.why for event in of(OfferEnded, events)] == ["no_answer"]


def test_sent_elsewhere_is_not_the_end() -> None:
    """A redirected leg is asked to stop (SoftHangupRequest) and goes on in another bridge: when the
    agent leaves later, the call goes on without the agent."""
    soft = [packet("SoftHangupRequest", Uniqueid=uid) for uid in (CALLER, AGENT)]
    moves = [exits(CALLER), exits(AGENT), enters(CALLER, "room"), enters(AGENT, "room")]
    events = told([*answered_phone(), *soft, *moves, exits(AGENT, "room"), hangs_up(AGENT)])
    assert [event.device for event in of(DeviceLeft, events)] == ["PJSIP/1001"]


# --- parking --------------------------------------------------------------------------------------


def test_a_parked_caller_is_nobodys_talk_until_taken_back() -> None:
    """Parked, the agent is free although the leg stays; taken back, another one talks."""
    tracker = Tracker()
    told([*answered_phone(), exits(CALLER)], tracker)
    events = told([parked(), enters(CALLER, "lot", "holding_bridge")], tracker)
    assert events == [
        CallParked(at=events[0].at, call=CALLER, place="701", by="PJSIP/1001"),
        DeviceLeft(at=events[0].at, call=CALLER, device="PJSIP/1001", leg=AGENT),
    ]
    taker = new("1.5", "PJSIP/1002-0005", CallerIDNum="1002", Exten="701")
    back = packet("UnParkedCall", ParkeeUniqueid=CALLER, RetrieverUniqueid="1.5")
    events = told([taker, back, back, enters(CALLER, "b2"), enters("1.5", "b2")], tracker)
    assert names(events) == ["CallUnparked", "CallAnswered"]
    assert events[0].by == "PJSIP/1002"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["ParkedCallTimeOut", "ParkedCallGiveUp"])
def test_parking_that_ends_without_anybody(name: str) -> None:
    """By time-out or because the caller hung up: nobody took the call back."""
    events = told([*answered_phone(), parked(), packet(name, ParkeeUniqueid=CALLER)])
    assert [event.by for event in of(CallUnparked, events)] == [None]


def test_a_parked_caller_who_hangs_up_leaves_the_place_first() -> None:
    """Also when the packet that says so was lost."""
    events = told([*answered_phone(), parked(), hangs_up(AGENT), hangs_up(CALLER)])
    assert names(events)[-2:] == ["CallUnparked", "CallEnded"]


def test_the_agent_parks_and_hands_the_place_over() -> None:
    """An attended transfer to a place: the agent's own line stands there first, then the caller
    (ParkedCallSwap names the one swapped in)."""
    tracker = Tracker()
    line = new(LINE, "PJSIP/1001-0007", CallerIDNum="1001", Exten="700")
    assert told([*answered_phone(), line, parked(LINE)], tracker)[-1:] != []
    swap = packet("ParkedCallSwap", ParkeeUniqueid=CALLER, ParkingSpace="701")
    events = told(
        [
            swap,
            attended(TransfereeUniqueid=CALLER, DestType="App", DestApp="Park"),
            hangs_up(AGENT),
            hangs_up(LINE),
        ],
        tracker,
    )
    assert len(of(CallParked, events)) == 1
    assert [event.device for event in of(DeviceLeft, events)] == ["PJSIP/1001"]
    events = told([hangs_up(CALLER)], tracker)
    assert names(events) == ["CallUnparked", "CallEnded"]


def test_a_snapshot_shows_who_is_parked_and_who_no_longer_is() -> None:
    """A parked caller is found parked, though not by whom nor where; one who is not there any more
    has left the place."""
    lot = packet(
        "BridgeListItem",
        BridgeUniqueid="lot",
        BridgeTechnology="holding_bridge",
        BridgeCreator="Parking",
    )
    here = [
        packet(
            "CoreShowChannel",
            Channel=f"PJSIP/trunk-0000000{CALLER}",
            ChannelState="6",
            Uniqueid=CALLER,
            Linkedid=CALLER,
            BridgeId=bridge,
        )
        for bridge in ("lot", "")
    ]
    tracker = Tracker()
    events = tracker.snapshot(Snapshot(channels=(here[0],), bridges=(lot,)), START)
    assert names(events) == ["CallArrived", "CallParked"]
    assert tracker.snapshot(Snapshot(channels=(here[0],), bridges=(lot,)), START + 1) == []
    events = tracker.snapshot(Snapshot(channels=(here[1],)), START + 2)
    assert names(events) == ["CallUnparked"]


# --- forwarding -----------------------------------------------------------------------------------


def test_a_forwarded_queue_call_is_the_queues_at_the_next_phone() -> None:
    """The queue rings 1001, who forwards to 1002 through a Local channel: 1002 talks for it."""
    one, two = "Local/1002@from-agents-0001;1", "Local/1002@from-agents-0001;2"
    events = told(
        [
            inbound(),
            joins(CALLER),
            new(AGENT, "PJSIP/1001-0002", CALLER),
            called(CALLER, AGENT, "PJSIP/1001"),
            new("1.3", one, CALLER),
            new("1.4", two, CALLER),
            packet(
                "DialEnd",
                Uniqueid=CALLER,
                DestUniqueid=AGENT,
                DialStatus="CANCEL",
                Forward="1002",
            ),
            dials(CALLER, "1.3"),
            hangs_up(AGENT, "0"),
            new("1.5", "PJSIP/1002-0005", CALLER),
            dials("1.4", "1.5"),
            up("1.5"),
            leaves(CALLER),
            enters("1.5", "b2"),
            enters("1.4", "b2"),
            enters("1.3"),
            enters(CALLER),
        ]
    )
    assert names(without(events, CallArrived, CallQueued)) == [
        "CallOffered",
        "CallTransferred",
        "OfferEnded",
        "CallOffered",
        "CallLeftQueue",
        "CallAnswered",
    ]
    offered = of(CallOffered, events)
    assert [(one.device, one.queue) for one in offered] == [
        ("PJSIP/1001", "service"),
        ("PJSIP/1002", "service"),
    ]
    assert of(CallAnswered, events)[0].queue == "service"


def test_packets_about_legs_nobody_knows_are_counted() -> None:
    """A transfer of strangers tells nothing, and raises doubt like any other packet."""
    tracker = Tracker()
    strangers = [
        blind("9.1", "9.2"),
        attended("9.1", "9.2"),
        parked("9.3"),
        packet("Pickup", Uniqueid="9.4", TargetUniqueid="9.5"),
    ]
    assert told(strangers, tracker) == []
    assert set(tracker.unexpected) == {"BlindTransfer", "AttendedTransfer", "ParkedCall", "Pickup"}
