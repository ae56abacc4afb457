"""All that is live in the exchange at one moment, as the exchange tells it.

Pure. It must not decide what has changed since the last one; that is the tracker's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asterisk.ami.action import Action, SimpleAction

from telephony.answers import Answer, Result
from telephony.packet import Packet

# Channels come first: whatever is made while the other lists are written comes as an event after
# them, and the tracker applies events twice without harm.
ACTIONS = (
    "CoreStatus",
    "CoreSettings",
    "CoreShowChannels",
    "BridgeList",
    "QueueStatus",
    "DeviceStateList",
)


def snapshot_actions() -> list[Action]:
    """The actions whose answers make a snapshot, in the order to send them."""
    return [SimpleAction(name) for name in ACTIONS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One picture of the exchange; the packets are the items of the lists, in Asterisk's order.

    `channels`: CoreShowChannel, whose ``BridgeId`` says in which bridge it is; `bridges`:
    BridgeListItem; `queues`: QueueParams; `members`: QueueMember (``Name``, ``Location``);
    `entries`: QueueEntry; `device_states`: DeviceStateChange.
    `missing`: the fields above that the exchange did not tell, so that an empty one there does not
    mean "none"; `startup` and `version` may be in it too.
    `restarted`: Asterisk was started anew since the last snapshot, so all earlier calls are gone;
    False for the first one. `startup`: its start in its own local time, "2026-11-22 01:40:05".
    """

    channels: tuple[Packet, ...] = ()
    bridges: tuple[Packet, ...] = ()
    queues: tuple[Packet, ...] = ()
    members: tuple[Packet, ...] = ()
    entries: tuple[Packet, ...] = ()
    device_states: tuple[Packet, ...] = ()
    missing: frozenset[str] = frozenset()
    restarted: bool = False
    startup: str | None = None
    version: str | None = None


_FIELDS = {
    "CoreStatus": ("startup",),
    "CoreSettings": ("version",),
    "CoreShowChannels": ("channels",),
    "BridgeList": ("bridges",),
    "QueueStatus": ("queues", "members", "entries"),
    "DeviceStateList": ("device_states",),
}


def build_snapshot(
    results: Mapping[str, Result], last_startup: str | None, *, booted: bool = False
) -> Snapshot:
    """The snapshot out of the answers, by action; an error leaves its fields missing.

    `booted`: the end of the exchange's boot was seen since the last snapshot. Its start-up time
    tells a restart too, but only to the second.
    """
    missing = {
        field
        for action, fields in _FIELDS.items()
        if not isinstance(results.get(action), Answer)
        for field in fields
    }
    startup = _startup(results.get("CoreStatus"))
    version = _header(results.get("CoreSettings"), "AsteriskVersion")
    return Snapshot(
        channels=_items(results, "CoreShowChannels", "CoreShowChannel"),
        bridges=_items(results, "BridgeList", "BridgeListItem"),
        queues=_items(results, "QueueStatus", "QueueParams"),
        members=_items(results, "QueueStatus", "QueueMember"),
        entries=_items(results, "QueueStatus", "QueueEntry"),
        device_states=_items(results, "DeviceStateList", "DeviceStateChange"),
        missing=frozenset(missing),
        restarted=last_startup is not None
        and startup is not None
        and (booted or startup != last_startup),
        startup=startup,
        version=version,
    )


def _items(results: Mapping[str, Result], action: str, name: str) -> tuple[Packet, ...]:
    result = results.get(action)
    if not isinstance(result, Answer):
        return ()
    return tuple(item for item in result.items if item.name == name)


def _header(result: Result | None, header: str) -> str | None:
    return result.response.get(header) if isinstance(result, Answer) else None


def _startup(result: Result | None) -> str | None:
    date = _header(result, "CoreStartupDate")
    time = _header(result, "CoreStartupTime")
    return f"{date} {time}" if date and time else None
