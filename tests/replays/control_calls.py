"""Scenarios: call control, as config/asterisk/callcenter-control.conf does it.

What an engine would send is sent here by hand (docs/call-control.md), over the recorded connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.exchange.ami import ManagerTap, Message
from tests.exchange.parties import Call
from tests.exchange.phones import Answers
from tests.replays.engine_calls import WAITING, engine
from tests.replays.sessions import snapshot
from tests.replays.stage import Stage, Truth, pause, scenario

CALLER = "+447700900401"
NAME = "Controlled Cora"
AGENT = "cc-0-1"
"""The Uniqueid of the leg with which the engine rang 1001."""
ASIDE = "cx-0-1"
FAR = f"far-{ASIDE}-for-{AGENT}"


def truth(
    *answered_by: str,
    holds: int = 0,
    transfers: tuple[tuple[str, str | None, str], ...] = (),
    offers: tuple[tuple[str, str], ...] = (),
    parked: tuple[tuple[str | None, str | None], ...] = (),
    found: bool = False,
) -> Truth:
    """`found`: the talk is up when the client signs in. For which queue is not shown then."""
    return Truth(
        direction="inbound",
        number=CALLER,
        name=NAME,
        dialled=WAITING,
        queues=() if found else (("service", "answered"),),
        offers=offers,
        answered_by=("PJSIP/1001", *answered_by),
        holds=holds,
        transfers=transfers,
        parked=parked,
        end="completed",
    )


@dataclass(slots=True)
class Talk:
    """1001 talks with a caller whom the engine joined to it."""

    stage: Stage
    tap: ManagerTap
    call: Call
    customer: str
    """Uniqueid."""

    def set(self, leg: str, **variables: str) -> None:
        for name, value in variables.items():
            self.tap.ask("Setvar", Channel=leg, Variable=name, Value=value)

    def move(self, leg: str, context: str, exten: str, *other: str) -> None:
        """Redirect of one leg, or of two: `other` is the second's leg, context and extension."""
        names = ("ExtraChannel", "ExtraContext", "ExtraExten")
        headers = dict(zip(names, other, strict=False))
        if other:
            headers["ExtraPriority"] = "1"
        asked = self.tap.ask(
            "Redirect", Channel=leg, Context=context, Exten=exten, Priority="1", **headers
        )
        assert asked["Response"] == "Success", asked

    def did(self, what: str, since: int) -> Message:
        return self.tap.wait_event("UserEvent", since, UserEvent="CallcenterControl", Did=what)

    def meets(self, leg: str, since: int) -> None:
        self.tap.wait_event("BridgeEnter", since, Uniqueid=leg)
        pause(0.4)

    def mark(self) -> int:
        return len(self.tap.received)

    def hold(self, then: str = "s", by: str = AGENT) -> None:
        since = self.mark()
        self.set(self.customer, CC_AGENT=by)
        self.set(AGENT, CC_CUSTOMER=self.customer)
        self.move(self.customer, "cc-hold", "s", AGENT, "cc-agent", then)
        self.did("hold", since)
        pause(0.4)

    def resume(self) -> None:
        since = self.mark()
        self.move(AGENT, "cc-agent", "join")
        self.meets(self.customer, since)

    def consult(self, target: str = "1002", *, answered: bool = True) -> None:
        self.set(AGENT, CC_ASIDE=ASIDE)
        self.hold("calling")
        since = self.mark()
        variables = {"CC_AGENT": AGENT, "CC_CUSTOMER": self.customer, "CC_TARGET": target}
        self.tap.send(
            "Originate",
            Channel="Local/s@cc-consult-out/n",
            ChannelId=ASIDE,
            OtherChannelId=FAR,
            Context="cc-consult",
            Exten="s",
            Priority="1",
            Timeout="60000",
            Async="true",
            Variable=",".join(f"{name}={value}" for name, value in variables.items()),
        )
        self.did("consult", since)
        if answered:
            self.did("consult_answered", since)
            self.meets(ASIDE, since)

    def swap_to_customer(self) -> None:
        since = self.mark()
        self.set(ASIDE, CC_AGENT=AGENT)
        self.move(ASIDE, "cc-hold", "aside", AGENT, "cc-agent", "join")
        self.did("hold_aside", since)
        self.meets(self.customer, since)

    def swap_to_aside(self) -> None:
        since = self.mark()
        self.set(self.customer, CC_AGENT=AGENT)
        self.move(self.customer, "cc-hold", "s", AGENT, "cc-agent", "aside")
        self.did("hold", since)
        self.meets(ASIDE, since)

    def spy(self, leg: str, exten: str) -> None:
        self.tap.send(
            "Originate",
            Channel="PJSIP/1004",
            ChannelId=leg,
            Context="cc-spy",
            Exten=exten,
            Priority="1",
            Timeout="20000",
            CallerID='"Supervision" <anonymous>',
            Async="true",
            Variable=f"CC_AGENT={AGENT}",
        )

    def over(self) -> None:
        pause(0.5)
        self.call.hang_up()
        self.stage.finish(self.tap)


