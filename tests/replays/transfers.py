"""Scenarios: a call goes from one agent to another: blind, after asking, or while it rings."""

from __future__ import annotations

from tests.exchange.ami import ManagerTap
from tests.exchange.parties import Call, Phone
from tests.exchange.phones import NEVER_ANSWERS, Answers
from tests.replays.stage import Stage, Truth, pause, scenario

SERVICE = "+442079460100"
DESK, REMOTE = "+442079460104", "+442079460105"
CALLER = "+447700900201"
SERVICE_ANSWERED = (("service", "answered"),)


def talking(
    stage: Stage, did: str = SERVICE, *, name: str = "Transferred Tess", extension: str = "1001"
) -> tuple[ManagerTap, Call, Phone]:
    """A caller from a queue talks with an agent."""
    phone = stage.phones.phone(extension, Answers(ring=0.3))
    tap = stage.record()
    call = stage.phones.call(did, CALLER, name)
    tap.wait_event("BridgeEnter", CallerIDNum=CALLER)
    pause(0.8)
    return tap, call, phone


def channel_of(tap: ManagerTap, device: str) -> str:
    """The name of the latest channel of a device."""
    names = [one["Channel"] for one in tap.events("Newchannel")]
    return next(name for name in reversed(names) if name.startswith(f"{device}-"))


def wait_connected(tap: ManagerTap, device: str, since: int = 0) -> None:
    tap.wait(
        lambda one: one.get("Event") == "BridgeEnter" and one["Channel"].startswith(f"{device}-"),
        since,
    )


def truth(
    *answered_by: str,
    transfers: tuple[tuple[str, str | None, str], ...] = (),
    dialled: str = SERVICE,
    queues: tuple[tuple[str, str], ...] = SERVICE_ANSWERED,
    offers: tuple[tuple[str, str], ...] = (),
    holds: int = 0,
    parked: tuple[tuple[str, str | None], ...] = (),
    parties: tuple[str, ...] = (),
) -> Truth:
    return Truth(
        direction="inbound",
        number=CALLER,
        name="Transferred Tess",
        dialled=dialled,
        queues=queues,
        offers=offers,
        answered_by=answered_by,
        holds=holds,
        transfers=transfers,
        parked=parked,
        parties=parties,
        end="completed",
    )


@scenario(truth("PJSIP/1001", "PJSIP/1002", transfers=(("blind", "PJSIP/1001", "1002"),)))
def transfer_blind(stage: Stage) -> None:
    """1001 has the caller from `service` and sends the caller on to 1002 (REFER), who answers."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone = talking(stage)
    phone.transfer("1002")
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        offers=(("PJSIP/1002", "cancelled"),),
        transfers=(("blind", "PJSIP/1001", "1002"),),
    )
)
def transfer_blind_nobody(stage: Stage) -> None:
    """1001 sends the caller on to 1002, whose phone rings in vain until the caller gives up."""
    other = stage.phones.phone("1002", NEVER_ANSWERS)
    tap, call, phone = talking(stage)
    phone.transfer("1002")
    other.wait_called()
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(truth("PJSIP/1001"))
def transfer_blind_refused(stage: Stage) -> None:
    """1001 tries to send the caller on to an extension that does not exist: nothing changes, and
    1001 hangs up two seconds later."""
    tap, _, phone = talking(stage)
    phone.transfer("9999")
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        "PJSIP/1004",
        queues=(("service", "answered"), ("sales", "answered")),
        transfers=(("blind", "PJSIP/1001", "sales"),),
    )
)
def transfer_blind_to_queue(stage: Stage) -> None:
    """1001 sends the caller on to the queue `sales`, where 1004 answers."""
    stage.phones.phone("1004", Answers(ring=0.5))
    tap, call, phone = talking(stage)
    phone.transfer("sales")
    wait_connected(tap, "PJSIP/1004")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        transfers=(("blind", "PJSIP/1001", "07700900299"),),
        parties=("07700900299",),
    )
)
def transfer_blind_outside(stage: Stage) -> None:
    """1001 sends the caller on to a number outside, who answers and hangs up."""
    outside = stage.phones.trunk(Answers(ring=0.5))
    tap, _, phone = talking(stage)
    phone.transfer("07700900299")
    outside.wait_called()
    tap.wait_event("DialEnd", len(tap.received), DialStatus="ANSWER")
    pause(0.8)
    outside.next()
    stage.finish(tap)


@scenario(truth("PJSIP/1001", "PJSIP/1002", transfers=(("blind", "PJSIP/1001", "1002"),)))
def transfer_blind_by_manager(stage: Stage) -> None:
    """As transfer_blind, ordered over AMI (BlindTransfer)."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, _ = talking(stage)
    channel = channel_of(tap, "PJSIP/1001")
    tap.ask("BlindTransfer", Channel=channel, Context="from-agents", Exten="1002")
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1008",
        "PJSIP/1002",
        dialled=REMOTE,
        queues=(("remote", "answered"),),
        transfers=(("blind", "PJSIP/1008", "1002"),),
    )
)
def transfer_blind_local_member(stage: Stage) -> None:
    """The agent is a member through a Local channel that was optimised away. 1008 sends the
    caller on to 1002, who answers."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone = talking(stage, REMOTE, extension="1008")
    pause(0.8)
    phone.transfer("1002")
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1007",
        "PJSIP/1002",
        dialled=DESK,
        queues=(("desk", "answered"),),
        transfers=(("blind", "PJSIP/1007", "1002"),),
    )
)
def transfer_blind_behind_local(stage: Stage) -> None:
    """The agent is a member through a Local channel that stays. 1007 sends on whom the phone talks
    with, which is the Local channel's half; behind it the caller reaches 1002. For the exchange
    1007's queue call lasts until the caller hangs up."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone = talking(stage, DESK, extension="1007")
    pause(0.8)
    phone.transfer("1002")
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    call.hang_up()
    stage.finish(tap)


