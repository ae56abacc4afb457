"""Two AMI streams of one scenario, brought to a form in which they must be equal.

Asterisk sends from many threads, so the order between two channels is left to chance; within one
channel, one device or one member it is not. A stream is therefore taken apart into one sequence
for each of them. Numbers that differ from run to run (times, ids, ports) are replaced by what they
stand for. What is not compared at all is listed in LEFT_OUT, with the reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEFT_OUT = {
    "TestEvent": "only a build for tests sends it",
    "RTCPSent": "a report on sound, every few seconds",
    "RTCPReceived": "a report on sound, every few seconds",
    "ContactStatus": "registrations of phones are not simulated",
    "PeerStatus": "registrations of phones are not simulated",
    "FullyBooted": "compared with the login",
}
LEFT_OUT_VARIABLES = re.compile(
    # Sent again each time the bridge is reconfigured, which is a matter of chance.
    r"BRIDGEPEER|BRIDGEPVTCALLID"
    # Statistics of sound; the far side of a hang-up races with the bridge that comes apart.
    r"|RTPAUDIOQOS\w*"
    # The engine's sign of life, by a clock of its own.
    r"|CC_BEAT"
)
LEFT_OUT_DEVICES = re.compile(
    # Sent several times for one state, as often as the two halves happen to be asked.
    r"Local/.*"
)
LEFT_OUT_OF_LOCAL = frozenset({"HangupRequest", "CHANLOCALSTATUS"})
"""Of a Local channel: sent for whichever half is asked first."""
APART = frozenset({"AgentComplete", "OriginateResponse"})
"""Sent by threads of their own, after the fact: a sequence each."""
VOLATILE = frozenset(
    {
        "Timestamp", "LoginTime", "LastCall", "LastPause", "TalkTime", "HoldTime", "RingTime",
        "Duration", "Wait", "Id", "BridgeTechnology", "BridgeVideoSourceMode", "ActionID",
        "InCall",
    }
)  # fmt: skip
"""Headers whose values depend on the clock, or on how fast the machine is."""
VOLATILE_OF_EVENT = frozenset(
    {
        (name, header)
        for name in ("DialState", "AgentCalled")
        for header in ("DestChannelState", "DestChannelStateDesc")
    }
    | {
        ("DialBegin", f"Dest{header}")
        for header in (
            "ChannelState",
            "ChannelStateDesc",
            "ConnectedLineNum",
            "ConnectedLineName",
            "Exten",
        )
    }
)
"""The phone's own thread may or may not have got that far."""
VOLATILE_VARIABLES = re.compile(
    r"(ANSWEREDTIME|DIALEDTIME|RINGTIME|QUEUEWAIT|QEHOLDTIME|PROGRESSTIME|MEMBERLASTCALL)(_MS)?"
    r"|CC_LAST|CC_SEEN"
)
_TIMES_IN_DATA = re.compile(r"(CC_LAST|CC_SEEN)=\w[\w.]*")
_ID = re.compile(r"(Dest|LocalOne|LocalTwo|Source|Swap|Dest)?(Uniqueid|UniqueId|Linkedid)$")


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    headers: tuple[tuple[str, str], ...]
    at: float

    def get(self, key: str) -> str:
        return next((value for name, value in self.headers if name == key), "")


def events(stream: bytes) -> list[Event]:
    """The events of a stream, without answers and items of lists."""
    found = []
    for block in stream.decode("utf-8", "replace").split("\r\n\r\n"):
        lines = [line for line in block.split("\r\n") if line]
        if lines and lines[0].startswith("Asterisk Call Manager"):
            lines = lines[1:]
        if not lines or not lines[0].startswith("Event: "):
            continue
        pairs = [line.partition(": ")[::2] for line in lines]
        headers = tuple((key.rstrip(":"), value) for key, value in pairs)
        names = dict(headers)
        if "ActionID" in names and "Privilege" not in names:
            continue
        found.append(Event(names["Event"], headers, float(names.get("Timestamp") or 0)))
    return found


