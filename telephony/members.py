"""Members of queues and the states of devices, told to the floor when they change.

Pure. A member that is a Local channel is known by the phone behind it (``StateInterface``), so
that queues, calls and agents speak of one device. It must not know about calls.
"""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.floor.events import DeviceChanged, DeviceState, Event, MemberGone, MemberSeen
from telephony.packet import Packet
from telephony.parties import Own, clean_name, number_in

MEMBER_STATES: dict[int, DeviceState] = {
    0: "unknown",
    1: "idle",
    2: "in_use",
    3: "busy",
    4: "invalid",
    5: "unavailable",
    6: "ringing",
    7: "in_use",  # in a call and ringing for another
    8: "on_hold",
}
"""``enum ast_device_state`` (include/asterisk/devicestate.h), as queue events number it."""

DEVICE_STATES: dict[str, DeviceState] = {
    "UNKNOWN": "unknown",
    "NOT_INUSE": "idle",
    "INUSE": "in_use",
    "BUSY": "busy",
    "INVALID": "invalid",
    "UNAVAILABLE": "unavailable",
    "RINGING": "ringing",
    "RINGINUSE": "in_use",
    "ONHOLD": "on_hold",
}

_NO_PHONES = ("Local/", "hint:", "Custom:", "Queue:")


class Members:
    """Who is a member of which queue, and what every own device does."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._members: dict[tuple[str, str], MemberSeen] = {}
        """By queue and interface."""
        self._phones: dict[str, str] = {}
        """The phone behind a member's interface."""
        self._interfaces: dict[str, list[str]] = {}
        """By device: an interface for each membership."""
        self._states: dict[str, DeviceState] = {}

    def owns(self, device: str) -> bool:
        """An own phone: a queue has it as a member, or its name says so."""
        return device in self._interfaces or self._own(device)

    def phone_behind(self, interface: str) -> str | None:
        """The phone that rings when a queue dials this interface; ``None`` while unknown."""
        phone = self._phones.get(interface, interface)
        return None if phone.startswith(_NO_PHONES) else phone

    def interfaces(self, device: str) -> tuple[str, ...]:
        """The interfaces under which queues know a device: what QueuePause wants to be told."""
        return tuple(dict.fromkeys(self._interfaces.get(device, ())))

    def seen(self, packet: Packet, at: float) -> list[Event]:
        """QueueMember, QueueMemberAdded, QueueMemberStatus or QueueMemberPause."""
        queue = packet.get("Queue")
        interface = packet.get("Interface") or packet.get("Location")
        if not queue or not interface:
            return []
        behind = packet.get("StateInterface")
        if behind and interface.startswith("Local/"):
            self._phones[interface] = behind
        device = self.phone_behind(interface) or interface
        name = clean_name(packet.get("MemberName") or packet.get("Name"))
        member = MemberSeen(
            at=at,
            queue=queue,
            device=device,
            name=name or device,
            paused=packet.get("Paused") == "1",
            state=MEMBER_STATES.get(number_in(packet.get("Status")) or 0, "unknown"),
        )
        known = self._members.get((queue, interface))
        if known is not None and _same(known, member):
            return []
        events: list[Event] = []
        if known is not None and known.device != device:
            events.append(MemberGone(at=at, queue=queue, device=known.device))
        if known is None or known.device != device:
            if known is not None:
                self._forget(known.device, interface)
            self._interfaces.setdefault(device, []).append(interface)
        self._members[queue, interface] = member
        events.append(member)
        return events

    def removed(self, packet: Packet, at: float) -> list[Event]:
        """QueueMemberRemoved."""
        interface = packet.get("Interface") or packet.get("Location") or ""
        return self._gone((packet.get("Queue") or "", interface), at)

    def _gone(self, key: tuple[str, str], at: float) -> list[Event]:
        known = self._members.pop(key, None)
        if known is None:
            return []
        self._forget(known.device, key[1])
        if all(interface != key[1] for _, interface in self._members):
            self._phones.pop(key[1], None)
        return [MemberGone(at=at, queue=known.queue, device=known.device)]

    def _forget(self, device: str, interface: str) -> None:
        interfaces = self._interfaces[device]
        interfaces.remove(interface)
        if not interfaces:
            del self._interfaces[device]

    def device(self, packet: Packet, at: float) -> list[Event]:
        """DeviceStateChange: told about own phones only."""
        device = packet.get("Device")
        state = DEVICE_STATES.get(packet.get("State") or "")
        if not device or state is None or device.startswith(_NO_PHONES) or not self.owns(device):
            return []
        if self._states.get(device) == state:
            return []
        self._states[device] = state
        return [DeviceChanged(at=at, device=device, state=state)]

    def all_members(self, packets: Iterable[Packet], at: float) -> list[Event]:
        """A complete list of members: those not in it are gone."""
        events: list[Event] = []
        listed = set()
        for packet in packets:
            listed.add((packet.get("Queue"), packet.get("Interface") or packet.get("Location")))
            events += self.seen(packet, at)
        for key in [key for key in self._members if key not in listed]:
            events += self._gone(key, at)
        return events


def _same(one: MemberSeen, other: MemberSeen) -> bool:
    return (one.device, one.name, one.paused, one.state) == (
        other.device,
        other.name,
        other.paused,
        other.state,
    )
