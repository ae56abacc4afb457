"""Scenarios: calls without a queue: direct lines, colleagues, outbound, and AMI-made legs."""

from __future__ import annotations

from tests.exchange.ami import ManagerTap
from tests.exchange.parties import Call
from tests.exchange.phones import BUSY, DECLINES, NEVER_ANSWERS, Answers, Refuses
from tests.replays.stage import Stage, Truth, pause, scenario

LINE_1001 = "+442079461001"
WAITING = "+442079460106"
SHORT_RING = ("extensions.conf", "globals", "RING_TIME", "3")
# A dialplan of an operator's own for callers whom another program connects.
OWN_DIALPLAN = (
    "+442079460106,1,Goto(waiting,service,1) into from-trunk replace",
    "service,1,Answer() into waiting",
    "service,2,Set(CHANNEL(musicclass)=default) into waiting",
    "service,3,MusicOnHold(default,600) into waiting",
    "service,4,Goto(queue,service,1) into waiting",
    "s,1,Bridge(${CHANNEL_TO_JOIN}) into join",
    "s,2,Hangup() into join",
)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900111",
        name="Grace Hopper",
        dialled=LINE_1001,
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def direct_answered(stage: Stage) -> None:
    """A caller dials 1001's direct line; 1001 rings, answers, and hangs up."""
    phone = stage.phones.phone("1001", Answers(ring=1.0))
    tap = stage.record()
    stage.phones.call(LINE_1001, "+447700900111", "Grace Hopper")
    tap.wait_event("DialEnd", DialStatus="ANSWER")
    pause(1.0)
    phone.next()
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900112",
        dialled=LINE_1001,
        offers=(("PJSIP/1001", "busy"),),
        end="busy",
    )
)
def direct_busy(stage: Stage) -> None:
    """1001's phone refuses with 486; the caller hears busy."""
    _refused(stage, BUSY, "+447700900112")


@scenario(
    Truth(
        direction="inbound",
        number="+447700900113",
        dialled=LINE_1001,
        offers=(("PJSIP/1001", "refused"),),
        end="refused",
    )
)
def direct_declined(stage: Stage) -> None:
    """1001's phone rings and declines with 603; the caller hears congestion, because Dial() calls
    that CHANUNAVAIL. Only cause 21 of the agent's leg says what happened."""
    _refused(stage, DECLINES, "+447700900113")


def _refused(stage: Stage, behaviour: Refuses, number: str) -> None:
    stage.phones.phone("1001", behaviour)
    tap = stage.record()
    stage.phones.call(LINE_1001, number)
    tap.wait_event("DialEnd")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900114",
        dialled=LINE_1001,
        offers=(("PJSIP/1001", "no_answer"),),
        end="no_answer",
    ),
    edits=(SHORT_RING,),
)
def direct_no_answer(stage: Stage) -> None:
    """1001 rings three seconds without an answer; the exchange ends the call."""
    stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    stage.phones.call(LINE_1001, "+447700900114")
    tap.wait_event("DialEnd")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900115",
        dialled=LINE_1001,
        offers=(("PJSIP/1001", "cancelled"),),
        end="abandoned",
    )
)
def direct_abandoned(stage: Stage) -> None:
    """The caller hangs up while 1001 rings."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call(LINE_1001, "+447700900115")
    phone.wait_called()
    tap.wait_event("Newstate", ChannelStateDesc="Ringing")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


@scenario(Truth(direction="inbound", number="+447700900116", dialled=LINE_1001, end="congestion"))
def direct_unregistered(stage: Stage) -> None:
    """1001 has never signed in, so Asterisk has no address to ring: no channel is made for the
    agent, no DialBegin comes, and the caller hears congestion."""
    tap = stage.record()
    stage.phones.call(LINE_1001, "+447700900116")
    tap.wait_event("VarSet", Variable="DIALSTATUS", Value="CHANUNAVAIL")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900117",
        dialled=LINE_1001,
        offers=(("PJSIP/1001", "congestion"),),
        end="congestion",
    )
)
def direct_congestion(stage: Stage) -> None:
    """1001's phone answers with 503 Service Unavailable; the caller hears congestion."""
    _refused(stage, Refuses("503 Service Unavailable"), "+447700900117")


