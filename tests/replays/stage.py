"""What a scenario is played on, and how its truth is written down.

A scenario is a function that makes calls on a real exchange and waits for what it wants to
happen. Its truth is what a person on the floor would say happened, in the words of
callcenter/floor/events; it is written by hand and not derived from the recording.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.exchange.ami import ManagerTap
from tests.exchange.asterisk import Exchange
from tests.exchange.configuration import Edit
from tests.exchange.phones import Phones


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One call. `queues` are (queue, how it was left), `offers` (device, how the ringing ended).

    `number` and `name` are the other party's, as the exchange reports them, None when withheld
    or absent. A list with alternatives is not needed: each recording is one fixed course.
    """

    direction: str
    number: str | None
    dialled: str
    end: str | None
    """None: the recording stops while the call goes on. "merged": it became part of the call
    before it."""
    name: str | None = None
    queues: tuple[tuple[str, str], ...] = ()
    offers: tuple[tuple[str, str], ...] = ()
    answered_by: tuple[str, ...] = ()
    holds: int = 0
    began_by: str | None = None
    """The own device that made the call (outbound, internal)."""
    transfers: tuple[tuple[str, str | None, str], ...] = ()
    """(kind, by which device, to whom)."""
    parked: tuple[tuple[str | None, str | None], ...] = ()
    """(place, the device that took it back)."""
    parties: tuple[str, ...] = ()
    """Numbers of others who took part."""


@dataclass(slots=True)
class Stage:
    """An exchange, its phones, and the recording once it has begun."""

    exchange: Exchange
    phones: Phones
    recording: bytes = b""
    taps: list[ManagerTap] = field(default_factory=list)

    def record(self, user: str = "recorder") -> ManagerTap:
        """Sign in and keep every byte from the banner on."""
        tap = self.exchange.tap(user)
        self.taps.append(tap)
        if user != "half":
            tap.wait_event("FullyBooted")
        return tap

    def finish(self, tap: ManagerTap, *, channels_up: int = 0) -> None:
        """End the recording once all its channels have hung up and nothing more comes."""
        tap.wait(lambda _: self._up(tap) == channels_up)
        tap.wait_quiet(0.8)
        self.keep(tap)

    def keep(self, tap: ManagerTap) -> None:
        self.recording = tap.received

    @staticmethod
    def _up(tap: ManagerTap) -> int:
        return len(tap.events("Newchannel")) - len(tap.events("Hangup"))


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    story: str
    truth: tuple[Truth, ...]
    edits: tuple[Edit, ...]
    play: Callable[[Stage], None]


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *truth: Truth, edits: tuple[Edit, ...] = ()
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Register a function under its name; its docstring is the story in the README."""

    def register(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        story = " ".join((play.__doc__ or "").split())
        SCENARIOS[play.__name__] = Scenario(play.__name__, story, truth, edits, play)
        return play

    return register


def pause(seconds: float) -> None:
    """Let a moment of a call pass, so that waits and talks in a recording are not zero."""
    time.sleep(seconds)
