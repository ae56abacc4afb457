"""What a snapshot shows of call control: who waits on hold for whom, who is consulted, who listens.

Pure. Channels say it by where they are in the dialplan (``Context``, ``Exten`` of CoreShowChannel)
and by the Uniqueids that the engine gave them (config/asterisk/callcenter-control.conf). It must
not guess: of somebody for whom nobody can be found nothing is told, and the dialplan looks after
them.
"""

from __future__ import annotations

from typing import Final

from telephony.control_facts import FAR, FOR, ControlFacts
from telephony.handovers import Handovers
from telephony.legs import Leg
from telephony.monitors import SPY_CONTEXT
from telephony.packet import Packet
from telephony.parties import clean_number, number_in
from telephony.snapshot import Snapshot

_UP: Final = 6
_ASIDE: Final = frozenset({("cc-consult", "s"), ("cc-hold", "aside")})
"""Where a consulted party is that has answered, and is no part of the conversation."""


def consulted(snapshot: Snapshot) -> dict[str, str]:
    """The legs of consulted parties, and for which agent's leg each was called."""
    shown = {packet.get("Uniqueid") or "": packet for packet in snapshot.channels}
    found = {}
    for uid, packet in shown.items():
        near, made, agent = uid.removeprefix(FAR).partition(FOR)
        if not (made and uid.startswith(FAR) and near in shown):
            continue
        if packet.get("Context") == "cc-record":
            continue
        place = shown[near].get("Context"), shown[near].get("Exten")
        if place in _ASIDE or not _is_up(shown[near]):
            found[near] = agent
    return found


def find(facts: ControlFacts, talk: Handovers, snapshot: Snapshot) -> None:
    """Make `facts` agree with `snapshot`, which `talk` agrees with already."""
    if "channels" in snapshot.missing:
        return
    shown = {packet.get("Uniqueid") or "": packet for packet in snapshot.channels}
    aside = consulted(snapshot)
    for uid, packet in shown.items():
        leg = talk.legs.by_uid.get(uid)
        if leg is None or leg.bridge is not None:
            continue  # who was taken back keeps the place in the dialplan
        if packet.get("Context") == "cc-hold" and packet.get("Exten") == "s":
            agent = _waits_for(talk, leg, shown, aside)
            if agent is not None:
                facts.finds_held(leg, agent)
    for near, uid in aside.items():
        leg, agent = talk.legs.by_uid.get(near), talk.legs.by_uid.get(uid)
        if leg is not None and agent is not None:
            far = shown.get(f"{FAR}{near}{FOR}{uid}")
            place = (shown[near].get("Context"), shown[near].get("Exten"))
            facts.finds_consult(
                leg,
                agent,
                clean_number(far.get("Exten")) if far is not None else None,
                answered=_is_up(shown[near]) and place in _ASIDE,
                waits=place == ("cc-hold", "aside"),
            )
    facts.compare(aside)
    for uid, packet in shown.items():
        leg = talk.legs.by_uid.get(uid)
        if leg is not None:
            _listens(facts, talk, leg, packet)


def _waits_for(
    talk: Handovers, customer: Leg, shown: dict[str, Packet], aside: dict[str, str]
) -> Leg | None:
    """The agent's leg for which somebody on hold waits: in the same call, and either waiting as
    well or with the party it consults."""
    for leg in talk.own_parties(customer.call):
        packet = shown.get(leg.uid)
        if leg is customer or packet is None or leg.ending:
            continue
        if packet.get("Context") == "cc-agent" or leg.uid in aside.values():
            return leg
    return None


def _listens(facts: ControlFacts, talk: Handovers, leg: Leg, packet: Packet) -> None:
    context, exten = packet.get("Context"), packet.get("Exten") or ""
    if context == SPY_CONTEXT and packet.get("Application") == "ChanSpy":
        heard = talk.legs.by_uid.get((packet.get("ApplicationData") or "").partition(",")[0])
        if heard is not None:
            facts.monitors.finds_spy(leg, heard, exten)
    elif context == "cc-record" and exten == "pen":
        ear = talk.legs.other_half(leg)
        uid = ear.uid.removeprefix(f"{FAR}{leg.uid}{FOR}") if ear is not None else ""
        agent = talk.legs.by_uid.get(uid)
        if agent is not None:
            facts.monitors.finds_recording(leg, agent)


def _is_up(packet: Packet) -> bool:
    return number_in(packet.get("ChannelState")) == _UP
