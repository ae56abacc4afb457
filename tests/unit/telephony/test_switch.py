"""The switch: the actions it sends, and its words when the exchange does not do them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from asterisk.ami import Action

from callcenter.floor.orders import Announce, KeepReservation, Ring, SendAway, StopRinging
from callcenter.ports import RingError, Switch, SwitchError
from telephony.answers import (
    MAX_OPEN,
    ActionRefused,
    Answer,
    AnswerTimeout,
    ExchangeError,
    LinkLost,
)
from telephony.packet import Packet
from telephony.switch import AT_ONCE, AmiSwitch
from telephony.wire import encode


class FakeLine:
    """Answers every action alike and keeps what was asked."""

    def __init__(self, problem: ExchangeError | None = None) -> None:
        self.problem = problem
        self.sent: list[bytes] = []
        self.whys: list[str] = []

    async def ask(self, action: Action) -> Answer:
        self.sent.append(encode(action))
        if self.problem is not None:
            raise self.problem
        return Answer(Packet(b"Response: Success"))

    def ask_snapshot(self, why: str) -> None:
        self.whys.append(why)


def run(steps: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never really waits, without a loop."""
    with pytest.raises(StopIteration):
        steps.send(None)


def test_pause_is_for_all_queues_with_a_reason() -> None:
    """One QueuePause without a queue, so the agent is paused wherever they are a member."""
    line = FakeLine()
    switch: Switch = AmiSwitch(line, "engine")
    run(switch.pause("PJSIP/1001", True, "lunch"))
    run(switch.pause("PJSIP/1001", False, ""))
    assert line.sent == [
        b"Action: QueuePause\r\nInterface: PJSIP/1001\r\nPaused: true\r\nReason: lunch\r\n\r\n",
        b"Action: QueuePause\r\nInterface: PJSIP/1001\r\nPaused: false\r\nReason: \r\n\r\n",
    ]


def test_a_device_behind_local_channels_is_paused_under_their_names() -> None:
    """Queues know such a member by the Local channel that leads to the phone."""
    line = FakeLine()
    interfaces = {"PJSIP/1007": ("Local/1007@agent-legs/n", "PJSIP/1007")}
    switch = AmiSwitch(line, "engine", lambda device: interfaces.get(device, ()))
    run(switch.pause("PJSIP/1007", True, "x"))
    assert [sent.split(b"\r\n")[1] for sent in line.sent] == [
        b"Interface: Local/1007@agent-legs/n",
        b"Interface: PJSIP/1007",
    ]


REFUSALS = [
    (
        ActionRefused("QueuePause", "Interface not found"),
        "PJSIP/1001 cannot be paused: it is a member of no queue on the exchange",
    ),
    (
        ActionRefused("QueuePause", "Permission denied"),
        "in manager.conf add agent to the line 'write = ...' of \\[engine\\]",
    ),
    (ActionRefused("QueuePause", "odd"), "PJSIP/1001 cannot be paused: the exchange says 'odd'"),
    (LinkLost("the line to the exchange is lost: x"), "the line to the exchange is lost: x"),
    (AnswerTimeout("no answer to QueuePause within 10 s"), "no answer to QueuePause"),
]


@pytest.mark.parametrize(("problem", "words"), REFUSALS)
def test_what_went_wrong_is_told_in_words(problem: ExchangeError, words: str) -> None:
    """Each failure becomes one SwitchError that says what to do or what happened."""
    with pytest.raises(SwitchError, match=words):
        AmiSwitch(FakeLine(problem), "engine").pause("PJSIP/1001", True, "x").send(None)


@pytest.mark.parametrize("hostile", ["PJSIP/1\r\nAction: Command", "\0", "\n"])
def test_hostile_values_are_refused_before_the_line(hostile: str) -> None:
    """A device or a reason with control characters sends nothing."""
    line = FakeLine()
    switch = AmiSwitch(line, "engine")
    with pytest.raises(SwitchError, match="Interface"):
        switch.pause(hostile, True, "x").send(None)
    with pytest.raises(SwitchError, match="Reason"):
        switch.pause("PJSIP/1001", True, hostile).send(None)
    assert line.sent == []


def test_ping_and_snapshot() -> None:
    """A ping returns or raises; the wish for a snapshot goes to the link with its reason."""
    line = FakeLine()
    run(AmiSwitch(line, "engine").ping())
    with pytest.raises(SwitchError, match="no line"):
        AmiSwitch(FakeLine(LinkLost("no line")), "engine").ping().send(None)
    AmiSwitch(line, "engine").ask_snapshot("in doubt")
    assert line.whys == ["in doubt"]


