"""Call control as the exchange reports it: recordings, cut and with snapshots in them."""

from __future__ import annotations

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallOffered,
    CallResumed,
    ConsultAnswered,
    ConsultBegan,
    ConsultEnded,
    DeviceLeft,
    Event,
    MuteChanged,
    RecordingChanged,
    SpyBegan,
    SpyEnded,
)
from telephony.control_facts import Talk
from telephony.packet import Packet
from telephony.tracker import Tracker
from tests.replays.playing import packets, play

AGENT, ASIDE = "cc-0-1", "cx-0-1"
ENDS = ("CoreShowChannel", "DeviceStateListComplete")
"""The packets between which a snapshot is."""


def until(name: str, kind: type[Event], count: int = 1) -> tuple[Tracker, list[Packet]]:
    """A recording up to where this has been told so often, and the rest of it."""
    tracker, seen = Tracker(), 0
    stream = packets(name)
    for place, packet in enumerate(stream):
        events, _ = play([packet], tracker)
        seen += sum(isinstance(event, kind) for event in events)
        if seen >= count:
            return tracker, stream[place + 1 :]
    raise AssertionError(f"{name} has no {count} {kind.__name__}")


def found(name: str) -> tuple[list[Event], Tracker, list[Packet]]:
    """What a tracker that knows nothing says to the snapshot of a recording; what comes then."""
    stream = packets(name)
    end = next(i for i, one in enumerate(stream) if one.name == "DeviceStateListComplete") + 1
    events, tracker = play(stream[:end])
    return [one for one in events if hasattr(one, "call")], tracker, stream[end:]


def talk(tracker: Tracker) -> Talk:
    known = tracker.control.talk_of(AGENT)
    assert known is not None
    return known


def test_what_control_must_know_of_a_talk_on_hold() -> None:
    """The customer, that they wait and for whom; after it was taken back, who meets whom."""
    tracker, rest = until("control_hold_resume", CallHeld)
    held = talk(tracker)
    assert held.held
    assert not held.many
    assert held.customer is not None
    assert tracker.control.waits_for(held.customer) == AGENT
    assert not tracker.control.meet(AGENT, held.customer)
    stream = iter(rest)
    while tracker.control.waits_for(held.customer) is not None:
        play([next(stream)], tracker)
    assert not talk(tracker).held
    assert tracker.control.meet(AGENT, held.customer)


def test_what_control_must_know_of_a_consultation() -> None:
    """The leg of whom the agent asks, and whether they answered; who waits after a swap."""
    tracker, rest = until("control_swap", ConsultBegan)
    assert (talk(tracker).aside, talk(tracker).aside_answered) == (ASIDE, False)
    stream = iter(rest)
    while not talk(tracker).aside_answered:
        play([next(stream)], tracker)
    while tracker.control.waits_for(ASIDE) is None:
        play([next(stream)], tracker)
    assert tracker.control.waits_for(ASIDE) == AGENT
    play(stream, tracker)
    assert tracker.is_empty


def test_a_leg_that_is_gone_has_no_talk() -> None:
    """Nothing can be asked of it any more."""
    tracker, _ = until("control_blind_transfer", DeviceLeft)
    assert tracker.control.talk_of(AGENT) is None
    assert tracker.control.talk_of("no such leg") is None
    assert not tracker.control.is_up(AGENT)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("control_hold_snapshot", [CallArrived, CallAnswered, CallHeld]),
        (
            "control_consult_ringing_snapshot",
            [CallArrived, CallAnswered, CallHeld, ConsultBegan],
        ),
        (
            "control_consult_snapshot",
            [CallArrived, CallAnswered, CallHeld, ConsultBegan, ConsultAnswered],
        ),
        ("control_swap_snapshot", [CallArrived, CallAnswered, ConsultBegan, ConsultAnswered]),
    ],
)
def test_an_engine_that_starts_finds_what_is_under_way(name: str, kinds: list[type[Event]]) -> None:
    """The agent is in the talk, the customer waits or not; no phone seems to ring for the call."""
    events, tracker, rest = found(name)
    assert [type(event) for event in events] == kinds
    assert isinstance(events[1], CallAnswered)
    assert (events[1].device, events[1].leg) == ("PJSIP/1001", AGENT)
    known = talk(tracker)
    assert known.customer is not None
    assert known.held == (CallHeld in kinds)
    assert known.aside == (ASIDE if ConsultBegan in kinds else None)
    assert known.aside_answered == (ConsultAnswered in kinds)
    waits = tracker.control.waits_for(ASIDE)
    assert waits == (AGENT if name == "control_swap_snapshot" else None)
    later, _ = play(rest, tracker)
    assert not [one for one in later if isinstance(one, CallOffered)]
    assert [one.why for one in later if isinstance(one, CallEnded)] == ["completed"]
    assert tracker.is_empty


