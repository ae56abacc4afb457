"""Call control on the simulated exchange: what the engine's own actions do there."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.floor import events as e
from telephony.packet import Packet
from tests.simulated import SERVICE, Played
from tests.unit.telephony.test_simulator_engine import told as said
from tests.unit.telephony.test_tracker_calls import told

AGENT, LEG, SPY = "PJSIP/1001", "cc-1-1", "cc-1-2"


class Talking:
    """A caller of the engine's line talks with 1001; a tracker reads along."""

    def __init__(self) -> None:
        self.stage = stage = Played()
        stage.phones(p1001=("answers", 0.5), p1002=("answers", 0.5), p1008=("answers", 0.2))
        stage.change(engine_queues=frozenset({"service"}))
        stage.beats = True
        self.customer = stage.call(SERVICE, "+441632960024", "Patient One", talk=600.0)
        stage.run(2.5)
        self.originate(AGENT, LEG, "cc-join", "s", CHANNEL_TO_JOIN=self.customer)
        stage.run(3.0)
        assert self.together(LEG, self.customer)

    def originate(self, device: str, leg: str, context: str, exten: str, **variables: str) -> str:
        more = ",".join(f"{name}={value}" for name, value in variables.items())
        return self.stage.act(
            "Originate", Channel=device, ChannelId=leg, OtherChannelId=f"{leg}-far",
            Context=context, Exten=exten, Priority="1", Timeout="20000", Variable=more,
        )  # fmt: skip

    def put(self, leg: str, **variables: str) -> None:
        for name, value in variables.items():
            self.stage.act("Setvar", Channel=leg, Variable=name, Value=value)

    def move(self, *places: tuple[str, str, str]) -> str:
        headers: dict[str, str] = {}
        for extra, (leg, context, exten) in zip(("", "Extra"), places, strict=False):
            headers |= {
                f"{extra}Channel": leg, f"{extra}Context": context, f"{extra}Exten": exten,
                f"{extra}Priority": "1",
            }  # fmt: skip
        answer = self.stage.act("Redirect", **headers)
        self.stage.run(0.5)
        return answer

    def hold(self) -> None:
        self.put(self.customer, CC_AGENT=LEG)
        self.put(LEG, CC_CUSTOMER=self.customer)
        answer = self.move((self.customer, "cc-hold", "s"), (LEG, "cc-agent", "s"))
        assert "Success" in answer

    def together(self, one: str, other: str) -> bool:
        channels = self.stage.exchange.world.channels
        bridge = channels[one].bridge if one in channels else None
        return bridge is not None and other in channels and channels[other].bridge is bridge

    def events(self, *kinds: type[Any]) -> list[Any]:
        """What a tracker makes of all that the exchange has said."""
        blocks = (block for block in self.stage.stream.split("\r\n\r\n") if block)
        return [
            one for one in told(Packet(one.encode()) for one in blocks) if isinstance(one, kinds)
        ]


def test_hold_and_resume() -> None:
    """Held, the two hear nobody and the customer hears music; resumed, they hear each other."""
    talk = Talking()
    talk.hold()
    customer = talk.stage.exchange.world.channels[talk.customer]
    assert customer.music
    assert customer.bridge is None
    talk.stage.run(30.0)
    assert LEG in talk.stage.exchange.world.channels
    talk.move((LEG, "cc-agent", "join"))
    assert talk.together(LEG, talk.customer)
    assert not customer.music
    assert [type(one) for one in talk.events(e.CallHeld, e.CallResumed)] == [
        e.CallHeld,
        e.CallResumed,
    ]
    assert not talk.events(e.CallEnded)


def test_a_held_customer_whose_agent_is_gone_stands_in_the_line_again() -> None:
    """The dialplan looks after them without the engine."""
    talk = Talking()
    talk.hold()
    talk.stage.act("Hangup", Channel=LEG)
    talk.stage.run(5.0)
    assert talk.stage.exchange.world.channels[talk.customer].context == "cc-wait"
    assert [one.queue for one in talk.events(e.CallQueued)] == ["service", "service"]


