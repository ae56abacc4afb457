"""Scenarios: callers whose agent an engine chooses (config/asterisk/callcenter.conf).

The engine is played here: a second connection that rings phones and shows signs of life.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.exchange.ami import ManagerTap, Message
from tests.exchange.parties import Call
from tests.exchange.phones import BUSY, DECLINES, NEVER_ANSWERS, Answers
from tests.replays.sessions import snapshot
from tests.replays.stage import Stage, Truth, pause, scenario

WAITING = "+442079460106"


@scenario(
    Truth(
        direction="inbound",
        number="+447700900301",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def engine_wait_answered(stage: Stage) -> None:
    """A caller waits in the engine's line and is told the position and the expected wait; the
    engine rings 1001, who answers; they talk, the caller hangs up."""
    stage.phones.phone("1001", Answers(ring=0.8))
    with engine(stage) as tap:
        call, wait = _waits(stage, tap, "+447700900301")
        for name, value in (("CC_P50", "90"), ("CC_P90", "400"), ("CC_POSITION", "2")):
            tap.send("Setvar", Channel=wait["Uniqueid"], Variable=name, Value=value)
        tap.wait_event("UserEvent", UserEvent="CallcenterTold")
        pause(0.5)
        _ring(tap, "PJSIP/1001", wait)
        tap.wait_event("BridgeEnter", Channel=wait["Channel"])
        pause(1.0)
        call.hang_up()
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900302",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def engine_wait_agent_hangs_up(stage: Stage) -> None:
    """As engine_wait_answered, without announcement, and it is the agent who hangs up: the
    caller goes to `cc-after` and the call is over."""
    stage.phones.phone("1001", Answers(ring=0.5, talk=1.0))
    with engine(stage) as tap:
        _, wait = _waits(stage, tap, "+447700900302")
        _ring(tap, "PJSIP/1001", wait)
        tap.wait_event("Hangup", Channel=wait["Channel"])
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900303",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "answered"),),
        offers=(("PJSIP/1001", "no_answer"),),
        answered_by=("PJSIP/1002",),
        end="completed",
    )
)
def engine_wait_no_answer(stage: Stage) -> None:
    """1001 rings two seconds without an answer; the caller keeps waiting, and 1002 answers."""
    stage.phones.phone("1001", NEVER_ANSWERS)
    stage.phones.phone("1002", Answers(ring=0.4))
    with engine(stage) as tap:
        call, wait = _waits(stage, tap, "+447700900303")
        _ring_in_vain(tap, "PJSIP/1001", wait, timeout_ms=2000)
        _ring(tap, "PJSIP/1002", wait, turn=2)
        tap.wait_event("BridgeEnter", Channel=wait["Channel"])
        pause(0.8)
        call.hang_up()
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900304",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "answered"),),
        offers=(("PJSIP/1001", "refused"), ("PJSIP/1002", "busy")),
        answered_by=("PJSIP/1004",),
        end="completed",
    )
)
def engine_wait_refused(stage: Stage) -> None:
    """1001 declines, 1002 is busy, 1003 is not signed in, 1004 answers."""
    stage.phones.phone("1001", DECLINES)
    stage.phones.phone("1002", BUSY)
    stage.phones.phone("1004", Answers(ring=0.4))
    with engine(stage) as tap:
        call, wait = _waits(stage, tap, "+447700900304")
        for turn, device in enumerate(("PJSIP/1001", "PJSIP/1002", "PJSIP/1003"), start=1):
            _ring_in_vain(tap, device, wait, turn=turn)
        _ring(tap, "PJSIP/1004", wait, turn=4)
        tap.wait_event("BridgeEnter", Channel=wait["Channel"])
        pause(0.8)
        call.hang_up()
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900305",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "abandoned"),),
        offers=(("PJSIP/1001", "cancelled"),),
        end="abandoned",
    )
)
def engine_wait_rescinded(stage: Stage) -> None:
    """The caller hangs up while 1001 rings; the engine makes it stop."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    with engine(stage) as tap:
        call, wait = _waits(stage, tap, "+447700900305")
        asked = _ring(tap, "PJSIP/1001", wait)
        phone.wait_called()
        pause(0.6)
        call.hang_up()
        tap.wait_event("Hangup", Channel=wait["Channel"])
        tap.send("Hangup", Channel="cc-0-1", Cause="26")
        tap.wait_event("OriginateResponse", ActionID=asked)
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900306",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "abandoned"),),
        end="abandoned",
    )
)
def engine_wait_key(stage: Stage) -> None:
    """A waiting caller presses 1, then 9 while the position is being told, goes on waiting, and
    gives up."""
    with engine(stage) as tap:
        call, wait = _waits(stage, tap, "+447700900306")
        _press(tap, wait, "1")
        tap.send("Setvar", Channel=wait["Uniqueid"], Variable="CC_POSITION", Value="1")
        tap.wait_event("Newexten", Application="BackGround")
        pause(0.5)
        _press(tap, wait, "9")
        pause(1.0)
        call.hang_up()
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900307",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "overflow"), ("service", "answered")),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def engine_wait_fallback(stage: Stage) -> None:
    """There is no engine: after five seconds the caller goes on into the ordinary queue, whose
    member 1001 answers."""
    stage.phones.phone("1001", Answers(ring=0.4))
    tap = stage.record()
    call, _ = _waits(stage, tap, "+447700900307")
    tap.wait_event("AgentConnect")
    pause(0.8)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900308",
        name="Engine Emma",
        dialled=WAITING,
        queues=(("service", "closed"),),
        end="queue_left",
    )
)
def engine_wait_sent_away(stage: Stage) -> None:
    """The engine sends a waiting caller to `cc-away`, because the queue closes."""
    with engine(stage) as tap:
        _, wait = _waits(stage, tap, "+447700900308")
        tap.send(
            "Redirect", Channel=wait["Uniqueid"], Context="cc-away", Exten="closed", Priority="1"
        )
        tap.wait_event("Hangup", Channel=wait["Channel"])
        stage.finish(tap)