async def test_a_thousand_pauses_at_once_wait_for_their_turn() -> None:
    """The line refuses actions beyond its limit; none of ours ever gets there."""
    answer = asyncio.Event()
    under_way = most = done = 0

    class SlowLine(FakeLine):
        async def ask(self, action: Action) -> Answer:
            nonlocal under_way, most, done
            under_way += 1
            most = max(most, under_way)
            await answer.wait()
            under_way -= 1
            done += 1
            return await super().ask(action)

    switch = AmiSwitch(SlowLine(), "engine")
    pauses = [
        asyncio.create_task(switch.pause(f"PJSIP/{n}", True, "signed_out")) for n in range(1000)
    ]
    await asyncio.sleep(0)
    answer.set()
    await asyncio.gather(*pauses)
    assert done == 1000
    assert most == AT_ONCE < MAX_OPEN


# --- callers whose agent the engine chooses -------------------------------------------------------


LEG = "cc-0-1"


def order(**fields: Any) -> Ring:
    reservation = KeepReservation(
        id="r1", version=1, node="main", agent="a1", call="1.1", queue="service",
        state="pending", made=0.0, deadline=15.0, changed=0.0,
    )  # fmt: skip
    basic: dict[str, Any] = {
        "call": "1.1", "device": "PJSIP/1001", "leg": LEG, "seconds": 15.0,
        "auto_answer": False, "number": None, "name": None,
    }  # fmt: skip
    return Ring(reservation=reservation, **(basic | fields))


def event(name: str, **headers: str) -> Packet:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return Packet("\r\n".join(lines).encode(), name)


def response(**headers: str) -> Packet:
    return event("OriginateResponse", Uniqueid=LEG, **headers)


def ringing_switch(line: FakeLine, caller: str | None = "PJSIP/trunk-1") -> AmiSwitch:
    return AmiSwitch(line, "engine", waiting_channel=lambda call: caller)


async def started(switch: AmiSwitch, line: FakeLine, **fields: Any) -> asyncio.Task[None]:
    """A ring whose action has been answered by the exchange."""
    task = asyncio.create_task(switch.ring(order(**fields)))
    while not line.sent:
        await asyncio.sleep(0)
    return task


async def test_a_ring_returns_with_the_answer() -> None:
    """One Originate; the exchange's later word ends the order."""
    line = FakeLine()
    switch = ringing_switch(line)
    task = await started(switch, line)
    switch.hear(event("Newchannel", Uniqueid=LEG))
    assert not task.done()
    switch.hear(response(Response="Success", Reason="4"))
    await task
    assert len(line.sent) == 1
    assert b"ChannelId: cc-0-1\r\n" in line.sent[0]


@pytest.mark.parametrize(
    ("cause", "why"), [("17", "busy"), ("21", "declined"), ("34", "unreachable")]
)
async def test_why_a_phone_did_not_answer_may_come_last(cause: str, why: str) -> None:
    """The failure is told first; the order waits for the cause of the leg that was seen."""
    line = FakeLine()
    switch = ringing_switch(line)
    task = await started(switch, line)
    switch.hear(event("Newchannel", Uniqueid=LEG))
    switch.hear(response(Response="Failure", Reason="0"))
    await asyncio.sleep(0)
    assert not task.done()
    switch.hear(event("Hangup", Uniqueid=LEG, Cause=cause))
    with pytest.raises(RingError) as failed:
        await task
    assert failed.value.why == why


async def test_a_phone_without_a_leg_is_not_reachable() -> None:
    """Nothing more comes of a phone that is not signed in."""
    line = FakeLine()
    switch = ringing_switch(line)
    task = await started(switch, line)
    switch.hear(response(Response="Failure", Reason="0"))
    with pytest.raises(RingError) as failed:
        await task
    assert failed.value.why == "unreachable"


async def test_nothing_is_rung_for_a_caller_who_is_gone() -> None:
    """No action is sent."""
    line = FakeLine()
    with pytest.raises(RingError) as failed:
        await ringing_switch(line, None).ring(order())
    assert failed.value.why == "caller_gone"
    assert line.sent == []


async def test_a_cut_line_fails_the_order_without_a_second_try() -> None:
    """How the ringing ends is unknown from then on; the same leg may be asked for again later."""
    line = FakeLine()
    switch = ringing_switch(line)
    task = await started(switch, line)
    switch.line_lost("the cable is out")
    with pytest.raises(SwitchError, match="PJSIP/1001 ended is unknown: the cable is out"):
        await task
    assert len(line.sent) == 1


