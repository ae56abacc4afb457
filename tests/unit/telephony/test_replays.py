"""Recordings of a real Asterisk: the tracker tells what really happened, and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallParked,
    CallQueued,
    CallsMerged,
    CallTransferred,
    CallUnparked,
    Event,
    OfferEnded,
    PartyJoined,
)
from telephony.parties import clean_name, clean_number
from tests.replays.playing import HERE, RECORDINGS, packets, plain, play

TRUTH = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))


@dataclass
class Seen:
    """What the events say about one call, in the words of truth.json."""

    arrived: CallArrived
    queues: list[list[str]] = field(default_factory=list)
    offers: list[list[str]] = field(default_factory=list)
    answered_by: list[str] = field(default_factory=list)
    answered_queue: str | None = None
    holds: int = 0
    transfers: list[list[str | None]] = field(default_factory=list)
    parked: list[list[str | None]] = field(default_factory=list)
    parties: list[str | None] = field(default_factory=list)
    end: str | None = None


def by_call(events: list[Event]) -> list[Seen]:
    calls: dict[str, Seen] = {}
    for event in events:
        match event:
            case CallArrived():
                assert event.call not in calls, "a call arrives once"
                calls[event.call] = Seen(event)
            case CallLeftQueue():
                calls[event.call].queues.append([event.queue, event.why])
            case OfferEnded():
                calls[event.call].offers.append([event.device, event.why])
            case CallAnswered():
                calls[event.call].answered_by.append(event.device)
                calls[event.call].answered_queue = event.queue
            case CallHeld():
                calls[event.call].holds += 1
            case CallTransferred():
                calls[event.call].transfers.append([event.kind, event.by, event.to])
            case CallParked():
                calls[event.call].parked.append([event.place, None])
            case CallUnparked():
                calls[event.call].parked[-1][1] = event.by
            case PartyJoined():
                calls[event.call].parties.append(event.number)
            case CallsMerged():
                assert calls[event.absorbed].end is None
                calls[event.absorbed].end = "merged"
            case CallEnded():
                assert calls[event.call].end is None, "a call ends once"
                calls[event.call].end = event.why
            case _:
                pass
    return list(calls.values())


def test_there_are_recordings_and_their_truth() -> None:
    """The folder has not moved, and each recording has its truth."""
    assert len(RECORDINGS) >= 50
    assert set(RECORDINGS) == set(TRUTH)


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name != "missing_privilege"])
def test_the_truth_of_a_recording_is_told(name: str) -> None:
    """Who called, which queues, whose phone rang and how that ended, who talked, how it ended: all
    as somebody wrote it down who staged the calls."""
    calls = by_call(play(packets(name))[0])
    assert len(calls) == len(TRUTH[name])
    for seen, truth in zip(calls, TRUTH[name], strict=True):
        arrived = seen.arrived
        assert arrived.direction == truth["direction"]
        if truth["direction"] == "internal":  # the floor wants to know who is calling whom
            assert arrived.number == arrived.device.rpartition("/")[2]
        else:
            assert arrived.number == clean_number(truth["number"])
            cut = clean_name(truth["name"])  # Asterisk may cut a long one inside a character
            assert arrived.name in (cut, cut and cut.rstrip("\ufffd"))
        assert arrived.device == truth["began_by"]
        if not arrived.resumed:
            assert arrived.dialled == truth["dialled"]
        if arrived.resumed and seen.answered_by and not seen.queues:  # had left it before
            assert [seen.answered_queue] == ([queue for queue, _ in truth["queues"]] or [None])
        else:
            assert seen.queues == truth["queues"]
        assert sorted(seen.offers) == sorted(truth["offers"])
        others = [device for device in seen.answered_by if device != truth["began_by"]]
        if truth["direction"] == "internal":
            assert others == truth["answered_by"]
        else:
            assert seen.answered_by == truth["answered_by"]
        assert seen.holds == truth["holds"]
        assert seen.transfers == truth["transfers"]
        assert seen.parked == truth["parked"]
        assert seen.parties == truth["parties"]
        assert seen.end == truth["end"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_gives_exactly_its_expected_events(name: str) -> None:
    """Every event, member and device states too, in order, as kept next to the recording."""
    expected = json.loads((HERE / f"{name}.events.json").read_text(encoding="utf-8"))
    assert plain(play(packets(name))[0]) == expected


@pytest.mark.parametrize("name", RECORDINGS)
def test_nothing_is_left_when_all_have_hung_up(name: str) -> None:
    """After the last hang-up the tracker remembers no leg, bridge or call, found nothing odd, and
    time never ran backwards."""
    events, tracker = play(packets(name))
    up = any(truth["end"] is None for truth in TRUTH[name])
    assert tracker.is_empty is not up
    assert tracker.unexpected.total() == 0
    waits = (CallArrived, CallQueued)  # in a snapshot: since when it waits
    times = [event.at for event in events if not isinstance(event, waits)]
    assert times == sorted(times)


def test_the_card_can_start_at_the_first_packet_and_before_the_phone_rings() -> None:
    """CallArrived comes with the call's first packet; CallOffered before the phone's Ringing."""
    told: dict[type[Event], str] = {}
    tracker = None
    for packet in packets("queue_answered"):
        events, tracker = play([packet], tracker)
        for event in events:
            told.setdefault(type(event), packet.name)
    assert told[CallArrived] == "Newchannel"
    assert told[CallQueued] == "QueueCallerJoin"
    assert told[CallOffered] == "AgentCalled"
    assert told[CallAnswered] == "BridgeEnter"


@pytest.mark.parametrize("name", ["queue_ringall_one_wins", "queue_local_member_abandoned"])
def test_each_phone_is_offered_once_and_stops_once(name: str) -> None:
    """AgentCalled and DialBegin make one offer; CANCEL, sent twice, ends it once."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    for event in play(packets(name))[0]:
        if isinstance(event, (CallOffered, OfferEnded)):
            count[type(event).__name__, event.device] += 1
    assert set(count.values()) == {1}
