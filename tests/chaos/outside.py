"""The simulated exchange, and a list of what it was made to dial."""

from __future__ import annotations

from collections.abc import Callable

from telephony.simulator import Exchange, SimulatorSettings
from telephony.simulator.channel import Channel
from tests.chaos.rows import Dialled


class Watched(Exchange):
    """`on_dial` hears of each leg to a number outside, with whether another one is there yet."""

    def __init__(
        self, settings: SimulatorSettings, start: float, on_dial: Callable[[Dialled, bool], None]
    ) -> None:
        super().__init__(settings, start)
        self._on_dial = on_dial
        self._outside: dict[str, Channel] = {}
        """The last leg to each number."""

    def outside_leg(self, number: str, *, uniqueid: str) -> Channel:
        before = self._outside.get(number)
        there = before is not None and not before.gone
        channel = super().outside_leg(number, uniqueid=uniqueid)
        self._outside[number] = channel
        self._on_dial(Dialled(channel.uniqueid, number, self.world.now), there)
        return channel