@scenario(
    Truth(
        direction="internal",
        number="1002",
        name="Bob O'Hara",
        dialled="1002",
        began_by="PJSIP/1001",
        answered_by=("PJSIP/1002",),
        end="completed",
    )
)
def internal_call(stage: Stage) -> None:
    """1001 calls the colleague 1002, who answers; 1001 hangs up."""
    stage.phones.phone("1001")
    stage.phones.phone("1002", Answers(ring=0.8))
    tap = stage.record()
    call = stage.phones.call_from("1001", "1002")
    tap.wait_event("DialEnd", DialStatus="ANSWER")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    Truth(
        direction="outbound",
        number="075586013388",
        dialled="075586013388",
        began_by="PJSIP/1001",
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def outbound_answered(stage: Stage) -> None:
    """1001 dials 075586013388 over the trunk; the other side rings, answers, and hangs up."""
    stage.phones.phone("1001")
    far = stage.phones.trunk(Answers(ring=0.8))
    tap = stage.record()
    stage.phones.call_from("1001", "075586013388")
    tap.wait_event("DialEnd", DialStatus="ANSWER")
    pause(1.0)
    far.next()
    stage.finish(tap)


@scenario(
    Truth(
        direction="outbound",
        number="+8613800138000",
        dialled="+8613800138000",
        began_by="PJSIP/1001",
        end="busy",
    )
)
def outbound_busy(stage: Stage) -> None:
    """1001 dials +8613800138000 over the trunk; the other side is busy (486)."""
    stage.phones.phone("1001")
    stage.phones.trunk(BUSY)
    tap = stage.record()
    stage.phones.call_from("1001", "+8613800138000")
    tap.wait_event("DialEnd")
    stage.finish(tap)


@scenario(
    Truth(
        direction="outbound",
        number="+447700900119",
        dialled="+447700900119",
        began_by="PJSIP/1001",
        end="abandoned",
    )
)
def outbound_given_up(stage: Stage) -> None:
    """1001 dials +447700900119 over the trunk, lets it ring, and hangs up before an answer."""
    stage.phones.phone("1001")
    far = stage.phones.trunk(NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call_from("1001", "+447700900119")
    far.wait_called()
    tap.wait_event("DialState", DialStatus="RINGING")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900120",
        name="Waiting Wendy",
        dialled=WAITING,
        answered_by=("PJSIP/1001",),
        end="completed",
    ),
)
def originate_bridge(stage: Stage) -> None:
    """A caller waits with music in the context `waiting`. The AMI client rings 1001 by Originate
    (Async, own ChannelId `engine-1.1`) into the context `join`, which bridges the answered leg
    with the waiting caller. They talk, the caller hangs up."""
    stage.phones.phone("1001", Answers(ring=0.8))
    tap, call, waiting = _caller_waits(stage, "+447700900120")
    _ring_for(tap, "PJSIP/1001", waiting)
    tap.wait_event("OriginateResponse", Response="Success")
    tap.wait_event("BridgeEnter", Channel=waiting)
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900121",
        name="Waiting Wendy",
        dialled=WAITING,
        offers=(("PJSIP/1001", "no_answer"), ("PJSIP/1002", "refused")),
        end="abandoned",
    ),
)
def originate_not_answered(stage: Stage) -> None:
    """A caller waits with music. The AMI client rings 1001 for two seconds without an answer,
    then 1002, who declines, then 1003, who is not signed in. The caller goes on hearing music
    and gives up."""
    stage.phones.phone("1001", NEVER_ANSWERS)
    stage.phones.phone("1002", DECLINES)
    tap, call, waiting = _caller_waits(stage, "+447700900121")
    for turn, device in enumerate(("PJSIP/1001", "PJSIP/1002", "PJSIP/1003"), start=1):
        asked = _ring_for(tap, device, waiting, timeout_ms=2000, turn=turn)
        tap.wait_event("OriginateResponse", ActionID=asked, Response="Failure")
        pause(0.3)
    call.hang_up()
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900122",
        name="Waiting Wendy",
        dialled=WAITING,
        offers=(("PJSIP/1001", "cancelled"),),
        end="abandoned",
    ),
)
def originate_rescinded(stage: Stage) -> None:
    """A caller waits with music; the AMI client rings 1001; the caller gives up meanwhile; the
    client then stops the ringing with Hangup of its own ChannelId's channel."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    tap, call, waiting = _caller_waits(stage, "+447700900122")
    asked = _ring_for(tap, "PJSIP/1001", waiting)
    phone.wait_called()
    ringing = tap.wait_event("Newstate", ChannelStateDesc="Ringing")
    pause(0.6)
    call.hang_up()
    tap.wait_event("Hangup", Channel=waiting)
    tap.send("Hangup", Channel=ringing["Channel"])
    tap.wait_event("OriginateResponse", ActionID=asked)
    stage.finish(tap)


def _caller_waits(stage: Stage, number: str) -> tuple[ManagerTap, Call, str]:
    for line in OWN_DIALPLAN:
        stage.exchange.cli(f"dialplan add extension {line}")
    tap = stage.record()
    call = stage.phones.call(WAITING, number, "Waiting Wendy")
    waiting = tap.wait_event("MusicOnHoldStart")["Channel"]
    pause(0.8)
    return tap, call, waiting


def _ring_for(
    tap: ManagerTap, device: str, waiting: str, *, timeout_ms: int = 20000, turn: int = 1
) -> str:
    return tap.send(
        "Originate",
        Channel=device,
        ChannelId=f"engine-{turn}.1",
        Context="join",
        Exten="s",
        Priority="1",
        Variable=f"CHANNEL_TO_JOIN={waiting}",
        CallerID='"Waiting Wendy" <+447700900120>',
        Timeout=str(timeout_ms),
        Async="true",
    )
