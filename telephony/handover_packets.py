"""Reads the packets that say that a call changes hands, and tells `Handovers` in its words.

Pure. The names and headers are those of main/stasis_bridges.c (BlindTransfer, AttendedTransfer),
main/pickup.c and res/parking/parking_manager.c. It must not decide what that means for a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from telephony.handovers import Handovers
from telephony.legs import Leg
from telephony.packet import Packet
from telephony.parties import clean_number, device_of

Reader = Callable[[Handovers, Packet], None]


def _leg(talk: Handovers, packet: Packet, prefix: str) -> Leg | None:
    """The leg of a prefixed block of headers; some blocks are left out when nobody is there."""
    uid = packet.get(f"{prefix}Uniqueid")
    if not uid:
        return None
    return talk.known(uid, packet.get(f"{prefix}Channel") or "", packet.name)


def _blind(talk: Handovers, packet: Packet) -> None:
    by = _leg(talk, packet, "Transferer")
    if by is not None and packet.get("Result") == "Success":
        whom = _leg(talk, packet, "Transferee")  # left out when several were in the bridge
        talk.hands_on(by, whom, clean_number(packet.get("Extension")))


def _attended(talk: Handovers, packet: Packet) -> None:
    first = _leg(talk, packet, "OrigTransferer")
    second = _leg(talk, packet, "SecondTransferer")
    kind = packet.get("DestType")
    first = first or second
    if first is None or packet.get("Result") != "Success" or kind == "Fail":
        return
    if kind == "Threeway":  # all go on talking, and the bridges show who
        talk.holds(first, False)
    else:
        whom, target = _leg(talk, packet, "Transferee"), _leg(talk, packet, "TransferTarget")
        talk.connects(first, second or first, whom, target)


def _pickup(talk: Handovers, packet: Packet) -> None:
    by, rang = _leg(talk, packet, ""), _leg(talk, packet, "Target")
    if by is not None and rang is not None and by is not rang:
        talk.picks_up(by, rang)


def _parked(talk: Handovers, packet: Packet) -> None:
    leg = _leg(talk, packet, "Parkee")
    if leg is None:
        return
    parker = packet.get("ParkerDialString")
    if not parker and packet.get("ParkerChannel"):
        parker = device_of(packet.get("ParkerChannel", ""))
    by = parker if parker and talk.owns(parker) else None
    talk.parks(leg, clean_number(packet.get("ParkingSpace")), by)


def _unparked(talk: Handovers, packet: Packet) -> None:
    leg = _leg(talk, packet, "Parkee")
    if leg is not None:
        by = _leg(talk, packet, "Retriever")
        talk.unparked(leg.call, by.device if by is not None and talk.is_own(by) else None)


def _parking_over(talk: Handovers, packet: Packet) -> None:
    leg = _leg(talk, packet, "Parkee")
    if leg is not None:
        talk.unparked(leg.call, None)


READERS: Final[dict[str, Reader]] = {
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "Pickup": _pickup,
    "ParkedCall": _parked,
    "UnParkedCall": _unparked,
    "ParkedCallTimeOut": _parking_over,
    "ParkedCallGiveUp": _parking_over,
    "ParkedCallSwap": _parked,
}
"""By the name of the packet."""
