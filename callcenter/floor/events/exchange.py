"""The exchange itself: the connection to it, its devices and the members of its queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

DeviceState: TypeAlias = Literal[
    "unknown", "idle", "in_use", "busy", "invalid", "unavailable", "ringing", "on_hold"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConnected:
    at: float
    version: str
    restarted: bool
    """The exchange itself began anew since we last saw it; its old calls are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLost:
    at: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCompared:
    """A snapshot of the exchange was compared with what was believed. ``drift`` counts the
    differences that no event had told; ``calls`` are those that really exist."""

    at: float
    drift: int
    audit: bool
    """Taken by the clock, not because something was in doubt."""
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged:
    at: float
    device: str
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """A queue has this member, in this condition. Sent when it is new or changed."""

    at: float
    queue: str
    device: str
    name: str
    paused: bool
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGone:
    at: float
    queue: str
    device: str
