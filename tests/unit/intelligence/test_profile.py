"""The facts an agent is shown."""

from __future__ import annotations

from typing import get_args

from callcenter.floor.card import Fact, FactGroup, FactKind
from callcenter.ports import BillRow, CaseRow, OrderRow, PersonRow, PromiseRow
from intelligence.profile import CODE_PREFIX, FACT_KEYS, products, profile
from tests.contract.samples import contact, person, phone

AT = 1_700_000_000.0  # 2023-11-14
DAY = 86400.0
HOME = "+442079460123"


def order(id: str, placed: float, state: str, due: float | None) -> OrderRow:
    return OrderRow(
        id=id, placed=placed, state=state, title="Card", amount=0, currency="EUR", due=due
    )


def bill(id: str, issued: float, due: float, amount: int, paid: float | None = None) -> BillRow:
    return BillRow(id=id, issued=issued, due=due, amount=amount, currency="EUR", paid=paid)


def full() -> PersonRow:
    return person(
        "p1", phone(HOME, "home"), name="Mei", language="zh-Hant", tier="gold",
        since=AT - 900 * DAY, birth="1980-11-15", city="台北", segment="private",
        products=("current account", "loan"), lifetime_value=120_00, currency="EUR",
        payment_days=40.0, preferred_channel="phone", preferred_time="09:00-12:00",
        note="Speak slowly", consent_marketing=False, consent_recording=True, matched=HOME,
        sharers=3,
        orders=(
            order("O2", AT - 2 * DAY, "open", AT + DAY),
            order("O1", AT - 9 * DAY, "shipped", AT - 3 * DAY),
        ),
        bills=(
            bill("B2", AT - 10 * DAY, AT + 5 * DAY, 500),
            bill("B1", AT - 40 * DAY, AT - DAY, 900),
        ),
        cases=(
            CaseRow(
                id="C1", opened=AT - 8 * DAY, closed=None, reason="refund", title="Refund",
                state="open",
            ),
        ),
        promises=(
            PromiseRow(id="V2", made=AT - DAY, due=AT + DAY / 2, text="Call back", kept=None),
            PromiseRow(id="V1", made=AT - 5 * DAY, due=AT - DAY, text="Refund", kept=False),
        ),
        contacts=(
            contact("k3", AT - DAY, wait=200.0, reason=None, outcome=None, ended="abandoned",
                    talk=0.0, transfers=0),
            contact("k2", AT - 2 * DAY, wait=400.0, reason="refund", outcome="promised"),
            contact("k1", AT - 20 * DAY, wait=30.0, reason="refund", outcome="solved"),
        ),
    )  # fmt: skip


def facts(row: PersonRow) -> dict[str, Fact]:
    return {fact.key: fact for fact in profile(row, AT).facts}


def test_a_person_with_all_data_has_every_fact_in_the_order_of_the_list() -> None:
    """Nothing that is known is left out; at least 24 facts, each of its declared shape."""
    shown = profile(full(), AT).facts
    assert [(f.key, f.group, f.kind) for f in shown] == list(FACT_KEYS)
    assert len(FACT_KEYS) >= 24
    python = {
        "text": str, "code": str, "count": int, "money": int, "date": str, "instant": float,
        "duration": float, "share": float, "flag": bool,
    }  # fmt: skip
    for fact in shown:
        assert type(fact.value) is python[fact.kind], fact.key
        assert (fact.unit is not None) == (fact.kind == "money")


def test_the_list_of_facts_uses_the_words_of_the_card() -> None:
    """Groups and kinds are ones the console can show; code facts have a prefix to look up."""
    for key, group, kind in FACT_KEYS:
        assert group in get_args(FactGroup)
        assert kind in get_args(FactKind)
        assert (kind == "code") == (key in CODE_PREFIX)
    assert len({key for key, _, _ in FACT_KEYS}) == len(FACT_KEYS)


def test_values_and_tones_say_what_the_rows_say() -> None:
    """Each figure, detail and colour comes from the right row."""
    found = facts(full())
    assert found["tier"].value == "tier.gold"
    assert found["language"].value == "lang.zh-Hant"
    assert found["age"].value == 42  # 43 tomorrow
    assert (found["late_order"].value, found["late_order"].detail) == (3 * DAY, "O1 Card")
    assert found["late_order"].tone == "bad"
    assert (found["next_order"].value, found["next_order"].detail) == (AT + DAY, "O2 Card")
    assert found["open_orders"].value == 2
    assert (found["unpaid_bills"].value, found["unpaid_bills"].unit) == (1400, "EUR")
    assert (found["overdue_bill"].value, found["overdue_bill"].detail) == (900, "B1")
    assert found["overdue_for"].value == DAY
    assert found["oldest_case"].tone == "bad"
    assert (found["promise_broken"].detail, found["promise_broken"].tone) == ("Refund", "bad")
    assert (found["promise_due"].detail, found["promise_due"].tone) == ("Call back", "warn")
    assert found["last_contact"].value == AT - DAY
    assert found["last_reason"].value == "reason.refund"
    assert found["last_outcome"].value == "outcome.promised"
    assert (found["contacts_7d"].value, found["contacts_30d"].value) == (2, 3)
    assert found["wait_average_30d"].value == 210.0
    assert found["wait_longest_30d"].value == 400.0
    assert (found["transfers_30d"].value, found["abandoned_30d"].value) == (2, 1)
    assert (found["repeated_reason"].value, found["repeated_reason"].detail) == (
        "reason.refund",
        "2",
    )
    assert (found["consent_marketing"].tone, found["consent_recording"].tone) == ("warn", "plain")
    assert (found["matched"].detail, found["sharers"].tone) == ("home", "warn")


def test_a_person_of_whom_nothing_is_known_has_no_invented_facts() -> None:
    """No data, no fact: only the counts of contacts, which are truly none."""
    assert set(facts(person("p1"))) == {"contacts_7d", "contacts_30d"}


def test_nothing_from_the_future_is_shown() -> None:
    """Rows dated after the moment do not exist yet; what was paid or closed later is open."""
    row = person(
        "p1",
        orders=(order("O1", AT + 1, "open", AT + DAY),),
        bills=(bill("B1", AT - DAY, AT + DAY, 700, paid=AT + 60), bill("B2", AT + 1, AT + 9, 1)),
        cases=(
            CaseRow(
                id="C1", opened=AT - DAY, closed=AT + 1, reason=None, title="T", state="closed"
            ),
        ),
        promises=(PromiseRow(id="V", made=AT + 1, due=AT + 2, text="x", kept=None),),
        contacts=(contact("k1", AT + 1),),
    )
    found = facts(row)
    assert "last_order" not in found
    assert found["unpaid_bills"].value == 700
    assert found["open_cases"].value == 1
    assert found["open_promises"].value == 0
    assert found["contacts_30d"].value == 0
    assert profile(row, AT).contacts == ()


def test_a_birth_date_that_is_none_gives_no_age() -> None:
    """Typing errors in the source are not guessed at."""
    for birth in ("1980", "15/11/1980", "2080-01-01", "0001-01-01"):
        assert "age" not in facts(person("p1", birth=birth))


def test_products_are_read_back_from_the_profile() -> None:
    """What the answers need of the profile is there; without the fact nothing is claimed."""
    assert products(profile(full(), AT)) == ("current account", "loan")
    assert products(profile(person("p1"), AT)) is None
    assert products(None) is None