def test_a_blind_transfer() -> None:
    """The agent is out of it; the customer talks with the colleague."""
    talk = Talking()
    talk.put(talk.customer, CC_AGENT=LEG, CC_TARGET="1002")
    talk.move((talk.customer, "cc-transfer", "s"), (LEG, "cc-agent", "done"))
    talk.stage.run(3.0)
    channels = talk.stage.exchange.world.channels
    assert LEG not in channels
    assert {one.device.name for one in channels.values()} == {"PJSIP/trunk", "PJSIP/1002"}
    (handed,) = talk.events(e.CallTransferred)
    assert (handed.kind, handed.by, handed.to) == ("blind", AGENT, "1002")


def test_a_blind_transfer_of_which_the_agents_end_is_told_first() -> None:
    """Each channel of the exchange tells in its own time: it is their transfer all the same."""
    talk = Talking()
    talk.put(talk.customer, CC_AGENT=LEG, CC_TARGET="1002")
    talk.move((talk.customer, "cc-transfer", "s"), (LEG, "cc-agent", "done"))
    talk.stage.run(3.0)
    blocks = talk.stage.stream.split("\r\n\r\n")
    (handed,) = [
        one for one in blocks if one.startswith("Event: UserEvent") and "Did: blind_transfer" in one
    ]
    blocks.remove(handed)
    (end,) = [
        place
        for place, one in enumerate(blocks)
        if one.startswith("Event: Hangup\r\n") and f"Uniqueid: {LEG}\r\n" in one
    ]
    blocks.insert(end + 1, handed)
    facts = told(Packet(one.encode()) for one in blocks if one)
    (transferred,) = [one for one in facts if isinstance(one, e.CallTransferred)]
    assert (transferred.kind, transferred.by, transferred.to) == ("blind", AGENT, "1002")
    assert [one.device for one in facts if isinstance(one, e.DeviceLeft)] == [AGENT]
    answered = [one.device for one in facts if isinstance(one, e.CallAnswered)]
    assert answered == [AGENT, "PJSIP/1002"]


def test_a_blind_transfer_that_nobody_answers_comes_back() -> None:
    """The customer is in the line that they came from."""
    talk = Talking()
    talk.stage.exchange.set_reaction("PJSIP/1002", "absent")
    talk.put(talk.customer, CC_AGENT=LEG, CC_TARGET="1002")
    talk.move((talk.customer, "cc-transfer", "s"), (LEG, "cc-agent", "done"))
    assert talk.stage.exchange.world.channels[talk.customer].context == "cc-wait"


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
def test_a_supervisor_listens_until_the_agent_is_gone(mode: str) -> None:
    """Beginning and end are told, and the supervisor's phone is free afterwards."""
    talk = Talking()
    assert "Success" in talk.originate("PJSIP/1008", SPY, "cc-spy", mode, CC_AGENT=LEG)
    talk.stage.run(2.0)
    (began,) = talk.events(e.SpyBegan)
    assert (began.device, began.by, began.leg, began.mode) == (AGENT, "PJSIP/1008", SPY, mode)
    talk.stage.exchange.hang_up(AGENT)
    talk.stage.run(2.0)
    assert talk.stage.exchange.world.channels == {}
    stopped = [one.get("SpyerUniqueid") for one in said(talk.stage, "ChanSpyStop")]
    assert stopped == [SPY]


def test_another_mode_and_no_more_listening() -> None:
    """A Redirect changes the mode; a Hangup ends it, and the talk goes on."""
    talk = Talking()
    talk.originate("PJSIP/1008", SPY, "cc-spy", "listen", CC_AGENT=LEG)
    talk.stage.run(2.0)
    talk.move((SPY, "cc-spy", "barge"))
    talk.stage.act("Hangup", Channel=SPY)
    talk.stage.run(2.0)
    assert [one.mode for one in talk.events(e.SpyBegan)] == ["listen", "barge"]
    assert len(talk.events(e.SpyEnded)) == 2
    assert talk.together(LEG, talk.customer)


