"""What agents' marks say of entries: how often each was used, was wrong, or nothing fitted. Pure.

Marks fade, so that an entry that was rewritten or a rule that changed is not judged by last year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

HALF_LIFE: Final = 90 * 86_400.0
"""Seconds after which a mark counts half."""
NONE: Final = 0.1
"""Share of calls to a reason that none of its entries answers, before any mark."""
NONE_WEIGHT: Final = 10.0
GOOD: Final = 0.75
"""Share of marks that are ``used``, before any."""
GOOD_WEIGHT: Final = 4.0


@dataclass(slots=True)
class _Count:
    """Marks of one kind, each worth 2^(−age / HALF_LIFE), as of ``at``."""

    value: float = 0.0
    at: float = 0.0

    def add(self, at: float, times: float = 1.0) -> None:
        if at >= self.at:
            self.value = max(0.0, self.seen(at) + times)
            self.at = at
        else:  # an older one that comes later, as when loading
            self.value = max(0.0, self.value + times * _faded(self.at - at))

    def seen(self, at: float) -> float:
        """As of ``at``; a clock that goes backwards makes nothing grow."""
        return self.value * _faded(at - self.at)


def _faded(seconds: float) -> float:
    return math.pow(2.0, -max(seconds, 0.0) / HALF_LIFE)


class Worth:
    """How often entries were used and wrong, given the reason and at all, and answers missing."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str | None], _Count] = {}
        self._wrong: dict[tuple[str, str | None], _Count] = {}
        self._missing: dict[str, _Count] = {}
        self._answered: dict[str, _Count] = {}

    def used(self, entry: str, reason: str | None, at: float, times: float = 1.0) -> None:
        """``times`` -1.0 takes the mark of that time back."""
        self._used.setdefault((entry, None), _Count()).add(at, times)
        if reason is not None:
            self._used.setdefault((entry, reason), _Count()).add(at, times)
            self._answered.setdefault(reason, _Count()).add(at, times)

    def wrong(self, entry: str, reason: str | None, at: float, times: float = 1.0) -> None:
        """``times`` as for ``used``."""
        self._wrong.setdefault((entry, None), _Count()).add(at, times)
        if reason is not None:
            self._wrong.setdefault((entry, reason), _Count()).add(at, times)

    def missing(self, reason: str | None, at: float) -> None:
        if reason is not None:
            self._missing.setdefault(reason, _Count()).add(at)

    def uses(self, entry: str, reason: str, at: float) -> float:
        return _seen(self._used.get((entry, reason)), at)

    def good(self, entry: str, reason: str, at: float) -> float:
        """Share of marks that are ``used``, of this reason, leaning on those of all reasons."""
        if (entry, None) not in self._used and (entry, None) not in self._wrong:
            return GOOD
        of_all = _smoothed(
            _seen(self._used.get((entry, None)), at),
            _seen(self._wrong.get((entry, None)), at),
            GOOD,
        )
        return _smoothed(
            _seen(self._used.get((entry, reason)), at),
            _seen(self._wrong.get((entry, reason)), at),
            of_all,
        )

    def none(self, reason: str, at: float) -> float:
        """Probability that no entry answers ``reason``."""
        missing = _seen(self._missing.get(reason), at)
        answered = _seen(self._answered.get(reason), at)
        return (missing + NONE * NONE_WEIGHT) / (missing + answered + NONE_WEIGHT)


def _seen(count: _Count | None, at: float) -> float:
    return 0.0 if count is None else count.seen(at)


def _smoothed(good: float, bad: float, prior: float) -> float:
    """The mean of a Beta distribution with ``GOOD_WEIGHT`` marks of the prior in it."""
    return (good + GOOD_WEIGHT * prior) / (good + bad + GOOD_WEIGHT)
