"""What an AMI account must be allowed, and the words for what it is not.

Pure. Asterisk has no question "what may I see"; a class that is missing looks like silence. So this
watches what does arrive and compares it with what a snapshot says must have arrived.
"""

from __future__ import annotations

from collections.abc import Collection

from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.waiting import in_line

# The class that each action of ours needs in "write"; reporting is one of several for its four
# (the registrations in main/manager.c, main/devicestate.c and apps/app_queue.c).
NEEDED = {
    "CoreStatus": "reporting",
    "CoreSettings": "reporting",
    "CoreShowChannels": "reporting",
    "DeviceStateList": "reporting",
    "Hangup": "call",
    "Originate": "originate",
    "QueuePause": "agent",
    "Redirect": "call",
    "Setvar": "call",
    "Getvar": "call",
    "MixMonitorMute": "call",
    "PlayDTMF": "call",
}
_LOST = {
    "call": "calls on the exchange are not seen",
    "agent": "callers and members of queues are not seen",
    "user": "callers whose agent the engine chooses are seen a minute late",
}


def denied(actions: Collection[str], user: str) -> list[str]:
    """What to change so that the account may do these actions: a sentence for each class."""
    by_class: dict[str, list[str]] = {}
    for action in actions:
        by_class.setdefault(NEEDED.get(action, "the class it needs"), []).append(action)
    return [
        f"the exchange denies {', '.join(names)} to user [{user}]: "
        f"in manager.conf add {name} to the line 'write = ...' of [{user}]"
        for name, names in by_class.items()
    ]


class Watch:
    """The classes of events one connection was seen to get."""

    def __init__(self) -> None:
        self._unseen = {b"call", b"agent"}
        self._known: dict[str, frozenset[str]] = {}
        self._missing: dict[str, None] = {}
        self._distributes = False

    def see(self, packet: Packet) -> None:
        """Take note of an event's class; costs nothing once all were seen."""
        if not self._unseen:
            return
        start = packet.raw.find(b"\r\nPrivilege: ")
        if start >= 0:
            end = packet.raw.find(b"\r\n", start + 2)
            classes = packet.raw[start + 13 : end if end > 0 else None].split(b",")
            self._unseen.difference_update(classes)

    def compare(self, snapshot: Snapshot) -> None:
        """New channels or waiting callers since the last snapshot, and no event told of them?"""
        callers = in_line(snapshot)
        if callers and not self._distributes:
            # Only where callers wait for the engine does the dialplan tell it anything.
            self._distributes = True
            self._known["user"] = frozenset(packet.get("Uniqueid", "") for packet in callers)
            self._unseen.add(b"user")
        for name, field, packets in (
            ("call", "channels", snapshot.channels),
            ("agent", "entries", snapshot.entries),
            ("user", "channels", callers),
        ):
            if field in snapshot.missing:
                self._known.pop(name, None)
                continue
            now = frozenset(packet.get("Uniqueid", "") for packet in packets)
            if now - self._known.get(name, now) and name.encode() in self._unseen:
                self._missing[name] = None
            self._known[name] = now

    def warnings(self, user: str) -> list[str]:
        """One sentence for each class that seems to be missing."""
        return [
            f"no event of class {name} arrives, so {_LOST[name]}: "
            f"in manager.conf add {name} to the line 'read = ...' of user [{user}]"
            for name in self._missing
            if name.encode() in self._unseen
        ]
