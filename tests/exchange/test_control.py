"""Call control on a real Asterisk: each kind does what it says, and the tracker is told of it.

Calls are joined in the three ways there are: by the engine (Bridge), by app_queue, by Dial.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from asterisk.ami.action import Action

from callcenter.floor import events as e
from callcenter.floor.events import ControlKind, Event
from callcenter.floor.orders import Control
from callcenter.ports import SwitchError
from telephony.endpoint import LinkSettings
from telephony.link import Link
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.switch import AmiSwitch
from telephony.tracker import Tracker
from tests.exchange.asterisk import Exchange
from tests.exchange.parties import Call, Phone
from tests.exchange.phones import BUSY, DECLINES, Answers, Behaviour, Phones

pytestmark = pytest.mark.exchange

DEADLINE = 8.0
ALICE, BOB, SUE = "PJSIP/1001", "PJSIP/1005", "PJSIP/1004"
AT_ONCE = Answers(ring=0.1)
WAYS = ("engine", "queue", "dial")
Told = TypeVar("Told")


class Desk:
    """The product's link, tracker and switch on an exchange, and who talks on it."""

    def __init__(self, reactor: Any, exchange: Exchange, phones: Phones) -> None:
        self.exchange, self.phones = exchange, phones
        self.events: list[Event] = []
        self.tracker = Tracker()
        self._ids = itertools.count(1)
        self._run = f"{random.getrandbits(32):x}"
        self.link = Link(
            LinkSettings(
                host="127.0.0.1",
                port=exchange.ports.ami,
                user=exchange.user,
                secret=exchange.secret,
            ),
            reactor,
            clock=time.time,
            rng=random.Random(1),
            on_packet=self._packet,
            on_snapshot=self._snapshot,
            on_state=lambda state: None,
        )
        self.switch = AmiSwitch(
            self.link,
            exchange.user,
            self.tracker.members.interfaces,
            self.tracker.waiting_channel,
            self.tracker.control,
        )
        self.customer: Call
        self.call = self.leg = ""

    def _packet(self, packet: Packet, at: float) -> None:
        self.switch.hear(packet)
        self.events += self.tracker.receive(packet, at)

    def _snapshot(self, snapshot: Snapshot, at: float) -> None:
        self.events += self.tracker.snapshot(snapshot, at)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; what was told so far is the message when it never comes."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            words = "\n".join(str(event) for event in self.events[-25:])
            channels = self.exchange.cli("core show channels concise")
            raise AssertionError(f"never came true; told:\n{words}\n{channels}") from None

    async def told(self, event: type[Told], count: int = 1, /, **fields: object) -> Told:
        """The latest event of this kind and these fields, once there are so many."""
        await self.until(lambda: len(self.all(event, **fields)) >= count)
        return self.all(event, **fields)[-1]

    def all(self, kind: type[Told], /, **fields: object) -> list[Told]:
        return [
            event
            for event in self.events
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in fields.items())
        ]

    async def phone(self, extension: str, behaviour: Behaviour = AT_ONCE) -> Phone:
        return await asyncio.to_thread(self.phones.phone, extension, behaviour)

    async def joined(self, way: str) -> None:
        """A customer talks with 1001, `way` says who joined them."""
        await self.phone("1001")
        number = {"engine": "+442079460106", "queue": "+442079460100", "dial": "+442079461001"}
        self.customer = self.phones.call(number[way], "+447700900141", "Eve O'Neil")
        if way == "engine":
            waiting = await self.told(e.CallQueued, by="engine")
            channel = self.tracker.waiting_channel(waiting.call)
            assert channel is not None
            headers: dict[str, str | int] = {
                "Channel": ALICE,
                "ChannelId": f"cc-{self._run}-{next(self._ids)}",
                "Context": "cc-join",
                "Exten": "s",
                "Priority": 1,
                "Async": "true",
            }
            variables = {"CHANNEL_TO_JOIN": channel, "__CC_QUEUE": "service"}
            await self.link.ask(Action("Originate", headers, variables))
        answered = await self.told(e.CallAnswered, device=ALICE)
        self.call, self.leg = answered.call, answered.leg

    async def do(
        self,
        do: ControlKind,
        *,
        target: str | None = None,
        digits: str | None = None,
        device: str = ALICE,
        leg: str | None = "",
    ) -> str:
        """Carry an order out; the Uniqueid of a leg that is made for it."""
        new_leg = f"cx-{self._run}-{next(self._ids)}"
        await self.switch.control(
            Control(
                id="1",
                call=self.call,
                do=do,
                device=device,
                leg=self.leg if leg == "" else leg,
                new_leg=new_leg,
                target=target,
                digits=digits,
            )
        )
        return new_leg

    async def over(self) -> None:
        """The customer hangs up; all that was there is gone, and the tracker knows it."""
        self.customer.hang_up()
        await self.nothing_left()

    async def nothing_left(self) -> None:
        await self.told(e.CallEnded, call=self.call)
        await self.until(lambda: self.tracker.is_empty)
        assert not self.tracker.unexpected
        assert len(self.all(e.CallEnded)) == 1

    def customer_is_there(self) -> bool:
        return not self.all(e.CallEnded) and self.customer.process.poll() is None


