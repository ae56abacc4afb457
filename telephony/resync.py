"""A snapshot of the exchange against what was known: the differences become events.

Pure. What is gone ends as "lost" (or "exchange_restarted"); what is new is told as found in
progress. It must not ask for snapshots nor judge when one is needed.
"""

from __future__ import annotations

from callcenter.floor.events import Event
from telephony.control_found import consulted
from telephony.conversations import HowGone
from telephony.handovers import Handovers
from telephony.legs import Leg, Membership, age, called_back, leg_from
from telephony.members import Members
from telephony.packet import Packet
from telephony.parties import clean_name, clean_number, dialled_number, is_inner, number_in
from telephony.snapshot import Snapshot
from telephony.waiting import ALONE, CONTEXT, LONGEST_WAIT, compare, waits

_RINGING = 5
_UP = 6
_DOWN = 0


def resync(talk: Handovers, members: Members, snapshot: Snapshot) -> list[Event]:
    """Make `talk` and `members` agree with `snapshot`; returns what that means for the floor."""
    events: list[Event] = []
    if "members" not in snapshot.missing:
        events += members.all_members(snapshot.members, talk.at)
    for packet in snapshot.device_states:
        events += members.device(packet, talk.at)
    talk.resumed = True
    if snapshot.restarted:
        _gone(talk, list(talk.legs.by_uid.values()), "exchange_restarted")
    if "channels" not in snapshot.missing:
        _channels(talk, snapshot)
        compare(talk, snapshot)
    if "entries" not in snapshot.missing:
        _lines(talk, snapshot)
    for leg in sorted(talk.legs.by_uid.values(), key=lambda one: age(one.uid)):
        if leg.is_party:
            talk.hears(leg)
    if "channels" not in snapshot.missing:
        _ringing(talk, snapshot)
        if "bridges" not in snapshot.missing:
            _parked(talk, snapshot)
    talk.resumed = False
    events += talk.out
    talk.out = []
    return events


def _waits(snapshot: Snapshot) -> dict[str, float]:
    """For how many seconds each leg in a line has waited, by Uniqueid."""
    found = waits(snapshot)
    for packet in snapshot.entries:
        seconds = number_in(packet.get("Wait")) or 0
        found[packet.get("Uniqueid") or ""] = float(min(max(seconds, 0), LONGEST_WAIT))
    return found


def _gone(talk: Handovers, legs: list[Leg], how: HowGone) -> None:
    for leg in legs:
        leg.ending = True  # so that none of them seems to stay behind
    for leg in legs:
        talk.gone(leg, None, how)


def _channels(talk: Handovers, snapshot: Snapshot) -> None:
    shown = {packet.get("Uniqueid") or "": packet for packet in snapshot.channels}
    _gone(talk, [leg for leg in talk.legs.by_uid.values() if leg.uid not in shown], "lost")
    holding = {
        packet.get("BridgeUniqueid")
        for packet in snapshot.bridges
        if packet.get("BridgeTechnology") == "holding_bridge"
    }
    aside = consulted(snapshot)
    new: list[Leg] = []
    # A customer who is called back comes first, for the call is theirs under the engine's own id.
    for uid in sorted(shown, key=lambda one: (not called_back(one), age(one))):
        packet = shown[uid]
        channel = packet.get("Channel")
        if not uid or not channel or is_inner(channel) or talk.has_ended(uid):
            continue
        known = talk.legs.by_uid.get(uid)
        if known is None:
            linkedid = packet.get("Linkedid") or uid
            leg = leg_from(packet, uid, channel, talk.call_for(uid, linkedid))
            # How it began is not shown: the first leg of a conversation called, the rest were.
            leg.incoming = uid == linkedid and number_in(packet.get("ChannelState")) != _DOWN
            leg.dialled = not leg.incoming
            # Where it is in the dialplan now; what it dialled only if that is a number.
            leg.exten = dialled_number(None, leg.exten)
            if called_back(uid):
                leg.incoming, leg.dialled = False, True
                leg.dialled_number = dialled_number(channel, None)
            talk.add(leg)
            new.append(leg)
        else:
            leg = known
            number = clean_number(packet.get("CallerIDNum"))
            talk.caller_is(leg, number, clean_name(packet.get("CallerIDName")))
        leg.up = number_in(packet.get("ChannelState")) == _UP
        leg.aside = uid in aside
        bridge = packet.get("BridgeId")
        if packet.get("Context") == ALONE and not bridge and leg.alone is None:
            leg.alone = ""
        if not bridge or bridge in holding:
            talk.legs.leave(leg)
        elif bridge != leg.bridge:
            for other in talk.legs.enter(leg, bridge):
                talk.join(other.call, leg.call)
    _queue_legs(talk, shown)
    now, waited = talk.at, _waits(snapshot)
    for leg in list(talk.legs.by_uid.values()):
        if called_back(leg.uid):
            _called_back(talk, leg, shown[leg.uid])
    for leg in new:
        if leg.is_party and leg.incoming and not talk.is_own(leg):
            talk.at = now - waited.get(leg.uid, 0.0)
            talk.arrived(leg.call, "inbound", leg)
    talk.at = now


