"""Plays a recorded AMI stream to the tracker, as the link would, and writes down what it tells.

``python -m tests.replays.playing NAME`` prints the events of a recording in the form of the
``NAME.events.json`` next to it, for somebody to hold against README.md before it is kept: those
files say what is right, not what the tracker did last.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from callcenter.codec import encode_text
from callcenter.floor.events import Event
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.tracker import Tracker
from telephony.wire import Decoder

HERE = Path(__file__).parent
RECORDINGS = sorted(path.stem for path in HERE.glob("*.ami"))

_LISTS = {
    "CoreShowChannel": "channels",
    "BridgeListItem": "bridges",
    "QueueParams": "queues",
    "QueueMember": "members",
    "QueueEntry": "entries",
    "DeviceStateChange": "device_states",
}


def packets(name: str) -> list[Packet]:
    return Decoder().feed((HERE / f"{name}.ami").read_bytes())


def time_of(packet: Packet) -> float:
    return float(packet.get("Timestamp") or 0.0)


def play(stream: Iterable[Packet], tracker: Tracker | None = None) -> tuple[list[Event], Tracker]:
    """The events of a stream. The lists in it that make a snapshot are given as one, when the last
    of them is complete."""
    tracker = tracker if tracker is not None else Tracker()
    events: list[Event] = []
    lists: dict[str, list[Packet]] = {}
    at = 0.0
    for packet in stream:
        at = max(at, time_of(packet))
        if "ActionID" not in packet:
            events += tracker.receive(packet, at)
        elif packet.name == "DeviceStateListComplete":
            items = {field: tuple(items) for field, items in lists.items()}
            missing = frozenset(_LISTS.values()) - items.keys() - {"bridges", "entries"}
            events += tracker.snapshot(Snapshot(**items, missing=missing), at)
            lists = {}
        elif packet.name in _LISTS:
            lists.setdefault(_LISTS[packet.name], []).append(packet)
    return events, tracker


def plain(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events without times, and with calls and legs numbered as they first appear, so that they
    are the same when the scenario is recorded again."""
    numbers: dict[str, str] = {}
    written = []
    for event in events:
        fields = json.loads(encode_text(event))
        fields.pop("at", None)
        for key in ("call", "absorbed", "leg"):
            if fields.get(key) is not None:
                kind = "leg" if key == "leg" else "call"
                count = sum(known.startswith(kind) for known in numbers.values()) + 1
                fields[key] = numbers.setdefault(f"{kind} {fields[key]}", f"{kind} {count}")
        written.append({key: value for key, value in fields.items() if value is not None})
    return written


def written(events: Iterable[Event]) -> str:
    lines = [json.dumps(one, ensure_ascii=False) for one in plain(events)]
    return "[\n " + ",\n ".join(lines) + "\n]\n" if lines else "[]\n"


if __name__ == "__main__":
    for recording in sys.argv[1:]:
        sys.stdout.write(written(play(packets(recording))[0]))
