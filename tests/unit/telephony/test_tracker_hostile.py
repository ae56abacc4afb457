"""Streams as no exchange should send them: cut, lossy, doubled, out of order, nonsense.

What must hold whatever comes: nothing raises, a call arrives at most once and ends at most once,
nothing is told about a call before or after, and when all legs are gone nothing is remembered.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callcenter.floor.events import (
    AgentOffLine,
    CallAnswered,
    CallArrived,
    CallbackAsked,
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
    ConsultAnswered,
    ConsultBegan,
    ConsultEnded,
    CustomerAnswered,
    DeviceChanged,
    DeviceLeft,
    EstimateTold,
    Event,
    KeyPressed,
    MemberGone,
    MemberSeen,
    MessageLeft,
    MuteChanged,
    OfferEnded,
    PartyJoined,
    PartyLeft,
    RecordingChanged,
    SpyBegan,
    SpyEnded,
)
from telephony.conversations import Conversations
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.tracker import WANTED, Tracker
from telephony.wire import Decoder
from tests.replays.playing import HERE, RECORDINGS, packets, play
from tests.unit.telephony.exchange_words import START, hangs_up, inbound, packet

LEGS = ("Uniqueid", "DestUniqueid", "LocalOneUniqueid", "LocalTwoUniqueid")
STREAMS = {name: packets(name) for name in RECORDINGS}
CALL_NAMES = sorted(WANTED - {"DeviceStateChange", "QueueMemberStatus"})


@dataclass
class Live:
    """What the floor believes of a call."""

    offers: set[str] = field(default_factory=set)
    talking: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    parked: bool = False
    customer: bool = False
    message: bool = False
    queue: str | None = None
    consults: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    recorders: set[str] = field(default_factory=set)
    spies: set[str] = field(default_factory=set)


def check_sense(events: Iterable[Event]) -> None:
    """Calls arrive, live and end in this order, once; so do their offers, lines, talks, holds."""
    live: dict[str, Live] = {}
    known: set[str] = set()
    off_line: set[str] = set()
    before = 0.0
    for event in events:
        if not isinstance(event, (CallArrived, CallQueued)):  # in a snapshot: since when it waits
            assert event.at >= before
            before = event.at
        if isinstance(event, AgentOffLine):
            assert event.leg not in off_line
            off_line.add(event.leg)
            continue
        if isinstance(event, (MemberSeen, MemberGone, DeviceChanged)):
            continue
        if isinstance(event, CallArrived):
            assert event.call not in known
            known.add(event.call)
            live[event.call] = Live()
            continue
        call = live[event.call]
        match event:
            case CallQueued():
                assert call.queue is None
                call.queue = event.queue
            case CallLeftQueue():
                assert call.queue == event.queue
                call.queue = None
            case CallOffered():
                assert event.device not in call.offers
                call.offers.add(event.device)
            case OfferEnded():
                call.offers.remove(event.device)
            case CallAnswered():
                assert call.queue is None
                assert event.device not in call.talking
                call.offers.discard(event.device)
                call.talking.add(event.device)
            case CallHeld():
                assert event.device in call.talking - call.held
                call.held.add(event.device)
            case CallResumed():
                call.held.remove(event.device)
            case DeviceLeft():
                call.talking.remove(event.device)
                call.held.discard(event.device)
            case CallParked():
                assert not call.parked
                call.parked = True
            case CallUnparked():
                assert call.parked
                call.parked = False
            case PartyJoined():
                assert event.leg not in call.parties
                call.parties.add(event.leg)
            case PartyLeft():
                call.parties.remove(event.leg)
            case ConsultBegan():
                assert event.leg not in call.consults
                call.consults.add(event.leg)
            case ConsultAnswered():
                assert event.leg in call.consults - call.answered
                call.answered.add(event.leg)
            case ConsultEnded():
                call.consults.remove(event.leg)
            case RecordingChanged():
                assert (event.leg in call.recorders) or event.state != "off"
                (call.recorders.discard if event.state == "off" else call.recorders.add)(event.leg)
            case SpyBegan():
                assert event.leg not in call.spies
                call.spies.add(event.leg)
            case SpyEnded():
                call.spies.remove(event.leg)
            case CustomerAnswered():
                assert not call.customer
                call.customer = True
            case MessageLeft():
                assert not call.message
                call.message = True
            case CallbackAsked():
                assert call.queue is None
            case CallTransferred():
                assert event.by is not None or event.to is not None
            case CallsMerged():
                other = live.pop(event.absorbed)
                assert None in (call.queue, other.queue)
                assert not call.offers & other.offers
                assert not (call.parked and other.parked)
                call.parked = call.parked or other.parked
                call.parties |= other.parties
                call.queue = call.queue or other.queue
                call.customer = call.customer or other.customer
                call.message = call.message or other.message
                call.consults |= other.consults
                call.answered |= other.answered
                call.recorders |= other.recorders
                call.spies |= other.spies
                call.offers |= other.offers
                call.talking |= other.talking
                call.held |= other.held
            case CallEnded():
                assert call.queue is None
                assert not call.offers
                assert not call.parties
                assert not call.parked
                del live[event.call]
            case _:
                assert isinstance(event, (CallerChanged, EstimateTold, KeyPressed, MuteChanged))
    assert not live


def named(stream: Iterable[Packet]) -> list[str]:
    """The ids of all legs that the stream names."""
    uids = {one.get(header) for one in stream for header in LEGS}
    return sorted(uid for uid in uids if uid)


def hang_up_everything(tracker: Tracker, stream: Iterable[Packet]) -> list[Event]:
    """A Hangup for every leg that the stream ever named."""
    events: list[Event] = []
    for uid in named(stream):
        events += tracker.receive(hangs_up(uid), START)
    return events


@pytest.mark.parametrize("name", RECORDINGS)
def test_any_suffix_of_a_recording_makes_sense(name: str) -> None:
    """Starting at any packet: calls that began before are not told, and nothing is left over."""
    stream = STREAMS[name]
    hang_ups = [hangs_up(uid) for uid in named(stream)]
    read = [place for place, one in enumerate(stream) if one.name in WANTED or "ActionID" in one]
    for start in [0, *(place + 1 for place in read)]:
        events, tracker = play(stream[start:])
        for one in hang_ups:
            events += tracker.receive(one, START)
        check_sense(events)
        assert tracker.is_empty


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_doubled_and_shuffled_makes_sense(name: str) -> None:
    """Every packet twice in its place; every packet moved by up to a few; both at once."""
    stream = STREAMS[name]
    for seed in range(8):
        rng = random.Random(seed)
        twice = [one for one in stream for _ in range(1 if seed % 2 else 2)]
        reach = (seed // 2) * 3
        moved = sorted(enumerate(twice), key=lambda pair: pair[0] + rng.uniform(0, reach))
        events, tracker = play([one for _, one in moved])
        events += hang_up_everything(tracker, stream)
        check_sense(events)
        assert tracker.is_empty


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_with_every_packet_twice_tells_the_same(name: str) -> None:
    """A packet that comes again changes nothing: the events are those of the recording. Only keys
    and announcements may really come twice."""
    once, _ = play(STREAMS[name])
    twice, _ = play([one for one in STREAMS[name] for _ in range(2 - ("ActionID" in one))])
    repeatable = (KeyPressed, EstimateTold)
    assert [one for one in twice if not isinstance(one, repeatable)] == [
        one for one in once if not isinstance(one, repeatable)
    ]


@given(name=st.sampled_from(RECORDINGS), seed=st.integers(0, 2**32), share=st.floats(0.0, 0.4))
def test_a_recording_with_packets_lost_doubled_and_out_of_order_makes_sense(
    name: str, seed: int, share: float
) -> None:
    """Each packet may be lost, come twice, or come later."""
    rng = random.Random(seed)
    late: list[tuple[float, Packet]] = []
    for place, one in enumerate(STREAMS[name]):
        if rng.random() < share:
            late += [(place + rng.expovariate(0.2), one)] * rng.choice((0, 1, 2))
        else:
            late.append((float(place), one))
    stream = [one for _, one in sorted(late, key=lambda pair: pair[0])]
    events, tracker = play(stream)
    events += hang_up_everything(tracker, stream)
    check_sense(events)
    assert tracker.is_empty


@given(names=st.lists(st.sampled_from(RECORDINGS), min_size=2, max_size=3), seed=st.integers())
@example(names=["engine_wait_answered", "caller_anonymous"], seed=104)
@settings(max_examples=60)
def test_recordings_that_mix_make_sense(names: list[str], seed: int) -> None:
    """Several exchanges' worth of packets through one tracker, their ids colliding."""
    rng = random.Random(seed)
    queues = [list(STREAMS[name]) for name in names]
    stream = []
    while any(queues):
        queue = rng.choice([one for one in queues if one])
        stream += [queue.pop(0) for _ in range(min(len(queue), rng.randint(1, 9)))]
    events, tracker = play(stream)
    events += hang_up_everything(tracker, stream)
    check_sense(events)
    assert tracker.is_empty


