"""What is asked of a live call, and that the exchange took it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ControlKind: TypeAlias = Literal[
    "answer", "hold", "resume", "mute", "unmute", "dtmf",
    "blind_transfer", "consult", "swap", "complete", "cancel_consult", "conference",
    "park", "hang_up", "record", "stop_recording", "pause_recording", "resume_recording",
    "listen", "whisper", "barge", "stop_listening", "take_over",
]  # fmt: skip
"""What may be asked of a live call. ``conference`` merges the consulted party into the talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAsked:
    """Somebody wants something done to a live call. ``agent`` asks; a supervisor's ``listen``,
    ``whisper``, ``barge``, ``take_over`` and ``stop_listening`` need ``role`` supervisor and a
    ``reason``."""

    at: float
    id: str
    """Chosen by who asks; comes back with the result."""
    agent: str
    role: Literal["agent", "supervisor"]
    call: str
    do: ControlKind
    device: str | None = None
    """The asker's own phone where they are not signed in as an agent (a supervisor)."""
    target: str | None = None
    """Extension or number, for ``blind_transfer`` and ``consult``."""
    digits: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCarriedOut:
    """The exchange took the order. What it confirms by an event of its own is waited for."""

    at: float
    id: str
