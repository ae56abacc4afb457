"""The wire of the Asterisk Manager Interface: bytes to packets and actions to bytes.

Pure: no socket, no clock, no log. The decoder never raises on what a peer sends; it counts and goes
on with the next packet. The encoder refuses whatever could put a second action on the wire.

A message is a block of ``Key: value`` lines that ends with an empty line. Bytes are framed first
and decoded afterwards (telephony/packet.py), so a character split over two reads survives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from asterisk.ami.action import Action

from telephony.layout import Layouts
from telephony.packet import GREETING, RESPONSE, Packet, line_text, name_of, pairs_of, text_of

__all__ = ["ACTIONS", "GREETING", "RESPONSE", "Decoder", "Packet", "WireError", "encode"]

MAX_ACTION_LINE = 1024  # bytes with CRLF: struct mansession_session.inbuf in main/manager.c
MAX_ACTION_HEADERS = 128  # AST_MAX_MANHEADERS in include/asterisk/manager.h

_TERMINATOR = re.compile(rb"\r\n\r?\n")  # 18.19 and 20.4 end CoreShowChannelMap without the CR
_HEADER_LINE = re.compile(rb"[!-9;-~]+:")
MOST_NAMES = 256


class Decoder:
    """The bytes of one connection, in any portions, to packets.

    `wanted`: names of events to deliver; all others are dropped unparsed and counted in `skipped`,
    except those with an ActionID, which belong to the answer of an action. None delivers all.
    `max_line`, `max_packet`: bytes; `max_headers`: lines. A packet over a limit is dropped whole,
    and counted in `oversize`; a block without any header is counted in `malformed`. No more
    than `max_packet` bytes and the last portion are ever held.
    """

    __slots__ = (
        "_buffer",
        "_dropping",
        "_greeted",
        "_kinds",
        "_plain_size",
        "_wanted",
        "malformed",
        "max_headers",
        "max_line",
        "max_packet",
        "oversize",
        "skipped",
    )

    def __init__(
        self,
        *,
        wanted: frozenset[str] | None = None,
        max_line: int = 32_768,
        max_headers: int = 512,
        max_packet: int = 65_536,
    ) -> None:
        self.max_line = min(max_line, max_packet)
        self.max_headers = max_headers
        self.max_packet = max_packet
        self.oversize = 0
        self.malformed = 0
        self.skipped = 0
        self._wanted = wanted
        self._buffer = bytearray()
        self._greeted = False
        self._dropping = False
        self._kinds: dict[bytes, tuple[str, Layouts, bool]] = {}
        """By an event's first line: its name, what is known of its layouts, whether to drop it."""
        # Below this size no limit can be broken: a line takes three bytes at the least.
        self._plain_size = min(self.max_line, 3 * max_headers)

    @property
    def held(self) -> int:
        """Bytes of the unfinished packet that are kept."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that `data` completes, in order. Never raises on what the peer sent."""
        packets: list[Packet] = []
        buffer = self._buffer
        if buffer or not self._greeted or self._dropping:
            before = max(0, len(buffer) - 3)
            buffer += data
            if not self._greeted:
                if not self._greet(before, packets):
                    return packets
                before = 0
            if buffer.find(b"\r\n\r\n", before) < 0 and buffer.find(b"\r\n\n", before) < 0:
                self._bound()
                return packets
            data = bytes(buffer)
        # rfind is the fastest way to see that there is no terminator without its CR.
        frames = data.split(b"\r\n\r\n") if data.rfind(b"\r\n\n") < 0 else _TERMINATOR.split(data)
        self._buffer = bytearray(frames.pop())
        if self._dropping:
            self._dropping = False
            self.oversize += 1
            del frames[0]
        self._collect(frames, packets)
        self._bound()
        return packets

    def _collect(self, frames: list[bytes], packets: list[Packet]) -> None:
        plain_size = self._plain_size
        kinds = self._kinds
        for frame in frames:
            if len(frame) > plain_size and not self._fits(frame):
                self.oversize += 1
                continue
            kind = kinds.get(frame[: frame.find(b"\r\n") + 2])
            if kind is None:
                if frame[:7] != b"Event: ":
                    self._collect_other(frame, packets)
                    continue
                kind = self._meet(frame)
            name, layouts, unwanted = kind
            if unwanted and b"\r\nActionID: " not in frame:
                self.skipped += 1
                continue
            packets.append(Packet(frame, name, layouts))

    def _collect_other(self, frame: bytes, packets: list[Packet]) -> None:
        """A frame that does not start with its event's name: an answer, an odd event, or noise."""
        frame = frame.lstrip(b"\r\n")
        if not frame:
            return
        name = RESPONSE if frame[:10] == b"Response: " else name_of(frame)
        if not name and not pairs_of(text_of(frame)):
            self.malformed += 1
            return
        if (
            self._wanted is not None
            and name not in self._wanted
            and name not in ("", RESPONSE)
            and b"\r\nactionid:" not in b"\r\n" + frame.lower()
        ):
            self.skipped += 1
            return
        packets.append(Packet(frame, name))

    def _meet(self, frame: bytes) -> tuple[str, Layouts, bool]:
        """What is to be done with an event whose first line has not been seen yet."""
        line, end, _ = frame.partition(b"\r\n")
        name = line_text(line[7:]).strip()
        kind = name, Layouts(), self._wanted is not None and name not in self._wanted
        if len(self._kinds) >= MOST_NAMES:  # a peer that invents names must not fill memory
            self._kinds.clear()
        self._kinds[line + end] = kind
        return kind

    def _fits(self, frame: bytes) -> bool:
        if len(frame) > self.max_packet or frame.count(b"\r\n") >= self.max_headers:
            return False
        return len(frame) <= self.max_line or max(map(len, frame.split(b"\r\n"))) <= self.max_line

    def _greet(self, before: int, packets: list[Packet]) -> bool:
        """Take the greeting off the buffer if there is one; False while that is not yet known.

        A greeting is a first line that is no header: "Asterisk Call Manager/11.0.0", or whatever a
        server that is no AMI says. A recording may start without one.
        """
        buffer = self._buffer
        end = buffer.find(b"\r\n", before)
        if end < 0 and len(buffer) <= self.max_line + 1:
            return False
        self._greeted = True
        if 0 < end <= self.max_line and _HEADER_LINE.match(buffer) is None:
            packets.append(Packet(bytes(buffer[:end]), GREETING))
            del buffer[: end + 2]
        return True

    def _bound(self) -> None:
        """Drop an unfinished packet that is too long already; keep what may start its end."""
        buffer = self._buffer
        if len(buffer) >= self.max_packet + 4 or (self._dropping and len(buffer) > 3):
            self._dropping = True
            del buffer[:-3]