@scenario(
    *(
        Truth(
            direction="inbound",
            number=number,
            name="Engine Emma",
            dialled=WAITING,
            queues=queues,
            answered_by=answered_by,
            end=end,
        )
        for number, queues, answered_by, end in (
            ("+447700900309", (("service", "answered"),), ("PJSIP/1001",), "completed"),
            ("+447700900310", (("service", "abandoned"),), (), "abandoned"),
        )
    )
)
def engine_wait_snapshot(stage: Stage) -> None:
    """One caller talks with 1001, another waits in the engine's line; a snapshot is taken. The
    talk ends, then the second caller gives up."""
    stage.phones.phone("1001", Answers(ring=0.4))
    with engine(stage) as tap:
        first, wait = _waits(stage, tap, "+447700900309")
        _ring(tap, "PJSIP/1001", wait)
        tap.wait_event("BridgeEnter", Channel=wait["Channel"])
        second, _ = _waits(stage, tap, "+447700900310")
        snapshot(tap)
        pause(0.5)
        first.hang_up()
        tap.wait_event("Hangup", Channel=wait["Channel"])
        second.hang_up()
        stage.finish(tap)


@contextmanager
def engine(stage: Stage) -> Iterator[ManagerTap]:
    """A recording during which an engine shows that it lives."""
    tap = stage.record()
    over = threading.Event()

    def beat() -> None:
        with stage.exchange.tap("callcenter") as engine_tap:
            count = 0
            while not over.wait(0.0 if count == 0 else 2.0):
                count += 1
                engine_tap.ask("Setvar", Variable="CC_BEAT", Value=str(count))

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        yield tap
    finally:
        over.set()
        beating.join()


def _waits(stage: Stage, tap: ManagerTap, number: str) -> tuple[Call, Message]:
    call = stage.phones.call(WAITING, number, "Engine Emma")
    wait = tap.wait_event("UserEvent", UserEvent="CallcenterWait", CallerIDNum=number)
    tap.wait_event("MusicOnHoldStart", Channel=wait["Channel"])
    pause(0.8)
    return call, wait


def _ring(
    tap: ManagerTap, device: str, wait: Message, *, timeout_ms: int = 20000, turn: int = 1
) -> str:
    return tap.send(
        "Originate",
        Channel=device,
        ChannelId=f"cc-0-{turn}",
        Context="cc-join",
        Exten="s",
        Priority="1",
        Variable=f"CHANNEL_TO_JOIN={wait['Channel']},__CC_QUEUE=service",
        CallerID=f'"Engine Emma" <{wait["CallerIDNum"]}>',
        Timeout=str(timeout_ms),
        Async="true",
    )


def _ring_in_vain(tap: ManagerTap, device: str, wait: Message, **more: int) -> None:
    asked = _ring(tap, device, wait, **more)
    tap.wait_event("OriginateResponse", ActionID=asked, Response="Failure")
    pause(0.3)


def _press(tap: ManagerTap, wait: Message, key: str) -> None:
    tap.send("PlayDTMF", Channel=wait["Channel"], Digit=key, Receive="true")
    tap.wait_event("UserEvent", UserEvent="CallcenterKey", Key=key)
    pause(0.5)
