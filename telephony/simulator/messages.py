"""How Asterisk 22 words its manager events: names, headers and their order.

Pure: makes text, knows no state. Taken from recordings of Asterisk 22.10 (tests/replays). A message
is built from a precomputed head, the timestamp line, one or two channel blocks and its own headers.
"""

from __future__ import annotations

from typing import NamedTuple

from telephony.packet import escape

CALL, AGENT, DIALPLAN, SYSTEM, USER, REPORTING = (1 << n for n in range(6))
CLASSES = {
    "call": CALL,
    "agent": AGENT,
    "dialplan": DIALPLAN,
    "system": SYSTEM,
    "user": USER,
    "reporting": REPORTING,
}
ALL_CLASSES = sum(CLASSES.values())


class Message(NamedTuple):
    """One event on its way to those who may read its class."""

    mask: int
    text: str


class Kind(NamedTuple):
    """A sort of event: the mask of its class and its first lines."""

    mask: int
    head: str


def _kind(name: str, privilege: str) -> Kind:
    return Kind(CLASSES[privilege], f"Event: {name}\r\nPrivilege: {privilege},all\r\n")


NEWCHANNEL = _kind("Newchannel", "call")
NEWSTATE = _kind("Newstate", "call")
NEWEXTEN = _kind("Newexten", "dialplan")
NEW_CALLERID = _kind("NewCallerid", "call")
NEW_CONNECTED_LINE = _kind("NewConnectedLine", "call")
VARSET = _kind("VarSet", "dialplan")
HANGUP_REQUEST = _kind("HangupRequest", "call")
SOFT_HANGUP_REQUEST = _kind("SoftHangupRequest", "call")
HANGUP = _kind("Hangup", "call")
DIAL_BEGIN = _kind("DialBegin", "call")
DIAL_STATE = _kind("DialState", "call")
DIAL_END = _kind("DialEnd", "call")
BRIDGE_CREATE = _kind("BridgeCreate", "call")
BRIDGE_ENTER = _kind("BridgeEnter", "call")
BRIDGE_LEAVE = _kind("BridgeLeave", "call")
BRIDGE_DESTROY = _kind("BridgeDestroy", "call")
LOCAL_BRIDGE = _kind("LocalBridge", "call")
LOCAL_OPTIMIZATION_BEGIN = _kind("LocalOptimizationBegin", "call")
LOCAL_OPTIMIZATION_END = _kind("LocalOptimizationEnd", "call")
MUSIC_START = _kind("MusicOnHoldStart", "call")
MUSIC_STOP = _kind("MusicOnHoldStop", "call")
HOLD = _kind("Hold", "call")
UNHOLD = _kind("Unhold", "call")
BLIND_TRANSFER = _kind("BlindTransfer", "call")
MIX_MONITOR_START = _kind("MixMonitorStart", "call")
MIX_MONITOR_STOP = _kind("MixMonitorStop", "call")
MIX_MONITOR_MUTE = _kind("MixMonitorMute", "call")
CHAN_SPY_START = _kind("ChanSpyStart", "call")
CHAN_SPY_STOP = _kind("ChanSpyStop", "call")
DEVICE_STATE_CHANGE = _kind("DeviceStateChange", "call")
ORIGINATE_RESPONSE = _kind("OriginateResponse", "call")
QUEUE_CALLER_JOIN = _kind("QueueCallerJoin", "agent")
QUEUE_CALLER_LEAVE = _kind("QueueCallerLeave", "agent")
QUEUE_CALLER_ABANDON = _kind("QueueCallerAbandon", "agent")
QUEUE_MEMBER_STATUS = _kind("QueueMemberStatus", "agent")
QUEUE_MEMBER_PAUSE = _kind("QueueMemberPause", "agent")
QUEUE_MEMBER_ADDED = _kind("QueueMemberAdded", "agent")
QUEUE_MEMBER_REMOVED = _kind("QueueMemberRemoved", "agent")
AGENT_CALLED = _kind("AgentCalled", "agent")
AGENT_CONNECT = _kind("AgentConnect", "agent")
AGENT_COMPLETE = _kind("AgentComplete", "agent")
AGENT_RING_NO_ANSWER = _kind("AgentRingNoAnswer", "agent")
SHUTDOWN = _kind("Shutdown", "system")
USER_EVENT = _kind("UserEvent", "user")

CHANNEL_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up", 7: "Busy"}
CAUSES = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}
PRESENTATION = "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n"
_UNKNOWN = "<unknown>"


def shown_name(name: str | None) -> str:
    """A person's name as a channel event prints it: escaped, or ``<unknown>``."""
    return escape(name) if name else _UNKNOWN


def shown_number(number: str | None) -> str:
    return number or _UNKNOWN


NO_CHANNEL = "Channel: none\r\nUniqueid: none\r\n"
"""How a VarSet of a global variable begins."""


def varset(variable: str, value: str) -> str:
    plain = value.isalnum()  # most are: a word or a number
    return f"Variable: {variable}\r\nValue: {value if plain else escape(value)}\r\n"


def newexten(extension: str, application: str, data: str) -> str:
    return f"Extension: {extension}\r\nApplication: {application}\r\nAppData: {data}\r\n"


def cause(code: int, tech: int | None) -> str:
    """The end of a Hangup event."""
    text = f"Cause: {code}\r\nCause-txt: {CAUSES.get(code, 'Unknown')}\r\n"
    return text if tech is None else f"{text}TechCause: {tech}\r\n"


def request_cause(code: int | None, tech: int | None) -> str:
    """The end of a HangupRequest or SoftHangupRequest event."""
    text = "" if code is None else f"Cause: {code}\r\n"
    return text if tech is None else f"{text}TechCause: {tech}\r\n"


def device_state(device: str, state: str) -> str:
    return f"Device: {device}\r\nState: {state}\r\n"


def answer(result: str, action_id: str, *lines: str) -> str:
    """The response to an action. `lines` are complete headers without CRLF."""
    id_line = f"ActionID: {action_id}\r\n" if action_id else ""
    return (
        f"Response: {result}\r\n{id_line}{''.join(line + chr(13) + chr(10) for line in lines)}\r\n"
    )


def list_start(action_id: str, text: str) -> str:
    return answer("Success", action_id, "EventList: start", f"Message: {text}")


def list_item(name: str, action_id: str, body: str, *, id_last: bool = False) -> str:
    """One event of a list; app_queue puts the ActionID last, everybody else first."""
    id_line = f"ActionID: {action_id}\r\n" if action_id else ""
    if id_last:
        return f"Event: {name}\r\n{body}{id_line}\r\n"
    return f"Event: {name}\r\n{id_line}{body}\r\n"


def list_end(name: str, action_id: str, items: int, extra: str = "") -> str:
    id_line = f"ActionID: {action_id}\r\n" if action_id else ""
    return f"Event: {name}\r\n{id_line}EventList: Complete\r\nListItems: {items}\r\n{extra}\r\n"
