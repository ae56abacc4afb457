"""The exchange's side of distribution by the engine: waiting, ringing, joining, leaving."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from callcenter.floor.events import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    CallResumed,
    EstimateTold,
    KeyPressed,
    OfferEnded,
)
from callcenter.floor.orders import Announce, SendAway, StopRinging
from callcenter.ports import RingError, SwitchError
from tests.exchange.asterisk import Exchange
from tests.exchange.distribution import Distribution, distribution
from tests.exchange.line import Line
from tests.exchange.phones import (
    BUSY,
    DECLINES,
    NEVER_ANSWERS,
    Answers,
    Behaviour,
    Holds,
    Phones,
)

pytestmark = pytest.mark.exchange

WAITING = "+442079460106"


async def _caller(centre: Distribution, phones: Phones, number: str, **call: Any) -> Any:
    """A caller who waits in the engine's line; (the sipp call, CallQueued)."""
    made = phones.call(WAITING, number, "Waiting Wendy", **call)
    return made, await centre.waiting(number)


async def test_a_caller_waits_and_talks_until_the_caller_hangs_up(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """Waiting is told with its queue and leg; the answered phone is joined, under the ids it was
    given, and the caller's end ends both."""
    phones.phone("1001", Answers(ring=0.3))
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900201")
        assert (queued.queue, queued.by, queued.position) == ("service", "engine", 1)
        channel = centre.tracker.waiting_channel(queued.call)
        order = centre.ring(queued.call, "PJSIP/1001")
        await centre.switch.ring(order)
        answered = await centre.wait(CallAnswered, call=queued.call)
        assert (answered.device, answered.leg, answered.queue) == (
            "PJSIP/1001",
            order.leg,
            "service",
        )
        (offered,) = centre.told(CallOffered, call=queued.call)
        assert (offered.device, offered.leg, offered.queue) == (
            "PJSIP/1001",
            order.leg,
            "service",
        )
        assert centre.told(CallLeftQueue, call=queued.call)[0].why == "answered"
        inside = {p.get("Uniqueid"): p.get("Channel") for p, _ in centre.packets
                  if p.name == "BridgeEnter"}  # fmt: skip
        assert inside[queued.leg] == channel
        assert order.leg in inside
        await asyncio.to_thread(call.hang_up)
        assert (await centre.wait(CallEnded, call=queued.call)).why == "completed"
        await centre.until(lambda: not centre.tracker.calls)


async def test_an_agent_who_hangs_up_ends_the_call(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The caller does not fall back into the line: the call is over."""
    phones.phone("1001", Answers(ring=0.2, talk=0.5))
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900202")
        await centre.switch.ring(centre.ring(queued.call, "PJSIP/1001"))
        assert (await centre.wait(CallEnded, call=queued.call)).why == "completed"
        assert await asyncio.to_thread(call.wait) == 0
        assert len(centre.told(CallQueued, call=queued.call)) == 1
        assert exchange.cli("core show channels concise").count(queued.leg or "") == 0


async def test_an_agent_transfers_by_the_keys_of_the_phone(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The codes of features.conf find colleagues from the leg that the engine made; the caller
    talks on with the colleague and the call ends with them."""
    phones.phone("1001", Answers(ring=0.2))
    phones.phone("1002", Answers(ring=0.2, talk=0.5))
    async with distribution(reactor, exchange) as centre:
        _, queued = await _caller(centre, phones, "+447700900216")
        order = centre.ring(queued.call, "PJSIP/1001")
        await centre.switch.ring(order)
        await centre.wait(CallAnswered, call=queued.call, device="PJSIP/1001")
        with exchange.tap() as tap:
            for key in "#11002":
                tap.ask("PlayDTMF", Channel=order.leg, Digit=key, Duration="100", Receive="true")
                await asyncio.sleep(0.3)  # a finger
        await centre.wait(CallAnswered, call=queued.call, device="PJSIP/1002")
        assert (await centre.wait(CallEnded, call=queued.call)).why == "completed"
        assert len(centre.told(CallQueued, call=queued.call)) == 1


async def test_hold_works_after_the_join(reactor: Any, exchange: Exchange, phones: Phones) -> None:
    """The agent's phone holds and takes back, as in any call."""
    phones.phone("1001", Holds(ring=0.2, talk=0.3, hold=0.5))
    async with distribution(reactor, exchange) as centre:
        _, queued = await _caller(centre, phones, "+447700900203")
        await centre.switch.ring(centre.ring(queued.call, "PJSIP/1001"))
        await centre.wait(CallHeld, call=queued.call, device="PJSIP/1001")
        await centre.wait(CallResumed, call=queued.call, device="PJSIP/1001")
        assert (await centre.wait(CallEnded, call=queued.call)).why == "completed"


UNANSWERED: list[tuple[str, Behaviour | None, str, str | None]] = [
    ("1001", NEVER_ANSWERS, "no_answer", "no_answer"),
    ("1002", BUSY, "busy", "busy"),
    ("1003", DECLINES, "declined", "refused"),
    ("1004", None, "unreachable", None),
]


@pytest.mark.parametrize(("extension", "behaviour", "why", "told"), UNANSWERED)
async def test_a_phone_that_does_not_answer(
    reactor: Any,
    exchange: Exchange,
    phones: Phones,
    extension: str,
    behaviour: Behaviour | None,
    why: str,
    told: str | None,
) -> None:
    """The order fails with the reason; the caller keeps waiting, and the next agent gets them."""
    if behaviour is not None:
        phones.phone(extension, behaviour)
    phones.phone("1005", Answers(ring=0.1))
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900204")
        with pytest.raises(RingError) as failed:
            await centre.switch.ring(centre.ring(queued.call, f"PJSIP/{extension}", 1.5))
        assert failed.value.why == why
        if told is not None:
            await centre.wait(OfferEnded, call=queued.call, why=told)
        assert not centre.told(CallLeftQueue, call=queued.call)
        await centre.switch.ring(centre.ring(queued.call, "PJSIP/1005"))
        await centre.wait(CallAnswered, call=queued.call, device="PJSIP/1005")
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


async def test_a_caller_who_goes_while_a_phone_rings(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The order fails with caller_gone once the phone is made to stop; nothing is left."""
    phone = phones.phone("1001", NEVER_ANSWERS)
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900205")
        order = centre.ring(queued.call, "PJSIP/1001")
        ringing = asyncio.create_task(centre.switch.ring(order))
        await asyncio.to_thread(phone.wait_called)
        await asyncio.to_thread(call.hang_up)
        assert (await centre.wait(CallLeftQueue, call=queued.call)).why == "abandoned"
        await centre.switch.stop_ringing(StopRinging(reservation=order.leg, leg=order.leg))
        with pytest.raises(RingError) as failed:
            await ringing
        assert failed.value.why == "caller_gone"
        await centre.until(lambda: not centre.tracker.calls)
        with pytest.raises(RingError) as failed:
            await centre.switch.ring(centre.ring(queued.call, "PJSIP/1001"))
        assert failed.value.why == "caller_gone"


async def test_ringing_that_is_taken_back_at_once(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """Even a leg that is only asked for ends; the caller goes on waiting."""
    phones.phone("1001", NEVER_ANSWERS)
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900206")
        order = centre.ring(queued.call, "PJSIP/1001")
        ringing = asyncio.create_task(centre.switch.ring(order))
        await asyncio.sleep(0)  # it has been sent
        await centre.switch.stop_ringing(StopRinging(reservation=order.leg, leg=order.leg))
        with pytest.raises(RingError) as failed:
            await ringing
        assert failed.value.why == "withdrawn"
        await centre.switch.stop_ringing(StopRinging(reservation=order.leg, leg=order.leg))
        assert not centre.told(CallLeftQueue, call=queued.call)
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


async def test_a_phone_is_asked_to_answer_by_itself(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """Auto-answer is two SIP headers; the name and number shown are cleaned of what could be read
    as something else."""
    phone = phones.phone("1001", Answers(ring=0.1))
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900207")
        order = centre.ring(
            queued.call,
            "PJSIP/1001",
            auto_answer=True,
            name='Eve" <9>\r\nX: \\${SHELL(id)}',
            number="500&PJSIP/1002",
        )
        await centre.switch.ring(order)
        invite = phone.trace()
        assert "Call-Info: <sip:callcenter.invalid>;answer-after=0" in invite
        assert "Alert-Info: <http://callcenter.invalid>;info=alert-autoanswer" in invite
        assert '"Eve 9 X: ${SHELL(id)}" <sip:500PJSIP1002@' in invite
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


async def test_position_and_wait_are_told(reactor: Any, exchange: Exchange, phones: Phones) -> None:
    """What the engine sets is played and told as a promise; the caller still waits afterwards."""
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900208")
        await centre.switch.announce(
            Announce(call=queued.call, leg=queued.leg or "", position=2, p50=100.4, p90=400.0)
        )
        told = await centre.wait(EstimateTold, call=queued.call)
        assert (told.queue, told.position, told.p50, told.p90) == ("service", 2, 100.0, 400.0)
        await centre.switch.announce(
            Announce(call=queued.call, leg=queued.leg or "", position=1, p50=None, p90=None)
        )
        told = await centre.wait(EstimateTold, call=queued.call, position=1)
        assert (told.p50, told.p90) == (None, None)
        assert centre.tracker.waiting_channel(queued.call) is not None
        await asyncio.to_thread(call.hang_up)
        assert (await centre.wait(CallEnded, call=queued.call)).why == "abandoned"


async def test_a_key_is_told_and_ends_nothing(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """Each key is an event of its own, even several in a row, and the music is not interrupted."""
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900209")
        with exchange.tap() as tap:
            for key in "1*4#":
                tap.ask("PlayDTMF", Channel=queued.leg or "", Digit=key, Receive="true")
                await centre.wait(KeyPressed, call=queued.call, key=key)
            assert not tap.events("MusicOnHoldStop")
        assert centre.tracker.waiting_channel(queued.call) is not None
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


@pytest.mark.parametrize("why", ["closed", "empty", "timed_out"])
async def test_a_caller_is_sent_away(
    reactor: Any, exchange: Exchange, phones: Phones, why: Any
) -> None:
    """The caller hears why and the call ends; it left the line with that reason."""
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900210")
        order = SendAway(call=queued.call, leg=queued.leg or "", queue="service", why=why)
        await centre.switch.send_away(order)
        assert (await centre.wait(CallLeftQueue, call=queued.call)).why == why
        assert (await centre.wait(CallEnded, call=queued.call)).why == "queue_left"
        assert await asyncio.to_thread(call.wait) == 0
        with pytest.raises(SwitchError, match=r"No such channel|does not exist"):
            await centre.switch.send_away(order)


async def test_an_engine_that_falls_silent_costs_no_call(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The caller who waits goes on into the ordinary queue, whose member answers."""
    phones.phone("1001", Answers(ring=0.2))
    async with distribution(reactor, exchange, lives=False) as centre:
        await centre.switch.beat(time.time())
        call, queued = await _caller(centre, phones, "+447700900211")
        assert queued.by == "engine"
        await centre.wait(CallLeftQueue, call=queued.call, why="overflow")
        assert (await centre.wait(CallQueued, call=queued.call, by="exchange")).queue == "service"
        answered = await centre.wait(CallAnswered, call=queued.call)
        assert (answered.device, answered.queue) == ("PJSIP/1001", "service")
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


async def test_an_engine_that_never_was(own_exchange: Exchange, own_phones: Phones) -> None:
    """Without any engine a caller reaches a member of the queue about five seconds later."""
    own_phones.phone("1001", Answers(ring=0.2))
    with own_exchange.tap() as tap:
        call = own_phones.call(WAITING, "+447700900212")
        waits = tap.wait_event("UserEvent", UserEvent="CallcenterWait")
        joins = tap.wait_event("QueueCallerJoin")
        assert float(joins["Timestamp"]) - float(waits["Timestamp"]) >= 5.0
        assert tap.wait_event("AgentConnect")["Interface"] == "PJSIP/1001"
        await asyncio.to_thread(call.hang_up)
        tap.wait_event("AgentComplete")


async def test_an_engine_that_comes_back_finds_who_waits(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """A new engine sees the waiting caller in its first snapshot, with the wait so far, in time to
    show a sign of life, and rings an agent."""
    phones.phone("1001", Answers(ring=0.2))
    async with distribution(reactor, exchange) as before:
        call, queued = await _caller(before, phones, "+447700900213")
        await asyncio.sleep(1.5)  # the exchange shows whole seconds
    async with distribution(reactor, exchange) as centre:
        found = await centre.waiting("+447700900213")
        assert (found.queue, found.by, found.leg) == ("service", "engine", queued.leg)
        assert found.at <= time.time() - 1.0
        await centre.switch.ring(centre.ring(found.call, "PJSIP/1001"))
        await centre.wait(CallAnswered, call=found.call)
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=found.call)


async def test_a_line_that_is_cut_while_a_phone_rings(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """The order fails, since nobody knows how it ends; nothing is tried again. The answer of the
    phone is seen after the reconnection."""
    phone = phones.phone("1001", Answers(ring=None))
    async with (
        Line(exchange.ports.ami) as line,
        distribution(reactor, exchange, port=line.port, lives=False) as centre,
    ):
        await centre.switch.beat(time.time())
        call, queued = await _caller(centre, phones, "+447700900214")
        order = centre.ring(queued.call, "PJSIP/1001")
        ringing = asyncio.create_task(centre.switch.ring(order))
        await asyncio.to_thread(phone.wait_called)
        line.cut()
        # The line may be cut before the exchange has said that it took the order.
        with pytest.raises(SwitchError, match=r"is unknown|is lost"):
            await ringing
        with pytest.raises(SwitchError):
            await centre.switch.beat(time.time())
        line.mend()
        await centre.until(lambda: centre.state == "up")
        await centre.switch.beat(time.time())
        await asyncio.to_thread(phone.next)
        answered = await centre.wait(CallAnswered, call=queued.call)
        assert (answered.device, answered.leg) == ("PJSIP/1001", order.leg)
        assert len(phone.calls) == 1
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)


async def test_only_one_of_two_agents_gets_the_caller(
    reactor: Any, exchange: Exchange, phones: Phones
) -> None:
    """Two phones rung for one caller: the second to answer is let go, the talk goes on."""
    first = phones.phone("1001", Answers(ring=None))
    second = phones.phone("1002", Answers(ring=None))
    async with distribution(reactor, exchange) as centre:
        call, queued = await _caller(centre, phones, "+447700900215")
        orders = [centre.ring(queued.call, f"PJSIP/{each}") for each in ("1001", "1002")]
        rings = [asyncio.create_task(centre.switch.ring(order)) for order in orders]
        for phone in (first, second):
            await asyncio.to_thread(phone.wait_called)
        await asyncio.to_thread(first.next)
        await centre.wait(CallAnswered, call=queued.call, device="PJSIP/1001")
        await asyncio.to_thread(second.next)
        await asyncio.gather(*rings)
        await centre.until(
            lambda: any(
                p.name == "Hangup" and p.get("Uniqueid") == orders[1].leg for p, _ in centre.packets
            )
        )
        assert not centre.told(CallAnswered, device="PJSIP/1002")
        assert not centre.told(CallEnded, call=queued.call)
        await asyncio.to_thread(call.hang_up)
        await centre.wait(CallEnded, call=queued.call)
