"""Handing the population to a store: everything once, as of its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callcenter.floor.card import Cause, Features, IdentityState
from callcenter.floor.orders import RecordCall, RecordOutcome, RecordPrediction
from callcenter.population import fill, generate
from callcenter.population.fill import Ring
from callcenter.ports import Condition, PersonRow

UNTIL = 1_763_769_600.0


class Kept:
    """Takes what a store would."""

    def __init__(self) -> None:
        self.rows: list[PersonRow] = []
        self.recorded: list[RecordCall] = []
        self.noted: list[RecordOutcome] = []
        self.predicted: list[RecordPrediction] = []
        self.told: list[Condition] = []

    def people(self, rows: Iterable[PersonRow]) -> int:
        self.rows += rows
        return len(self.rows)

    def calls(self, records: Iterable[RecordCall]) -> int:
        self.recorded += records
        return len(self.recorded)

    def outcomes(self, records: Iterable[RecordOutcome]) -> int:
        self.noted += records
        return len(self.noted)

    def predictions(self, records: Iterable[RecordPrediction]) -> int:
        self.predicted += records
        return len(self.predicted)

    def conditions(self, conditions: Iterable[Condition]) -> int:
        self.told += conditions
        return len(self.told)


@dataclass(frozen=True)
class Remembered:
    """What a mind would have seen: here, what it was asked."""

    person: PersonRow | None
    context: tuple[str, ...]
    features: Features
    identity: IdentityState = "known"
    causes: tuple[Cause, ...] = ()


def seen_of(ring: Ring) -> Remembered:
    people = ring.behind((ring.number,)) if ring.number else ()
    assert all(contact.at < ring.at for row in people for contact in row.contacts)
    assert all(one.since <= ring.at for one in ring.conditions)
    return Remembered(
        person=people[0] if people else None,
        context=(f"shown={ring.number}", f"dialled={ring.dialled}"),
        features=(("at|at", ring.at),),
    )


def test_filling_hands_over_every_person_and_call_once() -> None:
    """All calls with what was seen of them; each noted reason has its context, features, words."""
    phrases = {"card_declined": {"en": ["my card was declined"]}}
    bank = generate(5, 200, UNTIL, weeks=3, phrases=phrases)
    kept: Kept = Kept()
    told: list[tuple[int, int]] = []
    assert fill(kept, bank, seen_of, lambda done, whole: told.append((done, whole))) == 200
    assert [row.id for row in kept.rows] == [life.base.id for life in bank.lives]
    assert all(row.contacts == () for row in kept.rows)
    assert any(row.happenings for row in kept.rows)
    assert tuple(kept.told) == bank.conditions
    past = {call.contact.call: call for call in bank.past}
    assert [call.call for call in kept.recorded] == [call.contact.call for call in bank.past]
    assert [made.call for made in kept.predicted] == [call.contact.call for call in bank.past]
    assert {noted.call for noted in kept.noted} == {
        call for call in past if past[call].contact.reason is not None
    }
    assert len(kept.noted) == len({noted.call for noted in kept.noted})
    for noted in kept.noted:
        call = past[noted.call]
        assert noted.reason == call.contact.reason
        assert noted.person == call.made.person
    for order in (*kept.noted, *kept.predicted):
        call = past[order.call]
        assert order.context == (f"shown={call.made.number}", f"dialled={call.made.dialled}")
        assert order.features == (("at|at", call.contact.at),)
        assert order.words == call.made.words
    assert any(made.words for made in kept.predicted)
    for made in kept.predicted:
        assert (made.model, made.reasons) == ("", ())
        assert (made.person is None) == (made.tier is None)
    assert any(made.person for made in kept.predicted)
    assert told[-1][0] == told[-1][1]
