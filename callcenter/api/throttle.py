"""How often somebody may fail. Pure; time is an argument.

An attempt counts from the moment it begins and is forgiven when it succeeds, so that guesses made
at the same time cannot outrun the count.
"""

from __future__ import annotations

from collections import deque


class Throttle:
    """At most ``most`` failures in any ``seconds`` for each key."""

    def __init__(self, most: int, seconds: float, keys: int = 10_000) -> None:
        """``keys``: how many are remembered; beyond that the longest untouched is forgotten."""
        self._most = most
        self._seconds = seconds
        self._keys = keys
        self._attempts: dict[str, deque[float]] = {}

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next attempt is allowed; 0 when it is allowed now."""
        attempts = self._attempts.get(key)
        if attempts is None:
            return 0.0
        while attempts and now - attempts[0] >= self._seconds:
            attempts.popleft()
        if len(attempts) < self._most:
            return 0.0
        return attempts[0] + self._seconds - now

    def begin(self, key: str, now: float) -> None:
        """An attempt begins; it counts as a failure until it is forgiven."""
        attempts = self._attempts.pop(key, None) or deque()
        attempts.append(now)
        self._attempts[key] = attempts  # now the latest touched
        if len(self._attempts) > self._keys:
            del self._attempts[next(iter(self._attempts))]

    def forgive(self, key: str) -> None:
        """The latest attempt succeeded."""
        attempts = self._attempts.get(key)
        if attempts:
            attempts.pop()
        if not attempts:
            self._attempts.pop(key, None)

    def clear(self, key: str) -> None:
        """Forget all failures."""
        self._attempts.pop(key, None)
