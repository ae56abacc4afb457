"""Legs that the engine originated and whose outcome somebody waits for.

Pure. Asterisk tells the end of an ``Originate`` in several events whose order is not fixed; what
each of them means is said by whoever keeps the attempts (``telephony.ringing``,
``telephony.dialling``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from telephony.packet import Packet


class Attempt(Protocol):
    """One leg. ``changed`` is called after each step, for whoever waits."""

    @property
    def changed(self) -> Callable[[], None]: ...

    @property
    def over(self) -> bool: ...

    def lost(self, why: str) -> None:
        """The line to the exchange is cut: nobody knows any more how it ends."""


AttemptT = TypeVar("AttemptT", bound=Attempt)
Read = Callable[[AttemptT, Packet], None]


class Attempts(Generic[AttemptT]):
    """Those under way, by the Uniqueid of their leg."""

    def __init__(self, readers: Mapping[str, Read[AttemptT]], dial_ends: Read[AttemptT]) -> None:
        """``readers``: by event, told with the leg's Uniqueid; ``dial_ends``: of ``DialEnd``."""
        self._attempts: dict[str, AttemptT] = {}
        self._readers = readers
        self._dial_ends = dial_ends

    def __len__(self) -> int:
        return len(self._attempts)

    def find(self, leg: str) -> AttemptT | None:
        return self._attempts.get(leg)

    def forget(self, leg: str) -> None:
        """Nobody waits for the outcome any more."""
        self._attempts.pop(leg, None)

    def hear(self, packet: Packet) -> None:
        """Any event of the exchange. Never raises on what it says."""
        if not self._attempts:
            return
        if packet.name == "DialEnd":
            read, leg = self._dial_ends, packet.get("DestUniqueid")
        elif packet.name in self._readers:
            read, leg = self._readers[packet.name], packet.get("Uniqueid")
        else:
            return
        attempt = self._attempts.get(leg or "")
        if attempt is not None:
            read(attempt, packet)
            attempt.changed()
        else:
            self.elsewhere(packet)

    def elsewhere(self, packet: Packet) -> None:
        """An event of a leg that is none of these."""

    def line_lost(self, why: str) -> None:
        """What happens from now on is not seen; the attempts go on without us."""
        for attempt in list(self._attempts.values()):
            if not attempt.over:
                attempt.lost(why)
                attempt.changed()
