"""The simulated exchange where an engine chooses the agent: waiting, joining, leaving."""

from __future__ import annotations

import pytest

from callcenter.floor.card import Words
from callcenter.floor.events import CallerSaid, CallQueued
from telephony.packet import Packet
from telephony.simulator import SettingsError, SimulatorSettings
from telephony.tracker import Tracker
from tests.simulated import SERVICE, Played

WAITING_IN = frozenset({"service"})


def waiting(seconds: float = 2.0, **caller: object) -> tuple[Played, str]:
    """A stage whose engine is alive, and a caller who waits there for so long."""
    stage = Played()
    stage.phones(p1001=("answers", 1.0), p1002=("busy", 0.0), p1003=("waits", 0.0))
    stage.change(engine_queues=WAITING_IN)
    call = stage.call(SERVICE, "+441632960030", "Wendy", **caller)
    beat(stage, seconds)
    return stage, call


def beat(stage: Played, seconds: float) -> None:
    """Time passes in which the engine shows that it lives."""
    for _ in range(int(seconds * 2)):
        stage.run(0.5)
        stage.act("Setvar", Variable="CC_BEAT", Value=str(stage.exchange.world.now))


def ring(stage: Played, call: str, device: str = "PJSIP/1001", leg: str = "cc-0-1") -> str:
    return stage.act(
        "Originate",
        ActionID=leg,
        Channel=device,
        ChannelId=leg,
        Context="cc-join",
        Exten="s",
        Priority="1",
        Variable=f"CHANNEL_TO_JOIN={stage.exchange.world.channels[call].name}",
        CallerID='"Wendy" <+441632960030>',
        Timeout="5000",
        Async="true",
    )


def told(stage: Played, name: str) -> list[Packet]:
    """The events of this name, UserEvents by their own."""
    packets = [Packet(block.encode()) for block in stage.stream.split("\r\n\r\n") if block]
    return [one for one in packets if name in (one.name, one.get("UserEvent"))]


def only_visit(stage: Played) -> tuple[str, str]:
    (outcome,) = stage.exchange.truth()
    (visit,) = outcome.visits
    return visit.queue, visit.why


def test_a_caller_enters_the_engines_line() -> None:
    """It says so with the queue, plays music, and a snapshot shows where the caller is."""
    stage, call = waiting()
    (said,) = told(stage, "CallcenterWait")
    assert (said.get("Queue"), said.get("Uniqueid")) == ("service", call)
    assert told(stage, "MusicOnHoldStart")
    shown = stage.act("CoreShowChannels")
    assert "Context: cc-wait\r\nExten: service\r\n" in shown
    assert "Application: WaitExten\r\n" in shown


def test_while_the_engine_lives_a_caller_waits_for_ever() -> None:
    """A beat that changes keeps the caller in the line."""
    stage, call = waiting(300)
    assert call in stage.exchange.world.channels
    assert not told(stage, "CallcenterAway")


@pytest.mark.parametrize("ender", ["caller", "called"])
def test_the_answered_leg_joins_the_caller_and_both_end(ender: str) -> None:
    """Whoever of the two hangs up, the call is over for both, and was answered."""
    stage, call = waiting(talk=3.0, ender=ender)
    assert "successfully queued" in ring(stage, call)
    beat(stage, 20)
    (answer,) = told(stage, "OriginateResponse")
    assert (answer.get("Response"), answer.get("Uniqueid")) == ("Success", "cc-0-1")
    assert [one.get("Uniqueid") for one in told(stage, "BridgeEnter")] == [call, "cc-0-1"]
    assert not stage.exchange.world.channels
    assert only_visit(stage) == ("service", "answered")
    assert not told(stage, "CallcenterAway")


@pytest.mark.parametrize(
    ("device", "how"),
    [("PJSIP/1002", "busy"), ("PJSIP/1003", "no_answer"), ("PJSIP/1004", None)],
)
def test_a_leg_that_is_not_answered_leaves_the_caller_waiting(device: str, how: str | None) -> None:
    """Busy, no answer in time and unreachable all fail, and the caller is still in line."""
    stage, call = waiting(patience=30.0)
    ring(stage, call, device)
    beat(stage, 8)
    (answer,) = told(stage, "OriginateResponse")
    assert answer.get("Response") == "Failure"
    assert stage.exchange.world.channels.keys() == {call}
    beat(stage, 30)
    (outcome,) = stage.exchange.truth()
    assert outcome.offers == (((device, how),) if how else ())
    assert only_visit(stage) == ("service", "abandoned")


def test_a_leg_that_finds_nobody_ends() -> None:
    """The caller hung up while the phone rang: the agent's leg says so and is gone."""
    stage, call = waiting(patience=2.5)
    ring(stage, call)
    beat(stage, 5)
    assert not stage.exchange.world.channels
    assert not told(stage, "BridgeEnter")
    assert only_visit(stage) == ("service", "abandoned")


def test_a_caller_cannot_be_joined_twice() -> None:
    """The second leg that asks for a caller who talks already ends by itself."""
    stage, call = waiting(talk=60.0)
    ring(stage, call)
    stage.run(0.1)
    stage.exchange.set_reaction("PJSIP/1003", "answers")
    ring(stage, call, "PJSIP/1003", "cc-0-2")
    beat(stage, 8)
    assert stage.exchange.world.channels.keys() == {call, "cc-0-1"} or (
        stage.exchange.world.channels.keys() == {call, "cc-0-2"}
    )
    assert len(told(stage, "BridgeCreate")) == 1


