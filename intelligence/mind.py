"""The Mind port: the pure parts put together over the people in the store.

It waits for the store and for nothing else; everything after that is a few hundred microseconds of
arithmetic, so it runs on the loop. What the store raises is passed on; dispatch makes it
``OrderFailed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from callcenter.floor.card import Answer, Candidate, IdentityState, Reason
from callcenter.floor.events import CallerIdentified
from callcenter.floor.orders import FindAnswers, Identify, Predict, RecordOutcome
from callcenter.ports import People, PersonRow, PhoneNumber

from .answers import Entry, rank
from .context import context
from .identity import chosen, identify
from .pack import Pack
from .profile import products, profile
from .rules import ReasonModel


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who is calling and what may be known of them: the result for one call."""

    identity: IdentityState
    candidates: tuple[Candidate, ...]
    person: PersonRow | None
    """The likeliest one."""
    context: tuple[str, ...]


def recognise(
    number: PhoneNumber,
    caller_name: str | None,
    people: Sequence[PersonRow],
    at: float,
    settled: frozenset[str],
) -> Recognised:
    """Identity and context of a call as of ``at``. Pure; training data are made by it too."""
    identity, candidates = identify(number, caller_name, people, at, settled)
    best = candidates[0].person if candidates else None
    person = next((row for row in people if row.id == best), None)
    return Recognised(identity, candidates, person, context(identity, person, at, settled))


class Mind:
    """Who, why and what to say, from people, confirmed reasons and knowledge entries."""

    def __init__(
        self,
        people: People,
        pack: Pack,
        entries: Sequence[Entry],
        read_number: Callable[[str | None], PhoneNumber],
        now: Callable[[], float],
    ) -> None:
        self._people = people
        self._entries = tuple(entries)
        self._read_number = read_number
        self._now = now
        self._settled = pack.settled
        self.model = ReasonModel(pack.usual)

    def load(self, seen: Iterable[tuple[str | None, tuple[str, ...], str, int]]) -> None:
        """Begin with stored outcomes (``Records.reasons_seen``) and fit to them.

        Takes about a second with thousands of outcomes: for the start, off the loop.
        """
        self.model.load(seen)
        self.model.fit()

    async def identify(self, order: Identify, at: float) -> CallerIdentified:
        if order.chosen:
            found = await self._as_chosen(order, at)
        else:
            number = self._read_number(order.number)
            people = () if number.anonymous else await self._people.behind(number.readings)
            found = recognise(number, order.name, people, at, self._settled)
        return CallerIdentified(
            at=at,
            call=order.call,
            identity=found.identity,
            candidates=found.candidates,
            profile=profile(found.person, at) if found.person is not None else None,
            context=found.context,
            ask=order.ask,
        )

    async def _as_chosen(self, order: Identify, at: float) -> Recognised:
        """The agent asked the caller. ``None`` of the candidates, or somebody who is gone from the
        store meanwhile, is nobody we know."""
        person = await self._people.person(order.person) if order.person is not None else None
        if person is None:
            return Recognised("unknown", (), None, context("unknown", None, at, self._settled))
        identity, candidate = chosen(person)
        return Recognised(
            identity, (candidate,), person, context(identity, person, at, self._settled)
        )

    async def predict(self, order: Predict) -> tuple[tuple[Reason, ...], str]:
        return self.model.predict(order.queue, order.context), self.model.name

    async def answers(self, order: FindAnswers) -> tuple[Answer, ...]:
        day = datetime.fromtimestamp(self._now(), UTC).date()
        return rank(self._entries, order.reasons, products(order.profile), day)

    def learn(self, order: RecordOutcome) -> None:
        self.model.learn(order.queue, order.context, order.reason)
