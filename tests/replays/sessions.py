"""Scenarios: the AMI session itself: sign-in, refusals, snapshots, shutdown."""

from __future__ import annotations

from tests.exchange.ami import ManagerTap
from tests.exchange.phones import NEVER_ANSWERS, Answers
from tests.replays.stage import Stage, Truth, pause, scenario

SERVICE = "+442079460100"


def snapshot(tap: ManagerTap) -> None:
    """What a client asks for to learn the exchange's state."""
    tap.ask("CoreStatus")
    tap.ask("CoreSettings")
    for action in (
        "CoreShowChannels",
        "BridgeList",
        "QueueStatus",
        "QueueSummary",
        "DeviceStateList",
    ):
        tap.items(action)


@scenario()
def login(stage: Stage) -> None:
    """The engine's own user signs in on an idle exchange, pings, and logs off."""
    tap = stage.record("callcenter")
    tap.ask("Ping")
    tap.ask("Logoff")
    tap.wait_end()
    stage.keep(tap)


@scenario()
def login_failed(stage: Stage) -> None:
    """The secret is wrong: an error, and Asterisk closes the connection."""
    _refused(stage, "callcenter", "not-the-secret")


@scenario()
def login_wrong_address(stage: Stage) -> None:
    """The secret is right but the address is not permitted: to the client it looks the same as a
    wrong secret."""
    _refused(stage, "elsewhere", stage.exchange.secret)


def _refused(stage: Stage, user: str, secret: str) -> None:
    tap = ManagerTap(stage.exchange.ports.ami)
    stage.taps.append(tap)
    tap.sign_in(user, secret)
    tap.wait_end()
    stage.keep(tap)


@scenario()
def login_md5(stage: Stage) -> None:
    """Sign-in by challenge: Challenge with AuthType MD5, then Login with the key."""
    tap = ManagerTap(stage.exchange.ports.ami)
    stage.taps.append(tap)
    tap.sign_in_by_challenge("callcenter", stage.exchange.secret)
    tap.wait_event("FullyBooted")
    tap.ask("Logoff")
    tap.wait_end()
    stage.keep(tap)


@scenario()
def missing_privilege(stage: Stage) -> None:
    """A user with read=call,user,reporting,system and no write class asks for what it may not
    have, and for what it may. A call passes meanwhile: of its queue it sees nothing."""
    stage.phones.phone("1001", Answers(ring=0.3))
    tap = stage.record("half")
    tap.ask("Originate", Channel="PJSIP/1001", Context="join", Exten="s", Priority="1")
    tap.ask("Hangup", Channel="PJSIP/none")
    tap.ask("QueuePause", Interface="PJSIP/1001", Paused="true")
    tap.ask("CoreShowChannels")
    tap.ask("CoreStatus")
    tap.ask("Command", Command="core show uptime")
    tap.ask("NoSuchAction")
    tap.items("QueueStatus", Queue="service")
    call = stage.phones.call(SERVICE, "+447700900131", "Unseen")
    tap.wait_event("DialEnd", DialStatus="ANSWER")
    pause(0.5)
    call.hang_up()
    stage.finish(tap)