def test_a_silent_engine_costs_no_call() -> None:
    """Without a sign of life the ordinary queue takes the caller after the time allowed."""
    stage, _ = waiting(talk=2.0)
    stage.run(30)
    (away,) = told(stage, "CallcenterAway")
    assert away.get("Why") == "fallback"
    assert told(stage, "QueueCallerJoin")
    (outcome,) = stage.exchange.truth()
    assert outcome.device == "PJSIP/1001"
    assert [visit.why for visit in outcome.visits] == ["overflow", "answered"]
    overflow = outcome.visits[0]
    assert 5 <= overflow.left - overflow.entered <= 13


def test_the_engine_sends_a_caller_away() -> None:
    """Redirect to cc-away: the reason is told, a message played, the call ends without agent."""
    stage, call = waiting()
    said = stage.act("Redirect", Channel=call, Context="cc-away", Exten="closed", Priority="1")
    assert "Redirect successful" in said
    stage.run(10)
    (away,) = told(stage, "CallcenterAway")
    assert (away.get("Why"), away.get("Queue")) == ("closed", "service")
    assert only_visit(stage) == ("service", "closed")
    assert stage.exchange.truth()[0].end == "queue_left"


def test_a_position_is_told_once_for_each_order() -> None:
    """CC_POSITION is told at the next look, with the wait, and then forgotten."""
    stage, call = waiting()
    for variable, value in (("CC_P50", "60"), ("CC_P90", "180"), ("CC_POSITION", "2")):
        said = stage.act("Setvar", Channel=call, Variable=variable, Value=value)
        assert "Variable Set" in said
    beat(stage, 40)
    (position,) = told(stage, "CallcenterTold")
    assert [position.get(key) for key in ("Queue", "Position", "P50", "P90")] == [
        "service", "2", "60", "180",
    ]  # fmt: skip


def test_a_caller_can_be_joined_during_an_announcement() -> None:
    """The agent who answers takes the caller out of it; nothing counts as told."""
    stage, call = waiting(talk=100.0)
    stage.act("Setvar", Channel=call, Variable="CC_POSITION", Value="1")
    beat(stage, 4)
    ring(stage, call)
    beat(stage, 10)
    assert len(told(stage, "BridgeEnter")) == 2
    assert not told(stage, "CallcenterTold")


def test_keys_are_told_and_the_caller_waits_on() -> None:
    """What a key means is the engine's business."""
    stage, call = waiting(20, keys=((4.0, "1"), (6.0, "#")))
    assert [one.get("Key") for one in told(stage, "CallcenterKey")] == ["1", "#"]
    assert call in stage.exchange.world.channels


@pytest.mark.parametrize("by", ["name", "uniqueid"])
def test_hangup_by_name_and_by_uniqueid(by: str) -> None:
    """AMI finds a channel by either, as ast_channel_get_by_name does."""
    stage, call = waiting()
    channel = stage.exchange.world.channels[call]
    said = stage.act("Hangup", Channel=channel.name if by == "name" else call)
    assert "Channel Hungup" in said
    stage.run(1)
    assert not stage.exchange.world.channels


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, "Channel not specified"),
        ({"Channel": "PJSIP/none-1"}, "Channel does not exist"),
        ({"Channel": "{call}", "Context": "cc-away", "Exten": "nowhere"}, "Redirect failed"),
        ({"Channel": "{call}", "ExtraChannel": "x", "Context": "cc-away", "Exten": "closed"},
         "ExtraChannel does not exist"),
    ],
)  # fmt: skip
def test_a_redirect_that_cannot_be_is_refused(headers: dict[str, str], answer: str) -> None:
    """The error says what is wrong, and the caller waits on."""
    stage, call = waiting()
    filled = {key: value.format(call=call) for key, value in headers.items()}
    assert f"Message: {answer}" in stage.act("Redirect", Priority="1", **filled)
    beat(stage, 2)
    assert stage.exchange.world.channels[call].context == "cc-wait"


def test_a_caller_in_a_queue_can_be_redirected() -> None:
    """Out of Queue() it counts as given up there; talking, the agent's leg ends."""
    stage = Played()
    stage.phones(p1001=("answers", 1.0))
    call = stage.call(SERVICE, "+441632960031", talk=60.0)
    stage.run(4)
    assert "successful" in stage.act(
        "Redirect", Channel=call, Context="cc-wait", Exten="sales", Priority="1"
    )
    beat(stage, 3)
    assert stage.exchange.world.channels.keys() == {call}
    (done,) = told(stage, "AgentComplete")
    assert done.get("Reason") == "transfer"
    assert told(stage, "CallcenterWait")[0].get("Queue") == "sales"


def test_an_unknown_engine_queue_is_refused() -> None:
    """The settings name the queue that does not exist."""
    with pytest.raises(SettingsError, match="no queue 'nope'"):
        SimulatorSettings(engine_queues=frozenset({"nope"}))


def test_what_a_menu_heard_is_told_before_the_line() -> None:
    """Percent-encoded as a dialplan writes it; our own tracker reads the very words."""
    words = Words(source="ivr", text="卡片不見了, now\r\nAction: Hangup", language="zh-Hant")
    stage, call = waiting(said=(words, Words(source="path", text="2-1")))
    tracker = Tracker()
    events = [
        event
        for packet in (Packet(block.encode()) for block in stage.stream.split("\r\n\r\n") if block)
        for event in tracker.receive(packet, 0.0)
    ]
    heard = [event.words for event in events if isinstance(event, CallerSaid)]
    assert [one.text for one in heard] == ["卡片不見了, now Action: Hangup", "2-1"]
    assert heard[0].language == "zh-Hant"
    kinds = [type(event) for event in events if getattr(event, "call", None) == call]
    assert kinds.index(CallerSaid) < kinds.index(CallQueued)
