"""How fast AMI events are read: this project's decoder, asterisk-ami and panoramisk, side by side.

Run with ``python benchmarks/ami_decoding.py``. All readers get the same bytes in one process,
round by round in turn, and are timed in process CPU; each must see every event, or the run fails.
asterisk-ami reads 1024 bytes at a time as it ships, the others get what an event loop reads.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import logging
import platform
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from asterisk.ami import AMIClient  # noqa: E402
from panoramisk.ami_protocol import AMIProtocol  # noqa: E402
from panoramisk.manager import Manager  # noqa: E402

from telephony.wire import Decoder  # noqa: E402

LOOP_READ = 65_536
GREETING = b"Asterisk Call Manager/11.0.0\r\n"

# Share of each event in a busy queue installation, in percent.
MIX = {
    "VarSet": 26,
    "Newexten": 11,
    "Newstate": 7,
    "QueueMemberStatus": 6,
    "DeviceStateChange": 5,
    "Newchannel": 4,
    "Hangup": 4,
    "BridgeEnter": 4,
    "BridgeLeave": 4,
    "BridgeCreate": 1,
    "BridgeDestroy": 1,
    "AgentCalled": 2,
    "AgentConnect": 2,
    "AgentComplete": 2,
    "DialBegin": 2,
    "DialEnd": 2,
    "QueueCallerJoin": 2,
    "QueueCallerLeave": 2,
    "MusicOnHoldStart": 2,
    "MusicOnHoldStop": 2,
    "Hold": 1,
    "NewConnectedLine": 5,
    "NewCallerid": 3,
}
WANTED = frozenset({"Newchannel", "Hangup", "BridgeEnter", "BridgeLeave", "AgentCalled"})
EIGHT = (
    "Channel",
    "ChannelState",
    "CallerIDNum",
    "CallerIDName",
    "Exten",
    "Uniqueid",
    "Linkedid",
    "Timestamp",
)
VALUES = ("TIMEOUT", "1", "", "sales,,,,30", "PJSIP/1001", "sip:a@127.0.0.1: x", 'a \\"b\\"', "2")
NAMES = ("Grace Hopper", "Miles O\\'Brien", "王小明", "José Núñez", "Müller GmbH", "<unknown>")


# --- the bytes ------------------------------------------------------------------------------------


def generated(count: int, seed: int) -> bytes:
    """`count` events of the mix, as Asterisk 22 prints them."""
    rng = random.Random(seed)
    names = rng.choices(list(MIX), list(MIX.values()), k=count)
    return b"".join(_event(rng, name, i) for i, name in enumerate(names))


def _channel(rng: random.Random, prefix: str = "") -> list[tuple[str, object]]:
    call = rng.randrange(100_000)
    fields = {
        "Channel": f"PJSIP/trunk-{call:08x}",
        "ChannelState": 6,
        "ChannelStateDesc": "Up",
        "CallerIDNum": f"+4420{rng.randrange(10**8):08d}",
        "CallerIDName": rng.choice(NAMES),
        "ConnectedLineNum": rng.choice(("1001", "<unknown>")),
        "ConnectedLineName": rng.choice(NAMES),
        "Language": "en",
        "AccountCode": "",
        "Context": "from-trunk",
        "Exten": "500",
        "Priority": rng.randrange(1, 9),
        "Uniqueid": f"1795312952.{call}",
        "Linkedid": f"1795312952.{call // 2}",
    }
    return [(prefix + key, value) for key, value in fields.items()]


def _bridge(rng: random.Random) -> list[tuple[str, object]]:
    return [
        ("BridgeUniqueid", f"{rng.getrandbits(128):032x}"),
        ("BridgeType", "basic"),
        ("BridgeTechnology", "simple_bridge"),
        ("BridgeCreator", "<unknown>"),
        ("BridgeName", "<unknown>"),
        ("BridgeNumChannels", 2),
        ("BridgeVideoSourceMode", "none"),
    ]


def _own(rng: random.Random, name: str) -> list[tuple[str, object]]:
    if name == "QueueMemberStatus":
        return [
            ("Queue", "sales"),
            ("MemberName", "Ann"),
            ("Interface", "PJSIP/1001"),
            ("StateInterface", "PJSIP/1001"),
            ("Membership", "static"),
            ("Penalty", 0),
            ("CallsTaken", rng.randrange(100)),
            ("LastCall", 1795312000),
            ("LastPause", 0),
            ("LoginTime", 1795300000),
            ("InCall", 0),
            ("Status", rng.randrange(1, 7)),
            ("Paused", 0),
            ("PausedReason", ""),
            ("Ringinuse", 0),
            ("Wrapuptime", 10),
        ]
    if name == "DeviceStateChange":
        return [("Device", "PJSIP/1001"), ("State", "RINGING")]
    if name in ("BridgeCreate", "BridgeDestroy"):
        return _bridge(rng)
    if name in ("BridgeEnter", "BridgeLeave"):
        return _bridge(rng) + _channel(rng)
    fields = _channel(rng)
    if name.startswith(("Agent", "Dial")):
        fields += _channel(rng, "Dest")
    extra: dict[str, list[tuple[str, object]]] = {
        "VarSet": [("Variable", "QUEUESTATUS"), ("Value", rng.choice(VALUES))],
        "Newexten": [("Extension", "500"), ("Application", "Queue"), ("AppData", "sales,,,,30")],
        "Hangup": [("Cause", 16), ("Cause-txt", "Normal Clearing")],
        "QueueCallerJoin": [("Queue", "sales"), ("Position", 1), ("Count", 1)],
        "QueueCallerLeave": [("Queue", "sales"), ("Count", 0), ("Position", 1)],
        "NewCallerid": [("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")],
    }
    return fields + extra.get(name, [])


def _event(rng: random.Random, name: str, i: int) -> bytes:
    fields = [
        ("Event", name),
        ("Privilege", "call,all"),
        ("Timestamp", f"1795312952.{i % 10**6:06d}"),
        *_own(rng, name),
    ]
    return ("".join(f"{key}: {value}\r\n" for key, value in fields) + "\r\n").encode()


def recorded(count: int) -> bytes:
    """The recordings of a real Asterisk in tests/replays, events only, repeated to `count`."""
    events = [
        packet.raw + b"\r\n\r\n"
        for path in sorted((ROOT / "tests" / "replays").glob("*.ami"))
        for packet in Decoder().feed(path.read_bytes())
        if packet.raw.startswith(b"Event: ") and packet.name != "Shutdown"
    ]
    if not events:
        raise SystemExit("tests/replays holds no recordings")
    return b"".join((events * (count // len(events) + 1))[:count])


# --- the readers ----------------------------------------------------------------------------------


def ours_parsed(data: bytes, read: int = LOOP_READ) -> int:
    """Every header of every event found, and two of them looked up, as the other readers do."""
    decoder, seen = Decoder(), 0
    for start in range(0, len(data), read):
        for packet in decoder.feed(data[start : start + read]):
            packet.get("Uniqueid")
            packet.get("Linkedid")
            seen += 1
    return seen


def ours_parsed_small_reads(data: bytes) -> int:
    """The same with asterisk-ami's reads of 1024 bytes."""
    return ours_parsed(data, 1024)


