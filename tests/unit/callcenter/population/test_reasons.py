"""Why the made-up people call: the truth is true, and the world changes what they call about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from callcenter.population import Leaf, Outage, PastCall, Population, World, generate
from callcenter.population.bank import Catalogue
from callcenter.population.catalogue import USUAL
from callcenter.population.causes import DAY, WEEK
from callcenter.population.kinds import HAPPENINGS, MONTHLY

UNTIL = 1_763_769_600.0
PEOPLE = 700
WEEKS = 4
CHANGE = UNTIL - 2 * WEEK
# A Tuesday and a Thursday by day.
ONLINE = Outage("online", UNTIL - 4 * DAY - 14 * 3600, UNTIL - 4 * DAY - 11 * 3600)
CARDS = Outage("cards", UNTIL - 2 * DAY - 10 * 3600, UNTIL - 2 * DAY - 7 * 3600)


@pytest.fixture(scope="module")
def changed() -> Population:
    world = World(outages=(ONLINE, CARDS), change_at=CHANGE)
    return generate(11, PEOPLE, UNTIL, weeks=WEEKS, world=world)


@pytest.fixture(scope="module")
def unchanged() -> Population:
    return generate(11, PEOPLE, UNTIL, weeks=WEEKS, world=World())


def share(calls: Sequence[PastCall], *reasons: str) -> float:
    return sum(call.made.reason in reasons for call in calls) / len(calls)


def between(bank: Population, since: float, until: float) -> list[PastCall]:
    return [call for call in bank.past if since <= call.contact.at < until]


def test_reasons_follow_the_stated_distribution(changed: Population) -> None:
    """Chi-square over all reasons: expected are the stated probabilities, summed over calls."""
    expected: Counter[str] = Counter()
    for call in changed.past:
        expected.update(call.made.truth)
    seen = Counter(call.made.reason for call in changed.past)
    rare = [code for code in expected if expected[code] < 6]
    groups = [([code]) for code in expected if code not in rare] + [rare]
    chi, degrees = 0.0, 0
    for codes in groups:
        should = sum(expected[code] for code in codes)
        if should >= 6:
            chi += (sum(seen[code] for code in codes) - should) ** 2 / should
            degrees += 1
    assert degrees > 30
    assert chi < degrees + 5 * (2 * degrees) ** 0.5


def test_likeliest_reasons_are_right_as_often_as_said(changed: Population) -> None:
    """In each band of stated probability, not only in the mean."""
    bands: dict[int, list[tuple[float, bool]]] = {}
    for call in changed.past:
        code, stated = max(call.made.truth.items(), key=lambda pair: pair[1])
        bands.setdefault(int(stated * 5), []).append((stated, code == call.made.reason))
    for band in bands.values():
        if len(band) > 100:
            said = sum(stated for stated, _ in band) / len(band)
            right = sum(hit for _, hit in band) / len(band)
            assert right == pytest.approx(said, abs=4 * 0.5 / len(band) ** 0.5)
    assert len(bands) >= 4


def test_in_an_outage_most_calls_are_about_it_from_strangers_too(changed: Population) -> None:
    about = ("online_access", "online_outage")
    during = between(changed, ONLINE.since, ONLINE.until)
    before = between(changed, ONLINE.since - WEEK, ONLINE.until - WEEK)
    assert len(during) > 1.5 * len(before)
    assert share(during, *about) > 0.45 > 2 * share(before, *about)
    strangers = [call for call in during if call.made.person is None]
    assert share(strangers, *about) > 0.4
    refused = between(changed, CARDS.since, CARDS.until)
    assert share(refused, "card_declined") > 0.4
    kinds = {one.kind: one for one in changed.conditions_at(ONLINE.since)}
    assert kinds["outage"].since == ONLINE.since


def test_changed_prices_change_what_people_call_about_for_good(
    changed: Population, unchanged: Population
) -> None:
    """Fees come up among holders of the product, and the same event leads elsewhere. Before the
    change both worlds are one."""
    products = {life.base.id: life.base.products for life in changed.lives}

    def holders(bank: Population, since: float, until: float) -> list[PastCall]:
        return [
            call
            for call in between(bank, since, until)
            if call.made.person is not None and "credit card" in products[call.made.person]
        ]

    after, as_before = (holders(bank, CHANGE, UNTIL) for bank in (changed, unchanged))
    assert share(after, "fees") > 1.5 * share(as_before, "fees")

    def declined(bank: Population) -> list[PastCall]:
        """Calls in the hour after a refused payment, when prices have changed and all works."""
        return [
            call
            for call in between(bank, CHANGE + 2 * DAY, CARDS.since)
            if call.made.person is not None
            and (row := bank.row(call.made.person, call.contact.at)).happenings
            and row.happenings[0].kind == "card_declined"
            and call.contact.at - row.happenings[0].at < 3600
        ]

    assert share(declined(changed), "limit_change") > 0.45
    assert share(declined(unchanged), "limit_change") < 0.2
    assert share(declined(unchanged), "card_declined") > 0.45
    early = share(between(changed, UNTIL - WEEKS * WEEK, CHANGE), "limit_change")
    assert early == pytest.approx(
        share(between(unchanged, UNTIL - WEEKS * WEEK, CHANGE), "limit_change"), abs=0.02
    )
    assert not any(one.kind == "price_change" for one in unchanged.conditions)


def test_a_callback_asked_for_tells_what_it_is_about(unchanged: Population) -> None:
    """Its topic is a reason or a head of reasons, mostly the one they then call for."""
    hits, calls = 0, 0
    heads = unchanged.reasons.catalogue.head_of
    for call in unchanged.past:
        if call.made.person is None:
            continue
        row = unchanged.row(call.made.person, call.contact.at)
        latest = row.happenings[0] if row.happenings else None
        if latest is None or latest.kind != "callback_asked" or call.contact.at - latest.at > 3600:
            continue
        assert latest.topic is not None
        calls += 1
        hits += latest.topic in (call.made.reason, heads[call.made.reason])
    assert calls > 20
    assert hits / calls > 0.7


def many_leaves() -> tuple[Leaf, ...]:
    """Those the causes name, and as many rare ones, under the same twelve heads."""
    more = [
        Leaf(f"{leaf.head}_rare_{number}", leaf.head, 0.001, leaf.queue)
        for number, leaf in enumerate(USUAL * 2)
    ]
    return (*USUAL, *more)


def test_ten_heads_cover_nine_calls_in_ten_and_the_rare_leaves_come_up() -> None:
    leaves = many_leaves()
    bank = generate(5, 500, UNTIL, weeks=3, catalogue=leaves)
    heads = Counter(bank.reasons.catalogue.head_of[call.made.reason] for call in bank.past)
    assert len(leaves) > 200
    assert len(heads) == 12
    assert sum(count for _, count in heads.most_common(10)) > 0.9 * len(bank.past)
    seen = {call.made.reason for call in bank.past}
    assert len(seen) > 100
    rare = sum("_rare_" in call.made.reason for call in bank.past) / len(bank.past)
    assert 0.02 < rare < 0.2


def test_another_trade_has_its_own_reasons_and_the_same_people() -> None:
    """Causes that name nothing the trade has bring no calls; all others do."""
    leaves = [
        Leaf("no_signal", "network", 0.6, "support"),
        Leaf("roaming", "network", 0.3, "service"),
        Leaf("contract", "sales", 0.1, "sales"),
    ]
    bank = generate(5, 120, UNTIL, weeks=4, catalogue=leaves)
    assert {call.made.reason for call in bank.past} == {"no_signal", "roaming", "contract"}
    other = generate(5, 120, UNTIL, weeks=4, world=World())
    assert [life.base.points for life in bank.lives] == [life.base.points for life in other.lives]
    with pytest.raises(ValueError, match="no reasons"):
        generate(5, 10, UNTIL, catalogue=())


def test_shares_are_scaled_and_unknown_names_drop_out() -> None:
    catalogue = Catalogue(USUAL)
    shares = dict(catalogue.spread({"pin": 0.6, "not there": 0.3, "*fraud": 0.2}))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["pin"] == pytest.approx(0.75)
    assert {catalogue.head_of[code] for code in shares} == {"cards", "fraud"}
    assert catalogue.spread({"not there": 1.0}) == ()
    for kind in set(HAPPENINGS) - {"callback_asked"}:
        assert catalogue.spread(HAPPENINGS[kind].shares), kind
    assert set(MONTHLY) <= set(HAPPENINGS)