def consulting(stage: Stage, target: str = "1002") -> tuple[ManagerTap, Call, Phone, Call]:
    """1001 has the caller and calls `target` with the phone's second line."""
    tap, call, phone = talking(stage)
    return tap, call, phone, stage.phones.call_from("1001", target)


def question(dialled: str, *answered_by: str) -> Truth:
    """What the agent asks on the second line, until it is one with the caller's call."""
    return Truth(
        direction="internal",
        number="1001",
        name="Alice Ng",
        dialled=dialled,
        answered_by=answered_by,
        end="merged",
        began_by="PJSIP/1001",
    )


@scenario(
    truth("PJSIP/1001", transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)),
    question("1002", "PJSIP/1002"),
)
def transfer_attended(stage: Stage) -> None:
    """1001 asks 1002 on the phone's second line, then connects the two (REFER with Replaces)."""
    stage.phones.phone("1002", Answers(ring=0.5))
    tap, call, phone, consult = consulting(stage)
    wait_connected(tap, "PJSIP/1002")
    pause(0.8)
    phone.transfer_to(consult)
    tap.wait_event("AttendedTransfer")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth("PJSIP/1001", "PJSIP/1002", transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)),
    question("1002"),
)
def transfer_blonde(stage: Stage) -> None:
    """1001 calls 1002 on the second line and hands the caller over while 1002 still rings. 1002
    answers."""
    other = stage.phones.phone("1002", NEVER_ANSWERS)
    tap, call, phone, consult = consulting(stage)
    other.wait_called()
    pause(0.5)
    phone.transfer_to(consult)
    tap.wait_event("AttendedTransfer")
    pause(1.0)
    other.next()
    wait_connected(tap, "PJSIP/1002")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        offers=(("PJSIP/1002", "cancelled"),),
        transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),),
    ),
    question("1002"),
)
def transfer_blonde_nobody(stage: Stage) -> None:
    """As transfer_blonde, but 1002 does not answer and the caller gives up."""
    other = stage.phones.phone("1002", NEVER_ANSWERS)
    tap, call, phone, consult = consulting(stage)
    other.wait_called()
    pause(0.5)
    phone.transfer_to(consult)
    tap.wait_event("AttendedTransfer")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        "PJSIP/1004",
        queues=(("service", "answered"), ("sales", "answered")),
        transfers=(("attended", "PJSIP/1001", "sales"),),
    ),
    question("sales"),
)
def transfer_blonde_to_queue(stage: Stage) -> None:
    """1001 calls the queue `sales` on the second line and hands the caller over while waiting
    there. Later 1004 signs in and answers."""
    tap, call, phone, consult = consulting(stage, "sales")
    tap.wait_event("QueueCallerJoin", Queue="sales")
    pause(0.5)
    phone.transfer_to(consult)
    tap.wait_event("AttendedTransfer")
    pause(1.0)
    stage.phones.phone("1004", Answers(ring=0.5))
    wait_connected(tap, "PJSIP/1004")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1001",
        transfers=(("attended", "PJSIP/1001", "07700900299"),),
        parties=("07700900299",),
    ),
    Truth(
        direction="outbound",
        number="07700900299",
        dialled="07700900299",
        answered_by=("PJSIP/1001",),
        end="merged",
        began_by="PJSIP/1001",
    ),
)
def transfer_attended_outside(stage: Stage) -> None:
    """1001 asks somebody outside on the phone's second line, then connects the two."""
    stage.phones.trunk(Answers(ring=0.5))
    tap, call, phone, consult = consulting(stage, "07700900299")
    tap.wait_event("DialEnd", DialStatus="ANSWER", CallerIDNum="+442079460100")
    pause(1.0)
    phone.transfer_to(consult)
    tap.wait_event("AttendedTransfer")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    Truth(
        direction="outbound",
        number="07700900295",
        dialled="07700900295",
        answered_by=("PJSIP/1001", "PJSIP/1002"),
        began_by="PJSIP/1001",
        transfers=(("blind", "PJSIP/1001", "1002"),),
        end="completed",
    )
)
def transfer_blind_by_caller(stage: Stage) -> None:
    """1001 called a customer outside and sends them on to 1002 (AMI BlindTransfer), who answers.
    The customer hangs up."""
    outside = stage.phones.trunk(Answers(ring=0.3))
    stage.phones.phone("1001")
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    stage.phones.call_from("1001", "07700900295")
    wait_connected(tap, "PJSIP/trunk")
    pause(1.0)
    channel = channel_of(tap, "PJSIP/1001")
    tap.ask("BlindTransfer", Channel=channel, Context="from-agents", Exten="1002")
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    outside.next()
    stage.finish(tap)
