"""Who may sign in, what they can do, and who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in."""

    agent: str
    name: str
    role: Literal["agent", "supervisor"]
    device: str | None
    password_hash: str
    language: str | None
    active: bool
    skills: tuple[tuple[str, int], ...] = ()
    """Skill to level (0 to 5), by name of the skill."""


class Skills(Protocol):
    """Where it is kept what agents can do."""

    async def set_skills(self, agent: str, skills: Sequence[tuple[str, int]]) -> bool:
        """Replace the agent's skills; ``False``: there is no such account."""


class Accounts(Skills, Protocol):
    async def account(self, agent: str) -> Account | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody signed in to the screens, as the console shows them."""

    user: str
    name: str
    role: Literal["agent", "supervisor"]
    device: str | None
    language: str | None
    skills: tuple[tuple[str, int], ...] = ()
    """As of the sign-in; what was changed since, the floor knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a ticket was exchanged for. ``session`` names the sign-in it came from; no secret."""

    user: User
    session: str
    until: float
    """When the sign-in ends unless it is renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One browser that signed in. Times are seconds since the epoch, UTC."""

    token_hash: str
    """SHA-256 of the cookie, hex: reading the store gives nobody a session."""
    agent: str
    created: float
    expires: float
    seen: float


class SignIns(Protocol):
    """Sign-ins, kept so that a restart of the engine signs nobody out."""

    async def begin(self, sign_in: SignIn) -> None: ...

    async def find(self, token_hash: str, now: float) -> SignIn | None:
        """The sign-in, unless it is over."""

    async def touch(self, token_hash: str, seen: float, expires: float) -> None:
        """It is in use: let it last until ``expires``. Unknown ones are ignored."""

    async def end(self, token_hash: str) -> None:
        """Sign out. Unknown ones are ignored."""
