"""The simulated dialplan: what ``config/asterisk/extensions.conf`` does with a call.

Pure. One generator per way into the dialplan; each runs as the thread of one channel and ends with
its hang-up. Labels and priorities are those of that file.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias

from telephony.simulator import messages as m
from telephony.simulator.channel import BUSY, UP, Channel
from telephony.simulator.dial_app import DialResult, dial
from telephony.simulator.queue_app import QueueVisit
from telephony.simulator.settings import Route
from telephony.simulator.signals import HungUp, LegGone, LetGo, Signal, TakenInto
from telephony.simulator.world import Plan

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

Part: TypeAlias = Generator[float | None, Signal | None, bool]
"""A part of a dialplan; answers True when the channel is still there and goes on."""

_SAID = (("vm-nobodyavail", 2.8), ("vm-goodbye", 0.88))
"""What the closing message plays, and how long each takes, seconds."""
_LABELS: dict[DialResult, int] = {"BUSY": 3, "CHANUNAVAIL": 4, "CONGESTION": 5, "NOANSWER": 6}


def from_trunk(exchange: Exchange, channel: Channel, route: Route) -> Plan:
    """A call from outside."""
    world = exchange.world
    world.varset(channel, "SIPDOMAIN", "127.0.0.1")
    if route.kind == "queue":
        context = route.context or "queue"
        world.step(channel, "Goto", f"{context},{route.target},1")
        yield from _queue(exchange, channel, context, route.target, route.patience)
    elif route.kind == "agent":
        world.step(channel, "Goto", f"agent-direct,{route.target},1")
        yield from _agent_direct(exchange, channel, route.target)
    else:
        context = route.context or "waiting"
        world.step(channel, "Goto", f"{context},{route.target},1")
        yield from _waiting(exchange, channel, context, route)
    finish(exchange, channel)


def from_agents(exchange: Exchange, channel: Channel) -> Plan:
    """An agent's phone dials a colleague or the world outside."""
    world, exten = exchange.world, channel.exten
    world.varset(channel, "SIPDOMAIN", "127.0.0.1")
    if exchange.handset_of_number(exten) is not None:
        world.step(channel, "Goto", f"agent-direct,{exten},1")
        yield from _agent_direct(exchange, channel, exten)
    else:
        world.step(channel, "Goto", f"to-trunk,{exten},1")
        yield from _to_trunk(exchange, channel, exten)
    finish(exchange, channel)


def agent_leg(exchange: Exchange, channel: Channel, number: str) -> Plan:
    """The far half of a Local channel that reaches an agent's phone."""
    world = exchange.world
    world.step(channel, "Dial", f"PJSIP/{number},{exchange.settings.ring_time:g}")
    yield from dial(exchange, channel, f"PJSIP/{number}", exchange.settings.ring_time)
    finish(exchange, channel)


def originated(exchange: Exchange, channel: Channel, target: str | None) -> Plan:
    """A leg that AMI originated has been answered: context ``join``. `target`: a channel's name."""
    world = exchange.world
    world.step(channel, "Bridge", target or "", context="join", exten="s", priority=1)
    other = world.by_name.get(target or "")
    bridge = exchange.take(channel, other) if other is not None and other is not channel else None
    if bridge is None:
        world.varset(channel, "BRIDGERESULT", "NONEXISTENT")
    else:
        world.enter(bridge, channel)
        for one, to in ((channel, other), (other, channel)):
            if one is None or to is None:
                continue
            if (one.connected_number, one.connected_name) != (to.number, to.person):
                world.connected(one, to.number, to.person)
        exchange.joined(channel, other)
        signal: Signal | None = None
        while not isinstance(signal, HungUp | LegGone | LetGo):
            signal = yield None
        world.leave(channel)
        exchange.let_go(other)
        if not isinstance(signal, LetGo):
            finish(exchange, channel)
            return
        world.varset(channel, "BRIDGERESULT", "SUCCESS")
    world.step(channel, "Hangup", "", priority=2)
    channel.change(cause=16)
    finish(exchange, channel)
    yield from ()


def finish(exchange: Exchange, channel: Channel) -> None:
    """The dialplan is at its end: the channel is hung up."""
    if channel.gone:
        return
    channel.thread = None
    exchange.world.emit(
        m.SOFT_HANGUP_REQUEST, channel.block() + m.request_cause(16, channel.tech_cause)
    )
    exchange.world.hang_up(channel)


def _queue(exchange: Exchange, channel: Channel, context: str, name: str, patience: float) -> Part:
    world = exchange.world
    world.step(channel, "Answer", "", context=context, exten=name, priority=1)
    if not (yield from _answer(exchange, channel)):
        return False
    world.step(channel, "Queue", f"{name},,,,{patience:g}", priority=2)
    visit = QueueVisit(exchange, channel, exchange.queues[name], patience)
    if (yield from visit.run()) != "timed out":
        return False
    world.step(channel, "Goto", "closing,s,1", priority=3)
    return (yield from _closing(exchange, channel))