@asynccontextmanager
async def desk_on(reactor: Any, exchange: Exchange, phones: Phones) -> AsyncIterator[Desk]:
    exchange.cli("dialplan set global CC_ALLOW 600")  # no engine shows signs of life here
    desk = Desk(reactor, exchange, phones)
    desk.link.start()
    try:
        await desk.until(lambda: desk.link.state.kind == "up")
        yield desk
    finally:
        await desk.link.stop()
        exchange.cli("channel request hangup all")  # what a failed test left
        exchange.cli("dialplan set global CC_ALLOW 5")  # as it was, for whoever uses it next


@pytest_asyncio.fixture(loop_scope="session")
async def desk(reactor: Any, exchange: Exchange, phones: Phones) -> AsyncIterator[Desk]:
    """A desk on the session's exchange."""
    async with desk_on(reactor, exchange, phones) as here:
        yield here


# --- hold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_hold_and_resume(desk: Desk, way: str) -> None:
    """The customer hears music, then the agent again, twice; the agent never counts as gone."""
    await desk.joined(way)
    for count in (1, 2):
        await desk.do("hold")
        await desk.told(e.CallHeld, count, call=desk.call, device=ALICE)
        with pytest.raises(SwitchError, match="on hold already"):
            await desk.do("hold")
        await desk.do("resume")
        await desk.told(e.CallResumed, count, call=desk.call, device=ALICE)
    assert not desk.all(e.DeviceLeft)
    assert len(desk.all(e.CallAnswered)) == 1
    await desk.over()


async def test_a_customer_who_gives_up_on_hold_frees_the_agent(desk: Desk) -> None:
    """The agent's silent leg ends when there is nobody any more for whom it waits."""
    await desk.joined("engine")
    await desk.do("hold")
    await desk.told(e.CallHeld)
    await desk.over()


async def test_a_customer_whose_agent_is_lost_goes_back_into_the_line(desk: Desk) -> None:
    """An agent's leg that ends while the customer is on hold costs the customer no call."""
    await desk.joined("engine")
    await desk.do("hold")
    await desk.told(e.CallHeld)
    await desk.link.ask(Action("Hangup", {"Channel": desk.leg, "Cause": 38}))
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    again = await desk.told(e.CallQueued, 2, call=desk.call)
    assert (again.queue, again.by) == ("service", "engine")
    await desk.over()


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_hang_up_ends_the_call(desk: Desk, way: str, held: bool) -> None:
    """Both legs end, also when the customer is on hold."""
    await desk.joined(way)
    if held:
        await desk.do("hold")
        await desk.told(e.CallHeld)
    await desk.do("hang_up")
    await desk.nothing_left()
    with pytest.raises(SwitchError, match="your part in this call is over"):
        await desk.do("hold")


# --- handing on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_blind_transfer(desk: Desk, way: str) -> None:
    """The customer reaches the colleague; the agent's part is over at once."""
    await desk.phone("1005")
    await desk.joined(way)
    await desk.do("blind_transfer", target="1005")
    told = await desk.told(e.CallTransferred, call=desk.call)
    assert (told.kind, told.by, told.to) == ("blind", ALICE, "1005")
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    await desk.told(e.CallAnswered, call=desk.call, device=BOB)
    await desk.over()


async def test_blind_transfer_to_outside(desk: Desk) -> None:
    """A number over the trunk; the far end is a further party of the customer's call."""
    await asyncio.to_thread(desk.phones.trunk, Answers(ring=0.1))
    await desk.joined("engine")
    await desk.do("blind_transfer", target="+442079460999")
    await desk.told(e.CallTransferred, kind="blind", to="+442079460999")
    joined = await desk.told(e.PartyJoined, call=desk.call)
    assert joined.number == "+442079460999"
    await desk.over()


