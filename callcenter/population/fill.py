"""Loads a population into an empty store, with the week of calls as the engine would have kept it.

The context of each past call (what a prediction would have been allowed to use at that moment) is
computed by whoever calls this, because the population must not know the mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias, TypeVar

from callcenter.floor.orders import RecordCall, RecordOutcome
from callcenter.ports import PersonRow

from .bank import STEP, PastCall, Population

_Item = TypeVar("_Item")
Behind: TypeAlias = Callable[[Sequence[str]], tuple[PersonRow, ...]]
ContextOf: TypeAlias = Callable[[str | None, str | None, Behind, float], tuple[str, ...]]
"""Given the number and name as the exchange showed them, a way to look numbers up as of then, and
the time: the context of the call."""
Progress: TypeAlias = Callable[[int, int], None]


class Loader(Protocol):
    """What a store must be able to take (``callcenter.store.Bulk``)."""

    def people(self, rows: Iterable[PersonRow]) -> int: ...

    def calls(self, records: Iterable[RecordCall]) -> int: ...

    def outcomes(self, records: Iterable[RecordOutcome]) -> int: ...


def fill(
    loader: Loader,
    population: Population,
    context_of: ContextOf,
    progress: Progress | None = None,
) -> int:
    """Load all people and past calls; returns the number of people.

    ``progress`` is told (items done, items in all) now and then.
    """
    report = _Reporter(progress, len(population.lives) + 2 * len(population.past))
    count = loader.people(report.passing(_people(population)))
    loader.calls(report.passing(_strangers(population)))
    loader.outcomes(report.passing(_outcomes(population, context_of)))
    report.finish()
    return count


def _people(population: Population) -> Iterator[PersonRow]:
    """Their calls come with them; what was noted about the calls follows with its context."""
    for life in population.lives:
        row = life.row(population.until)
        yield replace(
            row, contacts=tuple(replace(c, reason=None, outcome=None) for c in row.contacts)
        )


def _strangers(population: Population) -> Iterator[RecordCall]:
    """Calls that belong to nobody in the store."""
    for call in population.past:
        if call.made.person is None:
            yield _record(call)


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


def _outcomes(population: Population, context_of: ContextOf) -> Iterator[RecordOutcome]:
    for call in population.past:
        contact, made = call.contact, call.made
        if contact.reason is None or contact.outcome is None:
            continue
        at = contact.at

        def behind(readings: Sequence[str], at: float = at) -> tuple[PersonRow, ...]:
            return population.behind(tuple(readings), at)

        yield RecordOutcome(
            at=at + contact.wait + contact.talk,
            call=contact.call,
            agent=contact.agent or "",
            person=made.person,
            reason=contact.reason,
            outcome=contact.outcome,
            notes=contact.notes,
            queue=contact.queue,
            context=context_of(made.number, made.name, behind, at),
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
