"""Living callers: people who call by chance, wait as long as they can bear, and want something.

Pure, seeded. Arrivals are a Poisson process. Patience and talk time are log-normal, as measured in
call centres (Brown et al., "Statistical Analysis of a Telephone Call Center", JASA 100, 2005).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from telephony.simulator.arrivals import Arrival, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How people call. Times in seconds."""

    per_minute: float = 6.0
    """Calls a minute on average."""
    patience: float = 90.0
    """Median."""
    patience_spread: float = 0.8
    """Standard deviation of the logarithm."""
    talk: float = 180.0
    """Median."""
    talk_spread: float = 0.7
    caller_ends: float = 0.7
    """Share of talks the caller ends."""

    def __post_init__(self) -> None:
        for name in ("per_minute", "patience", "talk"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above zero")
        if not 0 <= self.caller_ends <= 1:
            raise ValueError("caller_ends is a share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Who calls, which number, and why; None in `number` is a withheld one."""

    dialled: str
    number: str | None
    name: str | None = None
    reason: str | None = None
    person: str | None = None
    talk: float | None = None
    """Median of this person's talk, where their reason makes it longer or shorter."""


class LivingCallers:
    """A driver without end. `who` draws the next person from a seeded source of chance."""

    def __init__(
        self,
        habits: Habits,
        who: Callable[[random.Random], Somebody],
        *,
        seed: int,
        on_over: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self.habits = habits
        self._who = who
        self._chance = random.Random(seed)  # noqa: S311 - a simulation, no secret
        self._on_over = on_over

    def next_call(self, now: float) -> tuple[float, Arrival]:
        chance, habits = self._chance, self.habits
        who = self._who(chance)
        at = now + chance.expovariate(habits.per_minute / 60.0)
        return at, Arrival(
            number=who.number,
            name=who.name,
            dialled=who.dialled,
            patience=chance.lognormvariate(math.log(habits.patience), habits.patience_spread),
            talk=chance.lognormvariate(math.log(who.talk or habits.talk), habits.talk_spread),
            ender="caller" if chance.random() < habits.caller_ends else "called",
            reason=who.reason,
            person=who.person,
        )

    def on_call_over(self, outcome: Outcome) -> None:
        self._on_over(outcome)