@pytest.mark.parametrize("target", ["1999", "nobody", "+", "1005,1)System(x", "1005&1006"])
async def test_a_target_that_does_not_exist(desk: Desk, target: str) -> None:
    """A clear error, for hostile text too, and the talk is as it was."""
    await desk.joined("engine")
    for do in ("blind_transfer", "consult"):
        with pytest.raises(SwitchError, match=r"does not exist|a target is"):
            await desk.do(do, target=target)
    assert not desk.all(e.CallHeld)
    assert not desk.all(e.DeviceLeft)
    await desk.do("hold")
    await desk.told(e.CallHeld)
    await desk.over()


async def test_a_transfer_that_nobody_takes_leads_back_into_the_line(desk: Desk) -> None:
    """A busy colleague: the customer goes back into the queue they came from."""
    await desk.phone("1005", BUSY)
    await desk.joined("engine")
    await desk.do("blind_transfer", target="1005")
    await desk.told(e.CallTransferred, kind="blind")
    await desk.told(e.CallQueued, 2, call=desk.call, queue="service")
    assert desk.customer_is_there()
    await desk.over()


async def test_park_and_take_back(desk: Desk) -> None:
    """The customer is parked; a colleague dials the place."""
    await desk.phone("1005")
    await desk.joined("engine")
    await desk.do("park")
    parked = await desk.told(e.CallParked, call=desk.call)
    assert parked.place is not None
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    await asyncio.to_thread(desk.phones.call_from, "1005", parked.place)
    await desk.told(e.CallUnparked, call=desk.call)
    await desk.told(e.CallAnswered, call=desk.call, device=BOB)
    await desk.over()


# --- consulting ----------------------------------------------------------------------------------


async def consulting(desk: Desk, way: str) -> str:
    """1001 talks to 1005 about the call; the customer is on hold."""
    await desk.phone("1005")
    await desk.joined(way)
    leg = await desk.do("consult", target="1005")
    began = await desk.told(e.ConsultBegan, call=desk.call)
    assert (began.device, began.leg, began.to) == (ALICE, leg, "1005")
    await desk.told(e.CallHeld, call=desk.call, device=ALICE)
    await desk.told(e.ConsultAnswered, call=desk.call, leg=leg)
    assert not desk.all(e.CallAnswered, device=BOB)
    assert not desk.all(e.CallOffered, device=BOB)
    return leg


@pytest.mark.parametrize("way", WAYS)
async def test_consult_and_complete(desk: Desk, way: str) -> None:
    """The colleague has the customer, the agent is out, and it is told as a transfer."""
    leg = await consulting(desk, way)
    await desk.do("complete")
    told = await desk.told(e.CallTransferred, call=desk.call)
    assert (told.kind, told.by, told.to) == ("attended", ALICE, BOB)
    await desk.told(e.ConsultEnded, call=desk.call, leg=leg, why="completed")
    await desk.told(e.CallAnswered, call=desk.call, device=BOB)
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    await desk.over()


@pytest.mark.parametrize("way", WAYS)
async def test_consult_and_cancel(desk: Desk, way: str) -> None:
    """The colleague is gone and the customer has the agent back."""
    leg = await consulting(desk, way)
    await desk.do("cancel_consult")
    ended = await desk.told(e.ConsultEnded, call=desk.call, leg=leg)
    assert ended.why == "cancelled"
    await desk.told(e.CallResumed, call=desk.call, device=ALICE)
    assert not desk.all(e.DeviceLeft)
    await desk.over()


async def test_a_consultation_that_rings_can_be_cancelled(desk: Desk) -> None:
    """Before the colleague answers there is nothing to swap or complete, but to cancel."""
    await desk.phone("1005", Answers(ring=None))
    await desk.joined("queue")
    await desk.do("consult", target="1005")
    await desk.told(e.ConsultBegan)
    for do in ("complete", "swap", "conference"):
        with pytest.raises(SwitchError, match="not answered yet"):
            await desk.do(do)
    with pytest.raises(SwitchError, match="consulting somebody"):
        await desk.do("hang_up")
    await desk.do("cancel_consult")
    await desk.told(e.ConsultEnded, why="cancelled")
    await desk.told(e.CallResumed)
    await desk.over()