@scenario()
def snapshot_idle(stage: Stage) -> None:
    """The actions of a snapshot on an idle exchange with two phones signed in."""
    stage.phones.phone("1001")
    stage.phones.phone("1005")
    tap = stage.record()
    snapshot(tap)
    stage.keep(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900132",
        name="Talking Tom",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    ),
    Truth(
        direction="inbound",
        number="+8675588886666",
        name="王小明",
        dialled=SERVICE,
        queues=(("service", "abandoned"),),
        end="abandoned",
    ),
)
def snapshot_during_call(stage: Stage) -> None:
    """The client signs in while one caller talks with 1001 and another waits in `service`, and
    takes a snapshot. Afterwards both hang up."""
    stage.phones.phone("1001", Answers(ring=0.3))
    watch = stage.record()
    first = stage.phones.call(SERVICE, "+447700900132", "Talking Tom")
    watch.wait_event("BridgeEnter", CallerIDNum="+447700900132")
    second = stage.phones.call(SERVICE, "+8675588886666", "王小明")
    watch.wait_event("QueueCallerJoin", CallerIDNum="+8675588886666")
    pause(1.0)
    tap = stage.record()
    snapshot(tap)
    second.hang_up()
    tap.wait_event("QueueCallerAbandon")
    first.hang_up()
    tap.wait_event("AgentComplete")
    # Three channels hang up whose beginning this connection has not seen.
    stage.finish(tap, channels_up=-3)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900133",
        name="Ringing Rita",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def snapshot_while_ringing(stage: Stage) -> None:
    """The client signs in while 1001 rings for a caller in `service`, and takes a snapshot; then
    1001 answers and hangs up."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    watch = stage.record()
    stage.phones.call(SERVICE, "+447700900133", "Ringing Rita")
    phone.wait_called()
    watch.wait_event("Newstate", ChannelStateDesc="Ringing")
    tap = stage.record()
    snapshot(tap)
    phone.next()
    tap.wait_event("AgentConnect")
    pause(0.5)
    phone.next()
    tap.wait_event("AgentComplete")
    stage.finish(tap, channels_up=-2)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900134",
        name="Cut Off",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def asterisk_shutdown(stage: Stage) -> None:
    """Asterisk is stopped (core stop now) while 1001 talks with a caller. Both channels
    get a SoftHangupRequest with Cause 4 and are hung up with cause 16; Shutdown comes a second
    later, last, and Asterisk closes the connection."""
    stage.phones.phone("1001", Answers(ring=0.3))
    tap = stage.record()
    stage.phones.call(SERVICE, "+447700900134", "Cut Off")
    tap.wait_event("AgentConnect")
    tap.wait_event("BridgeEnter", CallerIDNum="+447700900134")
    pause(0.8)
    stage.exchange.stop()
    tap.wait_end()
    stage.keep(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+447700900135",
        name="Cut Off",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end=None,
    )
)
def asterisk_killed(stage: Stage) -> None:
    """Asterisk is killed (SIGKILL) while 1001 talks with a caller: the bytes simply end."""
    stage.phones.phone("1001", Answers(ring=0.3))
    tap = stage.record()
    stage.phones.call(SERVICE, "+447700900135", "Cut Off")
    tap.wait_event("BridgeEnter", CallerIDNum="+447700900135")
    pause(0.8)
    stage.exchange.kill()
    tap.wait_end()
    stage.keep(tap)


@scenario()
def reload(stage: Stage) -> None:
    """The operator reloads app_queue and the dialplan, pauses and unpauses 1001, adds and removes
    a member, all over AMI or the console."""
    stage.phones.phone("1001")
    tap = stage.record()
    stage.exchange.cli("module reload app_queue.so")
    tap.wait_event("Reload")
    tap.ask("QueuePause", Queue="service", Interface="PJSIP/1001", Paused="true", Reason="lunch")
    tap.ask("QueuePause", Interface="PJSIP/1001", Paused="false")
    tap.ask("QueueAdd", Queue="sales", Interface="PJSIP/1001", MemberName="Alice Ng", Penalty="1")
    tap.ask("QueueRemove", Queue="sales", Interface="PJSIP/1001")
    tap.ask("QueueRemove", Queue="sales", Interface="PJSIP/1001")
    tap.ask("QueueAdd", Queue="no-such-queue", Interface="PJSIP/1001")
    tap.wait_quiet()
    stage.keep(tap)


@scenario()
def phone_unreachable(stage: Stage) -> None:
    """The phone 1001 signs out and in again: how device and queue member states change."""
    stage.phones.phone("1001")
    tap = stage.record()
    stage.phones.sign_out("1001")
    tap.wait_event("QueueMemberStatus", Interface="PJSIP/1001", Status="5")
    stage.phones.phone("1001")
    tap.wait_event("QueueMemberStatus", Interface="PJSIP/1001", Status="1")
    tap.wait_quiet()
    stage.keep(tap)