@given(name=st.sampled_from(RECORDINGS), seed=st.integers())
@settings(max_examples=40)
def test_any_portions_of_the_bytes_give_the_same_events(name: str, seed: int) -> None:
    """However the network cuts the stream."""
    rng = random.Random(seed)
    data = (HERE / f"{name}.ami").read_bytes()
    decoder, stream, start = Decoder(), [], 0
    while start < len(data):
        size = rng.choice((1, 7, 100, 1500))
        stream += decoder.feed(data[start : start + size])
        start += size
    assert play(stream)[0] == play(STREAMS[name])[0]


IDS = st.sampled_from(["1.1", "1.2", "1.3", "1.4", "2.1", "9.9", "engine-1", "", "x" * 300])
CHANNELS = st.sampled_from(
    ["PJSIP/trunk-1", "PJSIP/1001-1", "PJSIP/1002-2", "Local/1007@x-1;1", "Local/1007@x-1;2",
     "Local/1007@x-2;1", "Announcer/a-1;2", "", "PJSIP", "/", "Local/;1", "\udcff"]
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[str]] = {
    "Uniqueid": IDS,
    "DestUniqueid": IDS,
    "Linkedid": IDS,
    "LocalOneUniqueid": IDS,
    "LocalTwoUniqueid": IDS,
    "TransfererUniqueid": IDS,
    "TransfereeUniqueid": IDS,
    "OrigTransfererUniqueid": IDS,
    "SecondTransfererUniqueid": IDS,
    "TransferTargetUniqueid": IDS,
    "TargetUniqueid": IDS,
    "ParkeeUniqueid": IDS,
    "RetrieverUniqueid": IDS,
    "Result": st.sampled_from(["Success", "Success", "Fail", ""]),
    "DestType": st.sampled_from(["Bridge", "App", "Link", "Threeway", "Fail", ""]),
    "Extension": st.sampled_from(["1002", "700", "s", "x" * 300]),
    "Forward": st.sampled_from(["", "", "1002", "Local/1002@from-agents"]),
    "ParkerDialString": st.sampled_from(["PJSIP/1001", "PJSIP/trunk", ""]),
    "ParkingSpace": st.sampled_from(["701", ""]),
    "Channel": CHANNELS,
    "Value": CHANNELS | st.sampled_from(["TIMEOUT", "LEAVEEMPTY", "?"]),
    "Variable": st.sampled_from(["QUEUESTATUS", "CHANNEL_TO_JOIN", "X"]),
    "ChannelState": st.sampled_from(["0", "4", "5", "6", "", "x", "9" * 5000]),
    "BridgeUniqueid": st.sampled_from(["b1", "b2", ""]),
    "BridgeTechnology": st.sampled_from(["simple_bridge", "holding_bridge"]),
    "Queue": st.sampled_from(["service", "sales", ""]),
    "Interface": st.sampled_from(["PJSIP/1001", "Local/1007@x", "PJSIP/anna", ""]),
    "StateInterface": st.sampled_from(["PJSIP/1007", "hint:1@x", ""]),
    "Position": st.sampled_from(["1", "-1", "", "1e9", "٣"]),
    "DialStatus": st.sampled_from(["ANSWER", "CANCEL", "NOANSWER", "BUSY", "?", ""]),
    "Cause": st.sampled_from(["0", "16", "17", "21", "26", "", "x"]),
    "Timestamp": st.sampled_from(["0", "1800000000.5", "nan", "inf", "-1e308", "1e400", "x"]),
    "CallerIDNum": st.text(max_size=20),
    "CallerIDName": st.text(max_size=20),
    "Status": st.sampled_from(["0", "1", "8", "9", "-1", ""]),
    "Paused": st.sampled_from(["0", "1", ""]),
}


