"""How fast AMI events are read: this project's decoder, asterisk-ami and panoramisk, side by side.

    python -m benchmarks.ami_decoding [--events 50000] [--rounds 7] [--seed 1]

All readers get the same bytes in one process and are timed in process CPU. They take turns after
every 2,500 events, so that whatever else the machine does slows all alike; each must see every
event, or the run fails. asterisk-ami reads 1024 bytes at a time as it ships (it is slower with
more), the others get what an event loop reads. In each round all start anew.

The promise is about equal work: both peers make a new dict of all headers for each event, and so
does ``Packet.as_dict``, which also undoes the escapes of Asterisk. The keys of every event are
compared with asterisk-ami's before the clock starts. Our own tracker needs no dict: it asks a
packet for a few headers or none. Ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import logging
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from asterisk.ami import AMIClient
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from benchmarks.ami_events import generated, recorded
from telephony.wire import Decoder

LOOP_READ = 65_536
PORTION = 2_500  # events between two turns
GREETING = b"Asterisk Call Manager/11.0.0\r\n"

WANTED = frozenset({"Newchannel", "Hangup", "BridgeEnter", "BridgeLeave", "AgentCalled"})
EIGHT = (
    "Channel",
    "ChannelState",
    "CallerIDNum",
    "CallerIDName",
    "Exten",
    "Timestamp",
    "Uniqueid",
    "Linkedid",
)


# --- the readers ----------------------------------------------------------------------------------


Reader = Callable[[Iterable[bytes]], Iterator[int]]
"""Reads the portions of one connection's stream; says of each how many events it had."""


def reads(portion: bytes, size: int = LOOP_READ) -> Iterator[bytes]:
    """The portion as a socket gives it."""
    return (portion[start : start + size] for start in range(0, len(portion), size))


def ours_dict(portions: Iterable[bytes], size: int = LOOP_READ) -> Iterator[int]:
    """A new dict of all headers for every event, and two looked up there."""
    decoder = Decoder()
    for portion in portions:
        seen = 0
        for data in reads(portion, size):
            for packet in decoder.feed(data):
                headers = packet.as_dict()
                headers.get("Uniqueid")
                headers.get("Linkedid")
                seen += 1
        yield seen


def ours_dict_small_reads(portions: Iterable[bytes]) -> Iterator[int]:
    """The same with asterisk-ami's reads of 1024 bytes."""
    return ours_dict(portions, 1024)


def ours_looked_up(portions: Iterable[bytes], headers: Sequence[str]) -> Iterator[int]:
    """Every header of every event found, none copied, and these looked up."""
    decoder = Decoder()
    for portion in portions:
        seen = 0
        for data in reads(portion):
            for packet in decoder.feed(data):
                for header in headers:
                    packet.get(header)
                seen += 1
        yield seen


def ours_two(portions: Iterable[bytes]) -> Iterator[int]:
    """Two headers looked up."""
    return ours_looked_up(portions, EIGHT[-2:])


def ours_eight(portions: Iterable[bytes]) -> Iterator[int]:
    """Eight headers looked up, as the call tracker does with a channel."""
    return ours_looked_up(portions, EIGHT)


def ours_unread(portions: Iterable[bytes]) -> Iterator[int]:
    """Every event delivered with its name, no header asked for."""
    decoder = Decoder()
    for portion in portions:
        seen = 0
        for data in reads(portion):
            for packet in decoder.feed(data):
                seen += packet.name != ""
        yield seen


def ours_filtered(portions: Iterable[bytes]) -> Iterator[int]:
    """Five names wanted, two headers of these looked up; the rest skipped."""
    decoder = Decoder(wanted=WANTED)
    for portion in portions:
        seen = -decoder.skipped
        for data in reads(portion):
            for packet in decoder.feed(data):
                packet.get("Uniqueid")
                packet.get("Linkedid")
                seen += 1
        yield seen + decoder.skipped


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


def asterisk_ami(portions: Iterable[bytes]) -> Iterator[int]:
    """asterisk-ami's own client, reading 1024 bytes at a time, with one event listener."""
    seen = 0

    def listener(event: Any, source: Any) -> None:
        nonlocal seen
        event.keys.get("Uniqueid")
        event.keys.get("Linkedid")
        seen += 1

    for portion in portions:
        seen = 0
        asterisk_ami_listen(portion, listener)
        yield seen


def asterisk_ami_listen(data: bytes, listener: Callable[[Any, Any], None]) -> None:
    """Let asterisk-ami's client read `data`."""
    client = AMIClient()
    client.add_event_listener(listener)
    client._socket = MemorySocket(GREETING + data)
    client.finished = threading.Event()
    client.listen()


