"""Who gets which call, and why. Pure.

The floor tells the router facts (who is signed in, ready, waiting) and asks it for decisions; the
router changes nothing by deciding. Every decision is read off one rule: at this moment, go through
the line in order and give each call to whom it is kept for, or else to the agent who has been idle
longest among those who may take it. This module knows no channels, screens or stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import merge
from math import isfinite
from typing import Final, Literal, TypeAlias

from .events import QueueSettings
from .line import Entry, Key, Kind, Line, Step, Waiting, steps_of
from .pool import Pool, Seat
from .skills import Expression

__all__ = [
    "NAMED", "Considered", "Decision", "Kind", "Router", "Trigger", "Verdict", "Waiting",
    "steps_of",
]  # fmt: skip

NAMED: Final = 12
"""Agents named in a decision."""
WORKING: Final = frozenset({"ready", "reserved", "offered", "talking", "held", "wrapup"})
"""A call waits for its preferred agent while they are in one of these states."""
Trigger: TypeAlias = Literal["arrival", "capacity", "step", "dry_run"]
Verdict: TypeAlias = Literal[
    "chosen",
    "idle_shorter",  # could take it; somebody else has been idle longer
    "not_ready",
    "not_skilled",
    "kept_for_last_agent",
    "kept_from_agent",  # did not answer or refused it a moment ago
    "occupied",  # filler only: over the occupancy cap
    "earlier_call",  # takes another call that comes first
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    agent: str
    verdict: Verdict
    detail: str = ""
    """The state they are in, the skill that is missing, since when they are idle..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One routing decision with its trace."""

    at: float
    trigger: Trigger
    call: str
    queue: str
    agent: str | None
    """Who gets it; nobody: it waits."""
    rule: str
    """What chose: ``longest_idle``, ``last_agent``, or why it waits."""
    step: int
    """Index of the queue's step that applied."""
    want: str
    """The expression agents had to satisfy."""
    score: float
    """Seconds it counts as having waited."""
    ahead: int
    """Waiting calls of all queues that come before it."""
    ready: int
    """Of those eligible, how many are ready."""
    eligible: int
    """Signed in agents who satisfy ``want``, in whatever state."""
    considered: tuple[Considered, ...]
    """The first of those looked at, the chosen one first; at most ``NAMED``."""
    counts: tuple[tuple[Verdict, int], ...]
    """How many got each verdict, over all signed-in agents."""


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
        return self._takers(self._line.entry(call), self._line.now).bit_count()

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
        wanted = 0 if entry.reserved else self._takers(entry, now)
        if wanted:
            for other, seat in self._given_out(now, entry.key):
                taken[seat.agent] = other.waiting.call
                wanted &= ~seat.bit
                if not wanted:
                    break
        return self._decision(entry, now, trigger, taken)

    def decide_agent(self, agent: str, now: float) -> Decision | None:
        """The call that this agent gets when all are served in order; ``None``: none."""
        self._line.advance(now)
        asked = self._pool.seat(agent)
        if not self._pool.ready & asked.bit:
            return None
        taken: dict[str, str] = {}
        for entry, seat in self._given_out(now, None):
            if seat is asked:
                return self._decision(entry, now, "capacity", taken)
            taken[seat.agent] = entry.waiting.call
        return None

    def decide_next(self, now: float, trigger: Trigger = "step") -> Decision | None:
        """The first call in line that somebody may take now; ``None``: nobody can take any."""
        self._line.advance(now)
        for entry, _ in self._given_out(now, None):
            return self._decision(entry, now, trigger, {})
        return None

    def explain(self, call: str, now: float) -> Decision:
        """Who would get this call now, and why: the same decision, for the supervisor."""
        return self.decide_call(call, now, "dry_run")

    # --- how it decides -------------------------------------------------------------------------

    def _recheck(self, agent: str) -> None:
        """What became of the agent may have freed the calls that are kept for them."""
        self._line.widened.update(self._line.preferring.get(agent, {}))

    def _kept_from(self, entry: Entry, now: float) -> int:
        mask = 0
        for agent, until in entry.waiting.kept_from.items():
            if until > now and (seat := self._pool.find(agent)) is not None:
                mask |= seat.bit
        return mask

    def _holder(self, entry: Entry, now: float) -> Seat | None:
        """Whom the call is kept for, if they can be expected to take it."""
        waiting = entry.waiting
        if waiting.preferred is None or waiting.preferred_until <= now:
            return None
        seat = self._pool.find(waiting.preferred)
        if seat is None or seat.state not in WORKING:
            return None
        may = entry.group.mask(self._pool) & ~self._kept_from(entry, now)
        return seat if may & seat.bit else None

    def _takers(self, entry: Entry, now: float) -> int:
        """The ready agents who may take the call."""
        takers = entry.group.takers(self._pool)
        if takers and entry.special:
            takers &= ~self._kept_from(entry, now)
            holder = self._holder(entry, now)
            if holder is not None:
                takers &= holder.bit
        return takers

    def _given_out(self, now: float, before: Key | None) -> Iterator[tuple[Entry, Seat]]:
        """Every call in line order that somebody can take, with the agent who gets it."""
        pool = self._pool
        groups = [
            group.keys
            for group in self._line.groups.values()
            if (before is None or group.keys[0] < before) and group.takers(pool)
        ]
        taken = 0
        for key in groups[0] if len(groups) == 1 else merge(*groups):
            if before is not None and key >= before:
                return
            entry = self._line.at(key)
            seat = pool.first(self._takers(entry, now) & ~taken)
            if seat is not None:
                taken |= seat.bit
                yield entry, seat

    def _decision(
        self, entry: Entry, now: float, trigger: Trigger, taken: Mapping[str, str]
    ) -> Decision:
        """The decision on one call when those in ``taken`` (agent to call) take earlier ones."""
        pool, line, waiting = self._pool, self._line, entry.waiting
        eligible = entry.group.mask(pool)
        ready = eligible & pool.ready
        holder = self._holder(entry, now)
        gone = 0
        for agent in taken:
            gone |= pool.seat(agent).bit
        # Each agent has one verdict: the first that applies.
        masks: dict[Verdict, int] = {}
        left = ready
        masks["kept_from_agent"] = left & self._kept_from(entry, now)
        left &= ~masks["kept_from_agent"]
        masks["kept_for_last_agent"] = left & ~holder.bit if holder is not None else 0
        left &= ~masks["kept_for_last_agent"]
        masks["occupied"] = left & ~pool.light if entry.group.filler else 0
        left &= ~masks["occupied"]
        masks["earlier_call"] = left & gone
        left &= ~gone
        chosen = None if entry.reserved else pool.first(left)
        masks["chosen"] = 0 if chosen is None else chosen.bit
        masks["idle_shorter"] = left & ~masks["chosen"]
        masks["not_ready"] = eligible & ~ready
        masks["not_skilled"] = pool.everyone & ~eligible
        if chosen is not None:
            rule = "longest_idle" if holder is None else "last_agent"
        elif entry.reserved:
            rule = "reserved"
        else:
            rule = _why_it_waits(len(pool), eligible, masks, holder)
        return Decision(
            at=now,
            trigger=trigger,
            call=waiting.call,
            queue=waiting.queue,
            agent=None if chosen is None else chosen.agent,
            rule=rule,
            step=entry.group.step,
            want=str(entry.group.want),
            score=now - entry.key[1],
            ahead=line.ahead(entry),
            ready=ready.bit_count(),
            eligible=eligible.bit_count(),
            considered=tuple(self._considered(entry, now, masks, taken)),
            counts=tuple(
                (verdict, masks[verdict].bit_count()) for verdict in ORDER if masks[verdict]
            ),
        )

    def _considered(
        self, entry: Entry, now: float, masks: Mapping[Verdict, int], taken: Mapping[str, str]
    ) -> Iterator[Considered]:
        pool, named = self._pool, 0
        for verdict in ORDER:
            mask = masks[verdict]
            if not mask or named >= NAMED:
                continue
            among = pool.in_turn if mask & pool.ready == mask else pool.seats
            for seat in among(mask, NAMED - named):
                named += 1
                detail = _detail(verdict, seat, entry, now, taken)
                yield Considered(agent=seat.agent, verdict=verdict, detail=detail)


