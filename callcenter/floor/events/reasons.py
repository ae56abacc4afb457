"""Who calls and why: what was said, found and predicted, what the agent says of it."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.floor.card import (
    Answer,
    AnswerMark,
    Candidate,
    Cause,
    Features,
    IdentityState,
    Profile,
    Reason,
    Scored,
    Words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSaid:
    """Words about the reason: said to the menu, written in a form, noted by the agent."""

    at: float
    call: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChosen:
    """The agent says who is calling."""

    at: float
    agent: str
    call: str
    person: str | None
    """``None``: none of the candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeNoted:
    """The agent noted why the customer called and how it ended."""

    at: float
    agent: str
    call: str
    reason: str
    outcome: str
    notes: str
    finish: bool = True
    """Wrap-up ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMarked:
    """The agent says what became of a suggested answer, or that one is missing."""

    at: float
    agent: str
    call: str
    answer: str | None
    """``None`` with ``missing``."""
    mark: AnswerMark
    text: str = ""
    """With ``missing``: what was asked; in the agent's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified:
    at: float
    call: str
    identity: IdentityState
    candidates: tuple[Candidate, ...] = ()
    profile: Profile | None = None
    """Of the best candidate, or of the one the agent chose."""
    context: tuple[str, ...] = ()
    """What the prediction may use, coarse to fine, as of the moment of the call."""
    features: Features = ()
    """The same for models that weigh many facts."""
    causes: tuple[Cause, ...] = ()
    """The facts behind the features that an agent can be told."""
    ask: int = 0
    """Which ``Identify`` of the call this answers; an older answer never wins over a newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonsPredicted:
    at: float
    call: str
    reasons: tuple[Reason, ...]
    """Most likely first; empty when not known."""
    model: str
    ask: int = 0
    """Which ``Predict`` of the call this answers."""
    not_ours: bool = False
    """The words are about something that is none of the known reasons."""
    challengers: tuple[Scored, ...] = ()
    """What models that are only being tried say."""
    late: bool = False
    """Comes after one that was given because time was up; it wins over that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFound:
    at: float
    call: str
    answers: tuple[Answer, ...]
    ask: int = 0
    """Which ``FindAnswers`` of the call this answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeStored:
    """What an agent noted is on disk: whoever looks the person up now finds it."""

    at: float
    call: str
    person: str | None