def _answer(exchange: Exchange, channel: Channel) -> Part:
    if channel.state == UP:
        return True
    exchange.answer(channel)
    exchange.world.publish(channel.device)
    return (yield from _pause(exchange, exchange.settings.answer_delay))


def _pause(exchange: Exchange, seconds: float) -> Part:
    until = exchange.world.now + seconds
    while True:
        signal = yield until
        if signal is None:
            return True
        if isinstance(signal, HungUp):
            return False


def _closing(exchange: Exchange, channel: Channel) -> Part:
    world = exchange.world
    exchange.note_closing(channel)
    world.step(
        channel, "NoOp", "nobody took the call: TIMEOUT", context="closing", exten="s", priority=1
    )
    for priority, (text, seconds) in enumerate(_SAID, start=2):
        world.step(channel, "Playback", text, priority=priority)
        over = not (yield from _pause(exchange, seconds))
        world.varset(channel, "PLAYBACKSTATUS", "FAILED" if over else "SUCCESS")
        if over:
            return False
    world.step(channel, "Hangup", "", priority=4)
    channel.change(cause=16)
    return True


def _agent_direct(exchange: Exchange, channel: Channel, number: str) -> Part:
    world, ring = exchange.world, exchange.settings.ring_time
    world.step(
        channel, "Dial", f"PJSIP/{number},{ring:g}", context="agent-direct", exten=number,
        priority=1,
    )  # fmt: skip
    result = yield from dial(exchange, channel, f"PJSIP/{number}", ring)
    label = _LABELS.get(result)
    if label is None:
        return False
    world.step(channel, "Goto", result, priority=2)
    if result == "NOANSWER":
        world.step(channel, "Hangup", "19", priority=label)
        channel.change(cause=19)
        finish_with(exchange, channel, 480)
        return False
    busy = result == "BUSY"
    world.step(channel, "Busy" if busy else "Congestion", "3", priority=label)
    # The SIP answer ends the caller's channel while the tone would play.
    world.set_state(channel, BUSY)
    world.publish(channel.device)
    cause, status = (17, 486) if busy else (34, 503)
    channel.change(cause=cause, tech_cause=status)
    world.emit(m.HANGUP_REQUEST, channel.block() + m.request_cause(cause, status))
    return False


def finish_with(exchange: Exchange, channel: Channel, status: int) -> None:
    """As finish; the SIP status is known only once the channel is gone."""
    channel.thread = None
    exchange.world.emit(m.SOFT_HANGUP_REQUEST, channel.block() + m.request_cause(16, None))
    channel.change(tech_cause=status)
    exchange.world.hang_up(channel)


def _to_trunk(exchange: Exchange, channel: Channel, number: str) -> Part:
    world, main, trunk = exchange.world, exchange.settings.main_number, exchange.settings.trunk
    world.step(channel, "Set", f"CALLERID(num)={main}", context="to-trunk", priority=1)
    channel.change(number=main)
    world.emit(m.NEW_CALLERID, channel.block() + m.PRESENTATION)
    world.step(channel, "Set", "CALLERID(name)=", priority=2)
    channel.change(person=None)
    world.emit(m.NEW_CALLERID, channel.block() + m.PRESENTATION)
    world.step(channel, "Dial", f"PJSIP/{number}@{trunk},60", priority=3)
    result = yield from dial(exchange, channel, f"PJSIP/{number}@{trunk}", 60.0)
    if result in ("OVER", "CANCEL"):
        return False
    cause, status = channel.cause, channel.tech_cause
    world.step(channel, "Hangup", str(cause or 16), priority=4)
    channel.change(cause=cause or 16, tech_cause=None)
    finish_with(exchange, channel, status or 480)
    return False


def _waiting(exchange: Exchange, channel: Channel, context: str, route: Route) -> Part:
    """Music until the engine joins an agent; the ordinary queue if it does not in time."""
    world = exchange.world
    world.step(channel, "Answer", "", context=context, exten=route.target, priority=1)
    if not (yield from _answer(exchange, channel)):
        return False
    world.step(channel, "Set", "CHANNEL(musicclass)=default", priority=2)
    world.step(channel, "MusicOnHold", f"default,{route.patience:g}", priority=3)
    world.emit(m.MUSIC_START, f"{channel.block()}Class: default\r\n")
    until = world.now + route.patience
    while True:
        signal = yield until
        if isinstance(signal, HungUp):
            world.emit(m.MUSIC_STOP, channel.block())
            return False
        if signal is None:
            world.emit(m.MUSIC_STOP, channel.block())
            break
        if isinstance(signal, TakenInto):
            world.emit(m.MUSIC_STOP, channel.block())
            channel.change(priority=4)
            world.enter(signal.bridge, channel)
            while not isinstance(signal, HungUp | LetGo):
                signal = yield None
            world.leave(channel)
            if isinstance(signal, HungUp):
                exchange.part(channel)
                channel.thread = None
                world.hang_up(channel)  # out of a bridge it was put into: no SoftHangupRequest
                return False
            break
    world.step(channel, "Goto", f"queue,{route.target},1", priority=4)
    return (yield from _queue(exchange, channel, "queue", route.target, 600.0))
