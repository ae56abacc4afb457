"""The simulated dialplan: what ``config/asterisk/extensions.conf`` does with a call.

Pure. One generator per way into the dialplan; each runs as the thread of one channel and ends with
its hang-up. Labels and priorities are those of that file; the engine's own contexts are in
engine_line.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from callcenter.floor.card import Words
from telephony import said
from telephony.simulator import callbacks, control, engine_line, handovers
from telephony.simulator import messages as m
from telephony.simulator.channel import BUSY, UP, Channel
from telephony.simulator.dial_app import DialResult, dial
from telephony.simulator.queue_app import QueueVisit
from telephony.simulator.settings import Route
from telephony.simulator.signals import HungUp, Redirected, TakenInto
from telephony.simulator.world import Part, Plan

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

PATIENCE = 600.0
"""Seconds a caller waits in ``Queue()`` where the number dialled does not say otherwise."""
_SAID = (("vm-nobodyavail", 2.8), ("vm-goodbye", 0.88))
"""What the closing message plays, and how long each takes, seconds."""
_MESSAGES = (("vm-nobodyavail&pls-try-call-later", 2.8), ("auth-thankyou&vm-goodbye", 1.9))
"""What is told to a caller who leaves the engine's line: ordinarily, and after a key. Like the
recorded exchange this one has only the first half of the first."""
PARTS = {**control.PARTS, **callbacks.PARTS}
"""What runs at an extension that is the same for every call, by context and extension."""
ORIGINATED = control.ORIGINATED | callbacks.ORIGINATED
_LABELS: dict[DialResult, int] = {"BUSY": 3, "CHANUNAVAIL": 4, "CONGESTION": 5, "NOANSWER": 6}


# A part answers True when the channel is still there and goes on.


def from_trunk(
    exchange: Exchange, channel: Channel, route: Route, heard: Sequence[Words] = ()
) -> Plan:
    """A call from outside. ``heard``: what a menu of the operator's told about it before."""
    exchange.world.varset(channel, "SIPDOMAIN", "127.0.0.1")
    for words in heard:
        headers: tuple[str, ...] = (
            f"Source: {words.source}",
            f"Words: {quote(words.text, safe='')}",
        )
        if words.language is not None:
            headers = (*headers, f"WordsLanguage: {words.language}")
        exchange.world.step(channel, "UserEvent", ",".join((said.EVENT, *headers)))
        exchange.user_event(channel, said.EVENT, *headers)
    yield from _run(exchange, channel, _routed(exchange, channel, route))


def _run(exchange: Exchange, channel: Channel, part: Part[bool]) -> Plan:
    """To the end of the dialplan, wherever AMI sends the channel meanwhile."""
    while True:
        try:
            yield from part
        except Redirected as where:
            part = _place(exchange, channel, where.context, where.exten)
        else:
            break
    finish(exchange, channel)


def knows(exchange: Exchange, context: str, exten: str) -> bool:
    """Whether a channel can be sent there."""
    if context in (engine_line.WAIT, "queue"):
        return exten in exchange.queues
    if context == "agent-direct":
        return exchange.handset_of_number(exten) is not None
    if context == "from-agents":
        return handovers.reaches(exchange, exten)
    if (context, exten) in PARTS:
        return True
    return context == engine_line.AWAY and exten in engine_line.AWAY_WHY


def _place(exchange: Exchange, channel: Channel, context: str, exten: str) -> Part[bool]:
    if context == engine_line.WAIT:
        return _engine_queue(exchange, channel, exten)
    if context == "queue":
        return _queue(exchange, channel, context, exten, PATIENCE)
    if context == "agent-direct":
        return _agent_direct(exchange, channel, exten)
    if context == "from-agents":
        return _handed_on(exchange, channel, exten)
    if (context, exten) in PARTS:
        return PARTS[context, exten](exchange, channel)
    return _away(exchange, channel, exten)


