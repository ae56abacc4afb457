"""The simulated exchange and callbacks: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.floor.callback import DialEnd
from telephony.dialling import Attempt, Dialling
from telephony.packet import Packet
from telephony.simulator import Outside, Outsider, SettingsError, SimulatorSettings
from tests.simulated import AGENT, CALL, CUSTOMER, SERVICE, Played

LATE = 40.0


def dialled(who: Outsider, machine: str = "connect", agent: str = "") -> tuple[Played, Attempt]:
    """The customer is dialled, rings twenty seconds at most, and time passes; the attempt as the
    engine's own reader of events understands it."""
    stage = Played()
    stage.phones(p1001=("answers", 0.5))
    stage.change(outside=Outside(known={CUSTOMER: who}), engine_queues=frozenset({"service"}))
    dialling = Dialling()
    attempt = dialling.begin(CALL, lambda: None)
    assert attempt is not None
    said = dial(stage, machine, agent)
    assert "Response: Success" in said
    for _ in range(int(LATE)):
        stage.run(1.0)
        stage.act("Setvar", Variable="CC_BEAT", Value=str(stage.exchange.world.now))
    for packet in packets(stage):
        dialling.hear(packet)
    return stage, attempt


def dial(stage: Played, machine: str = "connect", agent: str = "", call: str = CALL) -> str:
    more = f",CC_AGENT={agent}" if agent else ""
    return stage.act(
        "Originate",
        ActionID=call,
        Channel=f"PJSIP/{CUSTOMER}@trunk",
        ChannelId=call,
        Context="cc-callback",
        Exten="s",
        Priority="1",
        Variable=f"__CC_QUEUE=service,CC_NUMBER={CUSTOMER},CC_MACHINE={machine}{more}",
        Timeout="20000",
        Async="true",
    )


def packets(stage: Played) -> list[Packet]:
    return [Packet(block.encode()) for block in stage.stream.split("\r\n\r\n") if block]


def told(stage: Played, name: str) -> list[Packet]:
    return [one for one in packets(stage) if name in (one.name, one.get("UserEvent"))]


@pytest.mark.parametrize(
    ("reaction", "end", "truth"),
    [
        ("busy", "busy", "busy"),
        ("waits", "no_answer", "no_answer"),
        ("declines", "declined", "refused"),
        ("fails", "congestion", "congestion"),
        ("invalid", "invalid", "failed"),
    ],
)
def test_a_customer_who_is_not_reached(reaction: Any, end: DialEnd, truth: str) -> None:
    """The engine reads the reason from the events, and the truth says the same."""
    stage, attempt = dialled(Outsider(reaction=reaction, ring=(1.0, 1.0)))
    assert (attempt.over, attempt.end()) == (True, end)
    (outcome,) = stage.exchange.truth()
    assert (outcome.end, outcome.visits) == (truth, ())
    assert not stage.exchange.world.channels


@pytest.mark.parametrize(
    ("order", "by", "message"),
    [("connect", "unknown", 0), ("hang_up", "machine", 0), ("message", "machine", 1)],
)
def test_a_machine_answers(order: str, by: str, message: int) -> None:
    """With ``connect`` nobody listens, and the machine stands in the line like anybody."""
    who = Outsider(reaction="machine", ring=(1.0, 1.0), patience=(15.0, 15.0))
    stage, _ = dialled(who, order)
    (answered,) = told(stage, "CallcenterAnswered")
    assert answered.get("By") == by
    assert len(told(stage, "CallcenterMessage")) == message
    assert len(told(stage, "CallcenterWait")) == (order == "connect")
    assert not stage.exchange.world.channels


def test_somebody_answers_where_the_exchange_listens() -> None:
    """They are told to be human, and wait as long as they like to."""
    stage, attempt = dialled(Outsider(ring=(1.0, 1.0), patience=(9.0, 9.0)), "message")
    (answered,) = told(stage, "CallcenterAnswered")
    assert (answered.get("By"), attempt.stage.value) == ("human", "reached")
    (outcome,) = stage.exchange.truth()
    assert outcome.end == "abandoned"
    assert [(one.queue, one.why) for one in outcome.visits] == [("service", "abandoned")]


def test_an_agent_whose_customer_never_comes_is_let_go_after_ten_looks() -> None:
    stage = Played()
    stage.phones(p1001=("answers", 0.5))
    stage.act(
        "Originate",
        Channel="PJSIP/1001",
        ChannelId=AGENT,
        Context="cc-callback-agent",
        Exten="s",
        Priority="1",
        Variable=f"CC_CUSTOMER={CALL},__CC_QUEUE=service",
        Timeout="20000",
        Async="true",
    )
    stage.run(9.0)
    assert AGENT in stage.exchange.world.channels
    stage.run(3.0)
    assert len(told(stage, "CallcenterAlone")) == 1
    assert not stage.exchange.world.channels


def test_the_same_leg_is_not_dialled_twice() -> None:
    """A ChannelId that is in use fails; the first goes on."""
    stage = Played()
    stage.change(outside=Outside(known={CUSTOMER: Outsider(reaction="waits")}))
    dial(stage)
    stage.run(1.0)
    dial(stage)
    stage.run(1.0)
    (failed,) = told(stage, "OriginateResponse")
    assert failed.get("Response") == "Failure"
    assert len(told(stage, "Newchannel")) == 1
    stage.exchange.customer_answers(CUSTOMER)
    assert stage.exchange.world.channels[CALL].state == 6


