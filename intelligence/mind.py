"""The Mind port: the pure parts put together over the people in the store.

It waits for the store and for its pool, never otherwise. What the store raises is passed on;
dispatch makes it ``OrderFailed``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from callcenter.floor.card import Answer, Candidate, Cause, Features, IdentityState
from callcenter.floor.events import CallerIdentified
from callcenter.floor.orders import FindAnswers, Identify, Predict, RecordMark, RecordOutcome
from callcenter.ports import Condition, People, PersonRow, PhoneNumber, Prediction

from .answers import Answers
from .context import context
from .features import features
from .identity import chosen, identify
from .predictor import Predictor
from .profile import profile

SILENT: Final = ("off",)
"""Context of a call by somebody about whom nothing is to be predicted."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who is calling and what may be known of them: the result for one call."""

    identity: IdentityState
    candidates: tuple[Candidate, ...]
    person: PersonRow | None
    """The likeliest one."""
    context: tuple[str, ...]
    features: Features
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is true of a call whoever makes it."""

    at: float
    dialled: str | None
    conditions: tuple[Condition, ...]
    settled: frozenset[str]
    """Outcomes after which a reason is done with."""
    zone: tzinfo
    """The centre's."""


def recognise(
    number: PhoneNumber, caller_name: str | None, people: Sequence[PersonRow], moment: Moment
) -> Recognised:
    """Identity, context and features of a call. Pure; training data are made by it too."""
    identity, candidates = identify(number, caller_name, people, moment.at, moment.settled)
    best = candidates[0].person if candidates else None
    person = next((row for row in people if row.id == best), None)
    return _known_of(identity, candidates, person, moment)


def _known_of(
    identity: IdentityState,
    candidates: tuple[Candidate, ...],
    person: PersonRow | None,
    moment: Moment,
) -> Recognised:
    strings = context(identity, person, moment.at, moment.settled)
    if person is not None and not person.predict:
        strings = SILENT
    values, causes = features(
        identity, person, moment.dialled, moment.at, moment.conditions, moment.settled, moment.zone
    )
    return Recognised(identity, candidates, person, strings, values, causes)


class Mind:
    """Who, why and what to say, from people, confirmed reasons and knowledge entries."""

    def __init__(
        self,
        people: People,
        predictor: Predictor,
        answers: Answers,
        *,
        read_number: Callable[[str | None], PhoneNumber],
        conditions: Callable[[], tuple[Condition, ...]],
        settled: frozenset[str],
        zone: tzinfo,
        now: Callable[[], float],
        pool: Executor,
    ) -> None:
        """``conditions``: what concerns everybody now; ``zone``: the centre's; ``pool``: where
        words are compared with those of the answers."""
        self._pool = pool
        self.predictor = predictor
        self.suggested = answers
        self._people = people
        self._read_number = read_number
        self._conditions = conditions
        self._settled = settled
        self._zone = zone
        self._now = now

    async def identify(self, order: Identify, at: float) -> CallerIdentified:
        moment = Moment(
            at=at,
            dialled=order.dialled,
            conditions=self._conditions(),
            settled=self._settled,
            zone=self._zone,
        )
        if order.chosen:
            found = await self._as_chosen(order, moment)
        else:
            number = self._read_number(order.number)
            people = () if number.anonymous else await self._people.behind(number.readings)
            found = recognise(number, order.name, people, moment)
        return CallerIdentified(
            at=at,
            call=order.call,
            identity=found.identity,
            candidates=found.candidates,
            profile=profile(found.person, at) if found.person is not None else None,
            context=found.context,
            features=found.features,
            causes=found.causes,
            ask=order.ask,
        )

    async def _as_chosen(self, order: Identify, moment: Moment) -> Recognised:
        """The agent asked the caller. ``None`` of the candidates, or somebody who is gone from the
        store meanwhile, is nobody we know."""
        person = await self._people.person(order.person) if order.person is not None else None
        if person is None:
            return _known_of("unknown", (), None, moment)
        identity, candidate = chosen(person, order.asked_back)
        return _known_of(identity, (candidate,), person, moment)

    async def predict(self, order: Predict, at: float) -> Prediction:
        return await self.predictor.predict(order, allowed=order.context != SILENT)

    async def answers(self, order: FindAnswers) -> tuple[Answer, ...]:
        now = self._now()
        day = datetime.fromtimestamp(now, self._zone).date()
        find = partial(
            self.suggested.find,
            order.reasons, order.profile, order.words, order.marks, day, self._zone, now,
        )  # fmt: skip
        if not order.words:
            return find()  # a fraction of a millisecond
        return await asyncio.get_running_loop().run_in_executor(self._pool, find)

    def learn(self, order: RecordOutcome) -> None:
        if order.context != SILENT:
            self.predictor.learn(order)

    def mark(self, order: RecordMark) -> None:
        self.suggested.mark(order)
