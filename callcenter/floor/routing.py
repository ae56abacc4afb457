"""Who gets which call, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["call", "filler"]
"""``filler``: outbound work, given only to idle agents below the occupancy cap."""
Trigger: TypeAlias = Literal["arrival", "capacity", "step", "dry_run"]
Verdict: TypeAlias = Literal[
    "chosen",
    "idle_shorter",  # could take it; somebody else has been idle longer
    "not_ready",
    "not_skilled",
    "kept_for_last_agent",
    "kept_from_agent",  # did not answer or refused it a moment ago
    "occupied",  # filler only: over the occupancy cap
    "earlier_call",  # takes another call that comes first
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    agent: str
    verdict: Verdict
    detail: str = ""
    """The state they are in, the skill that is missing, since when they are idle..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One routing decision with its trace."""

    at: float
    trigger: Trigger
    call: str
    queue: str
    agent: str | None
    """Who gets it; nobody: it waits."""
    rule: str
    """What chose: ``longest_idle``, ``last_agent``, or why it waits."""
    step: int
    """Index of the queue's step that applied."""
    want: str
    """The expression agents had to satisfy."""
    score: float
    """Seconds it counts as having waited."""
    ahead: int
    """Waiting calls of all queues that come before it."""
    ready: int
    eligible: int
    """Signed in agents who satisfy ``want``, in whatever state."""
    considered: tuple[Considered, ...]
    """The first of those looked at, the chosen one first; at most ``NAMED``."""
    counts: tuple[tuple[Verdict, int], ...]
    """How many got each verdict, over all signed-in agents."""
