"""Callers whose agent the engine chooses: what the dialplan says of them, and snapshots.

Pure. They wait in the context ``cc-wait`` (config/asterisk/callcenter.conf), which tells by
``UserEvent`` what app_queue tells by events of its own; and so do the contexts of callbacks. It
must not decide who gets a caller.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from callcenter.floor.events import (
    CallbackAsked,
    EstimateTold,
    KeyPressed,
    QueueExit,
)
from telephony import said
from telephony.conversations import Conversations
from telephony.legs import Leg, age
from telephony.packet import Packet
from telephony.parties import number_in
from telephony.snapshot import Snapshot

CONTEXT: Final = "cc-wait"
"""Who is in this context of the dialplan, and in no bridge, waits; the extension is the queue."""

LONGEST_WAIT: Final = 86_400
"""Seconds that a reported wait may reach back."""

WHY: Final[dict[str, QueueExit]] = {
    "closed": "closed",
    "empty": "empty",
    "timed_out": "timed_out",
    "key": "key",
    "fallback": "overflow",
}
"""``Why`` of CallcenterAway."""

BY: Final[dict[str, Literal["human", "machine", "unknown"]]] = {
    "human": "human",
    "machine": "machine",
}
"""``By`` of CallcenterAnswered."""

ALONE: Final = "cc-callback-agent"
"""An agent's leg in this context, and in no bridge, waits for a customer who is called back."""

_DIGITS = re.compile(r"[0-9]{0,18}", re.ASCII)
_KEY = re.compile(r"[0-9*#A-D]", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,5}):([0-5][0-9]):([0-5][0-9])", re.ASCII)


def tells(talk: Conversations, leg: Leg, packet: Packet) -> None:
    """A ``UserEvent`` of a leg we know. Those of the operator's own dialplan are passed over."""
    name = packet.get("UserEvent")
    if name == "CallcenterWait":
        queue = packet.get("Queue")
        if queue:
            _queued(talk, leg, queue)
    elif name == "CallcenterTold":
        _told(talk, leg, packet)
    elif name == "CallcenterKey":
        key = packet.get("Key") or ""
        call = leg.call
        if _KEY.fullmatch(key) is not None and call.queue_leg == leg.uid:
            talk.tell(call, KeyPressed(at=talk.at, call=call.id, key=key))
    elif name == "CallcenterAway":
        call = leg.call
        if call.queue_by == "engine" and call.queue_leg == leg.uid:
            talk.left_queue(call, WHY.get(packet.get("Why") or "", "unknown"))
    elif name == "CallcenterCallback":
        _asks(talk, leg, packet)
    elif name == "CallcenterAnswered":
        by = packet.get("By")
        talk.customer_answered(leg, BY.get(by or "", "unknown"))
    elif name == "CallcenterMessage":
        talk.leaves_message(leg)
    elif name == "CallcenterAlone":
        leg.alone = packet.get("Queue") or ""
    elif name == said.EVENT:
        said.heard(talk, leg, packet)


def _queued(talk: Conversations, leg: Leg, queue: str) -> None:
    line = [call for call in talk.calls.values() if call.queue == queue and call is not leg.call]
    talk.queued(leg, queue, len(line) + 1, "engine")


def _asks(talk: Conversations, leg: Leg, packet: Packet) -> None:
    """The caller left the line by the key, and wants to be called back."""
    queue, number = packet.get("Queue"), packet.get("Number") or ""
    if not queue or _DIGITS.fullmatch(number) is None:
        talk.unexpected["CallcenterCallback"] += 1
        return
    call = leg.call
    if call.asked:
        return
    call.asked = True
    asked = CallbackAsked(at=talk.at, call=call.id, queue=queue, number=number or None, leg=leg.uid)
    talk.tell(call, asked)


def _told(talk: Conversations, leg: Leg, packet: Packet) -> None:
    call = leg.call
    position = number_in(packet.get("Position"))
    if call.queue is None or call.queue_leg != leg.uid or position is None:
        return
    p50, p90 = number_in(packet.get("P50")), number_in(packet.get("P90"))
    told = EstimateTold(
        at=talk.at,
        call=call.id,
        queue=call.queue,
        position=position,
        p50=None if p50 is None else float(p50),
        p90=None if p90 is None else float(p90),
    )
    talk.tell(call, told)


def waits(snapshot: Snapshot) -> dict[str, float]:
    """For how many seconds each caller in the engine's lines has waited, by Uniqueid.

    What the exchange shows is for how long the channel has been there.
    """
    found = {}
    for packet in in_line(snapshot):
        match = _DURATION.fullmatch(packet.get("Duration") or "")
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else 0
        found[packet.get("Uniqueid") or ""] = float(min(seconds, LONGEST_WAIT))
    return found


def compare(talk: Conversations, snapshot: Snapshot) -> None:
    """Make the engine's lines in `talk` agree with the channels of `snapshot`."""
    shown = {packet.get("Uniqueid") or "": packet for packet in in_line(snapshot)}
    places = {packet.get("Uniqueid") or "": packet for packet in snapshot.channels}
    for call in list(talk.calls.values()):
        uid = call.queue_leg or ""
        if call.queue is not None and call.queue_by == "engine" and uid not in shown:
            talk.left_queue(call, _where_to(talk, uid, places.get(uid)))
    now, waited = talk.at, waits(snapshot)
    for uid in sorted(shown, key=age):
        leg, queue = talk.legs.by_uid.get(uid), shown[uid].get("Exten") or ""
        if leg is None or len(queue) < 2:
            continue  # one character is a key that is being told: the queue comes back at once
        if leg.call.queue != queue or leg.call.queue_leg != uid:
            talk.at = now - waited[uid]
            _queued(talk, leg, queue)
    talk.at = now


def _where_to(talk: Conversations, uid: str, place: Packet | None) -> QueueExit:
    leg = talk.legs.by_uid.get(uid)
    if leg is not None and len(talk.legs.hearing(leg)) > 1:
        return "answered"
    if place is not None and place.get("Application") == "Queue":
        return "overflow"
    return "unknown"


def in_line(snapshot: Snapshot) -> tuple[Packet, ...]:
    """The channels of callers who wait in the engine's lines."""
    return tuple(
        packet
        for packet in snapshot.channels
        if packet.get("Context") == CONTEXT and not packet.get("BridgeId")
    )