class NullTransport:
    """What panoramisk's protocol needs of a transport."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def panoramisk(portions: Iterable[bytes]) -> Iterator[int]:
    """panoramisk's own protocol and manager with one callback for all events."""
    seen = 0

    def callback(manager: Any, event: Any) -> None:
        nonlocal seen
        event.get("Uniqueid")
        event.get("Linkedid")
        seen += 1

    manager = Manager(encoding="utf-8")
    manager.register_event("*", callback)
    protocol = AMIProtocol()
    protocol.connection_made(NullTransport())
    protocol.encoding = "utf-8"
    protocol.factory = manager
    protocol.data_received(GREETING + b"\r\n")
    for portion in portions:
        seen = 0
        for data in reads(portion):
            protocol.data_received(data)
        yield seen


OUR_DICT = "this project: a new dict of all headers for each event"
UNREAD = "this project: each event delivered by name, no header asked for"
ASTERISK_AMI = "asterisk-ami: a new dict of all headers for each event"
PANORAMISK = "panoramisk: a new dict of all headers for each event"
READERS: dict[str, Reader] = {
    OUR_DICT: ours_dict,
    "the same, reading 1024 bytes at a time like asterisk-ami": ours_dict_small_reads,
    ASTERISK_AMI: asterisk_ami,
    PANORAMISK: panoramisk,
    "this project: 2 headers of each event looked up, no dict": ours_two,
    "this project: 8 headers of each event looked up, no dict": ours_eight,
    UNREAD: ours_unread,
    "this project: 5 names wanted, 2 headers of these looked up": ours_filtered,
}
PROMISES = ((OUR_DICT, ASTERISK_AMI, 1.8), (OUR_DICT, PANORAMISK, 3.5), (UNREAD, ASTERISK_AMI, 3.5))


# --- the measurement ------------------------------------------------------------------------------


def compare(data: bytes) -> None:
    """Raises SystemExit unless our dict of each event has the keys of asterisk-ami's.

    As sets: where a caller's name has U+2028 and "Uniqueid: 9.9", theirs is overwritten.
    """
    theirs: list[set[str]] = []
    asterisk_ami_listen(data, lambda event, source: theirs.append({"Event", *event.keys}))
    if [set(packet.as_dict()) for packet in Decoder().feed(data)] != theirs:
        raise SystemExit("our dicts have other keys than asterisk-ami's")


def measure(data: bytes, count: int, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each reader in each round. Raises SystemExit if one misses an event."""
    blocks = data.split(b"\r\n\r\n")[:-1]
    groups = [blocks[start : start + PORTION] for start in range(0, count, PORTION)]
    portions = [b"".join(block + b"\r\n\r\n" for block in group) for group in groups]
    times: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(rounds):
        connections = {name: reader(portions) for name, reader in READERS.items()}
        for values in times.values():
            values.append(0.0)
        for group in groups:
            for name, connection in connections.items():
                start = time.process_time()
                seen = next(connection)
                times[name][-1] += time.process_time() - start
                if seen != len(group):
                    raise SystemExit(f"{name} saw {seen} of {len(group)} events")
    return times


def ratio(times: dict[str, list[float]], ours: str, theirs: str) -> float:
    """How many times as fast: the median of the rounds, as a machine's speed changes over them."""
    return statistics.median(b / a for a, b in zip(times[ours], times[theirs], strict=True))


def table(times: dict[str, list[float]], data: bytes, count: int) -> str:
    """Markdown: best and median speed, and the ratios."""
    lines = [
        "| reader | events/s, best | events/s, median | µs/event | MB/s "
        "| × asterisk-ami | × panoramisk |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, values in times.items():
        middle = statistics.median(values)
        lines.append(
            f"| {name} | {count / min(values):,.0f} | {count / middle:,.0f} "
            f"| {middle / count * 1e6:.2f} | {len(data) / middle / 1e6:.0f} "
            f"| {ratio(times, name, ASTERISK_AMI):.2f} | {ratio(times, name, PANORAMISK):.2f} |"
        )
    return "\n".join(lines)


def verdicts(times: dict[str, list[float]]) -> str:
    """Each promise, what was measured, and whether it is kept."""
    lines = []
    for ours, theirs, promised in PROMISES:
        measured = ratio(times, ours, theirs)
        verdict = "kept" if measured >= promised else "MISSED"
        peer = theirs.partition(":")[0]
        lines.append(f"- {verdict}: {measured:.2f} × {peer}, promised {promised} ({ours})")
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
        compare(data)
        times = measure(data, options.events, options.rounds)
        print(table(times, data, options.events))
        print("\n" + verdicts(times))


if __name__ == "__main__":
    main()