def test_snapshots_tell_nothing_that_is_known() -> None:
    """One hold, one resumption, in whatever place of the dialplan the customer is found."""
    events, _ = play(packets("control_hold_snapshots"))
    held = [type(one) for one in events if isinstance(one, (CallHeld, CallResumed))]
    assert held == [CallHeld, CallResumed]


def test_a_hold_that_was_missed_is_found_by_who_knew_the_talk() -> None:
    """The line to the exchange was cut while the agent pressed hold; and while they took back."""
    tracker, stream = until("control_hold_snapshots", CallAnswered)
    places = {name: [i for i, one in enumerate(stream) if one.name == name] for name in ENDS}
    ends = places["DeviceStateListComplete"]
    first = places["CoreShowChannel"][0]
    missed, _ = play(stream[first : ends[0] + 1], tracker)
    assert [type(one) for one in missed if isinstance(one, (CallHeld, CallAnswered))] == [CallHeld]
    second = next(place for place in places["CoreShowChannel"] if place > ends[0])
    missed, _ = play(stream[second : ends[1] + 1], tracker)
    assert [one for one in missed if isinstance(one, CallResumed)]
    play(stream[ends[1] + 1 :], tracker)
    assert tracker.is_empty


def test_recording_is_told_as_the_exchange_does_it() -> None:
    """On, paused, on, off; the writing leg is known meanwhile."""
    tracker, _ = until("control_recording", RecordingChanged)
    assert talk(tracker).recorder == ASIDE
    events, _ = play(packets("control_recording"))
    told = [one for one in events if isinstance(one, RecordingChanged)]
    assert [one.state for one in told] == ["on", "paused", "on", "off"]
    assert {one.leg for one in told} == {AGENT}


def test_muting_is_told_once_the_exchange_did_it() -> None:
    """Off and on again, each once."""
    events, _ = play(packets("control_mute"))
    told = [one for one in events if isinstance(one, MuteChanged)]
    assert [(one.device, one.muted) for one in told] == [
        ("PJSIP/1001", True),
        ("PJSIP/1001", False),
    ]


def test_each_way_of_listening_begins_and_ends() -> None:
    """Listening, whispering, barging in: one after the other, and nothing stays."""
    events, _ = play(packets("control_listen"))
    told = [one for one in events if isinstance(one, (SpyBegan, SpyEnded))]
    assert [type(one) for one in told] == [SpyBegan, SpyEnded] * 3
    modes = [one.mode for one in told if isinstance(one, SpyBegan)]
    assert modes == ["listen", "whisper", "barge"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("control_consult_complete", "completed"),
        ("control_consult_cancel", "cancelled"),
        ("control_consult_cancel_ringing", "cancelled"),
        ("control_conference", "joined"),
        ("control_consult_ringing_snapshot", "gone"),
    ],
)
def test_how_a_consultation_ended(name: str, why: str) -> None:
    """Told once, for the device that began it."""
    events, _ = play(packets(name))
    ended = [one for one in events if isinstance(one, ConsultEnded)]
    assert [(one.device, one.leg, one.why) for one in ended] == [("PJSIP/1001", ASIDE, why)]