def waits(key: str = "1", **caller: Any) -> tuple[Played, str]:
    stage = Played()
    stage.phones()
    stage.change(engine_queues=frozenset({"service"}), callback_key=key)
    call = stage.call(SERVICE, "+441632960030", "Wendy", **caller)
    stage.run(1.0)
    return stage, call


def announce(stage: Played, call: str, seconds: int) -> None:
    for name, value in (("P50", seconds), ("P90", 2 * seconds), ("POSITION", 3)):
        stage.act("Setvar", Channel=call, Variable=f"CC_{name}", Value=str(value))
    for _ in range(40):
        stage.run(1.0)
        stage.act("Setvar", Variable="CC_BEAT", Value=str(stage.exchange.world.now))


@pytest.mark.parametrize(("told_wait", "asks"), [(299, 0), (300, 1)])
def test_living_callers_ask_when_the_wait_is_long(told_wait: int, asks: int) -> None:
    """Who is told a wait that they call long presses the key, and confirms their number."""
    stage, call = waits(long_wait=300.0)
    announce(stage, call, told_wait)
    assert len(told(stage, "CallcenterCallback")) == asks
    if asks:
        # No engine answered: back in the line, whose place is the engine's to know.
        assert len(told(stage, "CallcenterWait")) == 2
        assert [one.get("Why") for one in told(stage, "CallcenterAway")] == ["key"]


def test_while_there_are_no_callbacks_the_key_is_one_like_any_other() -> None:
    stage, call = waits(long_wait=0.0)
    stage.act("Setvar", Variable="CC_NO_CALLBACK", Value="1")
    announce(stage, call, 300)
    stage.exchange.press_key(call, "1")
    stage.run(1.0)
    assert not told(stage, "CallcenterCallback")
    assert [one.get("Key") for one in told(stage, "CallcenterKey")] == ["1"]
    assert not [
        step for step in told(stage, "Newexten") if "vm-press" in (step.get("AppData") or "")
    ]


@pytest.mark.parametrize(
    ("number", "keys"), [("+441632960030", "2500*#"), ("+441632960030", "*"), (None, "12#123#12#")]
)
def test_who_changes_their_mind_is_back_in_the_line(number: str | None, keys: str) -> None:
    """A star, or a number that is too short three times."""
    stage = Played()
    stage.phones()
    stage.change(engine_queues=frozenset({"service"}), callback_key="1")
    call = stage.call(SERVICE, number)
    stage.run(1.0)
    for key in f"1{keys}":
        stage.exchange.press_key(call, key)
        stage.run(0.3)
    stage.run(20.0)
    assert not told(stage, "CallcenterCallback")
    assert len(told(stage, "CallcenterWait")) == 2


def test_a_caller_hangs_up_while_asking() -> None:
    for keys in ("1", "12", "11"):
        stage, call = waits()
        for key in keys:
            stage.exchange.press_key(call, key)
            stage.run(0.3)
        stage.exchange.hang_up_caller(call)
        stage.run(1.0)
        assert not stage.exchange.world.channels, keys
        (outcome,) = stage.exchange.truth()
        assert [(one.queue, one.why) for one in outcome.visits] == [("service", "key")]


def test_a_denied_caller_is_back_in_the_line_and_asks_again() -> None:
    stage, call = waits()
    for _ in range(2):
        for key in "11":
            stage.exchange.press_key(call, key)
            stage.run(0.3)
        stage.act("Redirect", Channel=call, Context="cc-callback-told", Exten="no", Priority="1")
        stage.run(4.0)
    assert len(told(stage, "CallcenterCallback")) == 2
    assert len(told(stage, "CallcenterWait")) == 3


def test_how_people_react_is_drawn_by_the_seed() -> None:
    """The same seed the same people; the shares are kept roughly."""
    shares = ((Outsider(), 3.0), (Outsider(reaction="busy"), 1.0))

    def busy(seed: int) -> list[bool]:
        stage = Played()
        stage.change(outside=Outside(shares=shares), seed=seed)
        for number in range(200):
            dial(stage, call=f"cb-0-{number}")
        stage.run(0.1)
        ended = [one.get("DialStatus") for one in told(stage, "DialEnd")]
        assert set(ended) == {"BUSY"}
        still = stage.exchange.world.channels
        return [f"cb-0-{number}" not in still for number in range(200)]

    assert busy(1) == busy(1) != busy(2)
    assert 25 <= sum(busy(1)) <= 75


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(SettingsError):
        SimulatorSettings(callback_key="12")
    for wrong in ({"reaction": "sings"}, {"ring": (2.0, 1.0)}, {"talk": (-1.0, 1.0)}):
        with pytest.raises(ValueError):
            Outsider(**wrong)
    for shares in ((), ((Outsider(), 0.0),), ((Outsider(), -1.0),)):
        with pytest.raises(ValueError):
            Outside(shares=shares)
