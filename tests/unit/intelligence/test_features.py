"""What a trained model may look at: as of the call, nothing about who somebody is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.card import Cause, Words
from callcenter.ports import (
    BillRow,
    CaseRow,
    Condition,
    Happening,
    OrderRow,
    PageView,
    PersonRow,
    PromiseRow,
)
from intelligence.features import at_serving, features, group_of, is_time, without
from tests.contract.samples import contact, person

AT = 1_763_769_600.0  # a Saturday, 00:00 UTC
HOUR = 3600.0
DAY = 24 * HOUR

LATE = OrderRow(
    id="O1", placed=AT - 9 * DAY, state="shipped", title="Card", amount=0, currency="EUR",
    due=AT - 2 * DAY,
)  # fmt: skip
BILL = BillRow(id="B1", issued=AT - 20 * DAY, due=AT - DAY, amount=1, currency="EUR", paid=None)
CASE = CaseRow(
    id="C1", opened=AT - 4 * DAY, closed=None, reason="refund", title="Refund", state="open"
)
BROKEN = PromiseRow(
    id="V1", made=AT - 6 * DAY, due=AT - 5 * DAY, text="Call back by Friday", kept=False
)
DECLINED = Happening(id="H1", at=AT - HOUR, kind="card_declined", title="Card …4711 declined")
ASKED = Happening(id="H2", at=AT - 2 * HOUR, kind="callback", topic="fees")
VIEW = PageView(at=AT - 600, page="fees")
OUTAGE = Condition(
    id="K1", kind="outage", since=AT - HOUR, until=None, title="App is down", product="online"
)
FULL = person(
    "p1", orders=(LATE,), bills=(BILL,), cases=(CASE,), promises=(BROKEN,),
    happenings=(DECLINED, ASKED), pages=(VIEW,), products=("online", "loan"), tier="gold",
    since=AT - 730 * DAY, language="zh-Hant",
    contacts=(
        contact("k1", AT - DAY, reason="pin", outcome="not_solved"),
        contact("k2", AT - 20 * DAY, reason="fees"),
        contact("k3", AT - 50 * DAY, reason="fees"),
    ),
)  # fmt: skip


def seen(
    row: PersonRow | None, identity: Any = "known", conditions: tuple[Condition, ...] = ()
) -> tuple[dict[str, float], dict[str, Cause]]:
    found, causes = features(identity, row, "800", AT, conditions, {"solved"}, UTC)
    assert list(found) == sorted(found)
    return dict(found), {cause.group: cause for cause in causes}


def test_every_kind_of_fact_is_seen_with_its_age() -> None:
    """Ages are log(1 + hours), counts are numbers, the others 1 or shares."""
    found, causes = seen(FULL, conditions=(OUTAGE,))
    for name, hours in {
        "order_late|age": 48, "bill_overdue|age": 24, "case.refund|age": 96,
        "promise_broken|age": 120, "happening.card_declined|age": 1, "last|age": 24,
        "happening.callback|topic.fees": 2, "page.fees|age": 1 / 6, "last|open.pin": 24,
        "condition.outage|on.online": 1, "before|age": 480,
    }.items():  # fmt: skip
        assert math.isclose(found[name], math.log1p(hours)), name
    for name, value in {
        "identity|known": 1, "dialled|800": 1, "hour|of_day": 0, "weekday|of_week": 5,
        "last|was.pin": 1, "before|was.fees": 1, "contacts|n7": 1, "contacts|n30": 2,
        "tier|gold": 1,
        "page.fees|n_hour": 1, "page.fees|n_day": 1, "product.loan|has": 1,
        "language|zh-Hant": 1, "happening.card_declined|n7": 1,
    }.items():  # fmt: skip
        assert found[name] == value, name
    weights = [0.5 ** (days / 60) for days in (1, 20, 50)]
    assert math.isclose(found["past.pin|share"], weights[0] / (1 + sum(weights)))
    assert math.isclose(found["past.fees|share"], sum(weights[1:]) / (1 + sum(weights)))
    assert causes["order_late"] == Cause(
        group="order_late", code="order_late", kind="duration", value=2 * DAY, detail="O1"
    )
    assert causes["happening.card_declined"].value == AT - HOUR
    assert causes["happening.card_declined"].detail == "Card …4711 declined"
    assert causes["happening.callback"].value == "reason.fees"
    assert causes["last"].code == "unsettled"
    assert causes["past.fees"].code == "usual"
    assert "past.pin" not in causes  # once is no habit
    assert causes["condition.outage"].detail == "App is down"


def test_every_cause_has_features_to_leave_out() -> None:
    """A cause whose group has no feature could never move a prediction."""
    found, causes = seen(FULL, conditions=(OUTAGE,))
    groups = {group_of(name) for name in found}
    assert set(causes) <= groups
    rest = without(tuple(found.items()), set(causes))
    assert {group_of(name) for name, _ in rest} == groups - set(causes)


def test_removing_the_fact_removes_its_group() -> None:
    """Leaving a group out is the same as the fact not being there."""
    whole, _ = features("known", FULL, "800", AT, (OUTAGE,), {"solved"}, UTC)
    for group, row in {
        "order_late": replace(FULL, orders=()),
        "bill_overdue": replace(FULL, bills=()),
        "case.refund": replace(FULL, cases=()),
        "promise_broken": replace(FULL, promises=()),
        "happening.card_declined": replace(FULL, happenings=(ASKED,)),
        "happening.callback": replace(FULL, happenings=(DECLINED,)),
        "page.fees": replace(FULL, pages=()),
    }.items():
        assert features("known", row, "800", AT, (OUTAGE,), {"solved"}, UTC)[0] == without(
            whole, {group}
        )


def test_somebody_who_is_not_to_be_predicted_gives_nothing() -> None:
    """No features, no causes, and serving adds none."""
    found, causes = features(
        "known", replace(FULL, predict=False), "800", AT, (OUTAGE,), {"solved"}, UTC
    )
    assert (found, causes) == ((), ())
    assert at_serving(found, "service", (Words(source="path", text="2-1"),)) == ()


def test_nothing_of_a_person_is_used_unless_they_may_be_calling() -> None:
    """Unknown and anonymous callers: only the line, the time and what concerns everybody."""
    for identity in ("unknown", "anonymous", "pending", "failed"):
        assert seen(FULL, identity)[0] == seen(None, identity)[0]
    found, _ = seen(None, "unknown", (OUTAGE, replace(OUTAGE, kind="price_change", product=None)))
    assert set(found) == {
        "identity|unknown", "dialled|800", "hour|of_day", "weekday|of_week",
        "condition.outage|perhaps.online", "condition.price_change|age",
    }  # fmt: skip
    assert seen(FULL, "candidates")[0].keys() - seen(FULL)[0].keys() == {"identity|candidates"}


def test_conditions_concern_those_with_the_product_while_they_last() -> None:
    """Over for two days they are remembered as over; not begun they are not there."""
    other = replace(FULL, products=("loan",))
    assert "condition.outage|on.online" not in seen(other, conditions=(OUTAGE,))[0]
    ended = replace(OUTAGE, until=AT - HOUR)
    found, causes = seen(FULL, conditions=(ended,))
    assert math.isclose(found["condition.outage|over"], math.log1p(1))
    assert "condition.outage" not in causes
    assert "condition.outage|on.online" not in found
    for gone in (replace(OUTAGE, since=AT + 1), replace(OUTAGE, until=AT - 3 * DAY)):
        assert not any(name.startswith("condition") for name in seen(FULL, conditions=(gone,))[0])


def test_who_the_person_is_never_enters() -> None:
    """Name, birth, place, value, consent, notes and channels change nothing."""
    other = replace(
        FULL, id="p2", name="王小明", birth="1930-01-01", city="台北", segment="business",
        lifetime_value=9**9, currency="TWD", note="rude", consent_marketing=False,
        consent_recording=False, payment_days=90.0, preferred_channel="phone",
        preferred_time="noon", matched="+44", sharers=9,
        contacts=tuple(
            replace(one, notes="is a liar", agent="otto") for one in FULL.contacts
        ),
    )  # fmt: skip
    assert seen(FULL) == seen(other)


@given(st.floats(1.0, 99 * DAY))
def test_the_future_never_enters(later: float) -> None:
    """Rows dated after the call change nothing: training sees what serving sees."""
    after = AT + later
    leaking = replace(
        FULL,
        orders=(LATE, replace(LATE, id="O9", placed=after, due=after + 2, state="open")),
        bills=(BILL, replace(BILL, issued=after, due=after + 1)),
        cases=(replace(CASE, closed=after), replace(CASE, id="C9", opened=after, reason="fees")),
        promises=(BROKEN, replace(BROKEN, made=after, due=after + 2)),
        contacts=(contact("k9", after, reason="statement", outcome="not_solved"), *FULL.contacts),
        happenings=(*FULL.happenings, replace(DECLINED, at=after, kind="fee_charged")),
        pages=(*FULL.pages, replace(VIEW, at=after, page="loans")),
    )
    assert seen(leaking) == seen(FULL)
    assert seen(FULL, conditions=(replace(OUTAGE, since=after),)) == seen(FULL)
    assert seen(FULL, conditions=(replace(OUTAGE, until=after),)) == seen(
        FULL, conditions=(OUTAGE,)
    )


def test_serving_adds_the_queue_and_the_way_through_the_menu() -> None:
    """Words themselves are no features of this model; only the path is."""
    found, _ = features("known", FULL, None, AT, (), {"solved"}, UTC)
    words = (Words(source="path", text="2-1"), Words(source="ivr", text="my card is gone"))
    served = at_serving(found, "cards", words)
    assert set(served) - set(found) == {("queue|cards", 1.0), ("path|2-1", 1.0)}
    assert list(served) == sorted(served)
    assert at_serving(found, None, ()) == found


def test_words_from_outside_cannot_pose_as_another_group() -> None:
    """The separator and length of a kind, page or number are not taken over."""
    row = person("p1", happenings=(replace(DECLINED, kind="a|b" + "x" * 500),))
    names = [name for name in seen(row)[0] if name.startswith("happening")]
    assert {group_of(name) for name in names} == {"happening.a_b" + "x" * 57}


def test_times_are_told_from_words_that_look_like_them() -> None:
    """A queue called "age" is no age."""
    assert is_time("order_late|age")
    assert is_time("last|open.pin")
    assert is_time("happening.callback|topic.fees")
    for name in ("queue|age", "last|was.pin", "happening.fee|n7", "past.pin|share", "tier|on"):
        assert not is_time(name)