def compared(stream: Iterable[Event]) -> list[Event]:
    """Without what is left out."""
    return [
        event
        for event in stream
        if event.name not in LEFT_OUT
        and not (event.name == "VarSet" and LEFT_OUT_VARIABLES.fullmatch(event.get("Variable")))
        and not (
            event.name == "DeviceStateChange" and LEFT_OUT_DEVICES.fullmatch(event.get("Device"))
        )
        and not (
            event.get("Channel").startswith("Local/")
            and not LEFT_OUT_OF_LOCAL.isdisjoint((event.name, event.get("Variable")))
        )
    ]


class Names:
    """What the ids and channel names of one stream stand for: ``PJSIP/1001#1`` is its first."""

    def __init__(self, stream: Iterable[Event]) -> None:
        self._roles: dict[str, str] = {}
        self._channels: dict[str, str] = {}
        count: dict[str, int] = defaultdict(int)
        for event in stream:
            if event.name == "Newchannel":
                channel = event.get("Channel")
                stem = re.sub(r"-[0-9a-f]{8}(?=;|$)", "", channel)
                count[stem] += 1
                role = f"{stem}#{count[stem]}"
                self._roles[event.get("Uniqueid")] = role
                self._channels[channel] = role

    def role(self, uniqueid: str) -> str:
        return self._roles.get(uniqueid, uniqueid)

    def text(self, value: str) -> str:
        for channel, role in self._channels.items():
            if channel in value:
                value = value.replace(channel, role)
        return value


def subject(event: Event, names: Names) -> str:
    """Whose sequence an event belongs to."""
    if event.name.startswith("QueueMember"):
        return f"member {event.get('Queue')} {event.get('Interface')}"
    if event.name == "DeviceStateChange":
        return f"device {event.get('Device')}"
    if event.name in APART:
        return f"{event.name}s"
    for key in ("Uniqueid", "LocalOneUniqueid"):
        if event.get(key):
            return names.role(event.get(key))
    if event.get("DestUniqueid"):  # dialled by nobody: AMI's Originate
        return f"dialling {names.role(event.get('DestUniqueid'))}"
    if event.name.startswith("Bridge"):
        return f"{event.name}s"
    return event.name


def sequences(stream: bytes) -> Mapping[str, list[tuple[str, ...]]]:
    """For each subject its events: name, then each header with what its value stands for."""
    found = events(stream)
    names = Names(found)
    result: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for event in compared(found):
        result[subject(event, names)].append(
            (event.name, *(_header(event, key, value, names) for key, value in event.headers[1:]))
        )
    return result


def _header(event: Event, key: str, value: str, names: Names) -> str:
    if key in VOLATILE or key == "BridgeUniqueid" or (event.name, key) in VOLATILE_OF_EVENT:
        return key
    if event.name == "VarSet" and key == "Value":
        variable = event.get("Variable")
        if value and VOLATILE_VARIABLES.fullmatch(variable):
            return f"{key}: a time"
    if key == "AppData":
        value = _TIMES_IN_DATA.sub(r"\1=a time", value)
    if _ID.match(key):
        return f"{key}: {names.role(value)}"
    return f"{key}: {names.text(value)}"


def order(stream: bytes, apart: float = 0.05) -> set[tuple[str, str]]:
    """Pairs of events (subject and name) of which one came `apart` seconds or more before the
    other: an order that is not left to chance."""
    found = compared(events(stream))
    names = Names(events(stream))
    seen: dict[str, float] = {}
    count: dict[str, int] = defaultdict(int)
    for event in found:
        label = f"{subject(event, names)} {event.name}"
        count[label] += 1
        seen[f"{label} {count[label]}"] = event.at
    return {
        (first, second)
        for first, at in seen.items()
        for second, later in seen.items()
        if later - at >= apart
    }


def shapes(stream: bytes) -> Mapping[str, set[tuple[str, ...]]]:
    """For each event name the header sequences it came with."""
    result: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for event in events(stream):
        if event.name not in LEFT_OUT:
            result[event.name].add(tuple(key for key, _ in event.headers))
    return result
