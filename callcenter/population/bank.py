"""The whole population, and the weeks of calls before it is handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from callcenter.ports import Condition, PersonRow

from .callers import UNKNOWN, Crowd, NextCall, draw_stranger
from .catalogue import USUAL, Catalogue, Leaf
from .happenings import Happened
from .history import SETTLED, History, PastCall, took_place
from .laws import DAY, WEEK
from .lives import Life
from .people import make_lives
from .words import Phrases, Speech
from .world import STRANGERS_IN_OUTAGE, Reasons, World

__all__ = ["SETTLED", "PastCall", "Population", "generate"]

WEEKS = 8.0
STEP = 500
"""People between two reports of progress."""
_BEFORE = 24 * DAY
"""What happened so long before the first week still makes people call in it."""


@dataclass(slots=True)
class Population:
    lives: list[Life]
    past: tuple[PastCall, ...]
    """Oldest first."""
    until: float
    conditions: tuple[Condition, ...]
    """Oldest first."""
    reasons: Reasons
    """What leads to what, in this bank."""
    speech: Speech
    _by_id: dict[str, Life] = field(init=False)
    _behind: dict[str, list[Life]] = field(init=False)
    _crowd: Crowd = field(init=False)

    def __post_init__(self) -> None:
        self._by_id = {life.base.id: life for life in self.lives}
        self._behind = {}
        for life in self.lives:
            for point in life.base.points:
                if point.kind == "phone":
                    self._behind.setdefault(point.value, []).append(life)
        self._crowd = Crowd(self.lives, self.until, self.reasons)

    def row(self, person: str, at: float) -> PersonRow:
        """What the store would have said of ``person`` at ``at``."""
        return self._by_id[person].row(at)

    def behind(self, readings: tuple[str, ...], at: float) -> tuple[PersonRow, ...]:
        """What the store would have said of the people at these numbers, at most 10."""
        found: dict[str, PersonRow] = {}
        for reading in readings:
            sharers = self._behind.get(reading, [])
            for life in sharers:
                found.setdefault(life.base.id, life.row(at, reading, len(sharers)))
        return tuple(found.values())[:10]

    def conditions_at(self, at: float) -> tuple[Condition, ...]:
        """Those that had begun by ``at``, as they were told by then: no end that was to come."""
        return tuple(
            replace(one, until=None) if one.until is not None and one.until > at else one
            for one in self.conditions
            if one.since <= at
        )

    def next_call(self, rng: Random, at: float) -> NextCall:
        """Who rings next. The past weeks' calls are what they remember; ``at`` may be any moment
        from ``until`` on, and what was due by then and has not come makes them call."""
        strange = UNKNOWN / (1 - UNKNOWN)
        if self.reasons.world.outages_at(at):
            strange *= 1 + STRANGERS_IN_OUTAGE
        if not self.lives or rng.random() < strange / (1 + strange):
            return self.speech.heard(rng, draw_stranger(rng, at, self.reasons), None, at)
        call = self._crowd.next_call(rng, at)
        return self.speech.heard(rng, call, self._life(call), at)

    def _life(self, call: NextCall) -> Life | None:
        return None if call.person is None else self._by_id[call.person]


def generate(
    seed: int,
    people: int,
    until: float,
    progress: Callable[[int, int], None] | None = None,
    *,
    weeks: float = WEEKS,
    catalogue: Sequence[Leaf] = USUAL,
    phrases: Phrases | None = None,
    outside: Mapping[str, Sequence[str]] | None = None,
    change_at: float | None = None,
    world: World | None = None,
    ahead: float = 0.0,
) -> Population:
    """The population of ``seed``: the same arguments give the same people and calls to the byte.

    ``progress`` is told (people done, people in all) every ``STEP`` people. ``catalogue``: the
    reasons there are. ``phrases``: how people put them, by code and language, and ``outside`` what
    they say about none of them; without them nobody says a word, and everything else is the same.
    ``change_at``: when prices change (half-way else); ``world`` says that and outages together.
    ``ahead``: for so many seconds after ``until`` things go on happening; without it nothing new
    does. Raises ``ValueError`` for a catalogue without reasons.
    """
    rng = Random(seed)  # noqa: S311 - made-up people, no secret
    span = weeks * WEEK
    first = until - span
    told = world or World.usual(until, weeks, change_at)
    reasons = Reasons(Catalogue(catalogue), told)
    lives: list[Life] = []
    calls: list[PastCall] = []
    for life in make_lives(rng, people, until, span + _BEFORE):
        lives.append(life)
        # A chance of their own: other reasons or another world, and they are the same people.
        own = Random(f"{seed} {life.base.id}")  # noqa: S311
        happened = Happened(own, life, reasons, first - _BEFORE, until + ahead)
        happened.everything()
        calls += History(own, life, reasons, happened, first, until).play()
        if progress is not None and len(lives) % STEP == 0:
            progress(len(lives), people)
    chance = Random(f"{seed} strangers")  # noqa: S311
    calls += _strangers(chance, len(calls), first, until, reasons)
    calls.sort(key=lambda call: call.contact.at)
    population = Population(
        lives=lives,
        past=(),
        until=until,
        conditions=told.conditions(),
        reasons=reasons,
        speech=Speech(phrases or {}, outside or {}),
    )
    population.past = tuple(_with_words(Random(f"{seed} words"), population, calls))  # noqa: S311
    if progress is not None:
        progress(people, people)
    return population


def _strangers(
    rng: Random, calls: int, first: float, until: float, reasons: Reasons
) -> list[PastCall]:
    """Spread over the weeks, and more in outages."""
    usual = calls * UNKNOWN / (1 - UNKNOWN)
    times = [rng.uniform(first, until) for _ in range(int(usual))]
    a_second = usual / (until - first)
    for outage in reasons.world.outages:
        since, end = max(outage.since, first), min(outage.until, until)
        # By day, when outages come, twice as much is called as in the mean of day and night.
        more = int(max(0.0, end - since) * a_second * 2 * STRANGERS_IN_OUTAGE)
        times += [rng.uniform(since, end) for _ in range(more)]
    return [
        took_place(rng, draw_stranger(rng, at, reasons), at, f"stranger-{number}", reasons)
        for number, at in enumerate(times, 1)
    ]


def _with_words(rng: Random, population: Population, calls: list[PastCall]) -> list[PastCall]:
    """A chance of its own, so that what is said changes nothing else."""
    heard = population.speech.heard
    by_id = {life.base.id: life for life in population.lives}
    return [
        replace(
            call,
            made=heard(rng, call.made, by_id.get(call.made.person or ""), call.contact.at),
        )
        for call in calls
    ]
