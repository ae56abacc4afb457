"""What happens to packets between the exchange and whoever reads them. Pure, seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator

from telephony.simulator.messages import Message

LOST, TWICE, SWAPPED = 0.05, 0.1, 0.2
"""Of a hundred packets while such a fault lasts."""
_SUBJECT = re.compile(r"(?:Unique[Ii]d|Linkedid): (\S+)")
_OTHER_THREADS = ("DeviceStateChange", "QueueMemberStatus", "OriginateResponse")


class Faults:
    """`losing`, `twice`, `swapping`: which faults last now. `lost`: packets lost so far."""

    def __init__(self, chance: random.Random) -> None:
        self.losing = self.twice = self.swapping = False
        self.lost = 0
        self._chance = chance

    def through(self, messages: list[Message]) -> Iterable[Message]:
        """The messages as they arrive."""
        if self.swapping:
            messages = self._swapped(messages)
        if self.losing or self.twice:
            return self._spoilt(messages)
        return messages

    def _spoilt(self, messages: list[Message]) -> Iterator[Message]:
        chance = self._chance.random
        for message in messages:
            if self.losing and chance() < LOST:
                self.lost += 1
                continue
            yield message
            if self.twice and chance() < TWICE:
                yield message

    def _swapped(self, messages: list[Message]) -> list[Message]:
        """Neighbours change places where Asterisk sends them from different threads: two channels
        that have nothing to do with each other, or a state of a device and whatever else."""
        found = list(messages)
        for n in range(len(found) - 1):
            if self._chance.random() < SWAPPED and _may_swap(found[n].text, found[n + 1].text):
                found[n], found[n + 1] = found[n + 1], found[n]
        return found


def _may_swap(one: str, other: str) -> bool:
    names = one[7 : one.index("\r")], other[7 : other.index("\r")]
    if any(name.startswith(_OTHER_THREADS) for name in names) and names[0] != names[1]:
        return True
    return set(_SUBJECT.findall(one)).isdisjoint(_SUBJECT.findall(other))
