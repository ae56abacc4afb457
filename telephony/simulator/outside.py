"""People outside whom an engine calls back: how they take a call.

Pure data with checks, seeded chance. Who is not named takes the call by chance.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

OutsideReaction: TypeAlias = Literal[
    "answers", "machine", "waits", "busy", "declines", "fails", "invalid"
]
"""What a number outside does when it is dialled: somebody answers after the ring time, or a machine
does; it rings until it is given up (or ``Exchange.customer_answers``); is busy at once; declines
after the ring time; fails with 503; does not exist (404)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """Somebody who is called back. Times in seconds, shortest and longest."""

    reaction: OutsideReaction = "answers"
    ring: tuple[float, float] = (2.0, 8.0)
    patience: tuple[float, float] = (20.0, 90.0)
    """How long they wait for an agent once they have answered."""
    talk: tuple[float, float] = (20.0, 90.0)
    ender: Literal["caller", "called"] = "caller"
    """``caller`` is the customer here, too."""

    def __post_init__(self) -> None:
        if self.reaction not in get_args(OutsideReaction):
            raise ValueError(f"no reaction {self.reaction!r}")
        for name in ("ring", "patience", "talk"):
            low, high = getattr(self, name)
            if not 0 <= low <= high < math.inf:
                raise ValueError(f"{name} {(low, high)} is not a range of seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """All numbers outside."""

    known: Mapping[str, Outsider] = field(default_factory=dict)
    """By the number as it is dialled."""
    shares: tuple[tuple[Outsider, float], ...] = ((Outsider(), 1.0),)
    """The others: how they may react, and how often in proportion."""

    def __post_init__(self) -> None:
        if not self.shares or any(not 0 <= share < math.inf for _, share in self.shares):
            raise ValueError("shares are missing or below zero")
        if not sum(share for _, share in self.shares) > 0:
            raise ValueError("shares are all zero")

    def who(self, number: str, chance: random.Random) -> Outsider:
        known = self.known.get(number)
        if known is not None:
            return known
        people, weights = zip(*self.shares, strict=True)
        found: Outsider = chance.choices(people, weights)[0]
        return found
