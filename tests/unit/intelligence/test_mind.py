"""The parts put together, over people in memory. No loop: these coroutines never wait."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from concurrent.futures import Executor
from datetime import UTC, date
from typing import Any, TypeVar

import pytest

from callcenter.floor.card import Phrasing, Reason
from callcenter.floor.orders import FindAnswers, Identify
from callcenter.ports import Condition, OrderRow, PersonRow
from intelligence.answers import Answers, Entry
from intelligence.mind import SILENT, Mind
from intelligence.pack import Choice, Pack
from intelligence.predictor import Predictor
from intelligence.reasons import Reasons
from intelligence.rules import ReasonModel, Usual
from tests.contract.samples import contact, person, phone

from .kit import read

AT = 1_700_000_000.0
HOME = "+442079460123"
T = TypeVar("T")


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    result: T = ended.value.value
    return result


class FewPeople:
    def __init__(self, *rows: PersonRow) -> None:
        self.rows = rows
        self.asked: list[tuple[str, ...]] = []

    async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        self.asked.append(tuple(readings))
        return tuple(row for row in self.rows if row.matched in readings)

    async def person(self, id: str) -> PersonRow | None:
        return next((row for row in self.rows if row.id == id), None)


def labelled(code: str, settled: bool = False) -> Choice:
    return Choice(code=code, labels={"en": code}, settled=settled)


PACK = Pack(
    name="test",
    reasons=(labelled("fees"), labelled("pin")),
    usual=(Usual("fees", 0.5, "service"), Usual("pin", 0.5, "support")),
    outcomes=(labelled("solved", True), labelled("open")),
    breaks=(),
)
ENTRY = Entry(
    id="pin.new", reasons=("pin",), source="Book", audience="everyone",
    valid_from=date(2023, 11, 14), valid_until=date(2023, 11, 14), products=("loan",),
    phrasings=(Phrasing(language="en", title="t", body="b"),),
)  # fmt: skip


class Unused(Executor):
    """Who identifies, and answers without words, needs no thread."""


def mind(
    *rows: PersonRow, now: float = AT, people: FewPeople | None = None,
    conditions: tuple[Condition, ...] = (),
) -> tuple[Mind, FewPeople]:  # fmt: skip
    people = people or FewPeople(*rows)
    pool = Unused()
    predictor = Predictor(Reasons(ReasonModel(PACK.usual), 0.15), {}, pool, deadline=1.0)
    made = Mind(
        people, predictor, Answers([ENTRY]), read_number=read, conditions=lambda: conditions,
        settled=PACK.settled, zone=UTC, now=lambda: now, pool=pool,
    )  # fmt: skip
    return made, people


def mei(**changes: Any) -> PersonRow:
    return person("p1", phone(HOME), name="Mei Li", matched=HOME, products=("loan",), **changes)


def identify(number: str | None, **changes: Any) -> Identify:
    return Identify(call="c1", number=number, name=None, ask=3, **changes)


def test_a_number_as_the_network_wrote_it_finds_the_person() -> None:
    """National form, one person: known, with facts and a context, answering the right question."""
    found = done(mind(mei())[0].identify(identify("02079460123"), AT))
    assert (found.call, found.ask, found.identity) == ("c1", 3, "known")
    assert found.profile is not None
    assert found.profile.person == "p1"
    assert found.context == ("who=known", "matter=none")


def test_a_withheld_number_asks_nobody() -> None:
    """Without a number the store is left in peace."""
    one, people = mind(mei())
    found = done(one.identify(identify(None), AT))
    assert (found.identity, found.profile, found.context) == ("anonymous", None, ("who=anonymous",))
    assert people.asked == []


def test_the_agents_choice_is_honoured() -> None:
    """Chosen: that person, whatever the number; none of them, or somebody erased: unknown."""
    one, _ = mind(mei())
    found = done(one.identify(identify("+4930231250", person="p1", chosen=True), AT))
    assert (found.identity, found.candidates[0].probability) == ("known", 1.0)
    for who in (None, "gone"):
        found = done(one.identify(identify(HOME, person=who, chosen=True), AT))
        assert (found.identity, found.candidates, found.profile) == ("unknown", (), None)


def test_with_several_candidates_the_profile_is_of_the_likeliest() -> None:
    """The first candidate and the profile are the same person."""
    other = person("p2", phone(HOME), name="Bo Li", matched=HOME, sharers=2,
                   contacts=(contact("k", AT - 60),))  # fmt: skip
    found = done(mind(mei(sharers=2), other)[0].identify(identify(HOME), AT))
    assert found.identity == "candidates"
    assert found.profile is not None
    assert found.candidates[0].person == found.profile.person == "p2"


def test_what_the_store_raises_is_passed_on() -> None:
    """A failure is dispatch's to see, not hidden as an unknown caller."""

    class Broken(FewPeople):
        async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
            raise OSError("disk")

    one, _ = mind(people=Broken())
    with pytest.raises(OSError, match="disk"):
        one.identify(identify(HOME), AT).send(None)


def test_answers_follow_the_day_and_the_persons_products() -> None:
    """Valid on this day only, and for borrowers only."""
    one, _ = mind(mei())
    shown = done(one.identify(identify(HOME), AT)).profile
    ask = FindAnswers(call="c", reasons=(Reason(code="pin", probability=0.9),), profile=shown)
    assert [answer.id for answer in done(one.answers(ask))] == ["pin.new"]
    tomorrow, _ = mind(now=AT + 86400)
    assert done(tomorrow.answers(ask)) == ()


def test_what_a_trained_model_may_use_comes_with_the_identity() -> None:
    """Features and the facts behind them, with what concerns everybody and the number dialled."""
    outage = Condition(id="o", kind="outage", since=AT - 600, until=None, title="App")
    late = mei(orders=(late_order(),))
    one, _ = mind(late, conditions=(outage,))
    found = done(one.identify(identify(HOME, dialled="800"), AT))
    names = {name.partition("|")[0] for name, _ in found.features}
    assert {"order_late", "dialled", "identity", "condition.outage"} <= names
    assert {cause.code for cause in found.causes} >= {"order_late", "condition.outage"}


def test_nothing_is_known_of_somebody_who_wants_no_prediction() -> None:
    """Recognised, and nothing more is handed to any model."""
    found = done(mind(mei(predict=False))[0].identify(identify(HOME), AT))
    assert (found.identity, found.context, found.features) == ("known", SILENT, ())
    assert found.causes == ()


def late_order() -> OrderRow:
    return OrderRow(
        id="O1", placed=AT - 9 * 86400, state="open", title="Card", amount=0, currency="GBP",
        due=AT - 86400,
    )  # fmt: skip
