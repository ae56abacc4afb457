"""How the dialling of a customer ends, in whatever order the exchange tells it."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import Any

import pytest
from asterisk.ami import Action

from callcenter.floor.callback import Callback
from callcenter.floor.orders import Dial, KeepReservation, Ring, StopDialling, TellCaller
from callcenter.ports import DialError, SwitchError
from telephony.answers import ActionRefused, Answer, AnswerTimeout, ExchangeError, LinkLost
from telephony.dialling import REMEMBERED, Attempt, Dialling, Stage, channel
from telephony.packet import Packet
from telephony.switch import AmiSwitch
from telephony.wire import encode

CALL = "cb-0-1"


def packet(name: str, uid: str = CALL, **headers: str) -> Packet:
    given = {"DestUniqueid" if name == "DialEnd" else "Uniqueid": uid, **headers}
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in given.items())]
    return Packet("\r\n".join(lines).encode(), name)


def failed(reason: int = 0) -> Packet:
    return packet("OriginateResponse", Response="Failure", Reason=str(reason))


def answered(by: str) -> Packet:
    return packet("UserEvent", UserEvent="CallcenterAnswered", By=by)


def ended(cause: str, status: str, tech: str = "") -> list[Packet]:
    more = {"TechCause": tech} if tech else {}
    return [
        packet("HangupRequest", Cause=cause, **more),
        packet("DialEnd", DialStatus=status),
        failed(),
        packet("Hangup", Cause=cause, **more),
    ]


ENDS = {
    "busy": ended("17", "BUSY"),
    "declined": ended("21", "NOANSWER"),
    "invalid": ended("1", "NOANSWER"),
    "congestion": ended("34", "CONGESTION"),
    "no_answer": [failed(3), packet("Hangup", Cause="19")],
}


def begun(dialling: Dialling, call: str = CALL) -> Attempt:
    attempt = dialling.begin(call, lambda: None)
    assert attempt is not None
    dialling.hear(packet("Newchannel", call))
    return attempt


@pytest.mark.parametrize("why", ENDS)
def test_the_reason_is_found_in_any_order(why: str) -> None:
    """OriginateResponse says that it failed; the leg's events say why, before or after it."""
    for order in permutations(ENDS[why]):
        dialling = Dialling()
        attempt = begun(dialling)
        for one in order:
            dialling.hear(one)
        assert (attempt.stage, attempt.explained, attempt.end()) == (Stage.FAILED, True, why)


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        ("18", "no_answer"), ("20", "no_answer"), ("22", "invalid"), ("28", "invalid"),
        ("38", "congestion"), ("41", "congestion"), ("42", "congestion"), ("27", "congestion"),
        ("58", "congestion"), ("102", "congestion"), ("999", "congestion"),
    ],
)  # fmt: skip
def test_what_causes_mean(cause: str, why: str) -> None:
    dialling = Dialling()
    attempt = begun(dialling)
    for one in ended(cause, "NOANSWER"):
        dialling.hear(one)
    assert attempt.end() == why


def test_a_provider_who_refuses_is_no_customer_who_declines() -> None:
    """SIP 403 and 603 are both cause 21; behind a Local channel the SIP answer is said of another
    leg of the call."""
    for linked in (False, True):
        dialling = Dialling()
        attempt = begun(dialling)
        if linked:
            behind = packet("HangupRequest", "9.9", Linkedid=CALL, Cause="21", TechCause="403")
            dialling.hear(behind)
        for one in ended("21", "NOANSWER", "" if linked else "403"):
            dialling.hear(one)
        assert attempt.end() == "congestion"


def test_no_leg_was_made() -> None:
    """The trunk is not there: nothing explains it, and it is the network's trouble."""
    dialling = Dialling()
    attempt = dialling.begin(CALL, lambda: None)
    assert attempt is not None
    dialling.hear(failed())
    assert (attempt.stage, attempt.seen, attempt.end()) == (Stage.FAILED, False, "congestion")


@pytest.mark.parametrize(
    ("by", "stages", "end"),
    [
        ("human", (Stage.REACHED, Stage.REACHED), None),
        ("unknown", (Stage.REACHED, Stage.REACHED), None),
        ("machine", (Stage.MACHINE, Stage.FAILED), "machine"),
        ("<b>", (Stage.ANSWERED, Stage.FAILED), "abandoned"),
    ],
)
def test_who_answered(by: str, stages: tuple[Stage, Stage], end: str | None) -> None:
    """Picked up is not reached: the dialplan says by whom; then the leg ends."""
    dialling = Dialling()
    attempt = begun(dialling)
    seen = []
    for one in (
        packet("DialEnd", DialStatus="ANSWER"),
        packet("OriginateResponse", Response="Success", Reason="4"),
        answered(by),
        packet("Hangup", Cause="17"),
    ):
        dialling.hear(one)
        seen.append(attempt.stage)
    assert seen == [Stage.ANSWERED, Stage.ANSWERED, *stages]
    if end is not None:
        assert attempt.end() == end