def test_taking_over() -> None:
    """The supervisor has the customer, the agent is out of it."""
    talk = Talking()
    talk.originate("PJSIP/1008", SPY, "cc-spy", "wait", CC_AGENT=LEG)
    talk.stage.run(1.0)
    talk.put(SPY, CC_CUSTOMER=talk.customer, CC_AGENT=LEG)
    talk.put(talk.customer, CC_AGENT=SPY)
    talk.put(LEG, CC_CUSTOMER=talk.customer)
    talk.move((talk.customer, "cc-hold", "s"), (LEG, "cc-agent", "s"))
    talk.move((SPY, "cc-spy", "take"))
    talk.move((LEG, "cc-agent", "done"))
    assert talk.together(SPY, talk.customer)
    assert LEG not in talk.stage.exchange.world.channels
    (handed,) = talk.events(e.CallTransferred)
    assert (handed.kind, handed.by, handed.to) == ("attended", AGENT, "PJSIP/1008")


def test_recording_pauses_goes_on_and_ends() -> None:
    """Each change is told once, for the recorded leg; the talk notices nothing."""
    talk = Talking()
    talk.originate("Local/ear@cc-record/n", "cc-1-3", "cc-record", "pen", CC_AGENT=LEG, CC_FILE="a")
    talk.stage.run(1.0)
    for state in ("1", "0"):
        talk.stage.act("MixMonitorMute", Channel="cc-1-3", Direction="both", State=state)
    talk.stage.act("Hangup", Channel="cc-1-3")
    talk.stage.run(2.0)
    states = [(one.leg, one.state) for one in talk.events(e.RecordingChanged)]
    assert states == [(LEG, "on"), (LEG, "paused"), (LEG, "on"), (LEG, "off")]
    assert talk.together(LEG, talk.customer)
    assert talk.stage.exchange.world.channels.keys() == {LEG, talk.customer}


def test_a_recording_ends_with_the_talk() -> None:
    """No half of the Local channel is left."""
    talk = Talking()
    talk.originate("Local/ear@cc-record/n", "cc-1-3", "cc-record", "pen", CC_AGENT=LEG, CC_FILE="a")
    talk.stage.run(1.0)
    talk.stage.exchange.hang_up(AGENT)
    talk.stage.run(2.0)
    assert talk.stage.exchange.world.channels == {}


def test_both_move_or_neither() -> None:
    """A Redirect of two is refused whole when one of them is gone."""
    talk = Talking()
    answer = talk.move((talk.customer, "cc-hold", "s"), ("cc-9-9", "cc-agent", "s"))
    assert "ExtraChannel does not exist" in answer
    assert talk.together(LEG, talk.customer)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("DIALPLAN_EXISTS(cc-target,1002,1)", "1"),
        ("DIALPLAN_EXISTS(cc-target,+441632960000,1)", "1"),
        ("DIALPLAN_EXISTS(cc-target,4711,1)", "0"),
        ("QUEUE_EXISTS(service)", "1"),
        ("QUEUE_EXISTS(nowhere)", "0"),
    ],
)
def test_what_a_call_can_be_handed_on_to(question: str, value: str) -> None:
    """Getvar answers what the engine asks before it moves anybody."""
    assert f"Value: {value}\r\n" in Played().act("Getvar", Variable=question)


def test_consulting_is_refused_in_words() -> None:
    """What is not simulated says so as Asterisk would."""
    talk = Talking()
    answer = talk.originate("Local/s@cc-consult-out/n", "cc-1-4", "cc-consult", "s")
    assert "Extension does not exist." in answer