_COMMON = frozenset({"ActionID"})

# What we send, and which headers of it. No Application and Data in Originate: a value that reaches
# them runs as dialplan code, so calls are started by Context, Exten and Priority only.
ACTIONS: Mapping[str, frozenset[str]] = {
    "BridgeList": _COMMON,
    "Challenge": _COMMON | {"AuthType"},
    "CoreSettings": _COMMON,
    "CoreShowChannels": _COMMON,
    "CoreStatus": _COMMON,
    "DeviceStateList": _COMMON,
    "Getvar": _COMMON | {"Channel", "Variable"},
    "Hangup": _COMMON | {"Channel", "Cause"},
    "Login": _COMMON | {"Username", "Secret", "AuthType", "Key", "Events"},
    "Logoff": _COMMON,
    "Originate": _COMMON
    | {"Channel", "Context", "Exten", "Priority", "Timeout", "CallerID", "Account"}
    | {"EarlyMedia", "Async", "Codecs", "ChannelId", "OtherChannelId", "Variable"},
    "MixMonitorMute": _COMMON | {"Channel", "Direction", "State"},
    "Ping": _COMMON,
    "PlayDTMF": _COMMON | {"Channel", "Digit"},
    "QueuePause": _COMMON | {"Interface", "Paused", "Queue", "Reason"},
    "QueueStatus": _COMMON | {"Queue", "Member"},
    "Redirect": _COMMON
    | {"Channel", "Exten", "Context", "Priority"}
    | {"ExtraChannel", "ExtraExten", "ExtraContext", "ExtraPriority"},
    "Setvar": _COMMON | {"Channel", "Variable", "Value"},
}

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Headers with which a phone is asked to answer by itself: the only functions a variable may name.
_HEADER_FUNCTION = re.compile(r"PJSIP_HEADER\(add,(?:Alert|Call)-Info\)")
# The same for the one variable of Setvar and of Getvar: muting, and whether a target exists.
_ONE_VARIABLE = {
    "Setvar": (_VARIABLE_NAME, re.compile(r"MUTEAUDIO\(in\)")),
    "Getvar": (
        re.compile(r"DIALPLAN_EXISTS\(cc-target,[0-9+*#]{1,40},1\)"),
        re.compile(r"QUEUE_EXISTS\([0-9A-Za-z_.-]{1,40}\)"),
    ),
}
# Asterisk takes a Variable header apart at commas (astman_get_variables), outside quotes, brackets
# and parentheses, and removes one backslash (__ast_app_separate_args in main/app.c).
_VARIABLE_SPECIAL = re.compile(r'[\\",()\[\]]')


