"""Who gets which call, and why. Pure.

The floor tells the router facts (who is signed in, ready, waiting) and asks it for decisions; the
router changes nothing by deciding. Every decision is read off one rule: at this moment, go through
the line in order and give each call to whom it is kept for, or else to the agent who has been idle
longest among those who may take it. This module knows no channels, screens or stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from heapq import merge
from math import isfinite

from .decision import (
    NAMED,
    WORKING,
    Considered,
    Decision,
    Trigger,
    Verdict,
    allowed,
    decided,
    takers_of,
)
from .events import QueueSettings
from .line import ALWAYS_MEMBERS, Entry, Group, Key, Kind, Line, Step, Waiting, steps_of
from .pool import Pool, Seat
from .skills import Expression

__all__ = [
    "NAMED", "Considered", "Decision", "Kind", "Router", "Trigger", "Verdict", "Waiting",
    "steps_of",
]  # fmt: skip


class Router:
    """The line and the agents; what it is told in, decisions out. Ids are never reused by two.

    An unknown call or agent is a :class:`KeyError` in words, impossible values are a
    :class:`ValueError`; in either case nothing changed. Times are seconds since the epoch.
    """

    def __init__(
        self,
        skills: Collection[str] = (),
        max_credit: float = 600.0,
        occupancy_cap: float = 0.85,
    ) -> None:
        if not (isfinite(max_credit) and max_credit >= 0):
            raise ValueError(f"max_credit is {max_credit}; it is 0 seconds or more")
        self._known = frozenset(skills)
        self._max_credit = max_credit
        self._cap = occupancy_cap
        self._pool = Pool()
        self._line = Line()
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._line.set_rules(self._steps, max_credit)

    # --- what it is told ----------------------------------------------------------------------

    def set_queue(self, settings: QueueSettings) -> None:
        """The steps of a queue; calls that wait in it go on by them. See :func:`steps_of`."""
        steps = steps_of(settings, self._known)
        self._steps[settings.queue] = steps
        self._line.set_rules(self._steps, self._max_credit)

    def agent_in(self, agent: str, skills: Mapping[str, int], queues: Collection[str]) -> None:
        """Signed in, with these levels, a member of these queues; not ready before it is told."""
        self._pool.add(agent, skills, queues)
        self._recheck(agent)

    def agent_out(self, agent: str) -> None:
        self._pool.remove(agent)
        self._recheck(agent)

    def skills_changed(self, agent: str, skills: Mapping[str, int]) -> None:
        self._pool.set_skills(agent, skills)
        self._recheck(agent)

    def membership_changed(self, agent: str, queues: Collection[str]) -> None:
        self._pool.set_queues(agent, queues)
        self._recheck(agent)

    def agent_ready(self, agent: str, idle_since: float, occupancy: float = 0.0) -> None:
        """May take a call. ``idle_since``: the end of the last wrap-up, whatever was refused or
        missed since; ``occupancy``: share of the time at work, 0 to 1."""
        self._pool.free(agent, idle_since, occupancy, self._cap)

    def agent_busy(self, agent: str, state: str) -> None:
        """May take none; ``state`` is an agent's state in the floor's words."""
        self._pool.busy(agent, state)
        if state not in WORKING:
            self._recheck(agent)

    def wait(self, waiting: Waiting) -> None:
        """In line; a call in line already is changed, keeping its order among equals."""
        self._line.put(waiting)

    def weigh(
        self,
        call: str,
        *,
        credit: float,
        want: Expression | None = None,
        want_until: float | None = None,
        preferred: str | None = None,
        preferred_until: float | None = None,
    ) -> None:
        """What is known about a waiting call, anew."""
        self._line.put(
            replace(
                self.waiting_call(call),
                credit=credit,
                want=want,
                want_until=want_until or 0.0,
                preferred=preferred,
                preferred_until=preferred_until or 0.0,
            )
        )

    def keep_from(self, call: str, agent: str, until: float) -> None:
        """The agent did not answer it or refused it: they are not asked again before ``until``."""
        waiting = self.waiting_call(call)
        self._line.put(replace(waiting, kept_from={**waiting.kept_from, agent: until}))

    def left(self, call: str) -> None:
        self._line.remove(call)

    def reserved(self, call: str) -> None:
        """Offered to somebody: it keeps its place and is given to nobody else."""
        self._line.reserve(call, True)

    def released(self, call: str) -> None:
        self._line.reserve(call, False)

    # --- what it says -------------------------------------------------------------------------

    def knows(self, call: str) -> bool:
        return call in self._line

    @property
    def anything_open(self) -> bool:
        """Whether any call waits that is not reserved."""
        return bool(self._line.groups)

    def waiting_call(self, call: str) -> Waiting:
        return self._line.entry(call).waiting

    def waiting(self, queue: str) -> tuple[str, ...]:
        """The calls of a queue in order, reserved ones among them."""
        return tuple(waiting.call for waiting in self._line.waiting(queue))

    def position(self, call: str) -> int:
        """1 for the first of its queue; reserved calls count."""
        return self._line.position(self._line.entry(call))

    def ahead(self, call: str) -> int:
        """Calls of all queues that come before it."""
        return self._line.ahead(self._line.entry(call))

    def free(self, call: str) -> int:
        """Ready agents who may take it, as if it were alone in line, at the moment last asked
        about."""
        return takers_of(self._pool, self._line.entry(call), self._line.now).bit_count()

    def ready_for(self, queue: str) -> int:
        """Ready agents who may take a call that comes to this queue now."""
        (first, *_) = self._steps.get(queue, ALWAYS_MEMBERS)
        return (
            first.want.mask(self._pool, self._pool.members(queue)) & self._pool.ready
        ).bit_count()

    def anybody(self, call: str) -> bool:
        """Whether anybody is signed in, in whatever state, who may take it now or by a later
        step."""
        entry = self._line.entry(call)
        members = self._pool.members(entry.waiting.queue)
        later = entry.steps[entry.group.step :]
        return any(step.want.mask(self._pool, members) for step in later)

    def next_change(self, now: float) -> float | None:
        """The next moment at which somebody else may take some waiting call: a step begins, a
        wish, a preference or an exclusion ends. ``now`` while calls wait to be :meth:`changed`."""
        self._line.advance(now)
        return now if self._line.widened else self._line.next_change()

    def changed(self, now: float) -> tuple[str, ...]:
        """The calls which somebody else may take since this was last asked, in line order: by the
        clock, or because the agent they were kept for left. Reserved ones are not among them."""
        self._line.advance(now)
        entries = [self._line.entry(call) for call in self._line.widened]
        self._line.widened.clear()
        entries.sort(key=_key)
        return tuple(entry.waiting.call for entry in entries if not entry.reserved)

    def decide_call(self, call: str, now: float, trigger: Trigger = "arrival") -> Decision:
        """Who gets this call when all calls ahead of it are served first."""
        self._line.advance(now)
        entry = self._line.entry(call)
        taken: dict[str, str] = {}
        wanted = 0 if entry.reserved else takers_of(self._pool, entry, now)
        if wanted:
            for other, seat in self._given_out(now, entry.key):
                taken[seat.agent] = other.waiting.call
                wanted &= ~seat.bit
                if not wanted:
                    break
        return decided(self._pool, self._line, entry, now, trigger, taken)

    def decide_agent(self, agent: str, now: float) -> Decision | None:
        """The call that this agent gets when all are served in order; ``None``: none."""
        self._line.advance(now)
        asked = self._pool.seat(agent)
        if not self._pool.ready & asked.bit:
            return None
        taken: dict[str, str] = {}
        for entry, seat in self._given_out(now, None):
            if seat is asked:
                return decided(self._pool, self._line, entry, now, "capacity", taken)
            taken[seat.agent] = entry.waiting.call
        return None

    def decide_next(self, now: float, trigger: Trigger = "step") -> Decision | None:
        """The first call in line that somebody may take now; ``None``: nobody can take any."""
        self._line.advance(now)
        for entry, _ in self._given_out(now, None):
            return decided(self._pool, self._line, entry, now, trigger, {})
        return None

    def explain(self, call: str, now: float) -> Decision:
        """Who would get this call now, and why: the same decision, for the supervisor."""
        return self.decide_call(call, now, "dry_run")

    # --- how it decides -------------------------------------------------------------------------

    def _recheck(self, agent: str) -> None:
        """What became of the agent may have freed the calls that are kept for them."""
        self._line.widened.update(self._line.preferring.get(agent, {}))

    def _given_out(self, now: float, before: Key | None) -> Iterator[tuple[Entry, Seat]]:
        """Every call in line order that somebody can take, with the agent who gets it."""
        pool, at = self._pool, self._line.at
        if not pool.ready:
            return
        takers: dict[Group, int] = {}
        for group in self._line.groups.values():
            if (before is None or group.keys[0] < before) and (mask := group.takers(pool)):
                takers[group] = mask
        free = pool.ready
        for key in merge(*(group.keys for group in takers)):
            if before is not None and key >= before:
                return
            entry = at(key)
            mask = takers[entry.group] & free
            if mask and (mask := allowed(pool, entry, now, mask)):
                seat = pool.first(mask)
                free ^= seat.bit
                yield entry, seat


def _key(entry: Entry) -> Key:
    return entry.key
