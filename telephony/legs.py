"""Legs (channels), the bridges they are in, and who can hear whom through Local channels.

Pure. It holds what the exchange said and must not decide what it means for a call; that is
telephony.conversations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telephony.packet import Packet
from telephony.parties import clean_name, clean_number, device_of, local_half

if TYPE_CHECKING:
    from telephony.calls import Call, Offer

_CALLED_BACK = re.compile(r"cb-[0-9A-Za-z]+-[0-9]+", re.ASCII)
_UNIQUEID = re.compile(r"(?:.*-)?([0-9]{1,18})\.([0-9]{1,18})", re.ASCII | re.DOTALL)


def age(uniqueid: str) -> tuple[int, int, int, str]:
    """Sorts Uniqueids from old to new: by second, then by count, as whole numbers.

    As text 10.9 would come after 10.10. Ids that the engine chose itself come last.
    """
    match = _UNIQUEID.fullmatch(uniqueid)
    if match is None:
        return (1, 0, 0, uniqueid)
    return (0, int(match[1]), int(match[2]), uniqueid)


def called_back(uniqueid: str) -> bool:
    """Whether this is the leg of a customer whom the engine calls back, or their call: the engine
    chooses these ids (``cb-<run>-<count>``), so that they are known in any snapshot."""
    return _CALLED_BACK.fullmatch(uniqueid) is not None


@dataclass(slots=True, eq=False)
class Membership:
    """For whom app_queue dials a leg. It is handed on from a Local channel to what that dials."""

    queue: str
    interface: str
    device: str | None
    """The member's phone; ``None`` while only its Local channel is known."""
    leg: Leg | None = None
    """The leg that app_queue dials: the phone itself or a Local half before it."""


@dataclass(slots=True, eq=False)
class Leg:
    """One channel. ``device`` is ``None`` for halves of Local channels, which are no party."""

    uid: str
    channel: str
    device: str | None
    incoming: bool
    """It called the exchange, rather than being called by it."""
    exten: str | None
    number: str | None
    name: str | None
    call: Call
    bridge: str | None = None
    up: bool = False
    dialled: bool = False
    """Somebody or something dials it."""
    dialled_by: Leg | None = None
    dialled_number: str | None = None
    member: Membership | None = None
    forwarded: Membership | None = None
    """What it dialled sent it on: for whom the next leg it dials is."""
    picked: bool = False
    """It took a call that rang elsewhere, and is not connected yet."""
    handed_on: bool = False
    """It gave the call to somebody else; that is told once."""
    agent: str | None = None
    """The own device it stands for."""
    offer: Offer | None = None
    invited: bool = False
    """The engine rings it, to join it to a caller who waits."""
    asked: bool = False
    """It has been offered once; that never happens twice."""
    alone: str | None = None
    """An agent's leg that waits for a customer who is being called back: for which queue, empty
    where that is not known; ``None``: it does not wait, or no longer."""
    hung_up: bool = False
    """Its far end asked to end it."""
    ending: bool = False
    """The exchange is ending it."""
    cause: int | None = None
    aside: bool = False
    """An agent asks whoever is behind it about the call: no part of the conversation yet."""

    @property
    def is_party(self) -> bool:
        return self.device is not None


def leg_from(packet: Packet, uid: str, channel: str, call: Call) -> Leg:
    """A leg out of a packet's channel block; not yet among the live ones."""
    return Leg(
        uid=uid,
        channel=channel,
        device=None if local_half(channel) is not None else device_of(channel),
        incoming=True,
        exten=clean_number(packet.get("Exten")),
        number=clean_number(packet.get("CallerIDNum")),
        name=clean_name(packet.get("CallerIDName")),
        call=call,
    )


class Legs:
    """All live legs by Uniqueid, the bridges and the pairs of Local halves."""

    def __init__(self) -> None:
        self.by_uid: dict[str, Leg] = {}
        self.by_channel: dict[str, Leg] = {}
        self._bridges: dict[str, dict[str, Leg]] = {}
        self._halves: dict[str, dict[str, Leg]] = {}

    def __len__(self) -> int:
        return len(self.by_uid)

    @property
    def nothing_left(self) -> bool:
        return not (self.by_uid or self.by_channel or self._bridges or self._halves)

    def add(self, leg: Leg) -> Leg | None:
        """Take in a leg; returns the other half where it completes a Local channel."""
        self.by_uid[leg.uid] = leg
        self.by_channel[leg.channel] = leg
        half = local_half(leg.channel)
        if half is None:
            return None
        self._halves.setdefault(half[0], {})[half[1]] = leg
        return self.other_half(leg)

    def other_half(self, leg: Leg) -> Leg | None:
        half = local_half(leg.channel)
        if half is None:
            return None
        return self._halves.get(half[0], {}).get("2" if half[1] == "1" else "1")

    def enter(self, leg: Leg, bridge: str) -> list[Leg]:
        """Put a leg into a bridge (and out of any other); returns the others there that are in
        one conversation with it."""
        self.leave(leg)
        inside = self._bridges.setdefault(bridge, {})
        others = [] if leg.aside else [one for one in inside.values() if not one.aside]
        inside[leg.uid] = leg
        leg.bridge = bridge
        return others

    def leave(self, leg: Leg) -> None:
        if leg.bridge is None:
            return
        inside = self._bridges.get(leg.bridge)
        if inside is not None:
            inside.pop(leg.uid, None)
            if not inside:
                del self._bridges[leg.bridge]
        leg.bridge = None

    def remove(self, leg: Leg) -> None:
        self.leave(leg)
        self.by_uid.pop(leg.uid, None)
        if self.by_channel.get(leg.channel) is leg:
            del self.by_channel[leg.channel]
        half = local_half(leg.channel)
        if half is not None and half[0] in self._halves:
            pair = self._halves[half[0]]
            if pair.get(half[1]) is leg:
                del pair[half[1]]
            if not pair:
                del self._halves[half[0]]

    def hearing(self, leg: Leg) -> list[Leg]:
        """The parties that hear each other with `leg`: through its bridge, and through Local
        channels into further bridges. `leg` itself is among them when it is a party. Whoever an
        agent only consults is not heard."""
        seen: dict[str, Leg] = {leg.uid: leg}
        todo = [] if leg.aside else [leg]
        while todo:
            here = todo.pop()
            near = list(self._bridges.get(here.bridge, {}).values()) if here.bridge else []
            half = self.other_half(here)
            if half is not None:
                near.append(half)
            for other in near:
                if other.uid not in seen and not other.aside:
                    seen[other.uid] = other
                    todo.append(other)
        return [one for one in seen.values() if one.is_party]