def ours_eight(data: bytes) -> int:
    """Eight headers looked up, as the call tracker does with a channel."""
    decoder, seen = Decoder(), 0
    for start in range(0, len(data), LOOP_READ):
        for packet in decoder.feed(data[start : start + LOOP_READ]):
            for header in EIGHT:
                packet.get(header)
            seen += 1
    return seen


def ours_copied(data: bytes) -> int:
    """All headers of each event copied to a new dict, unescaped, and two looked up there."""
    decoder, seen = Decoder(), 0
    for start in range(0, len(data), LOOP_READ):
        for packet in decoder.feed(data[start : start + LOOP_READ]):
            headers = packet.as_dict()
            headers.get("Uniqueid")
            headers.get("Linkedid")
            seen += 1
    return seen


def ours_unread(data: bytes) -> int:
    """Every event delivered with its name, no header asked for."""
    decoder, seen = Decoder(), 0
    for start in range(0, len(data), LOOP_READ):
        for packet in decoder.feed(data[start : start + LOOP_READ]):
            seen += packet.name != ""
    return seen


def ours_filtered(data: bytes) -> int:
    """Five names wanted and read fully, the rest skipped."""
    decoder, seen = Decoder(wanted=WANTED), 0
    for start in range(0, len(data), LOOP_READ):
        for packet in decoder.feed(data[start : start + LOOP_READ]):
            packet.get("Uniqueid")
            packet.get("Linkedid")
            seen += 1
    return seen + decoder.skipped


