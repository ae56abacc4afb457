"""Callers whose agent the engine chooses: what the dialplan tells of them, and snapshots."""

from __future__ import annotations

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    EstimateTold,
    Event,
    KeyPressed,
)
from telephony.packet import Packet
from telephony.privileges import Watch
from telephony.snapshot import Snapshot
from telephony.tracker import Tracker
from tests.unit.telephony.exchange_words import (
    START,
    TRUNK,
    asks_to_end,
    enters,
    hangs_up,
    inbound,
    joins,
    new,
    packet,
)
from tests.unit.telephony.test_tracker_calls import of
from tests.unit.telephony.test_tracker_snapshot import entry, picture, shown

LATER = START + 600


def says(uid: str, name: str, **headers: str) -> Packet:
    return packet("UserEvent", UserEvent=f"Callcenter{name}", Uniqueid=uid, **headers)


def waits(uid: str = "1.1", queue: str = "service") -> Packet:
    return says(uid, "Wait", Queue=queue)


def in_line(uid: str = "1.1", exten: str = "service", **headers: str) -> Packet:
    given = {"Context": "cc-wait", "Exten": exten, "Duration": "00:01:30"} | headers
    return shown(uid, f"{TRUNK}{uid}", **given)


def after(*packets: Packet) -> tuple[Tracker, list[Event]]:
    tracker = Tracker()
    events = [
        event
        for count, one in enumerate(packets)
        for event in tracker.receive(one, START + count / 100)
    ]
    return tracker, events


def test_a_caller_enters_the_engines_line() -> None:
    """The queue, that the engine chooses, and the leg that waits, for the orders."""
    tracker, events = after(inbound(), waits())
    (queued,) = of(CallQueued, events)
    assert (queued.queue, queued.by, queued.leg, queued.position) == ("service", "engine", "1.1", 1)
    assert tracker.waiting_channel(queued.call) == f"{TRUNK}1.1"


def test_positions_count_who_waits_in_that_queue() -> None:
    """Other queues do not count."""
    _, events = after(
        inbound("1.1"), waits("1.1"), inbound("1.2"), waits("1.2", "sales"), inbound("1.3"),
        waits("1.3"),
    )  # fmt: skip
    assert [queued.position for queued in of(CallQueued, events)] == [1, 1, 2]


def test_entering_twice_is_told_once() -> None:
    """A packet that a snapshot has shown already changes nothing."""
    _, events = after(inbound(), waits(), waits())
    assert len(of(CallQueued, events)) == 1


@pytest.mark.parametrize(
    ("why", "left"),
    [
        ("closed", "closed"),
        ("empty", "empty"),
        ("timed_out", "timed_out"),
        ("key", "key"),
        ("fallback", "overflow"),
        ("whatever", "unknown"),
    ],
)
def test_leaving_without_an_agent(why: str, left: str) -> None:
    """The dialplan says why; the floor hears it in its own words."""
    tracker, events = after(inbound(), waits(), says("1.1", "Away", Why=why))
    assert [one.why for one in of(CallLeftQueue, events)] == [left]
    assert tracker.waiting_channel("1.1") is None


def test_who_was_sent_away_has_not_given_up() -> None:
    """The call ends as one that left its queue, though the exchange hangs up."""
    for why in ("closed", "empty", "timed_out", "key"):
        _, events = after(inbound(), waits(), says("1.1", "Away", Why=why), hangs_up("1.1"))
        assert of(CallEnded, events)[0].why == "queue_left"


def test_falling_back_into_an_ordinary_queue() -> None:
    """Out of the engine's line, into the exchange's; the engine's word no longer counts there."""
    _, events = after(
        inbound(),
        waits(),
        says("1.1", "Away", Why="fallback"),
        joins("1.1"),
        says("1.1", "Away", Why="closed"),
    )
    assert [queued.by for queued in of(CallQueued, events)] == ["engine", "exchange"]
    assert [left.why for left in of(CallLeftQueue, events)] == ["overflow"]


def test_giving_up() -> None:
    """The caller hangs up while waiting."""
    _, events = after(inbound(), waits(), asks_to_end("1.1"), hangs_up("1.1"))
    assert of(CallLeftQueue, events)[0].why == "abandoned"
    assert of(CallEnded, events)[0].why == "abandoned"


def test_what_was_told_to_a_caller() -> None:
    """Position and seconds; a missing or odd estimate is none."""
    _, events = after(
        inbound(),
        waits(),
        says("1.1", "Told", Position="2", P50="90", P90="240"),
        says("1.1", "Told", Position="1", P50="", P90="soon"),
        says("1.1", "Told", Position="first"),
    )
    assert [(one.queue, one.position, one.p50, one.p90) for one in of(EstimateTold, events)] == [
        ("service", 2, 90.0, 240.0),
        ("service", 1, None, None),
    ]


def test_keys() -> None:
    """One key each; what is none is passed over, and so is one of somebody who waits no more."""
    _, events = after(
        inbound(),
        *(says("1.1", "Key", Key=key) for key in "1"),
        waits(),
        *(says("1.1", "Key", Key=key) for key in ("1", "#", "", "12", "x", "１")),
        says("1.1", "Away", Why="key"),
        says("1.1", "Key", Key="2"),
    )
    assert [one.key for one in of(KeyPressed, events)] == ["1", "#"]