class WireError(ValueError):
    """An action cannot go on the wire; says which action, which header and why, never the value."""

    def __init__(self, action: str, header: str, reason: str) -> None:
        self.action = action
        self.header = header
        self.reason = reason
        super().__init__(f"AMI action {action}, header {header}: {reason}")


def encode(action: Action, action_id: str | None = None) -> bytes:
    """`action` as exactly one AMI action on the wire, with its final empty line.

    `action_id` replaces the action's own ActionID. Values are text or whole numbers; variables
    arrive at the channel unchanged, whatever is in them. Raises WireError for an action or a header
    that is not in ACTIONS, a control character, a wrong type, a line over 1024 bytes or more than
    128 headers: what Asterisk would cut, drop or read as something else.
    """
    if not isinstance(action.name, str) or action.name not in ACTIONS:
        raise WireError(_shown(action.name), "Action", "is not an action that this system sends")
    headers = dict(action.keys)
    if action_id is not None:
        headers["ActionID"] = action_id
    lines = [b"Action: " + action.name.encode()]
    for key, value in headers.items():
        if key == "Variable" and action.name in _ONE_VARIABLE:
            if not any(one.fullmatch(str(value)) for one in _ONE_VARIABLE[action.name]):
                raise WireError(action.name, key, f"{_shown(value)} is not a variable's name")
        elif key not in ACTIONS[action.name] or key == "Variable":
            raise WireError(action.name, _shown(key), "is not a header of this action")
        lines.append(_line(action.name, key, key, value))
    if action.variables and "Variable" not in ACTIONS[action.name]:
        raise WireError(action.name, "Variable", "is not a header of this action")
    for key, value in action.variables.items():
        if not isinstance(key, str) or not _settable(key):
            raise WireError(action.name, "Variable", f"{_shown(key)} is not a variable's name")
        text = _value(action.name, "Variable", value)
        escaped = _VARIABLE_SPECIAL.sub(r"\\\g<0>", text)
        lines.append(_line(action.name, "Variable", "Variable", f"{key}={escaped}"))
    if len(lines) > MAX_ACTION_HEADERS:
        raise WireError(action.name, "Variable", f"more than {MAX_ACTION_HEADERS} headers")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _settable(name: str) -> bool:
    found = _VARIABLE_NAME.fullmatch(name) or _HEADER_FUNCTION.fullmatch(name)
    return found is not None


def _line(action: str, shown: str, key: str, value: object) -> bytes:
    line = f"{key}: {_value(action, shown, value)}".encode()
    if len(line) + 2 > MAX_ACTION_LINE:
        raise WireError(action, shown, f"the line is longer than {MAX_ACTION_LINE} bytes")
    return line


def _value(action: str, header: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise WireError(action, header, f"is a {type(value).__name__}, not text or a whole number")
    text = str(value)
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise WireError(
            action, header, f"has the control character {found[0]!r} at position {found.start()}"
        )
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        reason = f"has a character at position {problem.start} that UTF-8 cannot express"
        raise WireError(action, header, reason) from None
    return text


def _shown(name: object) -> str:
    """A wrong name for an error message: printable and short."""
    text = ascii(name)
    return text if len(text) <= 40 else text[:37] + "..."