class MemorySocket:
    """What asterisk-ami's client needs of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def recv(self, size: int) -> bytes:
        start = self._at
        self._at = start + size
        return self._data[start : self._at]

    def close(self) -> None:
        pass


def asterisk_ami(data: bytes) -> int:
    """asterisk-ami's own client, reading 1024 bytes at a time, with one event listener."""
    seen = [0]

    def listener(event: Any, source: Any) -> None:
        event.keys.get("Uniqueid")
        event.keys.get("Linkedid")
        seen[0] += 1

    client = AMIClient()
    client.add_event_listener(listener)
    client._socket = MemorySocket(GREETING + data)
    client.finished = threading.Event()
    client.listen()
    return seen[0]


class NullTransport:
    """What panoramisk's protocol needs of a transport."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def panoramisk(data: bytes) -> int:
    """panoramisk's own protocol and manager with one callback for all events."""
    seen = [0]

    def callback(manager: Any, event: Any) -> None:
        event.get("Uniqueid")
        event.get("Linkedid")
        seen[0] += 1

    manager = Manager(encoding="utf-8")
    manager.register_event("*", callback)
    protocol = AMIProtocol()
    protocol.connection_made(NullTransport())
    protocol.encoding = "utf-8"
    protocol.factory = manager
    protocol.data_received(GREETING + b"\r\n")
    for start in range(0, len(data), LOOP_READ):
        protocol.data_received(data[start : start + LOOP_READ])
    return seen[0]


READERS: tuple[tuple[str, Callable[[bytes], int]], ...] = (
    ("this project, every event parsed, 2 headers looked up", ours_parsed),
    ("the same, 1024-byte reads", ours_parsed_small_reads),
    ("the same, 8 headers looked up", ours_eight),
    ("the same, all headers copied to a new dict", ours_copied),
    ("this project, events nobody reads", ours_unread),
    ("this project, 5 names wanted", ours_filtered),
    ("asterisk-ami", asterisk_ami),
    ("panoramisk", panoramisk),
)


# --- the measurement ------------------------------------------------------------------------------


def measure(data: bytes, count: int, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each reader in each round. Raises SystemExit if one misses an event."""
    times: dict[str, list[float]] = {name: [] for name, _ in READERS}
    for _ in range(rounds):
        for name, reader in READERS:
            start = time.process_time()
            seen = reader(data)
            times[name].append(time.process_time() - start)
            if seen != count:
                raise SystemExit(f"{name} saw {seen} of {count} events")
    return times


def table(times: dict[str, list[float]], data: bytes, count: int) -> str:
    """Markdown: best and median speed, and the ratios of the medians."""
    median = {name: statistics.median(values) for name, values in times.items()}
    lines = [
        "| reader | events/s, best | events/s, median | µs/event | MB/s "
        "| × asterisk-ami | × panoramisk |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, values in times.items():
        middle = median[name]
        lines.append(
            f"| {name} | {count / min(values):,.0f} | {count / middle:,.0f} "
            f"| {middle / count * 1e6:.2f} | {len(data) / middle / 1e6:.0f} "
            f"| {median['asterisk-ami'] / middle:.2f} | {median['panoramisk'] / middle:.2f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """Where and when this was measured."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("asterisk-ami", "panoramisk")
    )
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{today}, {cpu}, Python {platform.python_version()}, {versions}"


def main() -> None:
    """Measure both streams and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000, help="events per stream")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds")
    parser.add_argument("--seed", type=int, default=1, help="of the generated stream")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(machine())
    streams = {
        f"generated, seed {options.seed}": generated(options.events, options.seed),
        "recorded on Asterisk 22, repeated": recorded(options.events),
    }
    for title, data in streams.items():
        headers = data.count(b"\r\n") / options.events - 1
        print(
            f"\n{title}: {options.events} events, {len(data) / 1e6:.1f} MB, "
            f"{len(data) / options.events:.0f} bytes and {headers:.1f} headers an event, "
            f"{options.rounds} rounds\n"
        )
        times = measure(data, options.events, options.rounds)
        print(table(times, data, options.events))


if __name__ == "__main__":
    main()
