"""What agents and supervisors wish for an agent: state, skills, more time, help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedIn:
    at: float
    agent: str
    name: str
    device: str
    skills: tuple[tuple[str, int], ...] = ()
    """Skill to level, 0 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedOut:
    at: float
    agent: str
    by: str | None = None
    """The supervisor who did it, when it was not the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillsChanged:
    at: float
    agent: str
    skills: tuple[tuple[str, int], ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChosen:
    """The agent wants to be ready or on break, now or after the present call."""

    at: float
    agent: str
    state: Literal["ready", "break"]
    reason: str | None = None
    by: str | None = None
    """The supervisor who did it, when it was not the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpExtended:
    """The agent needs ``seconds`` more, counted from the present deadline."""

    at: float
    agent: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    at: float
    agent: str
    call: str | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpGiven:
    """A supervisor took notice."""

    at: float
    agent: str
    by: str
