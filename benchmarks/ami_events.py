"""The AMI events that decoders are measured on: generated like a busy queue's, and recorded.

Seeded; the same count and seed give the same bytes. It must not measure anything.
"""

from __future__ import annotations

import random
from pathlib import Path

from telephony.wire import Decoder

REPLAYS = Path(__file__).resolve().parents[1] / "tests" / "replays"

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
VALUES = ("TIMEOUT", "1", "", "sales,,,,30", "PJSIP/1001", "sip:a@127.0.0.1: x", 'a \\"b\\"', "2")
NAMES = ("Grace Hopper", "Miles O\\'Brien", "王小明", "José Núñez", "Müller GmbH", "<unknown>")


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
        for path in sorted(REPLAYS.glob("*.ami"))
        for packet in Decoder().feed(path.read_bytes())
        if packet.raw.startswith(b"Event: ") and packet.name != "Shutdown"
    ]
    if not events:
        raise SystemExit("tests/replays holds no recordings")
    return b"".join((events * (count // len(events) + 1))[:count])