def _handed_on(exchange: Exchange, channel: Channel, exten: str) -> Part[bool]:
    """An agent sent the caller to a colleague or to another line."""
    world, place = exchange.world, "agent-direct"
    if exten in exchange.queues:
        place = engine_line.WAIT if exten in exchange.settings.engine_queues else "queue"
    channel.change(context="from-agents", exten=exten, priority=1)
    world.step(channel, "Goto", f"{place},{exten},1")
    return (yield from _place(exchange, channel, place, exten))


def _routed(exchange: Exchange, channel: Channel, route: Route) -> Part[bool]:
    world = exchange.world
    engine = route.kind == "queue" and route.target in exchange.settings.engine_queues
    if route.kind == "engine" or engine:
        world.step(channel, "Goto", f"{engine_line.WAIT},{route.target},1")
        return (yield from _engine_queue(exchange, channel, route.target))
    if route.kind == "queue":
        context = route.context or "queue"
        world.step(channel, "Goto", f"{context},{route.target},1")
        return (yield from _queue(exchange, channel, context, route.target, route.patience))
    if route.kind == "agent":
        world.step(channel, "Goto", f"agent-direct,{route.target},1")
        return (yield from _agent_direct(exchange, channel, route.target))
    context = route.context or "waiting"
    world.step(channel, "Goto", f"{context},{route.target},1")
    return (yield from _waiting(exchange, channel, context, route))


def from_agents(exchange: Exchange, channel: Channel) -> Plan:
    """An agent's phone dials a colleague or the world outside."""
    exchange.world.varset(channel, "SIPDOMAIN", "127.0.0.1")
    yield from _run(exchange, channel, _dialled(exchange, channel, channel.exten))


def _dialled(exchange: Exchange, channel: Channel, exten: str) -> Part[bool]:
    world = exchange.world
    if exchange.handset_of_number(exten) is not None:
        world.step(channel, "Goto", f"agent-direct,{exten},1")
        return (yield from _agent_direct(exchange, channel, exten))
    world.step(channel, "Goto", f"to-trunk,{exten},1")
    return (yield from _to_trunk(exchange, channel, exten))


def agent_leg(exchange: Exchange, channel: Channel, number: str) -> Plan:
    """The far half of a Local channel that reaches an agent's phone."""
    world = exchange.world
    world.step(channel, "Dial", f"PJSIP/{number},{exchange.settings.ring_time:g},t")
    yield from dial(exchange, channel, f"PJSIP/{number}", exchange.settings.ring_time)
    finish(exchange, channel)


def originated(exchange: Exchange, channel: Channel, context: str, exten: str) -> Plan:
    """A leg that AMI originated has been answered."""
    part = PARTS.get((context, exten))
    if part is not None:
        yield from _run(exchange, channel, part(exchange, channel))
    else:
        target = channel.variables.get("CHANNEL_TO_JOIN")
        yield from _run(exchange, channel, engine_line.join(exchange, channel, target, context))


def finish(exchange: Exchange, channel: Channel) -> None:
    """The dialplan is at its end: the channel is hung up."""
    if channel.gone:
        return
    channel.thread = None
    exchange.world.emit(
        m.SOFT_HANGUP_REQUEST, channel.block() + m.request_cause(16, channel.tech_cause)
    )
    exchange.world.hang_up(channel)


def _queue(
    exchange: Exchange, channel: Channel, context: str, name: str, patience: float
) -> Part[bool]:
    world = exchange.world
    world.step(channel, "Answer", "", context=context, exten=name, priority=1)
    if not (yield from _answer(exchange, channel)):
        return False
    world.step(channel, "Queue", f"{name},t,,,{patience:g}", priority=2)
    visit = QueueVisit(exchange, channel, exchange.queues[name], patience)
    if (yield from visit.run()) != "timed out":
        return False
    world.step(channel, "Goto", "closing,s,1", priority=3)
    return (yield from _closing(exchange, channel))