def test_what_we_took_back_unless_the_customer_was_faster() -> None:
    for cause, why in (("0", "agent_gone"), ("21", "declined")):
        dialling = Dialling()
        attempt = begun(dialling)
        attempt.withdrawn = True
        dialling.hear(packet("DialEnd", DialStatus="NOANSWER"))
        dialling.hear(failed())
        dialling.hear(packet("Hangup", Cause=cause))
        assert attempt.end() == why


def test_a_call_is_dialled_once_in_its_life() -> None:
    dialling = Dialling()
    begun(dialling)
    assert dialling.begin(CALL, lambda: None) is None
    dialling.forget(CALL)
    assert dialling.begin(CALL, lambda: None) is None
    assert len(dialling) == 0
    for count in range(REMEMBERED):  # bounded: the oldest are forgotten
        dialling.begin(f"cb-1-{count}", lambda: None)
        dialling.forget(f"cb-1-{count}")
    assert dialling.begin(CALL, lambda: None) is not None


def test_a_cut_line_ends_only_what_is_open() -> None:
    dialling = Dialling()
    reached = begun(dialling)
    dialling.hear(answered("human"))
    open_one = begun(dialling, "cb-0-2")
    dialling.line_lost("the cable")
    assert (reached.stage, open_one.stage) == (Stage.REACHED, Stage.LOST)
    assert open_one.detail == "the cable"


@pytest.mark.parametrize(
    "number",
    ["", "+", "12", "+44&PJSIP/1002", "1002@trunk", "+44 7700", "${X}", "٤٤٧٧٠٠", "+1\r\nX: y",
     "+" + "1" * 19, "44+7700900"],
)  # fmt: skip
def test_nothing_but_digits_gets_into_a_channel(number: str) -> None:
    assert channel("PJSIP/{number}@trunk", number) is None


def test_a_template_is_filled_in() -> None:
    assert channel("PJSIP/{number}@trunk", "+447700900701") == "PJSIP/+447700900701@trunk"
    assert channel("Local/00{digits}@out/n", "+447700900701") == "Local/00447700900701@out/n"


# --- the switch -----------------------------------------------------------------------------------


class FakeLine:
    """Answers every action alike and keeps what was asked."""

    def __init__(self, problem: ExchangeError | None = None) -> None:
        self.problem = problem
        self.sent: list[bytes] = []

    async def ask(self, action: Action) -> Answer:
        self.sent.append(encode(action))
        if self.problem is not None:
            raise self.problem
        return Answer(Packet(b"Response: Success"))

    def ask_snapshot(self, why: str) -> None:
        raise AssertionError("nobody asks for one")


def reservation() -> KeepReservation:
    return KeepReservation(
        id="cc-0-2", version=1, node="n", agent="alice", call=CALL, queue="service",
        state="pending", made=0.0, deadline=None, changed=0.0,
    )  # fmt: skip


def order(**fields: Any) -> Dial:
    callback = Callback(
        id="7KQ4-M2PX", version=1, state="dialling", origin="web", queue="service",
        number="+447700900701", zone="Europe/London", made=0.0, place=0.0, opens=0.0, closes=9.0,
        due=0.0,
    )  # fmt: skip
    basic: dict[str, Any] = {
        "callback": callback, "reservation": reservation(), "call": CALL, "queue": "service",
        "number": "+447700900701", "seconds": 30.0, "caller_id": "+442079460100",
        "agent_leg": None, "machine": "connect", "name": "Eve\r\nAction: Command",
    }  # fmt: skip
    return Dial(**(basic | fields))


def dialling_switch(line: FakeLine, dial: str = "PJSIP/{number}@trunk") -> AmiSwitch:
    return AmiSwitch(line, "engine", dial=dial)


async def started(switch: AmiSwitch, line: FakeLine, **fields: Any) -> asyncio.Task[None]:
    task = asyncio.create_task(switch.dial(order(**fields)))
    while not line.sent:
        await asyncio.sleep(0)
    return task


async def test_what_is_sent_through_a_trunk() -> None:
    """One Originate with the id that the engine chose; the name stays here."""
    line = FakeLine()
    switch = dialling_switch(line)
    task = await started(switch, line)
    switch.hear(answered("unknown"))
    await task
    assert line.sent == [
        b"Action: Originate\r\nChannel: PJSIP/+447700900701@trunk\r\nChannelId: cb-0-1\r\n"
        b"Context: cc-callback\r\nExten: s\r\nPriority: 1\r\nTimeout: 30000\r\nAsync: true\r\n"
        b'CallerID: "" <+442079460100>\r\nVariable: __CC_QUEUE=service\r\n'
        b"Variable: CC_NUMBER=+447700900701\r\nVariable: CC_MACHINE=connect\r\n\r\n"
    ]


