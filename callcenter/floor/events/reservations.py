"""What agents, and their phones, say to a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ReservationEnd: TypeAlias = Literal[
    "no_answer", "busy", "declined", "unreachable", "caller_gone", "agent_gone", "withdrawn",
    "taken", "not_stored", "exchange_lost", "engine_stopped",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAccepted:
    """The agent says so before the phone does; an answered phone accepts as well."""

    at: float
    agent: str
    reservation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRefused:
    at: float
    agent: str
    reservation: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFailed:
    """The leg of a reservation was not answered, or could not be rung."""

    at: float
    reservation: str
    why: ReservationEnd
    detail: str = ""
