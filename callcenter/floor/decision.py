"""A routing decision with its trace, and the rules on who may take one call. Pure.

Which call an agent gets is the router's to say; here it is one call, the agents who are signed in
and, for each of them, the first rule that speaks against them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from .line import Entry, Line
from .pool import Pool, Seat

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


ORDER: Final[tuple[Verdict, ...]] = (
    "chosen", "idle_shorter", "earlier_call", "kept_for_last_agent", "kept_from_agent", "occupied",
    "not_ready", "not_skilled",
)  # fmt: skip
"""In which a decision names agents: who was nearest to getting the call first."""


def kept_from(pool: Pool, entry: Entry, now: float) -> int:
    """Those who did not answer the call or refused it a moment ago."""
    mask = 0
    for agent, until in entry.waiting.kept_from.items():
        if until > now and (seat := pool.find(agent)) is not None:
            mask |= seat.bit
    return mask


def holder_of(pool: Pool, entry: Entry, now: float) -> Seat | None:
    """Whom the call is kept for, if they can be expected to take it."""
    waiting = entry.waiting
    if waiting.preferred is None or waiting.preferred_until <= now:
        return None
    seat = pool.find(waiting.preferred)
    if seat is None or seat.state not in WORKING:
        return None
    may = entry.group.mask(pool) & ~kept_from(pool, entry, now)
    return seat if may & seat.bit else None


def takers_of(pool: Pool, entry: Entry, now: float) -> int:
    """The ready agents who may take the call."""
    return allowed(pool, entry, now, entry.group.takers(pool))


def allowed(pool: Pool, entry: Entry, now: float, takers: int) -> int:
    """Those of ``takers`` from whom the call is not kept, nor kept for another."""
    if takers and entry.special:
        takers &= ~kept_from(pool, entry, now)
        holder = holder_of(pool, entry, now)
        if holder is not None:
            takers &= holder.bit
    return takers


def decided(
    pool: Pool, line: Line, entry: Entry, now: float, trigger: Trigger, taken: Mapping[str, str]
) -> Decision:
    """The decision on one call when those in ``taken`` (agent to call) take earlier ones."""
    waiting = entry.waiting
    eligible = entry.group.mask(pool)
    ready = eligible & pool.ready
    holder = holder_of(pool, entry, now)
    gone = 0
    for agent in taken:
        gone |= pool.seat(agent).bit
    # Each agent has one verdict: the first that applies.
    masks: dict[Verdict, int] = {}
    left = ready
    masks["kept_from_agent"] = left & kept_from(pool, entry, now)
    left &= ~masks["kept_from_agent"]
    masks["kept_for_last_agent"] = left & ~holder.bit if holder is not None else 0
    left &= ~masks["kept_for_last_agent"]
    masks["occupied"] = left & ~pool.light if entry.group.filler else 0
    left &= ~masks["occupied"]
    masks["earlier_call"] = left & gone
    left &= ~gone
    chosen = pool.first(left) if left and not entry.reserved else None
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
        considered=tuple(_considered(pool, entry, now, masks, taken)),
        counts=tuple((verdict, masks[verdict].bit_count()) for verdict in ORDER if masks[verdict]),
    )


def _considered(
    pool: Pool,
    entry: Entry,
    now: float,
    masks: Mapping[Verdict, int],
    taken: Mapping[str, str],
) -> Iterator[Considered]:
    named = 0
    for verdict in ORDER:
        mask = masks[verdict]
        if not mask or named >= NAMED:
            continue
        among = pool.in_turn if mask & pool.ready == mask else pool.seats
        for seat in among(mask, NAMED - named):
            named += 1
            detail = _detail(verdict, seat, entry, now, taken)
            yield Considered(agent=seat.agent, verdict=verdict, detail=detail)


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
