"""The signed-in agents as routing sees them: sets as bits of one integer. Pure.

Each agent has a slot, which is a bit; "Spanish at 3 or above" and "ready" are integers, and a
whole expression over 2,000 agents is a few operations on 250 bytes each. This module knows no
calls and chooses nobody.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import isfinite
from typing import Final

from .skills import TOP

READY: Final = "ready"
SKILL: Final = "skill"
QUEUE: Final = "queue"
EVERYONE: Final = ("everyone", "")


@dataclass(slots=True)
class Seat:
    """A signed-in agent."""

    agent: str
    slot: int
    skills: Mapping[str, int]
    queues: frozenset[str]
    state: str
    idle_since: float = 0.0
    occupancy: float = 0.0
    bit: int = field(init=False)

    def __post_init__(self) -> None:
        self.bit = 1 << self.slot

    @property
    def turn(self) -> tuple[float, str, int]:
        """Ready agents are asked in this order: longest idle first, ties by name."""
        return self.idle_since, self.agent, self.slot


class Pool:
    """Who is signed in, with which skills, and who is ready since when."""

    def __init__(self) -> None:
        self.everyone = 0
        self.ready = 0
        self.light = 0
        """Ready and below the occupancy cap: may take outbound work."""
        self.version = 0
        """Counts changes of who has which skill and is a member of which queue."""
        self._changed: dict[tuple[str, str], int] = {}
        """The version at which a skill or a queue last changed, or who is signed in."""
        self.line: list[tuple[float, str, int]] = []
        """Ready agents in turn."""
        self._seats: dict[str, Seat] = {}
        self._slots: list[Seat | None] = []
        self._free: list[int] = []
        self._at_least: dict[str, list[int]] = {}
        self._members: dict[str, int] = {}

    def __contains__(self, agent: str) -> bool:
        return agent in self._seats

    def __len__(self) -> int:
        return len(self._seats)

    def at_least(self, skill: str, level: int) -> int:
        """Those who have ``skill`` at ``level`` or above; level 0: who have it at all."""
        sets = self._at_least.get(skill)
        return sets[level] if sets is not None and level <= TOP else 0

    def changed_since(self, version: int, skills: Collection[str], queue: str, wide: bool) -> bool:
        """Whether any of these sets changed after ``version``; ``wide``: or who is signed in."""
        changed = self._changed
        # Asked for every group of calls after every change: a plain loop is twice as fast as any().
        for skill in skills:
            if changed.get((SKILL, skill), 0) > version:
                return True
        return changed.get((QUEUE, queue), 0) > version or (
            wide and changed.get(EVERYONE, 0) > version
        )

    def members(self, queue: str) -> int:
        return self._members.get(queue, 0)

    def seat(self, agent: str) -> Seat:
        try:
            return self._seats[agent]
        except KeyError:
            raise KeyError(f"no agent {agent!r} is signed in") from None

    def find(self, agent: str) -> Seat | None:
        return self._seats.get(agent)

    def seats(self, mask: int, most: int) -> Iterator[Seat]:
        """Up to ``most`` of the agents in ``mask``, by slot."""
        while mask and most > 0:
            low = mask & -mask
            seat = self._slots[low.bit_length() - 1]
            assert seat is not None
            yield seat
            mask ^= low
            most -= 1

    def first(self, mask: int) -> Seat:
        """Who has been idle longest of those in ``mask``, who are ready; one is at least."""
        return next(self.in_turn(mask, 1))

    def in_turn(self, mask: int, most: int) -> Iterator[Seat]:
        """Up to ``most`` of the agents in ``mask``, who are ready, longest idle first."""
        found = mask.bit_count()
        if found == 1:
            seat = self._slots[mask.bit_length() - 1]
            assert seat is not None
            yield seat
            return
        most = min(most, found)
        # A few among many: reading them out and sorting beats walking the line of all.
        if found * found <= len(self.line):
            yield from sorted(self.seats(mask, found), key=_turn)[:most]
            return
        # One byte is looked up faster than one bit of a long integer.
        octets = mask.to_bytes(len(self._slots) // 8 + 1, "little")
        for _, _, slot in self.line:
            if most <= 0:
                return
            if octets[slot >> 3] >> (slot & 7) & 1:
                seat = self._slots[slot]
                assert seat is not None
                yield seat
                most -= 1

    def add(self, agent: str, skills: Mapping[str, int], queues: Collection[str]) -> None:
        """Signed in, not ready yet. An agent who is here already begins anew."""
        levels = _levels(agent, skills)
        if agent in self._seats:
            self.remove(agent)
        slot = heappop(self._free) if self._free else len(self._slots)
        seat = Seat(agent, slot, {}, frozenset(), "signed_in")
        if slot == len(self._slots):
            self._slots.append(seat)
        self._slots[slot] = self._seats[agent] = seat
        self.everyone |= seat.bit
        self._touch(EVERYONE)
        self._set_skills(seat, levels)
        self._set_queues(seat, frozenset(queues))

    def remove(self, agent: str) -> None:
        seat = self.seat(agent)
        self.busy(agent, "signed_out")
        self._set_skills(seat, {})
        self._set_queues(seat, frozenset())
        self.everyone &= ~seat.bit
        self._touch(EVERYONE)
        del self._seats[agent]
        self._slots[seat.slot] = None
        heappush(self._free, seat.slot)

    def set_skills(self, agent: str, skills: Mapping[str, int]) -> None:
        self._set_skills(self.seat(agent), _levels(agent, skills))

    def set_queues(self, agent: str, queues: Collection[str]) -> None:
        self._set_queues(self.seat(agent), frozenset(queues))

    def free(self, agent: str, idle_since: float, occupancy: float, cap: float) -> None:
        """Ready since ``idle_since``."""
        seat = self.seat(agent)
        if not (isfinite(idle_since) and isfinite(occupancy)):
            raise ValueError(f"agent {agent!r}: idle since {idle_since}, occupancy {occupancy}")
        self.busy(agent, READY)
        seat.idle_since, seat.occupancy = idle_since, occupancy
        insort(self.line, seat.turn)
        self.ready |= seat.bit
        if occupancy < cap:
            self.light |= seat.bit

    def busy(self, agent: str, state: str) -> None:
        seat = self.seat(agent)
        if self.ready & seat.bit:
            del self.line[bisect_left(self.line, seat.turn)]
            self.ready &= ~seat.bit
            self.light &= ~seat.bit
        seat.state = state

    def _set_skills(self, seat: Seat, skills: dict[str, int]) -> None:
        for skill in seat.skills.keys() | skills.keys():
            self._touch((SKILL, skill))
        for skill in seat.skills:
            sets = self._at_least[skill]
            for level in range(TOP + 1):
                sets[level] &= ~seat.bit
            if not sets[0]:
                del self._at_least[skill]
        for skill, has in skills.items():
            sets = self._at_least.setdefault(skill, [0] * (TOP + 1))
            for level in range(has + 1):
                sets[level] |= seat.bit
        seat.skills = skills

    def _set_queues(self, seat: Seat, queues: frozenset[str]) -> None:
        for queue in seat.queues - queues:
            left = self._members[queue] & ~seat.bit
            if left:
                self._members[queue] = left
            else:
                del self._members[queue]
        for queue in queues - seat.queues:
            self._members[queue] = self._members.get(queue, 0) | seat.bit
        for queue in seat.queues ^ queues:
            self._touch((QUEUE, queue))
        seat.queues = queues

    def _touch(self, what: tuple[str, str]) -> None:
        self.version += 1
        self._changed[what] = self.version


def _turn(seat: Seat) -> tuple[float, str, int]:
    return seat.turn


def _levels(agent: str, skills: Mapping[str, int]) -> dict[str, int]:
    for skill, level in skills.items():
        if not 0 <= level <= TOP:
            raise ValueError(f"agent {agent!r}: {skill} {level} is no level from 0 to {TOP}")
    return dict(skills)