@contextmanager
def talking(stage: Stage, *colleagues: str) -> Iterator[Talk]:
    """A caller talks with 1001; `colleagues` answer when they are called."""
    for extension in ("1001", *colleagues):
        stage.phones.phone(extension, Answers(ring=0.4))
    with engine(stage) as tap:
        call = stage.phones.call(WAITING, CALLER, NAME)
        wait = tap.wait_event("UserEvent", UserEvent="CallcenterWait")
        tap.send(
            "Originate",
            Channel="PJSIP/1001",
            ChannelId=AGENT,
            Context="cc-join",
            Exten="s",
            Priority="1",
            Variable=f"CHANNEL_TO_JOIN={wait['Channel']},__CC_QUEUE=service",
            CallerID=f'"{NAME}" <{CALLER}>',
            Timeout="20000",
            Async="true",
        )
        tap.wait_event("BridgeEnter", Channel=wait["Channel"])
        pause(0.6)
        yield Talk(stage, tap, call, wait["Uniqueid"])


# --- hold -----------------------------------------------------------------------------------------


@scenario(truth(holds=2))
def control_hold_resume(stage: Stage) -> None:
    """1001 puts the caller on hold and takes them back, twice, from the screen."""
    with talking(stage) as talk:
        for _ in range(2):
            talk.hold()
            talk.resume()
        talk.over()


@scenario(truth(holds=1))
def control_hold_given_up(stage: Stage) -> None:
    """The caller gives up on hold; within two seconds the agent's silent leg ends."""
    with talking(stage) as talk:
        talk.hold()
        talk.over()


@scenario(truth(holds=1, found=True))
def control_hold_snapshot(stage: Stage) -> None:
    """The client signs in while a caller of 1001 is on hold, and takes a snapshot. 1001 takes the
    caller back, who hangs up."""
    with talking(stage) as talk:
        talk.hold()
        talk.tap = stage.record()
        snapshot(talk.tap)
        talk.resume()
        pause(0.5)
        talk.call.hang_up()
        stage.finish(talk.tap, channels_up=-2)


@scenario(truth(holds=1))
def control_hold_snapshots(stage: Stage) -> None:
    """1001 puts the caller on hold; a snapshot is taken then, and another after the caller was
    taken back: neither tells anything that was not known."""
    with talking(stage) as talk:
        talk.hold()
        snapshot(talk.tap)
        talk.resume()
        snapshot(talk.tap)
        talk.over()


# --- consulting -----------------------------------------------------------------------------------


@scenario(truth("PJSIP/1002", holds=1, transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)))
def control_consult_complete(stage: Stage) -> None:
    """1001 consults 1002 while the caller is on hold, then hands the caller over."""
    with talking(stage, "1002") as talk:
        talk.consult()
        since = talk.mark()
        talk.set(ASIDE, CC_AGENT=AGENT, CC_CUSTOMER=talk.customer)
        talk.move(ASIDE, "cc-consult", "complete")
        talk.meets(talk.customer, since)
        talk.move(AGENT, "cc-agent", "done")
        talk.tap.wait_event("Hangup", since, Uniqueid=AGENT)
        talk.over()


@scenario(truth(holds=1))
def control_consult_cancel(stage: Stage) -> None:
    """1001 consults 1002, then takes the caller back; 1002's call ends."""
    with talking(stage, "1002") as talk:
        talk.consult()
        since = talk.mark()
        talk.move(ASIDE, "cc-consult", "cancelled", AGENT, "cc-agent", "join")
        talk.meets(talk.customer, since)
        talk.over()