@pytest.mark.parametrize(("behaviour", "why"), [(BUSY, "busy"), (DECLINES, "refused")])
async def test_a_colleague_who_cannot_be_consulted(
    desk: Desk, behaviour: Behaviour, why: str
) -> None:
    """The customer stays on hold until the agent takes them back."""
    await desk.phone("1005", behaviour)
    await desk.joined("engine")
    await desk.do("consult", target="1005")
    ended = await desk.told(e.ConsultEnded)
    assert ended.why in (why, "busy")  # the dialplan of the extension may say busy for both
    assert not desk.all(e.CallResumed)
    await desk.do("resume")
    await desk.told(e.CallResumed)
    await desk.over()


async def test_a_consulted_colleague_who_hangs_up(desk: Desk) -> None:
    """The consultation is over, the customer still waits, and the agent takes them back."""
    await consulting(desk, "engine")
    phone = desk.phones.signed_in
    assert "1005" in phone
    await asyncio.to_thread(desk.phones.sign_out, "1005")
    await desk.link.ask(Action("Hangup", {"Channel": desk.all(e.ConsultBegan)[0].leg}))
    await desk.told(e.ConsultEnded, why="gone")
    await desk.do("resume")
    await desk.told(e.CallResumed)
    await desk.over()


@pytest.mark.parametrize("way", WAYS)
async def test_swap_there_and_back_then_complete(desk: Desk, way: str) -> None:
    """One waits with music while the agent talks to the other; completing works from both."""
    leg = await consulting(desk, way)
    await desk.do("swap")
    await desk.told(e.CallResumed, call=desk.call)
    await desk.do("swap")
    await desk.told(e.CallHeld, 2, call=desk.call)
    await desk.do("swap")
    await desk.told(e.CallResumed, 2, call=desk.call)
    assert not desk.all(e.ConsultEnded)
    await desk.do("complete")
    await desk.told(e.ConsultEnded, leg=leg, why="completed")
    await desk.told(e.CallAnswered, call=desk.call, device=BOB)
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    await desk.over()


@pytest.mark.parametrize("swapped", [False, True])
async def test_conference_and_the_agent_leaves(desk: Desk, swapped: bool) -> None:
    """All three hear each other; after the agent left, the other two go on."""
    leg = await consulting(desk, "engine")
    if swapped:
        await desk.do("swap")
        await desk.told(e.CallResumed)
    await desk.do("conference")
    await desk.told(e.ConsultEnded, leg=leg, why="joined")
    await desk.told(e.CallAnswered, call=desk.call, device=BOB)
    await desk.told(e.CallResumed, call=desk.call, device=ALICE)
    bridges = await desk.link.ask(Action("BridgeList", {}))
    assert "3" in [item.get("BridgeNumChannels") for item in bridges.items]
    with pytest.raises(SwitchError, match="conference"):
        await desk.do("blind_transfer", target="1003")
    await desk.do("hang_up")
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    assert desk.customer_is_there()
    await desk.over()


async def test_conference_with_somebody_outside(desk: Desk) -> None:
    """A consulted number joins: told as a party, who may be heard by both."""
    await asyncio.to_thread(desk.phones.trunk, Answers(ring=0.1))
    await desk.joined("queue")
    leg = await desk.do("consult", target="+442079460999")
    await desk.told(e.ConsultAnswered, leg=leg)
    assert not desk.all(e.PartyJoined)
    await desk.do("conference")
    await desk.told(e.ConsultEnded, why="joined")
    joined = await desk.told(e.PartyJoined, call=desk.call)
    assert joined.number == "+442079460999"
    desk.customer.hang_up()  # the two who are left may go on talking
    await desk.until(lambda: len(desk.tracker.calls[desk.call].parties) == 2)
    await desk.do("hang_up")
    await desk.nothing_left()


# --- voice and recording -------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_mute(desk: Desk, way: str) -> None:
    """Told once the exchange carries the agent's voice no more, or again."""
    await desk.joined(way)
    await desk.do("mute")
    await desk.told(e.MuteChanged, call=desk.call, device=ALICE, muted=True)
    await desk.do("unmute")
    await desk.told(e.MuteChanged, call=desk.call, device=ALICE, muted=False)
    await desk.over()


async def test_dtmf(desk: Desk) -> None:
    """The exchange takes keys for the customer's side; anything else is refused."""
    await desk.joined("engine")
    await desk.do("dtmf", digits="1a*#")
    for digits in ("", "12x", "1,2", None):
        with pytest.raises(SwitchError, match="only the keys"):
            await desk.do("dtmf", digits=digits)
    await desk.over()


