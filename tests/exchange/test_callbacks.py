"""The exchange's side of callbacks: dialling, who answers, agent first, asking from the line."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

import pytest

from callcenter.floor.callback import Callback
from callcenter.floor.events import (
    AgentOffLine,
    CallAnswered,
    CallArrived,
    CallbackAsked,
    CallEnded,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    CallResumed,
    CallsMerged,
    CustomerAnswered,
    KeyPressed,
    MessageLeft,
)
from callcenter.floor.orders import Control, Dial, StopDialling, StopRinging, TellCaller
from callcenter.ports import DialError, SwitchError
from telephony.switch import AmiSwitch
from tests.exchange.asterisk import Exchange
from tests.exchange.distribution import Distribution, distribution
from tests.exchange.line import Line
from tests.exchange.phones import BUSY, DECLINES, NEVER_ANSWERS, Answers, Behaviour, Phones, Refuses

pytestmark = pytest.mark.exchange

TRUNK = "PJSIP/{number}@trunk"
OUTSIDE = "Local/{number}@outside/n"
BOTH = pytest.mark.parametrize("dial", [TRUNK, OUTSIDE], ids=["trunk", "local"])
CUSTOMER = "+447700900701"
OURS = "+442079460100"
WAITING = "+442079460106"


class CallingBack(Distribution):
    """With a channel that leads outside, and calls that can be controlled."""

    leads = TRUNK

    def __init__(self, reactor: Any, exchange: Exchange, port: int, run: str) -> None:
        super().__init__(reactor, exchange, port, run)
        self._calls = itertools.count(1)
        self.switch = AmiSwitch(
            self.link,
            exchange.user,
            self.tracker.members.interfaces,
            self.tracker.waiting_channel,
            self.tracker.control,
            self.leads,
        )

    def order(
        self,
        machine: Literal["connect", "hang_up", "message"] = "connect",
        agent_leg: str | None = None,
        seconds: float = 20.0,
        number: str = CUSTOMER,
        call: str = "",
    ) -> Dial:
        """An order to dial the customer, for a call of its own."""
        call = call or f"cb-{self._run}-{next(self._calls)}"
        now = time.time()
        callback = Callback(
            id="7KQ4-M2PX",
            version=3,
            state="dialling",
            origin="web",
            queue="service",
            number=number,
            zone="Europe/London",
            made=now,
            place=now,
            opens=now,
            closes=now + 900,
            due=now,
            call=call,
        )
        return Dial(
            callback=callback,
            reservation=self.ring(call, "PJSIP/1001").reservation,
            call=call,
            queue="service",
            number=number,
            seconds=seconds,
            caller_id=OURS,
            agent_leg=agent_leg,
            machine=machine,
            name='Hostile "Harry" <1>',
        )


class Outside(CallingBack):
    leads = OUTSIDE


@asynccontextmanager
async def calling_back(
    reactor: Any, exchange: Exchange, dial: str = TRUNK, **more: Any
) -> AsyncIterator[CallingBack]:
    kind = CallingBack if dial == TRUNK else Outside
    async with distribution(reactor, exchange, kind=kind, **more) as centre:
        assert isinstance(centre, kind)
        yield centre


@pytest.fixture(autouse=True)
def nobody_left(exchange: Exchange, phones: Phones) -> Iterator[None]:
    """No channel of one test is there for the next, whose snapshots would show it."""
    yield
    exchange.cli("channel request hangup all")
    deadline = time.monotonic() + 30.0
    while not exchange.cli("core show channels count").startswith("0 active channels"):
        assert time.monotonic() < deadline, exchange.cli("core show channels")
        time.sleep(0.05)


def of_calls(centre: CallingBack) -> set[object]:
    """The calls that anything was told about."""
    return {getattr(event, "call") for event in centre.events if hasattr(event, "call")}  # noqa: B009


# --- customer first ---------------------------------------------------------------------------


@BOTH
async def test_the_customer_first(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """The answered customer waits in the line under the id that the engine chose, the reserved
    agent is rung as for any caller, and it is one call from beginning to end."""
    customer = phones.trunk(Answers(ring=0.3))
    agent = phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order()
        await centre.switch.dial(order)
        queued = await centre.wait(CallQueued, call=order.call)
        assert (queued.queue, queued.by, queued.leg) == ("service", "engine", order.call)
        (arrived,) = centre.told(CallArrived)
        assert (arrived.call, arrived.direction, arrived.number, arrived.dialled) == (
            order.call,
            "outbound",
            CUSTOMER,
            CUSTOMER,
        )
        assert (arrived.device, arrived.resumed) == (None, False)
        (answered,) = centre.told(CustomerAnswered)
        assert (answered.call, answered.by) == (order.call, "unknown")
        assert f"<sip:{OURS}@" in customer.trace()
        ring = centre.ring(order.call, "PJSIP/1001", number=CUSTOMER)
        await centre.switch.ring(ring)
        talk = await centre.wait(CallAnswered, call=order.call)
        assert (talk.device, talk.leg, talk.queue) == ("PJSIP/1001", ring.leg, "service")
        assert f"<sip:{CUSTOMER}@" in agent.trace()
        await asyncio.to_thread(agent.next)
        assert (await centre.wait(CallEnded, call=order.call)).why == "completed"
        assert of_calls(centre) == {order.call}
        assert not centre.told(CallsMerged)
        kinds = [type(event) for event in centre.events]
        assert kinds.index(CustomerAnswered) < kinds.index(CallQueued) < kinds.index(CallOffered)
        await centre.until(lambda: not centre.tracker.calls)


@BOTH
async def test_a_customer_who_hangs_up_in_the_line(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    phones.trunk(Answers(ring=0.1, talk=1.0))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order()
        await centre.switch.dial(order)
        assert (await centre.wait(CallLeftQueue, call=order.call)).why == "abandoned"
        assert (await centre.wait(CallEnded, call=order.call)).why == "abandoned"


ENDS: list[tuple[Behaviour, str, str]] = [
    (BUSY, "busy", "busy"),
    (DECLINES, "declined", "refused"),
    (NEVER_ANSWERS, "no_answer", "no_answer"),
    (Refuses("404 Not Found"), "invalid", "failed"),
    (Refuses("484 Address Incomplete"), "invalid", "failed"),
    (Refuses("480 Temporarily Unavailable"), "no_answer", "no_answer"),
    (Refuses("503 Service Unavailable"), "congestion", "congestion"),
    (Refuses("403 Forbidden"), "congestion", "refused"),
]


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "why", "ended"), ENDS, ids=[f"{e[1]}{n}" for n, e in enumerate(ENDS)]
)
async def test_a_customer_who_is_not_reached(
    reactor: Any,
    exchange: Exchange,
    phones: Phones,
    dial: str,
    behaviour: Behaviour,
    why: str,
    ended: str,
) -> None:
    """The order fails with the reason; the attempt's call arrived and ended unanswered."""
    phones.trunk(behaviour)
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order(seconds=2.0)
        with pytest.raises(DialError) as failed:
            await centre.switch.dial(order)
        assert failed.value.why == why
        assert (await centre.wait(CallEnded, call=order.call)).why == ended
        assert [one.call for one in centre.told(CallArrived)] == [order.call]
        assert not centre.told(CustomerAnswered)
        assert of_calls(centre) == {order.call}
        # Nothing of the failed dialling goes on in the dialplan.
        assert not [p for p, _ in centre.packets if p.name == "UserEvent"]


