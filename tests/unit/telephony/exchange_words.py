"""AMI packets as a test writes them: only the headers that matter, in Asterisk's spelling.

`Words` numbers the time: each packet comes a hundredth of a second after the one before.
"""

from __future__ import annotations

from telephony.packet import Packet, escape

START = 1_800_000_000.0
TRUNK = "PJSIP/trunk-0000000"


def packet(name: str, **headers: str) -> Packet:
    lines = [f"Event: {name}"]
    for key, value in headers.items():
        text = escape(value) if key.endswith(("CallerIDName", "ConnectedLineName")) else value
        lines.append(f"{key}: {text}")
    return Packet("\r\n".join(lines).encode("utf-8", "surrogateescape"))


def new(uid: str, channel: str, linked: str | None = None, **headers: str) -> Packet:
    """A channel that calls the exchange, or with `linked` one that the exchange calls."""
    given = {
        "Channel": channel,
        "ChannelState": "4" if linked is None else "0",
        "CallerIDNum": "<unknown>",
        "CallerIDName": "<unknown>",
        "Exten": "s",
        "Uniqueid": uid,
        "Linkedid": linked or uid,
    }
    return packet("Newchannel", **(given | headers))


def inbound(uid: str = "1.1", number: str = "+442079460123", name: str = "Ada") -> Packet:
    return new(
        uid,
        f"{TRUNK}{uid}",
        CallerIDNum=number,
        CallerIDName=name,
        Exten="+442079460100",
    )


def joins(uid: str, queue: str = "service", position: str = "1") -> Packet:
    return packet("QueueCallerJoin", Uniqueid=uid, Queue=queue, Position=position)


def leaves(uid: str, queue: str = "service") -> Packet:
    return packet("QueueCallerLeave", Uniqueid=uid, Queue=queue, Position="1")


def called(uid: str, dest: str, interface: str, queue: str = "service") -> Packet:
    return packet("AgentCalled", Uniqueid=uid, DestUniqueid=dest, Queue=queue, Interface=interface)


def dials(uid: str | None, dest: str, string: str = "") -> Packet:
    by = {} if uid is None else {"Uniqueid": uid}
    return packet("DialBegin", **by, DestUniqueid=dest, DialString=string)


def dialled(uid: str, dest: str, status: str) -> Packet:
    return packet("DialEnd", Uniqueid=uid, DestUniqueid=dest, DialStatus=status)


def up(uid: str) -> Packet:
    return packet("Newstate", Uniqueid=uid, ChannelState="6")


def enters(uid: str, bridge: str = "b1", technology: str = "simple_bridge") -> Packet:
    return packet("BridgeEnter", Uniqueid=uid, BridgeUniqueid=bridge, BridgeTechnology=technology)


def exits(uid: str, bridge: str = "b1") -> Packet:
    return packet("BridgeLeave", Uniqueid=uid, BridgeUniqueid=bridge)


def asks_to_end(uid: str, cause: str | None = None) -> Packet:
    return packet("HangupRequest", Uniqueid=uid, **({} if cause is None else {"Cause": cause}))


def hangs_up(uid: str, cause: str = "16") -> Packet:
    return packet("Hangup", Uniqueid=uid, Cause=cause)
