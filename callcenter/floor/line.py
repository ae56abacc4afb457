"""The calls that wait, in the one order that holds across all queues. Pure.

A call's **rank** is the moment at which it counts as having come: its place in line less its
credit. Who has the lower rank comes first, and since a rank does not change with time, neither does
the order. This module knows no agents; which of them may take a call is said by the expression of
the call's group.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, merge
from math import isfinite
from typing import Final, Literal, TypeAlias

from .events import QueueSettings
from .pool import Pool
from .skills import MEMBER, BadExpression, Expression, parse

Kind: TypeAlias = Literal["call", "filler"]
"""``filler``: outbound work, given only to idle agents below the occupancy cap."""
Key: TypeAlias = tuple[bool, float, int]
"""(is it a filler, rank, order of arrival): sorts the line."""
GroupKey: TypeAlias = tuple[str, int, Expression | None, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What routing must know about a call in line. Times are seconds since the epoch."""

    call: str
    queue: str
    place: float
    """When it came first: kept through overflow, refusal and callbacks."""
    since: float
    """When it entered this queue: the steps count from here."""
    credit: float = 0.0
    """Seconds it counts as having waited already, before the cap."""
    promised: float | None = None
    """A time that this person was promised; see :func:`rank`."""
    kind: Kind = "call"
    want: Expression | None = None
    """A further wish from a predicted reason, until ``want_until``."""
    want_until: float = 0.0
    preferred: str | None = None
    """Kept for this agent until ``preferred_until``."""
    preferred_until: float = 0.0
    kept_from: Mapping[str, float] = field(default_factory=dict)
    """Agents who are not asked, each until a time."""


@dataclass(frozen=True, slots=True)
class Step:
    after: float
    want: Expression


ALWAYS_MEMBERS: Final = (Step(0.0, MEMBER),)


def rank(waiting: Waiting, max_credit: float) -> float:
    """The moment (seconds since the epoch) at which the call counts as having come.

    ``place - credit``; with a promised time ``p`` no later than ``p - max_credit``, so that at the
    promised moment the call counts as having waited ``max_credit``. In either case at least
    ``place - max_credit`` and at most ``place``: whoever came ``max_credit`` or more after a call
    can never come before it.
    """
    counted = waiting.place - max(waiting.credit, 0.0)
    if waiting.promised is not None:
        counted = min(counted, waiting.promised - max_credit)
    return max(counted, waiting.place - max_credit)


def steps_of(settings: QueueSettings, known: Collection[str] = ()) -> tuple[Step, ...]:
    """The steps of a queue, parsed; a :class:`ValueError` names the queue and the step."""
    steps: list[Step] = []
    for n, step in enumerate(settings.steps):
        name = f"queue {settings.queue!r}, step {n + 1}"
        if (n == 0 and step.after != 0) or not isfinite(step.after):
            raise ValueError(f"{name}: begins after {step.after} s; the first begins after 0 s")
        if steps and step.after <= steps[-1].after:
            raise ValueError(f"{name}: begins after {step.after} s, not later than the one before")
        try:
            want = parse(step.want, known) if step.want.strip() else MEMBER
        except BadExpression as error:
            message = f"{name}: {error.message}"
            raise BadExpression(message, error.text, error.position) from error
        steps.append(Step(step.after, want))
    return tuple(steps) or ALWAYS_MEMBERS


@dataclass(slots=True, eq=False)
class Group:
    """Waiting calls that ask for the same agents."""

    key: GroupKey
    want: Expression
    keys: list[Key] = field(default_factory=list)
    """Those not reserved, in order."""
    skills: tuple[str, ...] = ()
    wide: bool = False
    """Those who are named by nothing they have may satisfy it."""
    _mask: int = 0
    _version: int = -1

    def __post_init__(self) -> None:
        self.skills = tuple(sorted(self.want.skills))
        self.wide = bool(self.want.words & {"any", "not"})

    @property
    def step(self) -> int:
        return self.key[1]

    @property
    def filler(self) -> bool:
        return self.key[3]

    def mask(self, pool: Pool) -> int:
        """Signed-in agents who satisfy it, in whatever state."""
        if self._version != pool.version:
            if self._version >= 0 and not pool.changed_since(
                self._version, self.skills, self.key[0], self.wide
            ):
                self._version = pool.version
                return self._mask
            self._mask = self.want.mask(pool, pool.members(self.key[0]))
            self._version = pool.version
        return self._mask

    def takers(self, pool: Pool) -> int:
        """Those of them who are ready, for outbound work below the occupancy cap."""
        return self.mask(pool) & (pool.light if self.filler else pool.ready)