def _called_back(talk: Handovers, leg: Leg, packet: Packet) -> None:
    """A customer's leg that the engine dialled. While it rings it shows the number that the
    customer sees, not theirs."""
    in_queue = packet.get("Application") == "Queue"  # the engine was silent
    here = packet.get("Context") == CONTEXT or bool(packet.get("BridgeId"))
    there = leg.up and (here or in_queue)
    talk.calls_back(leg, leg.dialled_number or (leg.number if there else None))
    if there:
        talk.customer_answered(leg, "unknown")


def _queue_legs(talk: Handovers, shown: dict[str, Packet]) -> None:
    """Which legs app_queue made, and for which queue: the application of both sides says it."""
    queues = {}
    for uid, packet in shown.items():
        leg = talk.legs.by_uid.get(uid)
        if leg is not None and packet.get("Application") == "Queue":
            queue = (packet.get("ApplicationData") or "").partition(",")[0]
            queues[leg.call.id] = (leg, queue)
    for uid, packet in shown.items():
        leg = talk.legs.by_uid.get(uid)
        if leg is None or leg.member is not None or packet.get("Application") != "AppQueue":
            continue
        caller, queue = queues.get(leg.call.id, (None, ""))
        if caller is not None and queue and leg.device is not None:
            leg.dialled_by = caller
            leg.member = Membership(queue=queue, interface=leg.device, device=leg.device)


def _lines(talk: Handovers, snapshot: Snapshot) -> None:
    """Who waits in which queue."""
    waiting: dict[str, Packet] = {}
    for packet in snapshot.entries:
        waiting[packet.get("Uniqueid") or ""] = packet
    for call in list(talk.calls.values()):
        entry = waiting.get(call.queue_leg or "")
        if call.queue is None or call.queue_by == "engine":
            continue
        if entry is None or entry.get("Queue") != call.queue:
            leg = talk.legs.by_uid.get(call.queue_leg or "")
            picked_up = any(offer.up for offer in call.offers.values())
            talked = leg is not None and len(talk.legs.hearing(leg)) > 1
            talk.left_queue(call, "answered" if picked_up or talked else "unknown")
    now, waited = talk.at, _waits(snapshot)
    for uid, packet in waiting.items():
        leg = talk.legs.by_uid.get(uid)
        queue = packet.get("Queue")
        if leg is not None and queue:
            talk.at = now - waited[uid]
            talk.queued(leg, queue, number_in(packet.get("Position")) or 1)
    talk.at = now


def _ringing(talk: Handovers, snapshot: Snapshot) -> None:
    """Phones that ring now, and those that no longer do."""
    for packet in snapshot.channels:
        leg = talk.legs.by_uid.get(packet.get("Uniqueid") or "")
        if leg is None or not leg.is_party:
            continue
        if number_in(packet.get("ChannelState")) == _RINGING:
            _rings(talk, leg)
    for call in list(talk.calls.values()):
        for offer in list(call.offers.values()):
            if offer.legs and not any(_may_ring(leg) for leg in offer.legs.values()):
                for leg in list(offer.legs.values()):
                    talk.stops_ringing(leg, "")


def _parked(talk: Handovers, snapshot: Snapshot) -> None:
    """Who waits in a parking place (res/parking/parking_bridge.c), and who no longer does."""
    lots = {
        packet.get("BridgeUniqueid")
        for packet in snapshot.bridges
        if packet.get("BridgeCreator") == "Parking"
    }
    shown = {
        packet.get("Uniqueid") or ""
        for packet in snapshot.channels
        if packet.get("BridgeId") and packet.get("BridgeId") in lots
    }
    for call in list(talk.calls.values()):
        if call.parked not in shown:
            talk.unparked(call, None)
    for uid in sorted(shown, key=age):
        leg = talk.legs.by_uid.get(uid)
        if leg is not None and leg.call.parked is None:
            talk.parks(leg, None, None)


def _rings(talk: Handovers, leg: Leg) -> None:
    caller = leg.call.caller
    if leg.dialled_by is None and caller is not leg:
        leg.dialled_by = caller
    talk.rings(leg)


def _may_ring(leg: Leg) -> bool:
    """A picked-up leg that is in no conversation yet still belongs to its offer."""
    return leg.bridge is None
