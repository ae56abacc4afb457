"""Which answers are suggested, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from callcenter.floor.card import Phrasing, Reason
from intelligence.answers import MOST, Entry, rank

DAY = date(2026, 5, 10)


def entry(id: str, *reasons: str, products: tuple[str, ...] = ()) -> Entry:
    return Entry(
        id=id, reasons=reasons, source="Book 1", audience="everyone", valid_from=None,
        valid_until=None, products=products,
        phrasings=(Phrasing(language="en", title=id, body="Say it."),),
    )  # fmt: skip


def ids(
    entries: list[Entry], reasons: dict[str, float], products: tuple[str, ...] | None = None
) -> list[str]:
    likely = [Reason(code=code, probability=share) for code, share in reasons.items()]
    return [answer.id for answer in rank(entries, likely, products, DAY)]


def test_the_likelier_reasons_answers_come_first_then_the_order_of_the_file() -> None:
    """Probability decides between reasons, the writer's order within one."""
    entries = [entry("a", "pin"), entry("b", "fees"), entry("c", "fees")]
    assert ids(entries, {"pin": 0.2, "fees": 0.6}) == ["b", "c", "a"]


def test_an_answer_to_two_reasons_is_shown_once_for_the_likelier() -> None:
    """It carries the reason it was chosen for."""
    entries = [entry("a", "pin", "fees")]
    likely = [Reason(code="fees", probability=0.3), Reason(code="pin", probability=0.5)]
    (only,) = rank(entries, likely, None, DAY)
    assert (only.id, only.reason, only.source) == ("a", "pin", "Book 1")


def test_at_most_five_and_room_for_the_second_reason() -> None:
    """A reason with many entries does not push the others out."""
    entries = [entry(f"p{n}", "pin") for n in range(9)] + [entry(f"f{n}", "fees") for n in range(9)]
    found = ids(entries, {"pin": 0.5, "fees": 0.4})
    assert found == ["p0", "p1", "p2", "f0", "f1"]
    assert len(found) == MOST


def test_entries_for_products_the_person_does_not_have_are_left_out() -> None:
    """Known products filter; unknown products keep nothing back."""
    entries = [entry("a", "fees", products=("Loan",)), entry("b", "fees")]
    assert ids(entries, {"fees": 1.0}, ("savings",)) == ["b"]
    assert ids(entries, {"fees": 1.0}, ("loan",)) == ["a", "b"]
    assert ids(entries, {"fees": 1.0}, None) == ["a", "b"]


def test_entries_are_shown_from_their_first_to_their_last_day() -> None:
    """Both days are included."""
    plain = entry("a", "fees")
    for first, last, shown in (
        (DAY, DAY, True),
        (date(2026, 5, 11), None, False),
        (None, date(2026, 5, 9), False),
        (date(2026, 1, 1), date(2026, 12, 31), True),
    ):
        dated = replace(plain, valid_from=first, valid_until=last)
        assert (ids([dated], {"fees": 1.0}) == ["a"]) is shown


def test_no_reason_no_answer() -> None:
    """When the reason is not known nothing is suggested."""
    assert ids([entry("a", "fees")], {}) == []
    assert ids([entry("a", "fees")], {"pin": 0.9}) == []
