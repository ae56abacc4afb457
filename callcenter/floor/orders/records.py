"""What is to be stored of calls, decisions and deeds."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.floor.card import Reason
from callcenter.floor.events import CallEnd, Direction
from callcenter.floor.routing import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Store what happened in a call that ended. Carried out once; repeating it is harmless."""

    call: str
    direction: Direction
    number: str | None
    caller_name: str | None
    dialled: str | None
    person: str | None
    queue: str | None
    agent: str | None
    """Who talked, last."""
    arrived: float
    answered: float | None
    ended: float
    wait: float
    talk: float
    why: CallEnd
    transfers: int
    """How often it was handed on."""
    predicted: tuple[Reason, ...]
    model: str | None
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Store why this agent was chosen, or nobody."""

    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPromise:
    """Store a wait that was told to a caller; and, once it is known, how it came out."""

    id: str
    call: str
    queue: str
    told: float
    position: int
    p50: float | None
    p90: float | None
    waited: float | None = None
    """Seconds from being told to the answer, or to giving up; ``None`` while it is open."""
    answered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAudit:
    """Store who did what to whose call or state, and why: supervision, recording, skills."""

    at: float
    by: str
    what: str
    """A ``ControlKind``, ``state``, ``skills``, ``sign_out``, ``help``; ``knowledge``; ``promote``,
    ``rollback`` (models); ``condition``, ``condition_ended``; ``callback``, ``callback_cancel``,
    ``callback_move``, ``callback_now``, ``callback_assign``, ``callback_switches``,
    ``callback_block``, ``callback_unblock``."""
    agent: str | None
    call: str | None
    reason: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSkills:
    """Store what an agent can do from now on; whoever changed it waits for it."""

    agent: str
    skills: tuple[tuple[str, int], ...]
    """Skill to level, 0 to 5."""
