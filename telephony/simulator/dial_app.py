"""One party rings another: the simulated ``Dial()`` application.

Pure. The order of events is that of recordings of Asterisk 22 (tests/replays/direct_*, outbound_*,
internal_* and queue_local_*).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Literal, TypeAlias

from telephony.simulator import messages as m
from telephony.simulator.channel import Channel
from telephony.simulator.legs import PhoneLeg
from telephony.simulator.queue_app import dial_times
from telephony.simulator.signals import (
    HungUp,
    LegAnswered,
    LegGone,
    LegRefused,
    LegRinging,
    Redirected,
    Signal,
)

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

DialResult: TypeAlias = Literal["OVER", "CANCEL", "BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL"]
"""``OVER``: they talked, or were parted; the others as DIALSTATUS."""
_CLEARED = (
    "DIALSTATUS",
    "DIALEDPEERNUMBER",
    "DIALEDPEERNAME",
    "ANSWEREDTIME",
    "ANSWEREDTIME_MS",
    "DIALEDTIME",
    "DIALEDTIME_MS",
    "RINGTIME",
    "RINGTIME_MS",
    "PROGRESSTIME",
    "PROGRESSTIME_MS",
)
_STATUS: dict[str, tuple[str, DialResult]] = {
    # reaction: DialStatus of DialEnd, DIALSTATUS of the channel
    "busy": ("BUSY", "BUSY"),
    "fails": ("CONGESTION", "CONGESTION"),
    "declines": ("NOANSWER", "CHANUNAVAIL"),
}


def dial(
    exchange: Exchange, channel: Channel, target: str, ring_time: float
) -> Generator[float | None, Signal | None, DialResult]:
    """Ring `target` (a device, or ``number@trunk``) and talk. `ring_time`: seconds."""
    world = exchange.world
    for variable in _CLEARED:
        world.varset(channel, variable, "")
    began = world.now
    leg = exchange.dial_target(channel, target)
    if leg is None:
        world.varset(channel, "DIALSTATUS", "CHANUNAVAIL")
        return "CHANUNAVAIL"
    _begin(exchange, channel, leg, target)
    until = began + ring_time
    while True:
        try:
            signal = yield until
        except Redirected:
            _called_off(exchange, channel, leg)
            raise
        if isinstance(signal, LegRinging):
            _ringing(exchange, channel, leg, began)
        elif isinstance(signal, LegAnswered):
            return (yield from _talk(exchange, channel, leg, target))
        elif isinstance(signal, LegRefused):
            ended, status = _STATUS[leg.reaction]
            _dial_event(exchange, channel, leg, ended)
            exchange.note_offer(channel, leg.device, leg.refusal)
            cause, tech = leg.channel.cause, leg.channel.tech_cause
            leg.end()
            world.varset(channel, "DIALSTATUS", status)
            channel.change(cause=cause, tech_cause=tech)
            return status
        elif isinstance(signal, HungUp):
            _called_off(exchange, channel, leg)
            return "CANCEL"
        elif signal is None:
            _dial_event(exchange, channel, leg, "NOANSWER")
            exchange.note_offer(channel, leg.device, "no_answer")
            leg.end(0)
            world.varset(channel, "DIALSTATUS", "NOANSWER")
            return "NOANSWER"


def _called_off(exchange: Exchange, channel: Channel, leg: PhoneLeg) -> None:
    _dial_event(exchange, channel, leg, "CANCEL")
    exchange.world.varset(channel, "DIALSTATUS", "CANCEL")
    exchange.note_offer(channel, leg.device, "cancelled")
    if channel.name.startswith("Local/"):
        leg.end(16)
    else:
        leg.end(127, 500)


def _begin(exchange: Exchange, channel: Channel, leg: PhoneLeg, target: str) -> None:
    world, dialled = exchange.world, leg.channel
    outside = target.endswith(f"@{exchange.settings.trunk}")
    exten = target.partition("@")[0].rpartition("/")[2]
    dialled.change(connected_number=channel.number, connected_name=channel.person)
    if outside:
        dialled.change(number=exten)
    world.step(dialled, "AppDial", "(Outgoing Line)", exten=exten)
    if outside:
        world.emit(m.NEW_CALLERID, dialled.block() + m.PRESENTATION)
    world.connected(dialled, channel.number, channel.person)
    string = target.rpartition("/")[2]
    world.emit(m.DIAL_BEGIN, f"{channel.block()}{dialled.dest()}DialString: {string}\r\n")
    world.connected(channel, dialled.number, dialled.person)


def _ringing(exchange: Exchange, channel: Channel, leg: PhoneLeg, began: float) -> None:
    world = exchange.world
    local = exchange.local_leg(channel)
    if local is not None:
        local.rang(leg.channel)
    waited = world.now - began
    world.varset(channel, "RINGTIME", str(int(waited)))
    world.varset(channel, "RINGTIME_MS", str(round(waited * 1000)))
    _dial_event(exchange, channel, leg, "RINGING", m.DIAL_STATE)
    world.publish(channel.device)


def _dial_event(
    exchange: Exchange, channel: Channel, leg: PhoneLeg, status: str, kind: m.Kind = m.DIAL_END
) -> None:
    exchange.world.emit(kind, f"{channel.block()}{leg.channel.dest()}DialStatus: {status}\r\n")


def _talk(
    exchange: Exchange, channel: Channel, leg: PhoneLeg, target: str
) -> Generator[float | None, Signal | None, DialResult]:
    world, dialled = exchange.world, leg.channel
    answered = world.now
    world.varset(channel, "DIALSTATUS", "ANSWER")
    world.varset(channel, "DIALEDPEERNAME", dialled.name)
    world.varset(channel, "DIALEDPEERNUMBER", target.rpartition("/")[2])
    dialled.change(exten="", cause=16)
    _dial_event(exchange, channel, leg, "ANSWER")
    exchange.note_offer(channel, leg.device, "answered")
    exchange.answer(channel)
    local = exchange.local_leg(channel)
    if local is None:
        channel.change(cause=16)
    bridge = world.bridge()
    world.step(dialled, "AppDial", "(Outgoing Line)")
    world.enter(bridge, dialled)
    if local is not None:
        local.picked_up()
    if local is not None and channel.gone:
        return "OVER"
    world.enter(bridge, channel)
    outside = leg.handset is None
    exchange.talking(channel, channel.device.name if outside else leg.device)
    signal: Signal | None = None
    try:
        while not isinstance(signal, HungUp | LegGone):
            signal = yield None
    except Redirected:
        world.leave(channel)
        leg.end(16)
        raise
    if isinstance(signal, LegGone):
        leg.end(16)
        world.leave(channel)
    elif local is not None and local.phone is leg:  # optimised away: the leg goes on elsewhere
        world.leave(channel)
    else:
        world.leave(channel)
        leg.end(16)
    dial_times(exchange, channel, answered)
    world.varset(channel, "DIALSTATUS", "ANSWER")
    return "OVER"