def _answer(exchange: Exchange, channel: Channel) -> Part[bool]:
    if channel.state == UP:
        return True
    exchange.answer(channel)
    exchange.world.publish(channel.device)
    return (yield from _pause(exchange, exchange.settings.answer_delay))


def _pause(exchange: Exchange, seconds: float) -> Part[bool]:
    until = exchange.world.now + seconds
    while True:
        signal = yield until
        if signal is None:
            return True
        if isinstance(signal, HungUp):
            return False


def _closing(exchange: Exchange, channel: Channel) -> Part[bool]:
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


def _agent_direct(exchange: Exchange, channel: Channel, number: str) -> Part[bool]:
    world, ring = exchange.world, exchange.settings.ring_time
    world.step(
        channel, "Dial", f"PJSIP/{number},{ring:g},t", context="agent-direct", exten=number,
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


def _to_trunk(exchange: Exchange, channel: Channel, number: str) -> Part[bool]:
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


def _waiting(exchange: Exchange, channel: Channel, context: str, route: Route) -> Part[bool]:
    """Music until the engine joins an agent; the ordinary queue if it does not in time."""
    world = exchange.world
    world.step(channel, "Answer", "", context=context, exten=route.target, priority=1)
    if not (yield from _answer(exchange, channel)):
        return False
    world.step(channel, "Set", "CHANNEL(musicclass)=default", priority=2)
    world.step(channel, "MusicOnHold", f"default,{route.patience:g}", priority=3)
    world.emit(m.MUSIC_START, f"{channel.block()}Class: default\r\n")
    exchange.joins.waiting.add(channel)
    until = world.now + route.patience
    while True:
        signal = yield until
        if isinstance(signal, HungUp):
            world.emit(m.MUSIC_STOP, channel.block())
            return False
        if signal is None:
            exchange.joins.waiting.discard(channel)
            world.emit(m.MUSIC_STOP, channel.block())
            break
        if isinstance(signal, TakenInto):
            world.emit(m.MUSIC_STOP, channel.block())
            exchange.joins.waiting.discard(channel)
            channel.change(priority=4)
            if not (yield from exchange.joins.taken(channel, signal.bridge)):
                return False
            break
    world.step(channel, "Goto", f"queue,{route.target},1", priority=4)
    return (yield from _queue(exchange, channel, "queue", route.target, PATIENCE))


def _engine_queue(exchange: Exchange, channel: Channel, name: str) -> Part[bool]:
    """Wait for the agent whom the engine chooses."""
    leaves = yield from engine_line.wait(exchange, channel, name)
    if leaves == "fallback":
        return (yield from _away(exchange, channel, leaves))
    if leaves == "ask":
        return (yield from callbacks.ask(exchange, channel))
    return leaves == "over"


def _away(exchange: Exchange, channel: Channel, why: str) -> Part[bool]:
    """Out of the engine's line: to the ordinary queue when the engine is silent, or good-bye."""
    world = exchange.world
    queue = exchange.queues.get(engine_line.away(exchange, channel, why))
    if why == "fallback" and queue is not None:
        world.step(channel, "Queue", f"{queue.name},t,,,{PATIENCE:g}", priority=5)
        if (yield from QueueVisit(exchange, channel, queue, PATIENCE).run()) != "timed out":
            return False
        why = "timed_out"
        world.step(channel, "Goto", f"cc-message,{why},1", priority=6)
    exchange.note_closing(channel)
    text, seconds = _MESSAGES[why == "key"]
    world.step(channel, "Playback", text, context="cc-message", exten=why, priority=1)
    over = not (yield from _pause(exchange, seconds))
    whole = why == "key" and not over
    world.varset(channel, "PLAYBACKSTATUS", "SUCCESS" if whole else "FAILED")
    if over:
        return False
    world.step(channel, "Hangup", "", priority=2)
    channel.change(cause=16)
    return True