async def test_what_is_sent_through_a_local_channel_for_an_agent_who_waits() -> None:
    line = FakeLine()
    switch = dialling_switch(line, "Local/{digits}@outside/n")
    task = await started(switch, line, agent_leg="cc-0-2", machine="message", caller_id="")
    switch.hear(answered("human"))
    await task
    (sent,) = line.sent
    assert b"Channel: Local/447700900701@outside/n\r\nChannelId: cb-0-1\r\n" in sent
    assert b"OtherChannelId: cb-0-1-2\r\n" in sent
    assert b"Variable: CC_MACHINE=message\r\nVariable: CC_AGENT=cc-0-2\r\n" in sent
    assert b"CallerID" not in sent


async def test_a_machine_is_told_when_the_message_is_left() -> None:
    """Not before the leg is gone: what comes of it was told by then."""
    line = FakeLine()
    switch = dialling_switch(line)
    task = await started(switch, line)
    switch.hear(answered("machine"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    switch.hear(packet("Hangup", Cause="16"))
    with pytest.raises(DialError) as ending:
        await task
    assert ending.value.why == "machine"


async def test_a_cut_line_is_unknown() -> None:
    line = FakeLine()
    switch = dialling_switch(line)
    task = await started(switch, line)
    switch.line_lost("the cable")
    with pytest.raises(SwitchError) as lost:
        await task
    assert lost.value.unknown


@pytest.mark.parametrize(
    ("problem", "unknown"),
    [
        (LinkLost("gone"), True),
        (AnswerTimeout("late"), True),
        (ActionRefused("Originate", "Permission denied"), False),
    ],
)
async def test_an_action_without_a_good_answer(problem: ExchangeError, unknown: bool) -> None:
    """What may have been carried out is unknown; and is in no case sent again."""
    line = FakeLine(problem)
    switch = dialling_switch(line)
    with pytest.raises(SwitchError) as failure:
        await switch.dial(order())
    assert failure.value.unknown is unknown
    with pytest.raises(SwitchError, match="dialled before"):
        await switch.dial(order())
    assert len(line.sent) == 1


async def test_nothing_is_dialled_without_a_way_outside_or_a_number() -> None:
    line = FakeLine()
    with pytest.raises(SwitchError, match="no channel leads outside"):
        await dialling_switch(line, "").dial(order())
    with pytest.raises(SwitchError, match="no number"):
        await dialling_switch(line).dial(order(number="+44&PJSIP/1002"))
    assert line.sent == []


async def test_taking_back_waits_for_a_leg_that_is_not_there_yet() -> None:
    """It looks again as long as the dialling is under way, and no longer."""
    line = FakeLine(ActionRefused("Hangup", "No such channel"))
    switch = dialling_switch(line)
    await switch.stop_dialling(StopDialling(call=CALL))
    assert line.sent == [b"Action: Hangup\r\nChannel: cb-0-1\r\nCause: 16\r\n\r\n"]
    line.problem = None
    line.sent.clear()
    task = await started(switch, line)
    line.problem = ActionRefused("Hangup", "No such channel")
    stopping = asyncio.create_task(switch.stop_dialling(StopDialling(call=CALL)))
    while len(line.sent) < 3:
        await asyncio.sleep(0.01)
    assert not stopping.done()
    switch.hear(failed())
    await stopping
    with pytest.raises(DialError) as ending:
        await task
    assert ending.value.why == "agent_gone"


async def test_an_agent_is_rung_alone() -> None:
    """For a call that nobody is in yet; into the context where they wait."""
    line = FakeLine()
    switch = AmiSwitch(line, "engine")  # no caller waits
    ring = Ring(
        reservation=reservation(), call=CALL, device="PJSIP/1001", leg="cc-0-2", seconds=20.0,
        auto_answer=False, number="+447700900701", name="Ada", alone=True,
    )  # fmt: skip
    task = asyncio.create_task(switch.ring(ring))
    while not line.sent:
        await asyncio.sleep(0)
    switch.hear(packet("OriginateResponse", "cc-0-2", Response="Success", Reason="4"))
    await task
    assert b"Context: cc-callback-agent\r\n" in line.sent[0]
    assert b"Variable: CC_CUSTOMER=cb-0-1\r\n" in line.sent[0]
    assert b"CHANNEL_TO_JOIN" not in line.sent[0]


@pytest.mark.parametrize(("granted", "exten"), [(True, b"yes"), (False, b"no")])
async def test_a_caller_is_told(granted: bool, exten: bytes) -> None:
    line = FakeLine()
    switch = AmiSwitch(line, "engine")
    told = TellCaller(call="1.1", leg="1.1", queue="service", granted=granted)
    await switch.tell_caller(told)
    assert line.sent == [
        b"Action: Setvar\r\nChannel: 1.1\r\nVariable: CC_QUEUE\r\nValue: service\r\n\r\n",
        b"Action: Redirect\r\nChannel: 1.1\r\nContext: cc-callback-told\r\nExten: " + exten
        + b"\r\nPriority: 1\r\n\r\n",
    ]  # fmt: skip
