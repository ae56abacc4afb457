"""What the exchange is to do with calls and devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcenter.floor.events import ControlKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPaused:
    """Pause or unpause a device in all queues of the exchange."""

    device: str
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSnapshot:
    """What the exchange says and what we believe disagree too often: look at it whole again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """What the waiting caller is told next: place in line, and how long it will take."""

    call: str
    leg: str
    position: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAway:
    """Take the waiting call out of the engine's line: the exchange's dialplan goes on for it."""

    call: str
    leg: str
    queue: str
    why: Literal["closed", "empty", "timed_out", "fallback"]
    """``fallback``: into the exchange's own queue of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Do something to a live call. What the exchange reports confirms it."""

    id: str
    call: str
    do: ControlKind
    device: str
    """The phone of whoever asks."""
    leg: str | None
    """Their leg of the call, when they have one."""
    new_leg: str
    """The Uniqueid of a leg that has to be made for it (``consult``, ``listen``...)."""
    target: str | None = None
    """Number or extension; the supervised agent's leg for ``listen`` and the like."""
    digits: str | None = None
