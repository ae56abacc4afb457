"""Channels, bridges and devices of the simulated exchange: their state and how it is printed.

Pure. Sends nothing: the world does. A channel keeps its printed block until something in it
changes, because a call prints it some eighty times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telephony.simulator.messages import CHANNEL_STATES, shown_name, shown_number

if TYPE_CHECKING:
    from telephony.simulator.world import Thread

DOWN, RING, RINGING, UP, BUSY = 0, 4, 5, 6, 7

INHERITED = frozenset({"CC_QUEUE"})
"""Variables set with two underscores: legs that a channel dials have them too."""

STATES = {
    "UNKNOWN": 0,
    "NOT_INUSE": 1,
    "INUSE": 2,
    "BUSY": 3,
    "INVALID": 4,
    "UNAVAILABLE": 5,
    "RINGING": 6,
    "RINGINUSE": 7,
    "ONHOLD": 8,
}
"""Device states by the name DeviceStateChange uses, with the number QueueMemberStatus uses."""


class Device:
    """A phone or a trunk as the exchange sees it: how many of its channels do what."""

    __slots__ = ("absent", "busy_at", "name", "published", "refusing", "ringing", "used")

    def __init__(self, name: str, busy_at: int = 0, *, absent: bool = False) -> None:
        self.name = name
        self.busy_at = busy_at
        self.absent = absent
        self.ringing = 0
        self.refusing = 0
        self.used = 0
        self.published = self.state

    def count(self, state: int, step: int) -> None:
        if state == RINGING:
            self.ringing += step
        elif state == BUSY:
            self.refusing += step
        elif state != DOWN:
            self.used += step

    @property
    def state(self) -> str:
        total = self.ringing + self.used
        if not total and self.refusing:
            return "BUSY"
        if not total:
            return "UNAVAILABLE" if self.absent else "NOT_INUSE"
        if self.busy_at and total >= self.busy_at:
            return "BUSY"
        if not self.ringing:
            return "INUSE"
        return "RINGINUSE" if self.used else "RINGING"


@dataclass(slots=True, eq=False)
class Bridge:
    """Two parties (three for a moment) who hear each other."""

    id: str
    technology: str = "simple_bridge"
    channels: list[Channel] = field(default_factory=list)

    def block(self) -> str:
        return (
            f"BridgeUniqueid: {self.id}\r\nBridgeType: basic\r\n"
            f"BridgeTechnology: {self.technology}\r\nBridgeCreator: <unknown>\r\n"
            f"BridgeName: <unknown>\r\nBridgeNumChannels: {len(self.channels)}\r\n"
            "BridgeVideoSourceMode: none\r\n"
        )


class Channel:
    """One leg of a call. Change fields through :meth:`change` only: it drops the printed block.

    `application`, `data`: what it is running. `cause`, `tech_cause`: why it ends, once that is
    known. `thread`: the dialplan that runs on it; None for a leg that somebody else dialled.
    `late_line`: its caller's name was not yet sent; `reported`: its sound statistics were.
    """

    __slots__ = (
        "_block",
        "_dest",
        "application",
        "bridge",
        "cause",
        "connected_name",
        "connected_number",
        "context",
        "created",
        "data",
        "device",
        "exten",
        "gone",
        "late_line",
        "linkedid",
        "music",
        "name",
        "number",
        "person",
        "priority",
        "reported",
        "state",
        "tech_cause",
        "thread",
        "uniqueid",
        "variables",
    )

    def __init__(
        self,
        *,
        name: str,
        device: Device,
        state: int,
        number: str | None,
        person: str | None,
        context: str,
        exten: str,
        uniqueid: str,
        linkedid: str,
        created: float,
    ) -> None:
        self.name = name
        self.device = device
        self.state = state
        self.number = number
        self.person = person
        self.connected_number: str | None = None
        self.connected_name: str | None = None
        self.context = context
        self.exten = exten
        self.priority = 1
        self.uniqueid = uniqueid
        self.linkedid = linkedid
        self.created = created
        self.application = ""
        self.data = ""
        self.bridge: Bridge | None = None
        self.thread: Thread | None = None
        self.cause = 0
        self.tech_cause: int | None = None
        self.gone = False
        self.late_line = False
        self.reported = False
        self.music = False
        self.variables: dict[str, str] = {}
        """Those that somebody here reads again, by name without leading underscores."""
        self._block: str | None = None
        self._dest: str | None = None

    def change(self, **fields: str | int | None) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        self._block = self._dest = None

    def block(self) -> str:
        """The fourteen headers every channel event begins with."""
        if self._block is None:
            self._block = (
                f"Channel: {self.name}\r\nChannelState: {self.state}\r\n"
                f"ChannelStateDesc: {CHANNEL_STATES[self.state]}\r\n"
                f"CallerIDNum: {shown_number(self.number)}\r\n"
                f"CallerIDName: {shown_name(self.person)}\r\n"
                f"ConnectedLineNum: {shown_number(self.connected_number)}\r\n"
                f"ConnectedLineName: {shown_name(self.connected_name)}\r\n"
                "Language: en\r\nAccountCode: \r\n"
                f"Context: {self.context}\r\nExten: {self.exten}\r\nPriority: {self.priority}\r\n"
                f"Uniqueid: {self.uniqueid}\r\nLinkedid: {self.linkedid}\r\n"
            )
        return self._block

    def prefixed(self, prefix: str) -> str:
        """The block with `prefix` before each header, as for the second channel of an event."""
        return prefix + self.block()[:-2].replace("\r\n", "\r\n" + prefix) + "\r\n"

    def dest(self) -> str:
        if self._dest is None:
            self._dest = self.prefixed("Dest")
        return self._dest