@pytest.mark.parametrize("way", WAYS)
async def test_recording(desk: Desk, way: str) -> None:
    """On, paused, on, off; then there is sound in the file."""
    await desk.joined(way)
    with pytest.raises(SwitchError, match="not being recorded"):
        await desk.do("pause_recording")
    leg = await desk.do("record")
    await desk.told(e.RecordingChanged, call=desk.call, state="on")
    with pytest.raises(SwitchError, match="recorded already"):
        await desk.do("record")
    await desk.do("pause_recording")
    await desk.told(e.RecordingChanged, call=desk.call, state="paused")
    await desk.do("resume_recording")
    await desk.told(e.RecordingChanged, 2, call=desk.call, state="on")
    name = f"{desk.call}_{leg}".replace(".", "_").replace("-", "_")
    file = desk.exchange.folder / "spool" / "monitor" / f"{name}.wav"
    await asyncio.sleep(1.5)  # something to hear
    await desk.do("stop_recording")
    await desk.told(e.RecordingChanged, call=desk.call, state="off")
    await desk.until(lambda: file.stat().st_size > 44)  # more than a header
    assert not desk.all(e.DeviceLeft)
    assert not desk.all(e.CallHeld)
    await desk.over()


async def test_a_recording_ends_with_the_call(desk: Desk) -> None:
    """Nothing goes on writing when everybody has hung up."""
    await desk.joined("engine")
    await desk.do("record")
    await desk.told(e.RecordingChanged, state="on")
    await desk.over()


# --- supervision ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_listen_whisper_barge_stop(desk: Desk, way: str) -> None:
    """A supervisor listens, changes how, and leaves; the talk does not notice."""
    await desk.phone("1004")
    await desk.joined(way)
    leg = await desk.do("listen", device=SUE, leg=None, target=desk.leg)
    began = await desk.told(e.SpyBegan, call=desk.call)
    assert (began.device, began.by, began.leg, began.mode) == (ALICE, SUE, leg, "listen")
    for mode in ("whisper", "barge"):
        await desk.do(mode, device=SUE, leg=leg, target=desk.leg)
        await desk.told(e.SpyBegan, call=desk.call, leg=leg, mode=mode)
    await desk.do("stop_listening", device=SUE, leg=leg)
    await desk.told(e.SpyEnded, 3, call=desk.call, by=SUE)
    assert len(desk.all(e.CallAnswered)) == 1
    assert not desk.all(e.DeviceLeft)
    await desk.over()


async def test_listening_ends_with_the_call(desk: Desk) -> None:
    """The supervisor's phone is free again when the agent's leg has ended."""
    await desk.phone("1004")
    await desk.joined("engine")
    await desk.do("listen", device=SUE, leg=None, target=desk.leg)
    await desk.told(e.SpyBegan)
    await desk.over()
    assert desk.all(e.SpyEnded)


@pytest.mark.parametrize("listening", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_take_over(desk: Desk, way: str, listening: bool) -> None:
    """The supervisor has the customer, the agent is out."""
    await desk.phone("1004")
    await desk.joined(way)
    leg = None
    if listening:
        leg = await desk.do("listen", device=SUE, leg=None, target=desk.leg)
        await desk.told(e.SpyBegan)
    await desk.do("take_over", device=SUE, leg=leg, target=desk.leg)
    told = await desk.told(e.CallTransferred, call=desk.call)
    assert (told.kind, told.by, told.to) == ("attended", ALICE, SUE)
    await desk.told(e.CallAnswered, call=desk.call, device=SUE)
    await desk.told(e.DeviceLeft, call=desk.call, device=ALICE)
    assert desk.customer_is_there()
    await desk.over()


async def test_a_take_over_from_a_phone_that_is_not_answered(desk: Desk) -> None:
    """The supervisor is told, and the agent goes on talking as if nothing had been asked."""
    await desk.phone("1004", DECLINES)
    await desk.joined("engine")
    with pytest.raises(SwitchError, match="was not answered"):
        await desk.do("take_over", device=SUE, leg=None, target=desk.leg)
    assert not desk.all(e.CallHeld)
    assert not desk.all(e.DeviceLeft)
    await desk.do("hold")
    await desk.told(e.CallHeld)
    await desk.over()


async def test_answering_is_for_the_phone(desk: Desk) -> None:
    """A desk phone cannot be made to pick up with the rights that the engine has."""
    await desk.joined("engine")
    with pytest.raises(SwitchError, match="pick up at the phone"):
        await desk.do("answer")
    await desk.over()
