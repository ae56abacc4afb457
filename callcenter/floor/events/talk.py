"""What happens in a talk: holding, handing on, consulting, recording, listening in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

TransferKind: TypeAlias = Literal["blind", "attended", "pickup", "forward"]
RecordingState: TypeAlias = Literal["off", "on", "paused"]
SpyMode: TypeAlias = Literal["listen", "whisper", "barge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld:
    at: float
    call: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed:
    at: float
    call: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLeft:
    """The device's part in the call is over though the call goes on (after a transfer)."""

    at: float
    call: str
    device: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred:
    """Somebody handed the call on (or another phone picked it up). The parties follow as
    ``CallOffered``, ``CallAnswered`` and ``DeviceLeft``; this says who did it and to whom."""

    at: float
    call: str
    kind: TransferKind
    by: str | None
    """The own device that handed it on, when known."""
    to: str | None
    """Device, extension or number it goes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParked:
    at: float
    call: str
    place: str | None
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnparked:
    at: float
    call: str
    by: str | None
    """The device that took it back; ``None`` when parking timed out or the caller hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultBegan:
    """While the caller waits on hold, the agent's device calls somebody about the call."""

    at: float
    call: str
    device: str
    leg: str
    """The leg of the consulted party."""
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered:
    at: float
    call: str
    device: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultEnded:
    """The consulted party is gone (``completed``, ``joined``: it is in the talk itself now)."""

    at: float
    call: str
    device: str
    leg: str
    why: Literal["completed", "joined", "cancelled", "busy", "no_answer", "refused", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyJoined:
    """Somebody besides caller and agents takes part: a consulted party, an outside number."""

    at: float
    call: str
    leg: str
    number: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLeft:
    at: float
    call: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged:
    at: float
    call: str
    leg: str
    state: RecordingState


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteChanged:
    """The exchange confirmed that it carries the device's voice, or does not."""

    at: float
    call: str
    device: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpyBegan:
    """A device listens to the talk of ``device``."""

    at: float
    call: str
    device: str
    by: str
    leg: str
    """The listener's leg."""
    mode: SpyMode


@dataclass(frozen=True, slots=True, kw_only=True)
class SpyEnded:
    at: float
    call: str
    by: str
    leg: str