@scenario(truth(holds=1))
def control_consult_cancel_ringing(stage: Stage) -> None:
    """1001 wants to consult 1002, and takes the caller back while that phone still rings."""
    with talking(stage) as talk:
        phone = stage.phones.phone("1002", Answers(ring=None))
        talk.consult(answered=False)
        phone.wait_called()
        since = talk.mark()
        talk.move(AGENT, "cc-agent", "join")
        talk.tap.ask("Hangup", Channel=ASIDE, Cause="26")
        talk.meets(talk.customer, since)
        talk.over()


@scenario(truth("PJSIP/1002", holds=2, transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),)))
def control_swap(stage: Stage) -> None:
    """1001 consults 1002, talks to the caller again while 1002 waits, to 1002 once more, and hands
    the caller over."""
    with talking(stage, "1002") as talk:
        talk.consult()
        talk.swap_to_customer()
        talk.swap_to_aside()
        since = talk.mark()
        talk.set(ASIDE, CC_AGENT=AGENT, CC_CUSTOMER=talk.customer)
        talk.move(ASIDE, "cc-consult", "complete")
        talk.meets(talk.customer, since)
        talk.move(AGENT, "cc-agent", "done")
        talk.over()


@scenario(truth("PJSIP/1002", holds=1))
def control_conference(stage: Stage) -> None:
    """1001 consults 1002 and makes it a talk of three; then 1001 hangs up and the two go on."""
    with talking(stage, "1002") as talk:
        talk.consult()
        since = talk.mark()
        talk.move(talk.customer, "cc-conference", "customer")
        talk.meets(talk.customer, since)
        talk.tap.ask("Hangup", Channel=AGENT, Cause="16")
        pause(0.5)
        talk.over()


@scenario(
    truth(
        "PJSIP/1002",
        holds=1,
        transfers=(("attended", "PJSIP/1001", "PJSIP/1002"),),
        found=True,
    )
)
def control_consult_snapshot(stage: Stage) -> None:
    """The client signs in while 1001 consults 1002 about a caller on hold, and takes a snapshot.
    Then 1001 hands the caller over."""
    with talking(stage, "1002") as talk:
        talk.consult()
        talk.tap = stage.record()
        snapshot(talk.tap)
        talk.set(ASIDE, CC_AGENT=AGENT, CC_CUSTOMER=talk.customer)
        talk.move(ASIDE, "cc-consult", "complete")
        talk.meets(talk.customer, 0)
        talk.move(AGENT, "cc-agent", "done")
        pause(0.5)
        talk.call.hang_up()
        stage.finish(talk.tap, channels_up=-5)


@scenario(truth(holds=0, found=True))
def control_swap_snapshot(stage: Stage) -> None:
    """The client signs in while 1001 talks to the caller again and 1002, whom 1001 consulted,
    waits; it takes a snapshot. The caller hangs up; within two seconds 1002's call ends."""
    with talking(stage, "1002") as talk:
        talk.consult()
        talk.swap_to_customer()
        talk.tap = stage.record()
        snapshot(talk.tap)
        pause(0.5)
        talk.call.hang_up()
        stage.finish(talk.tap, channels_up=-5)


@scenario(truth(holds=1, found=True))
def control_consult_ringing_snapshot(stage: Stage) -> None:
    """The client signs in while 1002 rings, whom 1001 wants to consult, and takes a snapshot. 1002
    answers and hangs up; 1001 takes the caller back, who hangs up."""
    with talking(stage) as talk:
        phone = stage.phones.phone("1002", Answers(ring=None))
        talk.consult(answered=False)
        phone.wait_called()
        pause(0.3)
        talk.tap = stage.record()
        snapshot(talk.tap)
        phone.next()
        talk.did("consult_answered", 0)
        talk.meets(ASIDE, 0)
        phone.next()
        talk.tap.wait_event("Hangup", Uniqueid=ASIDE)
        pause(0.4)
        talk.resume()
        pause(0.5)
        talk.call.hang_up()
        stage.finish(talk.tap, channels_up=-5)


