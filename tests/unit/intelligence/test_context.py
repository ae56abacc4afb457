"""What a prediction may use."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from callcenter.ports import BillRow, CaseRow, OrderRow, PersonRow, PromiseRow
from intelligence.context import context
from intelligence.matters import open_matters
from tests.contract.samples import contact, person

AT = 1_700_000_000.0
DAY = 86400.0
SETTLED = frozenset({"solved"})

LATE = OrderRow(
    id="O1", placed=AT - 9 * DAY, state="shipped", title="Card", amount=0, currency="EUR",
    due=AT - 2 * DAY,
)  # fmt: skip
BILL = BillRow(id="B1", issued=AT - 5 * DAY, due=AT + 9 * DAY, amount=1, currency="EUR", paid=None)
CASE = CaseRow(
    id="C1", opened=AT - 4 * DAY, closed=None, reason="refund", title="Refund", state="open"
)
BROKEN = PromiseRow(id="V1", made=AT - 6 * DAY, due=AT - 5 * DAY, text="Call back", kept=False)


def of(row: PersonRow) -> tuple[str, ...]:
    return context("known", row, AT, SETTLED)


def test_strings_go_from_coarse_to_fine() -> None:
    """Who, the most pressing matter, the others, how old."""
    row = person("p1", orders=(LATE,), bills=(BILL,), cases=(CASE,))
    assert of(row) == (
        "who=known", "matter=case:refund", "also=bill_due+order_late", "age=7d",
    )  # fmt: skip
    assert of(replace(row, cases=())) == (
        "who=known", "matter=order_late", "also=bill_due", "age=3d",
    )  # fmt: skip


def test_what_went_wrong_comes_before_what_goes_its_way() -> None:
    """A conversation that ended unsettled presses most, then a broken promise."""
    row = person("p1", cases=(CASE,), promises=(BROKEN,))
    assert of(row)[1] == "matter=promise_broken"
    again = replace(
        row, contacts=(contact("k1", AT - DAY / 2, reason="pin", outcome="not_solved"),)
    )
    assert of(again)[1::2] == ("matter=unsettled:pin", "age=1d")
    done = replace(row, contacts=(contact("k1", AT - DAY / 2, reason="pin", outcome="solved"),))
    assert of(done)[1] == "matter=promise_broken"


def test_a_caller_who_is_not_known_has_no_matters() -> None:
    """Nothing of a person is used when nobody is identified; doubt is a context of its own."""
    row = person("p1", cases=(CASE,))
    assert context("unknown", row, AT, SETTLED) == ("who=unknown",)
    assert context("anonymous", None, AT, SETTLED) == ("who=anonymous",)
    assert context("candidates", row, AT, SETTLED)[0] == "who=candidates"
    assert of(person("p1")) == ("who=known", "matter=none")


def test_nothing_of_somebody_who_is_not_to_be_predicted() -> None:
    """Their matters are not looked at."""
    assert of(person("p1", cases=(CASE,), predict=False)) == ("who=known",)


def test_who_the_person_is_never_enters() -> None:
    """Name, birth, language, place, tier, value, consent and notes change nothing."""
    row = person("p1", cases=(CASE,), bills=(BILL,))
    other = replace(
        row, id="p2", name="王小明", birth="1930-01-01", language="zh-Hant", city="台北",
        tier="vip", segment="business", lifetime_value=9**9, currency="TWD", note="rude",
        consent_marketing=False, consent_recording=False, since=1.0, payment_days=90.0,
        preferred_channel="phone", preferred_time="noon", products=("loan",), matched="+44",
        sharers=9,
    )  # fmt: skip
    assert of(row) == of(other)


@given(
    st.floats(AT, AT + 99 * DAY),
    st.sampled_from(("open", "shipped", "late", "delivered", "returned")),
)
def test_the_future_never_enters(later: float, state: str) -> None:
    """Rows dated after the call do not change its context: training sees what serving sees."""
    row = person("p1", cases=(CASE,))
    leaking = replace(
        row,
        orders=(replace(LATE, id="O9", placed=later + 1, due=later + 2, state=state),),
        bills=(replace(BILL, issued=later + 1),),
        cases=(CASE, replace(CASE, id="C9", opened=later + 1)),
        promises=(replace(BROKEN, made=later + 1, due=later + 2),),
        contacts=(contact("k9", later, reason="pin", outcome="not_solved"),),
    )
    assert of(leaking) == of(row)
    closed_later = replace(row, cases=(replace(CASE, closed=later + 1, state="closed"),))
    assert of(closed_later) == of(row)


def test_matters_are_listed_latest_first() -> None:
    """An open case without a reason is a matter too."""
    row = person("p1", orders=(LATE,), cases=(replace(CASE, reason=None),), promises=(BROKEN,))
    assert [matter.kind for matter in open_matters(row, AT, SETTLED)] == [
        "order_late", "case:other", "promise_broken",
    ]  # fmt: skip