async def test_the_same_leg_is_not_rung_twice_at_a_time() -> None:
    """The first goes on; the second is an error."""
    line = FakeLine()
    switch = ringing_switch(line)
    task = await started(switch, line)
    with pytest.raises(SwitchError, match="rings already"):
        await switch.ring(order())
    switch.hear(response(Response="Success"))
    await task
    assert len(line.sent) == 1


async def test_a_refused_ring_says_what_the_exchange_said() -> None:
    """And a missing class is told with the line to change."""
    for said, words in (
        ("Extension does not exist.", "PJSIP/1001 cannot be rung: .*Extension does not exist"),
        ("Permission denied", "add originate to the line 'write"),
    ):
        line = FakeLine(ActionRefused("Originate", said))
        with pytest.raises(SwitchError, match=words):
            await ringing_switch(line).ring(order())


class LateLeg(FakeLine):
    """Knows no leg until the third time it is asked to end it."""

    async def ask(self, action: Action) -> Answer:
        answer = await super().ask(action)
        if action.name == "Hangup" and len(self.sent) < 4:
            raise ActionRefused("Hangup", "No such channel")
        return answer


async def test_ringing_is_stopped_even_before_the_leg_is_there() -> None:
    """An Originate is carried out in its own time: its leg is looked for until it is there."""
    line = LateLeg()
    switch = ringing_switch(line)
    task = await started(switch, line)
    await switch.stop_ringing(StopRinging(reservation="r1", leg=LEG))
    assert line.sent[1:] == [b"Action: Hangup\r\nChannel: cc-0-1\r\nCause: 26\r\n\r\n"] * 3
    switch.hear(response(Response="Failure", Reason="0"))
    with pytest.raises(RingError) as failed:
        await task
    assert failed.value.why == "withdrawn"


async def test_stopping_what_does_not_ring_is_harmless() -> None:
    """A leg that is gone needs no end; other refusals are told."""
    gone = FakeLine(ActionRefused("Hangup", "No such channel"))
    await ringing_switch(gone).stop_ringing(StopRinging(reservation="r1", leg=LEG))
    assert len(gone.sent) == 1
    odd = FakeLine(ActionRefused("Hangup", "odd"))
    with pytest.raises(SwitchError, match="leg cc-0-1: the exchange says 'odd'"):
        await ringing_switch(odd).stop_ringing(StopRinging(reservation="r1", leg=LEG))


def test_an_announcement_is_complete_when_its_position_is_set() -> None:
    """Whole seconds; the position last, because that is what the dialplan looks at."""
    line = FakeLine()
    told = Announce(call="1.1", leg="1.1", position=3, p50=59.6, p90=None)
    run(ringing_switch(line).announce(told))
    assert line.sent == [
        b"Action: Setvar\r\nChannel: 1.1\r\nVariable: CC_P50\r\nValue: 60\r\n\r\n",
        b"Action: Setvar\r\nChannel: 1.1\r\nVariable: CC_P90\r\nValue: \r\n\r\n",
        b"Action: Setvar\r\nChannel: 1.1\r\nVariable: CC_POSITION\r\nValue: 3\r\n\r\n",
    ]


def test_sending_away_names_queue_and_reason() -> None:
    """The dialplan goes on where the reason says, and knows from which queue."""
    line = FakeLine()
    run(ringing_switch(line).send_away(SendAway(call="1", leg="1.1", queue="sales", why="closed")))
    assert line.sent == [
        b"Action: Setvar\r\nChannel: 1.1\r\nVariable: CC_QUEUE\r\nValue: sales\r\n\r\n",
        b"Action: Redirect\r\nChannel: 1.1\r\nContext: cc-away\r\nExten: closed\r\n"
        b"Priority: 1\r\n\r\n",
    ]


def test_a_beat_is_a_global_variable_that_changes() -> None:
    """No channel; the value is the moment."""
    line = FakeLine()
    switch = ringing_switch(line)
    run(switch.beat(1795324140.25))
    run(switch.beat(1795324142.25))
    assert line.sent == [
        b"Action: Setvar\r\nVariable: CC_BEAT\r\nValue: 1795324140.2\r\n\r\n",
        b"Action: Setvar\r\nVariable: CC_BEAT\r\nValue: 1795324142.2\r\n\r\n",
    ]
    with pytest.raises(SwitchError, match="add call to the line 'write"):
        AmiSwitch(FakeLine(ActionRefused("Setvar", "Permission denied")), "e").beat(1.0).send(None)
