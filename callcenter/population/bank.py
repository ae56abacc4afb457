"""The whole population, and the week of calls before it is handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from callcenter.floor.card import Contact
from callcenter.ports import PersonRow

from .callers import UNKNOWN, NextCall, draw_call, draw_stranger, next_call
from .causes import DAY, WEEK, rates
from .lives import Life
from .people import make_lives, promised

AGENTS = ("alice", "bob", "chen", "dana", "emil", "farah", "gao", "hugo")
SETTLED = frozenset({"solved"})
"""Outcomes after which the made-up people stop calling about the matter."""
_OUTCOMES: Mapping[str, float] = {
    "solved": 0.70, "promised": 0.10, "passed_on": 0.08, "not_solved": 0.08, "cut_off": 0.04,
}  # fmt: skip
_SLOTS = (9.0, 12.0, 15.0, 18.0)
"""Hours of the day (UTC) at which thirds of a day's calling begin; each lasts three hours."""
_SLOT = 3 * 3600.0
_BUSY = (1.3, 1.1, 1.0, 1.0, 1.0, 0.5, 0.3)
"""Monday to Sunday, against an average day."""
STEP = 500
"""People between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call of the past week: what was seen (``made``), and how it went (``contact``)."""

    made: NextCall
    contact: Contact


@dataclass(slots=True)
class Population:
    lives: list[Life]
    past: tuple[PastCall, ...]
    """Oldest first."""
    until: float
    _by_id: dict[str, Life] = field(init=False)
    _behind: dict[str, list[Life]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_id = {life.base.id: life for life in self.lives}
        self._behind = {}
        for life in self.lives:
            for point in life.base.points:
                if point.kind == "phone":
                    self._behind.setdefault(point.value, []).append(life)

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

    def next_call(self, rng: Random, at: float) -> NextCall:
        """Who rings next. The past week's calls are what they remember; ``at`` may be any later
        moment, and what was due by then and has not come makes them call."""
        return next_call(rng, self.lives, at, SETTLED)


def generate(
    seed: int,
    people: int,
    until: float,
    progress: Callable[[int, int], None] | None = None,
) -> Population:
    """The population of ``seed``: the same arguments give the same people and calls to the byte.

    ``progress`` is told (people done, people in all) every ``STEP`` people.
    """
    rng = Random(seed)  # noqa: S311 - made-up people, no secret
    lives: list[Life] = []
    calls: list[PastCall] = []
    for life in make_lives(rng, people, until):
        lives.append(life)
        calls += _week(rng, life, until)
        if progress is not None and len(lives) % STEP == 0:
            progress(len(lives), people)
    strangers = int(len(calls) * UNKNOWN / (1 - UNKNOWN))
    for _ in range(strangers):
        at = until - rng.uniform(0, WEEK)
        calls.append(_took_place(rng, draw_stranger(rng), at, ""))
    calls.sort(key=lambda call: call.contact.at)
    if progress is not None:
        progress(people, people)
    return Population(lives=lives, past=tuple(calls), until=until)


def _week(rng: Random, life: Life, until: float) -> list[PastCall]:
    """Play one customer's week in steps of three hours; what happens changes what happens next."""
    calls: list[PastCall] = []
    day = (until - WEEK) // DAY * DAY
    while day < until:
        busy = _BUSY[int(day // DAY + 3) % 7]  # the epoch was a Thursday
        for hour in _SLOTS:
            at = day + hour * 3600 + rng.random() * _SLOT
            if not until - WEEK <= at < until:
                continue
            per_day = rates(life, at, SETTLED)
            total = sum(per_day.values())
            if rng.random() < min(1.0, total * busy / len(_SLOTS)):
                truth = {code: rate / total for code, rate in per_day.items()}
                number = f"{life.base.id}-{len(calls) + 1}"
                call = _took_place(rng, draw_call(rng, life, truth), at, number)
                calls.append(call)
                if call.made.person is not None:
                    life.contacts.append(call.contact)
                    _promise(rng, life, call)
        day += DAY
    return calls


def _promise(rng: Random, life: Life, call: PastCall) -> None:
    contact = call.contact
    if contact.outcome == "promised":
        text = "Answer from the back office"
        life.promises.append(promised(rng, f"V{contact.call}", contact.at + contact.talk, text))


def _took_place(rng: Random, made: NextCall, at: float, number: str) -> PastCall:
    wait = min(rng.lognormvariate(3.4, 1.0), 900.0)
    gave_up = wait > made.patience
    wait = round(min(wait, made.patience), 1)
    outcome = None if gave_up else rng.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
    contact = Contact(
        call=f"past-{number or f'{int(at * 1000)}-{rng.randrange(10**6):06d}'}",
        at=at,
        queue=made.queue,
        agent=None if gave_up else rng.choice(AGENTS),
        reason=None if gave_up else made.reason,
        outcome=outcome,
        notes="",
        wait=wait,
        talk=0.0 if gave_up else round(rng.lognormvariate(5.0, 0.6), 1),
        transfers=0 if gave_up else rng.choices((0, 1, 2), (0.86, 0.12, 0.02))[0],
        ended="abandoned" if gave_up else "completed",
    )
    return PastCall(made=made, contact=contact)
