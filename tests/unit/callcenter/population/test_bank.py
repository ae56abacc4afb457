"""The made-up bank: repeatable, valid, and nobody knows their future."""

from __future__ import annotations

from collections import Counter
from random import Random

import phonenumbers
import pytest

from callcenter.population import DIALLED, Population, generate
from callcenter.population.causes import DAY, WEEK, rates
from callcenter.population.history import WRONG
from callcenter.population.lives import HAPPENINGS_KEPT, MOST_HAPPENINGS

UNTIL = 1_763_769_600.0
PEOPLE = 800
WEEKS = 2


@pytest.fixture(scope="module")
def bank() -> Population:
    return generate(3, PEOPLE, UNTIL, weeks=WEEKS)


def test_the_same_seed_gives_the_same_bank() -> None:
    """To the byte; another seed gives another."""
    one, two, other = (generate(seed, 60, UNTIL, weeks=2) for seed in (3, 3, 4))
    assert repr(one.past) == repr(two.past)
    assert [life.row(UNTIL) for life in one.lives] == [life.row(UNTIL) for life in two.lives]
    assert [life.causes for life in one.lives] == [life.causes for life in two.lives]
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
    """All that a row tells ends at the moment asked for, and begins no longer ago than a store
    keeps it."""
    at = UNTIL - WEEKS * WEEK / 2
    later = earlier = 0
    for life in bank.lives:
        row, now = life.row(at), life.row(UNTIL)
        happened = [one.at for one in row.happenings]
        viewed = [one.at for one in row.pages]
        dated = [
            *(order.placed for order in row.orders),
            *(bill.issued for bill in row.bills),
            *(bill.paid for bill in row.bills if bill.paid is not None),
            *(case.opened for case in row.cases),
            *(case.closed for case in row.cases if case.closed is not None),
            *(promise.made for promise in row.promises),
            *(contact.at for contact in row.contacts),
            *happened,
            *viewed,
        ]
        assert all(moment <= at for moment in dated)
        assert all(contact.at < at for contact in row.contacts)
        assert all(p.due <= at + 2 * DAY for p in row.promises if p.kept is not None)
        assert happened == sorted(happened, reverse=True)
        assert all(at - moment <= HAPPENINGS_KEPT for moment in happened)
        assert len(happened) <= MOST_HAPPENINGS
        assert all(at - moment <= DAY for moment in viewed)
        earlier += len(dated)
        later += len(now.contacts) - len(row.contacts)
    assert earlier > 3 * PEOPLE
    assert later > PEOPLE / 10


def test_conditions_are_told_when_they_begin_and_not_how_long_they_will_last(
    bank: Population,
) -> None:
    outage = next(one for one in bank.conditions if one.kind == "outage")
    assert outage.until is not None
    during = {one.id: one for one in bank.conditions_at((outage.since + outage.until) / 2)}
    assert during[outage.id].until is None
    after = {one.id: one for one in bank.conditions_at(outage.until + 1)}
    assert after[outage.id] == outage
    assert all(one.id != outage.id for one in bank.conditions_at(outage.since - 1))


def test_the_past_weeks_are_in_order_and_made_of_calls_that_make_sense(bank: Population) -> None:
    """By people who had a reason to, some of whom gave up; a few wrap-ups are wrong."""
    times = [call.contact.at for call in bank.past]
    assert times == sorted(times)
    assert UNTIL - WEEKS * WEEK <= times[0] <= times[-1] < UNTIL
    assert len({call.contact.call for call in bank.past}) == len(bank.past)
    wrong = 0
    for call in bank.past:
        assert sum(call.made.truth.values()) == pytest.approx(1)
        assert call.made.truth[call.made.reason] > 0
        answered = call.contact.ended == "completed"
        assert (call.contact.reason is not None) == answered
        assert (call.contact.wait >= call.made.patience - 0.1) == (not answered)
        assert call.made.words == ()
        wrong += answered and call.contact.reason != call.made.reason
    gave_up = sum(call.contact.ended == "abandoned" for call in bank.past)
    assert 0.02 < gave_up / len(bank.past) < 0.2
    assert 0.5 * WRONG < wrong / len(bank.past) < 2 * WRONG


def test_stated_probabilities_are_the_frequencies_of_what_happens(bank: Population) -> None:
    """Of calls stated to be for their likeliest reason with p, a share p is for it."""
    rng = Random(1)
    said = happened = 0.0
    for _ in range(1000):
        call = bank.next_call(rng, UNTIL + 60)
        reason = max(call.truth, key=lambda code: call.truth[code])
        said += call.truth[reason]
        happened += call.reason == reason
    assert happened == pytest.approx(said, abs=4 * 0.5 * 1000**0.5)


def test_who_calls_more_often_rings_more_often(bank: Population) -> None:
    """People with much to call about are drawn in proportion to their rate."""
    at = UNTIL + 10 * 3600
    totals = {
        life.base.id: sum(rates(life, at, bank.reasons.catalogue).values()) for life in bank.lives
    }
    busy = set(sorted(totals, key=lambda who: -totals[who])[: PEOPLE // 20])
    expected = sum(totals[who] for who in busy) / sum(totals.values())
    rng = Random(2)
    drawn = [bank.next_call(rng, at) for _ in range(1000)]
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


def test_things_go_on_happening_only_as_far_ahead_as_asked() -> None:
    quiet = generate(3, 200, UNTIL, weeks=1)
    on = generate(3, 200, UNTIL, weeks=1, ahead=2 * DAY)
    assert all(one.at < UNTIL for life in quiet.lives for one in life.happenings)
    news = [one.at for life in on.lives for one in life.happenings if one.at >= UNTIL]
    assert news
    assert max(news) < UNTIL + 2 * DAY
    told = {one.at for life in on.lives for one in life.row(UNTIL).happenings}
    assert not told & set(news)
