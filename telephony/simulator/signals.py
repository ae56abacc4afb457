"""What a running dialplan is told while it waits.

Pure data. Signals of a leg go to the dialplan that dialled it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from telephony.simulator.channel import Bridge
    from telephony.simulator.legs import Leg


@dataclass(frozen=True, slots=True)
class HungUp:
    """The channel's own party hung up (or was hung up)."""


@dataclass(frozen=True, slots=True)
class TryNow:
    """A queue says: an agent is free and it is your turn."""


@dataclass(frozen=True, slots=True)
class LegRinging:
    leg: Leg


@dataclass(frozen=True, slots=True)
class LegAnswered:
    leg: Leg


@dataclass(frozen=True, slots=True)
class LegRefused:
    """Busy, declined, or gone before an answer."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class LegGone:
    """The answered leg's party hung up."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class TakenInto:
    """Somebody else's Bridge() took this channel out of what it was doing."""

    bridge: Bridge


@dataclass(frozen=True, slots=True)
class LetGo:
    """The bridge this channel had been taken into is over."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The channel's own party pressed a key."""

    key: str


class Redirected(Exception):  # noqa: N818 - what happened is the name
    """Raised inside a dialplan that has to go on elsewhere. What it had begun it must end."""

    def __init__(self, context: str, exten: str) -> None:
        self.context = context
        self.exten = exten
        super().__init__(f"{context},{exten}")


Signal: TypeAlias = (
    HungUp
    | TryNow
    | LegRinging
    | LegAnswered
    | LegRefused
    | LegGone
    | TakenInto
    | LetGo
    | KeyPressed
)