@st.composite
def nonsense(draw: st.DrawFn) -> Packet:
    name = draw(st.sampled_from(CALL_NAMES))
    headers = {
        key: "".join(character for character in draw(values) if character not in "\r\n")
        for key, values in VALUES.items()
        if draw(st.integers(0, 9))
    }
    headers = {
        key: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for key, value in headers.items()
    }
    return packet(name, **headers)


@given(stream=st.lists(nonsense(), max_size=60))
def test_nonsense_makes_sense(stream: list[Packet]) -> None:
    """Any names with any headers in any order."""
    tracker = Tracker()
    events: list[Event] = []
    for count, one in enumerate(stream):
        events += tracker.receive(one, START + count)
    events += hang_up_everything(tracker, stream)
    check_sense(events)
    assert tracker.is_empty


def test_memory_of_ended_legs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of calls leaves no more behind than a minute of them."""
    monkeypatch.setattr("telephony.book.REMEMBERED", 10)
    tracker = Tracker()
    for count in range(50):
        tracker.receive(inbound(f"{count}.1"), START)
        tracker.receive(hangs_up(f"{count}.1"), START)
    assert tracker.is_empty
    remembered = [uid for uid in map("{}.1".format, range(50)) if _ended(tracker, uid)]
    assert len(remembered) <= 10
    assert "49.1" in remembered


def _ended(tracker: Tracker, uid: str) -> bool:
    book: Conversations = tracker._talk
    return book.has_ended(uid)


@given(name=st.sampled_from(RECORDINGS), cut=st.floats(0.0, 1.0), shares=st.integers(0, 2**16))
def test_a_snapshot_at_any_moment_makes_sense(name: str, cut: float, shares: int) -> None:
    """A picture with only some of the legs, some waiting, amid a recording; then the rest of it."""
    stream = STREAMS[name]
    place = int(cut * len(stream))
    events, tracker = play(stream[:place])
    rng = random.Random(shares)
    seen = {one.get("Uniqueid"): one for one in stream if one.name in ("Newchannel", "BridgeEnter")}
    channels = [
        Packet(one.raw + f"\r\nBridgeId: {rng.choice(['', 'b1', 'b2'])}".encode())
        for one in seen.values()
        if rng.random() < 0.5
    ]
    entries = [
        packet("QueueEntry", Queue=rng.choice(["service", "sales"]), Uniqueid=uid or "")
        for uid in seen
        if rng.random() < 0.3
    ]
    picture = Snapshot(
        channels=tuple(channels), entries=tuple(entries), restarted=rng.random() < 0.2
    )
    events += tracker.snapshot(picture, START + 10)
    events += play(stream[place:], tracker)[0]
    events += hang_up_everything(tracker, stream)
    check_sense(events)
    assert tracker.is_empty