ORDER: Final[tuple[Verdict, ...]] = (
    "chosen", "idle_shorter", "earlier_call", "kept_for_last_agent", "kept_from_agent", "occupied",
    "not_ready", "not_skilled",
)  # fmt: skip
"""In which a decision names agents: who was nearest to getting the call first."""


def _key(entry: Entry) -> Key:
    return entry.key


def _why_it_waits(
    signed_in: int, eligible: int, masks: Mapping[Verdict, int], holder: Seat | None
) -> str:
    if not signed_in:
        return "nobody_signed_in"
    if not eligible:
        return "nobody_skilled"
    if masks["earlier_call"]:
        return "earlier_calls"
    if holder is not None and not masks["occupied"]:
        return "kept_for_last_agent"
    if masks["occupied"]:
        return "occupied"
    return "kept_from_agents" if masks["kept_from_agent"] else "nobody_ready"


def _detail(
    verdict: Verdict, seat: Seat, entry: Entry, now: float, taken: Mapping[str, str]
) -> str:
    waiting = entry.waiting
    match verdict:
        case "not_ready":
            return seat.state
        case "not_skilled":
            member = waiting.queue in seat.queues
            return entry.group.want.missing(seat.skills, member)
        case "earlier_call":
            return f"takes {taken[seat.agent]}"
        case "kept_for_last_agent":
            return f"kept for {waiting.preferred}, {waiting.preferred_until - now:.0f} s more"
        case "kept_from_agent":
            return f"{waiting.kept_from[seat.agent] - now:.0f} s more"
        case "occupied":
            return f"occupancy {seat.occupancy:.0%}"
    return f"idle for {now - seat.idle_since:.0f} s"
