"""The made-up bank: repeatable, valid, and nobody knows their future."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import phonenumbers
import pytest

from callcenter.floor.orders import RecordCall, RecordOutcome
from callcenter.population import DIALLED, Population, fill, generate
from callcenter.population.bank import SETTLED
from callcenter.population.causes import WEEK, rates
from callcenter.ports import PersonRow

UNTIL = 1_763_769_600.0
PEOPLE = 1500


@pytest.fixture(scope="module")
def bank() -> Population:
    return generate(3, PEOPLE, UNTIL)


def test_the_same_seed_gives_the_same_bank() -> None:
    """To the byte; another seed gives another."""
    one, two, other = generate(3, 60, UNTIL), generate(3, 60, UNTIL), generate(4, 60, UNTIL)
    assert one.past == two.past
    assert [life.row(UNTIL) for life in one.lives] == [life.row(UNTIL) for life in two.lives]
    assert one.past != other.past


def test_people_are_of_every_kind(bank: Population) -> None:
    """English and Chinese names in both scripts, all tiers, shared homes and switchboards."""
    rows = [life.base for life in bank.lives]
    assert len({row.id for row in rows}) == PEOPLE
    assert {row.language for row in rows} == {"en", "zh-Hans", "zh-Hant"}
    assert {row.tier for row in rows} == {"basic", "silver", "gold", "vip"}
    han = sum(any("\u4e00" <= c <= "\u9fff" for c in row.name) for row in rows)
    assert 0.2 * PEOPLE < han < 0.5 * PEOPLE
    sharers = Counter(point.value for row in rows for point in row.points if point.kind == "phone")
    assert sum(count > 1 for count in sharers.values()) > PEOPLE / 10
    assert max(sharers.values()) > 5


def test_numbers_are_valid_and_every_person_has_one(bank: Population) -> None:
    """By the numbering plans; a few plausible mobiles may fall into a gap of one."""
    numbers = {p.value for life in bank.lives for p in life.base.points if p.kind == "phone"}
    invalid = [n for n in numbers if not phonenumbers.is_valid_number(phonenumbers.parse(n))]
    assert len(invalid) < 0.02 * len(numbers), invalid[:10]
    assert all(any(p.kind == "phone" for p in life.base.points) for life in bank.lives)


def test_a_row_of_an_earlier_moment_knows_nothing_later(bank: Population) -> None:
    """Contacts, orders, bills, cases and promises all end at the moment asked for."""
    at = UNTIL - WEEK / 2
    later = earlier = 0
    for life in bank.lives:
        row = life.row(at)
        dated = [
            *(order.placed for order in row.orders),
            *(bill.issued for bill in row.bills),
            *(bill.paid for bill in row.bills if bill.paid is not None),
            *(case.opened for case in row.cases),
            *(case.closed for case in row.cases if case.closed is not None),
            *(promise.made for promise in row.promises),
            *(contact.at for contact in row.contacts),
        ]
        assert all(moment <= at for moment in dated)
        assert all(p.due <= at + 2 * 86400 for p in row.promises if p.kept is not None)
        earlier += len(dated)
        later += len(life.row(UNTIL).contacts) - len(row.contacts)
    assert earlier > PEOPLE
    assert later > PEOPLE / 10


def test_the_past_week_is_in_order_and_made_of_calls_that_make_sense(bank: Population) -> None:
    """Within the week, by people who had a reason to, some of whom gave up."""
    times = [call.contact.at for call in bank.past]
    assert times == sorted(times)
    assert UNTIL - WEEK <= times[0] <= times[-1] < UNTIL
    assert len({call.contact.call for call in bank.past}) == len(bank.past)
    for call in bank.past:
        assert sum(call.made.truth.values()) == pytest.approx(1)
        assert call.made.truth[call.made.reason] > 0
        answered = call.contact.ended == "completed"
        assert (call.contact.reason == call.made.reason) == answered
        assert (call.contact.wait >= call.made.patience - 0.1) == (not answered)
    gave_up = sum(call.contact.ended == "abandoned" for call in bank.past)
    assert 0.02 < gave_up / len(bank.past) < 0.2


def test_stated_probabilities_are_the_frequencies_of_what_happens(bank: Population) -> None:
    """Of calls stated to be for their likeliest reason with p, a share p is for it."""
    rng = Random(1)
    said = happened = 0.0
    for _ in range(1500):
        call = bank.next_call(rng, UNTIL + 60)
        reason = max(call.truth, key=lambda code: call.truth[code])
        said += call.truth[reason]
        happened += call.reason == reason
    assert happened == pytest.approx(said, abs=4 * 0.5 * 1500**0.5)


def test_who_calls_more_often_rings_more_often(bank: Population) -> None:
    """People with much to call about are drawn in proportion to their rate."""
    totals = {life.base.id: sum(rates(life, UNTIL, SETTLED).values()) for life in bank.lives}
    busy = set(sorted(totals, key=lambda who: -totals[who])[: PEOPLE // 20])
    expected = sum(totals[who] for who in busy) / sum(totals.values())
    rng = Random(2)
    drawn = [bank.next_call(rng, UNTIL) for _ in range(1500)]
    customers = [call for call in drawn if call.person is not None]
    share = sum(call.person in busy for call in customers) / len(customers)
    assert share == pytest.approx(expected, abs=0.06)
    assert expected > 0.15


def test_callers_come_in_every_way_a_network_shows_them(bank: Population) -> None:
    """National, international, withheld, strangers, with names and without, to each queue."""
    rng = Random(3)
    calls = [bank.next_call(rng, UNTIL) for _ in range(800)]
    numbers = [call.number for call in calls]
    assert None in numbers
    for beginning in ("+44", "0", "00", "44"):
        assert any(number is not None and number.startswith(beginning) for number in numbers)
    assert any(call.person is None and call.number is not None for call in calls)
    assert {call.name is None for call in calls} == {True, False}
    assert {call.dialled for call in calls} == set(DIALLED.values())
    assert all(DIALLED[call.queue] == call.dialled for call in calls)
    assert all(call.name is None for call in calls if call.number is None)
    assert min(call.patience for call in calls) > 0


class Kept:
    """Takes what a store would."""

    def __init__(self) -> None:
        self.rows: list[PersonRow] = []
        self.recorded: list[RecordCall] = []
        self.noted: list[RecordOutcome] = []

    def people(self, rows: Iterable[PersonRow]) -> int:
        self.rows = list(rows)
        return len(self.rows)

    def calls(self, records: Iterable[RecordCall]) -> int:
        self.recorded = list(records)
        return len(self.recorded)

    def outcomes(self, records: Iterable[RecordOutcome]) -> int:
        self.noted = list(records)
        return len(self.noted)


def test_filling_hands_over_every_person_and_call_once() -> None:
    """Each past call is with its person or is a stranger's; each noted reason has its context."""
    bank = generate(5, 200, UNTIL)
    kept, told = Kept(), []

    def context_of(
        shown: str | None, name: str | None, behind: object, at: float
    ) -> tuple[str, ...]:
        return (f"shown={shown}", f"at={at}")

    assert fill(kept, bank, context_of, lambda done, whole: told.append((done, whole))) == 200
    theirs = [contact.call for row in kept.rows for contact in row.contacts]
    strangers = [call.call for call in kept.recorded]
    assert sorted(theirs + strangers) == sorted(call.contact.call for call in bank.past)
    reasons = {call.contact.call: call for call in bank.past if call.contact.reason is not None}
    assert {order.call for order in kept.noted} == set(reasons)
    for order in kept.noted:
        past = reasons[order.call]
        assert order.reason == past.made.reason
        assert order.context == (f"shown={past.made.number}", f"at={past.contact.at}")
    assert all(c.reason is None for row in kept.rows for c in row.contacts)
    assert told[-1][0] == told[-1][1]