# --- handing on -----------------------------------------------------------------------------------


@scenario(truth("PJSIP/1002", transfers=(("blind", "PJSIP/1001", "1002"),)))
def control_blind_transfer(stage: Stage) -> None:
    """1001 sends the caller on to 1002, from the screen; 1002 answers."""
    with talking(stage, "1002") as talk:
        since = talk.mark()
        talk.set(talk.customer, CC_AGENT=AGENT, CC_TARGET="1002")
        talk.move(talk.customer, "cc-transfer", "s", AGENT, "cc-agent", "done")
        talk.meets(talk.customer, since)
        talk.over()


@scenario(truth("PJSIP/1002", parked=(("701", "PJSIP/1002"),)))
def control_park(stage: Stage) -> None:
    """1001 parks the caller, from the screen; 1002 dials the place."""
    with talking(stage, "1002") as talk:
        talk.set(talk.customer, CC_AGENT=AGENT)
        talk.move(talk.customer, "cc-park", "s", AGENT, "cc-agent", "done")
        place = talk.tap.wait_event("ParkedCall")["ParkingSpace"]
        pause(0.5)
        stage.phones.call_from("1002", place)
        talk.tap.wait_event("UnParkedCall")
        pause(0.5)
        talk.over()


# --- voice, recording, supervision ----------------------------------------------------------------


@scenario(truth())
def control_mute(stage: Stage) -> None:
    """1001's voice is cut off, and carried again."""
    with talking(stage) as talk:
        for state, told in (("on", "1"), ("off", "0")):
            talk.tap.ask("Setvar", Channel=AGENT, Variable="MUTEAUDIO(in)", Value=state)
            talk.tap.ask("Setvar", Channel=AGENT, Variable="CC_MUTED", Value=told)
            pause(0.4)
        talk.over()


@scenario(truth())
def control_recording(stage: Stage) -> None:
    """The talk is recorded, paused, recorded again, not recorded any more."""
    with talking(stage) as talk:
        talk.tap.send(
            "Originate",
            Channel="Local/ear@cc-record/n",
            ChannelId=ASIDE,
            OtherChannelId=FAR,
            Context="cc-record",
            Exten="pen",
            Priority="1",
            Timeout="5000",
            Async="true",
            Variable=f"CC_AGENT={AGENT},CC_FILE=replay",
        )
        talk.tap.wait_event("MixMonitorStart")
        for state in ("1", "0"):
            pause(0.4)
            talk.tap.ask("MixMonitorMute", Channel=ASIDE, Direction="both", State=state)
        pause(0.4)
        talk.tap.ask("Hangup", Channel=ASIDE, Cause="16")
        talk.tap.wait_event("Hangup", Uniqueid=ASIDE)
        talk.over()


@scenario(truth())
def control_listen(stage: Stage) -> None:
    """The supervisor at 1004 listens to 1001, speaks to 1001 alone, to both, and leaves."""
    with talking(stage, "1004") as talk:
        talk.spy("cx-0-2", "listen")
        talk.tap.wait_event("ChanSpyStart")
        for mode in ("whisper", "barge"):
            pause(0.4)
            since = talk.mark()
            talk.move("cx-0-2", "cc-spy", mode)
            talk.tap.wait_event("ChanSpyStart", since)
        pause(0.4)
        talk.tap.ask("Hangup", Channel="cx-0-2", Cause="16")
        talk.tap.wait_event("Hangup", Uniqueid="cx-0-2")
        talk.over()


@scenario(truth("PJSIP/1004", transfers=(("attended", "PJSIP/1001", "PJSIP/1004"),)))
def control_take_over(stage: Stage) -> None:
    """The supervisor at 1004 takes the caller from 1001."""
    with talking(stage, "1004") as talk:
        mine = "cx-0-2"
        talk.spy(mine, "wait")
        talk.tap.wait_event("Newstate", Uniqueid=mine, ChannelState="6")
        pause(0.4)
        talk.set(mine, CC_CUSTOMER=talk.customer, CC_AGENT=AGENT)
        talk.hold(by=mine)
        since = talk.mark()
        talk.move(mine, "cc-spy", "take")
        talk.meets(talk.customer, since)
        talk.move(AGENT, "cc-agent", "done")
        talk.over()
