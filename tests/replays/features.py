"""Scenarios: transfers by the exchange's own features, three-way talk, rooms, bridges."""

from __future__ import annotations

from tests.exchange.ami import ManagerTap
from tests.exchange.phones import NEVER_ANSWERS, Answers
from tests.replays.stage import Stage, Truth, pause, scenario
from tests.replays.transfers import channel_of, talking, truth, wait_connected


def press(tap: ManagerTap, device: str, keys: str) -> None:
    """Keys pressed on a phone, as the exchange hears them."""
    channel = channel_of(tap, device)
    for key in keys:
        tap.ask("PlayDTMF", Channel=channel, Digit=key, Duration="100", Receive="true")
        pause(0.2)


def ask_feature(tap: ManagerTap, device: str, target: str) -> None:
    tap.ask("Atxfer", Channel=channel_of(tap, device), Context="from-agents", Exten=target)


@scenario(
    truth(
        "PJSIP/1001", "PJSIP/1002", holds=1, transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)
    )
)
def feature_attended(stage: Stage) -> None:
    """1001 consults 1002 by the feature code (AMI Atxfer), 1002 answers, 1001 hangs up: handed
    over."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone = talking(stage)
    ask_feature(tap, "PJSIP/1001", "1002")
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    phone.next()
    tap.wait_event("AttendedTransfer")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001", "PJSIP/1002", holds=1, transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)
    )
)
def feature_blonde(stage: Stage) -> None:
    """1001 consults 1002 by the feature code and hangs up while 1002 still rings; 1002 answers."""
    other = stage.phones.phone("1002", NEVER_ANSWERS)
    tap, call, phone = talking(stage)
    ask_feature(tap, "PJSIP/1001", "1002")
    other.wait_called()
    pause(0.8)
    phone.next()
    pause(1.0)
    other.next()
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(truth("PJSIP/1001", holds=1, offers=(("PJSIP/1002", "cancelled"),)))
def feature_consult_given_up(stage: Stage) -> None:
    """1001 consults 1002, who rings in vain; 1001 presses *1 and has the caller back."""
    other = stage.phones.phone("1002", NEVER_ANSWERS)
    tap, call, _ = talking(stage)
    ask_feature(tap, "PJSIP/1001", "1002")
    other.wait_called()
    pause(0.8)
    press(tap, "PJSIP/1001", "*1")
    tap.wait_event("Hangup")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(truth("PJSIP/1001", "PJSIP/1002", holds=1))
def feature_threeway(stage: Stage) -> None:
    """1001 consults 1002, then presses *4: all three talk. 1001 leaves; caller and 1002 go on."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone = talking(stage)
    ask_feature(tap, "PJSIP/1001", "1002")
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    press(tap, "PJSIP/1001", "*4")
    tap.wait_event("AttendedTransfer")
    pause(1.0)
    phone.next()
    tap.wait(lambda one: one.get("Event") == "Hangup" and "PJSIP/1001" in one["Channel"])
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(truth("PJSIP/1001", "PJSIP/1002"))
def conference_room(stage: Stage) -> None:
    """Caller and 1001 are sent into a room (Redirect of both), 1002 dials it and joins them. 1001
    leaves, then 1002, then the caller."""
    tap, call, phone = talking(stage)
    caller = next(one["Channel"] for one in tap.events("BridgeEnter") if "trunk" in one["Channel"])
    tap.ask(
        "Redirect",
        Channel=caller,
        Context="from-agents",
        Exten="8801",
        Priority="1",
        ExtraChannel=channel_of(tap, "PJSIP/1001"),
        ExtraContext="from-agents",
        ExtraExten="8801",
        ExtraPriority="1",
    )
    tap.wait(lambda one: one.get("Event") == "ConfbridgeJoin" and "PJSIP/1001" in one["Channel"])
    pause(0.8)
    third = stage.phones.call_from("1002", "8801")
    tap.wait(lambda one: one.get("Event") == "ConfbridgeJoin" and "PJSIP/1002" in one["Channel"])
    pause(0.8)
    phone.next()
    tap.wait(lambda one: one.get("Event") == "ConfbridgeLeave" and "1001" in one["Channel"])
    pause(0.8)
    third.hang_up()
    tap.wait(lambda one: one.get("Event") == "ConfbridgeLeave" and "1002" in one["Channel"])
    pause(0.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth("PJSIP/1001"),
    Truth(
        direction="inbound",
        number="+447700900202",
        name="Second Sid",
        dialled="+442079461002",
        answered_by=("PJSIP/1002",),
        end="merged",
    ),
)
def bridge_by_manager(stage: Stage) -> None:
    """Caller A talks with 1001, caller B with 1002. AMI Bridge connects A with 1002; 1001 and B
    are hung up."""
    stage.phones.phone("1002", Answers(ring=0.3))
    tap, call, _ = talking(stage)
    stage.phones.call("+442079461002", "+447700900202", "Second Sid")
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    caller = next(one["Channel"] for one in tap.events("BridgeEnter") if "trunk" in one["Channel"])
    tap.ask("Bridge", Channel1=caller, Channel2=channel_of(tap, "PJSIP/1002"))
    pause(1.5)
    call.hang_up()
    stage.finish(tap)
