"""Loads a population into an empty store, with its weeks of calls as the engine would have kept
them: calls, what agents noted, and the lessons of it.

What a prediction would have been allowed to use at the moment of a past call is computed by whoever
calls this (``SeenOf``), because the population must not know the mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, TypeAlias, TypeVar

from callcenter.floor.card import Cause, Features, IdentityState
from callcenter.floor.orders import RecordCall, RecordOutcome, RecordPrediction
from callcenter.ports import Condition, PersonRow

from .bank import STEP, PastCall, Population

_Item = TypeVar("_Item")
Behind: TypeAlias = Callable[[Sequence[str]], tuple[PersonRow, ...]]
Progress: TypeAlias = Callable[[int, int], None]
_CHUNK = 2000
"""Calls whose features are held at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """All that could be known of a past call when it came."""

    number: str | None
    name: str | None
    dialled: str
    at: float
    conditions: tuple[Condition, ...]
    """As they had been told by then."""
    behind: Behind
    """Looks numbers up as of then."""


class Seen(Protocol):
    """What the engine would have made of it (``intelligence.mind.Recognised``)."""

    @property
    def identity(self) -> IdentityState: ...

    @property
    def person(self) -> PersonRow | None:
        """The likeliest caller."""

    @property
    def context(self) -> tuple[str, ...]: ...

    @property
    def features(self) -> Features: ...

    @property
    def causes(self) -> tuple[Cause, ...]: ...


SeenOf: TypeAlias = Callable[[Ring], Seen]


class Loader(Protocol):
    """What a store must be able to take (``callcenter.store.Bulk``)."""

    def people(self, rows: Iterable[PersonRow]) -> int: ...

    def calls(self, records: Iterable[RecordCall]) -> int: ...

    def outcomes(self, records: Iterable[RecordOutcome]) -> int: ...

    def predictions(self, records: Iterable[RecordPrediction]) -> int: ...

    def conditions(self, conditions: Iterable[Condition]) -> int: ...


def fill(
    loader: Loader,
    population: Population,
    seen_of: SeenOf,
    progress: Progress | None = None,
) -> int:
    """Load all people, past calls and conditions; returns the number of people.

    ``progress`` is told (items done, items in all) now and then.
    """
    report = _Reporter(progress, len(population.lives) + 2 * len(population.past))
    loader.conditions(population.conditions)
    count = loader.people(report.passing(_people(population)))
    loader.calls(report.passing(map(_record, population.past)))
    calls = report.passing(population.past)
    while chunk := list(islice(calls, _CHUNK)):
        lessons = [(call, seen_of(ring_of(population, call))) for call in chunk]
        loader.predictions(_prediction(call, seen) for call, seen in lessons)
        loader.outcomes(_outcomes(lessons))
    report.finish()
    return count


def ring_of(population: Population, call: PastCall) -> Ring:
    """The past call as it looked when it came."""
    made, at = call.made, call.contact.at

    def behind(readings: Sequence[str]) -> tuple[PersonRow, ...]:
        return population.behind(tuple(readings), at)

    return Ring(
        number=made.number,
        name=made.name,
        dialled=made.dialled,
        at=at,
        conditions=population.conditions_at(at),
        behind=behind,
    )


def _people(population: Population) -> Iterator[PersonRow]:
    """Their calls follow, with more about them than a row has."""
    for life in population.lives:
        yield replace(life.row(population.until), contacts=())


def _record(call: PastCall) -> RecordCall:
    contact, made = call.contact, call.made
    began = contact.at + contact.wait
    answered = contact.ended == "completed"
    return RecordCall(
        call=contact.call,
        direction="inbound",
        number=made.number,
        caller_name=made.name,
        dialled=made.dialled,
        person=made.person,
        queue=contact.queue,
        agent=contact.agent,
        arrived=contact.at,
        answered=began if answered else None,
        ended=began + contact.talk,
        wait=contact.wait,
        talk=contact.talk,
        why="completed" if answered else "abandoned",
        transfers=contact.transfers,
        predicted=(),
        model=None,
        context=(),
    )


def _prediction(call: PastCall, seen: Seen) -> RecordPrediction:
    """What was there to predict from; nothing was predicted."""
    contact, person = call.contact, seen.person
    return RecordPrediction(
        call=contact.call,
        ask=0,
        version=1,
        at=contact.at,
        person=person.id if person else None,
        tier=person.tier if person else None,
        language=person.language if person else None,
        queue=contact.queue,
        context=seen.context,
        features=seen.features,
        words=call.made.words,
        model="",
        reasons=(),
        not_ours=False,
        challengers=(),
        agent=contact.agent,
    )


def _outcomes(lessons: Iterable[tuple[PastCall, Seen]]) -> Iterator[RecordOutcome]:
    for call, seen in lessons:
        contact = call.contact
        if contact.reason is None or contact.outcome is None:
            continue
        yield RecordOutcome(
            at=contact.at + contact.wait + contact.talk,
            call=contact.call,
            agent=contact.agent or "",
            person=call.made.person,
            reason=contact.reason,
            outcome=contact.outcome,
            notes=contact.notes,
            queue=contact.queue,
            context=seen.context,
            features=seen.features,
            words=call.made.words,
        )


class _Reporter:
    """Counts what streams through it."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def passing(self, items: Iterable[_Item]) -> Iterator[_Item]:
        for item in items:
            yield item
            self._done += 1
            if self._progress is not None and self._done % STEP == 0:
                self._progress(self._done, self._total)

    def finish(self) -> None:
        if self._progress is not None:
            self._progress(self._total, self._total)