@dataclass(slots=True, eq=False)
class Entry:
    """A call in line."""

    waiting: Waiting
    key: Key
    steps: tuple[Step, ...]
    starts: tuple[float, ...]
    """When each step begins."""
    times: tuple[float, ...]
    """All moments at which somebody else may take it."""
    special: bool
    """Not everybody in its group's set may take it."""
    group: Group
    reserved: bool = False


class Line:
    """All waiting calls, as they are at ``now``."""

    def __init__(self) -> None:
        self.groups: dict[GroupKey, Group] = {}
        """Those with a call that is not reserved."""
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._max_credit = 0.0
        self.now = float("-inf")
        """The moment advanced to."""
        self._entries: dict[str, Entry] = {}
        self._by_arrival: dict[int, Entry] = {}
        self._arrivals = 0
        self._order: list[Key] = []
        self._queues: dict[str, list[Key]] = {}
        self._due: list[tuple[float, int]] = []
        self.widened: dict[str, None] = {}
        """Calls that somebody else may take since this was last emptied."""
        self.preferring: dict[str, dict[str, None]] = {}
        """Agent to the calls that are kept for them."""

    def __contains__(self, call: str) -> bool:
        return call in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, call: str) -> Entry:
        try:
            return self._entries[call]
        except KeyError:
            raise KeyError(f"no call {call!r} is waiting") from None

    def at(self, key: Key) -> Entry:
        return self._by_arrival[key[2]]

    def steps(self, queue: str) -> tuple[Step, ...]:
        return self._steps.get(queue, ALWAYS_MEMBERS)

    def set_rules(self, steps: Mapping[str, tuple[Step, ...]], max_credit: float) -> None:
        """Calls in line keep their order of arrival and are ranked anew."""
        self._steps, self._max_credit = dict(steps), max_credit
        entries = list(self._entries.values())
        # Groups carry the expressions of the old steps: none of them may be met again.
        self.groups, self._order, self._queues, self._due = {}, [], {}, []
        self.preferring = {}
        for old in entries:
            self._enter(old.waiting, old.key[2], old.reserved)

    def put(self, waiting: Waiting) -> None:
        """In line, or changed. A call in line already keeps its order among equal ranks."""
        times = (
            waiting.place, waiting.since, waiting.credit, waiting.promised or 0.0,
            waiting.want_until, waiting.preferred_until, *waiting.kept_from.values(),
        )  # fmt: skip
        if not all(map(isfinite, times)):
            raise ValueError(f"call {waiting.call!r} has no proper times: {times}")
        old = self._entries.get(waiting.call)
        if old is not None:
            self._drop(old)
            arrival = old.key[2]
        else:
            self._arrivals += 1
            arrival = self._arrivals
        self._enter(waiting, arrival, old is not None and old.reserved)
        if len(self._due) > 8 * len(self._entries) + 64:
            self._recall()

    def remove(self, call: str) -> None:
        entry = self.entry(call)
        self._drop(entry)
        del self._entries[call], self._by_arrival[entry.key[2]]
        self.widened.pop(call, None)

    def reserve(self, call: str, reserved: bool) -> None:
        """A reserved call keeps its place and is not offered."""
        entry = self.entry(call)
        if reserved and not entry.reserved:
            self._part(entry)
        elif entry.reserved and not reserved:
            self._join(entry)
        entry.reserved = reserved

    def advance(self, now: float) -> None:
        """Steps are where they are at ``now``, which may be earlier than it was before."""
        if now < self.now:
            self.now = now
            for entry in self._entries.values():
                self._regroup(entry)
            self._recall()
        self.now = now
        while self._due and self._due[0][0] <= now:
            entry_due = self._by_arrival.get(heappop(self._due)[1])
            if entry_due is not None:
                self._regroup(entry_due)
                self.widened[entry_due.waiting.call] = None

    def next_change(self) -> float | None:
        """The first moment after the one advanced to at which a call's takers change."""
        while self._due:
            time, arrival = self._due[0]
            entry = self._by_arrival.get(arrival)
            if entry is not None and time in entry.times:
                return time
            heappop(self._due)
        return None

    def ahead(self, entry: Entry) -> int:
        return bisect_left(self._order, entry.key)

    def position(self, entry: Entry) -> int:
        return bisect_left(self._queues[entry.waiting.queue], entry.key) + 1

    def waiting(self, queue: str) -> Iterator[Waiting]:
        for key in self._queues.get(queue, ()):
            yield self.at(key).waiting

    def in_order(self, groups: Iterable[Group], before: Key | None = None) -> Iterator[Entry]:
        """The calls of ``groups`` that are not reserved, those that come before ``before``."""
        for key in merge(*(group.keys for group in groups)):
            if before is not None and key >= before:
                return
            yield self.at(key)

    def _enter(self, waiting: Waiting, arrival: int, reserved: bool) -> None:
        entry = self._made(waiting, arrival)
        entry.reserved = reserved
        self._entries[waiting.call] = self._by_arrival[arrival] = entry
        insort(self._order, entry.key)
        insort(self._queues.setdefault(waiting.queue, []), entry.key)
        if not reserved:
            self._join(entry)
        if waiting.preferred is not None:
            self.preferring.setdefault(waiting.preferred, {})[waiting.call] = None
        for time in entry.times:
            if time > self.now:
                heappush(self._due, (time, arrival))

    def _made(self, waiting: Waiting, arrival: int) -> Entry:
        steps = self.steps(waiting.queue)
        starts = tuple(waiting.since + step.after for step in steps)
        times = [*starts[1:], *waiting.kept_from.values()]
        if waiting.want is not None:
            times.append(waiting.want_until)
        if waiting.preferred is not None:
            times.append(waiting.preferred_until)
        key = (waiting.kind == "filler", rank(waiting, self._max_credit), arrival)
        special = waiting.preferred is not None or bool(waiting.kept_from)
        return Entry(
            waiting, key, steps, starts, tuple(times), special, self._group(waiting, steps, starts)
        )

    def _group(self, waiting: Waiting, steps: tuple[Step, ...], starts: tuple[float, ...]) -> Group:
        step = max(bisect_right(starts, self.now) - 1, 0)
        extra = waiting.want if waiting.want_until > self.now else None
        group_key = (waiting.queue, step, extra, waiting.kind == "filler")
        group = self.groups.get(group_key)
        if group is None:
            want = steps[step].want
            group = Group(group_key, want if extra is None else want & extra)
        return group

    def _regroup(self, entry: Entry) -> None:
        group = self._group(entry.waiting, entry.steps, entry.starts)
        if group is entry.group:
            return
        if not entry.reserved:
            self._part(entry)
        entry.group = group
        if not entry.reserved:
            self._join(entry)

    def _join(self, entry: Entry) -> None:
        # While the call was reserved its group may have emptied, and another begun in its stead.
        entry.group = self.groups.setdefault(entry.group.key, entry.group)
        insort(entry.group.keys, entry.key)

    def _part(self, entry: Entry) -> None:
        keys = entry.group.keys
        del keys[bisect_left(keys, entry.key)]
        if not keys:
            del self.groups[entry.group.key]

    def _drop(self, entry: Entry) -> None:
        if not entry.reserved:
            self._part(entry)
        del self._order[bisect_left(self._order, entry.key)]
        keys = self._queues[entry.waiting.queue]
        del keys[bisect_left(keys, entry.key)]
        if not keys:
            del self._queues[entry.waiting.queue]
        agent = entry.waiting.preferred
        if agent is not None:
            del self.preferring[agent][entry.waiting.call]
            if not self.preferring[agent]:
                del self.preferring[agent]

    def _recall(self) -> None:
        self._due = [
            (time, entry.key[2])
            for entry in self._entries.values()
            for time in entry.times
            if time > self.now
        ]
        heapify(self._due)
