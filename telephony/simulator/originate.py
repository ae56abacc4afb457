"""AMI's Originate: a phone is rung and, once answered, joins a waiting caller or listens in.

Pure. Enough for an engine that puts a waiting caller and an agent together: ``PJSIP/...`` phones,
``Context: cc-join`` (or ``join``), ``Exten: s``, or an extension of ``cc-spy``; and the Local
channel that records a talk (``cc-record``). The order of events is that of the recordings
tests/replays/originate_*.ami.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telephony.packet import Packet
from telephony.simulator import control, dialplan
from telephony.simulator import messages as m
from telephony.simulator.channel import Channel
from telephony.simulator.engine_line import JOIN
from telephony.simulator.legs import PhoneLeg
from telephony.simulator.signals import LegAnswered, LegRefused, LegRinging
from telephony.simulator.world import Plan, Thread

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

_CALLER = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<number>[^<>]*)>\s*')
_ANSWERED, _RINGING, _FAILED = 4, 3, 0
_PLACES = frozenset({(JOIN, "s"), ("join", "s")})
_REASONS = {"busy": "BUSY", "fails": "CONGESTION"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An Originate that has passed the checks."""

    device: str
    context: str
    exten: str
    uniqueid: str
    other: str
    """Uniqueid of the far half of a Local channel."""
    action_id: str
    number: str | None
    person: str | None
    variables: tuple[tuple[str, str], ...]
    timeout: float


def read(packet: Packet, exchange: Exchange) -> Request | str:
    """The request, or what is wrong with it in Asterisk's words."""
    device = packet.get("Channel", "")
    context, exten, priority = (packet.get(key, "") for key in ("Context", "Exten", "Priority"))
    if not device:
        return "Channel not specified"
    if not packet.get("Application") and not (exten and context and priority):
        return "Originate with 'Exten' requires 'Context' and 'Priority'"
    if "/" not in device:
        return "Invalid channel"
    if not priority.isdigit():
        return "Invalid priority"
    timeout = packet.get("Timeout", "30000")
    if not timeout.isdigit() or int(timeout) > 86_400_000:
        return "Invalid timeout"
    known = (context, exten) in _PLACES or (context, exten) in dialplan.ORIGINATED
    if not known or int(priority) != 1:
        return "Extension does not exist."
    found = _CALLER.fullmatch(packet.get("CallerID", ""))
    # One header may hold several, and the list is turned round (astman_get_variables_order).
    given = [one for text in packet.all("Variable") for one in text.split(",")]
    variables = [text.partition("=") for text in reversed(given)]
    return Request(
        device=device,
        context=context,
        exten=exten,
        other=packet.get("OtherChannelId", ""),
        uniqueid=packet.get("ChannelId", ""),
        action_id=packet.get("ActionID", ""),
        number=(found["number"] or None) if found else packet.get("CallerID"),
        person=(found["name"] or None) if found else None,
        variables=tuple((key, _bare(value)) for key, _, value in variables),
        timeout=int(timeout) / 1000,
    )


def _bare(value: str) -> str:
    """Asterisk takes one level of backslashes off (astman_get_variables)."""
    return re.sub(r"\\(.)", r"\1", value)


def start(exchange: Exchange, request: Request) -> None:
    """Ring the phone; what comes of it is told by events."""
    world = exchange.world
    if request.context == control.RECORD:
        control.record(exchange, request.uniqueid, request.other, dict(request.variables))
        return
    handset = exchange.handsets.get(request.device)
    outside = _outside(exchange, request.device)
    taken = bool(request.uniqueid) and request.uniqueid in world.channels
    absent = handset is None or handset.reaction == "absent"
    if taken or (absent and outside is None):
        # The real one says so from a thread of its own, after the response.
        _respond(exchange, request, request.device, "Failure", _FAILED, request.uniqueid)
        return
    if outside is not None:
        channel = exchange.outside_leg(outside, uniqueid=request.uniqueid)
    else:
        channel, handset = exchange.own_leg(request.device, uniqueid=request.uniqueid)
    for name, value in request.variables:
        exchange.set_variable(channel, name, value)
    if request.number is not None or request.person is not None:
        exchange.caller_id(channel, request.number, request.person or channel.person)
        world.connected(channel, request.number, request.person)
    channel.thread = Thread(world, _plan(exchange, request, channel))
    if outside is not None:
        exchange.ring_outside(channel, outside)
    elif handset is not None:
        exchange.ring_own(channel, handset)
    world.emit(m.DIAL_BEGIN, f"{channel.dest()}DialString: {request.device.partition('/')[2]}\r\n")
    exchange.joins.wanted(channel, channel.variables.get("CHANNEL_TO_JOIN"))
    channel.thread.start()


def _outside(exchange: Exchange, device: str) -> str | None:
    """The number outside that a channel leads to."""
    number, _, trunk = device.removeprefix("PJSIP/").partition("@")
    return number if trunk == exchange.settings.trunk and number else None


def _plan(exchange: Exchange, request: Request, channel: Channel) -> Plan:
    world = exchange.world
    until = world.now + request.timeout
    while True:
        signal = yield until
        if isinstance(signal, LegRinging):
            world.emit(m.DIAL_STATE, f"{channel.dest()}DialStatus: RINGING\r\n")
        elif isinstance(signal, LegAnswered):
            world.emit(m.DIAL_END, f"{channel.dest()}DialStatus: ANSWER\r\n")
            exchange.joins.origin_over(channel, "answered")
            _respond(exchange, request, channel.name, "Success", _ANSWERED, channel.uniqueid)
            yield from dialplan.originated(exchange, channel, request.context, request.exten)
            return
        elif isinstance(signal, LegRefused):
            _refused(exchange, request, channel, signal.leg)
            return
        elif signal is None:
            exchange.joins.origin_over(channel, "no_answer")
            _respond(exchange, request, request.device, "Failure", _RINGING, channel.uniqueid)
            channel.thread = None
            exchange.drop_leg(channel, 19, 480)
            return


def _refused(exchange: Exchange, request: Request, channel: Channel, leg: object) -> None:
    killed = not (isinstance(leg, PhoneLeg) and leg.channel.tech_cause)
    status = "NOANSWER"
    if isinstance(leg, PhoneLeg) and not killed:
        status = _REASONS.get(leg.reaction, status)
    exchange.world.emit(m.DIAL_END, f"{channel.dest()}DialStatus: {status}\r\n")
    how = "cancelled" if killed or not isinstance(leg, PhoneLeg) else leg.refusal
    exchange.joins.origin_over(channel, how)
    _respond(exchange, request, request.device, "Failure", _FAILED, channel.uniqueid)
    channel.thread = None
    exchange.drop_leg(channel, None, None)


def _respond(
    exchange: Exchange, request: Request, channel: str, result: str, reason: int, uniqueid: str
) -> None:
    id_line = f"ActionID: {request.action_id}\r\n" if request.action_id else ""
    exchange.world.emit(
        m.ORIGINATE_RESPONSE,
        f"{id_line}Response: {result}\r\nChannel: {channel}\r\n"
        f"Context: {request.context}\r\nExten: {request.exten}\r\n"
        f"Reason: {reason}\r\nUniqueid: {uniqueid or '<unknown>'}\r\n"
        f"CallerIDNum: {m.shown_number(request.number)}\r\n"
        f"CallerIDName: {request.person or '<unknown>'}\r\n",
    )