async def test_a_call_is_dialled_once(reactor: Any, exchange: Exchange, phones: Phones) -> None:
    """A second order for the same call is refused while the first runs and after it has ended."""
    customer = phones.trunk(BUSY)
    async with calling_back(reactor, exchange) as centre:
        order = centre.order()
        first = asyncio.create_task(centre.switch.dial(order))
        await asyncio.sleep(0)
        with pytest.raises(SwitchError, match="was dialled before"):
            await centre.switch.dial(order)
        with pytest.raises(DialError):
            await first
        with pytest.raises(SwitchError, match="was dialled before"):
            await centre.switch.dial(order)
        assert len(customer.calls) == 1


@pytest.mark.parametrize("number", ["+44&PJSIP/1002", "1002@trunk", "+", "", "+44770090070${X}"])
async def test_only_digits_are_dialled(reactor: Any, exchange: Exchange, number: str) -> None:
    async with calling_back(reactor, exchange) as centre:
        with pytest.raises(SwitchError, match="no number"):
            await centre.switch.dial(centre.order(number=number))
        assert exchange.cli("core show channels count").startswith("0 active channels")


# --- machines -----------------------------------------------------------------------------------


@BOTH
async def test_the_exchange_hears_a_human(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    phones.trunk(Answers(ring=0.1, voice="human"))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order("hang_up")
        await centre.switch.dial(order)
        assert (await centre.wait(CustomerAnswered, call=order.call)).by == "human"
        await centre.wait(CallQueued, call=order.call)


async def test_who_says_nothing_is_not_taken_for_a_machine(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    phones.trunk(Answers(ring=0.1))
    async with calling_back(reactor, exchange) as centre:
        order = centre.order("hang_up")
        await centre.switch.dial(order)
        assert (await centre.wait(CustomerAnswered, call=order.call)).by == "unknown"
        await centre.wait(CallQueued, call=order.call)


@BOTH
async def test_a_machine_is_hung_up_upon(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    phones.trunk(Answers(ring=0.1, voice="machine"))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order("hang_up")
        with pytest.raises(DialError) as failed:
            await centre.switch.dial(order)
        assert failed.value.why == "machine"
        assert (await centre.wait(CustomerAnswered, call=order.call)).by == "machine"
        await centre.wait(CallEnded, call=order.call)
        assert not centre.told(CallQueued)
        assert not centre.told(MessageLeft)


@BOTH
async def test_a_message_is_left(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """After the machine's greeting; the order ends when the message is on it."""
    phones.trunk(Answers(ring=0.1, voice="machine"))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order("message")
        with pytest.raises(DialError) as failed:
            await centre.switch.dial(order)
        assert failed.value.why == "machine"
        assert [one.call for one in centre.told(MessageLeft)] == [order.call]
        await centre.wait(CallEnded, call=order.call)


# --- agent first ----------------------------------------------------------------------------------


@BOTH
async def test_the_agent_first(reactor: Any, exchange: Exchange, phones: Phones, dial: str) -> None:
    """The agent waits on the line, which is no call yet; the customer who answers is joined with
    them at once, and the talk is the customer's call."""
    customer = phones.trunk(Answers(ring=0.3))
    phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order()
        ring = centre.ring(order.call, "PJSIP/1001", alone=True, number=CUSTOMER)
        await centre.switch.ring(ring)
        assert not of_calls(centre)
        order = centre.order(agent_leg=ring.leg, call=order.call)
        await centre.switch.dial(order)
        talk = await centre.wait(CallAnswered, call=order.call)
        assert (talk.device, talk.leg, talk.queue) == ("PJSIP/1001", ring.leg, "service")
        assert not centre.told(CallQueued)
        await asyncio.to_thread(customer.next)
        assert (await centre.wait(CallEnded, call=order.call)).why == "completed"
        assert of_calls(centre) == {order.call}
        assert not centre.told(CallsMerged)
        assert not centre.told(AgentOffLine)
        await centre.until(lambda: not centre.tracker.calls)


async def test_the_agent_ends_a_talk_that_began_with_them(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The customer does not fall back into the line."""
    phones.trunk(Answers(ring=0.2))
    phones.phone("1001", Answers(ring=0.2, talk=3.0))
    async with calling_back(reactor, exchange) as centre:
        ring = centre.ring("cb-x-1", "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        order = centre.order(agent_leg=ring.leg)
        await centre.switch.dial(order)
        await centre.wait(CallAnswered, call=order.call)
        assert (await centre.wait(CallEnded, call=order.call)).why == "completed"
        assert not centre.told(CallQueued)


@BOTH
async def test_hold_works_when_the_agent_came_first(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """The screen's hold, though it is the customer's leg that joined the two."""
    phones.trunk(Answers(ring=0.2))
    agent = phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange, dial) as centre:
        call = f"cb-{time.time_ns():x}-1"
        ring = centre.ring(call, "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        order = centre.order(agent_leg=ring.leg, call=call)
        await centre.switch.dial(order)
        await centre.wait(CallAnswered, call=call)
        for kind, told in (("hold", CallHeld), ("resume", CallResumed)):
            await centre.switch.control(_control(kind, call, ring.leg))
            await centre.wait(told, call=call, device="PJSIP/1001")
        await asyncio.to_thread(agent.next)
        assert (await centre.wait(CallEnded, call=call)).why == "completed"
        assert not centre.told(CallQueued)


def _control(kind: Any, call: str, leg: str) -> Control:
    return Control(
        id=kind, call=call, do=kind, device="PJSIP/1001", leg=leg, new_leg=f"{leg}-{kind}"
    )


async def test_an_agent_who_is_gone_when_the_customer_answers(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The customer goes on into the line, where another agent can be rung."""
    customer = phones.trunk(NEVER_ANSWERS)
    agent = phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange) as centre:
        ring = centre.ring("cb-x-1", "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        order = centre.order(agent_leg=ring.leg)
        dialling = asyncio.create_task(centre.switch.dial(order))
        await asyncio.to_thread(customer.wait_called)
        await asyncio.to_thread(agent.next)
        assert (await centre.wait(AgentOffLine)).leg == ring.leg
        await asyncio.to_thread(customer.next)
        await dialling
        assert (await centre.wait(CallQueued, call=order.call)).leg == order.call
        assert not centre.told(CallAnswered)


async def test_an_agent_whose_customer_never_comes_is_let_go(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """By the exchange alone, as when the engine has died in between."""
    phones.phone("1001", Answers(ring=0.1))
    async with calling_back(reactor, exchange) as centre:
        ring = centre.ring("cb-x-1", "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        assert (await centre.wait(AgentOffLine)).leg == ring.leg
        await centre.until(lambda: not centre.tracker.calls)


async def test_an_agent_who_waits_is_let_go_when_the_customer_was_not_reached(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    phones.trunk(DECLINES)
    phones.phone("1001", Answers(ring=0.1))
    async with calling_back(reactor, exchange) as centre:
        call = f"cb-{time.time_ns():x}-1"
        ring = centre.ring(call, "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        with pytest.raises(DialError):
            await centre.switch.dial(centre.order(agent_leg=ring.leg, call=call))
        await centre.switch.stop_ringing(StopRinging(reservation=ring.leg, leg=ring.leg))
        assert (await centre.wait(AgentOffLine)).leg == ring.leg


# --- taking back, cuts, snapshots ---------------------------------------------------------------


@BOTH
async def test_dialling_is_taken_back(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """While it rings, and at once, when the leg is not there yet."""
    customer = phones.trunk(NEVER_ANSWERS)
    async with calling_back(reactor, exchange, dial) as centre:
        for ringing in (True, False):
            order = centre.order()
            task = asyncio.create_task(centre.switch.dial(order))
            if ringing:
                await asyncio.to_thread(customer.wait_called)
            else:
                await asyncio.sleep(0)
            await centre.switch.stop_dialling(StopDialling(call=order.call))
            with pytest.raises(DialError) as failed:
                await task
            assert failed.value.why == "agent_gone"
            await centre.switch.stop_dialling(StopDialling(call=order.call))
            await centre.until(lambda: not centre.tracker.calls)


@BOTH
async def test_a_cut_line_while_the_customer_rings(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """Nobody knows how it ends until the next snapshot, which finds the leg in the line: the same
    call goes on, and nothing is dialled again."""
    customer = phones.trunk(NEVER_ANSWERS)
    async with (
        Line(exchange.ports.ami) as line,
        calling_back(reactor, exchange, dial, port=line.port, lives=False) as centre,
    ):
        exchange.cli("dialplan set global CC_ALLOW 60")
        order = centre.order()
        task = asyncio.create_task(centre.switch.dial(order))
        await centre.wait(CallArrived, call=order.call)
        await asyncio.to_thread(customer.wait_called)
        line.cut()
        with pytest.raises(SwitchError) as lost:
            await task
        assert lost.value.unknown
        await asyncio.to_thread(customer.next)
        await asyncio.sleep(1.0)  # for the exchange to lead the answered customer into the line
        line.mend()
        queued = await centre.wait(CallQueued, call=order.call)
        assert queued.leg == order.call
        assert centre.told(CustomerAnswered, call=order.call)
        assert len(centre.told(CallArrived)) == 1
        exchange.cli("dialplan set global CC_ALLOW 5")
        await asyncio.to_thread(customer.next)
        assert (await centre.wait(CallEnded, call=order.call)).why == "abandoned"
        assert len(customer.calls) == 1


@BOTH
async def test_another_engine_finds_dialled_waiting_and_talking_customers(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """A snapshot alone tells the call under its id, from which state it may be in."""
    customer = phones.trunk(NEVER_ANSWERS)
    agent = phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange, dial) as centre:
        order = centre.order()
        task = asyncio.create_task(centre.switch.dial(order))
        await asyncio.to_thread(customer.wait_called)
        async with calling_back(reactor, exchange, dial, lives=False) as other:
            found = await other.wait(CallArrived)
            assert (found.call, found.direction, found.resumed) == (order.call, "outbound", True)
            assert found.number in (CUSTOMER, None)
            assert not other.told(CustomerAnswered)
        await asyncio.to_thread(customer.next)
        await task
        async with calling_back(reactor, exchange, dial, lives=False) as other:
            found = await other.wait(CallArrived)
            assert (found.call, found.number, found.resumed) == (order.call, CUSTOMER, True)
            await other.wait(CustomerAnswered, call=order.call)
            await other.wait(CallQueued, call=order.call)
        ring = centre.ring(order.call, "PJSIP/1001")
        await centre.switch.ring(ring)
        await centre.wait(CallAnswered, call=order.call)
        async with calling_back(reactor, exchange, dial, lives=False) as other:
            talk = await other.wait(CallAnswered)
            assert (talk.call, talk.leg) == (order.call, ring.leg)
            (found,) = other.told(CallArrived)
            assert (found.call, found.direction) == (order.call, "outbound")
            assert of_calls(other) == {order.call}
        await asyncio.to_thread(agent.next)
        await centre.wait(CallEnded, call=order.call)


@BOTH
async def test_another_engine_finds_what_began_with_the_agent(
    reactor: Any, exchange: Exchange, phones: Phones, dial: str
) -> None:
    """An agent who waits alone is no call; their end is told. A talk is the customer's call."""
    phones.trunk(Answers(ring=0.2))
    agent = phones.phone("1001", Answers(ring=0.2))
    async with calling_back(reactor, exchange, dial) as centre:
        call = f"cb-{time.time_ns():x}-1"
        ring = centre.ring(call, "PJSIP/1001", alone=True)
        await centre.switch.ring(ring)
        async with calling_back(reactor, exchange, dial, lives=False) as other:
            assert not of_calls(other)
            await centre.switch.dial(centre.order(agent_leg=ring.leg, call=call))
            await other.wait(CallAnswered, call=call)
            assert of_calls(other) == {call}
        async with calling_back(reactor, exchange, dial, lives=False) as other:
            talk = await other.wait(CallAnswered)
            assert (talk.call, talk.leg) == (call, ring.leg)
            assert of_calls(other) == {call}
        await asyncio.to_thread(agent.next)
        assert (await centre.wait(CallEnded, call=call)).why == "completed"


# --- asking from the line -----------------------------------------------------------------------


@pytest.fixture
def key(exchange: Exchange) -> Any:
    """The key 1 asks to be called back."""
    exchange.cli("dialplan set global CC_KEY 1")
    exchange.cli("dialplan set global CC_NO_CALLBACK 0")
    yield "1"
    exchange.cli('dialplan set global CC_KEY ""')
    exchange.cli("dialplan set global CC_NO_CALLBACK 0")


async def _asks(centre: CallingBack, exchange: Exchange, leg: str | None, keys: str) -> None:
    """Press keys one after the other, as a finger does."""
    assert leg is not None
    with exchange.tap() as tap:
        for one in keys:
            tap.ask("PlayDTMF", Channel=leg, Digit=one, Duration="100", Receive="true")
            await asyncio.sleep(0.4)


def _queued_times(centre: CallingBack, call: str, times: int) -> bool:
    return len(centre.told(CallQueued, call=call)) == times


@pytest.mark.parametrize("granted", [True, False])
async def test_a_caller_asks_to_be_called_back(
    reactor: Any, exchange: Exchange, phones: Phones, key: str, granted: bool
) -> None:
    """The number they call from; granted ends the call, denied leads back into the line."""
    async with calling_back(reactor, exchange) as centre:
        call = phones.call(WAITING, "+447700900702", "Waiting Wendy")
        queued = await centre.waiting("+447700900702")
        await _asks(centre, exchange, queued.leg, key)
        left = await centre.wait(CallLeftQueue, call=queued.call)
        assert left.why == "key"
        assert not centre.told(KeyPressed)
        await _asks(centre, exchange, queued.leg, "1")
        asked = await centre.wait(CallbackAsked, call=queued.call)
        assert (asked.queue, asked.number, asked.leg) == ("service", None, queued.leg)
        order = TellCaller(
            call=queued.call, leg=asked.leg, queue="service", granted=granted, why="full"
        )
        await centre.switch.tell_caller(order)
        if granted:
            assert (await centre.wait(CallEnded, call=queued.call)).why == "queue_left"
            assert await asyncio.to_thread(call.wait) == 0
            assert len(centre.told(CallQueued)) == 1
        else:
            await centre.until(lambda: len(centre.told(CallQueued, call=queued.call)) == 2)
            await asyncio.to_thread(call.hang_up)
            assert (await centre.wait(CallEnded, call=queued.call)).why == "abandoned"


async def test_an_engine_that_says_nothing_costs_five_seconds(
    reactor: Any, exchange: Exchange, phones: Phones, key: str
) -> None:
    """Back into the line; an answer that comes then is still obeyed."""
    async with calling_back(reactor, exchange) as centre:
        phones.call(WAITING, "+447700900703", "Waiting Wendy")
        queued = await centre.waiting("+447700900703")
        await _asks(centre, exchange, queued.leg, key)
        await centre.wait(CallLeftQueue, call=queued.call)
        await _asks(centre, exchange, queued.leg, "1")
        asked = await centre.wait(CallbackAsked, call=queued.call)
        await centre.until(lambda: len(centre.told(CallQueued, call=queued.call)) == 2)
        order = TellCaller(call=queued.call, leg=asked.leg, queue="service", granted=True)
        await centre.switch.tell_caller(order)
        await centre.until(lambda: len(centre.told(CallLeftQueue, call=queued.call)) == 2)
        assert centre.told(CallLeftQueue, call=queued.call)[1].why == "key"
        assert (await centre.wait(CallEnded, call=queued.call)).why == "queue_left"


@pytest.mark.parametrize("number", ["+447700900704", "anonymous", "0" * 64, "500&PJSIP/1002"])
async def test_a_caller_enters_another_number(
    reactor: Any, exchange: Exchange, phones: Phones, key: str, number: str
) -> None:
    """It is read back before it counts. Who has no plain number is asked for one at once."""
    async with calling_back(reactor, exchange) as centre:
        phones.call(WAITING, number, "Withheld Will")
        queued = await centre.wait(CallQueued)
        await _asks(centre, exchange, queued.leg, key)
        await centre.wait(CallLeftQueue, call=queued.call)
        plain = number.startswith("+")
        await _asks(centre, exchange, queued.leg, ("2" if plain else "") + "02079460999#")
        await asyncio.sleep(0.5)
        assert not centre.told(CallbackAsked)
        await _asks(centre, exchange, queued.leg, "1")
        assert (await centre.wait(CallbackAsked, call=queued.call)).number == "02079460999"


async def test_a_caller_changes_their_mind(
    reactor: Any, exchange: Exchange, phones: Phones, key: str
) -> None:
    """The star, at either step, leads back into the line without a wish."""
    async with calling_back(reactor, exchange) as centre:
        phones.call(WAITING, "+447700900705", "Waiting Wendy")
        queued = await centre.waiting("+447700900705")
        for count, keys in enumerate(("*", "2*#"), start=2):
            await _asks(centre, exchange, queued.leg, key)
            await _asks(centre, exchange, queued.leg, keys)
            await centre.until(partial(_queued_times, centre, queued.call, count))
        assert not centre.told(CallbackAsked)


async def test_no_callbacks_at_the_moment(
    reactor: Any, exchange: Exchange, phones: Phones, key: str
) -> None:
    """The key is one like any other, while the engine says so."""
    async with calling_back(reactor, exchange) as centre:
        await centre.switch.take_callbacks(False)
        phones.call(WAITING, "+447700900706", "Waiting Wendy")
        queued = await centre.waiting("+447700900706")
        await _asks(centre, exchange, queued.leg, key)
        await centre.wait(KeyPressed, call=queued.call, key="1")
        assert not centre.told(CallLeftQueue)
        await centre.switch.take_callbacks(True)
        await _asks(centre, exchange, queued.leg, key)
        await centre.wait(CallLeftQueue, call=queued.call)