def test_user_events_of_others_are_not_ours() -> None:
    """An operator's own, one without a channel, and one of a channel nobody has seen."""
    tracker, events = after(
        inbound(),
        packet("UserEvent", UserEvent="Survey", Uniqueid="9.9", Queue="x"),
        packet("UserEvent", UserEvent="CallcenterWait", Queue="x"),
        says("1.1", "Dance"),
    )
    assert events == of(CallArrived, events)
    assert tracker.unexpected == {}
    tracker.receive(waits("9.9"), START)
    assert tracker.unexpected == {"UserEvent": 1}


# --- snapshots --------------------------------------------------------------------------------


def test_a_caller_is_found_waiting_with_the_wait_so_far() -> None:
    """Context and extension say where; the age of the channel how long."""
    events = Tracker().snapshot(picture([in_line()]), LATER)
    (arrived,), (queued,) = of(CallArrived, events), of(CallQueued, events)
    assert (queued.queue, queued.by, queued.leg) == ("service", "engine", "1.1")
    assert (arrived.at, queued.at) == (LATER - 90, LATER - 90)


@pytest.mark.parametrize("duration", ["", "soon", "-1:00:00", "1:99:00"])
def test_an_age_that_is_none(duration: str) -> None:
    """The wait then begins now."""
    events = Tracker().snapshot(picture([in_line(Duration=duration)]), LATER)
    assert of(CallQueued, events)[0].at == LATER


def test_the_same_once_more_is_silent() -> None:
    """Also in the moment in which a key is being told, when the extension is not the queue."""
    tracker, _ = after(inbound(), waits())
    for exten in ("service", "i", "service"):
        assert tracker.snapshot(picture([in_line(exten=exten)]), LATER) == []


def test_who_has_left_meanwhile() -> None:
    """Into the ordinary queue, or to somewhere nobody knows; or gone."""
    now = {
        "overflow": [in_line(Context="cc-away", Exten="fallback", Application="Queue")],
        "unknown": [in_line(Context="ivr", Exten="s")],
    }
    for why, channels in now.items():
        tracker, _ = after(inbound(), waits())
        events = tracker.snapshot(picture(channels), LATER)
        assert [left.why for left in of(CallLeftQueue, events)] == [why]
    tracker, _ = after(inbound(), waits())
    assert of(CallEnded, tracker.snapshot(picture(), LATER))[0].why == "lost"


def test_who_fell_back_meanwhile_waits_for_the_exchange() -> None:
    """The entry of the queue is taken over in the same snapshot."""
    tracker, _ = after(inbound(), waits())
    channel = in_line(Context="cc-away", Exten="fallback", Application="Queue")
    events = tracker.snapshot(picture([channel], entries=(entry("1.1"),)), LATER)
    assert [queued.by for queued in of(CallQueued, events)] == ["exchange"]


def test_who_was_answered_meanwhile() -> None:
    """A caller in a bridge keeps the extension of the line, and waits no more."""
    agent = shown("cc-0-1", "PJSIP/1001-00000002", linked="1.1", BridgeId="b1")
    tracker, _ = after(inbound(), waits())
    events = tracker.snapshot(picture([in_line(BridgeId="b1"), agent]), LATER)
    assert of(CallLeftQueue, events)[0].why == "answered"
    assert of(CallAnswered, events)[0].device == "PJSIP/1001"
    found = Tracker().snapshot(picture([in_line(BridgeId="b1"), agent]), LATER)
    assert of(CallQueued, found) == []


def test_a_list_of_channels_that_is_missing_moves_nobody() -> None:
    """What was not told is not "none"; queues alone do not know of the engine's line."""
    tracker, _ = after(inbound(), waits())
    snapshot = Snapshot(missing=frozenset({"channels"}))
    assert tracker.snapshot(snapshot, LATER) == []
    assert tracker.waiting_channel("1.1") is not None


def test_an_agents_leg_is_no_waiting_caller() -> None:
    """The engine's own leg to an agent in the context of the join."""
    leg = new("cc-0-1", "PJSIP/1001-00000002", Context="cc-join", Exten="s")
    _, events = after(inbound(), waits(), leg, enters("cc-0-1"), enters("1.1"))
    assert len(of(CallQueued, events)) == 1


# --- privileges -------------------------------------------------------------------------------


def test_a_missing_class_user_is_told() -> None:
    """Callers wait for the engine, and the dialplan's word of it never comes."""
    watch = Watch()
    watch.compare(picture([in_line("1.1")]))
    watch.compare(picture([in_line("1.1"), in_line("1.2")]))
    (warning,) = [one for one in watch.warnings("engine") if "class user" in one]
    assert "add user to the line 'read = ...' of user [engine]" in warning


def test_a_class_user_that_comes_is_not_missing() -> None:
    """Nor is it where nobody ever waits for the engine."""
    watch = Watch()
    watch.compare(picture([in_line("1.1")]))
    watch.see(Packet(b"Event: UserEvent\r\nPrivilege: user,all\r\n"))
    watch.compare(picture([in_line("1.1"), in_line("1.2")]))
    assert [one for one in watch.warnings("engine") if "class user" in one] == []
    observing = Watch()
    for uid in ("1.1", "1.2"):
        observing.compare(picture([shown(uid, f"{TRUNK}{uid}")]))
    assert [one for one in observing.warnings("engine") if "class user" in one] == []
